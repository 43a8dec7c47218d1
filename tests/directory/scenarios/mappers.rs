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
        let realm = mapping(
            stage,
            &json!([{
                "name": "classes", "ldap_attribute": "objectClass", "settings": { "values": "all" },
            }]),
        );
        let claims = realm.claims("ada", "Pw-ada");
        let classes = claims["classes"].as_array().expect("values");
        assert!(classes.len() > 1, "{claims}");
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
                { "name": "everyone", "kind": "constant-group", "settings": { "value": "everyone" } },
                { "name": "member", "kind": "constant-role", "settings": { "value": "member" } },
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
    Scenario::of_all("a telephone number only where it is certain", |stage| {
        stage.set(
            &stage.dn("evelyn"),
            "telephoneNumber",
            &["+44 20 7946 0001"],
        );
        stage.set(&stage.dn("ruth"), "telephoneNumber", &["7946 0001"]);
        let realm = mapping(
            stage,
            &json!([{
                "name": "phone_number", "ldap_attribute": "telephoneNumber",
                "settings": { "format": "phone" },
            }]),
        );
        let number = realm.claims("evelyn", "Pw-evelyn")["phone_number"].clone();
        assert_eq!(number, "+442079460001");
        assert_eq!(realm.claims("ruth", "Pw-ruth")["phone_number"], Value::Null);
    }),
    Scenario::of_all(
        "a value that cannot be read leaves its claim out, or denies",
        |stage| {
            stage.set(&stage.dn("vera"), "mail", &["not an address"]);
            let realm = stage.realm();
            assert_eq!(realm.claims("vera", "Pw-vera")["email"], Value::Null);
            let mapper = json!([{
                "name": "email", "ldap_attribute": "mail", "on_error": "deny",
                "settings": { "format": "email" },
            }]);
            let page = mapping(stage, &mapper).try_password("vera", "Pw-vera");
            assert_ne!(page.status, 303);
        },
    ),
];

fn mapping<'a>(stage: &'a Stage, mappers: &Value) -> Realm<'a> {
    stage.realm_with(|federation| federation["mapper"] = mappers.clone())
}
