//! `/user-federations/{id}/subjects`: subjects that people had before they came here.

use super::{
    AdminState,
    access::{Access, RealmCall},
    api::Endpoint,
    body::{Objects, Segments},
    change::{Done, Wanted, audited},
    federations::{find, name_of},
    problem::Problem,
    shape::Shape,
};
use crate::documents::Advice;
use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use bridge_federation::subject::identifier;
use bridge_model::{
    admin::AdminScope,
    audit::AuditKind,
    entry::{Attribute, Entry},
    plan::{IdForm, Problem as PlanProblem, StableId},
};
use http::StatusCode;
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

/// A person's subject elsewhere.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct OldSubject {
    /// The value of the federation's `uuid_ldap_attribute` that identifies the person: its text, or its
    /// octets in base64 where the directory has it as 16 octets in the order of a GUID.
    identifier: Option<String>,
    /// The same as octets, in base64, where it is no text.
    identifier_base64: Option<String>,
    /// The subject that applications know the person by.
    #[schema(min_length = 1, max_length = 255)]
    subject: String,
}

/// OpenID Connect Core section 2: a subject is at most 255 ASCII characters.
const SUBJECT_OCTETS_MAX: usize = 255;

pub(super) fn endpoints() -> Vec<Endpoint> {
    let access = Access::realm(AdminScope::FederationWrite);
    let about = "Keeps the subjects that people had before, so that applications know them again";
    vec![
        Endpoint::post("/user-federations/{id}/subjects", access, post)
            .about("user federations", "import_subjects", about)
            .takes(Shape::list_of::<OldSubject>())
            .answers_empty(204, "They are kept"),
    ]
}

async fn post(
    State(state): State<AdminState>,
    call: RealmCall,
    segments: Segments,
    Objects(table): Objects<OldSubject>,
) -> Result<Response, Problem> {
    let RealmCall { realm, caller } = call;
    let planned = find(&state, &realm, &segments).await?;
    let wanted = Wanted::new(AuditKind::Changed, &realm.name, name_of(&planned));
    audited(&state, &caller, wanted, async {
        let id = &planned.plan.stable_id;
        let mut subjects = Vec::with_capacity(table.len());
        let mut wrong = Vec::new();
        for (place, old) in table.into_iter().enumerate() {
            match understood(id, old) {
                Ok(pair) => subjects.push(pair),
                Err((member, message)) => wrong.push(Advice::from(&PlanProblem {
                    field: format!("[{place}].{member}"),
                    message,
                })),
            }
        }
        if !wrong.is_empty() {
            return Err(Problem::of_members(wrong));
        }
        let federation = planned.federation.id;
        let store = &state.web.store;
        store
            .import_subjects(&realm.name, federation, &subjects)
            .await?;
        Ok(Done {
            after: Some(json!({ "imported_subjects": subjects.len() })),
            ..Done::new(())
        })
    })
    .await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// The octets that the store knows a person by, as a sign-in derives them from the same value.
fn understood(id: &StableId, old: OldSubject) -> Result<(Vec<u8>, String), (&'static str, String)> {
    let (member, value) = match (old.identifier, old.identifier_base64) {
        // Octets that are no text have no other text form.
        (Some(text), None) if id.form != IdForm::Guid => ("identifier", text.into_bytes()),
        (Some(text), None) | (None, Some(text)) if !text.is_empty() => {
            let octets = BASE64_STANDARD.decode(&text);
            let wrong = |_| {
                (
                    "identifier_base64",
                    "is no base64; write it with padding (RFC 4648)".to_owned(),
                )
            };
            ("identifier_base64", octets.map_err(wrong)?)
        }
        _ => {
            let message = "is needed once; give identifier or identifier_base64";
            return Err(("identifier", message.to_owned()));
        }
    };
    let fits = (1..=SUBJECT_OCTETS_MAX).contains(&old.subject.len())
        && old
            .subject
            .bytes()
            .all(|b| b.is_ascii_graphic() || b == b' ');
    if !fits {
        let message = "cannot be one; a subject is 1 to 255 printable ASCII characters";
        return Err(("subject", message.to_owned()));
    }
    let entry = Entry {
        dn: String::new(),
        attributes: vec![Attribute {
            name: id.attribute.clone(),
            values: vec![value],
        }],
    };
    match identifier(id, &entry) {
        Ok(octets) => Ok((octets, old.subject)),
        Err(error) => Err((
            member,
            format!("{error}; give the value as the directory has it"),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn old(text: Option<&str>, base64: Option<&str>, subject: &str) -> OldSubject {
        OldSubject {
            identifier: text.map(str::to_owned),
            identifier_base64: base64.map(str::to_owned),
            subject: subject.to_owned(),
        }
    }

    #[test]
    fn a_table_is_read_as_a_sign_in_reads_the_directory() {
        let id = |form| StableId {
            attribute: "id".to_owned(),
            form,
        };
        let uuid = "00112233-4455-6677-8899-aabbccddeeff";
        let text = understood(&id(IdForm::Uuid), old(Some(uuid), None, "f:1"));
        let (octets, subject) = text.expect("an identifier");
        assert_eq!((octets.len(), subject.as_str()), (16, "f:1"));
        let octets = understood(&id(IdForm::Octets), old(None, Some("AAE="), "f:1"));
        assert_eq!(octets.expect("octets").0, [0, 1]);
        for (old, member) in [
            (old(None, None, "s"), "identifier"),
            (old(Some("x"), Some("AAE="), "s"), "identifier"),
            (old(None, Some("!"), "s"), "identifier_base64"),
            (old(Some("x"), None, ""), "subject"),
            (old(Some("x"), None, "ä"), "subject"),
        ] {
            let wrong = understood(&id(IdForm::Octets), old).expect_err(member);
            assert_eq!(wrong.0, member);
        }
    }
}
