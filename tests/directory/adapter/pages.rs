//! Reads of any length.

use super::{pools::tasks_become, *};
use bridge_model::{
    ports::{DirectoryFault, Pages},
    search::{Page, PagedSearch},
};
use std::{collections::HashSet, time::Instant};
use suites::{
    peer,
    proxy::{Mode, Proxy},
    slapd::Slapd,
};
use tokio::{task::JoinSet, time::timeout};

/// Reads people of a surname, so many in a page.
pub(super) fn paged(surname: &str, size: u32, paged: bool) -> PagedSearch {
    let mut search = search(PEOPLE, Filter::equal("sn", surname), &["uid"]);
    search.size_limit = size;
    PagedSearch {
        search,
        paged,
        controls: Vec::new(),
    }
}

/// All pages, or why there are no more.
pub(super) async fn read(pages: &mut dyn Pages) -> (Vec<Page>, Option<DirectoryError>) {
    let mut all = Vec::new();
    loop {
        match pages.next().await {
            Ok(Some(page)) => all.push(page),
            Ok(None) => return (all, None),
            Err(error) => return (all, Some(error)),
        }
    }
}

fn names(pages: &[Page]) -> HashSet<&str> {
    let entries = pages.iter().flat_map(|page| &page.entries);
    entries.map(|entry| entry.entry.dn.as_str()).collect()
}

/// A server with so many people called New, and a directory that nothing limits.
async fn crowd(count: usize) -> (Slapd, Federation) {
    let slapd = Slapd::start();
    let mut federation = ldaps(&slapd.ldaps_address());
    federation.connection.bind = ServiceBind::Simple(name("cn=admin,dc=example,dc=test"));
    let directory = open_as(&federation, ADMIN_PASSWORD);
    let mut tasks = JoinSet::new();
    for share in 0..4 {
        let directory = Arc::clone(&directory);
        tasks.spawn(async move {
            for i in (share..count).step_by(4) {
                let answer = directory.write(&newcomer(&format!("crowd-{i}"))).await;
                assert!(answer.expect("an answer").is_success());
            }
        });
    }
    while let Some(task) = tasks.join_next().await {
        task.expect("they are made");
    }
    (slapd, federation)
}

const ADMIN_PASSWORD: &str = "adminpw";

#[tokio::test]
async fn more_than_two_thousand_entries_come_page_by_page() {
    let (slapd, federation) = crowd(2100).await;
    let directory = open_as(&federation, ADMIN_PASSWORD);
    for is_paged in [true, false] {
        let mut pages = directory
            .pages(&paged("New", 500, is_paged))
            .await
            .expect("a read");
        assert_eq!(pages.server(), slapd.ldaps_address());
        let (all, error) = read(&mut *pages).await;
        assert!(error.is_none(), "{error:?}");
        assert_eq!(names(&all).len(), 2100);
        let sizes: Vec<_> = all.iter().map(|page| page.entries.len()).collect();
        assert_eq!(sizes, [500, 500, 500, 500, 100], "{is_paged}");
        let (last, before) = all.split_last().expect("pages");
        assert!(last.is_last && before.iter().all(|page| !page.is_last));
        assert!(all.iter().all(|page| page.reply.is_success()));
        // The control that pages is the adapter's own.
        assert!(all.iter().all(|page| page.reply.controls.is_empty()));
        assert!(pages.next().await.expect("an end").is_none());
    }
    // What was asked for and nothing more.
    let mut pages = directory
        .pages(&paged("New", 1, true))
        .await
        .expect("a read");
    let page = pages.next().await.expect("an answer").expect("a page");
    assert_eq!(page.entries.len(), 1);
    let attributes = &page.entries[0].entry.attributes;
    assert_eq!(attributes.len(), 1, "{attributes:?}");
}

#[tokio::test]
async fn a_server_that_stops_in_the_middle_says_so() {
    let (slapd, _) = crowd(1100).await;
    // The service may have a thousand at once, and the writer half as many.
    let service = open(&ldaps(&slapd.ldaps_address()));
    let writer = open_as(&as_writer(&slapd.ldaps_address()), WRITER_PASSWORD);
    for (directory, most) in [(service, 1000), (writer, 500)] {
        let mut pages = directory
            .pages(&paged("New", 200, false))
            .await
            .expect("a read");
        let (all, error) = read(&mut *pages).await;
        assert!(error.is_none(), "{error:?}");
        assert_eq!(names(&all).len(), most);
        let last = all.last().expect("a page");
        assert_eq!((last.reply.result_code, last.is_last), (4, true));
    }
}

/// RFC 4533: the request, an entry's state, the end.
const SYNC_REQUEST: &str = "1.3.6.1.4.1.4203.1.9.1.1";
const SYNC_STATE: &str = "1.3.6.1.4.1.4203.1.9.1.2";
const SYNC_DONE: &str = "1.3.6.1.4.1.4203.1.9.1.3";
const SYNC_INFO: &str = "1.3.6.1.4.1.4203.1.9.1.4";

/// Asks for what changed after this cookie; none: for everything.
fn changed_after(cookie: Option<&[u8]>) -> PagedSearch {
    let cookie = cookie.map(|cookie| peer::element(0x04, cookie));
    let value = [peer::element(0x0a, &[1]), cookie.unwrap_or_default()].concat();
    let mut search = paged("New", 50, false);
    search.controls = vec![Control {
        oid: SYNC_REQUEST.to_owned(),
        critical: true,
        value: Some(peer::element(0x30, &value)),
    }];
    search
}

