//! Writes, to a real server and to ones that do not answer.

use super::*;
use bridge_model::{
    ports::DirectoryFault,
    write::{
        Modification,
        ModifyWay::{self, Add, Remove, Replace},
    },
};
use std::sync::atomic::{AtomicUsize, Ordering};
use suites::{
    peer::{self, BIND, Peer, Reaction},
    slapd::Slapd,
};

fn writer(slapd: &Slapd) -> Arc<dyn Directory> {
    open_as(&as_writer(&slapd.ldaps_address()), WRITER_PASSWORD)
}

/// Writes, and gives the result code.
async fn write(directory: &dyn Directory, write: Write) -> u32 {
    let answer = directory.write(&write).await;
    answer.expect("an answer").result_code
}

fn modify(dn: &Dn, modifications: Vec<(ModifyWay, Attribute)>) -> Write {
    let modifications = modifications
        .into_iter()
        .map(|(way, attribute)| Modification { way, attribute })
        .collect();
    Write::Modify {
        dn: dn.clone(),
        modifications,
    }
}

/// What an entry has of an attribute, sorted; none: there is no entry.
async fn values(directory: &dyn Directory, dn: &Dn, attribute: &str) -> Option<Vec<String>> {
    let everything = Filter::Present("objectClass".to_owned());
    let mut search = search(dn.as_str(), everything, &[attribute]);
    search.scope = SearchScope::Base;
    let found = directory.search(&search).await.expect("an answer");
    let entry = found.entries.first()?;
    let text = |value: &Vec<u8>| String::from_utf8(value.clone()).expect("text");
    let mut values: Vec<_> = entry.values(attribute).iter().map(text).collect();
    values.sort_unstable();
    Some(values)
}

#[tokio::test]
async fn an_entry_is_made_renamed_and_removed() {
    let slapd = Slapd::start();
    let directory = writer(&slapd);
    let lin = dn(&format!("uid=lin,{PEOPLE}"));
    assert_eq!(write(&*directory, newcomer("lin")).await, 0);
    assert_eq!(write(&*directory, newcomer("lin")).await, 68);
    let rename = Write::Rename {
        dn: lin.clone(),
        name: vec![part("uid", "lin2")],
    };
    let renamed = dn(&format!("uid=lin2,{PEOPLE}"));
    assert_eq!(write(&*directory, rename).await, 0);
    assert_eq!(values(&*directory, &lin, "uid").await, None);
    let uid = values(&*directory, &renamed, "uid").await;
    assert_eq!(uid, Some(vec!["lin2".to_owned()]));
    let delete = Write::Delete { dn: renamed };
    assert_eq!(write(&*directory, delete.clone()).await, 0);
    assert_eq!(write(&*directory, delete).await, 32);
}

#[tokio::test]
async fn an_entry_is_changed_as_a_whole_or_not_at_all() {
    let slapd = Slapd::start();
    let directory = writer(&slapd);
    let lin = dn(&format!("uid=lin,{PEOPLE}"));
    assert_eq!(write(&*directory, newcomer("lin")).await, 0);
    for (changes, mails, phones) in [
        (
            vec![
                (Add, attribute("mail", &["b@x", "a@x", "c@x"])),
                (Add, attribute("telephoneNumber", &["1"])),
            ],
            &["a@x", "b@x", "c@x"][..],
            &["1"][..],
        ),
        (
            vec![
                (Remove, attribute("mail", &["b@x"])),
                (Remove, attribute("telephoneNumber", &[])),
            ],
            &["a@x", "c@x"],
            &[],
        ),
        (
            vec![
                (Replace, attribute("mail", &["d@x"])),
                // It is not there, and nothing is to be added: neither is wrong.
                (Replace, attribute("telephoneNumber", &[])),
                (Add, attribute("description", &[])),
            ],
            &["d@x"],
            &[],
        ),
        (vec![(Replace, attribute("mail", &[]))], &[], &[]),
    ] {
        assert_eq!(write(&*directory, modify(&lin, changes)).await, 0);
        assert_eq!(values(&*directory, &lin, "mail").await.expect("lin"), mails);
        let found = values(&*directory, &lin, "telephoneNumber").await;
        assert_eq!(found.expect("lin"), phones);
    }
    let wrong = vec![
        (Add, attribute("mail", &["e@x"])),
        (Add, attribute("noSuchAttribute", &["x"])),
    ];
    assert_eq!(write(&*directory, modify(&lin, wrong)).await, 17);
    assert_eq!(values(&*directory, &lin, "mail").await, Some(vec![]));
}

