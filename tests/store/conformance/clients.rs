use super::{all_at_once, conflict};
use crate::sample::{
    LATER, NOW, client, client_id, declare, empty_realm, id, realm, realm_name, staff,
};
use bridge_model::{
    client::ClientSecret,
    ports::{Precondition, Store, StoreError},
    secret::Secret,
    time::Timestamp,
};
use std::sync::Arc;

type Subject = Arc<dyn Store>;

/// The realm `staff` with the client `wiki`, which no file declares.
async fn wiki(store: &Subject) {
    let saved = store
        .save_realm(&realm("staff"), Precondition::Absent, NOW)
        .await;
    saved.expect("it is made");
    let wiki = client("wiki", &["x"]).client;
    let saved = store.save_client(&wiki, Precondition::Absent, NOW).await;
    saved.expect("it is made");
}

fn secret(number: u128) -> ClientSecret {
    ClientSecret {
        id: id(number),
        created_at: NOW,
        expires_at: None,
        single_use: false,
    }
}

async fn add(store: &Subject, text: &str, about: &ClientSecret) -> Result<(), StoreError> {
    store
        .add_client_secret(&staff(), &client_id("wiki"), &Secret::new(text), about)
        .await
}

async fn fits(store: &Subject, presented: &str, now: Timestamp) -> bool {
    let presented = Secret::new(presented);
    let fits = store
        .client_secret_fits(&staff(), &client_id("wiki"), &presented, now)
        .await;
    fits.expect("it reads")
}

async fn known(store: &Subject) -> Vec<ClientSecret> {
    let known = store.client_secrets(&staff(), &client_id("wiki")).await;
    known.expect("they read")
}

pub(crate) async fn clients_come_by_id(store: &Subject) {
    let mut realm = empty_realm("staff");
    realm.clients = ["b", "a", "c"].map(|id| client(id, &[])).into();
    declare(&**store, vec![realm, empty_realm("other")]).await;
    let clients = store.clients(&staff()).await.expect("they read");
    let ids: Vec<_> = clients.iter().map(|client| client.id.as_str()).collect();
    assert_eq!(ids, ["a", "b", "c"]);
    let none = store.clients(&realm_name("other")).await;
    assert_eq!(none.expect("they read"), []);
}

pub(crate) async fn a_secret_is_added_and_removed(store: &Subject) {
    wiki(store).await;
    assert_eq!(known(store).await, []);
    let (one, two) = (secret(1), secret(2));
    add(store, "one", &one).await.expect("it is kept");
    add(store, "two", &two).await.expect("it is kept");
    assert_eq!(known(store).await, [one, two]);
    assert!(fits(store, "one", NOW).await && fits(store, "two", NOW).await);
    for (secret, expected) in [(id(1), true), (id(1), false), (id(9), false)] {
        let removed = store
            .remove_client_secret(&staff(), &client_id("wiki"), secret)
            .await;
        assert_eq!(removed.expect("it is answered"), expected);
    }
    assert_eq!(known(store).await, [two]);
    assert!(!fits(store, "one", NOW).await && fits(store, "two", NOW).await);
    let again = add(store, "again", &two).await;
    assert!(matches!(again, Err(StoreError::Duplicate(_))), "{again:?}");
    let nobody = store
        .add_client_secret(&staff(), &client_id("nobody"), &Secret::new("x"), &one)
        .await;
    assert!(matches!(nobody, Err(StoreError::Missing(_))), "{nobody:?}");
    let nobody = store
        .remove_client_secret(&staff(), &client_id("nobody"), id(1))
        .await;
    assert!(!nobody.expect("it is answered"));
}

pub(crate) async fn a_client_has_two_secrets_at_the_most(store: &Subject) {
    wiki(store).await;
    let ending = ClientSecret {
        expires_at: Some(LATER),
        ..secret(1)
    };
    add(store, "one", &ending).await.expect("it is kept");
    add(store, "two", &secret(2)).await.expect("it is kept");
    let text = conflict(add(store, "three", &secret(3)).await);
    assert!(text.contains("client staff/wiki"), "{text}");
    assert!(!fits(store, "three", NOW).await);
    // One that is over makes room.
    let third = ClientSecret {
        created_at: LATER,
        ..secret(3)
    };
    add(store, "three", &third).await.expect("it is kept");
    assert!(fits(store, "three", LATER).await);
    let fourth = ClientSecret {
        created_at: LATER,
        ..secret(4)
    };
    conflict(add(store, "four", &fourth).await);
    // And goes with what is over.
    let removed = store.remove_expired(LATER).await.expect("it removes");
    assert_eq!(removed, 1);
    assert_eq!(known(store).await, [secret(2), third]);
}

pub(crate) async fn a_secret_ends_with_its_last_second(store: &Subject) {
    wiki(store).await;
    let ending = ClientSecret {
        expires_at: Some(LATER),
        ..secret(1)
    };
    add(store, "one", &ending).await.expect("it is kept");
    assert_eq!(known(store).await, [ending]);
    for (now, expected) in [(Timestamp(LATER.0 - 1), true), (LATER, false)] {
        assert_eq!(fits(store, "one", now).await, expected, "{now:?}");
    }
}

pub(crate) async fn a_secret_for_a_single_use_fits_once(store: &Subject) {
    wiki(store).await;
    let single = ClientSecret {
        single_use: true,
        expires_at: Some(LATER),
        ..secret(1)
    };
    add(store, "first", &single).await.expect("it is kept");
    add(store, "lasting", &secret(2)).await.expect("it is kept");
    // Neither another secret nor a use after its end takes it away.
    assert!(!fits(store, "wrong", NOW).await);
    assert!(fits(store, "lasting", NOW).await);
    assert!(!fits(store, "first", LATER).await);
    assert_eq!(known(store).await, [single, secret(2)]);
    let heard = all_at_once(
        store,
        |store, _| async move { fits(&store, "first", NOW).await },
    );
    assert_eq!(heard.await.into_iter().filter(|fits| *fits).count(), 1);
    assert!(!fits(store, "first", NOW).await);
    assert_eq!(known(store).await, [secret(2)]);
}

pub(crate) async fn secrets_stay_when_the_client_is_changed(store: &Subject) {
    wiki(store).await;
    add(store, "one", &secret(1)).await.expect("it is kept");
    let mut wiki = client("wiki", &["x"]).client;
    wiki.name = None;
    let saved = store.save_client(&wiki, Precondition::Present, LATER).await;
    saved.expect("it is changed");
    assert!(fits(store, "one", NOW).await);
    let removed = store
        .remove_client(&staff(), &wiki.id, Precondition::Present)
        .await;
    removed.expect("it goes");
    assert_eq!(known(store).await, []);
    let saved = store.save_client(&wiki, Precondition::Absent, LATER).await;
    saved.expect("it is made anew");
    assert!(!fits(store, "one", NOW).await);
}
