//! Persistence.

use super::{Failures, Imports, Keys, PolicyPackages, Sessions, Users};
use crate::{
    audit::{AuditEvent, AuditQuery, KeptEvent},
    client::{Client, ClientSecret},
    federation::Federation,
    names::{ClientId, FederationId, FederationName, RealmName},
    plan::Plan,
    realm::{Applied, Declaration, FederationKey, PlannedFederation, PolicyRef, Realm, Revision},
    secret::Secret,
    time::Timestamp,
};
use async_trait::async_trait;
use uuid::Uuid;

/// What has to hold of an object for a write to be done (RFC 9110 section 13.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precondition {
    /// It is there, at whatever revision.
    Present,
    /// It is not there.
    Absent,
    /// It is there, at this revision.
    Revision(Revision),
}

/// Persistence: everything that outlives a request.
///
/// Shape: secrets are sealed before they are written, tokens are digests. Every call is atomic by
/// itself and seen by every node at once.
pub trait Store:
    Realms + PolicyPackages + Clients + Users + Imports + Sessions + Keys + Failures + AuditTrail
{
}

impl<T> Store for T where
    T: Realms
        + PolicyPackages
        + Clients
        + Users
        + Imports
        + Sessions
        + Keys
        + Failures
        + AuditTrail
{
}

