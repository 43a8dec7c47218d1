//! Referrals, and what leads somebody astray.

use super::*;
use bridge_model::ports::DirectoryFault;
use std::sync::atomic::{AtomicUsize, Ordering};
use suites::{
    peer::{self, BIND, EXTENDED, Peer, Reaction, SEARCH},
    proxy::{Mode, Proxy},
    slapd::Slapd,
};

/// A result with a referral.
fn referred(uri: &str) -> Vec<u8> {
    let referral = peer::element(0xa3, &peer::element(0x04, uri.as_bytes()));
    [peer::result(10, ""), referral].concat()
}

/// A continuation reference.
fn reference(id: u8, uri: &str) -> Vec<u8> {
    peer::message(id, 0x73, &peer::element(0x04, uri.as_bytes()))
}

/// A peer that lets everybody in and answers searches so.
fn searching(answer: impl Fn(u8) -> Vec<u8> + Send + Sync + 'static) -> Peer {
    Peer::start(move |request| match request.operation {
        BIND => Reaction::Send(peer::bind_response(request.id, 0)),
        _ => Reaction::Send(answer(request.id)),
    })
}

/// A peer that has one entry.
fn having(dn: &'static str) -> Peer {
    searching(move |id| {
        let entry = peer::search_entry(id, dn, "uid", &[b"x"]);
        [entry, peer::search_done(id, 0)].concat()
    })
}

fn following(address: &str, hosts: &[&str]) -> Federation {
    let mut federation = plaintext(address);
    federation.connection.referral_hosts = hosts.iter().map(|&host| host.to_owned()).collect();
    federation
}

/// The result code and the names that were found.
async fn found(federation: &Federation) -> (u32, Vec<String>) {
    let mut search = by_uid("ada");
    search.size_limit = 10;
    let found = open(federation).search(&search).await.expect("an answer");
    let names = found.entries.into_iter().map(|entry| entry.dn);
    (found.result_code, names.collect())
}

fn count(peer: &Peer, operation: u8) -> usize {
    let requests = peer.requests();
    requests.iter().filter(|r| r.operation == operation).count()
}

#[tokio::test]
async fn what_is_listed_is_followed_and_nothing_else() {
    let other = having("uid=there");
    let uri = format!("ldap://{}/dc=there??sub", other.address());
    let by_name = uri.replace("127.0.0.1", "localhost");
    let continuing = |uri: String| {
        searching(move |id| {
            let entry = peer::search_entry(id, "uid=here", "uid", &[b"x"]);
            [entry, reference(id, &uri), peer::search_done(id, 0)].concat()
        })
    };
    let referring = |uri: String| searching(move |id| peer::message(id, 0x65, &referred(&uri)));
    let (here, there) = ("uid=here".to_owned(), "uid=there".to_owned());
    for (peer, hosts, expected, searches) in [
        (continuing(uri.clone()), &[][..], (0, vec![here.clone()]), 0),
        (
            continuing(uri.clone()),
            &["dc2.example"],
            (0, vec![here.clone()]),
            0,
        ),
        // The name counts, not where it leads.
        (
            continuing(by_name.clone()),
            &["127.0.0.1"],
            (0, vec![here.clone()]),
            0,
        ),
        (
            continuing(by_name),
            &["localhost"],
            (0, vec![here.clone(), there.clone()]),
            1,
        ),
        (
            continuing(uri.clone()),
            &["127.0.0.1"],
            (0, vec![here, there.clone()]),
            2,
        ),
        (referring(uri.clone()), &[], (10, vec![]), 2),
        (referring(uri.clone()), &["dc2.example"], (10, vec![]), 2),
        (referring(uri), &["127.0.0.1"], (0, vec![there]), 3),
    ] {
        assert_eq!(
            found(&following(&peer.address(), hosts)).await,
            expected,
            "{hosts:?}"
        );
        assert_eq!(count(&other, SEARCH), searches, "{hosts:?}");
    }
    // As the service, there too, and below what the referral says.
    let requests = other.requests();
    let holds = |request: &peer::Request, part: &[u8]| {
        request
            .octets
            .windows(part.len())
            .any(|window| window == part)
    };
    let binds = requests.iter().filter(|r| r.operation == BIND);
    assert!(binds.clone().count() == 3 && binds.clone().all(|r| holds(r, SERVICE_DN.as_bytes())));
    let searches = requests.iter().filter(|r| r.operation == SEARCH);
    assert!(
        searches
            .clone()
            .all(|r| holds(r, b"dc=there") && holds(r, b"ada"))
    );
}

#[tokio::test]
async fn a_persons_password_and_a_write_are_never_carried_on() {
    let other = having("uid=there");
    let uri = format!("ldap://{}/", other.address());
    let answers = move |request: &peer::Request| {
        let tag = if request.operation == BIND {
            0x61
        } else {
            0x69
        };
        let answer = peer::message(request.id, tag, &referred(&uri));
        // The service itself is let in.
        let is_service = request.octets.windows(7).any(|window| window == b"cn=svc,");
        if is_service {
            Reaction::Send(peer::bind_response(request.id, 0))
        } else {
            Reaction::Send(answer)
        }
    };
    let peer = Peer::start(answers);
    let directory = open(&following(&peer.address(), &["127.0.0.1"]));
    let bound = bind(&*directory, person("ada"), "Pw-ada").await;
    assert_eq!(bound.expect("an answer").result_code, 10);
    let written = directory.write(&newcomer("lin")).await;
    assert_eq!(written.expect("an answer").result_code, 10);
    assert_eq!(other.requests(), []);
}

