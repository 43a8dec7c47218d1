//! Sessions: who is still signed in, and where.

use crate::site::{PASSWORD, USERNAME, elsewhere, public};
use serde_json::Value;
use suites::{
    application::{Application, Attempt, decode},
    browser::{Browser, Page},
};

fn ask(client: &Application, browser: &Browser, attempt: &Attempt) -> Page {
    browser.get(client.authorize_url(attempt))
}

fn wants_a_sign_in(page: &Page) -> bool {
    page.location()
        .path()
        .contains("/login-actions/authenticate/")
}

fn signed_in(client: &Application) -> Browser {
    let browser = Browser::new();
    client.code(&browser, &client.attempt(), USERNAME, PASSWORD);
    browser
}

fn id_token(client: &Application, attempt: &Attempt, page: &Page) -> Value {
    let code = client.code_in(&page.location());
    let tokens = client.redeem(&client.token_fields(&code, attempt)).json();
    decode(tokens["id_token"].as_str().expect("an ID token")).1
}

#[test]
fn somebody_who_is_signed_in_is_not_asked_again() {
    let client = public();
    let browser = signed_in(&client);
    for more in [None, Some(("prompt", "none")), Some(("max_age", "3600"))] {
        let attempt = client.attempt();
        let attempt = more.map_or(attempt.clone(), |(name, value)| attempt.and(name, value));
        let page = ask(&client, &browser, &attempt);
        let claims = id_token(&client, &attempt, &page);
        assert_eq!(claims["nonce"], attempt.value("nonce"));
    }
}

#[test]
fn the_time_of_the_sign_in_stays_what_it_was() {
    let (client, browser) = (public(), Browser::new());
    let first = client.attempt();
    let page = client.submit(&browser, &first, USERNAME, PASSWORD);
    let first = id_token(&client, &first, &page);
    let second = client.attempt();
    let page = ask(&client, &browser, &second);
    let second = id_token(&client, &second, &page);
    assert_eq!(first["auth_time"], second["auth_time"]);
    assert_eq!(first["sub"], second["sub"]);
    assert!(first["auth_time"].is_u64());
}

#[test]
fn a_client_may_ask_for_the_password_again() {
    let client = public();
    let browser = signed_in(&client);
    for (name, value) in [
        ("prompt", "login"),
        ("prompt", "select_account"),
        ("prompt", "consent"),
        ("max_age", "0"),
    ] {
        let page = ask(&client, &browser, &client.attempt().and(name, value));
        assert!(wants_a_sign_in(&page), "{name}={value}");
    }
}

#[test]
fn a_session_is_worth_nothing_at_another_realm() {
    let (here, there) = (public(), elsewhere());
    let browser = signed_in(&here);
    assert!(wants_a_sign_in(&ask(&there, &browser, &there.attempt())));
    // Nor under the name of the other realm's cookie.
    let realm = |client: &Application| {
        client
            .issuer
            .rsplit('/')
            .next()
            .expect("a realm")
            .to_owned()
    };
    for (name, value) in browser.cookies() {
        browser.plant(&name.replace(&realm(&here), &realm(&there)), &value);
    }
    let page = ask(&there, &browser, &there.attempt());
    assert!(wants_a_sign_in(&page), "{}", page.location());
    assert_eq!(
        ask(&there, &browser, &there.attempt().and("prompt", "none")).answer()["error"],
        "login_required"
    );
    assert!(
        !wants_a_sign_in(&ask(&here, &browser, &here.attempt())),
        "the session was lost"
    );
}

#[test]
fn a_sign_in_gives_a_new_session() {
    let client = public();
    let browser = signed_in(&client);
    let planted = browser.cookies();
    client.code(
        &browser,
        &client.attempt().and("prompt", "login"),
        USERNAME,
        PASSWORD,
    );
    let session = |cookies: &std::collections::BTreeMap<String, String>| {
        let found = cookies.iter().find(|(name, _)| name.contains("session"));
        found
            .map(|(_, value)| value.clone())
            .expect("a session cookie")
    };
    assert_ne!(session(&planted), session(&browser.cookies()));
    // The one before it is over: whoever planted it holds nothing.
    let other = Browser::new();
    for (name, value) in planted {
        other.plant(&name, &value);
    }
    assert!(wants_a_sign_in(&ask(&client, &other, &client.attempt())));
}

#[test]
fn a_made_up_session_is_nobody() {
    let client = public();
    let real = signed_in(&client).cookies();
    for value in ["", "x", &"A".repeat(43), &"A".repeat(4000)] {
        let browser = Browser::new();
        for name in real.keys() {
            browser.plant(name, value);
        }
        assert!(
            wants_a_sign_in(&ask(&client, &browser, &client.attempt())),
            "{value}"
        );
    }
}

#[test]
fn a_hint_of_somebody_else_is_not_answered_for_them() {
    let client = public();
    let browser = signed_in(&client);
    let tokens = client.tokens(&Browser::new(), USERNAME, PASSWORD);
    let own = tokens["id_token"].as_str().expect("an ID token");
    let attempt = client.attempt().and("prompt", "none");
    let same = ask(
        &client,
        &browser,
        &attempt.clone().and("id_token_hint", own),
    )
    .answer();
    assert!(same.contains_key("code"), "{same:?}");
    let (head, tail) = own.split_at(own.len() / 2);
    let forged = format!("{head}A{}", tail.get(1..).expect("ASCII"));
    for hint in ["nonsense", &forged] {
        let answer = ask(
            &client,
            &browser,
            &attempt.clone().and("id_token_hint", hint),
        )
        .answer();
        assert_eq!(answer["error"], "login_required", "{hint}");
    }
}
