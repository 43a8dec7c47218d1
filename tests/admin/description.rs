//! What the API says of itself.

use super::{BRIDGE, assert_is_problem};
use serde_json::Value;
use std::collections::BTreeSet;
use suites::{admin::Admin, served::Served};

const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

#[test]
fn every_operation_says_what_it_does_and_what_it_takes_to_do_it() {
    let served = Served::bare(BRIDGE);
    assert_is_problem(
        &Admin::at(served.admin_url(), None).get("/openapi.json"),
        401,
    );
    let page = served.operator().get("/openapi.json");
    assert_eq!(page.header("content-type"), Some("application/json"));
    let document = page.json();
    let schemas = document["components"]["schemas"]
        .as_object()
        .expect("schemas");
    let (mut ids, mut scopes) = (BTreeSet::new(), BTreeSet::new());
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("operations") {
            let what = format!("{method} {path}");
            assert!(METHODS.contains(&method.as_str()), "{what}");
            for member in ["summary", "description"] {
                let text = operation[member].as_str().unwrap_or_default();
                assert!(text.len() > 5, "no {member} of {what}");
            }
            let id = operation["operationId"].as_str().expect("an id").to_owned();
            assert!(ids.insert(id), "two operations are called as {what}");
            let needed = operation["security"][0]["token"]
                .as_array()
                .expect("a scope, or none");
            scopes.extend(needed.iter().map(ToString::to_string));
            let (media_type, shape) = if path.starts_with("/admin/realms/") {
                ("application/json", "KeycloakError")
            } else {
                ("application/problem+json", "Problem")
            };
            let wrong = &operation["responses"]["default"]["content"];
            assert_eq!(
                wrong[media_type]["schema"]["$ref"],
                format!("#/components/schemas/{shape}"),
                "{what}"
            );
            let parameters = operation["parameters"].as_array();
            let named: BTreeSet<_> = parameters
                .into_iter()
                .flatten()
                .filter(|parameter| parameter["in"] == "path")
                .map(|parameter| parameter["name"].as_str().unwrap_or_default())
                .collect();
            let braced: BTreeSet<_> = path.split(['{', '}']).skip(1).step_by(2).collect();
            assert_eq!(named, braced, "{what}");
        }
    }
    assert!(ids.len() >= 45, "only {ids:?}");
    assert_eq!(scopes.len(), 9, "{scopes:?}");
    for reference in references(&document) {
        let name = reference.rsplit('/').next().unwrap_or_default();
        assert!(schemas.contains_key(name), "{reference} leads nowhere");
    }
}

#[test]
fn the_prefixes_are_told_plain_and_below_a_realm() {
    let served = Served::bare(BRIDGE);
    let document = served.operator().get("/openapi.json").json();
    let servers = document["servers"].as_array().expect("servers");
    let urls: Vec<_> = servers
        .iter()
        .map(|server| server["url"].as_str().unwrap_or("-"))
        .collect();
    for expected in [
        "/api",
        "/realms/{realm}/api",
        "/tcsa/api",
        "/realms/{realm}/tcsa/api",
    ] {
        assert!(urls.contains(&expected), "{urls:?}");
    }
    for server in servers {
        let url = server["url"].as_str().expect("a URL");
        for name in url.split(['{', '}']).skip(1).step_by(2) {
            assert!(server["variables"][name]["default"].is_string(), "{server}");
        }
    }
}

/// All references of a document.
fn references(value: &Value) -> Vec<&str> {
    match value {
        Value::Object(members) => {
            let own = members.get("$ref").and_then(Value::as_str);
            own.into_iter()
                .chain(members.values().flat_map(references))
                .collect()
        }
        Value::Array(items) => items.iter().flat_map(references).collect(),
        _ => Vec::new(),
    }
}