#[tokio::test]
async fn a_chain_of_referrals_ends() {
    // Each search is referred to the same peer, at another place.
    let step = Arc::new(AtomicUsize::new(0));
    let address = Arc::new(std::sync::OnceLock::<String>::new());
    let peer = {
        let (step, address) = (Arc::clone(&step), Arc::clone(&address));
        searching(move |id| {
            let step = step.fetch_add(1, Ordering::SeqCst);
            let address = address.get().expect("known by now");
            peer::message(id, 0x65, &referred(&format!("ldap://{address}/ou=x{step}")))
        })
    };
    address.set(peer.address()).expect("once");
    let (code, names) = found(&following(&peer.address(), &["127.0.0.1"])).await;
    assert_eq!((code, names), (54, vec![]));
    assert_eq!(count(&peer, SEARCH), 4);

    // And to the very same place: that was searched already.
    let address = Arc::new(std::sync::OnceLock::<String>::new());
    let peer = {
        let address = Arc::clone(&address);
        searching(move |id| {
            let uri = format!("ldap://{}/ou=x", address.get().expect("known by now"));
            let entry = peer::search_entry(id, "uid=here", "uid", &[b"x"]);
            [entry, reference(id, &uri), peer::search_done(id, 0)].concat()
        })
    };
    address.set(peer.address()).expect("once");
    let (code, names) = found(&following(&peer.address(), &["127.0.0.1"])).await;
    assert_eq!((code, names.len()), (0, 2));

    // Many at once are too many.
    let other = having("uid=there");
    let uri = format!("ldap://{}", other.address());
    let peer = searching(move |id| {
        let references: Vec<_> = (0..100)
            .flat_map(|i| reference(id, &format!("{uri}/ou=x{i}")))
            .collect();
        [references, peer::search_done(id, 0)].concat()
    });
    let (code, _) = found(&following(&peer.address(), &["127.0.0.1"])).await;
    assert_ne!(code, 0);
    assert!(count(&other, SEARCH) <= 16);
}

#[tokio::test]
async fn a_part_that_cannot_be_read_is_missed() {
    let gone = Proxy::start("127.0.0.1:9");
    gone.set_mode(Mode::Refuse);
    let uri = format!("ldap://{}/dc=there", gone.address());
    let peer = searching(move |id| {
        let entry = peer::search_entry(id, "uid=here", "uid", &[b"x"]);
        [entry, reference(id, &uri), peer::search_done(id, 0)].concat()
    });
    let directory = open(&following(&peer.address(), &["127.0.0.1"]));
    let error = directory
        .search(&by_uid("ada"))
        .await
        .expect_err("a part is missing");
    assert_eq!(error.fault, DirectoryFault::Connect, "{error}");
    assert!(error.detail.starts_with("following a referral"), "{error}");
    assert_eq!(error.server, gone.address());
}

#[tokio::test]
async fn what_is_asked_over_tls_is_followed_over_tls() {
    let slapd = Slapd::start();
    // Asked for TLS, it says that it has none.
    let other = Peer::start(|request| Reaction::Send(peer::extended_response(request.id, 2)));
    let other_uri = format!("ldap://{}/dc=there", other.address());
    let referral = Write::Add {
        dn: dn(&format!("ou=elsewhere,{PEOPLE}")),
        attributes: vec![
            attribute("objectClass", &["referral", "extensibleObject"]),
            attribute("ou", &["elsewhere"]),
            attribute("ref", &[&other_uri]),
        ],
    };
    let writer = open_as(&as_writer(&slapd.ldaps_address()), WRITER_PASSWORD);
    let made = writer.write(&referral).await.expect("an answer");
    assert!(made.is_success(), "{made:?}");
    // A real server refers; without leave that is passed over.
    works(&*open(&ldaps(&slapd.ldaps_address()))).await;
    let mut federation = ldaps(&slapd.ldaps_address());
    federation.connection.referral_hosts = vec!["127.0.0.1".to_owned()];
    // Not even where passwords may travel without.
    for allow_plaintext in [false, true] {
        federation.connection.allow_plaintext = allow_plaintext;
        let error = open(&federation).search(&by_uid("ada")).await;
        let error = error.expect_err("there is no TLS");
        assert_eq!(error.fault, DirectoryFault::Tls, "{error}");
    }
    assert!(other.requests().iter().all(|r| r.operation == EXTENDED));
    // No outbound rule, no connection.
    federation.connection.referral_hosts = vec!["localhost".to_owned()];
    let before = other.requests().len();
    open(&federation)
        .search(&by_uid("ada"))
        .await
        .expect("an answer");
    assert_eq!(other.requests().len(), before);
}
