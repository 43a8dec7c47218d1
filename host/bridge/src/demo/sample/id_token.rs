//! What an application has to check of an ID token (OpenID Connect Core section 3.1.3.7).

use jsonwebtoken::{
    Algorithm, DecodingKey, Validation, decode, decode_header,
    jwk::{AlgorithmParameters, JwkSet},
};
use serde_json::{Map, Value};

/// An ID token that was found to be good.
#[derive(Clone, Debug)]
pub(super) struct IdToken {
    /// As it came.
    pub(super) encoded: String,
    /// The header.
    pub(super) header: Value,
    /// The claims.
    pub(super) claims: Map<String, Value>,
    /// What it is signed with.
    pub(super) algorithm: String,
    /// The key that it is signed with.
    pub(super) kid: String,
}

/// What has to stand in an ID token.
#[derive(Clone, Copy, Debug)]
pub(super) struct Expected<'a> {
    /// The issuer that was asked.
    pub(super) issuer: &'a str,
    /// The client that asked.
    pub(super) client_id: &'a str,
    /// The nonce that it sent.
    pub(super) nonce: &'a str,
}

/// Why an ID token is not to be trusted.
#[derive(Debug, thiserror::Error)]
pub(super) enum InvalidIdToken {
    /// Not three parts of JSON, or of an algorithm that nobody knows.
    #[error("it cannot be read: {0}")]
    Malformed(#[source] jsonwebtoken::errors::Error),
    /// No `kid`, or one that the issuer does not publish.
    #[error("it is signed with a key that the issuer does not publish")]
    UnknownKey,
    /// A key without an algorithm, or one that is no public key.
    #[error("the key that it names is not one to sign with")]
    UnfitKey,
    /// The signature, the time, the issuer or the audience.
    #[error("it does not hold: {0}")]
    Refused(#[source] jsonwebtoken::errors::Error),
    /// Of another sign-in.
    #[error("it was not made for this sign-in: the nonce is another")]
    Nonce,
    /// Made for another client as well, and given to that one.
    #[error("it was given to another client")]
    AuthorizedParty,
}

impl IdToken {
    /// Takes a token if everything about it is right.
    pub(super) fn validate(
        encoded: &str,
        keys: &JwkSet,
        expected: Expected<'_>,
    ) -> Result<Self, InvalidIdToken> {
        let header = decode_header(encoded).map_err(InvalidIdToken::Malformed)?;
        let kid = header.kid.ok_or(InvalidIdToken::UnknownKey)?;
        let jwk = keys.find(&kid).ok_or(InvalidIdToken::UnknownKey)?;
        // The algorithm is the key's, never the token's own word for it (RFC 8725 section 3.1), and
        // a published key is no shared secret.
        let algorithm = jwk
            .common
            .key_algorithm
            .and_then(|algorithm| Algorithm::try_from(algorithm).ok())
            .filter(|_| !matches!(jwk.algorithm, AlgorithmParameters::OctetKey(_)))
            .ok_or(InvalidIdToken::UnfitKey)?;
        let key = DecodingKey::from_jwk(jwk).map_err(|_| InvalidIdToken::UnfitKey)?;

        let mut validation = Validation::new(algorithm);
        validation.leeway = LEEWAY_SECONDS;
        validation.set_issuer(&[expected.issuer]);
        validation.set_audience(&[expected.client_id]);
        validation.set_required_spec_claims(&["aud", "exp", "iss", "sub"]);
        let token = decode::<Map<String, Value>>(encoded, &key, &validation)
            .map_err(InvalidIdToken::Refused)?;

        if token.claims.get("nonce").and_then(Value::as_str) != Some(expected.nonce) {
            return Err(InvalidIdToken::Nonce);
        }
        let party = token.claims.get("azp");
        let audiences = token
            .claims
            .get("aud")
            .and_then(Value::as_array)
            .map_or(1, Vec::len);
        let is_ours = party.and_then(Value::as_str) == Some(expected.client_id);
        if !is_ours && (party.is_some() || audiences > 1) {
            return Err(InvalidIdToken::AuthorizedParty);
        }
        Ok(Self {
            encoded: encoded.to_owned(),
            header: serde_json::to_value(&token.header).unwrap_or_default(),
            claims: token.claims,
            algorithm: format!("{algorithm:?}"),
            kid,
        })
    }

    /// A claim that is text.
    pub(super) fn text(&self, claim: &str) -> Option<&str> {
        self.claims.get(claim).and_then(Value::as_str)
    }
}

/// Both ends are one process here, with one clock.
const LEEWAY_SECONDS: u64 = 1;

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use aws_lc_rs::{
        rand::SystemRandom,
        signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _},
    };
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    use serde_json::json;

    pub(in super::super) struct Signer {
        pair: EcdsaKeyPair,
        pub(in super::super) jwks: Value,
    }

