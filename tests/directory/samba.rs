//! People of a real domain sign in to a running bridge.

use serde_json::{Value, json};
use suites::{
    application::decode,
    authority::Authority,
    browser::{Browser, Page},
    samba::{DOMAIN, PEOPLE, Samba},
    served::{Directory, Served},
};

const BRIDGE: &str = env!("CARGO_BIN_EXE_bridge-under-test");

fn over_tls(samba: &Samba) -> Directory {
    Directory::of_samba(samba.ldaps_url()).trusting(&Authority::shared().ca)
}

fn over_start_tls(samba: &Samba) -> Directory {
    let directory = Directory::of_samba(samba.ldap_url()).with("start_tls = true");
    directory.trusting(&Authority::shared().ca)
}

fn try_password(served: &Served, username: &str, password: &str) -> Page {
    let wiki = served.wiki();
    wiki.submit(&Browser::new(), &wiki.attempt(), username, password)
}

fn last_reason(served: &Served) -> Value {
    let last = served.audited_sign_ins().pop().expect("an event");
    last["reason"].clone()
}

#[test]
fn people_sign_in_by_either_of_their_names_and_by_the_domains() {
    let samba = Samba::start();
    for directory in [over_start_tls(&samba), over_tls(&samba)] {
        let served = Served::start(BRIDGE, &directory);
        let mut subjects = Vec::new();
        for username in ["ada", "ADA", "ada@ad.example.test", "EXAMPLE\\ada"] {
            let wiki = served.wiki();
            let tokens = wiki.tokens(&Browser::new(), username, "Pw-ada");
            let (_, claims) = decode(tokens["id_token"].as_str().expect("an ID token"));
            for (claim, expected) in [
                ("preferred_username", "ada"),
                ("name", "Ada Lovelace"),
                ("email", "ada@example.test"),
            ] {
                assert_eq!(claims[claim], expected, "{claim} in {claims}");
            }
            subjects.push(claims["sub"].clone());
        }
        subjects.dedup();
        assert_eq!(subjects.len(), 1, "one person, one subject");
        let event = served.audited_sign_ins().pop().expect("an event");
        assert_eq!(event["policy"]["id"], "active-directory");
        assert_eq!(event["entry_dn"], format!("CN=Ada Lovelace,{PEOPLE}"));
    }
}

#[test]
fn groups_are_those_that_a_person_is_in_directly() {
    let samba = Samba::start();
    let served = Served::start(BRIDGE, &over_start_tls(&samba));
    let wiki = served.wiki();
    let attempt = wiki.attempt().with("scope", "openid groups");
    let code = wiki.code(&Browser::new(), &attempt, "ada", "Pw-ada");
    let tokens = wiki.redeem(&wiki.token_fields(&code, &attempt)).json();
    let (_, claims) = decode(tokens["id_token"].as_str().expect("an ID token"));
    assert_eq!(claims["groups"], json!(["Engineers", "Mathematicians"]));
}

#[test]
fn the_audit_trail_knows_why_somebody_was_refused() {
    let samba = Samba::start();
    let served = Served::start(BRIDGE, &over_start_tls(&samba));
    for (username, password, reason) in [
        ("emmy", "wrong", "bad_credentials"),
        ("nobody", "Pw-nobody", "unknown_user"),
        ("hedy", "Pw-hedy", "disabled"),
        ("grace", "Pw-grace", "account_expired"),
        // Nobody's account: the domain's own computer.
        ("dc1$", "x", "unknown_user"),
    ] {
        let page = try_password(&served, username, password);
        assert_eq!(page.status, 401, "{username}");
        assert_eq!(last_reason(&served), reason, "{username}");
    }
}

#[test]
fn an_account_that_the_domain_locks_or_an_administrator_changes_is_seen_at_once() {
    let samba = Samba::start();
    let served = Served::start(BRIDGE, &over_start_tls(&samba));
    assert_eq!(try_password(&served, "jorg", "Pw-jorg").status, 303);
    samba.add(&format!(
        "dn: CN=New,{PEOPLE}\nobjectClass: user\nsAMAccountName: new\npassword: Pw-new\nuserAccountControl: 512\n"
    ));
    assert_eq!(try_password(&served, "new", "Pw-new").status, 303);
    samba.modify(&format!(
        "dn: CN=New,{PEOPLE}\nchangetype: modify\nreplace: userAccountControl\nuserAccountControl: 514\n"
    ));
    assert_eq!(try_password(&served, "new", "Pw-new").status, 401);
    assert_eq!(last_reason(&served), "disabled");

    // The bridge waits after four failures, so the domain is brought to lock after two.
    samba.modify(&format!(
        "dn: {DOMAIN}\nchangetype: modify\nreplace: lockoutThreshold\nlockoutThreshold: 2\n"
    ));
    for _ in 0..2 {
        assert_eq!(try_password(&served, "sophie", "wrong").status, 401);
    }
    assert_eq!(try_password(&served, "sophie", "Pw-sophie").status, 401);
    assert_eq!(last_reason(&served), "locked");
}

#[test]
fn a_server_that_ends_and_comes_back_is_no_wrong_password() {
    let mut samba = Samba::start();
    let served = Served::start(BRIDGE, &over_tls(&samba));
    assert_eq!(try_password(&served, "ada", "Pw-ada").status, 303);
    samba.kill();
    assert_eq!(try_password(&served, "ada", "Pw-ada").status, 503);
    samba.restart();
    assert_eq!(try_password(&served, "ada", "Pw-ada").status, 303);
}
