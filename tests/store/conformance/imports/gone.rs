//! People who are gone, and what goes with a federation.

use super::{PEOPLE, Subject, counts, identifiers, import, imported, remove, stored, subject_of};
use crate::{
    conformance::users::{is_in, sign_in},
    sample::{NOW, declare, full_realm, realm_name, staff},
};
use bridge_model::user::LocalProfile;
use serde_json::json;

pub(crate) async fn who_is_gone_is_forgotten(store: &Subject) {
    declare(&**store, vec![full_realm()]).await;
    let people = ["s1", "s2", "s3"].map(|subject| imported(subject, subject, json!({})));
    import(store, &people).await;
    for (number, subject) in [(1, "s1"), (2, "s2")] {
        sign_in(store, number, subject).await;
    }
    let local = LocalProfile {
        password_hash: Some("$argon2id$".into()),
        ..LocalProfile::default()
    };
    let saved = store.save_local_profile(&staff(), "s1", &local).await;
    assert!(saved.expect("it is answered"));
    let blocked = store.set_blocked(&staff(), "s3", true, NOW).await;
    assert!(blocked.expect("it is answered"));
    let one = ["s1".to_owned()];
    let elsewhere = store.remove_users(&realm_name("other"), &one).await;
    assert_eq!(elsewhere.expect("it is answered"), 0);
    assert_eq!(remove(store, &["s1", "s3", "s9"]).await, 2);
    assert_eq!(stored(store, "s1").await, None);
    assert_eq!(is_in(store, 1).await, (false, false));
    assert_eq!(is_in(store, 2).await, (true, true));
    assert_eq!(subject_of(store, &people[0].user.entry_dn).await, None);
    assert_eq!(
        identifiers(store, None, 9).await,
        [(b"s2".to_vec(), "s2".to_owned())]
    );
    // Who is kept out stays out, and nothing else is known of them.
    let kept = stored(store, "s3").await.expect("the block is kept");
    assert!(kept.known.blocked);
    assert_eq!((kept.imported, kept.local), (None, LocalProfile::default()));
    let standing = store.standing(&staff(), PEOPLE, "s3").await;
    assert!(standing.expect("it reads").is_blocked);
    // They are back.
    assert_eq!(import(store, &people).await, counts(2, 0, 1));
    let ada = stored(store, "s1").await.expect("there is one");
    assert_eq!(ada.local, LocalProfile::default());
    assert!(
        stored(store, "s3")
            .await
            .expect("there is one")
            .known
            .blocked
    );
    assert_eq!(remove(store, &[]).await, 0);
}

pub(crate) async fn imported_people_go_with_their_federation(store: &Subject) {
    declare(&**store, vec![full_realm()]).await;
    let people = [imported("s1", "ada", json!({}))];
    import(store, &people).await;
    let local = LocalProfile {
        password_hash: Some("$argon2id$".into()),
        ..LocalProfile::default()
    };
    let saved = store.save_local_profile(&staff(), "s1", &local).await;
    assert!(saved.expect("it is answered"));
    let mut bare = full_realm();
    bare.federations.clear();
    declare(&**store, vec![bare]).await;
    assert_eq!(stored(store, "s1").await, None);
    assert_eq!(identifiers(store, None, 9).await, []);
    declare(&**store, vec![full_realm()]).await;
    assert_eq!(import(store, &people).await, counts(1, 0, 0));
    let ada = stored(store, "s1").await.expect("there is one");
    assert_eq!(ada.local, LocalProfile::default());
}
