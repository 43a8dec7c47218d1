//! Who somebody is: the claim `sub`.

use aws_lc_rs::hmac;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use bridge_model::{
    entry::Entry,
    plan::{IdForm, StableId},
    ports::{Store, StoreError},
    realm::PlannedFederation,
    secret::Secret,
};

/// Why somebody has no subject. All of them deny the sign-in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SubjectError {
    /// The entry does not have the attribute, or it may not be read.
    #[error("the entry has no {0}, or the service account may not read it")]
    Missing(String),
    /// More than one value: which of them is the person?
    #[error("the entry has several values of {0}")]
    Ambiguous(String),
    /// Not in the form that the plan says, or all zeros.
    #[error("the value of {0} is not a usable identifier")]
    Malformed(String),
}

/// Derives the claim `sub`: a keyed hash over the subject namespace, the attribute's name and the
/// octets of its one value, so that it is opaque, stable over rename and move, and of no use in
/// another realm.
///
/// Shape: 43 characters of base64url. `key` is the realm's subject key, `identifier` what
/// [`identifier`] gives of the entry.
pub fn derive(key: &Secret, namespace: &str, id: &StableId, identifier: &[u8]) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key.expose());
    let mut context = hmac::Context::with_key(&key);
    let attribute = id.attribute.to_ascii_lowercase();
    for part in [namespace.as_bytes(), attribute.as_bytes(), identifier] {
        // Lengths in front, so that no two lists of parts run together to the same octets.
        context.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        context.update(part);
    }
    URL_SAFE_NO_PAD.encode(context.sign())
}

/// The octets of the entry's stable identifier, in their one normal form.
///
/// # Errors
///
/// See [`SubjectError`].
pub fn identifier(id: &StableId, entry: &Entry) -> Result<Vec<u8>, SubjectError> {
    let value = match entry.values(&id.attribute) {
        [] => return Err(SubjectError::Missing(id.attribute.clone())),
        [value] => value,
        _ => return Err(SubjectError::Ambiguous(id.attribute.clone())),
    };
    let malformed = || SubjectError::Malformed(id.attribute.clone());
    let octets = match id.form {
        IdForm::Octets => value.clone(),
        IdForm::Text => std::str::from_utf8(value)
            .map_err(|_| malformed())?
            .trim()
            .to_lowercase()
            .into_bytes(),
        IdForm::Uuid => uuid_octets(value).ok_or_else(malformed)?,
        IdForm::Guid => guid_octets(value).ok_or_else(malformed)?,
    };
    let is_zero = octets.iter().all(|octet| matches!(octet, 0 | b'0' | b'-'));
    if octets.is_empty() || octets.len() > 1024 || is_zero {
        return Err(malformed());
    }
    Ok(octets)
}

fn uuid_octets(text: &[u8]) -> Option<Vec<u8>> {
    let digits: Vec<u8> = text
        .iter()
        .filter(|c| **c != b'-')
        .map(|c| {
            char::from(*c)
                .to_digit(16)
                .and_then(|d| u8::try_from(d).ok())
        })
        .collect::<Option<_>>()?;
    (digits.len() == 32).then(|| {
        digits
            .chunks(2)
            .map(|pair| pair.iter().fold(0, |octet, digit| octet << 4 | digit))
            .collect()
    })
}

/// The order of RFC 9562: the first three fields turned around.
fn guid_octets(value: &[u8]) -> Option<Vec<u8>> {
    let mut octets: [u8; 16] = value.try_into().ok()?;
    for field in [0..4, 4..6, 6..8] {
        octets.get_mut(field)?.reverse();
    }
    Some(octets.to_vec())
}

