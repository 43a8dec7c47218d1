//! Several servers of one directory.

use super::*;
use bridge_model::ports::DirectoryFault;
use std::time::Instant;
use suites::{
    peer::{self, Peer, Reaction},
    proxy::{Mode, Proxy},
    slapd::Slapd,
};

fn both(first: &Proxy, second: &Proxy) -> Federation {
    federation(&[first, second].map(|proxy| format!("ldaps://{}", proxy.address())))
}

#[tokio::test]
async fn the_next_server_is_asked_and_kept() {
    let slapd = Slapd::shared();
    let [first, second] = [(); 2].map(|()| Proxy::start(&slapd.ldaps_address()));
    let directory = open(&both(&first, &second));
    works(&*directory).await;
    assert_eq!((first.accepted(), second.accepted()), (2, 0));
    first.set_mode(Mode::Refuse);
    works(&*directory).await;
    first.set_mode(Mode::Pass);
    works(&*directory).await;
    assert_eq!((first.accepted(), second.accepted()), (2, 2));
    second.set_mode(Mode::Refuse);
    works(&*directory).await;
    assert_eq!((first.accepted(), second.accepted()), (4, 2));
}

#[tokio::test]
async fn a_server_that_does_not_answer_costs_its_share_once() {
    let slapd = Slapd::shared();
    let [first, second] = [(); 2].map(|()| Proxy::start(&slapd.ldaps_address()));
    first.set_mode(Mode::Hang);
    let mut federation = both(&first, &second);
    federation.connection.connect_timeout = Duration::from_millis(600);
    let directory = open(&federation);
    let begin = Instant::now();
    works(&*directory).await;
    assert!(begin.elapsed() >= Duration::from_millis(600));
    // It is not asked again: neither by the bind just done nor now.
    assert_eq!(first.accepted(), 1);
    works(&*directory).await;
    assert_eq!(first.accepted(), 1);
}

#[tokio::test]
async fn a_wrong_service_password_is_not_carried_from_server_to_server() {
    let slapd = Slapd::shared();
    let [first, second] = [(); 2].map(|()| Proxy::start(&slapd.ldaps_address()));
    let directory = LdapDirectories::new(this_machine())
        .open(&both(&first, &second), Some(Secret::new("wrong")))
        .expect("a configuration that can work");
    let error = directory.search(&by_uid("ada")).await.expect_err("refused");
    assert_eq!(error.fault, DirectoryFault::ServiceBind, "{error}");
    assert_eq!((first.accepted(), second.accepted()), (1, 0));
}

#[tokio::test]
async fn a_server_that_is_busy_with_itself_is_left_for_the_next() {
    let slapd = Slapd::shared();
    let busy = Peer::start(|request| Reaction::Send(peer::bind_response(request.id, 51)));
    let mut federation = federation(&[
        format!("ldap://{}", busy.address()),
        format!("ldap://{}", slapd.ldap_address()),
    ]);
    federation.connection.allow_plaintext = true;
    let found = open(&federation)
        .search(&by_uid("ada"))
        .await
        .expect("an answer");
    assert_eq!(found.entries.len(), 1);
    assert_eq!(busy.requests().len(), 1);
}

#[tokio::test]
async fn a_server_without_tls_is_passed_over_where_passwords_need_it() {
    let slapd = Slapd::shared();
    let plain = Proxy::start(&slapd.ldap_address());
    let directory = open(&federation(&[
        format!("ldap://{}", plain.address()),
        format!("ldaps://{}", slapd.ldaps_address()),
    ]));
    works(&*directory).await;
    assert_eq!(plain.accepted(), 0);
}

#[tokio::test]
async fn the_last_fault_is_told_when_nobody_answers() {
    let slapd = Slapd::shared();
    let [first, second] = [(); 2].map(|()| Proxy::start(&slapd.ldaps_address()));
    first.set_mode(Mode::Refuse);
    second.set_mode(Mode::Refuse);
    let error = open(&both(&first, &second)).search(&by_uid("ada")).await;
    let error = error.expect_err("nobody answers");
    assert_eq!(
        (error.fault, error.server),
        (DirectoryFault::Connect, second.address())
    );
}
