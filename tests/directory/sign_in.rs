//! People of a real slapd sign in to a running bridge.

use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    fs,
    time::{Duration, Instant},
};
use suites::{
    application::decode,
    authority::Authority,
    browser::{Browser, Page},
    peer::{BIND, Peer, Reaction},
    served::{Directory, Served},
    slapd::Slapd,
};

const BRIDGE: &str = env!("CARGO_BIN_EXE_bridge-under-test");

fn over_tls(slapd: &Slapd) -> Directory {
    let url = format!("ldaps://{}", slapd.ldaps_address());
    Directory::at(url).trusting(&Authority::shared().ca)
}

fn over_start_tls(slapd: &Slapd) -> Directory {
    let url = format!("ldap://{}", slapd.ldap_address());
    let directory = Directory::at(url).with("start_tls = true");
    directory.trusting(&Authority::shared().ca)
}

fn try_password(served: &Served, username: &str, password: &str) -> Page {
    let wiki = served.wiki();
    wiki.submit(&Browser::new(), &wiki.attempt(), username, password)
}

fn last_reason(served: &Served) -> String {
    let events = served.audited_sign_ins();
    let reason = events.last().map(|event| event["reason"].clone());
    reason
        .and_then(|reason| reason.as_str().map(str::to_owned))
        .unwrap_or_default()
}

#[test]
fn people_sign_in_over_ldaps_and_over_start_tls() {
    let slapd = Slapd::shared();
    for directory in [over_tls(slapd), over_start_tls(slapd)] {
        let served = Served::start(BRIDGE, &directory);
        let mut subjects = Vec::new();
        for (client, algorithm) in [("wiki", "RS256"), ("chat", "ES256")] {
            let tokens = served
                .client(client)
                .tokens(&Browser::new(), "ada", "Pw-ada");
            let (header, claims) = decode(tokens["id_token"].as_str().expect("an ID token"));
            assert_eq!(header["alg"], algorithm);
            for (claim, expected) in [
                ("preferred_username", json!("ada")),
                ("name", json!("Ada Lovelace")),
                ("given_name", json!("Ada")),
                ("family_name", json!("Lovelace")),
                ("email", json!("ada@example.test")),
            ] {
                assert_eq!(claims[claim], expected, "{claim} in {claims}");
            }
            subjects.push(claims["sub"].clone());
        }
        assert_eq!(subjects[0], subjects[1], "one person, one subject");
        let events = served.audited_sign_ins();
        assert_eq!(events.len(), 2);
        for event in events {
            assert_eq!(event["outcome"], "success");
            assert_eq!(event["subject"], subjects[0]);
            assert_eq!(event["policy"]["id"], "openldap");
            let digest = event["policy"]["digest"].as_str().expect("a digest");
            assert!(
                digest.starts_with("sha256:") && digest.len() == 71,
                "{digest}"
            );
        }
    }
}

#[test]
fn groups_are_claims_where_they_are_asked_for() {
    let slapd = Slapd::shared();
    let served = Served::start(BRIDGE, &over_tls(slapd));
    let wiki = served.wiki();
    let attempt = wiki.attempt().with("scope", "openid groups");
    let code = wiki.code(&Browser::new(), &attempt, "ada", "Pw-ada");
    let tokens = wiki.redeem(&wiki.token_fields(&code, &attempt)).json();
    let (_, claims) = decode(tokens["id_token"].as_str().expect("an ID token"));
    assert_eq!(
        claims["groups"],
        json!(["admins", "engineers", "mathematicians"])
    );
}

#[test]
fn odd_names_sign_in() {
    let slapd = Slapd::shared();
    let served = Served::start(BRIDGE, &over_tls(slapd));
    for username in ["o'brien", "ünï", "bob", "a*(b)\\c", "null"] {
        // What stands before a backslash is a domain to a directory, so this name has none there.
        let password = if username == "null" {
            "null".to_owned()
        } else {
            format!("Pw-{username}")
        };
        let page = try_password(&served, username, &password);
        assert_eq!(page.status, 303, "{username}: {}", last_reason(&served));
    }
    for username in ["*", "a)(uid=*", "ad*", "\\2a", "(ada)"] {
        let page = try_password(&served, username, "Pw-ada");
        assert_eq!(page.status, 401, "{username}");
        assert_eq!(last_reason(&served), "unknown_user", "{username}");
    }
}

/// What of a page may not depend on who tried: all but what is made anew for each request.
fn comparable(page: &Page) -> (u16, BTreeMap<String, String>, String) {
    let of_the_request = ["date", "x-request-id"];
    let headers = page.headers.iter().map(|(name, value)| {
        let name = name.as_str().to_owned();
        let value = if of_the_request.contains(&name.as_str()) {
            "…"
        } else {
            value.to_str().expect("ASCII")
        };
        (name, value.to_owned())
    });
    let mut body = page.body.replace(page.form().value("csrf"), "…");
    if let Some(id) = page.header("x-request-id") {
        body = body.replace(id, "…");
    }
    body = body.replace(page.form().action.path(), "…");
    (page.status, headers.collect(), body)
}

