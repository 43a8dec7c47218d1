//! Realms, clients, people and the audit trail, as far as the protocol asks for them.

use super::MemoryStore;
use async_trait::async_trait;
use bridge_model::{
    audit::{AuditEvent, AuditQuery, KeptEvent},
    client::{Client, ClientSecret},
    federation::Federation,
    names::{ClientId, FederationId, FederationName, RealmName},
    plan::Plan,
    ports::{AuditTrail, Clients, Imports, Precondition, Realms, StoreError, Users},
    realm::{Applied, Declaration, FederationKey, PlannedFederation, PolicyRef, Realm, Revision},
    secret::Secret,
    session::Session,
    synchronisation::{SyncRun, SyncState},
    time::Timestamp,
    user::{ImportCounts, ImportedUser, KnownUser, LocalProfile, Standing, StoredUser, UserQuery},
};
use uuid::Uuid;

pub(super) fn unused<T>() -> Result<T, StoreError> {
    Err(StoreError::Conflict("not of this store".to_owned()))
}

#[async_trait]
impl Clients for MemoryStore {
    async fn clients(&self, realm: &RealmName) -> Result<Vec<Client>, StoreError> {
        let tables = self.up()?;
        let clients = tables.clients.iter();
        Ok(clients
            .filter(|client| client.realm == *realm)
            .cloned()
            .collect())
    }

    async fn client(&self, realm: &RealmName, id: &ClientId) -> Result<Option<Client>, StoreError> {
        let tables = self.up()?;
        let mut clients = tables.clients.iter();
        Ok(clients
            .find(|client| client.realm == *realm && client.id == *id)
            .cloned())
    }

    /// Every client has the same secret, which holds for ever.
    async fn client_secret_fits(
        &self,
        _: &RealmName,
        _: &ClientId,
        presented: &Secret,
        _: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut tables = self.up()?;
        if tables.secrets_are_down {
            return Err(StoreError::Database("the test took it down".into()));
        }
        tables.secret_reads += 1;
        Ok(presented.expose() == crate::testing::SECRET.as_bytes())
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
}

#[async_trait]
impl Users for MemoryStore {
    async fn standing(
        &self,
        _: &RealmName,
        federation: FederationId,
        subject: &str,
    ) -> Result<Standing, StoreError> {
        let tables = self.up()?;
        Ok(Standing {
            is_blocked: tables.blocked.iter().any(|blocked| blocked == subject),
            is_federation_enabled: !tables.federations_off.contains(&federation),
        })
    }

    async fn note_user(&self, _: &KnownUser, _: Timestamp) -> Result<Standing, StoreError> {
        unused()
    }

    async fn users(
        &self,
        _: &RealmName,
        _: Option<&str>,
        _: u32,
    ) -> Result<Vec<KnownUser>, StoreError> {
        unused()
    }

    async fn user(&self, _: &RealmName, _: &str) -> Result<Option<KnownUser>, StoreError> {
        unused()
    }

    async fn count_users(&self, _: FederationId) -> Result<u64, StoreError> {
        unused()
    }

    async fn set_blocked(
        &self,
        _: &RealmName,
        _: &str,
        _: bool,
        _: Timestamp,
    ) -> Result<bool, StoreError> {
        unused()
    }

    async fn sessions_of(
        &self,
        realm: &RealmName,
        subject: &str,
        now: Timestamp,
    ) -> Result<Vec<Session>, StoreError> {
        let tables = self.up()?;
        // They stand in the order in which they were added.
        let sessions = tables.sessions.iter().rev().filter(|session| {
            session.realm == *realm && session.user.subject == subject && now <= session.expires_at
        });
        Ok(sessions.cloned().collect())
    }

    async fn end_sessions_of(&self, _: &RealmName, _: &str) -> Result<u64, StoreError> {
        unused()
    }

    async fn import_subjects(
        &self,
        _: &RealmName,
        _: FederationId,
        _: &[(Vec<u8>, String)],
    ) -> Result<(), StoreError> {
        unused()
    }

    async fn imported_subject(
        &self,
        _: &RealmName,
        _: FederationId,
        _: &[u8],
    ) -> Result<Option<String>, StoreError> {
        unused()
    }
}

#[async_trait]
impl Imports for MemoryStore {
    async fn import_users(
        &self,
        _: &RealmName,
        _: FederationId,
        _: &[ImportedUser],
        _: Timestamp,
    ) -> Result<ImportCounts, StoreError> {
        unused()
    }

