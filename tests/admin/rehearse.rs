//! What another policy, or other mappers, would change for everybody of a directory.

use super::{
    BRIDGE, assert_is_problem, of_slapd,
    policies::{component, uploaded},
    staff,
};
use serde_json::{Value, json};
use std::{
    fs, thread,
    time::{Duration, Instant},
};
use suites::{admin::Admin, bridge::run, versions::marked};

/// Thirty entries take no time; a busy machine may take longer.
const RUN_MAX: Duration = Duration::from_mins(1);

/// The rehearsal, when it is over.
#[track_caller]
fn rehearsed(operator: &Admin, federation: &str, wish: &Value) -> Value {
    let resource = format!("/user-federations/{federation}/rehearse");
    let page = operator.post(&resource, wish);
    assert_eq!(page.status, 202, "{}", page.body);
    let begin = Instant::now();
    loop {
        let rehearsal = operator.get(&resource).json();
        if rehearsal["stage"] != "running" {
            return rehearsal;
        }
        assert!(begin.elapsed() < RUN_MAX, "it still goes on: {rehearsal}");
        thread::sleep(Duration::from_millis(50));
    }
}

fn federation(operator: &Admin) -> String {
    let made = operator.create("/user-federations", &of_slapd("people"));
    made["id"].as_str().expect("an id").to_owned()
}

/// Other mappers: the title is told, and the family name is the common name.
fn mappers() -> Value {
    json!([
        { "name": "title", "ldap_attribute": "employeeType" },
        { "name": "family_name", "ldap_attribute": "uid" },
    ])
}

#[test]
fn other_mappers_are_rehearsed_and_nothing_changes_by_it() {
    let (served, operator) = staff();
    let federation = federation(&operator);
    let before = operator.get(&format!("/user-federations/{federation}"));
    let wish = json!({ "candidate": { "mapper": mappers() }, "values": true });
    let rehearsal = rehearsed(&operator, &federation, &wish);
    assert_eq!(rehearsal["stage"], "done", "{rehearsal}");
    let comparison = &rehearsal["comparison"];
    assert!(comparison["people"].as_u64() > Some(10), "{rehearsal}");
    assert_eq!(comparison["people"], comparison["different"], "{rehearsal}");
    let differences = comparison["differences"].as_array().expect("a list");
    let family = differences
        .iter()
        .find(|it| it["kind"] == "claim_changed" && it["name"] == "family_name");
    let family = family.expect("the family names differ");
    let mut examples = family["examples"].as_array().expect("a list").iter();
    assert!(
        examples.all(|it| it["after"] == it["who"] && it["before"].is_string()),
        "{family}"
    );
    let after = operator.get(&format!("/user-federations/{federation}"));
    assert_eq!(before.body, after.body);
    assert!(
        operator
            .get("/users")
            .json()
            .as_array()
            .is_some_and(Vec::is_empty),
        "nobody is kept"
    );
    let events = served.audited();
    assert!(
        events.iter().any(|it| it["event"] == "tested"),
        "{events:?}"
    );
}

#[test]
fn another_version_that_answers_alike_differs_in_nothing() {
    let (served, operator) = staff();
    let federation = federation(&operator);
    let digest = uploaded(
        &served.operator(),
        marked(component("openldap"), "rehearsed"),
    );
    let wish = json!({ "candidate": { "digest": digest } });
    let rehearsal = rehearsed(&operator, &federation, &wish);
    assert_eq!(rehearsal["stage"], "done", "{rehearsal}");
    assert_eq!(rehearsal["candidate"]["digest"], json!(digest));
    assert_eq!(rehearsal["comparison"]["different"], 0, "{rehearsal}");
    assert!(rehearsal["comparison"]["people"].as_u64() > Some(10));
}

#[test]
fn the_command_line_tells_it_in_people_and_by_how_it_ends() {
    let (served, operator) = staff();
    federation(&operator);
    let folder = served.path("");
    let file = json!({ "mapper": mappers() });
    fs::write(served.path("mappers.json"), file.to_string()).expect("a file");
    fs::write(served.path("none.json"), "[]").expect("a file");
    let rehearse = |mappers: &str| {
        let arguments = [
            "policy",
            "rehearse",
            "staff",
            "people",
            "--mappers",
            mappers,
            "--config",
            "bridge.toml",
        ];
        run(BRIDGE, &folder, &arguments)
    };
    let told = rehearse("mappers.json");
    let text = String::from_utf8_lossy(&told.stdout).into_owned();
    assert_eq!(told.status.code(), Some(1), "{text}{told:?}");
    assert!(
        text.contains("nobody loses or gains access") && text.contains("no subject changes"),
        "{text}"
    );
    let same = rehearse("none.json");
    let text = String::from_utf8_lossy(&same.stdout).into_owned();
    assert_eq!(same.status.code(), Some(0), "{text}{same:?}");
    assert!(text.contains("looked at: no difference"), "{text}");
    let failed = rehearse("missing.json");
    assert_eq!(failed.status.code(), Some(2), "{failed:?}");
}

#[test]
fn what_cannot_be_rehearsed_is_refused_with_words() {
    let (_served, operator) = staff();
    let federation = federation(&operator);
    let resource = format!("/user-federations/{federation}/rehearse");
    assert_is_problem(&operator.get(&resource), 404);
    for candidate in [
        json!({}),
        json!({ "digest": format!("sha256:{}", "0".repeat(64)) }),
        json!({ "mapper": [{ "name": "x", "kind": "unknown" }] }),
        json!({ "mapper": [{ "kind": "attribute" }] }),
    ] {
        let page = operator.post(&resource, &json!({ "candidate": candidate }));
        let problem = assert_is_problem(&page, 400);
        assert!(
            problem["errors"]
                .as_array()
                .is_some_and(|it| !it.is_empty()),
            "{candidate}: {problem}"
        );
    }
}