#[tokio::test]
async fn a_name_of_any_characters_is_written_and_found() {
    let slapd = Slapd::start();
    let directory = writer(&slapd);
    assert_eq!(write(&*directory, newcomer("plain")).await, 0);
    let mut before = dn(&format!("uid=plain,{PEOPLE}"));
    for value in [
        "*",
        "a)(uid=*",
        "\\2a",
        "\u{dc}n\u{ef}(x)",
        "a,b",
        "a+b=c",
        "\"q\"",
        "#1",
        "<a;b>",
        "a\\",
        "=",
        "x y",
        " before",
        "behind ",
    ] {
        assert_eq!(write(&*directory, newcomer(value)).await, 0, "{value:?}");
        let made = Dn::named(&[part("uid", value)], &dn(PEOPLE)).expect(value);
        let found = directory.search(&by_uid(value)).await.expect("an answer");
        assert_eq!(found.entries.len(), 1, "{value:?}");
        assert_eq!(dn(&found.entries[0].dn), made, "{value:?}");
        assert_eq!(
            write(&*directory, Write::Delete { dn: made.clone() }).await,
            0
        );
        // The same by another way, with a second part.
        let name = vec![part("uid", value), part("cn", "two, parts")];
        let renamed = Dn::named(&name, &dn(PEOPLE)).expect(value);
        assert_eq!(
            write(&*directory, Write::Rename { dn: before, name }).await,
            0
        );
        let uid = values(&*directory, &renamed, "uid").await;
        assert_eq!(uid.expect("an entry"), [value], "{value:?}");
        before = renamed;
    }
}

#[tokio::test]
async fn a_large_value_is_written_and_read() {
    let slapd = Slapd::start();
    let directory = writer(&slapd);
    let photo: Vec<u8> = (0..300_000_u32)
        .map(|i| i.to_le_bytes()[i as usize % 3])
        .collect();
    let ada = dn(person("ada").as_str());
    let large = Attribute {
        name: "jpegPhoto".to_owned(),
        values: vec![photo.clone()],
    };
    let change = modify(&ada, vec![(Replace, large)]);
    assert_eq!(write(&*directory, change).await, 0);
    let mut search = by_uid("ada");
    search.attributes = vec!["jpegPhoto".to_owned()];
    let found = directory.search(&search).await.expect("an answer");
    assert!(found.entries[0].values("jpegPhoto") == [photo]);
}

#[tokio::test]
async fn aliases_are_followed_where_that_is_wanted() {
    let slapd = Slapd::start();
    let directory = writer(&slapd);
    let alias = Write::Add {
        dn: dn(&format!("cn=alias,{PEOPLE}")),
        attributes: vec![
            attribute("objectClass", &["alias", "extensibleObject"]),
            attribute("cn", &["alias"]),
            attribute("aliasedObjectName", &[SERVICE_DN]),
        ],
    };
    assert_eq!(write(&*directory, alias).await, 0);
    for follow_aliases in [false, true] {
        let mut federation = ldaps(&slapd.ldaps_address());
        federation.connection.follow_aliases = follow_aliases;
        let search = search(PEOPLE, Filter::equal("cn", "svc"), &["cn"]);
        let directory = open(&federation);
        let found = directory.search(&search).await.expect("an answer");
        assert_eq!(found.entries.len(), usize::from(follow_aliases));
    }
}

#[tokio::test]
async fn what_is_written_does_not_travel_without_tls() {
    let slapd = Slapd::shared();
    let mut federation = plaintext(&slapd.ldap_address());
    federation.connection.allow_plaintext = false;
    // Nobody's password would travel.
    federation.connection.bind = ServiceBind::None;
    let directory = open(&federation);
    let error = directory
        .write(&newcomer("lin"))
        .await
        .expect_err("refused");
    assert_eq!(error.fault, DirectoryFault::PlaintextRefused, "{error}");
    federation.connection.start_tls = true;
    // Who is nobody may not write, but the server was asked.
    assert_ne!(write(&*open(&federation), newcomer("lin")).await, 0);
}

