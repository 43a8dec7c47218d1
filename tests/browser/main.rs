//! The pages in a real browser: by keyboard, without script, on a phone, and as axe-core sees them.

use serde_json::{Value, json};
use std::sync::LazyLock;
use suites::{
    authority::Authority,
    bridge::Bridge,
    node, repository,
    served::{Directory, Served},
    slapd::Slapd,
};

/// The demo, started once for all tests.
static DEMO: LazyLock<Bridge> =
    LazyLock::new(|| Bridge::demo(env!("CARGO_BIN_EXE_bridge-under-test")));

/// A bridge in front of a directory where people can change their passwords, for tests that do not.
static WRITABLE: LazyLock<(Served, Slapd)> = LazyLock::new(writable);

fn writable() -> (Served, Slapd) {
    let slapd = Slapd::start();
    let url = format!("ldaps://{}", slapd.ldaps_address());
    let directory = Directory::at(url).trusting(&Authority::shared().ca);
    let program = env!("CARGO_BIN_EXE_bridge-under-test");
    (Served::start(program, &directory.writable()), slapd)
}

/// Runs a script of this folder at the demo; what it saw, of which the browser had nothing to complain
/// about.
#[track_caller]
fn browse(script: &str) -> Value {
    let settings = json!({
        "base": DEMO.url(""), "realm": "openldap", "username": "ada", "password": "bridge-demo",
        "writable": WRITABLE.0.bridge.url(""),
    });
    browse_at(script, settings)
}

/// The same at another bridge.
#[track_caller]
fn browse_at(script: &str, mut settings: Value) -> Value {
    settings["artefacts"] = json!(repository().join("tests/artefacts"));
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
fn somebody_whose_password_is_too_old_changes_it_on_the_way_in() {
    let (served, _slapd) = writable();
    let seen = browse_at(
        "new-password.mjs",
        json!({
            "base": served.bridge.url(""), "realm": "staff", "client": "wiki",
            "username": "edsger", "password": "Pw-edsger", "fresh": "Pw-brand-new-1",
        }),
    );
    assert_eq!(seen["heading"], "Choose a new password", "{seen:#}");
    assert_eq!(seen["shown"]["username"], "edsger", "{seen:#}");
    for focus in ["focus", "focusAgain"] {
        assert_eq!(seen["shown"][focus], "current", "{seen:#}");
    }
    assert_eq!(seen["shown"]["kept"], "", "a password is given back");
    assert!(text(&seen["note"]).contains("Too short"), "{seen:#}");
    assert_eq!(seen["statuses"], json!([200, 422, 200]), "{seen:#}");
    let visits = seen["visits"].as_array().expect("visits");
    assert!(text(&visits[0]).contains("code="), "{seen:#}");
}

#[test]
fn somebody_changes_the_password_and_ends_sessions_at_the_account_page() {
    let (served, _slapd) = writable();
    let seen = browse_at(
        "account.mjs",
        json!({
            "base": served.bridge.url(""), "writable": served.bridge.url(""), "realm": "staff",
            "password": "Pw-ada", "fresh": "Pw-brand-new-2",
        }),
    );
    assert_eq!(seen["sessions"], json!([1, 2, 1, 1]), "{seen:#}");
    assert_eq!(seen["elsewhere"], "Sign in", "{seen:#}");
    assert!(text(&seen["ended"]).contains("was ended"), "{seen:#}");
    assert!(text(&seen["changed"]).contains("was changed"), "{seen:#}");
    assert_eq!(seen["left"], "You are signed out", "{seen:#}");
    assert_eq!(seen["statuses"], json!([422, 200, 200]), "{seen:#}");
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
    ("new-password", 200, "Choose a new password"),
    ("new-password-refused", 422, "Choose a new password"),
    ("account", 200, "Your account"),
    ("account-refused", 422, "Your account"),
    ("account-done", 200, "Your account"),
    ("signed-out", 200, "You are signed out"),
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
