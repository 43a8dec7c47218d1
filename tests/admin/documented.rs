//! The request bodies that the TCSA documentation shows.

use super::{assert_is_problem, members, staff};
use serde_json::{Value, json};
use suites::admin::Admin;

const FEDERATIONS: &str = "/user-federations";

/// The first body, with its placeholders as they stand.
fn short_body() -> Value {
    json!({
        "name": "my-ldap-config",
        "vendor": "AD",
        "username_ldap_attribute": "cn",
        "rdn_ldap_attribute": "uid",
        "uuid_ldap_attribute": "uid",
        "user_object_classes": "inetOrgPerson, organizationalPerson",
        "connection_url": "http://<ip:port>",
        "users_dn": "ou=users,dc=tco,dc=com",
        "bind_dn": "ou=users",
        "bind_credential": "string",
        "mapper": [{"ldap_attribute": "cn", "name": "my-mapper"}]
    })
}

/// The second: the same with the members that have presets.
fn full_body() -> Value {
    let mut body = short_body();
    let more = json!({
        "enabled": true,
        "priority": 1,
        "import_enabled": true,
        "edit_mode": "READ_ONLY",
        "sync_registration": false,
        "bind_type": "simple",
        "advanced": {"start_tls": true}
    });
    let members = body.as_object_mut().expect("an object");
    members.extend(more.as_object().expect("an object").clone());
    body
}

/// A body with real values in place of the placeholders.
fn real(mut body: Value) -> Value {
    body["connection_url"] = json!("ldap://ldap.tco.com:389");
    body["bind_dn"] = json!("cn=service,ou=users,dc=tco,dc=com");
    body["bind_credential"] = json!("correct horse");
    body
}

#[test]
fn the_documented_bodies_are_accepted_with_real_values() {
    let (_served, operator) = staff();
    for (body, name) in [(short_body(), "short"), (full_body(), "full")] {
        let mut body = real(body);
        body["name"] = json!(name);
        let page = operator.post(FEDERATIONS, &body);
        assert_eq!(page.status, 201, "{}", page.body);
        let answer = page.json();
        let id = answer["id"].as_str().expect("an id");
        assert!(uuid::Uuid::try_parse(id).is_ok());
        assert_eq!(
            answer.as_object().map(serde_json::Map::len),
            Some(1),
            "{answer}"
        );
        let location = page.header("location").expect("a location");
        assert!(
            location.ends_with(&format!("{FEDERATIONS}/{id}")),
            "{location}"
        );

        let kept = operator.get(&format!("{FEDERATIONS}/{id}"));
        assert!(kept.header("etag").is_some());
        let document = kept.json();
        for (member, value) in body.as_object().expect("an object") {
            match member.as_str() {
                "bind_credential" => assert!(document.get(member).is_none(), "{document}"),
                "mapper" => {
                    let mapper = &document["mapper"][0];
                    assert_eq!(mapper["name"], "my-mapper");
                    assert_eq!(mapper["ldap_attribute"], "cn");
                    let id = mapper["id"].as_str().expect("an id");
                    assert!(uuid::Uuid::try_parse(id).is_ok());
                }
                "advanced" => assert_eq!(document["advanced"]["start_tls"], true),
                "user_object_classes" => {
                    assert_eq!(document[member], "inetOrgPerson, organizationalPerson");
                }
                _ => assert_eq!(&document[member], value, "{member}"),
            }
        }
        assert!(!kept.body.contains("correct horse"));
        let warned = members(&document, "warnings");
        assert!(
            warned.contains(&"uuid_ldap_attribute".to_owned()),
            "{warned:?}"
        );
    }
}

#[test]
fn the_placeholders_are_refused_and_leave_nothing_but_a_line_in_the_audit() {
    let (served, operator) = staff();
    for body in [short_body(), full_body()] {
        let page = operator.post(FEDERATIONS, &body);
        let problem = assert_is_problem(&page, 400);
        assert_eq!(members(&problem, "errors"), ["connection_url"]);
        let error = problem["errors"][0].to_string();
        assert!(
            error.contains("http") && error.contains("ldaps://"),
            "{error}"
        );
        let warned = members(&problem, "warnings");
        for expected in ["bind_dn", "uuid_ldap_attribute"] {
            assert!(warned.iter().any(|member| member == expected), "{warned:?}");
        }
        assert!(
            !page.body.contains("\"string\""),
            "the credential is told: {}",
            page.body
        );

        let list = operator.get(FEDERATIONS).json();
        assert_eq!(list.as_array().map(Vec::len), Some(0), "{list}");
        let audited = served.audited();
        let refused = audited.last().expect("a line");
        assert_eq!(refused["event"], "created");
        assert_eq!(refused["outcome"], "refused");
        assert_eq!(refused["realm"], "staff");
        assert_eq!(refused["request_id"], problem["request_id"]);
    }
}

#[test]
fn the_documented_prefixes_lead_to_the_same_place() {
    let (served, operator) = staff();
    let id = operator.create(FEDERATIONS, &real(short_body()))["id"].clone();
    let secret = operator.create_administrator("ops", &["federation:read"]);
    let issuer = served.bridge.issuer("staff");
    let token = suites::admin::token(&issuer, "ops", &secret);
    let read = |admin: &Admin, path: &str| {
        let page = suites::admin::send(admin.request_at("GET", path));
        assert_eq!(page.status, 200, "{path}: {}", page.body);
        assert_eq!(page.json()[0]["id"], id, "{path}");
    };
    let administrator = served.administrator(&token);
    for prefix in ["/api", "/tcsa/api", "/any.host.example/tcsa/api"] {
        // A realm administrator's token names the realm; the path may name it too.
        let path = format!("{prefix}/auth-management/v1{FEDERATIONS}");
        read(&administrator, &path);
        read(&administrator, &format!("/realms/staff{path}"));
        read(&served.operator(), &format!("/realms/staff{path}"));
    }
}
