//! The pages in a real browser: by keyboard, without script, on a phone, and as axe-core sees them.

use serde_json::{Value, json};
use std::sync::LazyLock;
use suites::{bridge::Bridge, node, repository};

/// The demo, started once for all tests.
static DEMO: LazyLock<Bridge> =
    LazyLock::new(|| Bridge::demo(env!("CARGO_BIN_EXE_bridge-under-test")));

/// Runs a script of this folder; what it saw, of which the browser had nothing to complain about.
#[track_caller]
fn browse(script: &str) -> Value {
    let artefacts = repository().join("tests/artefacts");
    let settings = json!({
        "base": DEMO.url(""), "realm": "openldap", "username": "ada", "password": "bridge-demo", "artefacts": artefacts,
    });
    let seen = node::run(&format!("browser/{script}"), &settings);
    let complaints = seen["complaints"].as_array().expect("complaints");
    assert!(
        complaints.is_empty(),
        "the browser complains: {complaints:#?}"
    );
    seen
}

#[test]
fn somebody_signs_in_with_the_keyboard_alone() {
    let seen = browse("keyboard.mjs");
    assert_eq!(seen["begin"]["name"], "User name");
    assert!(text(&seen["heading"]).contains("Ada"), "{seen:#}");
    for stop in seen["stops"].as_array().expect("stops") {
        assert!(
            stop["outline"] == true || stop["shadow"] == true,
            "nobody sees the focus on {stop}"
        );
    }
}

#[test]
fn somebody_signs_in_without_script() {
    let seen = browse("no-script.mjs");
    assert_eq!(
        (&seen["refused"], &seen["signedIn"]),
        (&401.into(), &200.into()),
        "{seen:#}"
    );
    assert!(text(&seen["alert"]).contains("did not work"), "{seen:#}");
    assert_eq!(seen["kept"], "", "what was typed is given back");
    assert!(
        text(&seen["url"]).ends_with("/sample/signed-in"),
        "{seen:#}"
    );
    for part in ["ada", "ID token", "DN", "sha256:"] {
        assert!(text(&seen["text"]).contains(part), "no {part} in {seen:#}");
    }
}

#[test]
fn an_application_elsewhere_gets_its_answer() {
    let seen = browse("application.mjs");
    assert_eq!(
        (&seen["status"], &seen["title"]),
        (&200.into(), &"home".into()),
        "{seen:#}"
    );
    let visits = seen["visits"].as_array().expect("visits");
    assert!(text(&visits[0]).contains("code="), "{seen:#}");
}

#[test]
fn no_other_site_shows_the_sign_in_page_in_a_frame() {
    let seen = browse("frame.mjs");
    assert_eq!(seen["forms"], 0, "{seen:#}");
    let refusals = seen["refusals"].to_string();
    assert!(
        refusals.contains("frame-ancestors") || refusals.contains("X-Frame-Options"),
        "{seen:#}"
    );
}

/// What is to be seen on each page: its name in `visits.mjs`, its status, a part of its heading.
const PAGES: &[(&str, u16, &str)] = &[
    ("start", 200, "One way to sign in"),
    ("sign-in", 200, "Sign in"),
    ("sign-in-hint", 200, "Sign in"),
    ("sign-in-refused", 401, "Sign in"),
    ("signed-in", 200, "Hello"),
    ("error-client", 400, "request is not valid"),
    ("error-redirect", 400, "request is not valid"),
    ("error-expired", 400, "sign-in is over"),
    ("error-forged", 403, "form could not be accepted"),
    ("error-throttled", 429, "Too many attempts"),
    ("error-not-found", 404, "Page not found"),
    ("sample-forgotten", 400, ""),
];

/// Light and dark, on a desk and on a phone.
const SCREENS: usize = 4;

#[test]
fn every_page_is_for_everybody() {
    let seen = browse("pages.mjs");
    let seen = seen["seen"].as_array().expect("pages");
    assert_eq!(seen.len(), PAGES.len() * SCREENS);
    let mut findings = Vec::new();
    for page in seen {
        let at = format!("{} ({})", text(&page["name"]), text(&page["screen"]));
        let (_, status, heading) = PAGES
            .iter()
            .find(|(name, ..)| page["name"] == *name)
            .expect("a known page");
        let headings = page["heading"].as_array().expect("headings");
        if page["status"] != *status || headings.len() != 1 || !text(&headings[0]).contains(heading)
        {
            findings.push(format!(
                "{at}: is another page: {} {headings:?}",
                page["status"]
            ));
        }
        if page["lang"] != "en" || text(&page["title"]).is_empty() {
            findings.push(format!("{at}: no language or no title"));
        }
        if page["scripts"] != 0 {
            findings.push(format!("{at}: has scripts"));
        }
        if page["overflow"].as_i64().is_none_or(|pixels| pixels > 0) {
            findings.push(format!(
                "{at}: scrolls sideways by {} pixels",
                page["overflow"]
            ));
        }
        assert!(
            page["checked"].as_u64().is_some_and(|rules| rules > 5),
            "{at}: axe-core checked nothing"
        );
        assert!(
            page["colours"].as_u64().is_some_and(|colours| colours > 0),
            "{at}: no contrast was measured"
        );
        let violations = page["violations"].as_array().expect("violations");
        findings.extend(
            violations
                .iter()
                .map(|violation| format!("{at}: {}", text(violation))),
        );
    }
    assert!(findings.is_empty(), "{}", findings.join("\n"));
}

#[track_caller]
fn text(value: &Value) -> &str {
    value.as_str().expect("text")
}
