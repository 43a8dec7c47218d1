//! Clients that are changed one by one.

use super::{Refused, Subject, refused, staffed, stage, wiki};
use crate::sample::{LATER, NOW, client_id, hash, realm, staff};
use bridge_model::{
    client::Client,
    ports::Precondition::{Absent, Present, Revision as At},
    realm::Revision,
    session::GrantStage,
};

pub(crate) async fn a_client_is_made_and_changed(store: &Subject) {
    let mut wanted = wiki();
    let written = store.save_client(&wanted, Absent, NOW).await;
    assert_eq!(refused(written, "realm staff"), Refused::Missing);
    let saved = store.save_realm(&realm("staff"), Absent, NOW).await;
    saved.expect("it is made");
    let written = store.save_client(&wanted, Present, NOW).await;
    assert_eq!(refused(written, "client staff/wiki"), Refused::Missing);
    let made = store.save_client(&wanted, Absent, NOW).await;
    let made = made.expect("it is made");
    let expected = Client {
        revision: Revision(1),
        ..wanted.clone()
    };
    assert_eq!(made, expected);
    let written = store.save_client(&wanted, Absent, NOW).await;
    assert_eq!(refused(written, "client staff/wiki"), Refused::Duplicate);
    wanted.revision = Revision(5);
    let same = store.save_client(&wanted, At(Revision(1)), LATER).await;
    assert_eq!(same.expect("there is nothing to change"), made);
    wanted.token_lifetime = None;
    wanted.admin_scopes.clear();
    let changed = store.save_client(&wanted, At(Revision(1)), LATER).await;
    let changed = changed.expect("it is changed");
    assert_eq!(changed.revision, Revision(2));
    let read = store.client(&staff(), &wanted.id).await;
    assert_eq!(read.expect("it reads"), Some(changed));
    let written = store.save_client(&wanted, At(Revision(1)), LATER).await;
    assert_eq!(refused(written, "client staff/wiki"), Refused::Stale);
}

pub(crate) async fn a_client_goes_with_what_was_issued_to_it(store: &Subject) {
    staffed(store).await;
    let blog = Client {
        id: client_id("blog"),
        ..wiki()
    };
    let saved = store.save_client(&blog, Absent, NOW).await;
    saved.expect("it is made");
    let removed = store.remove_client(&staff(), &blog.id, Present).await;
    removed.expect("it goes");
    assert_eq!(stage(store).await, GrantStage::Issued);
    let written = store
        .remove_client(&staff(), &client_id("wiki"), At(Revision(2)))
        .await;
    assert_eq!(refused(written, "client staff/wiki"), Refused::Stale);
    let removed = store
        .remove_client(&staff(), &client_id("wiki"), At(Revision(1)))
        .await;
    removed.expect("it goes");
    assert_eq!(stage(store).await, GrantStage::Revoked);
    assert_eq!(store.clients(&staff()).await.expect("they read"), []);
    let written = store
        .remove_client(&staff(), &client_id("wiki"), Present)
        .await;
    assert_eq!(refused(written, "client staff/wiki"), Refused::Missing);
    // The person's session is none of the client's.
    let found = store.session(&staff(), hash(1), NOW).await;
    assert!(found.expect("it reads").is_some());
}
