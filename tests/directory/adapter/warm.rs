//! Connections that are opened ahead.

use super::{pools::tasks_become, *};
use std::time::Instant;
use suites::{
    proxy::{Mode, Proxy},
    slapd::Slapd,
};
use tokio::time::sleep;

/// Waits until a proxy accepted so many connections.
async fn accepts(proxy: &Proxy, expected: u64) {
    let begin = Instant::now();
    while proxy.accepted() < expected {
        assert!(
            begin.elapsed() < Duration::from_secs(10),
            "{} connections",
            proxy.accepted()
        );
        sleep(Duration::from_millis(2)).await;
    }
}

#[tokio::test]
async fn so_many_connections_are_opened_ahead_once_a_directory_is_used() {
    let proxy = Proxy::start(&Slapd::shared().ldaps_address());
    let mut federation = ldaps(&proxy.address());
    federation.connection.pool_connections_min = 3;
    let directory = open(&federation);
    sleep(Duration::from_millis(50)).await;
    assert_eq!(proxy.accepted(), 0);
    directory.search(&by_uid("ada")).await.expect("an answer");
    // Three that search and three that bind.
    accepts(&proxy, 6).await;
    sleep(Duration::from_millis(100)).await;
    let before = proxy.accepted();
    assert!(before <= 7, "{before}");
    for _ in 0..5 {
        works(&*directory).await;
    }
    assert_eq!(proxy.accepted(), before);
    drop(directory);
    // The one that looks after all that wait.
    tasks_become(1).await;
}

#[tokio::test]
async fn they_are_replaced_before_they_have_waited_too_long() {
    let proxy = Proxy::start(&Slapd::shared().ldaps_address());
    let mut federation = ldaps(&proxy.address());
    // No more than there is room for.
    federation.connection.pool_connections_min = 9;
    federation.connection.pool_connections_max = 2;
    let limits = Limits {
        idle_max: Duration::from_millis(900),
        ..Limits::default()
    };
    let directory = open_with(&federation, limits);
    works(&*directory).await;
    accepts(&proxy, 4).await;
    for _ in 0..3 {
        sleep(limits.idle_max).await;
        let before = proxy.accepted();
        assert!(before > 4);
        works(&*directory).await;
        // One may have been replaced at this very moment.
        assert!(proxy.accepted() <= before + 4);
    }
    // Two a pool and two of their lives at most since the beginning, not one more for each look.
    assert!(proxy.accepted() <= 40, "{}", proxy.accepted());
    // A server that is away is looked for, and found.
    proxy.set_mode(Mode::Reset);
    sleep(limits.idle_max).await;
    proxy.set_mode(Mode::Pass);
    works(&*directory).await;
    drop(directory);
    tasks_become(0).await;
}
