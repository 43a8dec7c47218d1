//! Binding as a person.

use super::*;
use bridge_model::{
    ports::DirectoryFault,
    search::{Control, Reply},
    secret::PasswordError,
};
use suites::{
    peer::{self, BIND, Peer, Reaction, SEARCH},
    slapd::Slapd,
};

/// draft-behera-ldap-password-policy section 6.1: asks the server to say more.
const PASSWORD_POLICY: &str = "1.3.6.1.4.1.42.2.27.8.5.1";

fn control(oid: &str, critical: bool) -> Control {
    Control {
        oid: oid.to_owned(),
        critical,
        value: None,
    }
}

async fn bind_uid(directory: &dyn Directory, uid: &str, typed: &str) -> Reply {
    let controls = [control(PASSWORD_POLICY, false)];
    let bound = bind_with(directory, person(uid), typed, &controls);
    bound.await.expect("an answer")
}

/// The octets of the password policy's answer.
fn policy(reply: &Reply) -> &[u8] {
    let found = reply
        .controls
        .iter()
        .find(|control| control.oid == PASSWORD_POLICY);
    found
        .and_then(|control| control.value.as_deref())
        .unwrap_or_default()
}

#[tokio::test]
async fn a_wrong_password_is_an_answer_and_the_right_one_works_afterwards() {
    let directory = open(&ldaps(&Slapd::shared().ldaps_address()));
    assert_eq!(bind_uid(&*directory, "emmy", "wrong").await.result_code, 49);
    assert_eq!(
        bind_uid(&*directory, "nobody-of-this-name", "wrong")
            .await
            .result_code,
        49
    );
    let found = directory
        .search(&by_uid("emmy"))
        .await
        .expect("the service is still bound");
    assert_eq!(found.entries.len(), 1);
    assert!(bind_uid(&*directory, "emmy", "Pw-emmy").await.is_success());
}

#[tokio::test]
async fn the_servers_controls_come_through() {
    let directory = open(&ldaps(&Slapd::shared().ldaps_address()));
    // The error in `30 03 81 01 error`: 1 is "account locked", 2 is "change after reset".
    let locked = bind_uid(&*directory, "alan", "Pw-alan").await;
    assert_eq!(
        (locked.result_code, policy(&locked)),
        (49, &b"\x30\x03\x81\x01\x01"[..])
    );
    let reset = bind_uid(&*directory, "edsger", "Pw-edsger").await;
    assert_eq!(
        (reset.result_code, policy(&reset)),
        (0, &b"\x30\x03\x81\x01\x02"[..])
    );
    let ended = bind_uid(&*directory, "grace", "Pw-grace").await;
    assert_eq!(
        (ended.result_code, policy(&ended)),
        (49, &b"\x30\x03\x81\x01\x01"[..])
    );
}

#[tokio::test]
async fn a_grace_sign_in_is_counted_down() {
    let slapd = Slapd::start();
    let directory = open(&start_tls(&slapd.ldap_address()));
    // `30 05 a0 03 81 01 n`: n sign-ins of grace are left.
    for left in [1, 0] {
        let reply = bind_uid(&*directory, "maria", "Pw-maria").await;
        let expected = [0x30, 0x05, 0xa0, 0x03, 0x81, 0x01, left];
        assert_eq!((reply.result_code, policy(&reply)), (0, &expected[..]));
    }
    let reply = bind_uid(&*directory, "maria", "Pw-maria").await;
    assert_eq!(
        (reply.result_code, policy(&reply)),
        (49, &b"\x30\x03\x81\x01\x00"[..])
    );
}

#[tokio::test]
async fn a_failed_bind_is_counted_once_by_the_server() {
    let slapd = Slapd::start();
    let directory = open(&ldaps(&slapd.ldaps_address()));
    // The server locks the account at the fifth failure.
    for _ in 0..4 {
        assert_eq!(
            bind_uid(&*directory, "sophie", "wrong").await.result_code,
            49
        );
    }
    assert!(
        bind_uid(&*directory, "sophie", "Pw-sophie")
            .await
            .is_success()
    );
    for _ in 0..5 {
        assert_eq!(
            bind_uid(&*directory, "sophie", "wrong").await.result_code,
            49
        );
    }
    let locked = bind_uid(&*directory, "sophie", "Pw-sophie").await;
    assert_eq!(
        (locked.result_code, policy(&locked)),
        (49, &b"\x30\x03\x81\x01\x01"[..])
    );
}

