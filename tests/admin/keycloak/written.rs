//! A writable federation: everything reaches the directory.

use super::{Site, error};
use serde_json::{Value, json};

fn site() -> Site {
    Site::with(&json!({ "edit_mode": "WRITABLE", "sync_registration": true }))
}

#[test]
fn a_user_is_made_changed_and_removed_in_the_directory() {
    let site = site();
    let new = json!({
        "username": "barbara", "firstName": "Barbara", "lastName": "Liskov", "enabled": true,
        "email": "barbara@example.test", "emailVerified": false, "requiredActions": [],
        "credentials": [{ "type": "password", "value": "Pw-barbara-1", "temporary": false }],
    });
    let made = site.ask("POST", "", Some(&new));
    assert_eq!(made.status, 201, "{}", made.body);
    let location = made.header("location").expect("a location");
    let id = location.rsplit('/').next().expect("an id").to_owned();
    assert_eq!(site.id("barbara"), id);
    assert_eq!(site.values("barbara", "sn"), ["Liskov"]);
    assert_eq!(site.values("barbara", "mail"), ["barbara@example.test"]);
    assert!(site.comes_in("barbara", "Pw-barbara-1"));
    let again = error(&site.ask("POST", "", Some(&new)), 409);
    assert_eq!(again, "User exists with same username");

    site.change(
        &id,
        &json!({ "lastName": "Huberman Liskov", "email": "b.liskov@example.test" }),
    );
    assert_eq!(site.values("barbara", "sn"), ["Huberman Liskov"]);
    assert_eq!(site.values("barbara", "mail"), ["b.liskov@example.test"]);
    let shown = site.get(&format!("/{id}")).json();
    assert_eq!(shown["lastName"], "Huberman Liskov");
    assert_eq!(shown["firstName"], "Barbara");

    let removed = site.ask("DELETE", &format!("/{id}"), Some(&json!({})));
    assert_eq!(removed.status, 204, "{}", removed.body);
    assert!(!site.has_entry("(uid=barbara)"));
    assert!(site.has_entry("(uid=ada)"));
    assert_eq!(error(&site.get(&format!("/{id}")), 404), "User not found");
    assert!(!site.comes_in("barbara", "Pw-barbara-1"));

    let events: Vec<_> = site
        .audited()
        .into_iter()
        .map(|event| {
            (
                event["event"].clone(),
                event["outcome"].clone(),
                event["object"].clone(),
            )
        })
        .collect();
    let line = |what: &str, came: &str, object: &str| (json!(what), json!(came), json!(object));
    let object = format!("user staff/{id}");
    assert_eq!(
        events,
        [
            line("created", "success", &object),
            line("created", "refused", "user staff"),
            line("changed", "success", &object),
            line("removed", "success", &object),
        ]
    );
    let trail = Value::from(site.served.audited()).to_string();
    assert!(!trail.contains("Pw-barbara"), "{trail}");
    assert!(trail.contains("b.liskov@example.test"), "{trail}");
}

#[test]
fn somebody_is_switched_off_and_on_again_in_the_directory() {
    let site = site();
    let id = site.id("sophie");
    assert!(site.comes_in("sophie", "Pw-sophie"));
    site.change(&id, &json!({ "enabled": false }));
    assert_eq!(site.user("sophie")["enabled"], false);
    assert_eq!(site.values("sophie", "pwdAccountLockedTime").len(), 1);
    assert!(!site.comes_in("sophie", "Pw-sophie"));
    site.change(&id, &json!({ "enabled": true }));
    assert!(site.values("sophie", "pwdAccountLockedTime").is_empty());
    assert_eq!(site.user("sophie")["enabled"], true);
    assert!(site.comes_in("sophie", "Pw-sophie"));

    // Kept out here and not there: switched on means let in.
    let block = format!("/users/{id}/block");
    assert_eq!(site.operator.put(&block, &json!({})).status, 204);
    assert_eq!(site.user("sophie")["enabled"], false);
    site.change(&id, &json!({ "enabled": true }));
    assert!(site.comes_in("sophie", "Pw-sophie"));
}

#[test]
fn a_new_password_counts_at_once_and_a_bad_one_is_explained() {
    let site = site();
    let id = site.id("emmy");
    let sessions = || site.operator.get(&format!("/users/{id}/sessions")).json();
    assert!(site.comes_in("emmy", "Pw-emmy"));
    assert_eq!(sessions().as_array().map(Vec::len), Some(1));
    let given = site.reset(&id, "correct horse");
    assert_eq!(given.status, 204, "{}", given.body);
    // Whoever knew the old one may have held it.
    assert_eq!(sessions(), json!([]));
    assert!(site.comes_in("emmy", "correct horse"));
    assert!(!site.comes_in("emmy", "Pw-emmy"));
    let short = error(&site.reset(&id, "short"), 400);
    assert!(short.contains("short"), "{short}");
    error(&site.reset(&id, ""), 400);
    let other = json!({ "type": "otp", "value": "123456" });
    error(
        &site.ask("PUT", &format!("/{id}/reset-password"), Some(&other)),
        400,
    );
    assert!(site.comes_in("emmy", "correct horse"));

    let events = site.audited();
    let outcomes: Vec<_> = events
        .iter()
        .filter(|event| event["event"] == "password_changed")
        .map(|event| &event["outcome"])
        .collect();
    assert_eq!(outcomes, ["success", "refused"], "{events:?}");
    let trail = Value::from(site.served.audited()).to_string();
    let log = site.served.bridge.log();
    for text in [trail, log] {
        assert!(!text.contains("correct horse"), "{text}");
    }
}

#[test]
fn what_cannot_be_a_user_is_refused_by_its_member() {
    let site = site();
    for (body, member) in [
        (json!({ "lastName": "Nameless" }), "username"),
        (
            json!({ "username": "x", "lastName": "X", "emailVerified": true }),
            "emailVerified",
        ),
        (
            json!({ "username": "x", "lastName": "X", "attributes": { "groups": ["admins"] } }),
            "attributes.groups",
        ),
        (
            json!({ "username": "x", "lastName": "X", "attributes": { "sub": "y" } }),
            "attributes.sub",
        ),
        (
            json!({ "username": "x", "lastName": "X", "credentials": [{ "type": "otp" }] }),
            "type",
        ),
        (
            json!({ "username": "x", "lastName": "X",
                "credentials": [{ "value": "Pw-x-12345", "temporary": true }] }),
            "credentials",
        ),
    ] {
        let page = site.ask("POST", "", Some(&body));
        error(&page, 400);
        assert_eq!(page.json()["field"], member, "{}", page.body);
    }
    assert!(!site.has_entry("(uid=x)"));
}
