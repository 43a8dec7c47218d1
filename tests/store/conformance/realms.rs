use crate::sample::{
    NOW, SOURCE, bind, client, client_id, declare, empty_realm, federation, federation_name,
    full_realm, id, plan, policy, realm, realm_name, staff, url,
};
use bridge_model::{
    federation::{Federation, ServiceBind},
    names::FederationId,
    ports::{Store, StoreError},
    realm::{PolicyRef, Realm, Revision},
    secret::Secret,
    time::Timestamp,
};
use std::{sync::Arc, time::Duration};

type Subject = Arc<dyn Store>;

pub(crate) async fn a_realm_is_read_as_it_was_declared(store: &Subject) {
    declare(&**store, vec![empty_realm("staff")]).await;
    let expected = Realm {
        managed_by: Some(SOURCE.into()),
        revision: Revision(1),
        ..realm("staff")
    };
    let read = store.realm(&staff()).await.expect("it reads");
    assert_eq!(read, Some(expected));
    let read = store.realm(&realm_name("other")).await.expect("it reads");
    assert_eq!(read, None);
}

pub(crate) async fn realms_come_by_name(store: &Subject) {
    assert_eq!(store.realms().await.expect("they read"), []);
    let realms = ["b", "a", "c"].map(empty_realm).to_vec();
    declare(&**store, realms).await;
    let read = store.realms().await.expect("they read");
    let names: Vec<_> = read.iter().map(|realm| realm.name.as_str()).collect();
    assert_eq!(names, ["a", "b", "c"]);
}

pub(crate) async fn a_subject_key_is_made_with_its_realm(store: &Subject) {
    declare(&**store, vec![empty_realm("a"), empty_realm("b")]).await;
    let mut keys = Vec::new();
    for name in ["a", "b"] {
        let key = store.subject_key(&realm_name(name)).await;
        keys.push(key.expect("it reads").expect("there is one"));
    }
    assert!(keys.iter().all(|key| key.expose().len() == 32));
    assert_ne!(keys[0], keys[1]);
    let again = store.subject_key(&realm_name("a")).await.expect("it reads");
    assert_eq!(again.as_ref(), Some(&keys[0]));
    let none = store.subject_key(&realm_name("c")).await.expect("it reads");
    assert_eq!(none, None);
}

pub(crate) async fn a_federation_is_read_as_it_was_declared(store: &Subject) {
    declare(&**store, vec![full_realm(), empty_realm("other")]).await;
    let mut expected = federation("people", 1).planned;
    expected.managed_by = Some(SOURCE.into());
    expected.revision = Revision(1);
    let read = store.federations(&staff()).await.expect("they read");
    assert_eq!(read, [expected]);
    let found = store.federation(&staff(), FederationId(id(1))).await;
    assert_eq!(found.expect("it reads").as_ref(), read.first());
    for (realm, number) in [("staff", 2), ("other", 1)] {
        let found = store
            .federation(&realm_name(realm), FederationId(id(number)))
            .await;
        assert_eq!(found.expect("it reads"), None);
    }
    let other = store.federations(&realm_name("other")).await;
    assert_eq!(other.expect("they read"), []);

    let key = store
        .federation_key(&staff(), &federation_name("people"))
        .await;
    let key = key.expect("it reads").expect("there is one");
    assert_eq!(key.id, FederationId(id(1)));
    assert_eq!(key.subject_namespace, "people");
    for (realm, name) in [("staff", "nobody"), ("other", "people")] {
        let key = store
            .federation_key(&realm_name(realm), &federation_name(name))
            .await;
        assert_eq!(key.expect("it reads"), None);
    }
}

pub(crate) async fn federations_come_by_priority_and_then_by_age(store: &Subject) {
    let mut realm = empty_realm("staff");
    for (number, (name, priority)) in [("c", 5), ("a", 5), ("d", -1), ("b", 9), ("e", 5)]
        .into_iter()
        .enumerate()
    {
        let mut federation = federation(name, number as u128);
        federation.planned.federation.priority = priority;
        realm.federations.push(federation);
    }
    declare(&**store, vec![realm.clone()]).await;
    let read = store.federations(&staff()).await.expect("they read");
    let names = read.iter().map(|read| read.federation.name.as_str());
    assert_eq!(names.collect::<Vec<_>>(), ["d", "c", "a", "e", "b"]);
    // A change does not make it younger.
    realm.federations[0].planned.federation.enabled = false;
    declare(&**store, vec![realm]).await;
    let read = store.federations(&staff()).await.expect("they read");
    assert_eq!(read[1].federation.name.as_str(), "c");
    assert!(!read[1].federation.enabled);
}

