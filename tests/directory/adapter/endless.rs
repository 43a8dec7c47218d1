//! Peers whose long reads are none, or have no end.

use super::{
    pages::{paged, read},
    *,
};
use bridge_model::ports::DirectoryFault;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use suites::peer::{self, BIND, Peer, Reaction};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
    time::sleep,
};

/// The end of a page, with a cookie for the next.
fn page_end(id: u8, cookie: &[u8]) -> Vec<u8> {
    let value = [peer::element(0x02, &[0]), peer::element(0x04, cookie)].concat();
    let control = [
        peer::element(0x04, b"1.2.840.113556.1.4.319"),
        peer::element(0x04, &peer::element(0x30, &value)),
    ];
    let parts = [
        peer::element(0x02, &[id]),
        peer::element(0x65, &peer::result(0, "")),
        peer::element(0xa0, &peer::element(0x30, &control.concat())),
    ];
    peer::element(0x30, &parts.concat())
}

/// What a read from a peer ends with, and how many pages came, where a page is what this makes of the
/// message's id and of how many were asked for before.
async fn read_from(page: impl Fn(u8, usize) -> Vec<u8> + Send + Sync + 'static) -> (usize, String) {
    let count = AtomicUsize::new(0);
    let peer = Peer::start(move |request| match request.operation {
        BIND => Reaction::Send(peer::bind_response(request.id, 0)),
        _ => Reaction::Send(page(request.id, count.fetch_add(1, Ordering::SeqCst))),
    });
    let directory = open(&plaintext(&peer.address()));
    let mut pages = directory
        .pages(&paged("New", 5, true))
        .await
        .expect("a read");
    let (all, error) = read(&mut *pages).await;
    let Some(error) = error else {
        return (all.len(), String::new());
    };
    assert_eq!(error.fault, DirectoryFault::Protocol, "{error}");
    (all.len(), error.detail)
}

#[tokio::test]
async fn pages_without_end_are_noticed() {
    let entry = |id, name: usize| peer::search_entry(id, &format!("uid={name}"), "uid", &[b"x"]);
    let (count, error) = read_from(|id, _| page_end(id, b"same")).await;
    assert!(
        count < 100 && error.contains("one empty page after another"),
        "{error}"
    );
    let (count, error) = read_from(|id, n| page_end(id, n.to_string().as_bytes())).await;
    assert!(
        count < 100 && error.contains("one empty page after another"),
        "{error}"
    );
    let same = move |id, _| [entry(id, 1), page_end(id, b"same")].concat();
    let (count, error) = read_from(same).await;
    assert!(
        count == 1 && error.contains("the same page twice"),
        "{error}"
    );
    // Some directories have one cookie for all pages, and that is well.
    let pages = move |id, n| {
        let cookie: &[u8] = if n == 50 { b"" } else { b"same" };
        [entry(id, n), page_end(id, cookie)].concat()
    };
    assert_eq!(read_from(pages).await, (51, String::new()));
}

#[tokio::test]
async fn what_is_no_page_ends_the_read() {
    let mut deep = peer::element(0x30, b"");
    for _ in 0..2000 {
        deep = peer::element(0x30, &deep);
    }
    let entry = |id| peer::search_entry(id, "uid=x", "uid", &[&vec![b'x'; 60_000]]);
    let control = |value: &[u8]| {
        let control = [
            peer::element(0x04, b"1.2.840.113556.1.4.319"),
            peer::element(0x04, value),
        ];
        let parts = [
            peer::element(0x02, &[2]),
            peer::element(0x65, &peer::result(0, "")),
            peer::element(0xa0, &peer::element(0x30, &control.concat())),
        ];
        peer::element(0x30, &parts.concat())
    };
    for (answer, words) in [
        (b"\x30\x84\xff\xff\xff\xff".to_vec(), "4294967301 octets"),
        (peer::message(2, 0x64, &deep), "nested"),
        (peer::message(2, 0x67, &peer::result(0, "")), "another kind"),
        (peer::search_done(3, 0), "not made"),
        (entry(2).repeat(400), "too many octets"),
        (
            peer::message(2, 0x79, &peer::element(0x04, b"x")),
            "intermediate response",
        ),
        (
            peer::message(2, 0x79, &peer::element(0x80, b"\xff")),
            "intermediate response",
        ),
        (control(b""), "a page whose control"),
        (control(b"\x30\x03\x02\x01\x00"), "a page whose control"),
        (control(b"\x30\x84\xff\xff\xff\xff"), "a page whose control"),
        (peer::extended_response(0, 52), "result code 52"),
    ] {
        let (count, error) = read_from(move |_, _| answer.clone()).await;
        assert!(count == 0 && error.contains(words), "{words}: {error}");
    }
}

/// A peer that sends entries as fast as they are taken; where it is, and how many octets it sent.
async fn fountain() -> (String, Arc<AtomicU64>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("the port").to_string();
    let sent = Arc::new(AtomicU64::new(0));
    let counter = Arc::clone(&sent);
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("a client");
        let mut request = [0; 1024];
        let _ = stream.read(&mut request).await;
        let entry = peer::search_entry(1, "uid=x", "uid", &[&[b'x'; 2000]]);
        while stream.write_all(&entry).await.is_ok() {
            let octets = u64::try_from(entry.len()).expect("few");
            counter.fetch_add(octets, Ordering::SeqCst);
        }
    });
    (address, sent)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_more_is_read_than_is_taken() {
    const MEBI: u64 = 1024 * 1024;
    let (address, sent) = fountain().await;
    let mut federation = plaintext(&address);
    federation.connection.bind = ServiceBind::None;
    let directory = open(&federation);
    let mut pages = directory
        .pages(&paged("New", 100, false))
        .await
        .expect("a read");
    let mut taken = 0;
    for round in 0..20_u32 {
        for _ in 0..round {
            let page = pages.next().await.expect("an answer").expect("a page");
            assert_eq!(page.entries.len(), 100);
            taken += 100 * 2000;
        }
        if round % 5 == 0 {
            sleep(Duration::from_millis(100)).await;
        }
        // What waits here, and in the sockets between.
        let ahead = sent.load(Ordering::SeqCst).saturating_sub(taken);
        assert!(ahead < 12 * MEBI, "{ahead} octets ahead");
    }
    assert!(
        taken > 30 * MEBI,
        "more than a whole result may have: {taken}"
    );
}
