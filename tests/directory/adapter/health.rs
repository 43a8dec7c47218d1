//! Servers that fail again and again, and how one finds out that they are back.

use super::*;
use bridge_model::ports::DirectoryFault;
use std::time::Instant;
use suites::{
    peer::{self, BIND, Peer, Reaction, SEARCH},
    proxy::{Mode, Proxy},
    slapd::Slapd,
};
use tokio::{task::JoinSet, time::sleep};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_away_is_not_dialled_by_everybody() {
    let slapd = Slapd::shared();
    let proxy = Proxy::start(&slapd.ldaps_address());
    proxy.set_mode(Mode::Hang);
    let mut federation = with_timeouts(ldaps(&proxy.address()), Duration::from_millis(600));
    federation.connection.pool_connections_max = 50;
    let directory = open(&federation);
    assert!(directory.search(&by_uid("ada")).await.is_err());
    assert_eq!(proxy.accepted(), 1);
    let begin = Instant::now();
    let mut tasks = JoinSet::new();
    for _ in 0..50 {
        let directory = Arc::clone(&directory);
        tasks.spawn(async move { directory.search(&by_uid("ada")).await });
    }
    while let Some(task) = tasks.join_next().await {
        let error = task.expect("it ends").expect_err("nobody answers");
        assert_eq!(error.fault, DirectoryFault::Timeout, "{error}");
    }
    assert!(
        begin.elapsed() < Duration::from_secs(4),
        "{:?}",
        begin.elapsed()
    );
    assert!(proxy.accepted() <= 4, "{}", proxy.accepted());
    // There is no other, so it is asked as soon as it is back.
    proxy.set_mode(Mode::Pass);
    works(&*directory).await;
}

#[tokio::test]
async fn a_server_that_has_rested_is_tried_by_one_call_while_others_ask_elsewhere() {
    let slapd = Slapd::shared();
    let [first, second] = [(); 2].map(|()| Proxy::start(&slapd.ldaps_address()));
    let urls = [&first, &second].map(|proxy| format!("ldaps://{}", proxy.address()));
    let mut federation = federation(&urls);
    federation.connection.connect_timeout = Duration::from_millis(800);
    let limits = Limits {
        back_off: Duration::from_millis(100),
        ..Limits::default()
    };
    let directory = open_with(&federation, limits);
    // The second is the one that answers, until it does not.
    first.set_mode(Mode::Refuse);
    works(&*directory).await;
    second.set_mode(Mode::Refuse);
    assert!(directory.search(&by_uid("ada")).await.is_err());
    first.set_mode(Mode::Hang);
    second.set_mode(Mode::Pass);
    sleep(Duration::from_millis(500)).await;
    // Both have rested; the second answered last, so it is asked.
    works(&*directory).await;
    assert_eq!(first.accepted(), 0);
}

/// A peer that lets everybody in and says farewell to who asks for more.
fn leaving() -> Peer {
    Peer::start(|request| match request.operation {
        BIND => Reaction::Send(peer::bind_response(request.id, 0)),
        _ => Reaction::SendAndClose(peer::extended_response(0, 52)),
    })
}

#[tokio::test]
async fn a_read_goes_elsewhere_when_a_server_says_farewell() {
    let slapd = Slapd::shared();
    let leaving = leaving();
    let mut federation = federation(&[
        format!("ldap://{}", leaving.address()),
        format!("ldap://{}", slapd.ldap_address()),
    ]);
    federation.connection.allow_plaintext = true;
    let directory = open(&federation);
    let found = directory.search(&by_uid("ada")).await.expect("an answer");
    assert_eq!(found.entries.len(), 1);
    let requests = leaving.requests();
    let searches = requests.iter().filter(|r| r.operation == SEARCH);
    assert_eq!(searches.count(), 1);
    // It is not asked again soon.
    works(&*directory).await;
    assert_eq!(leaving.requests().len(), requests.len());
}

#[tokio::test]
async fn a_bind_answered_with_a_farewell_is_not_done_again_and_the_next_goes_elsewhere() {
    let slapd = Slapd::shared();
    let leaving = Peer::start(|_| Reaction::SendAndClose(peer::extended_response(0, 52)));
    let mut federation = federation(&[
        format!("ldap://{}", leaving.address()),
        format!("ldap://{}", slapd.ldap_address()),
    ]);
    federation.connection.allow_plaintext = true;
    let directory = open(&federation);
    let error = bind(&*directory, person("ada"), "Pw-ada").await;
    let error = error.expect_err("no answer");
    assert_eq!(error.fault, DirectoryFault::Protocol, "{error}");
    assert!(error.detail.contains("result code 52"), "{error}");
    let bound = bind(&*directory, person("ada"), "Pw-ada").await;
    assert!(bound.expect("an answer").is_success());
    assert_eq!(leaving.requests().len(), 1);
}

#[tokio::test]
async fn octets_in_clear_after_start_tls_are_taken_for_what_they_are() {
    for more in [
        peer::bind_response(1, 0),
        b"\x16\x03\x03".to_vec(),
        vec![0; 4000],
    ] {
        let peer = Peer::start(move |request| {
            let answer = [peer::extended_response(request.id, 0), more.clone()];
            Reaction::Send(answer.concat())
        });
        let directory = open(&start_tls(&peer.address()));
        let error = directory
            .write(&newcomer("lin"))
            .await
            .expect_err("refused");
        assert_eq!(error.fault, DirectoryFault::Protocol, "{error}");
        assert!(error.detail.contains("clear text"), "{error}");
        assert_eq!(peer.requests().len(), 1);
    }
}
