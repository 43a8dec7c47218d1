//! New passwords.

use super::*;
use bridge_model::{
    plan::{PasswordAttribute, PasswordEncoding, PasswordWrite},
    ports::DirectoryFault,
    write::{PasswordAnswer, PasswordAuthor, PasswordChange},
};
use std::time::Instant;
use suites::{
    peer::{self, BIND, EXTENDED, Peer, Reaction},
    proxy::Proxy,
    slapd::Slapd,
};

fn in_attribute(encoding: PasswordEncoding) -> PasswordAttribute {
    PasswordAttribute {
        name: "userPassword".to_owned(),
        encoding,
    }
}

fn exchange() -> PasswordWrite {
    PasswordWrite::Exchange(in_attribute(PasswordEncoding::Utf8))
}

fn replace() -> PasswordWrite {
    PasswordWrite::Replace(in_attribute(PasswordEncoding::Utf8))
}

/// Who writes a new password, and what for a password is so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Author {
    Person,
    ServiceForPerson,
    Service,
}

async fn set(
    directory: &dyn Directory,
    uid: &str,
    way: &PasswordWrite,
    (author, old): (Author, &str),
    new: &str,
) -> Result<PasswordAnswer, DirectoryError> {
    let (name, old, new) = (person(uid), password(old), password(new));
    let author = match author {
        Author::Person => PasswordAuthor::Person {
            name: &name,
            old: &old,
            bind_controls: &[],
        },
        Author::ServiceForPerson => PasswordAuthor::ServiceForPerson { old: &old },
        Author::Service => PasswordAuthor::Service,
    };
    let change = PasswordChange {
        dn: &dn(name.as_str()),
        way,
        author,
        new: &new,
        controls: &[],
    };
    directory.set_password(&change).await
}

/// The result code of a change that was written.
fn written(answer: Result<PasswordAnswer, DirectoryError>) -> u32 {
    match answer.expect("an answer") {
        PasswordAnswer::Written(reply) => reply.result_code,
        PasswordAnswer::NotBound(reply) => unreachable!("not bound: {reply:?}"),
    }
}

async fn comes_in(directory: &dyn Directory, uid: &str, typed: &str) -> bool {
    let bound = bind(directory, person(uid), typed).await;
    bound.expect("an answer").is_success()
}

#[tokio::test]
async fn every_way_and_every_author_write_a_password_that_then_works() {
    use Author::{Person, Service, ServiceForPerson};
    let slapd = Slapd::start();
    for (round, (way, author)) in [
        (PasswordWrite::ExtendedOperation, Person),
        (PasswordWrite::ExtendedOperation, ServiceForPerson),
        (PasswordWrite::ExtendedOperation, Service),
        (exchange(), Person),
        (exchange(), ServiceForPerson),
        (exchange(), Service),
        (replace(), Person),
        (replace(), Service),
    ]
    .into_iter()
    .enumerate()
    {
        let directory = open_as(&as_writer(&slapd.ldaps_address()), WRITER_PASSWORD);
        let uid = format!("new-{round}");
        let made = directory.write(&newcomer(&uid)).await.expect("an answer");
        assert!(made.is_success(), "{made:?}");
        let (old, new) = ("Pw-newcomer", "P\u{e4}ss w\u{f6}rd, \"quoted\" \\ 1");
        assert!(comes_in(&*directory, &uid, old).await);
        let answer = set(&*directory, &uid, &way, (author, old), new).await;
        assert_eq!(written(answer), 0, "{way:?} {author:?}");
        assert!(comes_in(&*directory, &uid, new).await, "{way:?} {author:?}");
        assert!(
            !comes_in(&*directory, &uid, old).await,
            "{way:?} {author:?}"
        );
    }
}

#[tokio::test]
async fn a_wrong_password_so_far_changes_nothing() {
    let slapd = Slapd::start();
    let directory = open_as(&as_writer(&slapd.ldaps_address()), WRITER_PASSWORD);
    for way in [PasswordWrite::ExtendedOperation, exchange(), replace()] {
        let answer = set(
            &*directory,
            "ada",
            &way,
            (Author::Person, "wrong"),
            "New-pass-1",
        )
        .await;
        let PasswordAnswer::NotBound(reply) = answer.expect("an answer") else {
            unreachable!("{way:?} was written");
        };
        assert_eq!(reply.result_code, 49);
    }
    for way in [PasswordWrite::ExtendedOperation, exchange()] {
        let by = (Author::ServiceForPerson, "wrong");
        let answer = set(&*directory, "ada", &way, by, "New-pass-1").await;
        assert_ne!(written(answer), 0, "{way:?}");
    }
    assert!(comes_in(&*directory, "ada", "Pw-ada").await);
}