#[tokio::test]
async fn a_new_name_that_is_none_is_not_sent() {
    let slapd = Slapd::shared();
    let directory = writer(slapd);
    for name in [
        vec![],
        vec![part("not a name", "x")],
        vec![part("", "x")],
        vec![part("uid=x,cn", "y")],
    ] {
        let write = Write::Rename {
            dn: dn(&format!("uid=ada,{PEOPLE}")),
            name,
        };
        let error = directory.write(&write).await.expect_err("refused");
        assert_eq!(error.fault, DirectoryFault::Misconfigured, "{error}");
    }
}

/// A peer that lets everybody in and, asked for anything else, reacts so.
fn reacting(reaction: impl Fn(u8) -> Reaction + Send + Sync + 'static) -> Peer {
    Peer::start(move |request| match request.operation {
        BIND => Reaction::Send(peer::bind_response(request.id, 0)),
        _ => reaction(request.id),
    })
}

fn writes(peer: &Peer) -> usize {
    let requests = peer.requests();
    requests.iter().filter(|r| r.operation != BIND).count()
}

#[tokio::test]
async fn a_write_that_may_have_been_done_is_not_done_again() {
    let closing = reacting(|_| Reaction::SendAndClose(vec![]));
    let directory = open(&plaintext(&closing.address()));
    let error = directory
        .write(&newcomer("lin"))
        .await
        .expect_err("no answer");
    assert_eq!(error.fault, DirectoryFault::Protocol, "{error}");
    assert!(
        error.detail.contains("not known whether it was done"),
        "{error}"
    );
    assert_eq!(writes(&closing), 1);

    let silent = reacting(|_| Reaction::Ignore);
    let limit = Duration::from_millis(300);
    let directory = open(&with_timeouts(plaintext(&silent.address()), limit));
    let error = directory
        .write(&newcomer("lin"))
        .await
        .expect_err("no answer");
    assert_eq!(error.fault, DirectoryFault::Timeout, "{error}");
    assert!(
        error.detail.contains("not known whether it was done"),
        "{error}"
    );
    assert_eq!(writes(&silent), 1);
}

#[tokio::test]
async fn a_write_on_a_connection_that_was_gone_already_is_done_on_another() {
    // After its first answer the peer closes the connection, which then waits in the pool.
    let count = AtomicUsize::new(0);
    let peer = reacting(move |id| {
        let answer = peer::message(id, 0x69, &peer::result(0, ""));
        if count.fetch_add(1, Ordering::SeqCst) == 0 {
            Reaction::SendAndClose(answer)
        } else {
            Reaction::Send(answer)
        }
    });
    let directory = open(&plaintext(&peer.address()));
    for _ in 0..3 {
        assert_eq!(write(&*directory, newcomer("lin")).await, 0);
    }
    assert_eq!(writes(&peer), 3);
}

#[tokio::test]
async fn an_answer_of_another_kind_is_no_answer() {
    for tag in [0x61, 0x65, 0x67, 0x6b, 0x6d, 0x78, 0x79, 0x64] {
        let peer = reacting(move |id| Reaction::Send(peer::message(id, tag, &peer::result(0, ""))));
        let directory = open(&plaintext(&peer.address()));
        let error = directory
            .write(&newcomer("lin"))
            .await
            .expect_err("no answer");
        assert_eq!(error.fault, DirectoryFault::Protocol, "{error}");
        assert_eq!(writes(&peer), 1, "{tag:x}");
    }
    for (octets, words) in [
        (b"\x30\x84\xff\xff\xff\xff".to_vec(), "4294967301 octets"),
        (peer::message(2, 0x69, b""), "result"),
        (
            peer::message(2, 0x69, b"\x0a\x01\x00\x04\x01\xff\x04\x00"),
            "UTF-8",
        ),
        (peer::message(3, 0x69, &peer::result(0, "")), "not made"),
    ] {
        let peer = reacting(move |_| Reaction::Send(octets.clone()));
        let directory = open(&plaintext(&peer.address()));
        let error = directory
            .write(&newcomer("lin"))
            .await
            .expect_err("no answer");
        assert_eq!(error.fault, DirectoryFault::Protocol, "{error}");
        assert!(error.detail.contains(words), "{error}");
    }
}