/// Why the store did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// What is to be written is in the way of something else.
    #[error("{0}")]
    Conflict(String),
    /// There is one of this name already.
    #[error("there is a {0} already")]
    Duplicate(String),
    /// It was changed since it was read: [`Precondition::Revision`] does not hold.
    #[error("{0} was changed meanwhile: read it again")]
    Stale(String),
    /// It is not there.
    #[error("there is no {0}")]
    Missing(String),
    /// A file declares it, so nothing else may change it.
    #[error("{object} is declared by {source_name}: change it there")]
    Managed {
        /// What.
        object: String,
        /// The declaration's source.
        source_name: String,
    },
    /// The bind credential is tied to URLs, TLS settings, hosts of referrals and bind name, one of which
    /// is new.
    #[error(
        "{0} needs its bind credential: give it, as with every change of the URLs, the TLS settings, the hosts of referrals or the bind name that it is tied to"
    )]
    NeedsCredential(String),
    /// A sealed value does not open: the key is another, or what the value is tied to has changed.
    #[error(
        "{0} cannot be unsealed: the sealing key is not the one it was sealed with, or what it belongs to was changed outside of the bridge"
    )]
    Sealed(String),
    /// The database failed.
    #[error("the database failed: {0}")]
    Database(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Realms, federations and clients.
#[async_trait]
pub trait Realms: Send + Sync {
    /// All realms, by name.
    async fn realms(&self) -> Result<Vec<Realm>, StoreError>;

    /// One realm.
    async fn realm(&self, name: &RealmName) -> Result<Option<Realm>, StoreError>;

    /// The key that subjects of a realm are derived with: 32 octets, made with the realm, never
    /// changed.
    async fn subject_key(&self, realm: &RealmName) -> Result<Option<Secret>, StoreError>;

    /// The federations of a realm, in the order in which they are asked.
    async fn federations(&self, realm: &RealmName) -> Result<Vec<PlannedFederation>, StoreError>;

    /// One federation.
    async fn federation(
        &self,
        realm: &RealmName,
        id: FederationId,
    ) -> Result<Option<PlannedFederation>, StoreError>;

    /// The federations of all realms that import users; realms and federations that are switched off
    /// are left out.
    async fn importing_federations(&self) -> Result<Vec<Federation>, StoreError> {
        let mut importing = Vec::new();
        for realm in self.realms().await? {
            if realm.enabled {
                let federations = self.federations(&realm.name).await?;
                let federations = federations.into_iter().map(|planned| planned.federation);
                importing.extend(federations.filter(|it| it.enabled && it.import_enabled));
            }
        }
        Ok(importing)
    }

    /// What a federation of this name bears, if there is one.
    async fn federation_key(
        &self,
        realm: &RealmName,
        name: &FederationName,
    ) -> Result<Option<FederationKey>, StoreError>;

    /// Replaces a federation's plan, because its policy changed. The revision stays: the federation is
    /// what it was.
    ///
    /// # Errors
    ///
    /// [`StoreError::Stale`] if the federation is not at this revision any more: then the plan is of
    /// another federation than the one that is kept.
    async fn save_plan(
        &self,
        id: FederationId,
        revision: Revision,
        plan: &Plan,
        policy: &PolicyRef,
    ) -> Result<(), StoreError>;

    /// What a federation's service connections are bound with.
    async fn bind_credential(&self, federation: &Federation) -> Result<Option<Secret>, StoreError>;

    /// Makes a realm, with a new subject key, or changes one; gives it as it is kept.
    ///
    /// # Errors
    ///
    /// [`StoreError::Duplicate`], [`StoreError::Stale`], [`StoreError::Missing`],
    /// [`StoreError::Managed`].
    async fn save_realm(
        &self,
        realm: &Realm,
        precondition: Precondition,
        now: Timestamp,
    ) -> Result<Realm, StoreError>;

    /// Deletes a realm with everything in it: federations, clients, sessions, keys, users. Who its
    /// people were is forgotten with its subject key.
    ///
    /// # Errors
    ///
    /// As [`Realms::save_realm`]; [`StoreError::Managed`] also if a file declares anything in it.
    async fn remove_realm(
        &self,
        name: &RealmName,
        precondition: Precondition,
    ) -> Result<(), StoreError>;

    /// Makes a federation or changes the one with its id, plan and all; gives it as it is kept.
    /// `bind_credential` none: the kept one stays.
    ///
    /// # Errors
    ///
    /// As [`Realms::save_realm`], and [`StoreError::NeedsCredential`]. The name of another federation
    /// of the realm is a [`StoreError::Duplicate`].
    async fn save_federation(
        &self,
        planned: &PlannedFederation,
        bind_credential: Option<&Secret>,
        precondition: Precondition,
        now: Timestamp,
    ) -> Result<PlannedFederation, StoreError>;

    /// Deletes a federation, the users known through it and their sessions.
    ///
    /// # Errors
    ///
    /// As [`Realms::save_realm`].
    async fn remove_federation(
        &self,
        realm: &RealmName,
        id: FederationId,
        precondition: Precondition,
    ) -> Result<(), StoreError>;

    /// The ids of policies that are switched off, for all realms.
    async fn policies_off(&self) -> Result<Vec<String>, StoreError>;

    /// Switches a policy off, or on again.
    async fn switch_policy(&self, id: &str, on: bool) -> Result<(), StoreError>;

    /// Makes the store agree with what a file declares, whole or not at all: makes and changes
    /// objects, and removes those that the same file declared before and no longer does, as far as the
    /// declaration prunes ([`crate::realm::Prune`]). With `dry_run` it says what it would do, and does nothing.
    ///
    /// # Errors
    ///
    /// [`StoreError::Conflict`] for an object that another file, or nobody's file, declared.
    async fn apply(
        &self,
        declaration: &Declaration,
        dry_run: bool,
        now: Timestamp,
    ) -> Result<Applied, StoreError>;

    /// The files whose declarations are in force.
    async fn sources(&self) -> Result<Vec<String>, StoreError>;
}

/// Applications, and their secrets.
#[async_trait]
pub trait Clients: Send + Sync {
    /// The clients of a realm, by id.
    async fn clients(&self, realm: &RealmName) -> Result<Vec<Client>, StoreError>;

    /// One client.
    async fn client(&self, realm: &RealmName, id: &ClientId) -> Result<Option<Client>, StoreError>;

    /// Makes a client or changes the one with its id; gives it as it is kept. Its secrets stay.
    ///
    /// # Errors
    ///
    /// As [`Realms::save_realm`].
    async fn save_client(
        &self,
        client: &Client,
        precondition: Precondition,
        now: Timestamp,
    ) -> Result<Client, StoreError>;

    /// Deletes a client with its secrets; what was issued to it is dead.
    ///
    /// # Errors
    ///
    /// As [`Realms::save_realm`].
    async fn remove_client(
        &self,
        realm: &RealmName,
        id: &ClientId,
        precondition: Precondition,
    ) -> Result<(), StoreError>;

    /// What is known of a client's secrets, oldest first; the secrets themselves nobody knows.
    async fn client_secrets(
        &self,
        realm: &RealmName,
        id: &ClientId,
    ) -> Result<Vec<ClientSecret>, StoreError>;

    /// Gives a client one more secret, of which only a keyed digest is kept.
    ///
    /// # Errors
    ///
    /// [`StoreError::Conflict`] if it has two that are not over: one has to go first.
    async fn add_client_secret(
        &self,
        realm: &RealmName,
        id: &ClientId,
        secret: &Secret,
        about: &ClientSecret,
    ) -> Result<(), StoreError>;

    /// Takes a secret from a client. False: it had none of this id.
    async fn remove_client_secret(
        &self,
        realm: &RealmName,
        id: &ClientId,
        secret: Uuid,
    ) -> Result<bool, StoreError>;

    /// Whether a secret is one of the client's that is not over, compared in constant time. One that is
    /// for a single use is gone after it was said to fit; of any number that ask at once, one hears so.
    async fn client_secret_fits(
        &self,
        realm: &RealmName,
        id: &ClientId,
        presented: &Secret,
        now: Timestamp,
    ) -> Result<bool, StoreError>;
}

/// The audit trail as it can be read back.
#[async_trait]
pub trait AuditTrail: Send + Sync {
    /// Keeps events, in order.
    async fn add_events(&self, events: &[AuditEvent]) -> Result<(), StoreError>;

    /// Events, newest first.
    async fn events(&self, query: &AuditQuery) -> Result<Vec<KeptEvent>, StoreError>;

    /// Removes events from before a time; gives how many.
    async fn remove_events(&self, before: Timestamp) -> Result<u64, StoreError>;
}
