mod connection;
mod others;

use super::*;
use crate::built_in_policies;
use bridge_model::{policy::PolicyRules, realm::PolicyRef};
use bridge_policy::PolicyHost;
use serde_json::{Value, json};
use std::sync::OnceLock;

fn policies() -> &'static PolicyHost {
    static POLICIES: OnceLock<PolicyHost> = OnceLock::new();
    POLICIES.get_or_init(|| built_in_policies(None).expect("the policies load"))
}

fn staff() -> RealmName {
    RealmName::new("staff").expect("a name")
}

fn with<T>(read: impl FnOnce(&Around<'_>) -> T, has_credential: bool) -> T {
    let realm = staff();
    read(&Around {
        realm: &realm,
        rules: &PolicyRules::default(),
        policies: policies(),
        has_credential,
    })
}

fn generic() -> PolicyRef {
    let mut vendors = policies().vendors().into_iter();
    let found = vendors.find(|(policy, _)| policy.id == "generic");
    found.expect("it is built in").0
}

fn federation(value: &Value) -> Result<ReadFederation, Refused> {
    with(|around| read_federation(value, around), false)
}

/// The documented body with real values.
fn body() -> Value {
    json!({
        "name": "my-ldap-config",
        "vendor": "Generic",
        "username_ldap_attribute": "cn",
        "rdn_ldap_attribute": "uid",
        "uuid_ldap_attribute": "uid",
        "user_object_classes": "inetOrgPerson, organizationalPerson",
        "connection_url": "ldaps://ldap.tco.com",
        "users_dn": "ou=users,dc=tco,dc=com",
        "bind_dn": "cn=svc,ou=users,dc=tco,dc=com",
        "bind_credential": "a-credential",
        "mapper": [{"ldap_attribute": "cn", "name": "my-mapper"}],
    })
}

/// Everything that a federation can have.
fn full() -> Value {
    let mut body = body();
    let all = json!({
        "enabled": false, "priority": -3, "import_enabled": true, "edit_mode": "WRITABLE",
        "sync_registration": true, "bind_type": "simple",
        "advanced": {
            "start_tls": true, "allow_plaintext": false, "search_scope": "ONE_LEVEL",
            "custom_user_search_filter": "(employeeType=x)", "pagination": false, "batch_size": 50,
            "connection_timeout": "1500ms", "read_timeout": "20s", "pool_connections_max": 3,
            "pool_connections_min": 2, "tls_min": "1.3", "referral": "follow",
            "referral_hosts": ["ldap2.tco.com", "192.0.2.7"], "follow_aliases": true,
            "vanished_max_percent": 5, "full_sync_period": "7d", "changed_sync_period": "1h",
            "read_bases": ["ou=more,dc=tco,dc=com"], "groups": {"dn": "ou=groups,dc=tco,dc=com"},
            "on_error": "pass_over", "email_verified_domains": ["tco.com"],
            "subject_namespace": "old-name", "policy_digest": generic().digest, "settings": {"uuid_form": "text"},
        },
        "mapper": [
            {"name": "email", "ldap_attribute": "mail", "kind": "attribute", "on_error": "deny"},
            {"name": "phone", "ldap_attribute": "telephoneNumber", "kind": "attribute",
             "claim": "phone_number", "settings": {"multivalued": "all"}},
        ],
    });
    for (name, value) in all.as_object().expect("an object") {
        body[name] = value.clone();
    }
    body
}

fn members(problems: &[Problem]) -> Vec<&str> {
    problems
        .iter()
        .map(|problem| problem.field.as_str())
        .collect()
}

fn refused<T>(read: Result<T, Refused>) -> Refused {
    read.err().unwrap_or_default()
}

#[test]
fn the_documented_body_is_taken_and_shown_as_it_was() {
    let read = federation(&body()).expect("taken");
    assert_eq!(
        read.bind_credential.as_ref().map(Secret::expose),
        Some(&b"a-credential"[..])
    );
    assert!(members(&read.warnings).contains(&"uuid_ldap_attribute"));
    let shown = serde_json::to_value(FederationDocument::from(&read.planned)).expect("JSON");
    for (name, value) in body().as_object().expect("an object") {
        match name.as_str() {
            "bind_credential" => assert_eq!(shown.get(name), None),
            "mapper" => assert_eq!(shown["mapper"][0]["name"], "my-mapper"),
            _ => assert_eq!(shown.get(name), Some(value), "{name}"),
        }
    }
    assert!(!shown.to_string().contains("a-credential"));
}

#[test]
fn what_is_shown_can_be_given_back() {
    let read = federation(&full());
    let read = read.unwrap_or_else(|refused| unreachable!("{refused:?}"));
    let shown = serde_json::to_value(FederationDocument::from(&read.planned)).expect("JSON");
    for (name, value) in full()["advanced"].as_object().expect("an object") {
        assert_eq!(shown["advanced"].get(name), Some(value), "{name}");
    }
    let again = with(|around| read_federation(&shown, around), true).expect("taken");
    assert_eq!(again.planned.federation, read.planned.federation);
    assert!(again.bind_credential.is_none());
    assert_eq!(again.subject_namespace.as_deref(), Some("old-name"));

    let client = json!({
        "client_id": "wiki", "name": "Wiki", "enabled": false, "public": false,
        "grant_types": ["authorization_code", "client_credentials"],
        "redirect_uris": ["https://wiki.example/cb"], "signing_algorithm": "ES256",
        "token_lifetime": "10m", "allowed_groups": ["cn=a,dc=b", "c"],
        "admin_scopes": ["federation:read"],
    });
    let read = with(|around| read_client(&client, around), false).expect("taken");
    let mut shown = serde_json::to_value(ClientDocument::from(&read)).expect("JSON");
    let again = with(|around| read_client(&shown, around), false).expect("taken");
    assert_eq!(again, read);
    shown.as_object_mut().expect("an object").remove("revision");
    assert_eq!(shown, client);

    let realm = json!({
        "name": "staff", "display_name": "Staff", "enabled": true,
        "lifetimes": {"session": "8h", "interaction": "30m", "code": "90s", "token": "5m"},
        "admin_groups": ["admins"],
        "policies": {
            "allowed": ["generic"], "trusted_keys": [format!("ed25519:{}", "a7".repeat(32))],
            "signature_required": true, "cpu_ms_per_second": 100,
        },
    });
    let read = read_realm(&realm, policies()).expect("taken");
    let mut shown = serde_json::to_value(RealmDocument::from(&read)).expect("JSON");
    assert_eq!(read_realm(&shown, policies()), Ok(read));
    shown.as_object_mut().expect("an object").remove("revision");
    assert_eq!(shown, realm);
}

#[test]
fn a_wrong_member_hides_neither_the_others_nor_the_warnings() {
    let mut body = body();
    body["connection_url"] = json!("http://<ip:port>");
    body["bind_dn"] = json!("ou=users");
    let refused = refused(federation(&body));
    assert_eq!(members(&refused.errors), ["connection_url"]);
    let message = &refused.errors[0].message;
    assert!(
        message.contains("scheme") && message.contains("host"),
        "{message}"
    );
    let warned = members(&refused.warnings);
    assert!(
        warned.contains(&"bind_dn") && warned.contains(&"uuid_ldap_attribute"),
        "{warned:?}"
    );

    body["users_dn"] = json!("users");
    body["mapper"] =
        json!([{"ldap_attribute": "cn"}, {"name": "x", "kind": "nonsense"}, {"name": "x"}]);
    body["advanced"] = json!({"referral": "follow", "colour": "blue", "batch_size": "many"});
    body["edit_mode"] = json!("UNSYNCED");
    let refused = self::refused(federation(&body));
    let mut wrong = members(&refused.errors);
    wrong.sort_unstable();
    for expected in [
        "advanced.batch_size",
        "advanced.colour",
        "advanced.referral",
        "connection_url",
        "edit_mode",
        "mapper[0].name",
        "mapper[2].name",
        "users_dn",
    ] {
        assert!(wrong.contains(&expected), "{expected}: {wrong:?}");
    }
    assert!(
        wrong.iter().any(|member| member.starts_with("mapper[1]")),
        "{wrong:?}"
    );
    for problem in &refused.errors {
        let advice = Advice::from(problem);
        assert!(
            !advice.message.is_empty() && !advice.remedy.is_empty(),
            "{problem:?}"
        );
    }
}

#[test]
fn the_api_requires_what_it_documents() {
    let refused = refused(federation(&json!({})));
    let mut missing = members(&refused.errors);
    missing.sort_unstable();
    assert_eq!(
        missing,
        [
            "bind_credential",
            "bind_dn",
            "connection_url",
            "mapper",
            "name",
            "rdn_ldap_attribute",
            "user_object_classes",
            "username_ldap_attribute",
            "users_dn",
            "uuid_ldap_attribute",
            "vendor",
        ]
    );
    let mut anonymous = body();
    let members = anonymous.as_object_mut().expect("an object");
    members.insert("bind_type".to_owned(), json!("none"));
    members.insert("bind_dn".to_owned(), json!(""));
    members.remove("bind_credential");
    let read = federation(&anonymous).expect("taken");
    assert!(read.bind_credential.is_none());
    let mut kept = body();
    kept.as_object_mut()
        .expect("an object")
        .remove("bind_credential");
    assert_eq!(
        self::members(&self::refused(federation(&kept)).errors),
        ["bind_credential"]
    );
    assert!(with(|around| read_federation(&kept, around), true).is_ok());
}

#[test]
fn times_are_taken_as_keycloak_writes_them() {
    use std::time::Duration;
    for (member, value, expected) in [
        (
            "connection_timeout",
            json!("5s"),
            Some(Duration::from_secs(5)),
        ),
        (
            "connection_timeout",
            json!(5_000),
            Some(Duration::from_secs(5)),
        ),
        (
            "connection_timeout",
            json!("5000"),
            Some(Duration::from_secs(5)),
        ),
        (
            "full_sync_period",
            json!(604_800),
            Some(Duration::from_hours(168)),
        ),
        (
            "full_sync_period",
            json!("7d"),
            Some(Duration::from_hours(168)),
        ),
        ("full_sync_period", json!(-1), None),
        ("full_sync_period", json!("-1"), None),
        ("full_sync_period", Value::Null, None),
    ] {
        let mut body = body();
        body["advanced"] = json!({member: value});
        let read = federation(&body).expect("taken").planned.federation;
        let found = match member {
            "full_sync_period" => read.synchronisation.full_period,
            _ => Some(read.connection.connect_timeout),
        };
        assert_eq!(found, expected, "{member} {value}");
    }
    for (member, value) in [
        ("connection_timeout", json!(-1)),
        ("connection_timeout", json!(1)),
        ("connection_timeout", json!(99_999_999_999_i64)),
        ("read_timeout", json!(true)),
        ("read_timeout", json!(1.5)),
        ("read_timeout", json!("soon")),
        ("full_sync_period", json!(0)),
    ] {
        let mut body = body();
        body["advanced"] = json!({member: value});
        let refused = refused(federation(&body));
        assert_eq!(
            members(&refused.errors),
            [format!("advanced.{member}")],
            "{value}"
        );
    }
}

#[test]
fn nothing_is_read_from_this_machine_for_a_request() {
    let mut body = body();
    body["bind_credential"] = json!("file:/etc/passwd");
    let read = federation(&body).expect("taken");
    let credential = read.bind_credential.expect("a credential");
    assert_eq!(credential.expose(), b"file:/etc/passwd");
    body["advanced"] = json!({"ca_bundle": "/etc/ssl/certs/ca-certificates.crt"});
    let refused = refused(federation(&body));
    assert_eq!(members(&refused.errors), ["advanced.ca_bundle"]);
}
