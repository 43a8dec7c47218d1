//! The service's own account: never locked by the bridge.

use super::*;
use bridge_model::ports::{DirectoryFault, DirectoryStep, Facts};
use suites::{
    peer::{self, BIND, Peer, Reaction, SEARCH},
    proxy::Proxy,
    slapd::Slapd,
};
use tokio::task::JoinSet;

/// A peer that answers service binds with a result code, and searches with nothing.
fn answering_binds_with(result_code: u8) -> Peer {
    Peer::start(move |request| match request.operation {
        BIND => Reaction::Send(peer::bind_response(request.id, result_code)),
        _ => Reaction::Send(peer::search_done(request.id, 0)),
    })
}

fn binds(peer: &Peer) -> usize {
    let requests = peer.requests();
    requests.iter().filter(|r| r.operation == BIND).count()
}

/// Searches fifty times, ten at a time, and gives what that failed with.
async fn fifty_searches(directory: &Arc<dyn Directory>) -> Vec<DirectoryError> {
    let mut errors = Vec::new();
    for _ in 0..5 {
        let mut tasks = JoinSet::new();
        for _ in 0..10 {
            let directory = Arc::clone(directory);
            tasks.spawn(async move { directory.search(&by_uid("ada")).await });
        }
        for searched in tasks.join_all().await {
            errors.extend(searched.err());
        }
    }
    errors
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_calls_send_a_wrong_credential_once() {
    // 49 is invalid credentials; 19 is what some say when there were too many.
    for result_code in [49, 19] {
        let peer = answering_binds_with(result_code);
        let directory = open(&plaintext(&peer.address()));
        let errors = fifty_searches(&directory).await;
        assert_eq!(errors.len(), 50);
        for error in errors {
            assert_eq!(error.fault, DirectoryFault::ServiceBind, "{error}");
            assert_eq!(error.facts, Facts::Refused(result_code.into()), "{error}");
            assert!(error.detail.contains(SERVICE_DN), "{error}");
        }
        assert_eq!(binds(&peer), 1);
        // Whoever wants to know now opens the directory anew, with the same credential or another.
        let anew = open(&plaintext(&peer.address()));
        anew.search(&by_uid("ada")).await.expect_err("refused");
        assert_eq!(binds(&peer), 2);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_credential_is_not_carried_to_the_other_servers() {
    let peers = [answering_binds_with(49), answering_binds_with(49)];
    let mut federation = federation(&peers.each_ref().map(|p| format!("ldap://{}", p.address())));
    federation.connection.allow_plaintext = true;
    let directory = open(&federation);
    assert_eq!(fifty_searches(&directory).await.len(), 50);
    assert_eq!(peers.each_ref().map(binds), [1, 0]);
}

#[tokio::test]
async fn after_its_rest_a_credential_is_tried_again_and_each_refusal_makes_it_longer() {
    let peer = answering_binds_with(49);
    let back_off = Duration::from_millis(300);
    let limits = Limits {
        credential_back_off: back_off,
        ..Limits::default()
    };
    let directory = open_with(&plaintext(&peer.address()), limits);
    let asked = async || {
        let searched = directory.search(&by_uid("ada")).await;
        searched.expect_err("refused");
        binds(&peer)
    };
    assert_eq!((asked().await, asked().await), (1, 1));
    tokio::time::sleep(back_off).await;
    assert_eq!((asked().await, asked().await), (2, 2));
    tokio::time::sleep(back_off).await;
    assert_eq!(asked().await, 2, "it rests twice as long now");
    tokio::time::sleep(back_off).await;
    assert_eq!(asked().await, 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_that_locks_itself_is_not_locked_by_us() {
    // The server locks an account at the fifth failure.
    let slapd = Slapd::start();
    let mut federation = ldaps(&slapd.ldaps_address());
    federation.connection.bind = ServiceBind::Simple(person("sophie"));
    let directory = LdapDirectories::new(this_machine())
        .open(&federation, Some(Secret::new("wrong")))
        .expect("a configuration that can work");
    for error in fifty_searches(&directory).await {
        assert_eq!(error.facts, Facts::Refused(49), "{error}");
    }
    let bound = bind(&*directory, person("sophie"), "Pw-sophie").await;
    assert!(bound.expect("an answer").is_success());
}

#[tokio::test]
async fn a_refused_service_bind_is_told_without_the_password_and_people_can_still_be_bound() {
    let proxy = Proxy::start(&Slapd::shared().ldaps_address());
    let directory = LdapDirectories::new(this_machine())
        .open(&ldaps(&proxy.address()), Some(Secret::new("not-svcpw")))
        .expect("a configuration that can work");
    for _ in 0..3 {
        let error = directory.search(&by_uid("ada")).await.expect_err("refused");
        assert_eq!(error.fault, DirectoryFault::ServiceBind, "{error}");
        assert!(error.detail.contains("result code 49"), "{error}");
        assert!(!error.detail.contains("not-svcpw"), "{error}");
    }
    assert_eq!(proxy.accepted(), 1);
    let bound = bind(&*directory, person("ada"), "Pw-ada").await;
    assert!(bound.expect("an answer").is_success());
}

#[tokio::test]
async fn a_service_bind_without_an_answer_is_told_from_a_search_without_one() {
    for (silent, step) in [
        (BIND, DirectoryStep::ServiceBind),
        (SEARCH, DirectoryStep::Operation),
    ] {
        let peer = Peer::start(move |request| {
            if request.operation == silent {
                Reaction::Ignore
            } else {
                Reaction::Send(peer::bind_response(request.id, 0))
            }
        });
        let federation = with_timeouts(plaintext(&peer.address()), Duration::from_millis(200));
        let searched = open(&federation).search(&by_uid("ada")).await;
        let error = searched.expect_err("no answer");
        assert_eq!((error.fault, error.step), (DirectoryFault::Timeout, step));
    }
}

#[tokio::test]
async fn a_refusal_for_another_reason_is_soon_forgotten() {
    // 53 is unwilling to perform.
    let peer = answering_binds_with(53);
    let limits = Limits {
        back_off: Duration::ZERO,
        ..Limits::default()
    };
    let directory = open_with(&plaintext(&peer.address()), limits);
    for count in 1..=3 {
        let error = directory.search(&by_uid("ada")).await.expect_err("refused");
        assert_eq!(error.facts, Facts::Refused(53), "{error}");
        assert_eq!(binds(&peer), count);
    }
}
