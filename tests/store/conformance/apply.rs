pub(crate) mod again;
pub(crate) mod owners;

use super::{CROWD, all_at_once, conflict};
use crate::sample::{
    LATER, NOW, SOURCE, bind, client, client_id, declaration, declare, empty_realm, federation,
    federation_name, full_realm, id, policy, realm_name, signing_key, staff, url,
};
use bridge_model::{
    client::ClientAuthentication,
    federation::{Federation, ServiceBind},
    keys::SigningAlgorithm,
    names::FederationId,
    ports::Store,
    realm::{Applied, Declaration, Prune, RealmDeclaration},
    secret::Secret,
};
use std::{sync::Arc, time::Duration};

type Subject = Arc<dyn Store>;

async fn apply(store: &Subject, realms: Vec<RealmDeclaration>) -> Applied {
    let applied = store.apply(&declaration(realms), false, LATER).await;
    applied.expect("the declaration applies")
}

fn owned(objects: &[&str]) -> Vec<String> {
    objects.iter().copied().map(String::from).collect()
}

fn from(source: &str, realms: Vec<RealmDeclaration>) -> Declaration {
    Declaration {
        source: source.into(),
        realms,
        prune: Prune::AllRealms,
        adopt: false,
    }
}

const ALL: [&str; 4] = [
    "realm staff",
    "federation staff/people",
    "client staff/wiki",
    "client staff/cli",
];

pub(crate) async fn everything_is_made_once(store: &Subject) {
    let created = Applied {
        created: owned(&ALL),
        ..Applied::default()
    };
    assert_eq!(store.sources().await.expect("they read"), owned(&[]));
    assert_eq!(apply(store, vec![full_realm()]).await, created);
    assert_eq!(apply(store, vec![full_realm()]).await, Applied::default());
    assert_eq!(store.sources().await.expect("they read"), owned(&[SOURCE]));
}

pub(crate) async fn what_differs_is_changed_and_nothing_else(store: &Subject) {
    type Change = fn(&mut RealmDeclaration);
    let steps: [(&str, Change); 11] = [
        ("realm staff", |r| r.realm.enabled = false),
        ("realm staff", |r| r.realm.display_name = None),
        ("realm staff", |r| {
            r.realm.lifetimes.code = Duration::from_secs(99);
        }),
        ("federation staff/people", |r| {
            r.federations[0].planned.federation.priority = 3;
        }),
        ("federation staff/people", |r| {
            r.federations[0].planned.plan.memo.push(1);
        }),
        ("federation staff/people", |r| {
            r.federations[0].planned.policy.digest = "sha256:00".into();
        }),
        ("federation staff/people", |r| {
            r.federations[0].bind_credential = Some(Secret::new("another"));
        }),
        ("client staff/wiki", |r| r.clients[0].client.enabled = false),
        ("client staff/wiki", |r| {
            r.clients[0].secrets = vec![Secret::new("new")];
        }),
        ("client staff/wiki", |r| {
            r.clients[0].secrets.push(Secret::new("newer"));
        }),
        ("client staff/cli", |r| r.clients[1].client.name = None),
    ];
    let mut realm = full_realm();
    apply(store, vec![realm.clone()]).await;
    for (object, change) in steps {
        change(&mut realm);
        let changed = Applied {
            changed: owned(&[object]),
            ..Applied::default()
        };
        assert_eq!(apply(store, vec![realm.clone()]).await, changed);
        assert_eq!(apply(store, vec![realm.clone()]).await, Applied::default());
    }
    let read = store.realm(&staff()).await.expect("it reads");
    let read = read.expect("there is one");
    assert_eq!(read.display_name, None);
    assert_eq!(read.lifetimes.code, Duration::from_secs(99));
    let federations = store.federations(&staff()).await.expect("they read");
    assert_eq!(federations[0].federation.priority, 3);
    let credential = store.bind_credential(&federations[0].federation).await;
    assert_eq!(credential.expect("it opens"), Some(Secret::new("another")));
}