#[tokio::test]
async fn a_persons_connection_is_used_for_nothing_else() {
    let slapd = Slapd::start();
    let proxy = Proxy::start(&slapd.ldaps_address());
    let directory = open(&ldaps(&proxy.address()));
    let way = PasswordWrite::ExtendedOperation;
    for (round, (old, new)) in [
        ("Pw-ada", "Ada-pass-1"),
        ("Ada-pass-1", "Ada-pass-2"),
        ("Ada-pass-2", "Ada-pass-3"),
    ]
    .into_iter()
    .enumerate()
    {
        let answer = set(&*directory, "ada", &way, (Author::Person, old), new).await;
        assert_eq!(written(answer), 0);
        assert_eq!(proxy.accepted(), round as u64 + 1);
    }
    // The service's own may be used again.
    let accepted = proxy.accepted();
    for _ in 0..3 {
        set(
            &*directory,
            "ada",
            &way,
            (Author::Service, "-"),
            "Ada-pass-4",
        )
        .await
        .expect("an answer");
    }
    assert_eq!(proxy.accepted(), accepted + 1);
}

#[tokio::test]
async fn a_new_password_never_travels_without_tls() {
    let peer = Peer::start(|request| Reaction::Send(peer::bind_response(request.id, 0)));
    let directory = open(&plaintext(&peer.address()));
    for author in [Author::Person, Author::ServiceForPerson, Author::Service] {
        let way = PasswordWrite::ExtendedOperation;
        let error = set(&*directory, "ada", &way, (author, "Pw-ada"), "New-pass-1").await;
        let error = error.expect_err("refused");
        assert_eq!(error.fault, DirectoryFault::PlaintextRefused, "{error}");
    }
    assert_eq!(peer.requests(), []);
}

#[tokio::test]
async fn what_would_check_no_password_is_not_done() {
    let slapd = Slapd::shared();
    let directory = open(&ldaps(&slapd.ldaps_address()));
    for (way, author) in [
        (PasswordWrite::Refused, Author::Person),
        (PasswordWrite::Refused, Author::Service),
        (replace(), Author::ServiceForPerson),
    ] {
        let answer = set(&*directory, "ada", &way, (author, "Pw-ada"), "New-pass-1").await;
        let error = answer.expect_err("refused");
        assert_eq!(error.fault, DirectoryFault::Misconfigured, "{error}");
    }
}

/// What a peer on this machine's socket was sent for a change by the service.
async fn sent(way: &PasswordWrite, old: &str, new: &str) -> Vec<u8> {
    let folder = tempfile::tempdir().expect("a folder of one's own");
    let path = folder.path().join("ldapi");
    let peer = Peer::start(|request| match request.operation {
        BIND => Reaction::Send(peer::bind_response(request.id, 0)),
        EXTENDED => Reaction::Send(peer::extended_response(request.id, 0)),
        _ => Reaction::Send(peer::message(request.id, 0x67, &peer::result(0, ""))),
    });
    let forward = tokio::spawn(carry(path.clone(), peer.address()));
    let begin = Instant::now();
    while !path.exists() && begin.elapsed() < Duration::from_secs(5) {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let path = path.to_str().expect("a path of a test").replace('/', "%2F");
    // A socket of this machine needs no TLS.
    let directory = open(&federation(&[format!("ldapi://{path}")]));
    let by = (Author::ServiceForPerson, old);
    assert_eq!(written(set(&*directory, "ada", way, by, new).await), 0);
    forward.abort();
    let requests = peer.requests();
    requests.last().expect("a change").octets.clone()
}

/// Carries one connection from a socket to a peer.
async fn carry(path: std::path::PathBuf, address: String) {
    let listener = tokio::net::UnixListener::bind(path).expect("a socket");
    let (mut near, _) = listener.accept().await.expect("a client");
    let mut far = tokio::net::TcpStream::connect(address)
        .await
        .expect("the peer");
    let _ = tokio::io::copy_bidirectional(&mut near, &mut far).await;
}

fn holds(octets: &[u8], part: &[u8]) -> bool {
    octets.windows(part.len()).any(|window| window == part)
}

#[tokio::test]
async fn a_password_is_sent_as_the_attribute_wants_it() {
    let quoted = |text: &str| -> Vec<u8> {
        let text = format!("\"{text}\"");
        text.encode_utf16().flat_map(u16::to_le_bytes).collect()
    };
    let way = PasswordWrite::Exchange(in_attribute(PasswordEncoding::QuotedUtf16le));
    let octets = sent(&way, "alt-\u{e4}", "neu-\u{1f600}").await;
    // Delete the old value, add the new one, in this order.
    let delete = [&b"\x0a\x01\x01"[..], &peer::element(0x30, b"")[..1]].concat();
    let add = [&b"\x0a\x01\x00"[..], &peer::element(0x30, b"")[..1]].concat();
    assert!(holds(&octets, &quoted("alt-\u{e4}")) && holds(&octets, &quoted("neu-\u{1f600}")));
    let place = |part: &[u8]| octets.windows(part.len()).position(|w| w == part);
    assert!(place(&delete).expect("a removal") < place(&add).expect("an addition"));

    let octets = sent(&PasswordWrite::ExtendedOperation, "old", "new").await;
    // RFC 3062 section 2: who, the old one, the new one.
    let request = [
        peer::element(0x80, person("ada").as_str().as_bytes()),
        peer::element(0x81, b"old"),
        peer::element(0x82, b"new"),
    ];
    assert!(
        holds(&octets, &peer::element(0x30, &request.concat())),
        "{octets:x?}"
    );
    assert!(holds(&octets, b"1.3.6.1.4.1.4203.1.11.1"));
}
