//! The ports: what the rooms ask of each other without knowing each other.

use crate::{
    audit::AuditEvent,
    client::Client,
    decision::{Context, Person, Step},
    federation::{BindName, Federation},
    keys::SigningKey,
    names::{ClientId, FederationId, FederationName, RealmName},
    plan::{Description, Plan, Problem},
    realm::{Applied, Declaration, FederationKey, PlannedFederation, PolicyRef, Realm},
    search::{Control, Found, Reply, Search},
    secret::{Password, Secret},
    session::{Grant, Interaction, Redemption, Session, TokenHash},
    time::Timestamp,
};
use async_trait::async_trait;
use std::{fmt, sync::Arc, time::Duration};
use uuid::Uuid;

/// The time.
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> Timestamp;
}

/// A source of unpredictable octets.
pub trait Random: Send + Sync {
    /// Fills all of `octets`.
    fn fill(&self, octets: &mut [u8]);
}

/// Where audit events go.
pub trait AuditLog: Send + Sync {
    /// Writes one line, in order, before the answer it belongs to is sent.
    fn record(&self, event: &AuditEvent);
}

/// Opens directories.
pub trait Directories: Send + Sync {
    /// A directory as a federation describes it. Nothing is dialled yet.
    ///
    /// # Errors
    ///
    /// [`DirectoryFault::Misconfigured`] for what can be told without dialling.
    fn open(
        &self,
        federation: &Federation,
        bind_credential: Option<Secret>,
    ) -> Result<Arc<dyn Directory>, DirectoryError>;
}

/// One directory. Both calls end within the federation's timeouts.
///
/// Cancel safety: a call that is dropped takes its connection with it and leaves the pools sound.
#[async_trait]
pub trait Directory: Send + Sync {
    /// Reads, on a connection that is bound as the service.
    ///
    /// # Errors
    ///
    /// When the directory did not answer. An answer with a result code other than 0 is no error here:
    /// it stands in [`Found::result_code`].
    async fn search(&self, search: &Search) -> Result<Found, DirectoryError>;

    /// Binds as a person, on a connection that does nothing else, and gives the directory's answer.
    ///
    /// # Errors
    ///
    /// When the directory did not answer; [`DirectoryFault::PlaintextRefused`] before the password
    /// is sent anywhere.
    async fn bind(
        &self,
        name: &BindName,
        password: &Password,
        controls: &[Control],
    ) -> Result<Reply, DirectoryError>;
}

/// Why a directory did not answer.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{fault} at {server}: {detail}")]
pub struct DirectoryError {
    /// What kind of fault, and so whose.
    pub fault: DirectoryFault,
    /// The server, as `host:port`.
    pub server: String,
    /// What happened, for the log; without secrets.
    pub detail: String,
}

/// What kind of fault kept a directory from answering.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DirectoryFault {
    /// The host's name is not known.
    NameResolution,
    /// No connection.
    Connect,
    /// No TLS: a certificate that does not vouch for this host, or no common ground.
    Tls,
    /// No answer in time.
    Timeout,
    /// The connection broke, or the peer does not speak LDAP as it should.
    Protocol,
    /// The service's own bind was refused.
    ServiceBind,
    /// A password would have travelled without TLS.
    PlaintextRefused,
    /// The configuration cannot work.
    Misconfigured,
}

impl fmt::Display for DirectoryFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NameResolution => "name resolution failed",
            Self::Connect => "connection failed",
            Self::Tls => "TLS failed",
            Self::Timeout => "no answer in time",
            Self::Protocol => "connection broke",
            Self::ServiceBind => "service bind refused",
            Self::PlaintextRefused => "plaintext refused",
            Self::Misconfigured => "misconfigured",
        })
    }
}

/// The policies that are in force.
pub trait Policies: Send + Sync {
    /// The policy for a vendor: its id or one of its aliases, in any letter case.
    ///
    /// # Errors
    ///
    /// [`PolicyFault::Unknown`], or why the policy could not be loaded.
    fn vendor(&self, vendor: &str) -> Result<Arc<dyn VendorPolicy>, PolicyError>;

    /// What there is, in the order of ids.
    fn vendors(&self) -> Vec<(PolicyRef, Description)>;
}

