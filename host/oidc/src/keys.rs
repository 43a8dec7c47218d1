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
    keys: Keys,
    /// Whether they were seen to have one for each of the realm's clients.
    is_complete: bool,
}

/// Newest first.
type Keys = Arc<[Arc<Key>]>;

/// How long keys are taken from memory, so that a key that another node made is soon known here.
const KEPT_SECONDS: u64 = 60;
/// After how long without use the keys of a realm are forgotten.
const IDLE_SECONDS: u64 = 5 * 60;
/// How often an unknown key may make the store be asked again: tokens with made-up `kid`s must not
/// turn into a load on it.
const UNKNOWN_SECONDS: u64 = 1;

/// The algorithms there are.
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

    /// All keys of a realm, newest first, as they were at most a second ago, and among them one for
    /// each client that is switched on: missing ones are made. So who has read them once, before its
    /// first token, finds the key of that token among them; and a realm that nobody can get a token of
    /// has no keys made for it.
    pub(crate) async fn published(&self, realm: &RealmName) -> Result<Keys, KeyError> {
        let now = self.clock.now();
        if let Some(loaded) = self.loaded(realm)
            && loaded.is_complete
            && loaded.at.0.abs_diff(now.0) < UNKNOWN_SECONDS
        {
            return Ok(loaded.keys);
        }
        let clients = self.store.clients(realm).await?;
        let mut keys = self.load(realm).await?;
        for algorithm in ALGORITHMS {
            let is_used = clients
                .iter()
                .any(|client| client.enabled && client.signing_algorithm == algorithm);
            if is_used && newest(&keys, algorithm).is_none() {
                keys = self.make(realm, algorithm).await?;
            }
        }
        let mut realms = self.realms.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(loaded) = realms.get_mut(realm) {
            // Unless somebody has loaded others meanwhile.
            loaded.is_complete = Arc::ptr_eq(&loaded.keys, &keys);
        }
        Ok(keys)
    }

    /// The key that signs: the newest of its algorithm. It is made if there is none.
    pub(crate) async fn signing(
        &self,
        realm: &RealmName,
        algorithm: SigningAlgorithm,
    ) -> Result<Arc<Key>, KeyError> {
        let keys = self.known(realm, KEPT_SECONDS).await?;
        if let Some(key) = newest(&keys, algorithm) {
            return Ok(key);
        }
        let keys = self.make(realm, algorithm).await?;
        newest(&keys, algorithm).ok_or(KeyError::NotMade(algorithm))
    }

    /// Makes a realm's first key of an algorithm, and gives all its keys.
    async fn make(&self, realm: &RealmName, algorithm: SigningAlgorithm) -> Result<Keys, KeyError> {
        let _making = self.making.lock().await;
        // Somebody else may have made it, here or on another node.
        let keys = self.load(realm).await?;
        if newest(&keys, algorithm).is_some() {
            return Ok(keys);
        }
        let (name, now) = (realm.clone(), self.clock.now());
        let made = tokio::task::spawn_blocking(move || generate(&name, algorithm, now)).await;
        let key = made.map_err(|_| KeyError::NotMade(algorithm))??;
        self.store.add_first_signing_key(&key).await?;
        self.load(realm).await
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
    async fn known(&self, realm: &RealmName, seconds: u64) -> Result<Keys, KeyError> {
        let now = self.clock.now();
        match self.loaded(realm) {
            Some(loaded) if loaded.at.0.abs_diff(now.0) < seconds => Ok(loaded.keys),
            _ => self.load(realm).await,
        }
    }

    /// Asks the store; keys that were parsed before are not parsed again.
    async fn load(&self, realm: &RealmName) -> Result<Keys, KeyError> {
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
            .collect::<Result<Keys, KeyError>>()?;
        self.keep(realm, at, Arc::clone(&keys));
        Ok(keys)
    }

    /// Keeps the keys of a realm, and forgets those of realms that nobody asks for: a thousand that sleep
    /// cost nothing.
    fn keep(&self, realm: &RealmName, at: Timestamp, keys: Keys) {
        let mut realms = self.realms.write().unwrap_or_else(PoisonError::into_inner);
        realms.retain(|_, loaded| loaded.at.0.abs_diff(at.0) < IDLE_SECONDS);
        let loaded = Loaded {
            at,
            keys,
            is_complete: false,
        };
        realms.insert(realm.clone(), loaded);
    }

    /// Forgets the keys of a realm: the next who asks finds those that the store has.
    pub(crate) fn forget(&self, realm: &RealmName) {
        let mut realms = self.realms.write().unwrap_or_else(PoisonError::into_inner);
        realms.remove(realm);
    }

    fn loaded(&self, realm: &RealmName) -> Option<Loaded> {
        let realms = self.realms.read().unwrap_or_else(PoisonError::into_inner);
        realms.get(realm).cloned()
    }
}

fn newest(keys: &[Arc<Key>], algorithm: SigningAlgorithm) -> Option<Arc<Key>> {
    keys.iter().find(|key| key.algorithm == algorithm).cloned()
}

#[cfg(test)]
#[path = "keys/tests.rs"]
mod tests;
