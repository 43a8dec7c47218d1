use super::*;
use crate::testing::{House, claims_of, header_of};
use aws_lc_rs::{
    hmac,
    signature::{KeyPair, RsaKeyPair},
};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, jwk::JwkSet};
use serde_json::{Map, Value, json};

async fn jwks(house: &House) -> JwkSet {
    let set = house.provider.jwks(&house.realm).await.expect("keys");
    serde_json::from_value(serde_json::to_value(set).expect("JSON")).expect("a JWKS")
}

async fn accepted(house: &House, typ: TokenKind, token: &str) -> bool {
    let keys = Keyring::new(house.store.clone(), house.clock.clone());
    let claims: Option<Map<String, Value>> = verified(&keys, &house.realm.name, typ, token)
        .await
        .expect("keys");
    claims.is_some()
}

fn encoded(part: &Value) -> String {
    URL_SAFE_NO_PAD.encode(part.to_string())
}

#[tokio::test]
async fn an_independent_reader_accepts_both_algorithms() {
    let house = House::new();
    let set = jwks(&house).await;
    for (client, algorithm) in [("web", Algorithm::RS256), ("mobile", Algorithm::ES256)] {
        let tokens = house.tokens(client, "").await;
        for (token, audience, typ) in [
            (&tokens.id_token, client, "JWT"),
            (
                &tokens.access_token,
                "https://id.example.test/realms/staff",
                "at+jwt",
            ),
        ] {
            let header = jsonwebtoken::decode_header(token).expect("a header");
            assert_eq!((header.alg, header.typ.as_deref()), (algorithm, Some(typ)));
            let key = set.find(&header.kid.expect("named")).expect("published");
            let mut validation = Validation::new(algorithm);
            validation.set_audience(&[audience]);
            validation.set_issuer(&["https://id.example.test/realms/staff"]);
            // The clock of these tests stands still.
            validation.validate_exp = false;
            let key = DecodingKey::from_jwk(key).expect("a key");
            let data = jsonwebtoken::decode::<Map<String, Value>>(token, &key, &validation);
            assert_eq!(
                data.expect("verified").claims["sub"],
                json!("subject-of-ada")
            );
        }
    }
}

#[tokio::test]
async fn one_kind_of_token_is_not_taken_for_the_other() {
    let house = House::new();
    let tokens = house.tokens("web", "").await;
    for (kind, token, expected) in [
        (TokenKind::Id, &tokens.id_token, true),
        (TokenKind::Access, &tokens.access_token, true),
        (TokenKind::Access, &tokens.id_token, false),
        (TokenKind::Id, &tokens.access_token, false),
    ] {
        assert_eq!(
            accepted(&house, kind, token).await,
            expected,
            "{kind:?} {token}"
        );
    }
}

#[tokio::test]
async fn a_token_that_was_changed_anywhere_is_refused() {
    let house = House::new();
    let token = house.tokens("mobile", "").await.access_token;
    assert!(accepted(&house, TokenKind::Access, &token).await);
    let [header, claims, signature] = token.split('.').collect::<Vec<_>>()[..] else {
        unreachable!("a token has three parts");
    };
    let forged = encoded(&json!({"sub": "somebody"}));
    for bad in [
        String::new(),
        "..".to_owned(),
        "a.b.c".to_owned(),
        format!("{header}.{claims}"),
        format!("{header}.{claims}."),
        format!("{header}.{forged}.{signature}"),
        format!("{header}.{claims}.{}", &signature[..signature.len() - 2]),
        format!("{header}.{claims}.{signature}A"),
        format!("{header}.{claims}.{signature}="),
        format!("{header}.{claims}.{signature}.{signature}"),
        format!(" {token}"),
        format!("{token}{}", " ".repeat(OCTETS_MAX)),
    ] {
        assert!(
            !accepted(&house, TokenKind::Access, &bad).await,
            "{bad:.80}"
        );
    }
}

#[tokio::test]
async fn a_token_has_a_longest_length() {
    let house = House::new();
    let header = header_of(&house.tokens("mobile", "").await.access_token);
    let header = Value::Object(header);
    for (octets, expected) in [(90_000, true), (OCTETS_MAX, false)] {
        let claims = json!({"sub": "x".repeat(octets)});
        let token = house.signed(SigningAlgorithm::ES256, &header, &claims);
        assert_eq!(
            accepted(&house, TokenKind::Access, &token).await,
            expected,
            "{octets}"
        );
    }
}