    impl Signer {
        pub(in super::super) fn new() -> Self {
            let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("a key");
            // An uncompressed point: 4, then both coordinates.
            let point = pair.public_key().as_ref();
            let (x, y) = point[1..].split_at(32);
            let jwks = json!({"keys": [{
                "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": "one",
                "x": URL_SAFE_NO_PAD.encode(x), "y": URL_SAFE_NO_PAD.encode(y),
            }]});
            Self { pair, jwks }
        }

        pub(in super::super) fn sign(&self, header: &Value, claims: &Value) -> String {
            let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
            let signed = format!("{}.{}", part(header), part(claims));
            let signature = self.pair.sign(&SystemRandom::new(), signed.as_bytes());
            let signature = signature.expect("signs");
            format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
        }
    }

    fn header() -> Value {
        json!({"alg": "ES256", "kid": "one", "typ": "JWT"})
    }

    pub(in super::super) fn claims() -> Value {
        json!({
            "iss": "https://id.example/realms/staff", "aud": "sample", "sub": "1",
            "exp": jsonwebtoken::get_current_timestamp() + 60, "nonce": "n",
        })
    }

    fn with(name: &str, value: Value) -> Value {
        let mut claims = claims();
        claims[name] = value;
        claims
    }

    fn validate(signer: &Signer, token: &str) -> Result<IdToken, InvalidIdToken> {
        let keys = serde_json::from_value(signer.jwks.clone()).expect("a JWKS");
        let expected = Expected {
            issuer: "https://id.example/realms/staff",
            client_id: "sample",
            nonce: "n",
        };
        IdToken::validate(token, &keys, expected)
    }

    #[test]
    fn takes_a_token_that_is_right() {
        let signer = Signer::new();
        for claims in [
            claims(),
            with("aud", json!(["sample"])),
            with("azp", json!("sample")),
        ] {
            let token = validate(&signer, &signer.sign(&header(), &claims)).expect("valid");
            assert_eq!(token.text("sub"), Some("1"));
            assert_eq!(
                (token.algorithm.as_str(), token.kid.as_str()),
                ("ES256", "one")
            );
        }
    }

    #[test]
    fn refuses_a_token_in_which_one_thing_is_wrong() {
        let signer = Signer::new();
        let past = jsonwebtoken::get_current_timestamp() - 60;
        for (name, value) in [
            ("iss", json!("https://id.example/realms/other")),
            ("aud", json!("other")),
            ("aud", Value::Null),
            ("exp", json!(past)),
            ("exp", Value::Null),
            ("sub", Value::Null),
        ] {
            let token = signer.sign(&header(), &with(name, value.clone()));
            let error = validate(&signer, &token).expect_err(name);
            assert!(
                matches!(error, InvalidIdToken::Refused(_)),
                "{name} {value}: {error}"
            );
        }
        for nonce in [json!("other"), Value::Null] {
            let token = signer.sign(&header(), &with("nonce", nonce));
            assert!(matches!(
                validate(&signer, &token),
                Err(InvalidIdToken::Nonce)
            ));
        }
        let mut shared = with("aud", json!(["sample", "other"]));
        let token = signer.sign(&header(), &shared);
        assert!(matches!(
            validate(&signer, &token),
            Err(InvalidIdToken::AuthorizedParty)
        ));
        shared["azp"] = json!("other");
        let token = signer.sign(&header(), &shared);
        assert!(matches!(
            validate(&signer, &token),
            Err(InvalidIdToken::AuthorizedParty)
        ));
    }

    #[test]
    fn refuses_a_token_that_the_issuer_did_not_sign() {
        let (signer, other) = (Signer::new(), Signer::new());
        let token = other.sign(&header(), &claims());
        assert!(matches!(
            validate(&signer, &token),
            Err(InvalidIdToken::Refused(_))
        ));
        for header in [
            json!({"alg": "ES256", "kid": "two"}),
            json!({"alg": "ES256"}),
        ] {
            let token = signer.sign(&header, &claims());
            assert!(matches!(
                validate(&signer, &token),
                Err(InvalidIdToken::UnknownKey)
            ));
        }
        for algorithm in ["HS256", "RS256"] {
            let token = signer.sign(&json!({"alg": algorithm, "kid": "one"}), &claims());
            assert!(matches!(
                validate(&signer, &token),
                Err(InvalidIdToken::Refused(_))
            ));
        }
        let none = signer.sign(&json!({"alg": "none", "kid": "one"}), &claims());
        assert!(matches!(
            validate(&signer, &none),
            Err(InvalidIdToken::Malformed(_))
        ));
        assert!(matches!(
            validate(&signer, "a.b"),
            Err(InvalidIdToken::Malformed(_))
        ));
    }
}
