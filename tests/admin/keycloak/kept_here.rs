//! An unsynced federation: changes lie over what was imported, and the directory does not hear of them.

use super::{Site, error, synchronised};
use serde_json::json;
use suites::{application::decode, browser::Browser};

#[test]
fn changes_are_kept_over_what_the_directory_says() {
    let site = Site::with(&json!({ "edit_mode": "UNSYNCED" }));
    let id = site.id("ada");
    site.change(
        &id,
        &json!({ "firstName": "Augusta", "email": "augusta@example.test" }),
    );
    let check = || {
        let ada = site.user("ada");
        assert_eq!(ada["firstName"], "Augusta");
        assert_eq!(ada["email"], "augusta@example.test");
        assert_eq!(ada["lastName"], "Lovelace");
    };
    check();
    assert_eq!(site.values("ada", "givenName"), ["Ada"]);
    assert_eq!(site.values("ada", "mail"), ["ada@example.test"]);
    synchronised(&site.operator, &site.federation);
    check();
    let found = site.get("?email=augusta@example.test&exact=true").json();
    assert_eq!(found[0]["username"], "ada", "{found}");
    let tokens = site.wiki().tokens(&Browser::new(), "ada", "Pw-ada");
    let (_, claims) = decode(tokens["id_token"].as_str().expect("an ID token"));
    assert_eq!(claims["given_name"], "Augusta");
    let page = site.ask(
        "PUT",
        &format!("/{id}"),
        Some(&json!({ "attributes": { "sub": ["another"] } })),
    );
    error(&page, 400);
}

#[test]
fn a_password_and_a_switch_of_ones_own_take_the_place_of_the_directorys() {
    let site = Site::with(&json!({ "edit_mode": "UNSYNCED" }));
    let id = site.id("emmy");
    let given = site.reset(&id, "kept by the bridge");
    assert_eq!(given.status, 204, "{}", given.body);
    assert!(site.comes_in("emmy", "kept by the bridge"));
    assert!(!site.comes_in("emmy", "Pw-emmy"));
    let native = site.operator.get(&format!("/users/{id}"));
    assert_eq!(native.json()["profile"]["has_local_password"], true);
    assert!(!native.body.contains("argon2"), "{}", native.body);

    site.change(&id, &json!({ "enabled": false }));
    assert_eq!(site.user("emmy")["enabled"], false);
    assert!(!site.comes_in("emmy", "kept by the bridge"));
    assert!(site.values("emmy", "pwdAccountLockedTime").is_empty());
    site.change(&id, &json!({ "enabled": true }));
    assert!(site.comes_in("emmy", "kept by the bridge"));
}
