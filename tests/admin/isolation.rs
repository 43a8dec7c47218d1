//! Every endpoint, found in the OpenAPI document, with one realm's token, ids and clients at another.

use super::BRIDGE;
use serde_json::{Value, json};
use suites::{
    admin::{self, Admin, federation_document},
    browser::Page,
    served::Served,
};

/// What the documents of all requests hold: enough to be taken where one may.
const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

struct Realm {
    name: &'static str,
    token: String,
    federation: String,
}

/// A realm with everything that an id or a name can be guessed of.
fn realm(served: &Served, name: &'static str) -> Realm {
    let operator = served.operator();
    operator.create_realm(name);
    let operator = operator.of(name);
    let federation = operator.create(
        "/user-federations",
        &federation_document("ldaps://ldap.example:636"),
    );
    operator.create_public_client("wiki");
    let secret = operator.create_administrator("ops", &["realm:admin"]);
    Realm {
        name,
        token: admin::token(&served.bridge.issuer(name), "ops", &secret),
        federation: federation["id"].as_str().expect("an id").to_owned(),
    }
}

/// All operations, as method and path below the prefix.
fn operations(admin: &Admin) -> Vec<(String, String)> {
    let page = admin.get("/openapi.json");
    assert_eq!(page.status, 200, "{}", page.body);
    let document = page.json();
    assert!(
        document["openapi"]
            .as_str()
            .is_some_and(|version| version.starts_with("3.1"))
    );
    let paths = document["paths"].as_object().expect("paths");
    let mut operations = Vec::new();
    for (path, item) in paths {
        for method in METHODS {
            if item.get(method).is_some() {
                operations.push((method.to_uppercase(), path.clone()));
            }
        }
    }
    operations
}

/// A path below the prefix with what the other realm has in the place of its parameters.
fn filled(path: &str, other: &Realm) -> String {
    let segments = path.split('/').map(|segment| {
        match segment
            .strip_prefix('{')
            .and_then(|name| name.strip_suffix('}'))
        {
            None => segment.to_owned(),
            Some("realm" | "name") => other.name.to_owned(),
            Some("client_id") => "wiki".to_owned(),
            Some("subject") => "somebody".to_owned(),
            Some(_) => other.federation.clone(),
        }
    });
    segments.collect::<Vec<_>>().join("/")
}

fn ask(admin: &Admin, method: &str, path: &str) -> Page {
    let request = admin.request_below_prefix(method, path);
    let request = if matches!(method, "GET" | "DELETE") {
        request
    } else {
        let body = json!({ "username": "ada", "name": "mine", "realm": { "name": "first" } });
        request
            .header("content-type", "application/json")
            .body(body.to_string())
    };
    admin::send(request)
}

/// What may differ between two answers to the same question.
fn without_request_id(page: &Page) -> Value {
    let mut body: Value = serde_json::from_str(&page.body).unwrap_or(Value::Null);
    if let Some(members) = body.as_object_mut() {
        members.remove("request_id");
        members.remove("instance");
    }
    body
}

#[test]
fn a_token_of_one_realm_is_worth_nothing_at_another() {
    let served = Served::bare(BRIDGE);
    let (first, second) = (realm(&served, "first"), realm(&served, "second"));
    let ours = served.administrator(&first.token);
    let operations = operations(&ours);
    assert!(operations.len() > 30, "only {operations:?}");
    let before = state(&served, &second);
    for (method, path) in &operations {
        // The document itself is the same for all realms.
        if path.ends_with("/openapi.json") {
            continue;
        }
        let resource = filled(path, &second);
        let at_other = ask(&ours.of("second"), method, &resource);
        let elsewhere = resource.replace("/admin/realms/second", "/admin/realms/nobody");
        let at_nobody = ask(&ours.of("nobody"), method, &elsewhere);
        let what = format!("{method} {resource}: {}", at_other.body);
        assert!(
            matches!(at_other.status, 403 | 404),
            "{} {what}",
            at_other.status
        );
        // That there is such a realm is not told either.
        assert_eq!(at_other.status, at_nobody.status, "{what}");
        assert_eq!(
            without_request_id(&at_other),
            without_request_id(&at_nobody),
            "{what}"
        );
        for secret in [second.federation.as_str(), "ldap.example", "dc=example"] {
            assert!(!at_other.body.contains(secret), "{what}");
        }
    }
    assert_eq!(state(&served, &second), before);
}

#[test]
fn ids_and_clients_of_another_realm_are_not_there() {
    let served = Served::bare(BRIDGE);
    let (first, second) = (realm(&served, "first"), realm(&served, "second"));
    let ours = served.administrator(&first.token);
    let before = state(&served, &second);
    for (method, path) in operations(&ours) {
        let has_foreign_id = ["{id}", "{session}", "{subject}", "{request_id}"]
            .iter()
            .any(|parameter| path.contains(parameter));
        let names_realm = path.contains("{realm}") || path.contains("/realms/{name}");
        if has_foreign_id || names_realm {
            let resource = filled(&path, &second);
            let page = ask(&ours, &method, &resource);
            let what = format!("{} {method} {resource}: {}", page.status, page.body);
            // What is wrong with a body may be said before anybody looks for the resource.
            assert!(matches!(page.status, 400 | 403 | 404 | 422), "{what}");
            assert!(!page.body.contains("ldap.example"), "{what}");
        }
    }
    assert_eq!(state(&served, &second), before);
}