#[test]
fn every_refusal_looks_the_same_and_the_audit_trail_knows_why() {
    let slapd = Slapd::shared();
    let served = Served::start(BRIDGE, &over_tls(slapd));
    let mut seen = Vec::new();
    for (username, password, reason) in [
        ("emmy", "wrong", "bad_credentials"),
        ("nobody", "Pw-nobody", "unknown_user"),
        ("ada", "", "empty_password"),
        ("twin", "Pw-twin", "ambiguous_user_name"),
        ("hedy", "Pw-hedy", "disabled"),
        ("grace", "Pw-grace", "account_expired"),
        ("alan", "Pw-alan", "locked"),
    ] {
        let page = try_password(&served, username, password);
        assert_eq!(last_reason(&served), reason, "{username}");
        seen.push((username, comparable(&page)));
    }
    let (_, first) = &seen[0];
    assert_eq!(first.0, 401);
    for (username, page) in &seen {
        assert_eq!(page, first, "{username}");
    }
    let events = served.audited_sign_ins();
    let of = |reason: &str| -> Value {
        events
            .iter()
            .find(|event| event["reason"] == reason)
            .cloned()
            .unwrap_or_default()
    };
    assert_eq!(of("unknown_user")["entry_dn"], Value::Null);
    assert_eq!(
        of("locked")["entry_dn"],
        "uid=alan,ou=people,dc=example,dc=test"
    );
    let trail = fs::read_to_string(served.path("audit.jsonl")).expect("the audit trail");
    let log = served.bridge.log();
    for secret in ["Pw-", "nobody\"", "svcpw"] {
        assert!(!trail.contains(secret), "{secret} in the audit trail");
        assert!(!log.contains(secret), "{secret} in the log");
    }
}

#[test]
fn no_password_travels_in_clear_unless_the_federation_says_so() {
    let peer = Peer::start(|_| Reaction::Ignore);
    let directory = Directory::at(format!("ldap://{}", peer.address()));
    let served = Served::start(BRIDGE, &directory);
    let page = try_password(&served, "ada", "Pw-ada");
    assert_eq!(page.status, 503);
    assert!(
        last_reason(&served).contains("plaintext refused"),
        "{}",
        last_reason(&served)
    );
    let binds = peer
        .requests()
        .iter()
        .filter(|request| request.operation == BIND)
        .count();
    assert_eq!(binds, 0, "a bind was sent in clear");
    drop(served);

    let slapd = Slapd::shared();
    let plain = Directory::at(format!("ldap://{}", slapd.ldap_address()));
    let served = Served::start(BRIDGE, &plain.with("allow_plaintext = true"));
    assert_eq!(try_password(&served, "ada", "Pw-ada").status, 303);
}

#[test]
fn a_directory_that_cannot_answer_is_no_wrong_password() {
    let wrong_host = Slapd::start_with(&Authority::shared().wrong_host);
    let mut gone = Slapd::start();
    let dead = over_tls(&gone);
    gone.kill();
    let refused = {
        let slapd = Slapd::shared();
        let served = Served::start(BRIDGE, &over_tls(slapd));
        try_password(&served, "emmy", "wrong").body
    };
    for (directory, reason) in [
        (over_tls(&wrong_host), "TLS failed"),
        (over_start_tls(&wrong_host), "TLS failed"),
        (dead, "connection failed"),
    ] {
        let served = Served::start(BRIDGE, &directory);
        let page = try_password(&served, "ada", "Pw-ada");
        assert_eq!(page.status, 503, "{reason}");
        assert_ne!(page.body, refused);
        let id = page.header("x-request-id").expect("a request id");
        assert!(page.body.contains(id), "the page carries the request id");
        assert!(
            last_reason(&served).contains(reason),
            "{}",
            last_reason(&served)
        );
        let event = served.audited_sign_ins().pop().expect("an event");
        assert_eq!(event["outcome"], "unavailable");
        assert_eq!(event["request_id"], id);
    }
}

#[test]
fn the_throttle_triggers_before_the_directory_locks_the_account() {
    let slapd = Slapd::start();
    let served = Served::start(BRIDGE, &over_tls(&slapd));
    let statuses: Vec<_> = (0..8)
        .map(|_| try_password(&served, "sophie", "wrong").status)
        .collect();
    assert_eq!(statuses, [401, 401, 401, 401, 429, 429, 429, 429]);
    let page = try_password(&served, "sophie", "Pw-sophie");
    assert_eq!(page.status, 429, "the right password waits too");
    assert!(page.header("retry-after").is_some());
    assert_eq!(
        try_password(&served, " SOPHIE ", "wrong").status,
        429,
        "it is the same name"
    );
    // slapd locks after five failures; a bridge without a memory of them shows that it did not.
    let other = Served::start(BRIDGE, &over_tls(&slapd));
    assert_eq!(try_password(&other, "sophie", "Pw-sophie").status, 303);
}

