//! The signing keys of realms: made, parsed once, published.

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
    ports::{Clock, Store, StoreError},
    secret::Secret,
    time::Timestamp,
};
use serde::Serialize;
use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

/// Why a signing key is not at hand. All of it is on our side.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The store failed, or a key does not unseal.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The store has a key that is none.
    #[error(
        "the signing key {kid} of the realm {realm} cannot be read: it is no {algorithm} key in PKCS #8"
    )]
    Unusable {
        /// Whose key.
        realm: RealmName,
        /// Its name.
        kid: String,
        /// What it is said to sign with.
        algorithm: SigningAlgorithm,
    },
    /// No key could be made, or there is none after all.
    #[error("an {0} signing key could not be made")]
    NotMade(SigningAlgorithm),
    /// A key did not sign.
    #[error("the signing key {0} failed to sign")]
    NotSigned(String),
}

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
    fn parse(key: &SigningKey) -> Result<Self, KeyError> {
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

/// The keys of all realms that were used lately, parsed.
pub(crate) struct Keyring {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    realms: RwLock<HashMap<RealmName, Loaded>>,
    /// Held by whoever makes keys, so that a hundred first sign-ins make one pair and not a hundred.
    making: tokio::sync::Mutex<()>,
}

#[derive(Clone)]
struct Loaded {
    at: Timestamp,
    /// Newest first.
    keys: Arc<[Arc<Key>]>,
}

/// How long keys are taken from memory, so that a key that another node made is soon known here.
const KEPT_SECONDS: u64 = 60;
/// How often an unknown key may make the store be asked again: tokens with made-up `kid`s must not
/// turn into a load on it.
const UNKNOWN_SECONDS: u64 = 1;

/// The algorithms for which each realm has a key.
const ALGORITHMS: [SigningAlgorithm; 2] = [SigningAlgorithm::RS256, SigningAlgorithm::ES256];

impl Keyring {
    pub(crate) fn new(store: Arc<dyn Store>, clock: Arc<dyn Clock>) -> Self {
        Self {
            store,
            clock,
            realms: RwLock::default(),
            making: tokio::sync::Mutex::new(()),
        }
    }

    /// All keys of a realm, newest first, at least one for each algorithm: missing ones are made.
    pub(crate) async fn all(&self, realm: &RealmName) -> Result<Arc<[Arc<Key>]>, KeyError> {
        let keys = self.known(realm, KEPT_SECONDS).await?;
        if missing(&keys).next().is_none() {
            return Ok(keys);
        }
        let _making = self.making.lock().await;
        // Somebody else may have made them, here or on another node.
        let keys = self.load(realm).await?;
        for algorithm in missing(&keys) {
            let (name, now) = (realm.clone(), self.clock.now());
            let made = tokio::task::spawn_blocking(move || generate(&name, algorithm, now)).await;
            let key = made.map_err(|_| KeyError::NotMade(algorithm))??;
            self.store.add_first_signing_key(&key).await?;
        }
        self.load(realm).await
    }

    /// The key that signs: the newest of its algorithm.
    pub(crate) async fn signing(
        &self,
        realm: &RealmName,
        algorithm: SigningAlgorithm,
    ) -> Result<Arc<Key>, KeyError> {
        let keys = self.all(realm).await?;
        let key = keys.iter().find(|key| key.algorithm == algorithm);
        key.cloned().ok_or(KeyError::NotMade(algorithm))
    }

    /// The key of a name, if the realm has one.
    pub(crate) async fn find(
        &self,
        realm: &RealmName,
        kid: &str,
    ) -> Result<Option<Arc<Key>>, KeyError> {
        for seconds in [KEPT_SECONDS, UNKNOWN_SECONDS] {
            let keys = self.known(realm, seconds).await?;
            if let Some(key) = keys.iter().find(|key| key.kid() == kid) {
                return Ok(Some(Arc::clone(key)));
            }
        }
        Ok(None)
    }

    /// The keys of a realm as they were at most some seconds ago.
    async fn known(&self, realm: &RealmName, seconds: u64) -> Result<Arc<[Arc<Key>]>, KeyError> {
        let now = self.clock.now();
        match self.loaded(realm) {
            Some(loaded) if loaded.at.0.abs_diff(now.0) < seconds => Ok(loaded.keys),
            _ => self.load(realm).await,
        }
    }

    /// Asks the store; keys that were parsed before are not parsed again.
    async fn load(&self, realm: &RealmName) -> Result<Arc<[Arc<Key>]>, KeyError> {
        let at = self.clock.now();
        let stored = self.store.signing_keys(realm).await?;
        let before = self.loaded(realm);
        let before = before.as_ref().map_or(&[][..], |loaded| &loaded.keys);
        let keys = stored
            .iter()
            .map(
                |key| match before.iter().find(|parsed| parsed.kid() == key.kid) {
                    Some(parsed) => Ok(Arc::clone(parsed)),
                    None => Key::parse(key).map(Arc::new),
                },
            )
            .collect::<Result<Arc<[_]>, KeyError>>()?;
        let loaded = Loaded {
            at,
            keys: Arc::clone(&keys),
        };
        let mut realms = self.realms.write().unwrap_or_else(PoisonError::into_inner);
        realms.insert(realm.clone(), loaded);
        Ok(keys)
    }

    fn loaded(&self, realm: &RealmName) -> Option<Loaded> {
        let realms = self.realms.read().unwrap_or_else(PoisonError::into_inner);
        realms.get(realm).cloned()
    }
}

fn missing(keys: &[Arc<Key>]) -> impl Iterator<Item = SigningAlgorithm> {
    ALGORITHMS
        .into_iter()
        .filter(|algorithm| !keys.iter().any(|key| key.algorithm == *algorithm))
}

#[cfg(test)]
#[path = "keys/tests.rs"]
mod tests;
