//! Directories: reading, binding and writing.

use super::{DirectoryStep, Facts};
use crate::{
    federation::{BindName, Federation},
    search::{Control, Found, Page, PagedSearch, Reply, Search},
    secret::{Password, Secret},
    write::{PasswordAnswer, PasswordChange, Write},
};
use async_trait::async_trait;
use std::{fmt, sync::Arc};

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

/// One directory. Every call ends within the federation's timeouts.
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

    /// Begins a read of any length, page by page (RFC 2696) where `search.paged` says so, all of it on one
    /// connection of its own that is bound as the service. Nothing is tried again: whoever reads
    /// begins anew.
    ///
    /// # Errors
    ///
    /// As [`Directory::search`].
    async fn pages(&self, search: &PagedSearch) -> Result<Box<dyn Pages>, DirectoryError>;

    /// Writes, on a connection that is bound as the service, and gives the directory's answer. A write
    /// that may have been sent is not sent again.
    ///
    /// # Errors
    ///
    /// When the directory did not answer: then it is not known whether it was done.
    /// [`DirectoryFault::PlaintextRefused`] without TLS, unless the federation allows it.
    async fn write(&self, write: &Write) -> Result<Reply, DirectoryError>;

    /// Gives a person a new password, and gives the directory's answer.
    ///
    /// # Errors
    ///
    /// As [`Directory::write`]; TLS is needed whatever the federation allows.
    async fn set_password(
        &self,
        change: &PasswordChange<'_>,
    ) -> Result<PasswordAnswer, DirectoryError>;
}

/// A read that is under way. Dropping it closes its connection.
#[async_trait]
pub trait Pages: Send {
    /// The next page; none: the last one was the last.
    ///
    /// # Errors
    ///
    /// When the directory did not answer in the time of one operation. The read is over then.
    async fn next(&mut self) -> Result<Option<Page>, DirectoryError>;

    /// The server that is read, as `host:port`.
    fn server(&self) -> &str;
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
