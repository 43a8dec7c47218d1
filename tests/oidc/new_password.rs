//! A password that has to be changed, in front of a real directory server that says so.

use crate::site::{Writable, seen};
use serde_json::Value;
use suites::browser::{Browser, Page};

const NEW: &str = "Pw-brand-new-1";

/// Sends the form for a new password that a page shows.
fn change(browser: &Browser, page: &Page, current: &str, new: &str) -> Page {
    let form = page.form();
    browser.submit(
        &form
            .with("current", current)
            .with("new", new)
            .with("again", new),
    )
}

#[test]
fn whoever_has_to_change_the_password_does_so_and_gets_tokens() {
    let site = Writable::start();
    let (client, browser) = (site.client(), Browser::new());
    let attempt = client.attempt();
    let page = client.submit(&browser, &attempt, "edsger", "Pw-edsger");
    assert_eq!(page.status, 200, "{}", page.body);
    assert!(page.body.contains("Choose a new password"), "{}", page.body);
    assert!(!page.body.contains("Pw-edsger"), "{}", page.body);
    assert_eq!(page.form().value("username"), "edsger");

    // What the directory's own policy has against it stands at the field.
    let short = change(&browser, &page, "Pw-edsger", "tiny-7");
    assert_eq!(short.status, 422, "{}", short.body);
    assert!(short.body.contains("Too short"), "{}", short.body);
    let wrong = change(&browser, &page, "Pw-mistyped", NEW);
    assert_eq!(wrong.status, 401, "{}", wrong.body);

    let done = change(&browser, &page, "Pw-edsger", NEW);
    let code = client.code_in(&done.location());
    let tokens = client.redeem(&client.token_fields(&code, &attempt));
    assert_eq!(tokens.status, 200, "{}", tokens.body);
    assert!(tokens.json()["id_token"].is_string());

    // From now on the new one counts, and the old one does not.
    client.tokens(&Browser::new(), "edsger", NEW);
    let old = client.submit(&Browser::new(), &client.attempt(), "edsger", "Pw-edsger");
    assert_eq!(old.status, 401);
    let events = site.served.audited();
    let changes: Vec<_> = events
        .iter()
        .filter(|event| event["event"] == "password_changed")
        .map(|event| event["outcome"].as_str().unwrap_or_default())
        .collect();
    assert_eq!(changes, ["refused", "refused", "success"]);
    let told = site.served.bridge.log() + &Value::from(events).to_string();
    for secret in ["Pw-", "tiny-7"] {
        assert!(!told.contains(secret), "{secret} was written down");
    }
}

#[test]
fn where_nothing_is_written_the_page_says_who_can_change_it() {
    let site = crate::site::public();
    let page = site.submit(&Browser::new(), &site.attempt(), "edsger", "Pw-edsger");
    assert_eq!(page.status, 403, "{}", page.body);
    assert!(page.body.contains("administrator"), "{}", page.body);
    assert!(!page.body.contains("current-password"), "{}", page.body);
    assert_eq!(page.header("set-cookie"), None);
}

#[test]
fn only_who_knows_the_password_hears_that_it_has_to_be_changed() {
    let site = Writable::start();
    let client = site.client();
    let refused = |username: &str, password: &str| {
        let browser = Browser::new();
        seen(&client.submit(&browser, &client.attempt(), username, password))
    };
    let expected = refused("nobody-at-all", "x");
    for (username, password) in [
        ("edsger", "wrong"),
        ("maria", "wrong"),
        ("katherine", "wrong"),
        ("hedy", "Pw-hedy"),
        ("alan", "Pw-alan"),
        ("grace", "Pw-grace"),
    ] {
        assert_eq!(refused(username, password), expected, "{username}");
    }
    assert_eq!(expected.0, 401);
}

#[test]
fn who_is_locked_out_does_not_come_in_by_a_new_password() {
    let site = Writable::start();
    let client = site.client();
    for username in ["hedy", "alan", "grace"] {
        let browser = Browser::new();
        let page = client.open(&browser, &client.attempt());
        let path = page
            .url
            .as_str()
            .replace("/authenticate/", "/update-password/");
        let current = format!("Pw-{username}");
        let fields = [
            ("username", username),
            ("current", &current),
            ("new", NEW),
            ("again", NEW),
            ("csrf", page.form().value("csrf")),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
        let answer = browser.post(path, &fields);
        assert_eq!(answer.status, 401, "{username}: {}", answer.body);
        assert_eq!(answer.header("set-cookie"), None);
    }
}
