//! How a directory is reached, and what is kept of its users.

use super::*;
use bridge_model::federation::{ServiceBind, TlsVersion};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use std::path::Path;

/// A certificate and its private key, in PEM.
fn pair() -> (String, String) {
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(vec!["bridge.example".to_owned()]).expect("a certificate");
    (cert.pem(), signing_key.serialize_pem())
}

/// What is wrong with a body of which some members are others; null takes one away.
fn wrong(changes: &Value) -> Vec<(String, String)> {
    let refused = refused(federation(&changed(changes))).errors;
    let problems = refused.into_iter();
    problems
        .map(|problem| (problem.field, problem.message))
        .collect()
}

fn changed(changes: &Value) -> Value {
    let mut body = body();
    for (name, value) in changes.as_object().expect("an object") {
        body[name] = value.clone();
    }
    body
}

fn connection(changes: &Value) -> bridge_model::federation::Connection {
    let read = federation(&changed(changes));
    let read = read.unwrap_or_else(|refused| unreachable!("{refused:?}"));
    read.planned.federation.connection
}

#[test]
fn what_is_not_said_has_its_preset() {
    let read = connection(&json!({}));
    assert_eq!(read.tls_min, TlsVersion::Tls12);
    assert_eq!(
        (read.pool_connections_min, read.pool_connections_max),
        (0, 16)
    );
    assert!(read.referral_hosts.is_empty() && !read.follow_aliases);
}

#[test]
fn members_of_a_connection_are_held_to_each_other() {
    let follow =
        json!({"referral": "follow", "referral_hosts": ["LDAP2.Example.", "[2001:db8::1]"]});
    let read = connection(&json!({"advanced": follow}));
    assert_eq!(read.referral_hosts, ["ldap2.example", "[2001:db8::1]"]);
    for (advanced, member, told) in [
        (json!({"tls_min": "1.1"}), "tls_min", "1.2, 1.3"),
        (json!({"tls_min": 1.3}), "tls_min", "quotes"),
        (
            json!({"pool_connections_min": 9, "pool_connections_max": 8}),
            "pool_connections_min",
            "which is 8",
        ),
        (json!({"referral": "follow"}), "referral", "referral_hosts"),
        (
            json!({"referral": "follow", "referral_hosts": []}),
            "referral",
            "referral_hosts",
        ),
        (
            json!({"referral_hosts": ["ldap2.example"]}),
            "referral_hosts",
            "follow",
        ),
        (
            json!({"referral": "follow", "referral_hosts": ["ldap://a"]}),
            "referral_hosts[0]",
            "alone",
        ),
        (json!({"referral": "chase"}), "referral", "ignore, follow"),
        (
            json!({"vanished_max_percent": 101}),
            "vanished_max_percent",
            "100",
        ),
    ] {
        let wrong = wrong(&json!({"advanced": advanced}));
        let [(field, message)] = wrong.as_slice() else {
            unreachable!("{advanced}: {wrong:?}");
        };
        assert_eq!(*field, format!("advanced.{member}"), "{advanced}");
        assert!(message.contains(told), "{message}");
    }
}

#[test]
fn a_client_certificate_is_shown_with_its_key() {
    let (certificate, key) = pair();
    let mut body = changed(&json!({
        "bind_type": "external", "bind_dn": null, "client_certificate": certificate,
        "bind_credential": key,
    }));
    let read = federation(&body).unwrap_or_else(|refused| unreachable!("{refused:?}"));
    let bind = &read.planned.federation.connection.bind;
    assert_eq!(*bind, ServiceBind::External(Some(certificate.clone())));
    assert_eq!(
        read.bind_credential.as_ref().map(Secret::expose),
        Some(key.as_bytes())
    );
    let shown = serde_json::to_value(FederationDocument::from(&read.planned)).expect("JSON");
    assert_eq!(shown["bind_type"], "external");
    assert_eq!(shown["client_certificate"], certificate.as_str());
    assert!(!shown.to_string().contains("PRIVATE KEY"));
    let again = with(|around| read_federation(&shown, around), true).expect("taken");
    assert_eq!(again.planned.federation, read.planned.federation);
    for (member, value, field) in [
        ("bind_credential", json!("a password"), "bind_credential"),
        ("bind_credential", Value::Null, "bind_credential"),
        ("client_certificate", json!(key), "client_certificate"),
        (
            "client_certificate",
            json!("cert.pem"),
            "client_certificate",
        ),
        ("client_certificate", Value::Null, "client_certificate"),
        ("bind_dn", json!("cn=svc,dc=tco,dc=com"), "bind_dn"),
        (
            "connection_url",
            json!("ldap://ldap.tco.com"),
            "client_certificate",
        ),
        ("bind_type", json!("none"), "client_certificate"),
    ] {
        let kept = std::mem::replace(&mut body[member], value);
        let refused = refused(federation(&body));
        assert_eq!(members(&refused.errors), [field], "{member}: {refused:?}");
        let told = format!("{refused:?}");
        assert!(
            !told.contains("a password") && !told.contains(&key),
            "{told}"
        );
        body[member] = kept;
    }
    body["connection_url"] = json!("ldap://ldap.tco.com");
    body["advanced"] = json!({"start_tls": true});
    assert!(federation(&body).is_ok());
}