pub(crate) async fn what_is_no_longer_declared_is_removed(store: &Subject) {
    apply(store, vec![full_realm(), empty_realm("guests")]).await;
    let mut less = full_realm();
    less.federations.clear();
    less.clients.truncate(1);
    let removed = Applied {
        removed: owned(&[
            "federation staff/people",
            "client staff/cli",
            "realm guests",
        ]),
        ..Applied::default()
    };
    assert_eq!(apply(store, vec![less.clone()]).await, removed);
    assert_eq!(store.federations(&staff()).await.expect("they read"), []);
    let cli = store.client(&staff(), &client_id("cli")).await;
    assert_eq!(cli.expect("it reads"), None);
    let guests = store.realm(&realm_name("guests")).await.expect("it reads");
    let guests = guests.expect("a realm is never deleted");
    assert_eq!((guests.enabled, guests.managed_by), (false, None));
    // Once it is released it is nobody's, so it is not removed again.
    assert_eq!(apply(store, vec![less]).await, Applied::default());

    let removed = Applied {
        removed: owned(&["client staff/wiki", "realm staff"]),
        ..Applied::default()
    };
    assert_eq!(apply(store, Vec::new()).await, removed);
    assert_eq!(store.sources().await.expect("they read"), owned(&[]));
}

pub(crate) async fn a_realm_that_comes_back_has_its_keys(store: &Subject) {
    apply(store, vec![full_realm()]).await;
    let subject_key = store.subject_key(&staff()).await.expect("it reads");
    let key = signing_key("k1", SigningAlgorithm::ES256);
    store.add_first_signing_key(&key).await.expect("it is kept");
    apply(store, Vec::new()).await;
    let back = Applied {
        changed: owned(&["realm staff"]),
        created: owned(&ALL[1..]),
        ..Applied::default()
    };
    assert_eq!(apply(store, vec![full_realm()]).await, back);
    let realm = store.realm(&staff()).await.expect("it reads");
    let realm = realm.expect("there is one");
    assert!(realm.enabled);
    assert_eq!(realm.managed_by.as_deref(), Some(SOURCE));
    let again = store.subject_key(&staff()).await.expect("it reads");
    assert_eq!(again, subject_key);
    let keys = store.signing_keys(&staff()).await.expect("they read");
    assert_eq!(keys[0].kid, "k1");
}

pub(crate) async fn a_declaration_in_conflict_changes_nothing(store: &Subject) {
    let first = from("first.toml", vec![empty_realm("taken")]);
    store.apply(&first, false, NOW).await.expect("it applies");
    apply(store, vec![full_realm(), empty_realm("guests")]).await;
    let before = store.realms().await.expect("they read");
    let mut changed = full_realm();
    changed.realm.display_name = Some("changed".into());
    changed.federations[0].planned.federation.priority = 7;
    changed.clients[0].secrets = vec![Secret::new("changed")];
    changed.clients.truncate(1);
    let realms = vec![changed, empty_realm("new"), empty_realm("taken")];
    let text = conflict(store.apply(&declaration(realms), false, LATER).await);
    assert!(text.contains("realm taken"), "{text}");
    assert_eq!(store.realms().await.expect("they read"), before);
    assert_eq!(
        apply(store, vec![full_realm(), empty_realm("guests")]).await,
        Applied::default()
    );
}

pub(crate) async fn a_federation_keeps_its_id_and_its_namespace(store: &Subject) {
    apply(store, vec![full_realm()]).await;
    let mut realm = full_realm();
    let declared = &mut realm.federations[0].planned.federation;
    declared.id = FederationId(id(2));
    declared.subject_namespace = "others".into();
    assert_eq!(apply(store, vec![realm]).await, Applied::default());
    let key = store
        .federation_key(&staff(), &federation_name("people"))
        .await;
    let key = key.expect("it reads").expect("there is one");
    assert_eq!(key.id, FederationId(id(1)));
    assert_eq!(key.subject_namespace, "people");
    let federations = store.federations(&staff()).await.expect("they read");
    assert_eq!(federations[0].federation.id, FederationId(id(1)));
}

pub(crate) async fn a_federation_cannot_have_the_id_of_another(store: &Subject) {
    let mut realm = full_realm();
    realm.federations.push(federation("others", 1));
    let text = conflict(store.apply(&declaration(vec![realm]), false, NOW).await);
    assert!(text.contains("federation staff/others"), "{text}");
    assert_eq!(store.realms().await.expect("they read"), []);
}

