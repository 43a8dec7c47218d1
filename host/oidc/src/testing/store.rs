//! A store in memory. What the protocol does not ask for is refused and not made up.

mod elsewhere;
mod packages;

use async_trait::async_trait;
use bridge_model::{
    client::Client,
    keys::SigningKey,
    names::{FederationId, RealmName},
    ports::{Failures, Keys, Sessions, StoreError},
    session::{Grant, GrantStage, Interaction, Redemption, Session, SignInEnd, TokenHash},
    time::Timestamp,
};
use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard},
    time::Duration,
};
use uuid::Uuid;

#[derive(Default)]
pub(crate) struct MemoryStore(Mutex<Tables>);

#[derive(Default)]
pub(crate) struct Tables {
    pub(crate) clients: Vec<Client>,
    pub(crate) interactions: Vec<Interaction>,
    pub(crate) sessions: Vec<Session>,
    pub(crate) grants: Vec<Grant>,
    pub(crate) keys: Vec<SigningKey>,
    /// Subjects of people whom an administrator keeps out, in all realms.
    pub(crate) blocked: Vec<String>,
    /// Federations that are switched off.
    pub(crate) federations_off: Vec<FederationId>,
    /// Counts of attempts, and when they are over.
    pub(crate) failures: HashMap<TokenHash, (u32, Timestamp)>,
    /// How often a client's secret was looked at.
    pub(crate) secret_reads: usize,
    /// How often keys were asked for.
    pub(crate) key_reads: usize,
    /// How many first keys were made for this store.
    pub(crate) keys_made: usize,
    /// Whether secrets cannot be looked at.
    pub(crate) secrets_are_down: bool,
    /// Whether every call fails.
    pub(crate) is_down: bool,
}

impl MemoryStore {
    pub(crate) fn tables(&self) -> MutexGuard<'_, Tables> {
        self.0.lock().expect("no test panicked in here")
    }

    pub(crate) fn put_client(&self, client: Client) {
        let mut tables = self.tables();
        tables
            .clients
            .retain(|other| (&other.realm, &other.id) != (&client.realm, &client.id));
        tables.clients.push(client);
    }

    /// Newest first.
    pub(crate) fn put_keys(&self, keys: Vec<SigningKey>) {
        self.tables().keys.splice(0..0, keys);
    }

    /// Changes a client of all realms.
    pub(crate) fn change_client(&self, id: &str, change: impl Fn(&mut Client)) {
        let mut tables = self.tables();
        let clients = tables.clients.iter_mut();
        clients
            .filter(|client| client.id.as_str() == id)
            .for_each(change);
    }

    pub(crate) fn grants(&self) -> Vec<Grant> {
        self.tables().grants.clone()
    }

    fn up(&self) -> Result<MutexGuard<'_, Tables>, StoreError> {
        let tables = self.tables();
        if tables.is_down {
            return Err(StoreError::Database("the test took it down".into()));
        }
        Ok(tables)
    }
}

#[async_trait]
impl Sessions for MemoryStore {
    async fn add_interaction(&self, interaction: &Interaction) -> Result<(), StoreError> {
        self.up()?.interactions.push(interaction.clone());
        Ok(())
    }

    async fn interaction(
        &self,
        realm: &RealmName,
        id: TokenHash,
        now: Timestamp,
    ) -> Result<Option<Interaction>, StoreError> {
        let found = {
            let tables = self.up()?;
            let mut interactions = tables.interactions.iter();
            interactions
                .find(|other| other.realm == *realm && other.id == id && now <= other.expires_at)
                .cloned()
        };
        // Whoever asks at the same time finds it too.
        tokio::task::yield_now().await;
        Ok(found)
    }

    async fn end_interaction(&self, realm: &RealmName, id: TokenHash) -> Result<bool, StoreError> {
        let mut tables = self.up()?;
        let before = tables.interactions.len();
        tables
            .interactions
            .retain(|other| other.realm != *realm || other.id != id);
        Ok(tables.interactions.len() < before)
    }

    async fn complete_sign_in(&self, end: &SignInEnd) -> Result<bool, StoreError> {
        let realm = &end.session.realm;
        if !self.end_interaction(realm, end.interaction).await? {
            return Ok(false);
        }
        let mut tables = self.up()?;
        tables
            .sessions
            .retain(|other| other.realm != *realm || Some(other.secret) != end.former);
        tables.sessions.push(end.session.clone());
        tables.grants.extend(end.grant.clone());
        Ok(true)
    }

    async fn add_session(&self, session: &Session) -> Result<(), StoreError> {
        self.up()?.sessions.push(session.clone());
        Ok(())
    }

