//! The sign-in page: whose form is believed, and what is told to whom.

use crate::site::{CLUMSY, CLUMSY_PASSWORD, PASSWORD, USERNAME, bridge, elsewhere, public, seen};
use suites::{browser::Browser, slapd::SERVICE_PASSWORD};

#[test]
fn a_form_without_its_token_is_refused() {
    let (client, browser) = (public(), Browser::new());
    let form = client.open(&browser, &client.attempt()).form();
    let filled = form.with("username", USERNAME).with("password", PASSWORD);
    let foreign = client.open(&browser, &client.attempt()).form();
    let stranger = client.open(&Browser::new(), &client.attempt()).form();
    for token in [
        "",
        "nonsense",
        foreign.value("csrf"),
        stranger.value("csrf"),
    ] {
        let page = browser.submit(&filled.clone().with("csrf", token));
        assert_eq!(
            (page.status, page.header("location")),
            (403, None),
            "{token}"
        );
    }
    let page = browser.submit(&filled.clone().without("csrf"));
    assert_eq!((page.status, page.header("location")), (403, None));
    // None of that used up the sign-in of the person.
    assert_eq!(browser.submit(&filled).status, 303);
}

#[test]
fn a_sign_in_belongs_to_the_browser_that_began_it() {
    let (client, browser, other) = (public(), Browser::new(), Browser::new());
    let page = client.open(&browser, &client.attempt());
    let refused = other.get(&page.url);
    assert_eq!((refused.status, refused.header("location")), (400, None));
    assert!(!refused.body.contains("<form"), "{}", refused.body);
    let filled = page
        .form()
        .with("username", USERNAME)
        .with("password", PASSWORD);
    let refused = other.submit(&filled);
    assert!(matches!(refused.status, 400 | 403), "{}", refused.status);
    assert_eq!(refused.header("location"), None);
    // Nor with a binding of its own.
    client.open(&other, &client.attempt());
    assert!(matches!(other.submit(&filled).status, 400 | 403));
    assert_eq!(browser.submit(&filled).status, 303);
}

#[test]
fn a_sign_in_belongs_to_its_realm() {
    let (here, there, browser) = (public(), elsewhere(), Browser::new());
    let page = here.open(&browser, &here.attempt());
    there.open(&browser, &there.attempt());
    let realm = |issuer: &str| issuer.rsplit('/').next().expect("a realm").to_owned();
    let moved = page
        .url
        .as_str()
        .replace(&realm(&here.issuer), &realm(&there.issuer));
    assert_eq!(browser.get(moved).status, 400);
}

#[test]
fn a_sign_in_is_done_once() {
    let (client, browser) = (public(), Browser::new());
    let form = client.open(&browser, &client.attempt()).form();
    let filled = form.with("username", USERNAME).with("password", PASSWORD);
    assert_eq!(browser.submit(&filled).status, 303);
    let page = browser.submit(&filled);
    assert_eq!((page.status, page.header("location")), (400, None));
    assert_eq!(browser.get(&filled.action).status, 400);
}

#[test]
fn a_wrong_password_and_an_unknown_name_look_the_same() {
    let client = public();
    let refused = |username: &str, password: &str| {
        let browser = Browser::new();
        let page = client.submit(&browser, &client.attempt(), username, password);
        seen(&page)
    };
    let expected = refused("nobody-at-all", PASSWORD);
    for (username, password) in [
        ("grace", "Pw-grace"),
        ("alan", "Pw-alan"),
        (CLUMSY, "wrong"),
        (CLUMSY, ""),
        ("", PASSWORD),
        ("", ""),
        ("*", PASSWORD),
        ("ada)(objectClass=*", PASSWORD),
        ("ada\0", PASSWORD),
        ("<script>", "x"),
    ] {
        assert_eq!(
            refused(username, password),
            expected,
            "{username:?} with {password:?}"
        );
    }
    assert_eq!(expected.0, 401);
    assert!(
        !expected.2.contains("nobody-at-all"),
        "what was typed is given back"
    );
}

#[test]
fn a_refused_person_can_try_again_on_the_same_page() {
    let (client, browser) = (elsewhere(), Browser::new());
    let page = client.submit(&browser, &client.attempt(), CLUMSY, "mistyped");
    let page = browser.submit(
        &page
            .form()
            .with("username", CLUMSY)
            .with("password", CLUMSY_PASSWORD),
    );
    client.code_in(&page.location());
}

#[test]
fn too_much_of_anything_is_refused_before_it_is_looked_at() {
    let (client, browser) = (public(), Browser::new());
    let form = client.open(&browser, &client.attempt()).form();
    for (name, value) in [
        ("password", "x".repeat(1 << 20)),
        ("password", "x".repeat(1025)),
        ("username", "x".repeat(300)),
    ] {
        let page = browser.submit(&form.clone().with("username", USERNAME).with(name, &value));
        assert!(
            matches!(page.status, 400 | 413),
            "{} for {} of {name}",
            page.status,
            value.len()
        );
    }
    let mut twice = form.with("username", USERNAME).with("password", "wrong");
    twice
        .fields
        .push(("password".to_owned(), PASSWORD.to_owned()));
    assert_eq!(browser.submit(&twice).status, 400);
}

#[test]
fn cookies_are_out_of_reach_of_scripts_and_other_sites() {
    let (client, browser) = (public(), Browser::new());
    let first = browser.get(client.authorize_url(&client.attempt()));
    let page = browser.get(first.location());
    let last = browser.submit(
        &page
            .form()
            .with("username", USERNAME)
            .with("password", PASSWORD),
    );
    let mut lines = 0;
    for page in [first, last] {
        for line in page.headers.get_all("set-cookie") {
            let line = line.to_str().expect("ASCII").to_ascii_lowercase();
            for attribute in ["path=/", "httponly", "samesite=lax"] {
                assert!(line.contains(attribute), "{line}");
            }
            assert!(!line.contains("domain="), "{line}");
            lines += 1;
        }
    }
    assert_eq!(lines, 2, "one binding and one session");
}

#[test]
fn what_was_typed_never_reaches_the_log() {
    let client = public();
    let marker = "typed-by-mistake-7f3a";
    client.submit(&Browser::new(), &client.attempt(), marker, "secret-7f3a");
    client.submit(&Browser::new(), &client.attempt(), CLUMSY, "secret-7f3b");
    client.code(&Browser::new(), &client.attempt(), USERNAME, PASSWORD);
    let log = bridge().log();
    assert!(
        log.contains("sign_in") && log.contains("uid=emmy"),
        "no audit line in the log:\n{log}"
    );
    for text in [marker, "secret-7f3", PASSWORD, SERVICE_PASSWORD] {
        let told: Vec<_> = log.lines().filter(|line| line.contains(text)).collect();
        assert!(told.is_empty(), "{text} stands in the log: {told:?}");
    }
}
