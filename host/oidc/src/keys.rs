//! The signing keys of realms: made, parsed once, published.

mod pair;

pub use pair::JwkSet;
pub(crate) use pair::{Key, generate};

use bridge_model::{
    keys::SigningAlgorithm,
    names::RealmName,
    ports::{Clock, Store, StoreError},
    time::Timestamp,
};
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
