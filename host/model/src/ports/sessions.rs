//! Persistence of what people and clients hold: sessions, grants, keys, counts.

use super::StoreError;
use crate::{
    keys::SigningKey,
    names::RealmName,
    session::{Grant, Interaction, Redemption, Session, SignInEnd, TokenHash},
    time::Timestamp,
};
use async_trait::async_trait;
use std::time::Duration;
use uuid::Uuid;

/// Sign-ins on their way, sessions and grants.
#[async_trait]
pub trait Sessions: Send + Sync {
    /// Keeps a sign-in on its way.
    async fn add_interaction(&self, interaction: &Interaction) -> Result<(), StoreError>;

    /// A sign-in on its way that is not over.
    async fn interaction(
        &self,
        realm: &RealmName,
        id: TokenHash,
        now: Timestamp,
    ) -> Result<Option<Interaction>, StoreError>;

    /// Ends a sign-in on its way. False: it had ended already, and whoever asks has lost the race.
    async fn end_interaction(&self, realm: &RealmName, id: TokenHash) -> Result<bool, StoreError>;

    /// Ends a sign-in on its way and keeps what it leaves behind, whole or not at all. False: it had ended
    /// already, whoever asks has lost the race, and nothing is kept.
    async fn complete_sign_in(&self, end: &SignInEnd) -> Result<bool, StoreError>;

    /// Keeps a session.
    async fn add_session(&self, session: &Session) -> Result<(), StoreError>;

    /// A session of this realm that is not over.
    async fn session(
        &self,
        realm: &RealmName,
        secret: TokenHash,
        now: Timestamp,
    ) -> Result<Option<Session>, StoreError>;

    /// Ends a session and what was granted in it. False: there was none of this id.
    async fn end_session(&self, realm: &RealmName, id: Uuid) -> Result<bool, StoreError>;

    /// Ends a session that another one of the same browser takes the place of: what was granted in it
    /// lives on.
    async fn retire_session(&self, realm: &RealmName, id: Uuid) -> Result<(), StoreError>;

    /// Keeps a grant.
    async fn add_grant(&self, grant: &Grant) -> Result<(), StoreError>;

    /// Redeems a code: see [`Redemption`].
    async fn redeem(
        &self,
        realm: &RealmName,
        code: TokenHash,
        now: Timestamp,
    ) -> Result<Redemption, StoreError>;

    /// A grant that is not over, at whatever stage.
    async fn grant(
        &self,
        realm: &RealmName,
        id: Uuid,
        now: Timestamp,
    ) -> Result<Option<Grant>, StoreError>;

    /// Withdraws a grant: what came of it is dead.
    async fn revoke_grant(&self, realm: &RealmName, id: Uuid) -> Result<(), StoreError>;

    /// Removes what is over; gives how many rows went.
    async fn remove_expired(&self, now: Timestamp) -> Result<u64, StoreError>;
}

/// Signing keys.
#[async_trait]
pub trait Keys: Send + Sync {
    /// The keys of a realm, newest first.
    async fn signing_keys(&self, realm: &RealmName) -> Result<Vec<SigningKey>, StoreError>;

    /// Keeps a key, unless the realm already has one for the algorithm: of several nodes that make
    /// a realm's first key at once, one wins. Gives the key that is kept.
    async fn add_first_signing_key(&self, key: &SigningKey) -> Result<SigningKey, StoreError>;
}

/// Counts of failed attempts, for throttles. A key is an opaque digest of what is counted.
#[async_trait]
pub trait Failures: Send + Sync {
    /// Counts an attempt before it is made, and gives the count within the window that it belongs
    /// to. A window begins with its first attempt. Counting is atomic: of any number of attempts at
    /// once no two are given the same count.
    async fn count_attempt(
        &self,
        key: TokenHash,
        window: Duration,
        now: Timestamp,
    ) -> Result<u32, StoreError>;

    /// Takes one attempt back: it was not the person's fault.
    async fn take_back_attempt(&self, key: TokenHash) -> Result<(), StoreError>;

    /// Forgets all attempts: the person got in.
    async fn forget_attempts(&self, key: TokenHash) -> Result<(), StoreError>;
}
