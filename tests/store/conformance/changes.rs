//! Objects that are changed one by one, as the admin API does.

pub(crate) mod clients;
pub(crate) mod federations;
pub(crate) mod realms;

use super::{CROWD, all_at_once, conflict, users::person};
use crate::sample::{
    LATER, NOW, SOURCE, client, client_id, declaration, declare, empty_realm, federation,
    full_realm, grant, id, realm, session, staff,
};
use bridge_model::{
    client::{Client, ClientSecret},
    names::FederationId,
    ports::{
        Precondition::{Absent, Present, Revision as At},
        Store, StoreError,
    },
    realm::{Applied, PlannedFederation, Revision},
    secret::Secret,
    session::GrantStage,
};
use std::sync::Arc;

type Subject = Arc<dyn Store>;

/// What a refused write says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refused {
    Duplicate,
    Stale,
    Missing,
    Managed,
    NeedsCredential,
}

/// Why a write was refused; `object` is named in it.
fn refused<T>(written: Result<T, StoreError>, object: &str) -> Refused {
    let error = written.map(|_| ()).expect_err("it is refused");
    assert!(error.to_string().contains(object), "{error}");
    match error {
        StoreError::Duplicate(_) => Refused::Duplicate,
        StoreError::Stale(_) => Refused::Stale,
        StoreError::Missing(_) => Refused::Missing,
        StoreError::NeedsCredential(_) => Refused::NeedsCredential,
        StoreError::Managed { source_name, .. } => {
            assert_eq!(source_name, SOURCE);
            Refused::Managed
        }
        error => unreachable!("{error}"),
    }
}

fn people() -> PlannedFederation {
    federation("people", 1).planned
}

fn wiki() -> Client {
    client("wiki", &["x"]).client
}

fn credential() -> Secret {
    Secret::new("bind-credential-in-the-clear")
}

/// The realm `staff` with a federation, a client and somebody in it, none of it declared.
async fn staffed(store: &Subject) {
    let saved = store.save_realm(&realm("staff"), Absent, NOW).await;
    saved.expect("it is made");
    let saved = store
        .save_federation(&people(), Some(&credential()), Absent, NOW)
        .await;
    saved.expect("it is made");
    let saved = store.save_client(&wiki(), Absent, NOW).await;
    saved.expect("it is made");
    store
        .note_user(&person("f6a2", "ada"), NOW)
        .await
        .expect("she is noted");
    store.add_session(&session(1)).await.expect("it is kept");
    store.add_grant(&grant(1)).await.expect("it is kept");
}

async fn stage(store: &Subject) -> GrantStage {
    let grant = store.grant(&staff(), id(1), NOW).await;
    grant.expect("it reads").expect("there is one").stage
}

pub(crate) async fn what_a_file_declares_is_not_changed(store: &Subject) {
    declare(&**store, vec![full_realm()]).await;
    let mut off = realm("staff");
    off.enabled = false;
    let mut people = people();
    people.federation.enabled = false;
    let mut wiki = wiki();
    wiki.enabled = false;
    let federation = FederationId(id(1));
    let secret = Secret::new("x");
    let about = ClientSecret {
        id: id(1),
        created_at: NOW,
        expires_at: None,
        single_use: false,
    };
    let kept = store.client_secrets(&staff(), &wiki.id).await;
    let kept = kept.expect("they read");
    for precondition in [Present, At(Revision(1)), At(Revision(9))] {
        let realm = "realm staff";
        let written = store.save_realm(&off, precondition, NOW).await;
        assert_eq!(refused(written, realm), Refused::Managed);
        let written = store.remove_realm(&staff(), precondition).await;
        assert_eq!(refused(written, realm), Refused::Managed);
        let object = "federation staff/people";
        let written = store
            .save_federation(&people, None, precondition, NOW)
            .await;
        assert_eq!(refused(written, object), Refused::Managed);
        let written = store
            .remove_federation(&staff(), federation, precondition)
            .await;
        assert_eq!(refused(written, object), Refused::Managed);
        let object = "client staff/wiki";
        let written = store.save_client(&wiki, precondition, NOW).await;
        assert_eq!(refused(written, object), Refused::Managed);
        let written = store.remove_client(&staff(), &wiki.id, precondition).await;
        assert_eq!(refused(written, object), Refused::Managed);
        let written = store
            .add_client_secret(&staff(), &wiki.id, &secret, &about)
            .await;
        assert_eq!(refused(written, object), Refused::Managed);
        let written = store
            .remove_client_secret(&staff(), &wiki.id, kept[0].id)
            .await;
        assert_eq!(refused(written, object), Refused::Managed);
    }
    let again = store
        .apply(&declaration(vec![full_realm()]), false, LATER)
        .await;
    assert_eq!(again.expect("it applies"), Applied::default());
    // Beside it, other things can be made, and the file leaves them alone.
    let blog = Client {
        id: client_id("blog"),
        ..wiki
    };
    let saved = store.save_client(&blog, Absent, NOW).await;
    saved.expect("it is made");
    declare(&**store, vec![full_realm()]).await;
    assert_eq!(store.clients(&staff()).await.expect("they read").len(), 3);
}