pub(crate) async fn a_credential_is_asked_for_again_when_its_ties_change(store: &Subject) {
    let mut new = full_realm();
    new.federations[0].bind_credential = None;
    let text = conflict(store.apply(&declaration(vec![new]), false, NOW).await);
    assert!(text.contains("federation staff/people"), "{text}");

    apply(store, vec![full_realm()]).await;
    let changes: [fn(&mut Federation); 6] = [
        |f| f.connection.urls.truncate(1),
        |f| f.connection.urls[0] = url("ldaps://evil.example"),
        |f| f.connection.start_tls = true,
        |f| f.connection.allow_plaintext = true,
        |f| f.connection.ca_bundle = None,
        |f| f.connection.bind = bind("cn=admin"),
    ];
    for (number, change) in changes.iter().enumerate() {
        let mut realm = full_realm();
        let declared = &mut realm.federations[0];
        change(&mut declared.planned.federation);
        declared.bind_credential = None;
        let refused = store
            .apply(&declaration(vec![realm.clone()]), false, LATER)
            .await;
        let text = conflict(refused);
        assert!(text.contains("federation staff/people"), "{number}: {text}");
        assert_eq!(apply(store, vec![full_realm()]).await, Applied::default());
        // Given anew, it goes.
        let federation = realm.federations[0].planned.federation.clone();
        realm.federations[0].bind_credential = Some(Secret::new("given anew"));
        let applied = apply(store, vec![realm]).await;
        assert_eq!(applied.changed, owned(&["federation staff/people"]));
        let credential = store.bind_credential(&federation).await;
        assert_eq!(
            credential.expect("it opens"),
            Some(Secret::new("given anew"))
        );
        apply(store, vec![full_realm()]).await;
    }
}

pub(crate) async fn a_credential_stays_while_its_ties_do(store: &Subject) {
    apply(store, vec![full_realm()]).await;
    let mut realm = full_realm();
    let declared = &mut realm.federations[0];
    declared.bind_credential = None;
    assert_eq!(apply(store, vec![realm.clone()]).await, Applied::default());
    let federation = &mut realm.federations[0].planned.federation;
    federation.priority = 4;
    federation.connection.operation_timeout = Duration::from_secs(1);
    let federation = federation.clone();
    let applied = apply(store, vec![realm]).await;
    assert_eq!(applied.changed, owned(&["federation staff/people"]));
    let credential = store.bind_credential(&federation).await;
    let expected = Secret::new("bind-credential-in-the-clear");
    assert_eq!(credential.expect("it opens"), Some(expected));
}

pub(crate) async fn a_declaration_that_contradicts_itself_is_refused(store: &Subject) {
    type Change = fn(&mut Vec<RealmDeclaration>);
    let contradictions: [(&str, Change); 9] = [
        ("realm staff", |realms| realms.push(empty_realm("staff"))),
        ("federation staff/people", |realms| {
            realms[0].federations.push(federation("people", 2));
        }),
        ("federation staff/people", |realms| {
            realms[0].federations[0].planned.federation.connection.bind = ServiceBind::None;
        }),
        ("federation other/people", |realms| {
            realms.push(empty_realm("other"));
            realms[1].federations.push(federation("people", 2));
        }),
        ("client staff/wiki", |realms| {
            realms[0].clients.push(client("wiki", &["x"]));
        }),
        ("client other/blog", |realms| {
            realms.push(empty_realm("other"));
            realms[1].clients.push(client("blog", &["x"]));
        }),
        ("client staff/wiki", |realms| {
            realms[0].clients[0].client.authentication = ClientAuthentication::Public;
        }),
        ("client staff/blog", |realms| {
            realms[0].clients.push(client("blog", &["a", "b", "c"]));
        }),
        ("client staff/blog", |realms| {
            realms[0].clients.push(client("blog", &[""]));
        }),
    ];
    for (object, change) in contradictions {
        let mut realms = vec![full_realm()];
        change(&mut realms);
        let text = conflict(store.apply(&declaration(realms), false, NOW).await);
        assert!(text.contains(object), "{object}: {text}");
        assert_eq!(store.realms().await.expect("they read"), []);
    }
    declare(&**store, vec![full_realm()]).await;
}

pub(crate) async fn of_many_that_apply_at_once_one_makes_the_realm(store: &Subject) {
    let applied = all_at_once(store, |store, number| async move {
        let mut realm = full_realm();
        realm.federations[0].planned.federation.id = FederationId(id(number as u128));
        let applied = store.apply(&declaration(vec![realm]), false, NOW).await;
        applied.expect("it applies")
    });
    let applied = applied.await;
    let makers = applied.iter().filter(|applied| !applied.created.is_empty());
    assert_eq!(makers.count(), 1);
    let idle = applied
        .iter()
        .filter(|applied| **applied == Applied::default());
    assert_eq!(idle.count(), CROWD - 1);
    let federations = store.federations(&staff()).await.expect("they read");
    assert_eq!(federations.len(), 1);
    assert_eq!(federations[0].policy, policy());
}
