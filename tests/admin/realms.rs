//! Realms, policies that are switched, and whole realms that are declared.

use super::{BRIDGE, assert_is_problem, members, of_slapd, staff};
use serde_json::json;
use suites::{admin::token, application::Application, browser::Browser, served::Served};

/// What becomes of ada's sign-in to the realm `staff`: its status; none: there is no page.
fn sign_in(served: &Served) -> Option<u16> {
    let issuer = served.bridge.issuer("staff");
    let wiki = Application::public(&issuer, "wiki", "http://127.0.0.1:49152/callback");
    let (browser, attempt) = (Browser::new(), wiki.attempt());
    let first = browser.get(wiki.authorize_url(&attempt));
    if first.status != 303 {
        return None;
    }
    Some(wiki.submit(&browser, &attempt, "ada", "Pw-ada").status)
}

#[test]
fn a_realm_is_made_switched_off_and_deleted() {
    let (served, operator) = staff();
    operator.create("/user-federations", &of_slapd("ldap"));
    operator.create_public_client("wiki");
    assert_eq!(sign_in(&served), Some(303));
    for (enabled, expected) in [(false, None), (true, Some(303))] {
        let page = operator.patch("/realms/staff", &json!({ "enabled": enabled }));
        assert_eq!(page.status, 200, "{}", page.body);
        assert_eq!(sign_in(&served), expected);
    }
    let lifetimes = json!({ "lifetimes": { "session": "1h" }, "admin_groups": ["operators"] });
    let page = operator.patch("/realms/staff", &lifetimes).json();
    assert_eq!(page["lifetimes"]["session"], "1h");
    assert_eq!(page["lifetimes"]["token"], "5m");
    let renamed = operator.patch("/realms/staff", &json!({ "name": "other" }));
    assert_eq!(
        members(&assert_is_problem(&renamed, 400), "errors"),
        ["name"]
    );

    let platform = served.operator();
    assert_is_problem(&platform.post("/realms", &json!({ "name": "staff" })), 409);
    assert_is_problem(
        &platform.post("/realms", &json!({ "name": "No Name" })),
        400,
    );
    assert_is_problem(&platform.delete("/realms/platform"), 409);
    assert_eq!(platform.delete("/realms/staff").status, 204);
    assert_eq!(sign_in(&served), None);
    assert_is_problem(&operator.get("/user-federations"), 404);
    let list = platform.get("/realms").json();
    assert_eq!(list.as_array().map(Vec::len), Some(1), "{list}");
}

#[test]
fn a_realms_own_administrator_changes_it_and_nothing_else_of_the_platforms() {
    let (served, operator) = staff();
    let secret = operator.create_administrator("ops", &["realm:admin"]);
    let ops = served.administrator(&token(&served.bridge.issuer("staff"), "ops", &secret));
    let page = ops.patch("/realms/staff", &json!({ "display_name": "Ours" }));
    assert_eq!(page.json()["display_name"], "Ours", "{}", page.body);
    assert_is_problem(&ops.get("/realms"), 403);
    assert_is_problem(&ops.post("/realms", &json!({ "name": "mine" })), 403);
    assert_is_problem(&ops.delete("/realms/staff"), 403);
    assert_is_problem(&ops.put("/policies/openldap/off", &json!({})), 403);
    assert_is_problem(&ops.get("/realms/platform"), 404);
    assert_eq!(ops.get("/policies").status, 200);
}

#[test]
fn a_policy_is_switched_off_and_on_for_everybody() {
    let (served, operator) = staff();
    operator.create("/user-federations", &of_slapd("ldap"));
    operator.create_public_client("wiki");
    assert_eq!(sign_in(&served), Some(303));
    let platform = served.operator();
    assert_eq!(
        platform.put("/policies/openldap/off", &json!({})).status,
        204
    );
    let list = platform.get("/policies").json();
    let list = list.as_array().expect("a list");
    let off: Vec<_> = list.iter().filter(|policy| policy["off"] == true).collect();
    assert_eq!(off.len(), 1, "{list:?}");
    assert_eq!(off[0]["id"], "openldap");
    assert!(
        off[0]["digest"]
            .as_str()
            .is_some_and(|digest| digest.starts_with("sha256:"))
    );
    assert_eq!(sign_in(&served), Some(503));
    assert_eq!(platform.delete("/policies/openldap/off").status, 204);
    assert_eq!(sign_in(&served), Some(303));
    assert_is_problem(&platform.put("/policies/nobody/off", &json!({})), 404);
    let event = served
        .audited()
        .into_iter()
        .rfind(|event| event["object"] == "policy openldap");
    assert_eq!(event.expect("a line")["after"], json!({ "off": false }));
}

/// A realm with ada's directory and an application.
fn declaration() -> serde_json::Value {
    json!({
        "realm": { "name": "staff" },
        "federations": [of_slapd("ldap")],
        "clients": [
            { "client_id": "wiki", "public": true, "redirect_uris": ["http://127.0.0.1/callback"],
              "signing_algorithm": "ES256" },
        ],
    })
}

