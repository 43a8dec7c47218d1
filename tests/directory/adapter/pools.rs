//! Connections that are kept, shared out, found dead and replaced.

use super::*;
use bridge_model::ports::DirectoryFault;
use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Instant,
};
use suites::{
    peer::{self, BIND, Peer, Reaction, SEARCH},
    proxy::{Mode, Proxy},
    slapd::Slapd,
};
use tokio::{task::JoinSet, time::timeout};

#[tokio::test]
async fn a_hundred_operations_need_two_connections() {
    let slapd = Slapd::shared();
    let proxy = Proxy::start(&slapd.ldaps_address());
    let directory = open(&ldaps(&proxy.address()));
    for _ in 0..100 {
        works(&*directory).await;
    }
    // One that searches and one that binds: a failed bind takes no right from a search.
    assert_eq!(proxy.accepted(), 2);
    let refused = bind(&*directory, person("nobody-at-all"), "wrong");
    assert_eq!(refused.await.expect("an answer").result_code, 49);
    works(&*directory).await;
    assert_eq!(proxy.accepted(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_at_once_share_a_few_connections() {
    let slapd = Slapd::shared();
    let proxy = Proxy::start(&slapd.ldaps_address());
    let mut federation = ldaps(&proxy.address());
    federation.connection.pool_connections_max = 3;
    let directory = open(&federation);
    let mut tasks = JoinSet::new();
    for _ in 0..50 {
        let directory = Arc::clone(&directory);
        tasks.spawn(async move { works(&*directory).await });
    }
    while let Some(task) = tasks.join_next().await {
        task.expect("it works");
    }
    assert!((2..=6).contains(&proxy.accepted()), "{}", proxy.accepted());
}

#[tokio::test]
async fn waiting_for_a_connection_counts() {
    let peer = Peer::start(|_| Reaction::Ignore);
    let mut federation = with_timeouts(plaintext(&peer.address()), Duration::from_millis(300));
    federation.connection.pool_connections_max = 1;
    let directory = open(&federation);
    let begin = Instant::now();
    let mut tasks = JoinSet::new();
    for _ in 0..4 {
        let directory = Arc::clone(&directory);
        tasks.spawn(async move { bind(&*directory, person("ada"), "Pw-ada").await });
    }
    while let Some(task) = tasks.join_next().await {
        let error = task.expect("it ends").expect_err("no answer");
        assert_eq!(error.fault, DirectoryFault::Timeout, "{error}");
    }
    // Each may take the connect and the operation timeout together, not one after another.
    assert!(
        begin.elapsed() < Duration::from_secs(3),
        "{:?}",
        begin.elapsed()
    );
}

#[tokio::test]
async fn a_call_that_is_dropped_leaves_the_pools_sound() {
    let slapd = Slapd::shared();
    let proxy = Proxy::start(&slapd.ldaps_address());
    let mut federation = ldaps(&proxy.address());
    federation.connection.pool_connections_max = 1;
    let directory = open(&federation);
    works(&*directory).await;
    proxy.set_mode(Mode::Freeze);
    let moment = Duration::from_millis(50);
    let ada = by_uid("ada");
    assert!(timeout(moment, directory.search(&ada)).await.is_err());
    let (name, typed) = (person("ada"), password("Pw-ada"));
    assert!(
        timeout(moment, directory.bind(&name, &typed, &[]))
            .await
            .is_err()
    );
    proxy.set_mode(Mode::Pass);
    works(&*directory).await;
    assert_eq!(proxy.accepted(), 4);
}

#[tokio::test]
async fn a_server_that_was_restarted_is_not_noticed() {
    let mut slapd = Slapd::start();
    let directory = open(&ldaps(&slapd.ldaps_address()));
    works(&*directory).await;
    slapd.kill();
    slapd.restart();
    works(&*directory).await;
    slapd.kill();
    let error = directory
        .search(&by_uid("ada"))
        .await
        .expect_err("it is gone");
    assert_eq!(error.fault, DirectoryFault::Connect, "{error}");
    slapd.restart();
    works(&*directory).await;
}

#[tokio::test]
async fn frozen_connections_end_at_the_deadline_and_are_replaced() {
    let slapd = Slapd::shared();
    let proxy = Proxy::start(&slapd.ldaps_address());
    let limit = Duration::from_millis(400);
    let directory = open(&with_timeouts(ldaps(&proxy.address()), limit));
    works(&*directory).await;
    proxy.set_mode(Mode::Freeze);
    let begin = Instant::now();
    let error = directory.search(&by_uid("ada")).await.expect_err("frozen");
    assert_eq!(error.fault, DirectoryFault::Timeout, "{error}");
    let bound = bind(&*directory, person("ada"), "Pw-ada").await;
    assert_eq!(bound.expect_err("frozen").fault, DirectoryFault::Timeout);
    assert!(begin.elapsed() < limit * 2 * 3, "{:?}", begin.elapsed());
    proxy.set_mode(Mode::Pass);
    works(&*directory).await;
}

/// A peer that closes a connection instead of answering the `nth` request of a kind, counted from 1.
fn closing_at(operation: u8, nth: usize) -> Peer {
    let count = AtomicUsize::new(0);
    Peer::start(move |request| {
        if request.operation == operation && count.fetch_add(1, Ordering::SeqCst) + 1 == nth {
            return Reaction::SendAndClose(vec![]);
        }
        match request.operation {
            BIND => Reaction::Send(peer::bind_response(request.id, 0)),
            _ => Reaction::Send(peer::search_done(request.id, 0)),
        }
    })
}

#[tokio::test]
async fn a_search_that_meets_a_closing_server_is_done_again_once() {
    let peer = closing_at(SEARCH, 2);
    let directory = open(&plaintext(&peer.address()));
    for _ in 0..3 {
        directory.search(&by_uid("ada")).await.expect("an answer");
    }
    let searches = peer
        .requests()
        .iter()
        .filter(|r| r.operation == SEARCH)
        .count();
    assert_eq!(searches, 4);

    let always = Peer::start(|request| match request.operation {
        BIND => Reaction::Send(peer::bind_response(request.id, 0)),
        _ => Reaction::SendAndClose(vec![]),
    });
    let directory = open(&plaintext(&always.address()));
    let error = directory
        .search(&by_uid("ada"))
        .await
        .expect_err("no answer");
    assert_eq!(error.fault, DirectoryFault::Protocol, "{error}");
    let searches = always
        .requests()
        .iter()
        .filter(|r| r.operation == SEARCH)
        .count();
    assert_eq!(searches, 2);
}

#[tokio::test]
async fn a_bind_that_the_server_has_seen_is_not_done_again() {
    let peer = closing_at(BIND, 2);
    let directory = open(&plaintext(&peer.address()));
    let (name, typed) = (person("ada"), password("Pw-ada"));
    assert!(
        directory
            .bind(&name, &typed, &[])
            .await
            .expect("an answer")
            .is_success()
    );
    let error = directory
        .bind(&name, &typed, &[])
        .await
        .expect_err("no answer");
    assert_eq!(error.fault, DirectoryFault::Protocol, "{error}");
    assert_eq!(peer.requests().len(), 2);
    assert!(
        directory
            .bind(&name, &typed, &[])
            .await
            .expect("an answer")
            .is_success()
    );
}

#[tokio::test]
async fn a_connection_that_the_server_closed_meanwhile_is_replaced() {
    let peer = Peer::start(|request| match request.operation {
        BIND => Reaction::Send(peer::bind_response(request.id, 0)),
        _ => Reaction::SendAndClose(peer::search_done(request.id, 0)),
    });
    let directory = open(&plaintext(&peer.address()));
    for _ in 0..20 {
        let found = directory.search(&by_uid("ada")).await;
        assert_eq!(found.expect("an answer").result_code, 0);
    }
}

/// How many connections to a real server ten sign-ins need under these limits.
async fn connections_for_ten(limits: Limits) -> u64 {
    let proxy = Proxy::start(&Slapd::shared().ldaps_address());
    let directory = open_with(&ldaps(&proxy.address()), limits);
    for _ in 0..10 {
        works(&*directory).await;
    }
    proxy.accepted()
}

#[tokio::test]
async fn connections_that_are_old_or_were_idle_too_long_are_not_used_again() {
    let limits = Limits::default();
    assert_eq!(connections_for_ten(limits).await, 2);
    let idle_max = Duration::ZERO;
    assert_eq!(connections_for_ten(Limits { idle_max, ..limits }).await, 20);
    let age_max = Duration::ZERO;
    assert_eq!(connections_for_ten(Limits { age_max, ..limits }).await, 20);
}

#[tokio::test]
async fn only_so_many_connections_wait_and_the_longest_unused_goes() {
    let proxy = Proxy::start(&Slapd::shared().ldaps_address());
    let limits = Limits {
        idle_connections_max: 4,
        ..Limits::default()
    };
    let directories = LdapDirectories::with_limits(this_machine(), limits);
    let federation = ldaps(&proxy.address());
    let opened = [(); 3].map(|()| {
        let credential = Some(Secret::new(SERVICE_PASSWORD));
        directories.open(&federation, credential).expect("opens")
    });
    // Each has two: one that searches and one that binds.
    for (place, accepted) in [(0, 2), (1, 4), (0, 4), (2, 6), (0, 6), (2, 6), (1, 8)] {
        works(&*opened[place]).await;
        assert_eq!(proxy.accepted(), accepted, "{place}");
    }
    // Two of each connection, and one that looks after all that wait.
    tasks_become(9).await;
}

/// Waits until a runtime has so many tasks.
pub(super) async fn tasks_become(expected: usize) {
    let metrics = tokio::runtime::Handle::current().metrics();
    let begin = Instant::now();
    while metrics.num_alive_tasks() != expected {
        assert!(
            begin.elapsed() < Duration::from_secs(10),
            "{} tasks instead of {expected}",
            metrics.num_alive_tasks()
        );
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn idle_connections_are_closed_by_themselves_and_leave_no_task() {
    let proxy = Proxy::start(&Slapd::shared().ldaps_address());
    let limits = Limits {
        idle_max: Duration::from_millis(600),
        ..Limits::default()
    };
    let directory = open_with(&ldaps(&proxy.address()), limits);
    for round in 1..=3 {
        let begin = Instant::now();
        works(&*directory).await;
        assert_eq!(proxy.accepted(), 2 * round);
        // Two of each connection, and one that looks after all that wait.
        tasks_become(5).await;
        tasks_become(0).await;
        assert!(begin.elapsed() >= limits.idle_max);
    }
}

#[tokio::test]
async fn a_connection_that_is_used_now_and_then_is_kept() {
    let proxy = Proxy::start(&Slapd::shared().ldaps_address());
    let limits = Limits {
        idle_max: Duration::from_millis(800),
        ..Limits::default()
    };
    let directory = open_with(&ldaps(&proxy.address()), limits);
    for _ in 0..6 {
        works(&*directory).await;
        tokio::time::sleep(limits.idle_max / 4).await;
    }
    assert_eq!(proxy.accepted(), 2);
    // A directory that nobody has any more takes its connections with it.
    drop(directory);
    tasks_become(0).await;
}
