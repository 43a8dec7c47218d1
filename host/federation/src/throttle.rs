//! The throttle: it triggers before the directory's own lockout does, so that nobody can lock people
//! out of everything else by guessing here.

use aws_lc_rs::digest;
use bridge_model::{
    attempts::origin,
    names::{FederationId, RealmName},
    ports::{Failures, StoreError},
    session::TokenHash,
    time::Timestamp,
};
use std::{net::IpAddr, time::Duration};

/// How many failed attempts are taken before sign-ins wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ThrottleLimits {
    /// Attempts on one entry, or with one typed name, within the window. Has to be below the
    /// directory's own lockout threshold; 4 is below the 5 that hardening guides ask for.
    pub per_account_max: u32,
    /// Attempts from one address within the window: higher, since an office shares an address.
    pub per_address_max: u32,
    /// How long attempts count. Has to be at least as long as the directory's own window.
    pub window: Duration,
}

impl Default for ThrottleLimits {
    fn default() -> Self {
        Self {
            per_account_max: 4,
            per_address_max: 100,
            window: Duration::from_mins(15),
        }
    }
}

/// One attempt, counted before it is made, so that many at once cannot slip through together.
pub(crate) struct Counted<'a> {
    failures: &'a dyn Failures,
    limits: ThrottleLimits,
    now: Timestamp,
    keys: Vec<TokenHash>,
}

impl<'a> Counted<'a> {
    pub(crate) fn new(failures: &'a dyn Failures, limits: ThrottleLimits, now: Timestamp) -> Self {
        Self {
            failures,
            limits,
            now,
            keys: Vec::new(),
        }
    }

    /// Counts by typed name and by address. False: too many.
    pub(crate) async fn admits_name(
        &mut self,
        realm: &RealmName,
        username: &str,
        address: Option<IpAddr>,
    ) -> Result<bool, StoreError> {
        let mut admits = true;
        if let Some(address) = address {
            let key = key(&["address", realm.as_str(), &origin(address).to_string()]);
            admits &= self.count(key).await? <= self.limits.per_address_max;
        }
        // Case and outer space do not make another name, in any directory.
        let name = username.trim().to_lowercase();
        let key = key(&["name", realm.as_str(), &name]);
        admits &= self.count(key).await? <= self.limits.per_account_max;
        Ok(admits)
    }

    /// Counts by the entry found, whatever name led to it. False: too many.
    pub(crate) async fn admits_entry(
        &mut self,
        federation: FederationId,
        identifier: &[u8],
    ) -> Result<bool, StoreError> {
        let mut octets = format!("entry\0{federation}\0").into_bytes();
        octets.extend_from_slice(identifier);
        let key = hash(&octets);
        Ok(self.count(key).await? <= self.limits.per_account_max)
    }

    /// The person got in: nothing was a failure. The address is only given its one attempt back, so
    /// that an own account does not buy further guesses at others.
    pub(crate) async fn succeeded(self, address: Option<IpAddr>) -> Result<(), StoreError> {
        let of_address = usize::from(address.is_some());
        for (i, key) in self.keys.into_iter().enumerate() {
            if i < of_address {
                self.failures.take_back_attempt(key).await?;
            } else {
                self.failures.forget_attempts(key).await?;
            }
        }
        Ok(())
    }

    /// The directory could not tell: nobody's fault.
    pub(crate) async fn take_back(self) -> Result<(), StoreError> {
        for key in self.keys {
            self.failures.take_back_attempt(key).await?;
        }
        Ok(())
    }

    async fn count(&mut self, key: TokenHash) -> Result<u32, StoreError> {
        let count = self
            .failures
            .count_attempt(key, self.limits.window, self.now)
            .await?;
        self.keys.push(key);
        Ok(count)
    }
}

fn key(parts: &[&str]) -> TokenHash {
    hash(parts.join("\0").as_bytes())
}

/// Digests, because people type passwords into the field for names.
fn hash(octets: &[u8]) -> TokenHash {
    let digest = digest::digest(&digest::SHA256, octets);
    let mut hash = [0; 32];
    hash.copy_from_slice(digest.as_ref());
    TokenHash(hash)
}
