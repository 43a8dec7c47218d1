//! Clients, declarations, and bodies as such.

use super::*;

#[test]
fn clients_are_held_to_their_rules() {
    let client = |value: &Value| with(|around| read_client(value, around), false);
    let machine = json!({
        "client_id": "ops", "grant_types": ["client_credentials"], "admin_scopes": ["realm:admin"],
    });
    let read = client(&machine).expect("taken");
    assert!(read.redirect_uris.is_empty());
    for (value, member) in [
        (json!({"client_id": "a"}), "redirect_uris"),
        (
            json!({"client_id": "a", "redirect_uris": []}),
            "redirect_uris",
        ),
        (
            json!({"client_id": "a", "redirect_uris": ["https://*/"]}),
            "redirect_uris[0]",
        ),
        (
            json!({"client_id": "a", "public": true, "grant_types": ["client_credentials"]}),
            "grant_types",
        ),
        (json!({"client_id": "a", "grant_types": []}), "grant_types"),
        (
            json!({"client_id": "a", "grant_types": ["password"], "redirect_uris": ["https://a.example"]}),
            "grant_types[0]",
        ),
        (
            json!({"client_id": "a", "redirect_uris": ["https://a.example"], "admin_scopes": ["policy:admin"]}),
            "admin_scopes[0]",
        ),
        (
            json!({"client_id": "a", "redirect_uris": ["https://a.example"], "secrets": ["x"]}),
            "secrets",
        ),
        (
            json!({"client_id": "a", "redirect_uris": ["https://a.example"], "token_lifetime": "2d"}),
            "token_lifetime",
        ),
        (
            json!({"client_id": "a", "redirect_uris": ["https://a.example"], "allowed_groups": [" "]}),
            "allowed_groups[0]",
        ),
        (
            json!({"client_id": 5, "redirect_uris": ["https://a.example"]}),
            "client_id",
        ),
        (json!([]), ""),
    ] {
        let refused = refused(client(&value));
        assert!(
            members(&refused.errors).contains(&member),
            "{value}: {refused:?}"
        );
    }
}

#[test]
fn a_declaration_is_a_file_with_everything_written_out() {
    let declaration = json!({
        "realm": {"name": "staff"},
        "federations": [{
            "name": "directory", "vendor": "generic", "connection_url": "ldaps://a.example",
            "users_dn": "ou=people,dc=example,dc=test", "bind_dn": "cn=svc,dc=example,dc=test",
        }],
        "clients": [{"client_id": "wiki", "redirect_uris": ["https://wiki.example/cb"]}],
    });
    let read = |value: &Value| with(|around| read_declaration(value, around), true);
    let taken = read(&declaration).expect("taken");
    assert_eq!(taken.declared.federations.len(), 1);
    assert!(taken.subject_namespaces.is_empty());
    assert!(
        taken
            .declared
            .clients
            .iter()
            .all(|client| client.secrets.is_empty())
    );
    let mut other = declaration;
    other["realm"]["name"] = json!("guests");
    assert_eq!(members(&refused(read(&other)).errors), ["realm.name"]);
}

#[test]
fn a_body_is_json_whose_names_stand_once() {
    assert_eq!(read_body(br#"{"a": null}"#), Ok(json!({"a": null})));
    for body in [&b"{\"a\": 1, \"a\": 2}"[..], b"{", b"\xff", b"{} {}"] {
        let refused = read_body(body).expect_err("no document");
        assert!(refused.message.contains("; "), "{refused:?}");
    }
}

#[test]
fn a_document_of_nothing_but_mistakes_is_answered_in_time_and_briefly() {
    let members = (0..100_000).map(|i| format!("\"m{i}\": {i}"));
    let body = format!("{{{}}}", members.collect::<Vec<_>>().join(","));
    let mappers = vec!["{}"; 100_000].join(",");
    for body in [body, format!("{{\"mapper\": [{mappers}]}}")] {
        let value = read_body(body.as_bytes()).expect("JSON");
        let refused = refused(federation(&value));
        assert_eq!(refused.errors.len(), 100);
    }
}