#[test]
fn a_realm_is_declared_whole_and_told_member_by_member() {
    let served = Served::bare(BRIDGE);
    let platform = served.operator();
    let mut document = declaration();
    let objects = |answer: &serde_json::Value, list: &str| {
        let list = answer[list].as_array().expect("a list").iter();
        list.map(|one| one["object"].as_str().unwrap_or("-").to_owned())
            .collect::<Vec<_>>()
    };
    let all = ["realm staff", "federation staff/ldap", "client staff/wiki"];
    let dry = platform.post("/declaration?dry_run=true", &document);
    assert_eq!(dry.status, 200, "{}", dry.body);
    assert_eq!(objects(&dry.json(), "created"), all);
    assert_is_problem(&platform.get("/realms/staff"), 404);
    let done = platform.post("/declaration", &document).json();
    assert_eq!(objects(&done, "created"), all);
    assert!(!done.to_string().contains("svcpw"), "{done}");
    assert_eq!(sign_in(&served), Some(303));
    let again = platform.post("/declaration", &document).json();
    for list in ["created", "changed", "removed"] {
        assert!(objects(&again, list).is_empty(), "{again}");
    }

    let operator = platform.of("staff");
    document["federations"][0]["priority"] = json!(9);
    document["clients"] = json!([]);
    let changed = operator.post("/declaration?prune=true", &document).json();
    assert_eq!(objects(&changed, "changed"), ["federation staff/ldap"]);
    let member = &changed["changed"][0]["members"][0];
    assert_eq!(
        (&member["member"], &member["after"]),
        (&json!("priority"), &json!(9))
    );
    assert_eq!(objects(&changed, "removed"), ["client staff/wiki"]);

    // It outlives the process.
    let served = served.restarted(BRIDGE);
    let kept = served
        .operator()
        .of("staff")
        .get("/user-federations")
        .json();
    assert_eq!(kept[0]["priority"], 9, "{kept}");
}

#[test]
fn what_a_source_declares_is_its_own_and_has_to_be_right() {
    let served = Served::bare(BRIDGE);
    let platform = served.operator();
    let mut document = declaration();
    assert_eq!(platform.post("/declaration", &document).status, 200);
    let operator = platform.of("staff");
    let managed = assert_is_problem(
        &operator.patch("/clients/wiki", &json!({ "enabled": false })),
        409,
    );
    assert!(
        managed["detail"]
            .as_str()
            .is_some_and(|text| text.contains("declaration"))
    );
    let other = platform.post("/declaration?source=other", &document);
    assert_is_problem(&other, 409);

    document["federations"][0]["users_dn"] = json!("nonsense");
    let refused = assert_is_problem(&operator.post("/declaration", &document), 400);
    assert_eq!(members(&refused, "errors"), ["federations[0].users_dn"]);
    let wrong = platform
        .of("staff")
        .post("/declaration", &json!({ "realm": { "name": "other" } }));
    assert_eq!(
        members(&assert_is_problem(&wrong, 400), "errors"),
        ["realm.name"]
    );
}

#[test]
fn a_realm_of_the_same_name_has_nothing_of_the_one_before() {
    let (served, operator) = staff();
    let issuer = served.bridge.issuer("staff");
    operator.create("/user-federations", &of_slapd("ldap"));
    operator.create_public_client("wiki");
    let secret = operator.create_administrator("ops", &["realm:admin"]);
    let before = token(&issuer, "ops", &secret);
    let wiki = Application::public(&issuer, "wiki", "http://127.0.0.1:49152/callback");
    let browser = Browser::new();
    wiki.tokens(&browser, "ada", "Pw-ada");
    let subject = operator.get("/users").json()[0]["subject"].clone();
    assert_eq!(served.administrator(&before).get("/clients").status, 200);

    assert_eq!(served.operator().delete("/realms/staff").status, 204);
    assert_is_problem(&served.administrator(&before).get("/clients"), 401);
    served.operator().create_realm("staff");
    assert_eq!(operator.get("/user-federations").json(), json!([]));
    assert_eq!(operator.get("/users").json(), json!([]));
    operator.create("/user-federations", &of_slapd("ldap"));
    operator.create_public_client("wiki");
    let secret = operator.create_administrator("ops", &["realm:admin"]);
    assert_is_problem(&served.administrator(&before).get("/clients"), 401);
    // What happened in the other is for the platform to read.
    let ops = served.administrator(&token(&issuer, "ops", &secret));
    let told = ops.get("/audit-events?limit=1000");
    assert_eq!(told.status, 200, "{}", told.body);
    assert!(
        !told.body.contains("uid=ada") && !told.body.contains("removed"),
        "{}",
        told.body
    );
    let told = ops.get("/audit-events?kind=sign_in").json();
    assert_eq!(told["events"], json!([]));
    assert!(
        operator
            .get("/audit-events?kind=sign_in")
            .body
            .contains("uid=ada")
    );
    // Nobody is signed in there, and nobody is who they were.
    wiki.open(&browser, &wiki.attempt());
    wiki.tokens(&Browser::new(), "ada", "Pw-ada");
    assert_ne!(operator.get("/users").json()[0]["subject"], subject);
}
