//! Key pairs, and the public half of them as the JWKS has it.

use super::KeyError;
use crate::opaque;
use aws_lc_rs::{
    encoding::{AsDer, Pkcs8V1Der},
    error::Unspecified,
    rand::SystemRandom,
    rsa::KeySize,
    signature::{
        self, ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair,
        ParsedPublicKey, RsaKeyPair, RsaPublicKeyComponents,
    },
};
use bridge_model::{
    keys::{SigningAlgorithm, SigningKey},
    names::RealmName,
    secret::Secret,
    time::Timestamp,
};
use serde::Serialize;
use std::sync::Arc;

/// The public keys of a realm (RFC 7517 section 5).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct JwkSet {
    /// Newest first; each with a `kid` of its own.
    keys: Vec<Jwk>,
}

impl JwkSet {
    pub(crate) fn of(keys: &[Arc<Key>]) -> Self {
        Self {
            keys: keys.iter().map(|key| key.public.clone()).collect(),
        }
    }
}

/// A public key (RFC 7517 section 4).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Jwk {
    kid: String,
    alg: SigningAlgorithm,
    r#use: &'static str,
    #[serde(flatten)]
    numbers: Numbers,
}

/// What a key consists of (RFC 7518 section 6): base64url without padding. The members stand in the
/// order of their names, which [`Numbers::thumbprint`] relies on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
enum Numbers {
    Ec {
        crv: &'static str,
        kty: &'static str,
        x: String,
        y: String,
    },
    Rsa {
        e: String,
        kty: &'static str,
        n: String,
    },
}

impl Numbers {
    /// The name that everybody derives alike from a key (RFC 7638 section 3).
    fn thumbprint(&self) -> Option<String> {
        let text = serde_json::to_vec(self).ok()?;
        Some(opaque::encode(&opaque::sha256(&text)))
    }
}

/// A key pair, parsed.
pub(crate) struct Key {
    pub(crate) algorithm: SigningAlgorithm,
    pair: Pair,
    verifier: ParsedPublicKey,
    public: Jwk,
}

enum Pair {
    Rsa(RsaKeyPair),
    Ec(EcdsaKeyPair),
}

impl Key {
    pub(super) fn parse(key: &SigningKey) -> Result<Self, KeyError> {
        let unusable = || KeyError::Unusable {
            realm: key.realm.clone(),
            kid: key.kid.clone(),
            algorithm: key.algorithm,
        };
        let pair = Pair::parse(key.algorithm, key.private.expose()).ok_or_else(unusable)?;
        Ok(Self {
            algorithm: key.algorithm,
            verifier: pair.verifier().ok_or_else(unusable)?,
            public: Jwk {
                kid: key.kid.clone(),
                alg: key.algorithm,
                r#use: "sig",
                numbers: pair.numbers().ok_or_else(unusable)?,
            },
            pair,
        })
    }

    /// Its name in the headers of tokens.
    pub(crate) fn kid(&self) -> &str {
        &self.public.kid
    }

    /// Signs octets: the signature as JWS has it (RFC 7518 sections 3.3 and 3.4).
    pub(crate) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        self.pair
            .sign(message)
            .map_err(|Unspecified| KeyError::NotSigned(self.kid().to_owned()))
    }

    /// Whether this key made the signature, with its own algorithm and no other.
    pub(crate) fn has_signed(&self, message: &[u8], signature: &[u8]) -> bool {
        self.verifier.verify_sig(message, signature).is_ok()
    }
}

impl Pair {
    fn parse(algorithm: SigningAlgorithm, pkcs8: &[u8]) -> Option<Self> {
        match algorithm {
            SigningAlgorithm::RS256 => RsaKeyPair::from_pkcs8(pkcs8).map(Self::Rsa).ok(),
            SigningAlgorithm::ES256 => {
                EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8)
                    .map(Self::Ec)
                    .ok()
            }
        }
    }

    /// Makes a new pair: slow for RSA. Gives it in PKCS #8 too.
    fn generate(algorithm: SigningAlgorithm) -> Result<(Self, Secret), Unspecified> {
        match algorithm {
            SigningAlgorithm::RS256 => {
                let pair = RsaKeyPair::generate(KeySize::Rsa2048)?;
                let pkcs8: Pkcs8V1Der<'_> = pair.as_der()?;
                let secret = Secret::new(pkcs8.as_ref());
                Ok((Self::Rsa(pair), secret))
            }
            SigningAlgorithm::ES256 => {
                let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)?;
                let secret = Secret::new(pair.to_pkcs8v1()?.as_ref());
                Ok((Self::Ec(pair), secret))
            }
        }
    }

    fn numbers(&self) -> Option<Numbers> {
        match self {
            Self::Rsa(pair) => {
                let public = RsaPublicKeyComponents::<Vec<u8>>::from(pair.public_key());
                let (n, e) = (opaque::encode(&public.n), opaque::encode(&public.e));
                Some(Numbers::Rsa { e, kty: "RSA", n })
            }
            Self::Ec(pair) => {
                // SEC 1 section 2.3.3: 4, then both coordinates, 32 octets each.
                let (form, point) = pair.public_key().as_ref().split_first()?;
                let (x, y) = point.split_at_checked(32)?;
                (*form == 4 && y.len() == 32).then(|| Numbers::Ec {
                    crv: "P-256",
                    kty: "EC",
                    x: opaque::encode(x),
                    y: opaque::encode(y),
                })
            }
        }
    }

    fn verifier(&self) -> Option<ParsedPublicKey> {
        match self {
            Self::Rsa(pair) => ParsedPublicKey::new(
                &signature::RSA_PKCS1_2048_8192_SHA256,
                pair.public_key().as_ref(),
            ),
            Self::Ec(pair) => {
                ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, pair.public_key().as_ref())
            }
        }
        .ok()
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Unspecified> {
        let random = SystemRandom::new();
        match self {
            Self::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(
                    &signature::RSA_PKCS1_SHA256,
                    &random,
                    message,
                    &mut signature,
                )?;
                Ok(signature)
            }
            Self::Ec(pair) => Ok(pair.sign(&random, message)?.as_ref().to_vec()),
        }
    }
}

/// Makes a key pair for a realm. Blocks for as long as that takes.
pub(crate) fn generate(
    realm: &RealmName,
    algorithm: SigningAlgorithm,
    now: Timestamp,
) -> Result<SigningKey, KeyError> {
    let not_made = || KeyError::NotMade(algorithm);
    let (pair, private) = Pair::generate(algorithm).map_err(|Unspecified| not_made())?;
    let kid = pair
        .numbers()
        .and_then(|numbers| numbers.thumbprint())
        .ok_or_else(not_made)?;
    Ok(SigningKey {
        realm: realm.clone(),
        kid,
        algorithm,
        private,
        created_at: now,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
