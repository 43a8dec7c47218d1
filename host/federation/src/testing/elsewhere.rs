//! What a sign-in does not ask a store for.

use super::MemoryStore;
use async_trait::async_trait;
use bridge_model::{
    audit::{AuditEvent, AuditQuery, KeptEvent},
    client::{Client, ClientSecret},
    keys::SigningKey,
    names::{ClientId, RealmName},
    policy::{KeptPolicy, PolicyInForce},
    ports::{AuditTrail, Clients, Keys, PolicyPackages, Precondition, Sessions, StoreError},
    secret::Secret,
    session::{Grant, Interaction, Redemption, Session, SignInEnd, TokenHash},
    time::Timestamp,
};
use uuid::Uuid;

pub(super) fn unused<T>() -> Result<T, StoreError> {
    Err(StoreError::Conflict("not of this store".to_owned()))
}

#[async_trait]
impl Clients for MemoryStore {
    async fn clients(&self, _: &RealmName) -> Result<Vec<Client>, StoreError> {
        unused()
    }
    async fn client(&self, _: &RealmName, _: &ClientId) -> Result<Option<Client>, StoreError> {
        unused()
    }
    async fn save_client(
        &self,
        _: &Client,
        _: Precondition,
        _: Timestamp,
    ) -> Result<Client, StoreError> {
        unused()
    }
    async fn remove_client(
        &self,
        _: &RealmName,
        _: &ClientId,
        _: Precondition,
    ) -> Result<(), StoreError> {
        unused()
    }
    async fn client_secrets(
        &self,
        _: &RealmName,
        _: &ClientId,
    ) -> Result<Vec<ClientSecret>, StoreError> {
        unused()
    }
    async fn add_client_secret(
        &self,
        _: &RealmName,
        _: &ClientId,
        _: &Secret,
        _: &ClientSecret,
    ) -> Result<(), StoreError> {
        unused()
    }
    async fn remove_client_secret(
        &self,
        _: &RealmName,
        _: &ClientId,
        _: Uuid,
    ) -> Result<bool, StoreError> {
        unused()
    }
    async fn client_secret_fits(
        &self,
        _: &RealmName,
        _: &ClientId,
        _: &Secret,
        _: Timestamp,
    ) -> Result<bool, StoreError> {
        unused()
    }
}

#[async_trait]
impl Sessions for MemoryStore {
    async fn add_interaction(&self, _: &Interaction) -> Result<(), StoreError> {
        unused()
    }
    async fn interaction(
        &self,
        _: &RealmName,
        _: TokenHash,
        _: Timestamp,
    ) -> Result<Option<Interaction>, StoreError> {
        unused()
    }
    async fn end_interaction(&self, _: &RealmName, _: TokenHash) -> Result<bool, StoreError> {
        unused()
    }
    async fn complete_sign_in(&self, _: &SignInEnd) -> Result<bool, StoreError> {
        unused()
    }
    async fn add_session(&self, _: &Session) -> Result<(), StoreError> {
        unused()
    }
    async fn session(
        &self,
        _: &RealmName,
        _: TokenHash,
        _: Timestamp,
    ) -> Result<Option<Session>, StoreError> {
        unused()
    }
    async fn end_session(&self, _: &RealmName, _: Uuid) -> Result<bool, StoreError> {
        unused()
    }
    async fn retire_session(&self, _: &RealmName, _: Uuid) -> Result<(), StoreError> {
        unused()
    }
    async fn add_grant(&self, _: &Grant) -> Result<(), StoreError> {
        unused()
    }
    async fn redeem(
        &self,
        _: &RealmName,
        _: TokenHash,
        _: Timestamp,
    ) -> Result<Redemption, StoreError> {
        unused()
    }
    async fn grant(
        &self,
        _: &RealmName,
        _: Uuid,
        _: Timestamp,
    ) -> Result<Option<Grant>, StoreError> {
        unused()
    }
    async fn revoke_grant(&self, _: &RealmName, _: Uuid) -> Result<(), StoreError> {
        unused()
    }
    async fn remove_expired(&self, _: Timestamp) -> Result<u64, StoreError> {
        unused()
    }
}

#[async_trait]
impl Keys for MemoryStore {
    async fn signing_keys(&self, _: &RealmName) -> Result<Vec<SigningKey>, StoreError> {
        unused()
    }
    async fn add_first_signing_key(&self, _: &SigningKey) -> Result<SigningKey, StoreError> {
        unused()
    }
}

#[async_trait]
impl AuditTrail for MemoryStore {
    async fn add_events(&self, _: &[AuditEvent]) -> Result<(), StoreError> {
        unused()
    }
    async fn events(&self, _: &AuditQuery) -> Result<Vec<KeptEvent>, StoreError> {
        unused()
    }
    async fn remove_events(&self, _: Timestamp) -> Result<u64, StoreError> {
        unused()
    }
}

#[async_trait]
impl PolicyPackages for MemoryStore {
    async fn keep_policy(&self, _: &KeptPolicy) -> Result<(), StoreError> {
        unused()
    }
    async fn remove_policy(&self, _: &str) -> Result<bool, StoreError> {
        unused()
    }
    async fn policies_in_force(&self) -> Result<Vec<PolicyInForce>, StoreError> {
        Ok(self.up()?.policies_in_force.clone())
    }
    async fn put_policy_in_force(
        &self,
        id: &str,
        in_force: Option<&PolicyInForce>,
        _: Timestamp,
    ) -> Result<(), StoreError> {
        let mut tables = self.up()?;
        if tables.keeps_no_policies {
            return Err(StoreError::Database("the test wants it".into()));
        }
        tables.policies_in_force.retain(|kept| kept.id != id);
        tables.policies_in_force.extend(in_force.cloned());
        Ok(())
    }
}
