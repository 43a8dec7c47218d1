//! User federations over their whole life: made, read, changed, asked about, deleted.

use super::{assert_is_problem, members, of_slapd, staff};
use serde_json::{Value, json};
use suites::{
    admin::{Admin, send},
    application::Application,
    authority::Authority,
    browser::{Browser, Page},
    served::Served,
};

pub(crate) const FEDERATIONS: &str = "/user-federations";

/// A federation of the suites' slapd, made; where it is, and its tag.
pub(crate) fn made(operator: &Admin, name: &str) -> (String, String) {
    let page = operator.post(FEDERATIONS, &of_slapd(name));
    assert_eq!(page.status, 201, "{}", page.body);
    let id = page.json()["id"].as_str().expect("an id").to_owned();
    (format!("{FEDERATIONS}/{id}"), tag(&page))
}

fn tag(page: &Page) -> String {
    page.header("etag").expect("an entity tag").to_owned()
}

#[test]
fn federations_are_listed_in_the_order_in_which_they_are_asked() {
    let (_served, operator) = staff();
    for (name, priority) in [("late", 5), ("first", -1), ("second", 0), ("third", 0)] {
        let mut document = of_slapd(name);
        document["priority"] = json!(priority);
        operator.create(FEDERATIONS, &document);
    }
    let list = operator.get(FEDERATIONS).json();
    let list = list.as_array().expect("a list").iter();
    let names: Vec<_> = list
        .map(|one| one["name"].as_str().unwrap_or("-"))
        .collect();
    assert_eq!(names, ["first", "second", "third", "late"]);
}

#[test]
fn a_private_key_among_certificates_is_refused_and_told_nowhere() {
    let (served, operator) = staff();
    let authority = Authority::shared();
    let key = &authority.server.key;
    let line = key.lines().nth(1).expect("a line of the key");
    let mut document = of_slapd("ldap");
    document["advanced"]["ca_bundle"] = json!(format!("{}{key}", authority.ca));
    let refused = operator.post(FEDERATIONS, &document);
    let problem = assert_is_problem(&refused, 400);
    assert_eq!(members(&problem, "errors"), ["advanced.ca_bundle"]);
    assert!(!refused.body.contains(line), "{}", refused.body);
    let audited = std::fs::read_to_string(served.path("audit.jsonl")).expect("the audit");
    assert!(!audited.contains(line), "{audited}");
    assert!(!served.bridge.log().contains(line), "it is in the log");
}

#[test]
fn a_password_in_a_url_is_refused_and_told_nowhere() {
    let (served, operator) = staff();
    let mut document = of_slapd("ldap");
    document["connection_url"] = json!("ldap://svc:hunter2@ldap.example");
    let refused = operator.post(FEDERATIONS, &document);
    let problem = assert_is_problem(&refused, 400);
    assert_eq!(members(&problem, "errors"), ["connection_url"]);
    assert!(!refused.body.contains("hunter2"), "{}", refused.body);
    assert!(!served.bridge.log().contains("hunter2"), "it is in the log");
    let asked = json!({ "connection_url": "ldap://svc:hunter2@127.0.0.1:1" });
    let refused = operator.post("/user-federations/connect", &asked);
    let problem = assert_is_problem(&refused, 400);
    assert_eq!(members(&problem, "errors"), ["connection_url"]);
    assert!(!refused.body.contains("hunter2"), "{}", refused.body);
}

#[test]
fn a_change_is_done_to_what_it_was_meant_for_or_not_at_all() {
    let (_served, operator) = staff();
    let (one, first) = made(&operator, "ldap");
    let known = operator
        .request("GET", &one)
        .header("if-none-match", &first);
    assert_eq!(send(known).status, 304);

    let changed = operator.patch_if(&one, &first, &json!({ "priority": 3 }));
    assert_eq!(changed.status, 200, "{}", changed.body);
    assert_eq!(changed.json()["priority"], 3);
    let second = tag(&changed);
    assert_ne!(first, second);
    let stale = operator.patch_if(&one, &first, &json!({ "priority": 4 }));
    assert_is_problem(&stale, 412);
    let stale = operator.request("DELETE", &one).header("if-match", &first);
    assert_is_problem(&send(stale), 412);
    let new = operator.request("PUT", &one).header("if-none-match", "*");
    let new = new.header("content-type", "application/json");
    assert_is_problem(&send(new.body(of_slapd("ldap").to_string())), 412);
    let kept = operator.get(&one);
    assert_eq!(
        (kept.json()["priority"].clone(), tag(&kept)),
        (json!(3), second)
    );
}