    async fn imported_identifiers(
        &self,
        _: FederationId,
        _: Option<&[u8]>,
        _: u32,
    ) -> Result<Vec<(Vec<u8>, String)>, StoreError> {
        unused()
    }

    async fn imported_by_dn(&self, _: FederationId, _: &str) -> Result<Option<String>, StoreError> {
        unused()
    }

    async fn imported_by_identifier(
        &self,
        _: FederationId,
        _: &[u8],
    ) -> Result<Option<String>, StoreError> {
        unused()
    }

    async fn remove_users(
        &self,
        _: &RealmName,
        _: FederationId,
        _: &[String],
    ) -> Result<u64, StoreError> {
        unused()
    }

    async fn stored_user(&self, _: &RealmName, _: &str) -> Result<Option<StoredUser>, StoreError> {
        unused()
    }

    async fn find_users(
        &self,
        _: &RealmName,
        _: &UserQuery,
    ) -> Result<Vec<StoredUser>, StoreError> {
        unused()
    }

    async fn count_found_users(&self, _: &RealmName, _: &UserQuery) -> Result<u64, StoreError> {
        unused()
    }

    async fn local_profile(&self, _: &RealmName, _: &str) -> Result<LocalProfile, StoreError> {
        unused()
    }

    async fn save_local_profile(
        &self,
        _: &RealmName,
        _: &str,
        _: &LocalProfile,
    ) -> Result<bool, StoreError> {
        unused()
    }

    async fn sync_state(&self, _: FederationId) -> Result<SyncState, StoreError> {
        unused()
    }

    async fn begin_sync(
        &self,
        _: FederationId,
        _: &SyncRun,
        _: Timestamp,
    ) -> Result<bool, StoreError> {
        unused()
    }

    async fn save_sync_state(&self, _: FederationId, _: &SyncState) -> Result<(), StoreError> {
        unused()
    }
}

#[async_trait]
impl Realms for MemoryStore {
    async fn realms(&self) -> Result<Vec<Realm>, StoreError> {
        unused()
    }

    async fn realm(&self, _: &RealmName) -> Result<Option<Realm>, StoreError> {
        unused()
    }

    async fn subject_key(&self, _: &RealmName) -> Result<Option<Secret>, StoreError> {
        unused()
    }

    async fn federations(&self, _: &RealmName) -> Result<Vec<PlannedFederation>, StoreError> {
        unused()
    }

    async fn federation(
        &self,
        _: &RealmName,
        _: FederationId,
    ) -> Result<Option<PlannedFederation>, StoreError> {
        unused()
    }

    async fn federation_key(
        &self,
        _: &RealmName,
        _: &FederationName,
    ) -> Result<Option<FederationKey>, StoreError> {
        unused()
    }

    async fn save_plan(
        &self,
        _: FederationId,
        _: Revision,
        _: &Plan,
        _: &PolicyRef,
    ) -> Result<(), StoreError> {
        unused()
    }

    async fn bind_credential(&self, _: &Federation) -> Result<Option<Secret>, StoreError> {
        unused()
    }

    async fn save_realm(
        &self,
        _: &Realm,
        _: Precondition,
        _: Timestamp,
    ) -> Result<Realm, StoreError> {
        unused()
    }

    async fn remove_realm(&self, _: &RealmName, _: Precondition) -> Result<(), StoreError> {
        unused()
    }

    async fn save_federation(
        &self,
        _: &PlannedFederation,
        _: Option<&Secret>,
        _: Precondition,
        _: Timestamp,
    ) -> Result<PlannedFederation, StoreError> {
        unused()
    }

    async fn remove_federation(
        &self,
        _: &RealmName,
        _: FederationId,
        _: Precondition,
    ) -> Result<(), StoreError> {
        unused()
    }

    async fn policies_off(&self) -> Result<Vec<String>, StoreError> {
        unused()
    }

    async fn switch_policy(&self, _: &str, _: bool) -> Result<(), StoreError> {
        unused()
    }

    async fn apply(&self, _: &Declaration, _: bool, _: Timestamp) -> Result<Applied, StoreError> {
        unused()
    }

    async fn sources(&self) -> Result<Vec<String>, StoreError> {
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