/// What a file declares of one federation.
fn in_file(folder: &Path, members: &str) -> Result<ReadDeclaration, Vec<Wrong>> {
    let text = format!(
        "realm: {{name: staff}}\nfederations:\n- name: a\n  vendor: generic\n  users_dn: dc=a\n{members}"
    );
    let root = Format::Yaml.read(&text).expect("YAML");
    let origin = Origin::File {
        folder: folder.to_owned(),
    };
    let source = Source::new(origin, policies());
    Document::read(&root, |document, section| {
        declared(document, section, &source)
    })
}

#[test]
fn sockets_of_this_machine_are_for_files_only() {
    let folder = tempfile::tempdir().expect("a folder");
    let socket = "  connection_url: ldapi://%2Frun%2Fldapi\n  bind_type: external\n";
    let read = in_file(folder.path(), socket).expect("taken");
    let connection = &read.declared.federations[0].planned.federation.connection;
    assert_eq!(connection.bind, ServiceBind::External(None));
    assert_eq!(connection.urls[0].as_str(), "ldapi://%2Frun%2Fldapi");
    assert_eq!(read.declared.federations[0].bind_credential, None);
    for (from, to, member) in [
        ("%2Frun%2Fldapi", "run%2Fldapi", "connection_url"),
        ("ldapi://%2Frun", "ldapi:///run", "connection_url"),
        ("%2Fldapi", "%2Fldapi:389", "connection_url"),
        (
            "%2Fldapi",
            "%2Fldapi ldaps://a.example",
            "client_certificate",
        ),
    ] {
        let wrong = in_file(folder.path(), &socket.replace(from, to)).expect_err("refused");
        assert_eq!(
            wrong[0].member,
            format!("federations[0].{member}"),
            "{wrong:?}"
        );
        assert_eq!(wrong.len(), 1, "{wrong:?}");
    }
    let asked = wrong(&json!({"connection_url": "ldapi://%2Frun%2Fldapi"}));
    let [(field, message)] = asked.as_slice() else {
        unreachable!("{asked:?}");
    };
    assert_eq!(field, "connection_url");
    assert!(message.contains("operator's own files"), "{message}");
    let declaration = json!({"realm": {"name": "staff"}, "federations": [
        changed(&json!({"connection_url": "ldapi://%2Frun%2Fldapi"}))
    ]});
    let refused = refused(with(|around| read_declaration(&declaration, around), true));
    assert_eq!(members(&refused.errors), ["federations[0].connection_url"]);
}

#[test]
fn certificates_and_keys_come_from_files_that_are_watched() {
    let folder = tempfile::tempdir().expect("a folder");
    let (certificate, key) = pair();
    for (name, text) in [
        ("c.pem", &certificate),
        ("k.pem", &key),
        ("ca.pem", &certificate),
    ] {
        std::fs::write(folder.path().join(name), text).expect("written");
    }
    let members = "  connection_url: ldaps://a.example\n  bind_type: external\n  client_certificate: file:c.pem\n  bind_credential: file:k.pem\n  advanced: {ca_bundle: ca.pem}\n";
    let read = in_file(folder.path(), members).expect("taken");
    let federation = &read.declared.federations[0];
    let connection = &federation.planned.federation.connection;
    assert_eq!(
        connection.bind,
        ServiceBind::External(Some(certificate.clone()))
    );
    assert_eq!(connection.ca_bundle.as_deref(), Some(certificate.as_str()));
    let given = federation.bind_credential.as_ref().map(Secret::expose);
    assert_eq!(given, Some(key.trim_end().as_bytes()));
    let mut watched: Vec<_> = read
        .watched
        .iter()
        .filter_map(|it| it.file_name())
        .collect();
    watched.sort_unstable();
    assert_eq!(watched, ["c.pem", "ca.pem", "k.pem"]);
    let wrong = in_file(folder.path(), &members.replace("file:k", "file:c")).expect_err("refused");
    assert_eq!(wrong[0].member, "federations[0].bind_credential");
}

#[test]
fn changes_are_kept_here_only_of_users_who_are() {
    let kept = json!({"edit_mode": "UNSYNCED", "import_enabled": true});
    assert!(federation(&changed(&kept)).is_ok());
    let wrong = wrong(&json!({"edit_mode": "UNSYNCED"}));
    assert_eq!(wrong.len(), 1, "{wrong:?}");
    assert_eq!(wrong[0].0, "edit_mode");
    assert!(wrong[0].1.contains("; set import_enabled"), "{wrong:?}");
    let idle = json!({"sync_registration": true, "advanced": {"full_sync_period": "1d"}});
    let read = federation(&changed(&idle)).expect("taken");
    let warned = members(&read.warnings);
    assert!(
        warned.contains(&"sync_registration") && warned.contains(&"advanced.full_sync_period"),
        "{warned:?}"
    );
    let useful = json!({
        "edit_mode": "WRITABLE", "sync_registration": true, "import_enabled": true,
        "advanced": {"full_sync_period": "1d", "changed_sync_period": "5m"},
    });
    let read = federation(&changed(&useful)).expect("taken");
    let warned = members(&read.warnings);
    for member in [
        "import_enabled",
        "sync_registration",
        "advanced.full_sync_period",
    ] {
        assert!(!warned.contains(&member), "{warned:?}");
    }
}