#[tokio::test]
async fn a_critical_control_that_the_server_does_not_know_is_sent_as_critical() {
    let directory = open(&ldaps(&Slapd::shared().ldaps_address()));
    for (critical, expected) in [(true, 12), (false, 0)] {
        let controls = [control("1.3.6.1.4.1.55555.99", critical)];
        let bound = bind_with(&*directory, person("ada"), "Pw-ada", &controls);
        assert_eq!(bound.await.expect("an answer").result_code, expected);
    }
}

#[tokio::test]
async fn people_with_odd_names_are_found_and_bound() {
    let directory = open(&ldaps(&Slapd::shared().ldaps_address()));
    for (uid, typed) in [
        ("o'brien", "Pw-o'brien"),
        ("ünï", "Pw-ünï"),
        ("bob", "Pw-bob"),
        ("a*(b)\\c", "Pw-a*(b)\\c"),
        ("null", "null"),
    ] {
        let found = directory.search(&by_uid(uid)).await.expect("an answer");
        assert_eq!(found.entries.len(), 1, "{uid}");
        let dn = name(&found.entries[0].dn);
        let bound = bind(&*directory, dn, typed);
        assert!(bound.await.expect("an answer").is_success(), "{uid}");
    }
}

#[tokio::test]
async fn a_name_a_password_and_a_control_are_sent_as_they_are() {
    let peer = Peer::start(|request| Reaction::Send(peer::bind_response(request.id, 49)));
    let directory = open(&plaintext(&peer.address()));
    let names = [
        "ada@example.test",
        "EXAMPLE\\ada",
        " cn=ada , dc=example",
        "ädä",
        "a*(b)",
    ];
    for sent in names {
        let controls = [Control {
            oid: "1.2.3".to_owned(),
            critical: true,
            value: Some(vec![0, 255]),
        }];
        let bound = bind_with(&*directory, name(sent), " p\u{e4}ss\\2a ", &controls);
        assert_eq!(bound.await.expect("an answer").result_code, 49);
    }
    let requests = peer.requests();
    assert_eq!(requests.len(), names.len());
    for (request, sent) in requests.iter().zip(names) {
        let bind = [
            peer::element(0x02, &[3]),
            peer::element(0x04, sent.as_bytes()),
            peer::element(0x80, " p\u{e4}ss\\2a ".as_bytes()),
        ];
        let control = [
            peer::element(0x04, b"1.2.3"),
            peer::element(0x01, &[0xff]),
            peer::element(0x04, &[0, 255]),
        ];
        let parts = [
            peer::element(0x02, &[request.id]),
            peer::element(BIND, &bind.concat()),
            peer::element(0xa0, &peer::element(0x30, &control.concat())),
        ];
        assert_eq!(request.octets, peer::element(0x30, &parts.concat()));
    }
}

#[tokio::test]
async fn every_result_code_is_an_answer() {
    let peer = Peer::start(|request| {
        // The name is the code: `30 .. 02 01 id 60 .. 02 01 03 04 len name`.
        let name = &request.octets[12..request.octets.len() - 4];
        let code = String::from_utf8_lossy(name).parse().expect("a code");
        Reaction::Send(peer::bind_response(request.id, code))
    });
    let directory = open(&plaintext(&peer.address()));
    for code in [
        0, 1, 3, 8, 10, 11, 13, 14, 19, 32, 48, 49, 50, 51, 52, 53, 80, 123,
    ] {
        let bound = bind(&*directory, name(&code.to_string()), "pw");
        assert_eq!(bound.await.expect("an answer").result_code, code);
    }
}

#[tokio::test]
async fn an_empty_password_never_reaches_a_server_that_accepts_everything() {
    let peer = Peer::start(|request| match request.operation {
        SEARCH => Reaction::Send(peer::search_done(request.id, 0)),
        _ => Reaction::Send(peer::bind_response(request.id, 0)),
    });
    let federation = plaintext(&peer.address());
    assert!(matches!(Password::new(""), Err(PasswordError::Empty)));
    for credential in [None, Some(Secret::new("")), Some(Secret::new("\0"))] {
        let refused = LdapDirectories::new(this_machine()).open(&federation, credential);
        assert_eq!(
            refused.err().expect("refused").fault,
            DirectoryFault::Misconfigured
        );
    }
    assert_eq!(peer.requests(), []);
}