    async fn session(
        &self,
        realm: &RealmName,
        secret: TokenHash,
        now: Timestamp,
    ) -> Result<Option<Session>, StoreError> {
        let tables = self.up()?;
        let found = tables.sessions.iter().find(|session| {
            session.realm == *realm && session.secret == secret && now <= session.expires_at
        });
        Ok(found.cloned())
    }

    async fn end_session(&self, realm: &RealmName, id: Uuid) -> Result<bool, StoreError> {
        let mut tables = self.up()?;
        let before = tables.sessions.len();
        tables
            .sessions
            .retain(|session| session.realm != *realm || session.id != id);
        Ok(tables.sessions.len() < before)
    }

    async fn retire_session(&self, realm: &RealmName, id: Uuid) -> Result<(), StoreError> {
        self.end_session(realm, id).await.map(|_| ())
    }

    async fn add_grant(&self, grant: &Grant) -> Result<(), StoreError> {
        self.up()?.grants.push(grant.clone());
        Ok(())
    }

    async fn redeem(
        &self,
        realm: &RealmName,
        code: TokenHash,
        _: Timestamp,
    ) -> Result<Redemption, StoreError> {
        let mut tables = self.up()?;
        let mut grants = tables.grants.iter_mut();
        let Some(grant) = grants.find(|grant| grant.realm == *realm && grant.code == code) else {
            return Ok(Redemption::Unknown);
        };
        if grant.stage == GrantStage::Issued {
            grant.stage = GrantStage::Redeemed;
            return Ok(Redemption::First(grant.clone()));
        }
        grant.stage = GrantStage::Revoked;
        Ok(Redemption::Replayed(grant.clone()))
    }

    async fn grant(
        &self,
        realm: &RealmName,
        id: Uuid,
        now: Timestamp,
    ) -> Result<Option<Grant>, StoreError> {
        let tables = self.up()?;
        let found = tables
            .grants
            .iter()
            .find(|grant| grant.realm == *realm && grant.id == id && now <= grant.expires_at);
        Ok(found.cloned())
    }

    async fn revoke_grant(&self, realm: &RealmName, id: Uuid) -> Result<(), StoreError> {
        let mut tables = self.up()?;
        let mut grants = tables.grants.iter_mut();
        if let Some(grant) = grants.find(|grant| grant.realm == *realm && grant.id == id) {
            grant.stage = GrantStage::Revoked;
        }
        Ok(())
    }

    async fn remove_expired(&self, _: Timestamp) -> Result<u64, StoreError> {
        elsewhere::unused()
    }
}

#[async_trait]
impl Keys for MemoryStore {
    async fn signing_keys(&self, realm: &RealmName) -> Result<Vec<SigningKey>, StoreError> {
        let found = {
            let mut tables = self.up()?;
            tables.key_reads += 1;
            let keys = tables.keys.iter();
            keys.filter(|key| key.realm == *realm).cloned().collect()
        };
        // Whoever asks at the same time finds the same.
        tokio::task::yield_now().await;
        Ok(found)
    }

    async fn add_first_signing_key(&self, key: &SigningKey) -> Result<SigningKey, StoreError> {
        let mut tables = self.up()?;
        tables.keys_made += 1;
        let is_same =
            |other: &&SigningKey| other.realm == key.realm && other.algorithm == key.algorithm;
        if let Some(kept) = tables.keys.iter().find(is_same) {
            return Ok(kept.clone());
        }
        tables.keys.insert(0, key.clone());
        Ok(key.clone())
    }
}

#[async_trait]
impl Failures for MemoryStore {
    async fn count_attempt(
        &self,
        key: TokenHash,
        window: Duration,
        now: Timestamp,
    ) -> Result<u32, StoreError> {
        let mut tables = self.up()?;
        let (attempts, ends_at) = tables.failures.entry(key).or_insert((0, Timestamp(0)));
        if *ends_at <= now {
            (*attempts, *ends_at) = (0, now.plus(window));
        }
        *attempts += 1;
        Ok(*attempts)
    }

    async fn take_back_attempt(&self, key: TokenHash) -> Result<(), StoreError> {
        if let Some((attempts, ends_at)) = self.up()?.failures.get_mut(&key) {
            *attempts = attempts.saturating_sub(1);
            if *attempts == 0 {
                *ends_at = Timestamp(0);
            }
        }
        Ok(())
    }

    async fn forget_attempts(&self, key: TokenHash) -> Result<(), StoreError> {
        self.up()?.failures.remove(&key);
        Ok(())
    }
}
