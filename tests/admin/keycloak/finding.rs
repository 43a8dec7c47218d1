//! People who were imported are found, and those of a read-only directory stay as they are.

use super::{Site, error, synchronised};
use serde_json::{Value, json};

fn names(users: &Value) -> Vec<&str> {
    let users = users.as_array().expect("a list").iter();
    users
        .map(|user| user["username"].as_str().expect("a name"))
        .collect()
}

#[test]
fn imported_people_are_listed_searched_and_counted() {
    let site = Site::with(&json!({}));
    let all = site.get("?max=1000").json();
    let all = names(&all);
    assert!(all.len() > 10 && all.contains(&"ada"), "{all:?}");
    let mut sorted = all.clone();
    sorted.sort_unstable();
    assert_eq!(all, sorted);
    let count = |query: &str| {
        let page = site.get(&format!("/count{query}"));
        assert_eq!(page.status, 200, "{}", page.body);
        usize::try_from(page.json().as_u64().expect("a number")).expect("a few")
    };
    assert_eq!(count(""), all.len());
    assert_eq!(count("?enabled=true") + count("?enabled=false"), all.len());

    let mut pages = Vec::new();
    for first in (0..all.len()).step_by(7) {
        let page = site.get(&format!("?first={first}&max=7")).json();
        pages.extend(names(&page).into_iter().map(str::to_owned));
    }
    assert_eq!(pages, all);

    let ada = site.user("ada");
    for (member, value) in [
        ("firstName", json!("Ada")),
        ("lastName", json!("Lovelace")),
        ("email", json!("ada@example.test")),
        ("enabled", json!(true)),
        ("emailVerified", json!(false)),
        ("federationLink", json!(site.federation)),
    ] {
        assert_eq!(ada[member], value, "{member} of {ada}");
    }
    assert_eq!(ada["attributes"]["name"], json!(["Ada Lovelace"]));
    let created = ada["createdTimestamp"].as_u64().expect("a time");
    assert!(created > 1_500_000_000_000, "milliseconds: {created}");
    let id = ada["id"].as_str().expect("an id");
    assert_eq!(site.get(&format!("/{id}")).json(), ada);
    let native = site.operator.get(&format!("/users/{id}")).json();
    assert_eq!(native["username"], "ada");
    assert_eq!(native["profile"]["claims"]["email"], "ada@example.test");
}

#[test]
fn people_are_found_by_parts_or_exactly() {
    let site = Site::with(&json!({}));
    for query in [
        "?search=lovel",
        "?search=*ADA@EXAMPLE*",
        "?username=ad&lastName=lace",
        "?email=ada@example.test&exact=true",
        "?firstName=Ada&exact=true&briefRepresentation=true",
        "/?search=lovel",
    ] {
        let found = site.get(query).json();
        assert_eq!(names(&found), ["ada"], "{query}");
    }
    for query in ["?username=ad&exact=true", "?search=nobody-of-this-name"] {
        assert_eq!(site.get(query).json(), json!([]), "{query}");
        assert_eq!(
            site.get(&format!("/count{query}")).json(),
            json!(0),
            "{query}"
        );
    }
    let brief = site.get("?search=lovel&briefRepresentation=true").json();
    assert_eq!(brief[0].get("attributes"), None, "{brief}");
    for query in ["?q=title:Analyst", "?max=x", "?max=10001", "?enabled=maybe"] {
        error(&site.get(query), 400);
    }
    assert_eq!(error(&site.get("/nobody"), 404), "User not found");
}

#[test]
fn nobody_is_another_after_the_same_was_read_again() {
    let site = Site::with(&json!({}));
    let all = site.get("/count").json();
    let run = synchronised(&site.operator, &site.federation);
    assert_eq!(
        (&run["added"], &run["updated"]),
        (&json!(0), &json!(0)),
        "{run}"
    );
    assert_eq!(run["unchanged"], all, "{run}");
}

#[test]
fn a_read_only_federation_refuses_writes_and_says_what_to_do() {
    let site = Site::with(&json!({ "edit_mode": "READ_ONLY" }));
    let ada = site.user("ada");
    let id = site.id("ada");
    let one = format!("/{id}");
    let new = json!({ "username": "new", "lastName": "New", "enabled": true });
    for page in [
        site.ask("PUT", &one, Some(&json!({ "firstName": "Augusta" }))),
        site.ask("PUT", &one, Some(&json!({ "enabled": false }))),
        site.ask("POST", "", Some(&new)),
        site.reset(&id, "another password"),
    ] {
        let text = error(&page, 400);
        assert!(
            text.contains("edit mode") || text.contains("WRITABLE"),
            "{text}"
        );
    }
    // Tools send back what they were shown: that is no change.
    site.change(&id, &ada);
    assert_eq!(site.values("ada", "givenName"), ["Ada"]);
    assert_eq!(site.user("ada"), ada);
    assert!(site.comes_in("ada", "Pw-ada"));
    let refused: Vec<_> = site
        .audited()
        .iter()
        .filter(|event| event["outcome"] == "refused")
        .map(|event| event["event"].clone())
        .collect();
    assert_eq!(
        refused,
        ["changed", "changed", "created", "password_changed"]
    );
}
