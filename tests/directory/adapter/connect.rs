//! Reaching a server, and who vouches for it.

use super::*;
use bridge_model::{
    ports::{DirectoryError, DirectoryFault, DirectoryStep, Facts, Misfit},
    time::Timestamp,
};
use std::{net::TcpListener, time::Instant};
use suites::{
    peer::{self, BIND, EXTENDED, Peer, Reaction},
    proxy::{Mode, Proxy},
    slapd::Slapd,
};

/// What a bind and a search fail with.
async fn faults(federation: &Federation) -> [DirectoryError; 2] {
    let directory = open(federation);
    let bound = bind(&*directory, person("ada"), "Pw-ada").await;
    let found = directory.search(&by_uid("ada")).await;
    [bound.expect_err("no answer"), found.expect_err("no answer")]
}

/// What a bind and a search fail with where that is the same.
async fn fault(federation: &Federation) -> DirectoryError {
    let [bind, search] = faults(federation).await;
    assert_eq!(bind.fault, search.fault, "{bind}");
    search
}

#[tokio::test]
async fn ldaps_and_start_tls_work_with_the_ca() {
    let slapd = Slapd::shared();
    let by_name = slapd.ldaps_address().replace("127.0.0.1", "localhost");
    for federation in [
        ldaps(&slapd.ldaps_address()),
        ldaps(&slapd.ldaps_address_v6()),
        ldaps(&by_name),
        start_tls(&slapd.ldap_address()),
    ] {
        works(&*open(&federation)).await;
    }
}

#[tokio::test]
async fn a_certificate_that_does_not_vouch_for_the_server_is_refused() {
    let authority = Authority::shared();
    let here = ["localhost", "127.0.0.1", "::1"];
    for (certificate, ca, misfit, names) in [
        (
            &authority.wrong_host,
            &authority.ca,
            Misfit::Name,
            &["wrong.example.test"][..],
        ),
        (&authority.expired, &authority.ca, Misfit::Expired, &here),
        (
            &authority.server,
            &authority.unrelated_ca,
            Misfit::Authority,
            &here,
        ),
    ] {
        let slapd = Slapd::start_with(certificate);
        for mut federation in [
            ldaps(&slapd.ldaps_address()),
            start_tls(&slapd.ldap_address()),
        ] {
            federation.connection.ca_bundle = Some(ca.clone());
            let error = fault(&federation).await;
            assert_eq!(error.fault, DirectoryFault::Tls, "{error}");
            assert!(
                error.detail.contains("does not vouch for 127.0.0.1"),
                "{error}"
            );
            assert!(error.detail.contains(&names.join(", ")), "{error}");
            let Facts::Certificate(told) = error.facts else {
                panic!("no certificate in {:?}", error.facts);
            };
            assert_eq!(told.misfit, misfit);
            assert_eq!(told.names, names);
            assert_eq!(told.subject, "CN=A server of the suites");
            assert_eq!(told.issuer, "CN=Authority of the suites");
            let has_ended = told.not_after < Timestamp(1_700_000_000);
            assert_eq!(has_ended, misfit == Misfit::Expired, "{told:?}");
        }
    }
}

#[tokio::test]
async fn an_ipv6_literal_is_compared_with_the_certificate_too() {
    let slapd = Slapd::start_with(&Authority::shared().wrong_host);
    let error = fault(&ldaps(&slapd.ldaps_address_v6())).await;
    assert_eq!(error.fault, DirectoryFault::Tls, "{error}");
    assert_eq!(error.server, slapd.ldaps_address_v6());
}

#[tokio::test]
async fn without_a_bundle_only_the_machines_own_authorities_are_trusted() {
    let slapd = Slapd::shared();
    let mut federation = ldaps(&slapd.ldaps_address());
    federation.connection.ca_bundle = None;
    let credential = Secret::new(SERVICE_PASSWORD);
    // A machine may have no authorities at all.
    let error = match LdapDirectories::new(this_machine()).open(&federation, Some(credential)) {
        Err(error) => error,
        Ok(directory) => directory
            .search(&by_uid("ada"))
            .await
            .expect_err("no answer"),
    };
    let expected = [DirectoryFault::Tls, DirectoryFault::Misconfigured];
    assert!(expected.contains(&error.fault), "{error}");
}

#[tokio::test]
async fn no_password_travels_without_tls() {
    let slapd = Slapd::shared();
    let proxy = Proxy::start(&slapd.ldap_address());
    let plain = federation(&[format!("ldap://{}", proxy.address())]);
    let error = fault(&plain).await;
    assert_eq!(error.fault, DirectoryFault::PlaintextRefused, "{error}");
    assert_eq!(error.server, proxy.address());
    for remedy in ["ldaps://", "start_tls", "allow_plaintext"] {
        assert!(error.detail.contains(remedy), "{error}");
    }
    assert_eq!((proxy.accepted(), proxy.octets_sent()), (0, 0));
}