/// The cookie in the control at the end: a sequence that begins with it.
fn cookie(page: &Page) -> Vec<u8> {
    let mut controls = page.reply.controls.iter();
    let done = controls.find(|control| control.oid == SYNC_DONE);
    let value = done.and_then(|control| control.value.clone());
    let value = value.expect("a control with a value");
    assert_eq!((value[0], value[2]), (0x30, 0x04), "{value:x?}");
    value[4..4 + usize::from(value[3])].to_vec()
}

#[tokio::test]
async fn content_sync_gives_controls_with_entries_and_messages_between() {
    let (_slapd, federation) = crowd(120).await;
    let directory = open_as(&federation, ADMIN_PASSWORD);
    let mut pages = directory.pages(&changed_after(None)).await.expect("a read");
    let (all, error) = read(&mut *pages).await;
    assert!(error.is_none(), "{error:?}");
    assert_eq!(names(&all).len(), 120);
    for entry in all.iter().flat_map(|page| &page.entries) {
        let oids: Vec<_> = entry.controls.iter().map(|c| c.oid.as_str()).collect();
        assert_eq!(oids, [SYNC_STATE]);
    }
    let cookie = cookie(all.last().expect("a page"));

    let dn = dn(&format!("uid=crowd-7,{PEOPLE}"));
    let answer = directory.write(&Write::Delete { dn }).await;
    assert!(answer.expect("an answer").is_success());
    let mut pages = directory
        .pages(&changed_after(Some(&cookie)))
        .await
        .expect("a read");
    let (all, error) = read(&mut *pages).await;
    assert!(error.is_none(), "{error:?}");
    assert!(names(&all).is_empty(), "{:?}", names(&all));
    let messages: Vec<_> = all.iter().flat_map(|page| &page.messages).collect();
    assert!(!messages.is_empty());
    assert!(
        messages
            .iter()
            .all(|m| m.oid == SYNC_INFO && m.value.is_some())
    );
}

#[tokio::test]
async fn long_reads_have_their_own_connections_and_are_few() {
    let (slapd, mut federation) = crowd(20).await;
    let proxy = Proxy::start(&slapd.ldaps_address());
    let url = format!("ldaps://{}", proxy.address());
    federation.connection.urls = vec![Url::parse(&url).expect("a URL")];
    federation.connection.pool_connections_max = 1;
    federation.connection.connect_timeout = Duration::from_millis(500);
    federation.connection.operation_timeout = Duration::from_millis(500);
    let directory = open_as(&federation, ADMIN_PASSWORD);
    let mut under_way = Vec::new();
    for _ in 0..4 {
        let mut pages = directory
            .pages(&paged("New", 5, true))
            .await
            .expect("a read");
        let page = pages.next().await.expect("an answer").expect("a page");
        assert_eq!(page.entries.len(), 5);
        under_way.push(pages);
    }
    assert_eq!(proxy.accepted(), 4);
    works(&*directory).await;
    let error = directory.pages(&paged("New", 5, true)).await.err();
    let error = error.expect("there is no room");
    assert_eq!(error.fault, DirectoryFault::Timeout, "{error}");
    // One goes, another comes.
    drop(under_way.pop());
    directory
        .pages(&paged("New", 5, true))
        .await
        .expect("a read");
    drop((under_way, directory));
    // The two that looked after connections that waited, of this directory and the one before.
    tasks_become(2).await;
}

#[tokio::test]
async fn a_read_that_fails_never_ends_well() {
    let (slapd, mut federation) = crowd(20).await;
    let proxy = Proxy::start(&slapd.ldaps_address());
    let url = format!("ldaps://{}", proxy.address());
    federation.connection.urls = vec![Url::parse(&url).expect("a URL")];
    federation.connection.operation_timeout = Duration::from_millis(500);
    for (mode, fault) in [
        (Mode::Freeze, DirectoryFault::Timeout),
        (Mode::Reset, DirectoryFault::Protocol),
        (Mode::Cut(30), DirectoryFault::Protocol),
    ] {
        let directory = open_as(&federation, ADMIN_PASSWORD);
        let mut pages = directory
            .pages(&paged("New", 5, true))
            .await
            .expect("a read");
        pages.next().await.expect("an answer").expect("a page");
        proxy.set_mode(mode);
        for _ in 0..3 {
            let begin = Instant::now();
            let error = pages.next().await.expect_err("no answer");
            assert_eq!(error.fault, fault, "{error}");
            assert!(begin.elapsed() < Duration::from_secs(3));
        }
        proxy.set_mode(Mode::Pass);
    }
    // What a dropped call read is lost, and that is no end either.
    let directory = open_as(&federation, ADMIN_PASSWORD);
    let mut pages = directory
        .pages(&paged("New", 5, true))
        .await
        .expect("a read");
    proxy.set_mode(Mode::Freeze);
    assert!(
        timeout(Duration::from_millis(50), pages.next())
            .await
            .is_err()
    );
    proxy.set_mode(Mode::Pass);
    let error = pages.next().await.expect_err("a page is missing");
    assert!(error.detail.contains("lost"), "{error}");
}