#[test]
fn an_issuer_takes_only_its_own_clients_and_secrets() {
    let served = Served::bare(BRIDGE);
    let (first, second) = (realm(&served, "first"), realm(&served, "second"));
    let operator = served.operator().of(first.name);
    let secret = operator.create_administrator("mine", &["realm:admin"]);
    let page = admin::ask_for_token(&served.bridge.issuer(second.name), "mine", &secret);
    assert_eq!(page.status, 401, "{}", page.body);
    // The client of the same name has another secret.
    let page = admin::ask_for_token(&served.bridge.issuer(second.name), "ops", &secret);
    assert_eq!(page.status, 401, "{}", page.body);
    let userinfo = format!(
        "{}/protocol/openid-connect/userinfo",
        served.bridge.issuer(second.name)
    );
    let browser = suites::browser::Browser::new();
    let page = browser.send(browser.request("GET", userinfo).bearer_auth(&first.token));
    assert_eq!(page.status, 401, "{}", page.body);
}

#[test]
fn what_one_realm_declares_no_longer_another_realm_still_does() {
    let served = Served::bare(BRIDGE);
    let platform = served.operator();
    let document = json!({
        "realm": { "name": "second" },
        "clients": [{ "client_id": "shop", "public": true,
            "redirect_uris": ["https://shop.example/callback"] }],
    });
    let declared = platform.post("/declaration?source=git", &document);
    assert_eq!(declared.status, 200, "{}", declared.body);
    let first = realm(&served, "first");
    let ours = served.administrator(&first.token);
    let nothing = json!({ "realm": { "name": "first" } });
    // Whoever it is that names the source.
    for admin in [&ours, &platform] {
        for query in ["&dry_run=true", ""] {
            let resource = format!("/declaration?source=git&prune=true&adopt=true{query}");
            let page = admin.post(&resource, &nothing);
            assert_eq!(page.status, 200, "{}", page.body);
            assert!(!page.body.contains("second"), "{}", page.body);
        }
    }
    assert_eq!(platform.get("/realms/second").json()["enabled"], true);
    let kept = platform.of("second").get("/clients/shop");
    assert_eq!(kept.status, 200, "{}", kept.body);
}

#[test]
fn the_audit_trail_tells_an_administrator_of_the_platform_from_a_namesake() {
    let served = Served::bare(BRIDGE);
    served.operator().create_realm("staff");
    let mut tokens = Vec::new();
    for name in ["staff", "platform"] {
        let secret = served
            .operator()
            .of(name)
            .create_administrator("ops", &["client:write"]);
        tokens.push(admin::token(&served.bridge.issuer(name), "ops", &secret));
    }
    let actors: Vec<_> = tokens
        .iter()
        .map(|token| {
            let ops = served.administrator(token).of("staff");
            let client = format!("wiki-{}", token.len());
            ops.post(
                "/clients",
                &json!({ "client_id": client, "public": true,
                "redirect_uris": ["https://wiki.example/callback"] }),
            );
            served.audited().pop().expect("a line")["actor"].clone()
        })
        .collect();
    assert_eq!(actors[0], "client ops");
    assert_ne!(actors[0], actors[1], "{actors:?}");
}

#[test]
fn a_path_that_names_two_realms_deletes_neither() {
    let served = Served::bare(BRIDGE);
    let platform = served.operator();
    platform.create_realm("first");
    platform.create_realm("second");
    assert_eq!(platform.of("first").delete("/realms/second").status, 404);
    assert_eq!(platform.get("/realms/second").status, 200);
    assert_eq!(platform.of("second").delete("/realms/second").status, 204);
}

#[test]
fn no_spelling_of_a_path_leads_to_another_realm() {
    let served = Served::bare(BRIDGE);
    let (first, _second) = (realm(&served, "first"), realm(&served, "second"));
    let ours = served.administrator(&first.token);
    for path in [
        "/realms/second/auth-management/v1/clients",
        "/realms/second/api/auth-management/v1/clients",
        "/realms/second/tcsa/api/auth-management/v1/clients",
        "/realms/second/first/tcsa/api/auth-management/v1/clients",
        "/realms/%73econd/api/auth-management/v1/clients",
        "/realms/second%2F/api/auth-management/v1/clients",
        "/realms/first%2F..%2Fsecond/api/auth-management/v1/clients",
        "/realms/SECOND/api/auth-management/v1/clients",
        "/realms/first/realms/second/api/auth-management/v1/clients",
        "/realms/first/api/realms/second/api/auth-management/v1/clients",
        "/realms/second/api/auth-management/v1/clients/",
        "//realms/second/api/auth-management/v1/clients",
        "/api/auth-management/v1/realms/second",
        "/api/auth-management/v1/realms/%73econd",
        "/api/auth-management/v1/realms/first%2F..%2Fsecond",
        "/realms/first/api/auth-management/v1/realms/second",
        "/realms/second/api/auth-management/v1/realms/first",
    ] {
        for method in ["GET", "HEAD"] {
            let page = admin::send(ours.request_at(method, path));
            assert_eq!(page.status, 404, "{method} {path}: {}", page.body);
        }
    }
    // A second token decides nothing: neither is taken.
    let request = ours.request("GET", "/clients");
    let page = admin::send(request.header("authorization", "Bearer another"));
    assert_eq!(page.status, 401, "{}", page.body);
}

/// Everything of a realm that could have been changed.
fn state(served: &Served, realm: &Realm) -> Vec<Value> {
    let operator = served.operator().of(realm.name);
    let resources = [
        "/user-federations",
        "/clients",
        "/users",
        "/clients/ops/secrets",
    ];
    let mut state: Vec<_> = resources
        .iter()
        .map(|resource| {
            let page = operator.get(resource);
            assert_eq!(page.status, 200, "{resource}: {}", page.body);
            page.json()
        })
        .collect();
    let page = operator.get(&format!("/realms/{}", realm.name));
    assert_eq!(page.status, 200, "{}", page.body);
    state.push(page.json());
    state
}
