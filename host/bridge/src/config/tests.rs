use super::{Faults, process::ProcessConfig, realm_file::RealmFile};
use crate::built_in_policies;
use bridge_model::policy::WasiGrant;
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
        config.policies.cache.file_name(),
        Some("policy-cache".as_ref())
    );
    assert_eq!(config.policies.folder, None);
}

#[test]
fn policies_come_from_a_folder_and_reach_what_they_are_granted() {
    let tables = |more: &str| process(&format!("{PROCESS}\n[policies]\n{more}\n"));
    let config = tables("cache = \"run/code\"\nfolder = \"policies\"\n[policies.wasi]\n\"a.wasm\" = \"minimal\"\nMine = \"Minimal\"\nother = \"none\"")
        .expect("understood");
    let policies = config.policies;
    assert!(policies.cache.ends_with("run/code"));
    assert!(
        policies
            .folder
            .as_ref()
            .is_some_and(|folder| folder.is_absolute() && folder.ends_with("policies"))
    );
    assert_eq!(policies.granted_to_file("a.wasm"), Some(WasiGrant::Minimal));
    assert_eq!(policies.granted_to_file("b.wasm"), None);
    assert_eq!(policies.granted_to_id("mine"), Some(WasiGrant::Minimal));
    assert_eq!(policies.granted_to_id("OTHER"), Some(WasiGrant::None));
    for (more, field) in [
        ("folder = 5", "policies.folder"),
        ("folder = \"a\"\ncache = \"a\"", "policies.folder"),
        ("colour = \"blue\"", "policies.colour"),
        ("wasi = \"minimal\"", "policies.wasi"),
        ("[policies.wasi]\nx = \"minimal\"", "policies.wasi"),
        (
            "folder = \"a\"\n[policies.wasi]\nx = \"all\"",
            "policies.wasi.x",
        ),
    ] {
        let told = told(tables(more));
        assert!(has(&told, field) && told.len() == 1, "{more}: {told:?}");
    }
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
fn administrators_have_a_socket_and_may_have_a_listener() {
    let config = process(PROCESS).expect("understood");
    assert_eq!(config.admin.address, None);
    assert_eq!(
        config.admin.socket,
        config.store.path.with_file_name("admin.sock")
    );
    assert_eq!(config.audit_keep, std::time::Duration::from_hours(24 * 90));
    let tables = |more: &str| format!("{PROCESS}\n{more}\n");
    let config = process(&tables(
        "[admin]\naddress = \"127.0.0.1:0\"\nsocket = \"run/a\"\nprefixes = [\"/a\"]\n[audit]\nkeep = \"30d\"",
    ))
    .expect("understood");
    assert!(config.admin.socket.ends_with("run/a"));
    assert_eq!(config.admin.prefixes.texts().collect::<Vec<_>>(), ["/a"]);
    for (more, field) in [
        ("[admin]\naddress = \"0.0.0.0:1\"", "admin.tls_certificate"),
        ("[admin]\nprefixes = [\"api\"]", "admin.prefixes[0]"),
        ("[admin]\ntls_key = \"x\"", "admin.tls_certificate"),
        ("[admin]\ncolour = 1", "admin.colour"),
        ("[audit]\nkeep = \"1s\"", "audit.keep"),
    ] {
        let told = told(process(&tables(more)));
        assert!(has(&told, field) && told.len() == 1, "{more}: {told:?}");
    }
}

#[test]
fn what_may_be_reached_is_said_in_rules() {
    let config = process(PROCESS).expect("understood");
    assert_eq!(config.outbound.0, []);
    let rule = "[[outbound]]\nrealms = [\"a\"]\nhosts = [\"*.Corp.Example.\"]\nnetworks = [\"10.0.0.0/8\", \"::1\"]\nports = [636]";
    let config = process(&format!("{PROCESS}\n{rule}\n")).expect("understood");
    let [rule] = config.outbound.0.as_slice() else {
        unreachable!("one rule");
    };
    assert_eq!(rule.hosts, ["*.corp.example"]);
    assert_eq!(
        (rule.networks.len(), rule.ports.as_slice()),
        (2, &[636][..])
    );
    for (line, field) in [
        ("realms = [\"A\"]", "outbound[0].realms[0]"),
        ("hosts = [\"ldap://x\"]", "outbound[0].hosts[0]"),
        ("networks = [\"here\"]", "outbound[0].networks[0]"),
        ("ports = [0]", "outbound[0].ports[0]"),
        ("ports = [\"636\"]", "outbound[0].ports[0]"),
        ("networks = []", "outbound[0].networks"),
        ("ports = 636", "outbound[0].ports"),
    ] {
        let told = told(process(&format!("{PROCESS}\n[[outbound]]\n{line}\n")));
        assert!(has(&told, field), "{line}: {told:?}");
    }
}

#[test]
fn a_realm_is_the_same_in_every_format() {
    let policies = built_in_policies(None).expect("the policies load");
    let parse = |name: &str, text: &str| RealmFile::parse(Path::new(name), text, &policies);
    let toml = parse("realm.toml", REALM).expect("understood");
    let yaml = "realm: {name: staff}\nfederations:\n  - name: directory\n    vendor: generic\n    connection_url: ldaps://a.example ldaps://b.example:1636\n    users_dn: ou=people,dc=example,dc=test\n    bind_dn: cn=svc,dc=example,dc=test\n    bind_credential: secret\nclients:\n  - client_id: wiki\n    public: true\n    redirect_uris: [http://127.0.0.1/callback]\n";
    let other = parse("realm.yml", yaml).expect("understood");
    let federation = |file: &RealmFile| file.declared.federations[0].planned.federation.clone();
    assert_eq!(federation(&other), federation(&toml));
    assert_eq!(
        other.declared.clients[0].client,
        toml.declared.clients[0].client
    );
    let wrong = yaml.replace("vendor: generic", "vendor: nobody");
    assert_eq!(
        told(parse("realm.yaml", &wrong)),
        [(4, "federations[0].vendor".to_owned())]
    );
    assert_eq!(told(parse("realm.conf", REALM)), [(0, String::new())]);
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
