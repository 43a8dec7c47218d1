//! The throttle of client secrets (RFC 6749 section 2.3.1): it stops whoever guesses, and nobody else.
//!
//! What is counted is a client *from an address*. A count of the client alone would let strangers lock
//! it out of everything by failing in its name.
//!
//! Attempts are counted before the secret is looked at, so that many at once cannot slip through
//! together. For an application whose hundred users sign in within one second that would be wrong, and
//! slow. So whoever has proved a client's secret from an address goes uncounted for a while, until one
//! attempt fails; and of those who have not, one at a time has its turn here, and the others find out
//! what came of it.

use super::{Context, TokenError};
use crate::opaque;
use bridge_model::{
    attempts::origin,
    names::RealmName,
    ports::{Failures, StoreError},
    session::TokenHash,
    time::Timestamp,
};
use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, MutexGuard as StdMutexGuard, PoisonError},
    time::Duration,
};
use tokio::sync::{Mutex as TurnMutex, MutexGuard as Turn};

/// How many wrong client secrets are taken before more have to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SecretLimits {
    /// Attempts as one client from one address within the window.
    pub per_client_max: u32,
    /// Attempts as any client of a realm from one address within the window: higher, since several
    /// applications share an address.
    pub per_address_max: u32,
    /// How long attempts count. Whole seconds.
    pub window: Duration,
}

impl Default for SecretLimits {
    fn default() -> Self {
        Self {
            per_client_max: 10,
            per_address_max: 100,
            window: Duration::from_mins(5),
        }
    }
}

/// The throttle, with what it remembers. What was counted is in the store.
pub(crate) struct Throttle {
    limits: SecretLimits,
    /// Clients from addresses, and until when they go uncounted.
    proven: Mutex<HashMap<TokenHash, Timestamp>>,
    /// Taken by the digest of what is counted.
    turns: [TurnMutex<()>; TURNS],
}

/// How many clients from addresses can have their turn at once.
const TURNS: usize = 64;
/// How long who has proved a secret goes uncounted.
const PROVEN: Duration = Duration::from_hours(1);
/// How many are remembered: some hundred kilobytes. Who is forgotten is counted again, no more.
const PROVEN_MAX: usize = 4096;

/// Leave to have one secret looked at. Whoever has it says what came of it.
pub(super) struct Attempt<'a> {
    throttle: &'a Throttle,
    failures: &'a dyn Failures,
    now: Timestamp,
    client: TokenHash,
    address: Option<TokenHash>,
    /// None: it goes uncounted.
    counted: Option<Turn<'a, ()>>,
}

impl Throttle {
    pub(crate) fn new(limits: SecretLimits) -> Self {
        Self {
            limits,
            proven: Mutex::default(),
            turns: [const { TurnMutex::const_new(()) }; TURNS],
        }
    }

    /// Asks for leave to have a secret looked at.
    ///
    /// # Errors
    ///
    /// [`TokenError::Throttled`] if there were too many, and when the store failed.
    pub(super) async fn begin<'a>(
        &'a self,
        context: &Context<'a>,
        client_id: &str,
        address: Option<IpAddr>,
    ) -> Result<Attempt<'a>, TokenError> {
        let (realm, now) = (&context.realm.name, context.now);
        let from = address.map_or_else(String::new, |address| origin(address).to_string());
        let mut attempt = Attempt {
            throttle: self,
            failures: &*context.parts.store,
            now,
            client: key("client secret", realm, &[&from, client_id]),
            address: address.map(|_| key("client secrets", realm, &[&from])),
            counted: None,
        };
        if self.is_proven(attempt.client, now) {
            return Ok(attempt);
        }
        let index = usize::from(attempt.client.0[0]) % TURNS;
        let turn = self.turns[index].lock().await;
        if self.is_proven(attempt.client, now) {
            return Ok(attempt);
        }
        let is_over = attempt.count().await?;
        if is_over {
            return Err(TokenError::Throttled {
                retry_after_seconds: self.limits.window.as_secs(),
            });
        }
        attempt.counted = Some(turn);
        Ok(attempt)
    }

    fn is_proven(&self, client: TokenHash, now: Timestamp) -> bool {
        let until = self.proven().get(&client).copied();
        until.is_some_and(|until| now < until)
    }

    fn remember(&self, client: TokenHash, now: Timestamp) {
        let mut proven = self.proven();
        if proven.len() >= PROVEN_MAX {
            proven.retain(|_, until| now < *until);
        }
        if proven.len() >= PROVEN_MAX {
            proven.clear();
        }
        proven.insert(client, now.plus(PROVEN));
    }

    fn proven(&self) -> StdMutexGuard<'_, HashMap<TokenHash, Timestamp>> {
        self.proven.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Attempt<'_> {
    /// The secret was right: no attempt so far was a guess. The address is only given this one back, so
    /// that an own client does not buy further guesses at others.
    pub(super) async fn succeeded(self) -> Result<(), StoreError> {
        if self.counted.is_some() {
            self.failures.forget_attempts(self.client).await?;
            if let Some(address) = self.address {
                self.failures.take_back_attempt(address).await?;
            }
            self.throttle.remember(self.client, self.now);
        }
        Ok(())
    }

    /// The secret was wrong.
    pub(super) async fn failed(self) -> Result<(), StoreError> {
        if self.counted.is_none() {
            self.throttle.proven().remove(&self.client);
            self.count().await?;
        }
        Ok(())
    }

    /// The secret could not be looked at: nobody's fault. Where the store does not even take that, the
    /// attempt counts until the window is over.
    pub(super) async fn take_back(self) {
        if self.counted.is_some() {
            let _ = self.failures.take_back_attempt(self.client).await;
            if let Some(address) = self.address {
                let _ = self.failures.take_back_attempt(address).await;
            }
        }
    }

    /// Counts the attempt, and says whether it is one too many.
    async fn count(&self) -> Result<bool, StoreError> {
        let limits = self.throttle.limits;
        let count = |key| self.failures.count_attempt(key, limits.window, self.now);
        let mut is_over = count(self.client).await? > limits.per_client_max;
        if let Some(address) = self.address {
            is_over |= count(address).await? > limits.per_address_max;
        }
        Ok(is_over)
    }
}

/// What is counted under: no part of it has a NUL but the last, so that no two are the same.
fn key(what: &str, realm: &RealmName, parts: &[&str]) -> TokenHash {
    let text = format!("{what}\0{realm}\0{}", parts.join("\0"));
    TokenHash(opaque::sha256(text.as_bytes()))
}

#[cfg(test)]
#[path = "throttle_tests.rs"]
mod tests;
