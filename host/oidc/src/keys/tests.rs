use super::*;
use crate::testing::{House, claims_of};
use serde_json::{Value, json};
use std::time::Duration;

fn kids(set: &JwkSet) -> Vec<String> {
    set.keys.iter().map(|key| key.kid.clone()).collect()
}

#[tokio::test]
async fn a_realm_without_keys_gets_one_of_each_algorithm_once() {
    let house = House::without_keys();
    let (one, two, three) = tokio::join!(
        house.provider.jwks(&house.realm),
        house.provider.prepare(&house.realm),
        house.provider.jwks(&house.realm),
    );
    two.expect("prepared");
    let (one, three) = (one.expect("keys"), three.expect("keys"));
    assert_eq!(one, three);
    assert_eq!(one.keys.len(), 2);
    assert_eq!(house.store.tables().keys.len(), 2);
    let other = house.provider.jwks(&house.other).await.expect("keys");
    assert!(
        kids(&other).iter().all(|kid| !kids(&one).contains(kid)),
        "realms share no key"
    );
}

#[tokio::test]
async fn keys_are_published_without_their_private_half() {
    let house = House::new();
    let set = serde_json::to_value(house.provider.jwks(&house.realm).await.expect("keys"));
    let set = set.expect("JSON");
    let keys = set["keys"].as_array().expect("an array");
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

#[test]
fn a_key_is_named_by_its_thumbprint() {
    // RFC 7638 section 3.1.
    let numbers = Numbers::Rsa {
        e: "AQAB".to_owned(),
        kty: "RSA",
        n: "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_\
            BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0\
            _FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWh\
            AI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"
            .to_owned(),
    };
    assert_eq!(
        numbers.thumbprint().expect("JSON"),
        "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"
    );
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
