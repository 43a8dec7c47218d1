//! The ports: what the rooms ask of each other without knowing each other.

mod facts;
mod sessions;
mod store;

pub use facts::{Certificate, DirectoryStep, Facts, Misfit};
pub use sessions::{Failures, Keys, Sessions};
pub use store::{AuditTrail, Clients, Precondition, Realms, Store, StoreError, Users};

use crate::{
    audit::AuditEvent,
    decision::{Context, Person, Step},
    entry::Entry,
    federation::{BindName, Federation},
    plan::{Description, Plan, Problem, Proposal},
    realm::PolicyRef,
    search::{Control, Found, Reply, Search},
    secret::{Password, Secret},
    time::Timestamp,
};
use async_trait::async_trait;
use std::{fmt, sync::Arc};
use uuid::{Builder, Uuid};

/// The time.
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> Timestamp;
}

/// A source of unpredictable octets.
pub trait Random: Send + Sync {
    /// Fills all of `octets`.
    fn fill(&self, octets: &mut [u8]);

    /// An id that nobody can guess and nothing else has (RFC 9562 section 5.4).
    fn uuid(&self) -> Uuid {
        let mut octets = [0; 16];
        self.fill(&mut octets);
        Builder::from_random_bytes(octets).into_uuid()
    }
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
    /// What happened, for the log and for whoever may know the federation; one line, without secrets
    /// and without `; `, which separates what is wrong from what to do about it.
    pub detail: String,
    /// Where it stopped.
    pub step: DirectoryStep,
    /// What is known beyond words.
    pub facts: Facts,
}

impl DirectoryError {
    /// A fault of which no more is known than words, at the step where such faults are met most.
    pub fn new(
        fault: DirectoryFault,
        server: impl Into<String>,
        detail: impl Into<String>,
    ) -> Self {
        Self {
            fault,
            server: server.into(),
            detail: detail.into(),
            step: match fault {
                DirectoryFault::Misconfigured | DirectoryFault::PlaintextRefused => {
                    DirectoryStep::Opening
                }
                DirectoryFault::NameResolution | DirectoryFault::OutboundRefused => {
                    DirectoryStep::NameResolution
                }
                DirectoryFault::Connect | DirectoryFault::Timeout => DirectoryStep::Tcp,
                DirectoryFault::Tls => DirectoryStep::Tls,
                DirectoryFault::ServiceBind => DirectoryStep::ServiceBind,
                DirectoryFault::Protocol => DirectoryStep::Operation,
            },
            facts: Facts::None,
        }
    }

    /// The same fault at another step.
    #[must_use]
    pub fn at(self, step: DirectoryStep) -> Self {
        Self { step, ..self }
    }
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
    /// The operator's rules keep the realm from this address ([`crate::outbound`]). The detail says no
    /// more than that: what a name resolves to is not told to whoever may not go there.
    OutboundRefused,
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
            Self::OutboundRefused => "not allowed",
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

    /// Whether this directory is one of the vendor's, and how a federation with it would look; none:
    /// not one of the vendor's, or a policy that recognises nothing. `root` is the root DSE, `samples`
    /// are a few entries found below its naming contexts.
    ///
    /// # Errors
    ///
    /// When the policy itself failed.
    fn recognise(&self, root: &Entry, samples: &[Entry]) -> Result<Option<Proposal>, PolicyError>;

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
