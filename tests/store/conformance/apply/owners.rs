//! Declarations of what others made.

use super::{Subject, apply, from, owned};
use crate::{
    conformance::conflict,
    sample::{LATER, NOW, SOURCE, declaration, empty_realm, full_realm, staff},
};
use bridge_model::{
    ports::Precondition,
    realm::{Applied, Declaration},
};

pub(crate) async fn another_file_may_take_up_a_released_realm(store: &Subject) {
    apply(store, vec![empty_realm("staff")]).await;
    apply(store, Vec::new()).await;
    let other = from("other.toml", vec![empty_realm("staff")]);
    let taken = store.apply(&other, false, LATER).await.expect("it applies");
    assert_eq!(taken.changed, owned(&["realm staff"]));
    let sources = store.sources().await.expect("they read");
    assert_eq!(sources, owned(&["other.toml"]));
    let text = conflict(
        store
            .apply(&declaration(vec![empty_realm("staff")]), false, LATER)
            .await,
    );
    assert!(text.contains("other.toml"), "{text}");
}

pub(crate) async fn what_another_file_declares_is_in_the_way(store: &Subject) {
    apply(store, vec![full_realm()]).await;
    let other = from("other.toml", vec![empty_realm("staff")]);
    let text = conflict(store.apply(&other, false, LATER).await);
    for part in ["realm staff", SOURCE, "other.toml"] {
        assert!(text.contains(part), "{text}");
    }
    // Nor does a file that declares nothing remove what others declare.
    let nothing = from("other.toml", Vec::new());
    let applied = store
        .apply(&nothing, false, LATER)
        .await
        .expect("it applies");
    assert_eq!(applied, Applied::default());
    let federations = store.federations(&staff()).await.expect("they read");
    assert_eq!(federations.len(), 1);
}

pub(crate) async fn what_nothing_declares_is_taken_over_where_that_is_said(store: &Subject) {
    let realm = full_realm();
    let wiki = &realm.clients[0].client;
    for name in [&realm.realm, &empty_realm("platform").realm] {
        let made = store.save_realm(name, Precondition::Absent, NOW).await;
        assert_eq!(made.expect("it is made").managed_by, None);
    }
    let made = store.save_client(wiki, Precondition::Absent, NOW).await;
    made.expect("it is made");
    let mut wanted = declaration(vec![realm.clone(), empty_realm("platform")]);
    let text = conflict(store.apply(&wanted, false, LATER).await);
    assert!(text.contains("realm staff"), "{text}");
    wanted.adopt = true;
    let applied = store
        .apply(&wanted, false, LATER)
        .await
        .expect("it applies");
    assert_eq!(
        applied.changed,
        owned(&["realm staff", "client staff/wiki", "realm platform"])
    );
    let kept = store.client(&staff(), &wiki.id).await.expect("it reads");
    let kept = kept.expect("there is one");
    assert_eq!(kept.managed_by.as_deref(), Some(SOURCE));
    // What another source declares stays its own.
    let other = Declaration {
        adopt: true,
        ..from("other.toml", vec![realm])
    };
    conflict(store.apply(&other, false, LATER).await);
}

pub(crate) async fn the_realm_of_the_platform_is_there_before_any_file(store: &Subject) {
    let platform = empty_realm("platform");
    let made = store
        .save_realm(&platform.realm, Precondition::Absent, NOW)
        .await;
    made.expect("it is made");
    let applied = apply(store, vec![platform]).await;
    assert_eq!(applied.changed, owned(&["realm platform"]));
}
