//! Realms that are changed one by one.

use super::{Refused, Subject, refused, staffed};
use crate::sample::{
    LATER, NOW, declare, empty_realm, hash, id, interaction, realm, realm_name, signing_key, staff,
};
use bridge_model::{
    keys::SigningAlgorithm,
    names::FederationId,
    ports::Precondition::{Absent, Present, Revision as At},
    realm::Revision,
};

pub(crate) async fn a_realm_is_made_and_changed(store: &Subject) {
    let mut wanted = realm("staff");
    let written = store.save_realm(&wanted, Present, NOW).await;
    assert_eq!(refused(written, "realm staff"), Refused::Missing);
    let written = store.save_realm(&wanted, At(Revision(0)), NOW).await;
    assert_eq!(refused(written, "realm staff"), Refused::Missing);
    // What only the store says is not taken from the caller.
    wanted.revision = Revision(7);
    wanted.managed_by = Some("somebody".into());
    let made = store.save_realm(&wanted, Absent, NOW).await;
    let made = made.expect("it is made");
    assert_eq!((made.revision, &made.managed_by), (Revision(1), &None));
    let key = store.subject_key(&staff()).await.expect("it reads");
    assert_eq!(key.as_ref().map(|key| key.expose().len()), Some(32));
    let written = store.save_realm(&wanted, Absent, NOW).await;
    assert_eq!(refused(written, "realm staff"), Refused::Duplicate);
    let same = store.save_realm(&wanted, At(Revision(1)), LATER).await;
    assert_eq!(same.expect("there is nothing to change"), made);

    wanted.enabled = false;
    wanted.admin_groups = vec!["a".into(), "b".into()];
    let changed = store.save_realm(&wanted, At(Revision(1)), LATER).await;
    let changed = changed.expect("it is changed");
    assert_eq!(changed.revision, Revision(2));
    let read = store.realm(&staff()).await.expect("it reads");
    assert_eq!(read.as_ref(), Some(&changed));
    assert_eq!(
        (read.map(|r| r.admin_groups)),
        Some(wanted.admin_groups.clone())
    );
    let written = store.save_realm(&wanted, At(Revision(1)), LATER).await;
    assert_eq!(refused(written, "realm staff"), Refused::Stale);
    wanted.display_name = None;
    let changed = store.save_realm(&wanted, Present, LATER).await;
    assert_eq!(changed.expect("it is changed").revision, Revision(3));
    let again = store.subject_key(&staff()).await.expect("it reads");
    assert_eq!(again, key);
}

pub(crate) async fn a_realm_goes_with_everything_in_it(store: &Subject) {
    staffed(store).await;
    store.add_interaction(&interaction(1)).await.expect("kept");
    let key = signing_key("k1", SigningAlgorithm::ES256);
    store.add_first_signing_key(&key).await.expect("it is kept");
    let subjects = [(b"x".to_vec(), "old".to_owned())];
    let imported = store
        .import_subjects(&staff(), FederationId(id(1)), &subjects)
        .await;
    imported.expect("they are kept");
    let subject_key = store.subject_key(&staff()).await.expect("it reads");
    declare(&**store, vec![empty_realm("other")]).await;

    let written = store.remove_realm(&staff(), At(Revision(2))).await;
    assert_eq!(refused(written, "realm staff"), Refused::Stale);
    let written = store.remove_realm(&realm_name("other"), Present).await;
    assert_eq!(refused(written, "realm other"), Refused::Managed);
    let removed = store.remove_realm(&staff(), At(Revision(1))).await;
    removed.expect("it goes");
    for precondition in [Present, Absent] {
        let written = store.remove_realm(&staff(), precondition).await;
        assert_eq!(refused(written, "realm staff"), Refused::Missing);
    }
    assert_eq!(store.realm(&staff()).await.expect("it reads"), None);

    // What is made anew finds nothing of it.
    let made = store.save_realm(&realm("staff"), Absent, NOW).await;
    assert_eq!(made.expect("it is made").revision, Revision(2));
    assert_eq!(store.federations(&staff()).await.expect("they read"), []);
    assert_eq!(store.clients(&staff()).await.expect("they read"), []);
    assert_eq!(store.users(&staff(), None, 9).await.expect("they read"), []);
    assert!(store.signing_keys(&staff()).await.expect("read").is_empty());
    let found = store.interaction(&staff(), hash(1), NOW).await;
    assert_eq!(found.expect("it reads"), None);
    let found = store.session(&staff(), hash(1), NOW).await;
    assert_eq!(found.expect("it reads"), None);
    let found = store.grant(&staff(), id(1), NOW).await;
    assert_eq!(found.expect("it reads"), None);
    let found = store
        .imported_subject(&staff(), FederationId(id(1)), b"x")
        .await;
    assert_eq!(found.expect("it reads"), None);
    let other = store.subject_key(&staff()).await.expect("it reads");
    assert_ne!(other, subject_key);
}
