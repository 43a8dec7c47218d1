//! What a body changes of a user: tools send back everything that they were shown.

use super::{
    input::{UserInput, value},
    representation::UserRepresentation,
};
use crate::web::admin::problem::Problem;
use bridge_federation::ProfileUpdate;
use serde_json::Value;

/// What changes of a user; none: nothing.
pub(super) fn changes(
    input: &UserInput,
    current: &UserRepresentation,
) -> Result<Option<ProfileUpdate>, Problem> {
    input.check_email_verified(current.email_verified)?;
    let username = input.username.as_deref().map(str::trim);
    if username == Some("") {
        let message = "is empty; give the name that people type, or leave it out";
        return Err(Problem::of_member("username", message));
    }
    let username = username.filter(|name| *name != current.username);
    let mut claims = input.members();
    claims.retain(|name, wanted| {
        let current = match name.as_str() {
            "given_name" => &current.first_name,
            "family_name" => &current.last_name,
            _ => &current.email,
        };
        wanted.as_str() != current.as_deref()
    });
    if input.attributes.is_some() {
        let wanted = input.attributes()?;
        for name in current.attributes.keys() {
            if !wanted.iter().any(|(wanted, _)| wanted == name) {
                claims.insert(name.clone(), Value::Null);
            }
        }
        for (name, values) in wanted {
            let known = current.attributes.get(&name);
            if known.map(Vec::as_slice).unwrap_or_default() != values {
                claims.insert(name, value(values));
            }
        }
    }
    let update = ProfileUpdate {
        username: username.map(str::to_owned),
        claims,
        enabled: input.enabled.filter(|wanted| *wanted != current.enabled),
    };
    let is_nothing =
        update.username.is_none() && update.claims.is_empty() && update.enabled.is_none();
    Ok(Some(update).filter(|_| !is_nothing))
}

#[cfg(test)]
mod tests {
    use super::*;
    use bridge_model::{
        account::User,
        names::{FederationId, FederationName, RealmName},
        realm::PolicyRef,
        time::Timestamp,
        user::{KnownUser, LocalProfile, StoredUser},
    };
    use serde_json::json;
    use uuid::Uuid;

    fn ada() -> UserRepresentation {
        let federation = FederationId(Uuid::nil());
        let claims = json!({
            "given_name": "Ada", "family_name": "Lovelace", "email": "ada@example.test",
            "title": "Analyst", "locale": "en", "groups": ["engineers"], "updated_at": 1,
        });
        let user = User {
            subject: "s".to_owned(),
            username: "ada".to_owned(),
            claims: claims.as_object().cloned().unwrap_or_default(),
            bars: Vec::new(),
            group_dns: Vec::new(),
            federation: FederationName::new("people").expect("a name"),
            federation_id: federation,
            entry_dn: "uid=ada".to_owned(),
            policy: PolicyRef {
                id: "generic".to_owned(),
                version: "1".to_owned(),
                digest: "sha256:0".to_owned(),
            },
        };
        let known = KnownUser {
            realm: RealmName::new("staff").expect("a name"),
            subject: "s".to_owned(),
            federation,
            username: "ada".to_owned(),
            entry_dn: "uid=ada".to_owned(),
            blocked: false,
            created_at: Timestamp(7),
        };
        let mut local = LocalProfile::default();
        local.claims.insert("locale".to_owned(), Value::Null);
        let stored = StoredUser {
            known,
            imported: Some(Box::new(user)),
            imported_at: Some(Timestamp(8)),
            local,
        };
        UserRepresentation::of(&stored, Timestamp(9))
    }

    fn changed(input: Value) -> Option<ProfileUpdate> {
        let input: UserInput = serde_json::from_value(input).expect("an input");
        changes(&input, &ada()).expect("changes")
    }

    #[test]
    fn a_user_is_shown_with_what_is_kept_over_the_directorys_word() {
        let shown = serde_json::to_value(ada()).expect("JSON");
        assert_eq!(shown["createdTimestamp"], 7_000);
        assert_eq!(shown["attributes"], json!({ "title": ["Analyst"] }));
        assert_eq!(shown["firstName"], "Ada");
        assert_eq!(shown["enabled"], true);
    }

    #[test]
    fn what_was_shown_changes_nothing_when_it_comes_back() {
        let shown = serde_json::to_value(ada()).expect("JSON");
        assert!(changed(shown).is_none());
        let nulls = json!({ "username": null, "firstName": null, "attributes": null });
        assert!(changed(nulls).is_none());
    }

    #[test]
    fn only_what_is_another_changes() {
        let update = changed(json!({
            "username": "ada", "firstName": "Augusta", "email": "", "enabled": false,
            "attributes": { "nickname": ["Ada", "Countess"], "title": "Analyst" },
        }));
        let update = update.expect("changes");
        assert_eq!(update.username, None);
        assert_eq!(update.enabled, Some(false));
        assert_eq!(
            Value::from(update.claims),
            json!({ "given_name": "Augusta", "email": null, "nickname": ["Ada", "Countess"] })
        );
        let update = changed(json!({ "attributes": {} })).expect("changes");
        assert_eq!(Value::from(update.claims), json!({ "title": null }));
    }

    #[test]
    fn nobody_is_put_into_a_group_by_an_attribute() {
        for name in ["groups", "sub", "iss", "email_verified", "a b"] {
            let input = json!({ "attributes": { name: ["x"] } });
            let input: UserInput = serde_json::from_value(input).expect("an input");
            assert!(changes(&input, &ada()).is_err(), "{name}");
        }
        let input = UserInput {
            email_verified: Some(true),
            ..UserInput::default()
        };
        assert!(changes(&input, &ada()).is_err());
    }
}
