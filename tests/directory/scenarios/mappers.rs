//! Mappers: what of an entry becomes which claim.

use super::{
    Environment, Scenario,
    stage::{Realm, Stage},
};
use serde_json::{Value, json};

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario::of_all("the vendor's own mappers", |stage| {
        let claims = stage.realm().claims("ada", "Pw-ada");
        for (claim, expected) in [
            ("given_name", "Ada"),
            ("family_name", "Lovelace"),
            ("email", "ada@example.test"),
        ] {
            assert_eq!(claims[claim], expected, "{claims}");
        }
    }),
    Scenario::of_all(
        "an attribute, with prefix, suffix and letter case",
        |stage| {
            let realm = mapping(
                stage,
                &json!([{
                    "name": "nickname", "ldap_attribute": "givenName",
                    "settings": { "prefix": "<", "suffix": ">", "case": "upper" },
                }]),
            );
            assert_eq!(realm.claims("ada", "Pw-ada")["nickname"], "<ADA>");
        },
    ),
    Scenario::of_all("an attribute with all its values", |stage| {
        let attribute = match stage.environment {
            Environment::Samba => "otherTelephone",
            _ => "telephoneNumber",
        };
        stage.set(&stage.dn("emilie"), attribute, &["1234", "5678"]);
        let realm = mapping(
            stage,
            &json!([{
                "name": "numbers", "ldap_attribute": attribute, "settings": { "multivalued": "all" },
            }]),
        );
        let claims = realm.claims("emilie", "Pw-emilie");
        assert_eq!(claims["numbers"], json!(["1234", "5678"]), "{claims}");
    }),
    Scenario::of_all("a full name, parted at its last space", |stage| {
        let realm = mapping(
            stage,
            &json!([{ "name": "full", "kind": "full-name", "ldap_attribute": "displayName" }]),
        );
        let claims = realm.claims("ada", "Pw-ada");
        assert_eq!(claims["family_name"], "Lovelace", "{claims}");
    }),
    Scenario::of_all("a constant claim, group and role", |stage| {
        let realm = mapping(
            stage,
            &json!([
                { "name": "company", "kind": "constant", "settings": { "value": "Example" } },
                { "name": "everyone", "kind": "constant-group", "settings": { "group": "everyone" } },
                { "name": "member", "kind": "constant-role", "settings": { "role": "member" } },
            ]),
        );
        let claims = realm.claims("sophie", "Pw-sophie");
        assert_eq!(claims["company"], "Example");
        assert_eq!(claims["roles"], json!(["member"]), "{claims}");
        assert_eq!(claims["groups"], json!(["everyone"]), "{claims}");
    }),
    Scenario::of_all("octets become base64", |stage| {
        let attribute = match stage.environment {
            Environment::Samba => "objectSid",
            _ => "cn",
        };
        let realm = mapping(
            stage,
            &json!([{
                "name": "octets", "ldap_attribute": attribute, "settings": { "format": "base64" },
            }]),
        );
        let octets = realm.claims("ada", "Pw-ada")["octets"].clone();
        assert!(
            octets.as_str().is_some_and(|text| text.len() > 4),
            "{octets}"
        );
    }),
    Scenario::of_all(
        "a telephone number in the form of E.164 only where it is certain",
        |stage| {
            stage.set(&stage.dn("hilda"), "telephoneNumber", &["+44 20 7946 0001"]);
            stage.set(&stage.dn("maryam"), "telephoneNumber", &["7946 0001"]);
            let realm = mapping(
                stage,
                &json!([{
                    "name": "phone_number", "ldap_attribute": "telephoneNumber",
                    "settings": { "format": "phone" },
                }]),
            );
            let number = realm.claims("hilda", "Pw-hilda")["phone_number"].clone();
            assert_eq!(number, "+442079460001");
            assert_eq!(
                realm.claims("maryam", "Pw-maryam")["phone_number"],
                "7946 0001"
            );
        },
    ),
    Scenario::of_all(
        "a value that cannot be read leaves its claim out, or denies",
        |stage| {
            stage.set(&stage.dn("emilie"), "mail", &["not an address"]);
            let realm = stage.realm();
            assert_eq!(realm.claims("emilie", "Pw-emilie")["email"], Value::Null);
            let mapper = json!([{
                "name": "email", "ldap_attribute": "mail", "on_error": "deny",
                "settings": { "format": "email" },
            }]);
            let page = mapping(stage, &mapper).try_password("emilie", "Pw-emilie");
            assert_ne!(page.status, 303);
        },
    ),
];

fn mapping<'a>(stage: &'a Stage, mappers: &Value) -> Realm<'a> {
    stage.realm_with(|federation| federation["mapper"] = mappers.clone())
}
