use super::{all_at_once, conflict};
use crate::sample::{LATER, declare, empty_realm, realm_name, signing_key, staff};
use bridge_model::{
    keys::SigningAlgorithm::{ES256, RS256},
    ports::Store,
};
use std::{collections::HashSet, sync::Arc};

type Subject = Arc<dyn Store>;

pub(crate) async fn a_signing_key_is_read_as_it_was_kept(store: &Subject) {
    declare(&**store, vec![empty_realm("staff"), empty_realm("other")]).await;
    let old = signing_key("old", RS256);
    let mut new = signing_key("new", ES256);
    new.created_at = LATER;
    for key in [&old, &new] {
        let kept = store.add_first_signing_key(key).await.expect("it is kept");
        assert_eq!(kept.kid, key.kid);
        assert_eq!(kept.private, key.private);
    }
    let read = store.signing_keys(&staff()).await.expect("they read");
    assert_eq!(read.len(), 2);
    for (read, expected) in read.iter().zip([new, old]) {
        assert_eq!(read.realm, expected.realm);
        assert_eq!(read.kid, expected.kid);
        assert_eq!(read.algorithm, expected.algorithm);
        assert_eq!(read.private, expected.private);
        assert_eq!(read.created_at, expected.created_at);
    }
    let other = store.signing_keys(&realm_name("other")).await;
    assert!(other.expect("they read").is_empty());
}

pub(crate) async fn the_first_key_of_an_algorithm_stays(store: &Subject) {
    declare(&**store, vec![empty_realm("staff")]).await;
    let first = store
        .add_first_signing_key(&signing_key("first", ES256))
        .await;
    assert_eq!(first.expect("it is kept").kid, "first");
    let mut late = signing_key("late", ES256);
    late.created_at = LATER;
    let second = store.add_first_signing_key(&late);
    let second = second.await.expect("it is answered");
    assert_eq!(second.kid, "first");
    assert_eq!(second.private, signing_key("first", ES256).private);
    let read = store.signing_keys(&staff()).await.expect("they read");
    assert_eq!(read.len(), 1);
}

pub(crate) async fn of_many_that_add_the_first_key_one_wins(store: &Subject) {
    declare(&**store, vec![empty_realm("staff")]).await;
    let kept = all_at_once(store, |store, number| async move {
        let key = signing_key(&format!("k{number}"), RS256);
        let kept = store.add_first_signing_key(&key).await;
        kept.expect("it is answered").kid
    });
    let kids: HashSet<_> = kept.await.into_iter().collect();
    assert_eq!(kids.len(), 1, "{kids:?}");
    let read = store.signing_keys(&staff()).await.expect("they read");
    assert_eq!(read.len(), 1);
    assert!(kids.contains(&read[0].kid));
}

pub(crate) async fn a_key_needs_its_realm(store: &Subject) {
    let added = store.add_first_signing_key(&signing_key("k", RS256)).await;
    let text = conflict(added);
    assert!(text.contains("no realm staff"), "{text}");
}
