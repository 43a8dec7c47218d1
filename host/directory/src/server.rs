//! One server of a directory: its pools, its health, and what is done before it is used.

mod connect;

use crate::{
    connection::{Channel, Connection},
    endpoint::Endpoint,
    fault::fault,
    health::Health,
    idle::Idle,
    limits::Limits,
    outbound::Outbound,
    pool::{Lease, Pool},
    service::ServiceAccount,
};
use bridge_model::ports::{DirectoryError, DirectoryFault, DirectoryStep};
use connect::Turn;
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, timeout_at},
};

/// What the servers of a directory have in common.
pub(crate) struct Settings {
    /// The federation's name, for the log.
    pub(crate) federation: String,
    pub(crate) outbound: Outbound,
    /// Who the service connections are bound as; none: nobody.
    pub(crate) service: Option<ServiceAccount>,
    pub(crate) allow_plaintext: bool,
    pub(crate) connect_timeout: Duration,
    pub(crate) operation_timeout: Duration,
    pub(crate) pool_connections_max: usize,
    pub(crate) pool_connections_min: usize,
    pub(crate) follow_aliases: bool,
    pub(crate) limits: Limits,
}

/// What a connection is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Searches, bound as the service.
    Search,
    /// Writes, bound as the service.
    Write,
    /// New passwords, bound as the service.
    Password,
    /// Binds as one person after another, nothing else.
    SignIn,
    /// The new password of a person who binds first.
    OwnPassword,
}

impl Purpose {
    /// Whether it is the service that acts.
    fn is_service(self) -> bool {
        matches!(self, Self::Search | Self::Write | Self::Password)
    }
}

/// One server.
pub(crate) struct Server {
    endpoint: Endpoint,
    channel: Channel,
    settings: Arc<Settings>,
    service: Pool,
    sign_in: Pool,
    /// Room for long reads, which keep their connections to themselves.
    long_reads: Arc<Semaphore>,
    pub(crate) health: Health,
    /// Whose turn it is to bind as the service, and when and why a bind last got no answer.
    service_bind: Turn,
    /// Whose turn it is to dial a server that did not answer last.
    dialling: Turn,
}

/// Why there is no connection.
pub(crate) enum Unavailable {
    /// Another server may do better.
    TryNext(DirectoryError),
    /// Another server would say the same, or there is no time for one.
    Final(DirectoryError),
}

impl Server {
    pub(crate) fn new(
        endpoint: Endpoint,
        channel: Channel,
        settings: Arc<Settings>,
        idle: &Arc<Idle>,
    ) -> Self {
        let pool = || Pool::new(settings.pool_connections_max, idle.shelf());
        Self {
            service: pool(),
            sign_in: pool(),
            long_reads: Arc::new(Semaphore::new(LONG_READS_MAX)),
            health: Health::new(settings.limits),
            endpoint,
            channel,
            settings,
            service_bind: Turn::default(),
            dialling: Turn::default(),
        }
    }

    /// `host:port`.
    pub(crate) fn address(&self) -> &str {
        &self.endpoint.address
    }

    /// Closes the idle connections of a pool.
    pub(crate) fn clear(&self, purpose: Purpose) {
        self.pool(purpose).clear();
    }

    /// Whether a secret for this purpose would travel without TLS, and what to do about it.
    fn plaintext(&self, purpose: Purpose) -> Option<DirectoryError> {
        if !matches!(self.channel, Channel::Plain) {
            return None;
        }
        let detail = match purpose {
            Purpose::Password | Purpose::OwnPassword => {
                "a new password is sent over TLS only: use an ldaps:// URL or start_tls"
            }
            _ if self.settings.allow_plaintext => return None,
            Purpose::Search if self.settings.service.is_none() => return None,
            Purpose::Search | Purpose::SignIn => {
                "a password would travel without TLS: use an ldaps:// URL or start_tls, or set allow_plaintext"
            }
            Purpose::Write => {
                "what is written would travel without TLS: use an ldaps:// URL or start_tls, or set allow_plaintext"
            }
        };
        Some(fault(
            DirectoryFault::PlaintextRefused,
            self.address(),
            detail,
        ))
    }

    /// A connection for one operation: an idle one, or a new one, bound if it is for searches.
    pub(crate) async fn lease(
        &self,
        purpose: Purpose,
        deadline: Instant,
    ) -> Result<Lease<'_>, Unavailable> {
        if let Some(error) = self.plaintext(purpose) {
            return Err(Unavailable::TryNext(error));
        }
        let Some(slot) = self.pool(purpose).slot(deadline).await else {
            return Err(Unavailable::Final(
                fault(
                    DirectoryFault::Timeout,
                    self.address(),
                    format!(
                        "all {} connections were in use all the time",
                        self.settings.pool_connections_max
                    ),
                )
                .at(DirectoryStep::Operation),
            ));
        };
        let connection = match slot.take() {
            Some(connection) => connection,
            None => self.connect(purpose, deadline).await?,
        };
        Ok(slot.lease(connection))
    }

    /// Opens connections of a pool ahead, until so many last for this time. Stops where there is no room
    /// or no answer.
    pub(crate) async fn open_ahead(
        &self,
        purpose: Purpose,
        connections: usize,
        time: Duration,
    ) -> Result<(), Unavailable> {
        let pool = self.pool(purpose);
        if let Some(error) = self.plaintext(purpose) {
            return Err(Unavailable::TryNext(error));
        }
        for _ in pool.lasting(time)..connections {
            let Some(slot) = pool.free_slot() else {
                return Ok(());
            };
            let longest = self.settings.connect_timeout + self.settings.operation_timeout;
            let connection = self.connect(purpose, Instant::now() + longest).await?;
            slot.lease(connection).give_back();
        }
        Ok(())
    }

    /// A connection for a read of any length, bound as the service, and its place among the few that
    /// there may be, which is taken until it is dropped.
    pub(crate) async fn long_read(
        &self,
        deadline: Instant,
    ) -> Result<(Connection, OwnedSemaphorePermit), Unavailable> {
        if let Some(error) = self.plaintext(Purpose::Search) {
            return Err(Unavailable::TryNext(error));
        }
        let room = timeout_at(deadline, Arc::clone(&self.long_reads).acquire_owned()).await;
        let Ok(Ok(room)) = room else {
            return Err(Unavailable::Final(
                fault(
                    DirectoryFault::Timeout,
                    self.address(),
                    format!("{LONG_READS_MAX} long reads were under way all the time"),
                )
                .at(DirectoryStep::Operation),
            ));
        };
        Ok((self.connect(Purpose::Search, deadline).await?, room))
    }

    fn pool(&self, purpose: Purpose) -> &Pool {
        if purpose.is_service() {
            &self.service
        } else {
            &self.sign_in
        }
    }
}

/// Reads of all users: more at once do not make a server faster.
const LONG_READS_MAX: usize = 4;
