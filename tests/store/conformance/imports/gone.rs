//! People who are gone, and what goes with a federation.

use super::{PEOPLE, Subject, counts, identifiers, import, imported, remove, stored, subject_of};
use crate::{
    conformance::users::{is_in, sign_in},
    sample::{NOW, declare, federation, full_realm, id, realm_name, staff},
};
use bridge_model::{names::FederationId, user::LocalProfile};
use serde_json::json;

pub(crate) async fn who_is_gone_is_forgotten(store: &Subject) {
    declare(&**store, vec![full_realm()]).await;
    let people = ["s1", "s2", "s3"].map(|subject| imported(subject, subject, json!({})));
    import(store, &people).await;
    for (number, subject) in [(1, "s1"), (2, "s2")] {
        sign_in(store, number, subject).await;
    }
    let local = LocalProfile {
        claims: [("nickname".to_owned(), json!("al"))].into_iter().collect(),
        ..LocalProfile::default()
    };
    save(store, "s1", &local).await;
    let blocked = store.set_blocked(&staff(), "s3", true, NOW).await;
    assert!(blocked.expect("it is answered"));
    let one = ["s1".to_owned()];
    let elsewhere = store.remove_users(&realm_name("other"), PEOPLE, &one).await;
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

async fn save(store: &Subject, subject: &str, local: &LocalProfile) {
    let saved = store.save_local_profile(&staff(), subject, local).await;
    assert!(saved.expect("it is answered"));
}

pub(crate) async fn a_switch_off_and_a_password_outlive_a_removal(store: &Subject) {
    declare(&**store, vec![full_realm()]).await;
    let people = ["s1", "s2"].map(|subject| imported(subject, subject, json!({})));
    import(store, &people).await;
    let off = LocalProfile {
        disabled: true,
        ..LocalProfile::default()
    };
    let password = LocalProfile {
        password_hash: Some("$argon2id$".into()),
        ..LocalProfile::default()
    };
    save(store, "s1", &off).await;
    save(store, "s2", &password).await;
    sign_in(store, 2, "s2").await;
    assert_eq!(remove(store, &["s1", "s2"]).await, 2);
    assert_eq!(identifiers(store, None, 9).await, []);
    assert_eq!(is_in(store, 2).await, (false, false));
    let local = async |subject| {
        let kept = stored(store, subject).await.expect("it is kept");
        (kept.imported.is_some(), kept.local)
    };
    assert_eq!(local("s1").await, (false, off.clone()));
    assert_eq!(local("s2").await, (false, password.clone()));
    // They are back.
    assert_eq!(import(store, &people).await, counts(2, 0, 0));
    assert_eq!(local("s1").await, (true, off));
    assert_eq!(local("s2").await, (true, password));
}

pub(crate) async fn another_subject_lets_nobody_in(store: &Subject) {
    declare(&**store, vec![full_realm()]).await;
    let before = ["s1", "s2", "s3"].map(|subject| imported(subject, subject, json!({})));
    import(store, &before).await;
    let blocked = store.set_blocked(&staff(), "s1", true, NOW).await;
    assert!(blocked.expect("it is answered"));
    let off = LocalProfile {
        disabled: true,
        ..LocalProfile::default()
    };
    save(store, "s2", &off).await;
    let mut after = before;
    for person in &mut after {
        person.user.subject.insert_str(0, "new-");
    }
    assert_eq!(import(store, &after).await, counts(0, 3, 0));
    for (subject, expected) in [("new-s1", true), ("new-s2", true), ("new-s3", false)] {
        let kept = stored(store, subject).await.expect("there is one");
        assert_eq!(kept.known.blocked, expected, "{subject}");
    }
}

pub(crate) async fn people_of_another_federation_stay(store: &Subject) {
    let mut realm = full_realm();
    realm.federations.push(federation("others", 2));
    declare(&**store, vec![realm]).await;
    let ada = imported("s1", "ada", json!({}));
    import(store, std::slice::from_ref(&ada)).await;
    sign_in(store, 1, "s1").await;
    let others = FederationId(id(2));
    let removed = store
        .remove_users(&staff(), others, &["s1".to_owned()])
        .await;
    assert_eq!(removed.expect("it is answered"), 0);
    assert_eq!(is_in(store, 1).await, (true, true));
    assert!(stored(store, "s1").await.expect("there").imported.is_some());
    for (federation, expected) in [(PEOPLE, Some("s1".to_owned())), (others, None)] {
        let found = store.imported_by_identifier(federation, b"s1").await;
        assert_eq!(found.expect("it reads"), expected);
    }
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
