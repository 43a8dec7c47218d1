//! What the bridge itself keeps of people, over what the directory says: in the edit mode `UNSYNCED`.

use crate::claims;
use bridge_model::{
    account::User,
    decision::{Bar, Refusal},
    federation::{EditMode, Federation},
    ports::{Store, StoreError},
    user::LocalProfile,
};
use serde_json::{Map, Value};

/// Why somebody is kept out whom an administrator switched off here.
pub(crate) const DISABLED_HERE: &str = "disabled_here";

/// What is kept of a person; none in the other edit modes, where nobody asks the store.
pub(crate) async fn kept(
    store: &dyn Store,
    federation: &Federation,
    subject: &str,
) -> Result<Option<LocalProfile>, StoreError> {
    if federation.edit_mode != EditMode::Unsynced || subject.is_empty() {
        return Ok(None);
    }
    store
        .local_profile(&federation.realm, subject)
        .await
        .map(Some)
}

/// Whether a refusal is about the password's age, and not about the account.
pub(crate) fn is_of_password(refusal: &Refusal) -> bool {
    matches!(
        refusal,
        Refusal::PasswordExpired | Refusal::MustChangePassword
    )
}

/// Somebody as tokens are made from, with what is kept of them over what the directory says. In another
/// edit mode than `UNSYNCED` nothing counts of what was kept once: the directory's word alone does.
#[must_use]
pub fn with_local(mut user: User, local: &LocalProfile, edit_mode: EditMode) -> User {
    if edit_mode == EditMode::Unsynced {
        lay_over(&mut user, local);
    }
    user
}

/// Lays what is kept over what the directory says.
pub(crate) fn lay_over(user: &mut User, local: &LocalProfile) {
    lay_claims(&mut user.claims, local);
    if local.password_hash.is_some() {
        // They are about the directory's password, which does not count any more.
        user.bars.retain(|bar| !is_of_password(&bar.reason));
    }
    if local.disabled {
        user.bars.push(Bar {
            reason: Refusal::Other(DISABLED_HERE.to_owned()),
            since: None,
            until: None,
        });
    }
}

/// Lays the claims that are kept over the directory's: what [`with_local`] does to them in the edit mode
/// `UNSYNCED`, for somebody of whom nothing else is wanted.
pub fn lay_claims(claims: &mut Map<String, Value>, local: &LocalProfile) {
    for (name, value) in &local.claims {
        if !may_be_laid(name) {
            continue;
        }
        if name == "email" {
            // What an operator vouches for is the directory's address.
            claims.remove("email_verified");
        }
        if value.is_null() {
            claims.remove(name);
        } else {
            claims.insert(name.clone(), value.clone());
        }
    }
}

/// Whether a claim of this name, with its language tag, may be kept at all.
pub(crate) fn may_be_laid(name: &str) -> bool {
    let (name, _) = name.split_once('#').unwrap_or((name, ""));
    claims::check_name(name).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use bridge_model::{
        names::{FederationId, FederationName},
        realm::PolicyRef,
    };
    use serde_json::json;
    use uuid::Uuid;

    fn bar(reason: Refusal) -> Bar {
        Bar {
            reason,
            since: None,
            until: None,
        }
    }

    fn user() -> User {
        let claims = json!({"name": "Ada", "email": "ada@x.example", "email_verified": true});
        User {
            subject: "s".to_owned(),
            username: "ada".to_owned(),
            claims: claims.as_object().expect("an object").clone(),
            bars: vec![bar(Refusal::PasswordExpired), bar(Refusal::Disabled)],
            group_dns: Vec::new(),
            federation: FederationName::new("staff").expect("a name"),
            federation_id: FederationId(Uuid::nil()),
            entry_dn: "uid=ada".to_owned(),
            policy: PolicyRef {
                id: "sample".to_owned(),
                version: "1".to_owned(),
                digest: "d".to_owned(),
            },
        }
    }

    fn laid(local: &LocalProfile) -> User {
        let mut user = user();
        lay_over(&mut user, local);
        user
    }

    #[test]
    fn claims_take_the_place_of_the_directorys_and_reserved_ones_do_not() {
        let claims = json!({
            "name": "Ada L.", "name#de": "Ada", "email": "ada@y.example", "nickname": null,
            "sub": "root", "groups": ["admins"], "roles#x": ["admin"], "email_verified": true,
        });
        let laid = laid(&LocalProfile {
            claims: claims.as_object().expect("an object").clone(),
            ..LocalProfile::default()
        });
        let expected = json!({"name": "Ada L.", "name#de": "Ada", "email": "ada@y.example"});
        assert_eq!(Value::Object(laid.claims), expected);
    }

    #[test]
    fn what_was_kept_counts_in_the_mode_that_keeps_and_in_no_other() {
        let claims = json!({"email": "ada@y.example"});
        let local = LocalProfile {
            claims: claims.as_object().expect("an object").clone(),
            password_hash: Some("hash".to_owned()),
            disabled: true,
        };
        let kept = with_local(user(), &local, EditMode::Unsynced);
        assert_eq!(kept, laid(&local));
        assert!(!kept.claims.contains_key("email_verified"));
        for mode in [EditMode::Writable, EditMode::ReadOnly] {
            assert_eq!(with_local(user(), &local, mode), user(), "{mode:?}");
        }
    }

    #[test]
    fn a_password_of_its_own_lifts_the_bars_of_the_other_one_and_no_others() {
        let reasons = |local: &LocalProfile| {
            let bars = laid(local).bars.into_iter();
            bars.map(|bar| bar.reason.reason().to_owned())
                .collect::<Vec<_>>()
        };
        let mut local = LocalProfile::default();
        assert_eq!(reasons(&local), ["password_expired", "disabled"]);
        local.password_hash = Some("hash".to_owned());
        assert_eq!(reasons(&local), ["disabled"]);
        local.disabled = true;
        assert_eq!(reasons(&local), ["disabled", "disabled_here"]);
    }
}
