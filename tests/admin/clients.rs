//! Clients, and the secrets that take each other's place.

use super::{assert_is_problem, members, staff};
use serde_json::json;
use suites::admin::{ask_for_token, send, token};

#[test]
fn a_client_is_made_changed_and_deleted() {
    let (_served, operator) = staff();
    let document = json!({
        "client_id": "wiki", "public": true, "redirect_uris": ["https://wiki.example/callback"],
    });
    let made = operator.post("/clients", &document);
    assert_eq!(made.status, 201, "{}", made.body);
    let location = made.header("location").expect("a location");
    assert!(location.ends_with("/clients/wiki"), "{location}");
    assert_eq!(made.json()["grant_types"], json!(["authorization_code"]));
    assert_is_problem(&operator.post("/clients", &document), 409);

    let patch = json!({ "allowed_groups": ["staff"], "enabled": false });
    let patched = operator.patch("/clients/wiki", &patch);
    assert_eq!(patched.status, 200, "{}", patched.body);
    assert_eq!(patched.json()["allowed_groups"], json!(["staff"]));
    let problem = operator.patch("/clients/wiki", &json!({ "client_id": "other" }));
    assert_eq!(
        members(&assert_is_problem(&problem, 400), "errors"),
        ["client_id"]
    );
    let wrong = json!({ "redirect_uris": ["http://wiki.example", "https://wiki.example/*"] });
    let problem = assert_is_problem(&operator.patch("/clients/wiki", &wrong), 400);
    assert_eq!(
        members(&problem, "errors"),
        ["redirect_uris[0]", "redirect_uris[1]"]
    );

    let replaced = operator.put("/clients/wiki", &document);
    assert_eq!(replaced.json()["enabled"], true, "{}", replaced.body);
    let list = operator.get("/clients").json();
    assert_eq!(list[0]["client_id"], "wiki");
    assert_eq!(operator.delete("/clients/wiki").status, 204);
    assert_is_problem(&operator.get("/clients/wiki"), 404);
}

#[test]
fn a_client_can_be_put_where_none_is() {
    let (_served, operator) = staff();
    let document = json!({
        "client_id": "wiki", "public": true, "redirect_uris": ["https://wiki.example/callback"],
    });
    assert_is_problem(&operator.put("/clients/wiki", &document), 404);
    let new = || {
        let request = operator
            .request("PUT", "/clients/wiki")
            .header("if-none-match", "*");
        send(
            request
                .header("content-type", "application/json")
                .body(document.to_string()),
        )
    };
    assert_eq!(new().status, 201);
    assert_is_problem(&new(), 412);
}

#[test]
fn of_two_secrets_each_holds_until_it_is_taken_away() {
    let (served, operator) = staff();
    let issuer = served.bridge.issuer("staff");
    let first = operator.create_administrator("ops", &["client:read"]);
    let made = operator.create("/clients/ops/secrets", &json!({}));
    let second = made["secret"].as_str().expect("a secret");
    for secret in [&*first, second] {
        assert_eq!(ask_for_token(&issuer, "ops", secret).status, 200);
    }
    let third = operator.post("/clients/ops/secrets", &json!({}));
    assert_is_problem(&third, 409);
    let list = operator.get("/clients/ops/secrets");
    assert!(
        !list.body.contains(&first) && !list.body.contains(second),
        "{}",
        list.body
    );
    let list = list.json();
    let oldest = list[0]["id"].as_str().expect("an id");
    assert_eq!(
        operator
            .delete(&format!("/clients/ops/secrets/{oldest}"))
            .status,
        204
    );
    assert_is_problem(
        &operator.delete(&format!("/clients/ops/secrets/{oldest}")),
        404,
    );
    assert_eq!(ask_for_token(&issuer, "ops", &first).status, 401);
    assert_eq!(ask_for_token(&issuer, "ops", second).status, 200);
    let past = json!({ "expires_at": 1 });
    let problem = assert_is_problem(&operator.post("/clients/ops/secrets", &past), 400);
    assert_eq!(members(&problem, "errors"), ["expires_at"]);
    operator.create_public_client("wiki");
    assert_is_problem(&operator.post("/clients/wiki/secrets", &json!({})), 409);
    for text in [&*first, second] {
        let audited = std::fs::read_to_string(served.path("audit.jsonl")).expect("the audit");
        assert!(!audited.contains(text), "a secret is in the audit trail");
        assert!(
            !served.bridge.log().contains(text),
            "a secret is in the log"
        );
    }
}

#[test]
fn nobody_gives_what_they_do_not_have() {
    let (served, operator) = staff();
    let secret = operator.create_administrator("ops", &["client:write"]);
    operator.create_administrator("mighty", &["realm:admin"]);
    let ops = served.administrator(&token(&served.bridge.issuer("staff"), "ops", &secret));
    let more = json!({
        "client_id": "mine", "grant_types": ["client_credentials"],
        "admin_scopes": ["client:read", "realm:admin"],
    });
    let problem = assert_is_problem(&ops.post("/clients", &more), 403);
    assert_eq!(members(&problem, "errors"), ["admin_scopes"]);
    for page in [
        ops.patch(
            "/clients/ops",
            &json!({ "admin_scopes": ["federation:read"] }),
        ),
        ops.patch("/clients/mighty", &json!({ "name": "mine" })),
        ops.post("/clients/mighty/secrets", &json!({})),
    ] {
        assert_is_problem(&page, 403);
    }
    // What takes its place would be given its scopes by somebody who takes it for the one before.
    let kept = operator.get("/clients/mighty/secrets").json();
    let one = kept[0]["id"].as_str().expect("an id");
    for resource in ["/clients/mighty", &format!("/clients/mighty/secrets/{one}")] {
        assert_is_problem(&ops.delete(resource), 403);
    }
    let less = json!({
        "client_id": "mine", "grant_types": ["client_credentials"],
        "admin_scopes": ["client:read"],
    });
    assert_eq!(ops.post("/clients", &less).status, 201);
    let kept = operator.get("/clients/mighty/secrets").json();
    assert_eq!(kept.as_array().map(Vec::len), Some(1));
}
