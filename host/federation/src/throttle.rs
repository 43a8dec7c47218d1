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

/// An entry has no more places than this: whoever takes more attempts has a directory that does, and
/// one window for all of them will do.
const PLACES_MAX: u32 = 16;

/// How many failed attempts are taken before sign-ins wait. Sign-ins and password changes share them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ThrottleLimits {
    /// Attempts on one entry in any span of time as long as the window, or with one typed name; of more
    /// than 16, within a window that begins with the first. Has to be below the directory's own lockout
    /// threshold; 4 is below the 5 that hardening guides ask for.
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
    address: Option<TokenHash>,
    name: Option<TokenHash>,
    /// The places of the entry that were looked at.
    places: Vec<TokenHash>,
    /// The one that this attempt took.
    own_place: Option<TokenHash>,
}

impl<'a> Counted<'a> {
    pub(crate) fn new(failures: &'a dyn Failures, limits: ThrottleLimits, now: Timestamp) -> Self {
        Self {
            failures,
            limits,
            now,
            address: None,
            name: None,
            places: Vec::new(),
            own_place: None,
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
            self.address = Some(key);
            admits &= self.count(key).await? <= self.limits.per_address_max;
        }
        let key = name_key(realm, username);
        self.name = Some(key);
        admits &= self.count(key).await? <= self.limits.per_account_max;
        Ok(admits)
    }

    /// Counts by the entry found, whatever name led to it. False: too many.
    ///
    /// An entry has as many places as attempts are taken, each taken for a window of its own. One window
    /// for all of them would let through its last attempts and the first of the next one within a
    /// moment, more than a directory takes.
    pub(crate) async fn admits_entry(
        &mut self,
        federation: FederationId,
        identifier: &[u8],
    ) -> Result<bool, StoreError> {
        let (places, each) = self.places_of_entry();
        for place in 0..places {
            let key = place_key(federation, identifier, place);
            self.places.push(key);
            if self.count(key).await? <= each {
                self.own_place = Some(key);
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The directory let the person in: nothing was a failure, neither there nor here. The address is
    /// only given its one attempt back, so that an own account does not buy further guesses at others.
    pub(crate) async fn succeeded(self) -> Result<(), StoreError> {
        if let Some(key) = self.address {
            self.failures.take_back_attempt(key).await?;
        }
        for key in self.name.into_iter().chain(self.places) {
            self.failures.forget_attempts(key).await?;
        }
        Ok(())
    }

    /// This attempt was no failure: the directory could not tell, or the password was right although it
    /// let nobody in. What failed before stays counted, as it may there.
    pub(crate) async fn take_back(self) -> Result<(), StoreError> {
        for key in [self.address, self.name, self.own_place]
            .into_iter()
            .flatten()
        {
            self.failures.take_back_attempt(key).await?;
        }
        Ok(())
    }

    /// Forgets what was tried on somebody: an administrator gave them another password.
    pub(crate) async fn forgive(
        self,
        realm: &RealmName,
        username: &str,
        federation: FederationId,
        identifier: &[u8],
    ) -> Result<(), StoreError> {
        let places = 0..self.places_of_entry().0;
        let places = places.map(|place| place_key(federation, identifier, place));
        for key in places.chain([name_key(realm, username)]) {
            self.failures.forget_attempts(key).await?;
        }
        Ok(())
    }

    /// How many places an entry has, and how many attempts each takes.
    fn places_of_entry(&self) -> (u32, u32) {
        match self.limits.per_account_max {
            few @ ..=PLACES_MAX => (few, 1),
            many => (1, many),
        }
    }

    async fn count(&self, key: TokenHash) -> Result<u32, StoreError> {
        self.failures
            .count_attempt(key, self.limits.window, self.now)
            .await
    }
}

/// Case and outer space do not make another name, in any directory.
fn name_key(realm: &RealmName, username: &str) -> TokenHash {
    key(&["name", realm.as_str(), &username.trim().to_lowercase()])
}

fn place_key(federation: FederationId, identifier: &[u8], place: u32) -> TokenHash {
    let mut octets = format!("entry\0{federation}\0{place}\0").into_bytes();
    octets.extend_from_slice(identifier);
    hash(&octets)
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

#[cfg(test)]
mod tests;
