use super::*;
use crate::testing::{House, claims_of, header_of};
use bridge_model::{keys::SigningKey, realm::Realm};
use serde_json::{Value, json};
use std::time::Duration;

/// The public keys, as they are published.
async fn published(house: &House, realm: &Realm) -> Vec<Value> {
    let set = house.provider.jwks(realm).await.expect("keys");
    let set = serde_json::to_value(set).expect("JSON");
    set["keys"].as_array().expect("an array").clone()
}

#[tokio::test]
async fn a_realm_without_keys_gets_those_of_its_clients_once() {
    let house = House::without_keys();
    let (one, two) = tokio::join!(
        house.provider.jwks(&house.realm),
        house.provider.jwks(&house.realm),
    );
    assert_eq!(one.expect("keys"), two.expect("keys"));
    assert_eq!(house.store.tables().keys_made, 2);
    let here = published(&house, &house.realm).await;
    let there = published(&house, &house.other).await;
    assert_eq!((here.len(), there.len()), (2, 2));
    assert!(
        here.iter().all(|key| !there.contains(key)),
        "realms share no key"
    );
}

#[tokio::test]
async fn only_the_key_that_is_asked_for_is_made() {
    let house = House::without_keys();
    let algorithms = |house: &House| -> Vec<SigningAlgorithm> {
        let keys = house.store.tables().keys.clone();
        keys.iter().map(|key| key.algorithm).collect()
    };
    house.tokens("mobile", "").await;
    assert_eq!(algorithms(&house), [SigningAlgorithm::ES256]);
    house.tokens("mobile", "").await;
    assert_eq!(algorithms(&house), [SigningAlgorithm::ES256]);
}

#[tokio::test]
async fn a_realm_that_nobody_gets_tokens_of_has_no_keys() {
    let house = House::without_keys();
    house
        .store
        .tables()
        .clients
        .retain(|client| client.id.as_str() == "old");
    assert!(published(&house, &house.realm).await.is_empty());
    assert_eq!(house.store.tables().keys_made, 0);
}

#[tokio::test]
async fn a_new_clients_key_is_published_before_its_first_token() {
    let house = House::without_keys();
    let clients = house.store.tables().clients.clone();
    let (with_es256, others): (Vec<_>, Vec<_>) = clients
        .into_iter()
        .partition(|client| client.signing_algorithm == SigningAlgorithm::ES256);
    house.store.tables().clients = others;
    let before = published(&house, &house.realm).await;
    assert_eq!(before.len(), 1);
    assert_eq!(before[0]["alg"], json!("RS256"));
    house.store.tables().clients.extend(with_es256);
    house.clock.advance(Duration::from_secs(UNKNOWN_SECONDS));
    let after = published(&house, &house.realm).await;
    let token = house.tokens("mobile", "").await.id_token;
    let kid = header_of(&token)["kid"].clone();
    assert_eq!(after.len(), 2);
    assert!(after.iter().any(|key| key["kid"] == kid));
}

#[tokio::test]
async fn a_token_that_was_there_first_finds_its_key_published() {
    let house = House::without_keys();
    house
        .store
        .change_client("mobile", |client| client.enabled = false);
    house
        .store
        .change_client("console", |client| client.enabled = false);
    let before = published(&house, &house.realm).await;
    assert_eq!(before.len(), 1);
    house
        .store
        .change_client("mobile", |client| client.enabled = true);
    let token = house.tokens("mobile", "").await.id_token;
    // Within the same second as it was read before.
    let after = published(&house, &house.realm).await;
    assert!(
        after
            .iter()
            .any(|key| key["kid"] == header_of(&token)["kid"])
    );
}

#[tokio::test]
async fn published_keys_are_not_read_for_everybody_who_asks() {
    let house = House::new();
    for _ in 0..100 {
        published(&house, &house.realm).await;
    }
    assert_eq!(house.store.tables().key_reads, 1);
    house.clock.advance(Duration::from_secs(UNKNOWN_SECONDS));
    published(&house, &house.realm).await;
    assert_eq!(house.store.tables().key_reads, 2);
}

#[tokio::test]
async fn the_keys_of_a_realm_that_sleeps_are_forgotten() {
    let house = House::new();
    let keys = Keyring::new(house.store.clone(), house.clock.clone());
    let (here, there) = (&house.realm.name, &house.other.name);
    let algorithm = SigningAlgorithm::ES256;
    for realm in [here, there] {
        keys.signing(realm, algorithm).await.expect("a key");
    }
    for _ in 0..IDLE_SECONDS / KEPT_SECONDS {
        house.clock.advance(Duration::from_secs(KEPT_SECONDS));
        keys.signing(here, algorithm).await.expect("a key");
    }
    assert!(keys.loaded(here).is_some());
    assert!(keys.loaded(there).is_none());
    keys.signing(there, algorithm).await.expect("a key");
    assert!(keys.loaded(there).is_some());
}

