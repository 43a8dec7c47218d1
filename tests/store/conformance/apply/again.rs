//! Declarations that are applied again: revisions, secrets, and what is only tried.

use super::{ALL, Subject, apply, owned};
use crate::{
    conformance::conflict,
    sample::{
        LATER, NOW, client, client_id, declaration, empty_realm, full_realm, realm_name, staff,
    },
};
use bridge_model::{
    client::ClientAuthentication,
    realm::{Applied, Prune},
    secret::Secret,
};

pub(crate) async fn a_dry_run_says_what_would_be_done_and_does_nothing(store: &Subject) {
    let dry = async |realms| {
        let applied = store.apply(&declaration(realms), true, LATER).await;
        applied.expect("it would apply")
    };
    let created = dry(vec![full_realm()]).await;
    assert_eq!(created.created, owned(&ALL));
    assert_eq!(store.realms().await.expect("they read"), []);
    apply(store, vec![full_realm()]).await;
    let before = store.realms().await.expect("they read");
    assert_eq!(dry(vec![full_realm()]).await, Applied::default());
    assert_eq!(dry(Vec::new()).await.removed.len(), ALL.len());
    assert_eq!(store.realms().await.expect("they read"), before);
    assert_eq!(apply(store, vec![full_realm()]).await, Applied::default());
    let mut wrong = declaration(vec![full_realm()]);
    wrong.source = "other.toml".into();
    conflict(store.apply(&wrong, true, LATER).await);
}

pub(crate) async fn nothing_is_removed_without_pruning(store: &Subject) {
    apply(store, vec![full_realm(), empty_realm("guests")]).await;
    let mut less = full_realm();
    less.clients.clear();
    less.federations.clear();
    less.realm.display_name = None;
    let mut declaration = declaration(vec![less]);
    declaration.prune = Prune::Nothing;
    let applied = store.apply(&declaration, false, LATER).await;
    let changed = Applied {
        changed: owned(&["realm staff"]),
        ..Applied::default()
    };
    assert_eq!(applied.expect("it applies"), changed);
    assert_eq!(store.clients(&staff()).await.expect("they read").len(), 2);
    let guests = store.realm(&realm_name("guests")).await.expect("it reads");
    assert!(guests.expect("there is one").enabled);
}

pub(crate) async fn what_is_pruned_in_one_realm_leaves_the_others_alone(store: &Subject) {
    apply(store, vec![full_realm(), empty_realm("guests")]).await;
    let mut less = declaration(vec![empty_realm("guests")]);
    less.prune = Prune::DeclaredRealms;
    let applied = store.apply(&less, false, LATER).await;
    assert_eq!(applied.expect("it applies"), Applied::default());
    less.realms = vec![empty_realm("staff")];
    let applied = store.apply(&less, false, LATER).await;
    assert_eq!(
        applied.expect("it applies").removed,
        owned(&[ALL[1], ALL[3], ALL[2]])
    );
    for name in ["staff", "guests"] {
        let kept = store.realm(&realm_name(name)).await.expect("it reads");
        assert!(kept.expect("there is one").enabled, "{name}");
    }
}

pub(crate) async fn what_is_applied_raises_revisions(store: &Subject) {
    let revisions = async || {
        let realm = store.realm(&staff()).await.expect("it reads");
        let federations = store.federations(&staff()).await.expect("they read");
        let clients = store.clients(&staff()).await.expect("they read");
        [
            realm.expect("there is one").revision.0,
            federations[0].revision.0,
            clients[1].revision.0,
        ]
    };
    let mut realm = full_realm();
    apply(store, vec![realm.clone()]).await;
    apply(store, vec![realm.clone()]).await;
    assert_eq!(revisions().await, [1, 1, 1]);
    realm.realm.admin_groups.clear();
    apply(store, vec![realm.clone()]).await;
    assert_eq!(revisions().await, [2, 1, 1]);
    realm.federations[0].bind_credential = Some(Secret::new("another"));
    apply(store, vec![realm.clone()]).await;
    assert_eq!(revisions().await, [2, 2, 1]);
    realm.clients[0].secrets = vec![Secret::new("another")];
    apply(store, vec![realm.clone()]).await;
    assert_eq!(revisions().await, [2, 2, 2]);
    // Whatever revision a declaration says of itself.
    realm.realm.revision.0 = 9;
    realm.federations[0].planned.revision.0 = 9;
    realm.clients[0].client.revision.0 = 9;
    assert_eq!(apply(store, vec![realm.clone()]).await, Applied::default());
    assert_eq!(revisions().await, [2, 2, 2]);
    // What comes back goes on from where it was.
    apply(store, Vec::new()).await;
    apply(store, vec![realm]).await;
    assert_eq!(revisions().await, [4, 3, 3]);
}
pub(crate) async fn secrets_of_a_client_are_rotated(store: &Subject) {
    let fits = async |presented: &str| {
        let presented = Secret::new(presented);
        let fits = store
            .client_secret_fits(&staff(), &client_id("wiki"), &presented, NOW)
            .await;
        fits.expect("it reads")
    };
    let mut realm = empty_realm("staff");
    for (secrets, old, new) in [
        (&["old"][..], true, false),
        (&["new", "old"], true, true),
        (&["new"], false, true),
    ] {
        realm.clients = vec![client("wiki", secrets)];
        apply(store, vec![realm.clone()]).await;
        assert_eq!((fits("old").await, fits("new").await), (old, new));
    }
}

pub(crate) async fn secrets_that_are_not_told_stay(store: &Subject) {
    let mut realm = full_realm();
    apply(store, vec![realm.clone()]).await;
    realm.clients[0].secrets.clear();
    assert_eq!(apply(store, vec![realm.clone()]).await, Applied::default());
    let secret = Secret::new("client-secret-one");
    let fits = async || {
        let fits = store
            .client_secret_fits(&staff(), &client_id("wiki"), &secret, NOW)
            .await;
        fits.expect("it reads")
    };
    assert!(fits().await);
    // A public client has none to keep.
    realm.clients[0].client.authentication = ClientAuthentication::Public;
    let applied = apply(store, vec![realm]).await;
    assert_eq!(applied.changed, owned(&["client staff/wiki"]));
    assert!(!fits().await);
}