#[tokio::test]
async fn the_header_has_no_say_in_how_a_token_is_verified() {
    let house = House::new();
    let token = house.tokens("web", "").await.access_token;
    let (good, claims) = (header_of(&token), Value::Object(claims_of(&token)));
    // What is refused here is signed as well as this is.
    let as_is = house.signed(
        SigningAlgorithm::RS256,
        &Value::Object(good.clone()),
        &claims,
    );
    assert!(accepted(&house, TokenKind::Access, &as_is).await);
    for (name, value) in [
        ("alg", json!("none")),
        ("alg", json!("None")),
        ("alg", json!("nOnE")),
        ("alg", json!("HS256")),
        ("alg", json!("ES256")),
        ("alg", json!("PS256")),
        ("alg", json!(null)),
        ("typ", json!("JWT")),
        ("typ", json!("AT+JWT")),
        ("kid", json!("other")),
        ("kid", json!(null)),
        ("crit", json!(["exp"])),
        ("jwk", json!({"kty": "RSA"})),
        ("jku", json!("https://evil.example/jwks")),
        ("x5u", json!("https://evil.example/x5u")),
    ] {
        let mut header = good.clone();
        header.insert(name.to_owned(), value);
        let header = Value::Object(header);
        let signed = house.signed(SigningAlgorithm::RS256, &header, &claims);
        assert!(
            !accepted(&house, TokenKind::Access, &signed).await,
            "{header}"
        );
        let (start, _) = signed.rsplit_once('.').expect("three parts");
        assert!(
            !accepted(&house, TokenKind::Access, &format!("{start}.")).await,
            "{header}"
        );
    }
}

#[tokio::test]
async fn a_key_signs_with_its_own_algorithm_only() {
    let house = House::new();
    let (rsa, ec) = (
        house.tokens("web", "").await.access_token,
        house.tokens("mobile", "").await.access_token,
    );
    let claims = Value::Object(claims_of(&rsa));
    let header = Value::Object(header_of(&ec));
    let good = house.signed(SigningAlgorithm::ES256, &header, &claims);
    assert!(accepted(&house, TokenKind::Access, &good).await);
    let crossed = house.signed(SigningAlgorithm::RS256, &header, &claims);
    assert!(!accepted(&house, TokenKind::Access, &crossed).await);
}

#[tokio::test]
async fn a_mac_under_the_public_key_is_no_signature() {
    let house = House::new();
    let token = house.tokens("web", "").await.access_token;
    let (mut header, claims) = (header_of(&token), Value::Object(claims_of(&token)));
    let set = serde_json::to_value(jwks(&house).await).expect("JSON");
    let modulus = set["keys"][1]["n"].as_str().expect("text");
    let private = house.store.tables().keys.iter().find_map(|key| {
        (Some(key.kid.as_str()) == header["kid"].as_str()).then(|| key.private.clone())
    });
    let pair = RsaKeyPair::from_pkcs8(private.expect("there").expose()).expect("a key");
    let der = pair.public_key().as_ref().to_vec();
    let octets = URL_SAFE_NO_PAD.decode(modulus).expect("base64url");
    for secret in [modulus.as_bytes(), &octets, &der, &pem(&der)] {
        for alg in ["HS256", "RS256"] {
            header.insert("alg".to_owned(), json!(alg));
            let header = Value::Object(header.clone());
            let signed = format!("{}.{}", encoded(&header), encoded(&claims));
            let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
            let mac = URL_SAFE_NO_PAD.encode(hmac::sign(&key, signed.as_bytes()));
            assert!(!accepted(&house, TokenKind::Access, &format!("{signed}.{mac}")).await);
        }
    }
}

/// As tools print a public key.
fn pem(der: &[u8]) -> Vec<u8> {
    let text = base64::engine::general_purpose::STANDARD.encode(der);
    format!("-----BEGIN RSA PUBLIC KEY-----\n{text}\n-----END RSA PUBLIC KEY-----\n").into_bytes()
}

#[tokio::test]
async fn a_token_of_another_realm_is_refused() {
    let house = House::new();
    let token = house.tokens("web", "").await.access_token;
    let keys = Keyring::new(house.store.clone(), house.clock.clone());
    let claims: Option<Map<String, Value>> =
        verified(&keys, &house.other.name, TokenKind::Access, &token)
            .await
            .expect("keys");
    assert!(claims.is_none());
}

#[test]
fn the_access_token_hash_is_the_left_half_of_the_digest() {
    // OpenID Connect Core appendix A.3 has this pair.
    let access_token = "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y";
    assert_eq!(access_token_hash(access_token), "77QmUPtjPfzWtF2AnpK9RQ");
}
