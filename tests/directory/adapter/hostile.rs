//! Peers that mean no good, or do not know what they do.

use super::*;
use bridge_model::ports::{DirectoryError, DirectoryFault};
use std::time::Instant;
use suites::peer::{self, BIND, Peer, Reaction};

/// A peer that lets the service in and answers the search that follows with these octets.
async fn search_answered_with(octets: Vec<u8>) -> DirectoryError {
    let peer = Peer::start(move |request| match request.operation {
        BIND => Reaction::Send(peer::bind_response(request.id, 0)),
        _ => Reaction::Send(octets.clone()),
    });
    let directory = open(&plaintext(&peer.address()));
    let begin = Instant::now();
    let error = directory
        .search(&by_uid("ada"))
        .await
        .expect_err("no answer");
    // It is refused for what it is, not waited for until the deadline.
    assert!(
        begin.elapsed() < Duration::from_secs(8),
        "{:?}",
        begin.elapsed()
    );
    error
}

/// The id of a search on a new connection, after the service's bind.
const ID: u8 = 2;

#[tokio::test]
async fn what_is_no_answer_ends_the_operation_and_nothing_else() {
    let mut deep = peer::element(0x30, b"");
    for _ in 0..2000 {
        deep = peer::element(0x30, &deep);
    }
    let entry = peer::search_entry(ID, "uid=ada", "uid", &[b"ada"]);
    for (octets, words) in [
        (
            b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec(),
            "no LDAP message",
        ),
        (vec![0; 64], "no LDAP message"),
        (b"\x30\x84\xff\xff\xff\xff".to_vec(), "4294967301 octets"),
        (
            b"\x30\x88\xff\xff\xff\xff\xff\xff\xff\xff".to_vec(),
            "more than four octets",
        ),
        (b"\x30\x80\x02\x01\x02".to_vec(), "indefinite"),
        (b"\x30\x05\x02\x01\x02\x64\x09".to_vec(), "cut off"),
        (peer::message(ID, 0x64, &deep), "nested"),
        (peer::message(ID, 0x64, b""), "entry"),
        (
            peer::search_entry(ID, "uid=ada", "uid", &[b"ada"])[..20].to_vec(),
            "",
        ),
        (
            peer::search_entry(ID + 1, "uid=ada", "uid", &[b"ada"]),
            "not made",
        ),
        (peer::bind_response(ID, 0), "another kind"),
        (peer::extended_response(ID, 0), "another kind"),
        (peer::message(ID, 0x65, b""), "result"),
        (
            peer::message(ID, 0x65, b"\x0a\x01\x00\x04\x01\xff\x04\x00"),
            "UTF-8",
        ),
        (
            [
                entry.clone(),
                peer::message(ID, 0x64, b"\x04\x01\xff\x30\x00"),
            ]
            .concat(),
            "UTF-8",
        ),
        (peer::extended_response(0, 52), "result code 52"),
    ] {
        let error = if words.is_empty() {
            let federation_error = cut_off(octets.clone()).await;
            assert_eq!(
                federation_error.fault,
                DirectoryFault::Protocol,
                "{federation_error}"
            );
            continue;
        } else {
            search_answered_with(octets.clone()).await
        };
        assert_eq!(
            error.fault,
            DirectoryFault::Protocol,
            "{error}: {octets:x?}"
        );
        assert!(error.detail.contains(words), "{error}: {octets:x?}");
    }
}

/// As [`search_answered_with`], but the peer closes the connection in the middle.
async fn cut_off(octets: Vec<u8>) -> DirectoryError {
    let peer = Peer::start(move |request| match request.operation {
        BIND => Reaction::Send(peer::bind_response(request.id, 0)),
        _ => Reaction::SendAndClose(octets.clone()),
    });
    let directory = open(&plaintext(&peer.address()));
    directory
        .search(&by_uid("ada"))
        .await
        .expect_err("no answer")
}

#[tokio::test]
async fn a_result_without_end_is_cut() {
    // References are no entries, so no size limit counts them.
    let reference = peer::message(ID, 0x73, &peer::element(0x04, &vec![b'a'; 60_000]));
    let error = search_answered_with(reference.repeat(400)).await;
    assert_eq!(error.fault, DirectoryFault::Protocol, "{error}");
    assert!(error.detail.contains("too many octets"), "{error}");
    // Small ones take more memory than their octets tell.
    let reference = peer::message(ID, 0x73, &peer::element(0x04, b"").repeat(30_000));
    let error = search_answered_with(reference.repeat(20)).await;
    assert_eq!(error.fault, DirectoryFault::Protocol, "{error}");
    assert!(error.detail.contains("too many elements"), "{error}");
}

#[tokio::test]
async fn more_entries_than_were_asked_for_are_not_taken() {
    let entry = peer::search_entry(ID, "uid=ada", "uid", &[b"ada"]);
    let answer = [entry.repeat(50), peer::search_done(ID, 0)].concat();
    let peer = Peer::start(move |request| match request.operation {
        BIND => Reaction::Send(peer::bind_response(request.id, 0)),
        _ => Reaction::Send(answer.clone()),
    });
    let found = open(&plaintext(&peer.address()))
        .search(&by_uid("ada"))
        .await;
    let found = found.expect("an answer");
    assert_eq!((found.result_code, found.entries.len()), (4, 2));
}

#[tokio::test]
async fn a_success_that_was_sent_before_the_question_is_not_taken() {
    // The peer answers the first bind twice, the second time with the id of the bind to come.
    let peer = Peer::start(|request| {
        let refused = peer::bind_response(request.id, 49);
        let forged = peer::bind_response(request.id + 1, 0);
        Reaction::Send([refused, forged].concat())
    });
    let directory = open(&plaintext(&peer.address()));
    for _ in 0..20 {
        let bound = bind(&*directory, person("ada"), "wrong").await;
        assert!(bound.is_err_and(|error| error.fault == DirectoryFault::Protocol));
    }
}
