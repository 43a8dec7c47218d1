use super::{Faults, process::ProcessConfig, realm_file::RealmFile};
use crate::app::built_in_policies;
use std::path::Path;

const PROCESS: &str = include_str!("../cli/init/bridge.toml");
const REALM: &str = r#"
[realm]
name = "staff"

[[federations]]
name = "directory"
vendor = "generic"
connection_url = "ldaps://a.example ldaps://b.example:1636"
users_dn = "ou=people,dc=example,dc=test"
bind_dn = "cn=svc,dc=example,dc=test"
bind_credential = "secret"

[[clients]]
client_id = "wiki"
public = true
redirect_uris = ["http://127.0.0.1/callback"]
"#;

fn process(text: &str) -> Result<ProcessConfig, Faults> {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("file.toml");
    std::fs::write(&file, text).expect("written");
    ProcessConfig::read(&file)
}

fn realm(text: &str) -> Result<RealmFile, Faults> {
    let policies = built_in_policies(None).expect("the policies load");
    RealmFile::parse(Path::new("realm.toml"), text, &policies)
}

/// The lines and fields of all faults.
fn told<T>(read: Result<T, Faults>) -> Vec<(usize, String)> {
    let faults = read.err().map(|faults| faults.0).unwrap_or_default();
    faults.into_iter().map(|f| (f.line, f.field)).collect()
}

fn has(told: &[(usize, String)], field: &str) -> bool {
    told.iter().any(|(line, name)| name == field && *line > 0)
}

#[test]
fn what_init_writes_is_understood() {
    let config = process(PROCESS).expect("understood");
    assert_eq!(config.listener.address.port(), 8080);
    assert!(config.store.path.is_absolute());
    assert_eq!(config.apply.len(), 1);
    assert_eq!(
        config.policy_cache.file_name(),
        Some("policy-cache".as_ref())
    );
}

#[test]
fn everything_that_is_wrong_with_the_process_is_said_at_once() {
    let text = r#"
base_url = "http://id.example.com"
apply = "realms/staff.toml"
colour = "blue"

[listener]
address = "here"
tls_key = "key.pem"
trusted_proxies = ["10.0.0.0/40", "::1"]

[store]
path = 3
sealing_key = ""

[limits]
sign_in_failures_per_account_max = 0
sign_in_failures_window = "15"
"#;
    let told = told(process(text));
    for (line, field) in [
        (2, "base_url"),
        (3, "apply"),
        (4, "colour"),
        (7, "listener.address"),
        (9, "listener.trusted_proxies[0]"),
        (12, "store.path"),
        (13, "store.sealing_key"),
        (16, "limits.sign_in_failures_per_account_max"),
        (17, "limits.sign_in_failures_window"),
    ] {
        assert!(
            told.contains(&(line, field.to_owned())),
            "{field}: {told:?}"
        );
    }
    assert!(has(&told, "listener.tls_certificate"), "{told:?}");
    assert_eq!(told.len(), 10, "{told:?}");
}

#[test]
fn text_that_is_no_toml_is_told_with_its_line() {
    assert_eq!(
        told(process("base_url = \"x\"\n[listener\n")).first(),
        Some(&(2, String::new()))
    );
}

#[test]
fn the_sealing_key_stays_out_of_the_database_folder() {
    let text = PROCESS.replace("secrets/sealing.key", "data/sealing.key");
    assert!(has(&told(process(&text)), "store.sealing_key"));
}

#[test]
fn https_needs_a_certificate_or_a_trusted_proxy() {
    let https = PROCESS.replace("http://127.0.0.1:8080", "https://id.example.com");
    assert!(has(&told(process(&https)), "listener.tls_certificate"));
    let proxied = https.replace("# trusted_proxies", "trusted_proxies");
    assert_eq!(told(process(&proxied)), []);
}

#[test]
fn a_realm_file_is_understood_and_translated() {
    let file = realm(REALM).expect("understood");
    let [declared] = file.declared.federations.as_slice() else {
        unreachable!("one federation is declared");
    };
    assert_eq!(declared.planned.federation.connection.urls.len(), 2);
    assert!(!declared.planned.plan.login_filter.is_empty());
    assert!(declared.bind_credential.is_some());
}

#[test]
fn everything_that_is_wrong_with_a_realm_is_said_at_once() {
    for (from, to, field) in [
        ("\"generic\"", "\"nobody\"", "federations[0].vendor"),
        (
            "ldaps://a.example",
            "http://a.example",
            "federations[0].connection_url",
        ),
        (
            "ou=people,dc=example,dc=test",
            "people",
            "federations[0].users_dn",
        ),
        (
            "\"secret\"",
            "\"env:BRIDGE_NOT_SET\"",
            "federations[0].bind_credential",
        ),
        (
            "\"secret\"",
            "\"file:not-there\"",
            "federations[0].bind_credential",
        ),
        (
            "bind_credential = \"secret\"",
            "",
            "federations[0].bind_credential",
        ),
        (
            "bind_dn = \"cn=svc",
            "bind_dm = \"cn=svc",
            "federations[0].bind_dm",
        ),
        (
            "http://127.0.0.1/callback",
            "http://app.example/",
            "clients[0].redirect_uris[0]",
        ),
        ("public = true", "", "clients[0].secrets"),
        (
            "public = true",
            "secrets = [\"short\"]",
            "clients[0].secrets[0]",
        ),
        ("name = \"staff\"", "name = \"Staff\"", "realm.name"),
    ] {
        let told = told(realm(&REALM.replace(from, to)));
        assert!(has(&told, field), "{to}: {told:?}");
    }
}

#[test]
fn names_are_used_once() {
    let clients = REALM.split("[[clients]]").nth(1).expect("a client");
    let told = told(realm(&format!("{REALM}\n[[clients]]{clients}")));
    assert!(has(&told, "clients[1].client_id"), "{told:?}");
}

#[test]
fn references_are_references_only_where_secrets_are_named() {
    let text = REALM.replace("cn=svc,dc=example,dc=test", "env:HOME");
    let file = realm(&text).expect("understood");
    let declared = file.declared.federations.first().expect("one federation");
    let bind = format!("{:?}", declared.planned.federation.connection.bind);
    assert!(bind.contains("env:HOME"), "{bind}");
}