pub(crate) async fn a_plan_is_replaced_and_nothing_else(store: &Subject) {
    declare(&**store, vec![full_realm()]).await;
    let before = store.federations(&staff()).await.expect("they read");
    let mut new_plan = plan();
    new_plan.memo = b"new".to_vec();
    let new_policy = PolicyRef {
        version: "2.0.0".into(),
        ..policy()
    };
    let saved = store
        .save_plan(FederationId(id(1)), Revision(1), &new_plan, &new_policy)
        .await;
    saved.expect("it saves");
    // A plan of the federation as it was once is of another federation.
    let saved = store
        .save_plan(FederationId(id(1)), Revision(2), &plan(), &policy())
        .await;
    assert!(matches!(saved, Err(StoreError::Stale(_))), "{saved:?}");
    let mut expected = before;
    expected[0].plan = new_plan;
    expected[0].policy = new_policy;
    let after = store.federations(&staff()).await.expect("they read");
    assert_eq!(after, expected);
}

pub(crate) async fn a_plan_needs_its_federation(store: &Subject) {
    let saved = store
        .save_plan(FederationId(id(9)), Revision(1), &plan(), &policy())
        .await;
    let error = saved.expect_err("there is none");
    assert!(
        matches!(&error, StoreError::Missing(what) if what.contains(&id(9).to_string())),
        "{error}"
    );
}

pub(crate) async fn a_bind_credential_is_given_to_the_same_connection_only(store: &Subject) {
    declare(&**store, vec![full_realm()]).await;
    let read = store.federations(&staff()).await.expect("they read");
    let federation = read[0].federation.clone();
    let credential = store.bind_credential(&federation).await.expect("it opens");
    assert_eq!(
        credential,
        Some(Secret::new("bind-credential-in-the-clear"))
    );

    let ties: [fn(&mut Federation); 6] = [
        |f| f.connection.urls[0] = url("ldaps://evil.example"),
        |f| f.connection.urls.reverse(),
        |f| f.connection.start_tls = true,
        |f| f.connection.allow_plaintext = true,
        |f| f.connection.ca_bundle = None,
        |f| f.connection.bind = bind("cn=admin"),
    ];
    for (number, change) in ties.iter().enumerate() {
        let mut changed = federation.clone();
        change(&mut changed);
        let refused = store.bind_credential(&changed).await;
        let refused = refused.expect_err("it is tied to what was changed");
        assert!(
            matches!(&refused, StoreError::Sealed(what) if what.contains("staff/people")),
            "change {number}: {refused}"
        );
    }
    let mut unknown = federation;
    unknown.id = FederationId(id(9));
    let none = store.bind_credential(&unknown).await.expect("it reads");
    assert_eq!(none, None);
}

pub(crate) async fn a_federation_that_binds_as_nobody_has_no_credential(store: &Subject) {
    let mut realm = full_realm();
    declare(&**store, vec![realm.clone()]).await;
    let declared = &mut realm.federations[0];
    declared.planned.federation.connection.bind = ServiceBind::None;
    declared.bind_credential = None;
    let anonymous = declared.planned.federation.clone();
    declare(&**store, vec![realm]).await;
    let none = store.bind_credential(&anonymous).await.expect("it reads");
    assert_eq!(none, None);
}

pub(crate) async fn a_client_is_read_as_it_was_declared(store: &Subject) {
    declare(&**store, vec![full_realm(), empty_realm("other")]).await;
    for mut expected in [client("wiki", &["x"]).client, client("cli", &[]).client] {
        expected.managed_by = Some(SOURCE.into());
        expected.revision = Revision(1);
        let read = store.client(&staff(), &expected.id).await;
        assert_eq!(read.expect("it reads"), Some(expected));
    }
    for (realm, id) in [("staff", "blog"), ("other", "wiki")] {
        let read = store.client(&realm_name(realm), &client_id(id)).await;
        assert_eq!(read.expect("it reads"), None);
    }
}

pub(crate) async fn only_the_secrets_of_the_client_fit(store: &Subject) {
    let mut realm = empty_realm("staff");
    realm.clients = vec![
        client("wiki", &["one", "two"]),
        client("blog", &["three"]),
        client("cli", &[]),
    ];
    declare(&**store, vec![realm]).await;
    for (id, presented, expected) in [
        ("wiki", "one", true),
        ("wiki", "two", true),
        ("wiki", "three", false),
        ("wiki", "On", false),
        ("wiki", "", false),
        ("blog", "three", true),
        ("blog", "one", false),
        ("cli", "", false),
        ("cli", "one", false),
        ("nobody", "one", false),
    ] {
        let presented = Secret::new(presented);
        let fits = store
            .client_secret_fits(&staff(), &client_id(id), &presented, NOW)
            .await;
        assert_eq!(fits.expect("it reads"), expected, "{id} {presented:?}");
    }
    let other = realm_name("other");
    let fits = store
        .client_secret_fits(&other, &client_id("wiki"), &Secret::new("one"), NOW)
        .await;
    assert!(!fits.expect("it reads"));
    // The time plays no part: what is declared holds until it is declared otherwise.
    let later = Timestamp(NOW.0).plus(Duration::from_hours(1_000_000));
    store.remove_expired(later).await.expect("it removes");
    let fits = store
        .client_secret_fits(&staff(), &client_id("wiki"), &Secret::new("one"), NOW)
        .await;
    assert!(fits.expect("it reads"));
}