#[tokio::test]
async fn nodes_that_make_the_first_keys_at_once_agree() {
    let house = House::without_keys();
    let nodes = [(); 2].map(|()| Keyring::new(house.store.clone(), house.clock.clone()));
    let [one, two] = &nodes;
    let (one, two) = tokio::join!(
        one.published(&house.realm.name),
        two.published(&house.realm.name)
    );
    let kids = |keys: &[Arc<Key>]| {
        keys.iter()
            .map(|key| key.kid().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(kids(&one.expect("keys")), kids(&two.expect("keys")));
    assert_eq!(house.store.tables().keys.len(), 2);
}

#[tokio::test]
async fn keys_are_published_without_their_private_half() {
    let house = House::new();
    let keys = published(&house, &house.realm).await;
    let members = |key: &Value| -> Vec<String> {
        let mut names: Vec<String> = key
            .as_object()
            .expect("an object")
            .keys()
            .cloned()
            .collect();
        names.sort();
        names
    };
    assert_eq!(keys[0]["alg"], json!("ES256"));
    assert_eq!(
        members(&keys[0]),
        ["alg", "crv", "kid", "kty", "use", "x", "y"]
    );
    assert_eq!(keys[1]["alg"], json!("RS256"));
    assert_eq!(members(&keys[1]), ["alg", "e", "kid", "kty", "n", "use"]);
    assert_eq!(keys[1]["e"], json!("AQAB"));
    assert_eq!(keys[1]["n"].as_str().expect("text").len(), 342, "2048 bits");
}

#[tokio::test]
async fn an_independent_reader_derives_the_same_names() {
    let house = House::new();
    let set = serde_json::to_value(house.provider.jwks(&house.realm).await.expect("keys"));
    let set: jsonwebtoken::jwk::JwkSet =
        serde_json::from_value(set.expect("JSON")).expect("a JWKS");
    for key in &set.keys {
        let thumbprint = key.thumbprint(jsonwebtoken::jwk::ThumbprintHash::SHA256);
        assert_eq!(
            key.common.key_id.as_deref(),
            Some(thumbprint.expect("derived").as_str())
        );
    }
}

#[tokio::test]
async fn the_newest_key_signs_and_the_older_one_still_verifies() {
    let house = House::new();
    let before = house.tokens("web", "").await;
    let now = house.now();
    let newer = generate(&house.realm.name, SigningAlgorithm::RS256, now).expect("a key");
    house.store.put_keys(vec![newer.clone()]);
    house.clock.advance(Duration::from_secs(KEPT_SECONDS));
    let after = house.tokens("web", "").await;
    let kid = |token: &str| {
        let header = jsonwebtoken::decode_header(token).expect("a header");
        header.kid.expect("named")
    };
    assert_eq!(kid(&after.id_token), newer.kid);
    assert_ne!(kid(&before.id_token), newer.kid);
    for token in [before.access_token, after.access_token] {
        let claims = house
            .provider
            .userinfo(&house.realm, Some(&token))
            .await
            .expect("claims");
        assert_eq!(claims.get("sub"), claims_of(&token).get("sub"));
    }
}

#[tokio::test]
async fn keys_are_not_read_for_every_token() {
    let house = House::new();
    for _ in 0..3 {
        house.tokens("web", "").await;
    }
    assert_eq!(house.store.tables().key_reads, 1);
    house.clock.advance(Duration::from_secs(KEPT_SECONDS));
    house.tokens("web", "").await;
    assert_eq!(house.store.tables().key_reads, 2);
}

#[tokio::test]
async fn made_up_key_names_do_not_load_the_store() {
    let house = House::new();
    let keys = Keyring::new(house.store.clone(), house.clock.clone());
    for kid in 0..100 {
        let found = keys
            .find(&house.realm.name, &format!("no-{kid}"))
            .await
            .expect("asked");
        assert!(found.is_none());
    }
    assert_eq!(house.store.tables().key_reads, 1);
    // A key that another node made just now is found after a second.
    let now = house.now();
    let newer = generate(&house.realm.name, SigningAlgorithm::ES256, now).expect("a key");
    house.store.put_keys(vec![newer.clone()]);
    house.clock.advance(Duration::from_secs(UNKNOWN_SECONDS));
    let found = keys
        .find(&house.realm.name, &newer.kid)
        .await
        .expect("asked");
    assert!(found.is_some());
    assert_eq!(house.store.tables().key_reads, 2);
}

#[tokio::test]
async fn a_key_that_is_none_is_an_error_that_names_it() {
    let house = House::without_keys();
    for algorithm in ALGORITHMS {
        let other = match algorithm {
            SigningAlgorithm::RS256 => SigningAlgorithm::ES256,
            SigningAlgorithm::ES256 => SigningAlgorithm::RS256,
        };
        let key = generate(&house.realm.name, other, Timestamp(0)).expect("a key");
        house.store.tables().keys = vec![SigningKey {
            algorithm,
            ..key.clone()
        }];
        let error = house
            .provider
            .jwks(&house.realm)
            .await
            .expect_err("refused");
        assert!(
            matches!(&error, KeyError::Unusable { kid, .. } if *kid == key.kid),
            "{error}"
        );
        assert!(error.to_string().contains("staff"), "{error}");
    }
}
