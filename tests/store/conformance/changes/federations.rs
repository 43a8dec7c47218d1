//! Federations that are changed one by one.

use super::{Refused, Subject, credential, people, refused, staffed, stage};
use crate::{
    conformance::conflict,
    sample::{
        LATER, NOW, federation, federation_name, hash, id, realm, realm_name, session, staff, url,
    },
};
use bridge_model::{
    federation::ServiceBind,
    names::FederationId,
    ports::Precondition::{Absent, Present, Revision as At},
    realm::Revision,
    secret::Secret,
    session::GrantStage,
};

pub(crate) async fn a_federation_is_made_and_changed(store: &Subject) {
    let mut wanted = people();
    let secret = credential();
    let written = store
        .save_federation(&wanted, Some(&secret), Absent, NOW)
        .await;
    assert_eq!(refused(written, "realm staff"), Refused::Missing);
    let saved = store.save_realm(&realm("staff"), Absent, NOW).await;
    saved.expect("it is made");
    let written = store
        .save_federation(&wanted, Some(&secret), Present, NOW)
        .await;
    assert_eq!(refused(written, "staff/people"), Refused::Missing);
    let made = store
        .save_federation(&wanted, Some(&secret), Absent, NOW)
        .await;
    let made = made.expect("it is made");
    assert_eq!((made.revision, &made.managed_by), (Revision(1), &None));
    let written = store
        .save_federation(&wanted, Some(&secret), Absent, NOW)
        .await;
    assert_eq!(refused(written, "staff/people"), Refused::Duplicate);
    // The kept credential stays, and so it does where the same is given again.
    for given in [None, Some(&secret)] {
        let same = store
            .save_federation(&wanted, given, At(Revision(1)), LATER)
            .await;
        assert_eq!(same.expect("there is nothing to change"), made);
    }

    wanted.federation.name = federation_name("everybody");
    wanted.federation.subject_namespace = "everybody".into();
    wanted.federation.enabled = false;
    wanted.plan.memo = vec![9];
    let changed = store
        .save_federation(&wanted, None, At(Revision(1)), LATER)
        .await;
    let changed = changed.expect("it is changed");
    assert_eq!(changed.revision, Revision(2));
    let read = store.federation(&staff(), FederationId(id(1))).await;
    let read = read.expect("it reads").expect("there is one");
    assert_eq!(read, changed);
    assert_eq!(
        (read.federation, read.plan),
        (wanted.federation.clone(), wanted.plan.clone())
    );
    let kept = store.bind_credential(&wanted.federation).await;
    assert_eq!(kept.expect("it opens"), Some(secret));
    let another = Secret::new("another");
    let changed = store
        .save_federation(&wanted, Some(&another), Present, LATER)
        .await;
    assert_eq!(changed.expect("it is changed").revision, Revision(3));
    let kept = store.bind_credential(&wanted.federation).await;
    assert_eq!(kept.expect("it opens"), Some(another));
    let written = store
        .save_federation(&wanted, None, At(Revision(2)), LATER)
        .await;
    assert_eq!(refused(written, "staff/everybody"), Refused::Stale);
}

pub(crate) async fn a_federation_needs_its_credential(store: &Subject) {
    let saved = store.save_realm(&realm("staff"), Absent, NOW).await;
    saved.expect("it is made");
    let written = store.save_federation(&people(), None, Absent, NOW).await;
    assert_eq!(
        refused(written, "federation staff/people"),
        Refused::NeedsCredential
    );
    assert_eq!(store.federations(&staff()).await.expect("they read"), []);
    let made = store
        .save_federation(&people(), Some(&credential()), Absent, NOW)
        .await;
    let made = made.expect("it is made");
    let mut elsewhere = people();
    elsewhere.federation.connection.urls[0] = url("ldaps://evil.example");
    let written = store.save_federation(&elsewhere, None, Present, NOW).await;
    assert_eq!(
        refused(written, "federation staff/people"),
        Refused::NeedsCredential
    );
    let read = store.federations(&staff()).await.expect("they read");
    assert_eq!(read, [made]);
    // One that binds as nobody needs none, and takes none.
    elsewhere.federation.connection.bind = ServiceBind::None;
    let text = conflict(
        store
            .save_federation(&elsewhere, Some(&credential()), Present, NOW)
            .await,
    );
    assert!(text.contains("federation staff/people"), "{text}");
    let saved = store.save_federation(&elsewhere, None, Present, NOW).await;
    saved.expect("it is changed");
    let none = store.bind_credential(&elsewhere.federation).await;
    assert_eq!(none.expect("it reads"), None);
}

pub(crate) async fn the_name_and_the_id_of_a_federation_are_its_own(store: &Subject) {
    for name in ["staff", "other"] {
        let saved = store.save_realm(&realm(name), Absent, NOW).await;
        saved.expect("it is made");
    }
    let secret = credential();
    let made = store
        .save_federation(&people(), Some(&secret), Absent, NOW)
        .await;
    made.expect("it is made");
    let mut second = federation("others", 2).planned;
    let made = store
        .save_federation(&second, Some(&secret), Absent, NOW)
        .await;
    made.expect("it is made");
    second.federation.name = federation_name("people");
    let written = store.save_federation(&second, None, Present, NOW).await;
    assert_eq!(
        refused(written, "federation staff/people"),
        Refused::Duplicate
    );
    let mut third = people();
    third.federation.id = FederationId(id(3));
    let written = store
        .save_federation(&third, Some(&secret), Absent, NOW)
        .await;
    assert_eq!(
        refused(written, "federation staff/people"),
        Refused::Duplicate
    );
    // The id of one in another realm opens nothing there.
    let mut elsewhere = people();
    elsewhere.federation.realm = realm_name("other");
    for (precondition, expected) in [(Present, Refused::Missing), (Absent, Refused::Duplicate)] {
        let written = store
            .save_federation(&elsewhere, Some(&secret), precondition, NOW)
            .await;
        assert_eq!(refused(written, "federation"), expected);
    }
    let written = store
        .remove_federation(&realm_name("other"), FederationId(id(1)), Present)
        .await;
    assert_eq!(refused(written, "federation"), Refused::Missing);
    assert_eq!(
        store.federations(&staff()).await.expect("they read").len(),
        2
    );
}

pub(crate) async fn a_federation_goes_with_its_people(store: &Subject) {
    staffed(store).await;
    let mut elsewhere = session(2);
    elsewhere.user.federation_id = FederationId(id(2));
    store.add_session(&elsewhere).await.expect("it is kept");
    let federation = FederationId(id(1));
    let written = store
        .remove_federation(&staff(), federation, At(Revision(9)))
        .await;
    assert_eq!(refused(written, "federation staff/people"), Refused::Stale);
    let removed = store
        .remove_federation(&staff(), federation, At(Revision(1)))
        .await;
    removed.expect("it goes");
    let written = store.remove_federation(&staff(), federation, Present).await;
    assert_eq!(refused(written, &id(1).to_string()), Refused::Missing);
    assert_eq!(store.federations(&staff()).await.expect("they read"), []);
    assert_eq!(store.users(&staff(), None, 9).await.expect("they read"), []);
    for (number, expected) in [(1, false), (2, true)] {
        let found = store.session(&staff(), hash(number), NOW).await;
        assert_eq!(found.expect("it reads").is_some(), expected);
    }
    assert_eq!(stage(store).await, GrantStage::Revoked);
}