#[test]
fn put_replaces_and_patch_lays_over() {
    let (_served, operator) = staff();
    let (one, _) = made(&operator, "ldap");
    let patch = json!({
        "priority": 7,
        "advanced": { "custom_user_search_filter": "(uid=a*)", "read_timeout": "2s" },
    });
    let patched = operator.patch(&one, &patch).json();
    assert_eq!(patched["priority"], 7);
    assert_eq!(patched["advanced"]["read_timeout"], "2s");
    assert_eq!(patched["users_dn"], of_slapd("ldap")["users_dn"]);
    let patch = json!({ "advanced": { "custom_user_search_filter": null } });
    let patched = operator.patch(&one, &patch).json();
    assert!(
        patched["advanced"]
            .get("custom_user_search_filter")
            .is_none()
    );
    assert_eq!(patched["advanced"]["read_timeout"], "2s");

    // What is shown can be sent back as it is; the credential stays.
    let sent_back = operator.put(&one, &patched);
    assert_eq!(sent_back.status, 200, "{}", sent_back.body);
    let mut document = of_slapd("ldap");
    document
        .as_object_mut()
        .expect("an object")
        .remove("bind_credential");
    let replaced = operator.put(&one, &document);
    assert_eq!(replaced.status, 200, "{}", replaced.body);
    assert_eq!(replaced.json()["priority"], 0);
    let test = operator.post(&format!("{one}/test-authentication"), &json!({}));
    assert_eq!(test.json()["passed"], true, "{}", test.body);
}

#[test]
fn a_bind_credential_goes_nowhere_that_it_was_not_given_for() {
    let (_served, operator) = staff();
    let (one, before) = made(&operator, "ldap");
    for patch in [
        json!({ "connection_url": "ldaps://elsewhere.example" }),
        json!({ "bind_dn": "cn=other,dc=example,dc=test" }),
        json!({ "advanced": { "ca_bundle": null } }),
        json!({ "advanced": { "start_tls": true } }),
        json!({ "advanced": { "allow_plaintext": true } }),
    ] {
        let refused = assert_is_problem(&operator.patch(&one, &patch), 400);
        assert_eq!(members(&refused, "errors"), ["bind_credential"], "{patch}");
        // Nor is it sent there by a test.
        let mut document = operator.get(&one).json();
        merge(&mut document, &patch);
        let id = document["id"].clone();
        let question = json!({ "federation": document, "federation_id": id });
        let asked = operator.post("/user-federations/test-authentication", &question);
        let refused = assert_is_problem(&asked, 400);
        assert_eq!(members(&refused, "errors"), ["bind_credential"], "{patch}");
    }
    assert_eq!(tag(&operator.get(&one)), before);
    let patch = json!({ "bind_dn": "cn=other,dc=example,dc=test", "bind_credential": "given" });
    assert_eq!(operator.patch(&one, &patch).status, 200);
}

/// Lays a patch over a document (RFC 7396).
pub(crate) fn merge(document: &mut Value, patch: &Value) {
    for (name, value) in patch.as_object().expect("an object") {
        match value {
            Value::Object(_) => merge(&mut document[name], value),
            Value::Null => drop(document.as_object_mut().expect("an object").remove(name)),
            _ => document[name] = value.clone(),
        }
    }
}

#[test]
fn a_name_is_taken_once_and_what_is_refused_changes_nothing() {
    let (_served, operator) = staff();
    let (one, _) = made(&operator, "ldap");
    let (other, before) = made(&operator, "other");
    assert_is_problem(&operator.post(FEDERATIONS, &of_slapd("ldap")), 409);
    assert_is_problem(&operator.patch(&other, &json!({ "name": "ldap" })), 409);
    let refused = json!({ "edit_mode": "UNSYNCED", "users_dn": "nonsense", "colour": "red" });
    let problem = assert_is_problem(&operator.patch(&other, &refused), 400);
    let mut wrong = members(&problem, "errors");
    wrong.sort();
    assert_eq!(wrong, ["colour", "edit_mode", "users_dn"]);
    assert_eq!(tag(&operator.get(&other)), before);
    assert_eq!(operator.delete(&one).status, 204);
    for method in ["GET", "DELETE"] {
        assert_is_problem(&send(operator.request(method, &one)), 404);
    }
    assert_eq!(
        operator.patch(&other, &json!({ "name": "ldap" })).status,
        200
    );
}