#[tokio::test]
async fn a_search_as_nobody_needs_no_tls_but_a_persons_bind_does() {
    let peer = Peer::start(|request| Reaction::Send(peer::search_done(request.id, 0)));
    let mut plain = federation(&[format!("ldap://{}", peer.address())]);
    plain.connection.bind = ServiceBind::None;
    let directory = open(&plain);
    directory.search(&by_uid("ada")).await.expect("an answer");
    let bound = bind(&*directory, person("ada"), "Pw-ada").await;
    assert_eq!(
        bound.expect_err("refused").fault,
        DirectoryFault::PlaintextRefused
    );
    assert!(
        peer.requests()
            .iter()
            .all(|request| request.operation != BIND)
    );
}

#[tokio::test]
async fn passwords_travel_without_tls_where_that_is_allowed() {
    let slapd = Slapd::shared();
    works(&*open(&plaintext(&slapd.ldap_address()))).await;
}

#[tokio::test]
async fn nothing_follows_a_start_tls_that_fails() {
    for (answer, expected) in [
        (
            Reaction::Send(peer::extended_response(1, 2)),
            DirectoryFault::Tls,
        ),
        (
            Reaction::Send(peer::extended_response(1, 52)),
            DirectoryFault::Tls,
        ),
        (
            Reaction::Send(peer::bind_response(1, 0)),
            DirectoryFault::Protocol,
        ),
        (
            Reaction::Send(peer::extended_response(2, 0)),
            DirectoryFault::Protocol,
        ),
        (
            Reaction::Send(peer::extended_response(0, 0)),
            DirectoryFault::Protocol,
        ),
        (
            Reaction::Send(b"\x30\x84\xff\xff\xff\xff".to_vec()),
            DirectoryFault::Protocol,
        ),
        (Reaction::SendAndClose(vec![]), DirectoryFault::Protocol),
        // A handshake follows, and finds nobody who does one.
        (
            Reaction::SendAndClose(peer::extended_response(1, 0)),
            DirectoryFault::Tls,
        ),
    ] {
        let peer = Peer::start({
            let answer = answer.clone();
            move |_| answer.clone()
        });
        let mut federation = start_tls(&peer.address());
        // Neither does this make it fall back.
        federation.connection.allow_plaintext = true;
        let error = fault(&federation).await;
        assert_eq!(error.fault, expected, "{answer:?}: {error}");
        assert_eq!(error.step, DirectoryStep::Tls, "{answer:?}: {error}");
        for request in peer.requests() {
            assert!([EXTENDED, 0].contains(&request.operation), "{request:x?}");
        }
    }
}

#[tokio::test]
async fn an_answer_that_is_slipped_in_before_tls_is_not_taken() {
    // What comes behind the answer to StartTLS looks like the answer to the bind that will follow.
    let forged = [peer::extended_response(1, 0), peer::bind_response(1, 0)].concat();
    let peer = Peer::start(move |_| Reaction::Send(forged.clone()));
    let error = fault(&start_tls(&peer.address())).await;
    assert_eq!(error.fault, DirectoryFault::Protocol, "{error}");
    assert!(error.detail.contains("clear text"), "{error}");
    assert!(
        peer.requests()
            .iter()
            .all(|request| request.operation == EXTENDED)
    );
}

#[tokio::test]
async fn a_server_that_is_not_there_is_told_from_one_that_does_not_answer() {
    let proxy = Proxy::start(&Slapd::shared().ldaps_address());
    let timeout = Duration::from_millis(400);
    let federation = with_timeouts(ldaps(&proxy.address()), timeout);
    for (mode, expected) in [
        (Mode::Hang, &[DirectoryFault::Timeout][..]),
        // The reset may come before or after the handshake has begun.
        (Mode::Reset, &[DirectoryFault::Connect, DirectoryFault::Tls]),
    ] {
        proxy.set_mode(mode);
        let begin = Instant::now();
        for error in faults(&federation).await {
            assert!(expected.contains(&error.fault), "{error}");
            assert_eq!(error.server, proxy.address());
            if error.fault == DirectoryFault::Timeout {
                // Somebody took the connection, and then said nothing.
                assert_eq!(error.step, DirectoryStep::Tls, "{error}");
            }
        }
        assert!(begin.elapsed() < timeout * 2 * 4, "{:?}", begin.elapsed());
    }
    let unused = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = unused.local_addr().expect("the port").to_string();
    drop(unused);
    let error = fault(&ldaps(&address)).await;
    assert_eq!(error.fault, DirectoryFault::Connect, "{error}");
    assert!(error.detail.contains("refused"), "{error}");
    assert!(error.detail.contains(&address), "{error}");
    assert_eq!(error.step, DirectoryStep::Tcp);
}

#[tokio::test]
async fn a_server_without_tls_on_the_port_is_told_as_such() {
    let error = fault(&ldaps(&Slapd::shared().ldap_address())).await;
    assert_eq!(error.fault, DirectoryFault::Tls, "{error}");
}