/// A vendor policy; see `vendor` in `wit/policy.wit`. Every call runs in a fresh instance, on the
/// calling thread, within the host's limits: some ten microseconds, a few milliseconds at the most.
pub trait VendorPolicy: Send + Sync {
    /// Which policy this is.
    fn reference(&self) -> &PolicyRef;

    /// Translates a federation into a plan, or says everything that is wrong with it.
    ///
    /// # Errors
    ///
    /// When the policy itself failed.
    fn translate(&self, federation: &Federation)
    -> Result<Result<Plan, Vec<Problem>>, PolicyError>;

    /// One step for each person, in order.
    ///
    /// # Errors
    ///
    /// When the policy itself failed; then nobody of the call is let in.
    fn decide(&self, context: &Context, persons: &[Person]) -> Result<Vec<Step>, PolicyError>;
}

/// Why a policy gave no answer.
#[derive(Clone, Debug, thiserror::Error)]
#[error("policy {policy}: {fault}: {detail}")]
pub struct PolicyError {
    /// The policy's id, or the vendor that was asked for.
    pub policy: String,
    /// What kind of fault.
    pub fault: PolicyFault,
    /// What happened, for the log.
    pub detail: String,
}

/// What kind of fault kept a policy from answering.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PolicyFault {
    /// There is no policy for this vendor.
    Unknown,
    /// It is no component, or a component of another world.
    NotAdmitted,
    /// It trapped.
    Trap,
    /// It outlived its deadline.
    Deadline,
    /// It wanted more memory, table, stack or handles than it may have.
    Memory,
    /// Its answer is over the limits.
    Output,
    /// It answered against the contract.
    Contract,
    /// All instances are in use.
    Busy,
}

impl fmt::Display for PolicyFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unknown => "unknown vendor",
            Self::NotAdmitted => "not admitted",
            Self::Trap => "trapped",
            Self::Deadline => "outlived its deadline",
            Self::Memory => "wanted more memory than it may have",
            Self::Output => "answered more than it may",
            Self::Contract => "answered against the contract",
            Self::Busy => "all instances are in use",
        })
    }
}

/// Persistence: everything that outlives a request.
///
/// Shape: secrets are sealed before they are written, tokens are digests. Every call is atomic by
/// itself and seen by every node at once.
pub trait Store: Realms + Sessions + Keys + Failures {}

impl<T: Realms + Sessions + Keys + Failures> Store for T {}

/// Why the store did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// What is to be written is in the way of something else.
    #[error("{0}")]
    Conflict(String),
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

    /// What a federation of this name bears, if there is one.
    async fn federation_key(
        &self,
        realm: &RealmName,
        name: &FederationName,
    ) -> Result<Option<FederationKey>, StoreError>;

    /// Replaces a federation's plan, because its policy changed.
    async fn save_plan(
        &self,
        id: FederationId,
        plan: &Plan,
        policy: &PolicyRef,
    ) -> Result<(), StoreError>;

    /// What a federation's service connections are bound with.
    async fn bind_credential(&self, federation: &Federation) -> Result<Option<Secret>, StoreError>;

    /// One client.
    async fn client(&self, realm: &RealmName, id: &ClientId) -> Result<Option<Client>, StoreError>;

    /// Whether a secret is one of the client's, compared in constant time.
    async fn client_secret_fits(
        &self,
        realm: &RealmName,
        id: &ClientId,
        presented: &Secret,
    ) -> Result<bool, StoreError>;

    /// Makes the store agree with what a file declares, whole or not at all: makes and changes
    /// objects, and removes those that the same file declared before and no longer does.
    ///
    /// # Errors
    ///
    /// [`StoreError::Conflict`] for an object that another file, or nobody's file, declared.
    async fn apply(&self, declaration: &Declaration, now: Timestamp)
    -> Result<Applied, StoreError>;

    /// The files whose declarations are in force.
    async fn sources(&self) -> Result<Vec<String>, StoreError>;
}

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

    /// Keeps a session.
    async fn add_session(&self, session: &Session) -> Result<(), StoreError>;

    /// A session of this realm that is not over.
    async fn session(
        &self,
        realm: &RealmName,
        secret: TokenHash,
        now: Timestamp,
    ) -> Result<Option<Session>, StoreError>;

    /// Ends a session; one that is not there is ended already.
    async fn end_session(&self, realm: &RealmName, id: Uuid) -> Result<(), StoreError>;

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