pub(crate) async fn what_was_made_one_by_one_is_not_declared(store: &Subject) {
    staffed(store).await;
    let text = conflict(
        store
            .apply(&declaration(vec![full_realm()]), false, NOW)
            .await,
    );
    assert!(
        text.contains("realm staff") && text.contains(SOURCE),
        "{text}"
    );
    // A realm that its file let go is anybody's, once.
    declare(&**store, vec![empty_realm("free")]).await;
    declare(&**store, Vec::new()).await;
    let taken = store.save_realm(&realm("free"), Present, NOW).await;
    assert!(taken.expect("it is changed").enabled);
    let text = conflict(
        store
            .apply(&declaration(vec![empty_realm("free")]), false, NOW)
            .await,
    );
    assert!(text.contains("realm free"), "{text}");
}

pub(crate) async fn of_many_that_change_the_same_revision_one_wins(store: &Subject) {
    staffed(store).await;
    let written = all_at_once(store, |store, number| async move {
        let mut wiki = wiki();
        wiki.name = Some(number.to_string());
        (number, store.save_client(&wiki, At(Revision(1)), NOW).await)
    });
    let mut winners = Vec::new();
    let mut stale = 0;
    for (number, written) in written.await {
        match written {
            Ok(_) => winners.push(number.to_string()),
            Err(StoreError::Stale(_)) => stale += 1,
            Err(error) => unreachable!("{error}"),
        }
    }
    assert_eq!((winners.len(), stale), (1, CROWD - 1));
    let read = store.client(&staff(), &client_id("wiki")).await;
    let read = read.expect("it reads").expect("there is one");
    assert_eq!((read.name, read.revision), (winners.pop(), Revision(2)));
    let made = all_at_once(store, |store, _| async move {
        store.save_realm(&realm("new"), Absent, NOW).await.is_ok()
    });
    assert_eq!(made.await.into_iter().filter(|made| *made).count(), 1);
}

pub(crate) async fn a_name_that_comes_back_has_new_revisions(store: &Subject) {
    staffed(store).await;
    for expected in [2, 3, 4] {
        let removed = store
            .remove_client(&staff(), &client_id("wiki"), Present)
            .await;
        removed.expect("it goes");
        let made = store.save_client(&wiki(), Absent, NOW).await;
        assert_eq!(made.expect("it is made").revision, Revision(expected));
        let written = store
            .save_client(&wiki(), At(Revision(expected - 1)), NOW)
            .await;
        assert_eq!(refused(written, "client staff/wiki"), Refused::Stale);
    }
    store
        .remove_realm(&staff(), Present)
        .await
        .expect("it goes");
    let made = store.save_realm(&realm("staff"), Absent, NOW).await;
    assert_eq!(made.expect("it is made").revision, Revision(2));
    let made = store.save_client(&wiki(), Absent, NOW).await;
    assert_eq!(made.expect("it is made").revision, Revision(5));
    let secret = credential();
    let made = store
        .save_federation(&people(), Some(&secret), Absent, NOW)
        .await;
    assert!(made.expect("it is made").revision > Revision(1));
}

pub(crate) async fn policies_are_switched(store: &Subject) {
    let off = async || store.policies_off().await.expect("they read");
    assert_eq!(off().await, [] as [String; 0]);
    for (policy, on, expected) in [
        ("b", false, vec!["b"]),
        ("b", false, vec!["b"]),
        ("a", false, vec!["a", "b"]),
        ("c", true, vec!["a", "b"]),
        ("b", true, vec!["a"]),
        ("a", true, Vec::new()),
    ] {
        let switched = store.switch_policy(policy, on).await;
        switched.expect("it is switched");
        assert_eq!(off().await, expected);
    }
}