/// How many people who are known through a federation would be somebody else after a change of it:
/// applications would not know them again.
///
/// # Errors
///
/// When the store fails.
pub async fn subject_effect(
    store: &dyn Store,
    old: &PlannedFederation,
    new: &PlannedFederation,
) -> Result<u64, StoreError> {
    let (before, after) = (&old.plan.stable_id, &new.plan.stable_id);
    let is_same = before.attribute.eq_ignore_ascii_case(&after.attribute)
        && before.form == after.form
        && old.federation.subject_namespace == new.federation.subject_namespace;
    if is_same {
        return Ok(0);
    }
    store.count_users(old.federation.id).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{MemoryStore, federation, planned};
    use bridge_model::{entry::Attribute, time::Timestamp, user::KnownUser};

    fn entry(values: &[&[u8]]) -> Entry {
        Entry {
            dn: "uid=ada,o=x".to_owned(),
            attributes: vec![Attribute {
                name: "ID".to_owned(),
                values: values.iter().map(|v| v.to_vec()).collect(),
            }],
        }
    }

    fn id(form: IdForm) -> StableId {
        StableId {
            attribute: "id".to_owned(),
            form,
        }
    }

    #[test]
    fn the_spelling_of_an_identifier_does_not_change_it() {
        let uuid = identifier(
            &id(IdForm::Uuid),
            &entry(&[b"0189D2A4-7c3e-1234-8abc-00112233445f"]),
        );
        let bare = identifier(
            &id(IdForm::Uuid),
            &entry(&[b"0189d2a47c3e12348abc00112233445f"]),
        );
        let guid = identifier(
            &id(IdForm::Guid),
            &entry(&[&[
                0xa4, 0xd2, 0x89, 0x01, 0x3e, 0x7c, 0x34, 0x12, 0x8a, 0xbc, 0, 0x11, 0x22, 0x33,
                0x44, 0x5f,
            ]]),
        );
        assert!(uuid.is_ok());
        assert_eq!(uuid, bare);
        assert_eq!(uuid, guid);
        assert_eq!(
            identifier(&id(IdForm::Text), &entry(&[b" AbC "])),
            Ok(b"abc".to_vec())
        );
    }

    #[test]
    fn refuses_what_does_not_identify() {
        for (form, values) in [
            (IdForm::Octets, &[][..]),
            (IdForm::Octets, &[&b"a"[..], b"b"][..]),
            (IdForm::Octets, &[&b""[..]][..]),
            (IdForm::Octets, &[&[0; 16][..]][..]),
            (IdForm::Text, &[&b"  "[..]][..]),
            (IdForm::Text, &[&b"\xff"[..]][..]),
            (
                IdForm::Uuid,
                &[&b"00000000-0000-0000-0000-000000000000"[..]][..],
            ),
            (IdForm::Uuid, &[&b"0189d2a4"[..]][..]),
            (IdForm::Guid, &[&b"short"[..]][..]),
        ] {
            assert!(identifier(&id(form), &entry(values)).is_err(), "{values:?}");
        }
    }

    #[test]
    fn a_subject_depends_on_every_part() {
        let sub = |key: &[u8], namespace: &str, attribute: &str, value: &[u8]| {
            let id = StableId {
                attribute: attribute.to_owned(),
                form: IdForm::Octets,
            };
            derive(&Secret::new(key), namespace, &id, value)
        };
        let one = sub(b"k", "corp", "id", b"ab");
        assert_eq!(one.len(), 43);
        assert_eq!(one, sub(b"k", "corp", "ID", b"ab"));
        for other in [
            sub(b"l", "corp", "id", b"ab"),
            sub(b"k", "corp2", "id", b"ab"),
            sub(b"k", "corp", "id2", b"ab"),
            sub(b"k", "corp", "id", b"ac"),
            sub(b"k", "cor", "pid", b"ab"),
        ] {
            assert_ne!(one, other);
        }
    }

    type Change = fn(&mut PlannedFederation);

    #[tokio::test]
    async fn only_another_identifier_or_namespace_changes_who_people_are() {
        let store = MemoryStore::default();
        let old = planned(federation("a", "staff"));
        store.tables().known = vec![
            KnownUser {
                realm: old.federation.realm.clone(),
                subject: "s".to_owned(),
                federation: old.federation.id,
                username: "ada".to_owned(),
                entry_dn: String::new(),
                blocked: false,
                created_at: Timestamp(0),
            };
            3
        ];
        let changes: [(Change, u64); 6] = [
            (|_| {}, 0),
            (|new| new.plan.stable_id.attribute = "ID".to_owned(), 0),
            (|new| new.federation.vendor = "other".to_owned(), 0),
            (|new| new.plan.stable_id.attribute = "uid".to_owned(), 3),
            (|new| new.plan.stable_id.form = IdForm::Text, 3),
            (|new| new.federation.subject_namespace = "x".to_owned(), 3),
        ];
        for (change, effect) in changes {
            let mut new = old.clone();
            change(&mut new);
            let told = subject_effect(&store, &old, &new).await.expect("a count");
            assert_eq!(told, effect, "{new:?}");
        }
    }
}