#[test]
fn the_plan_says_what_the_policy_made_of_it() {
    let (_served, operator) = staff();
    let (one, _) = made(&operator, "ldap");
    let plan = operator.get(&format!("{one}/plan"));
    assert_eq!(plan.status, 200, "{}", plan.body);
    let plan = plan.json();
    let digest = plan["policy"]["digest"].as_str().expect("a digest");
    assert!(digest.starts_with("sha256:"), "{digest}");
    assert_eq!(plan["stable_id_attribute"], "entryUUID");
    let filter = plan["login_filter"].as_str().expect("a filter");
    assert!(filter.contains("{username}"), "{filter}");
}

/// Whether somebody signs in, with a client that is made for it.
pub(crate) fn signs_in(served: &Served, operator: &Admin, username: &str) -> bool {
    if operator.get("/clients/wiki").status == 404 {
        operator.create_public_client("wiki");
    }
    let issuer = served.bridge.issuer("staff");
    let wiki = Application::public(&issuer, "wiki", "http://127.0.0.1:49152/callback");
    let password = format!("Pw-{username}");
    let page = wiki.submit(&Browser::new(), &wiki.attempt(), username, &password);
    page.status == 303
}

#[test]
fn what_is_saved_is_in_force_at_the_next_sign_in() {
    let (served, operator) = staff();
    let (one, _) = made(&operator, "ldap");
    assert!(signs_in(&served, &operator, "ada"));
    for (patch, may) in [
        (json!({ "enabled": false }), false),
        (json!({ "enabled": true }), true),
        (
            json!({ "advanced": { "custom_user_search_filter": "(uid=grace)" } }),
            false,
        ),
        (
            json!({ "advanced": { "custom_user_search_filter": null } }),
            true,
        ),
    ] {
        let page = operator.patch(&one, &patch);
        assert_eq!(page.status, 200, "{}", page.body);
        assert_eq!(signs_in(&served, &operator, "ada"), may, "{patch}");
    }
    assert_eq!(operator.delete(&one).status, 204);
    assert!(!signs_in(&served, &operator, "ada"));
}

#[test]
fn nobody_becomes_somebody_else_unless_that_is_wanted() {
    let (served, operator) = staff();
    let (one, _) = made(&operator, "ldap");
    let change = json!({ "uuid_ldap_attribute": "uid" });
    // Nobody is known yet, so nobody changes.
    assert_eq!(operator.patch(&one, &change).status, 200);
    let back = json!({ "uuid_ldap_attribute": "entryUUID" });
    assert_eq!(operator.patch(&one, &back).status, 200);
    assert!(signs_in(&served, &operator, "ada"));
    let known = operator.get("/users").json()[0]["subject"].clone();
    let problem = assert_is_problem(&operator.patch(&one, &change), 409);
    assert_eq!(members(&problem, "errors"), ["uuid_ldap_attribute"]);
    assert!(
        problem["detail"]
            .as_str()
            .is_some_and(|text| text.contains("1 known user"))
    );
    let wanted = operator.patch(&format!("{one}?change_subjects=true"), &change);
    assert_eq!(wanted.status, 200, "{}", wanted.body);
    assert!(signs_in(&served, &operator, "ada"));
    let users = operator.get("/users").json();
    let users = users.as_array().expect("a list");
    assert!(
        users.iter().any(|user| user["subject"] != known),
        "{users:?}"
    );
}

#[test]
fn subjects_that_people_had_before_are_theirs_again() {
    let (served, operator) = staff();
    let mut document = of_slapd("ldap");
    document["uuid_ldap_attribute"] = json!("uid");
    let id = operator.create(FEDERATIONS, &document)["id"].clone();
    let subjects = format!("{FEDERATIONS}/{}/subjects", id.as_str().expect("an id"));
    let wrong = json!([{ "subject": "f:1:ada" }, { "identifier": "ada", "subject": "" }]);
    let problem = assert_is_problem(&operator.post(&subjects, &wrong), 400);
    assert_eq!(
        members(&problem, "errors"),
        ["[0].identifier", "[1].subject"]
    );
    let table = json!([{ "identifier": "ada", "subject": "f:1:ada" }]);
    let page = operator.post(&subjects, &table);
    assert_eq!(page.status, 204, "{}", page.body);
    assert!(signs_in(&served, &operator, "ada"));
    assert_eq!(operator.get("/users/f:1:ada").json()["username"], "ada");
}