fn eventually(mut holds: impl FnMut() -> bool) -> bool {
    let begin = Instant::now();
    while begin.elapsed() < Duration::from_secs(20) {
        if holds() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    false
}

#[test]
fn changed_files_take_effect_without_a_restart() {
    let slapd = Slapd::shared();
    let mut directory = over_tls(slapd);
    "file:../secrets/bind".clone_into(&mut directory.credential);
    let folder = tempfile::tempdir().expect("a folder");
    let secret = folder.path().join("bind");
    fs::write(&secret, "not the password\n").expect("a secret");
    directory.credential = format!("file:{}", secret.display());
    let served = Served::start(BRIDGE, &directory);
    assert_eq!(try_password(&served, "ada", "Pw-ada").status, 503);
    assert!(
        last_reason(&served).contains("service bind refused"),
        "{}",
        last_reason(&served)
    );

    fs::write(&secret, "svcpw\n").expect("a secret");
    assert!(eventually(
        || try_password(&served, "ada", "Pw-ada").status == 303
    ));

    let page = || {
        served
            .wiki()
            .open(&Browser::new(), &served.wiki().attempt())
            .body
    };
    let text = fs::read_to_string(served.realm_file()).expect("the realm");
    fs::write(
        served.realm_file(),
        text.replace("\"Staff\"", "\"Everybody\""),
    )
    .expect("the realm");
    assert!(eventually(|| page().contains("Everybody")));

    fs::write(served.realm_file(), "[realm\n").expect("the realm");
    assert!(eventually(|| served
        .bridge
        .log()
        .contains("the last good state stays")));
    assert_eq!(try_password(&served, "ada", "Pw-ada").status, 303);
}

#[test]
fn what_no_file_declares_any_more_is_out_of_force_and_comes_back_as_it_was() {
    let slapd = Slapd::shared();
    let served = Served::start(BRIDGE, &over_tls(slapd));
    let subject = |served: &Served| {
        let tokens = served.wiki().tokens(&Browser::new(), "ada", "Pw-ada");
        let (_, claims) = decode(tokens["id_token"].as_str().expect("an ID token"));
        claims["sub"].clone()
    };
    let before = subject(&served);
    let config = fs::read_to_string(served.path("bridge.toml")).expect("the configuration");
    let without = config.replace("apply = [\"realms/staff.toml\"]", "apply = []");
    fs::write(served.path("bridge.toml"), without).expect("the configuration");
    let served = served.restarted(BRIDGE);
    let page = Browser::new().get(served.wiki().authorize_url(&served.wiki().attempt()));
    assert_eq!(page.status, 404);

    fs::rename(served.realm_file(), served.path("realms/renamed.toml")).expect("renamed");
    let renamed = config.replace("realms/staff.toml", "realms/renamed.toml");
    fs::write(served.path("bridge.toml"), renamed).expect("the configuration");
    let served = served.restarted(BRIDGE);
    assert_eq!(subject(&served), before);
}

#[test]
fn a_file_that_makes_people_into_others_says_how_many() {
    let served = Served::start(BRIDGE, &over_tls(Slapd::shared()));
    assert_eq!(try_password(&served, "ada", "Pw-ada").status, 303);
    let text = fs::read_to_string(served.realm_file()).expect("the realm");
    let changed = text.replace(
        "vendor = \"openldap\"",
        "vendor = \"openldap\"\nuuid_ldap_attribute = \"uid\"",
    );
    fs::write(served.realm_file(), changed).expect("the realm");
    assert!(eventually(|| {
        let log = served.bridge.log();
        let mut lines = log.lines();
        lines.any(|line| {
            line.contains("are others to all applications") && line.contains("\"users\":1")
        })
    }));
}

#[test]
fn a_sign_in_that_began_as_the_bridge_was_stopped_goes_on_after_the_next_start() {
    let served = Served::start(BRIDGE, &over_tls(Slapd::shared()));
    let begun: Vec<_> = (0..8)
        .map(|_| {
            let browser = Browser::new();
            let form = served
                .wiki()
                .open(&browser, &served.wiki().attempt())
                .form();
            (browser, form)
        })
        .collect();
    let _served = served.restarted(BRIDGE);
    for (browser, form) in begun {
        let form = form.with("username", "ada").with("password", "Pw-ada");
        assert_eq!(browser.submit(&form).status, 303);
    }
}
