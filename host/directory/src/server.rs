//! One server of a directory: its pools, its health, and what is done before it is used.

use crate::{
    connection::{Answered, Channel, Connection, Failure},
    endpoint::Endpoint,
    fault::{answer, fault, fault_with},
    health::Health,
    idle::Idle,
    limits::Limits,
    outbound::Outbound,
    pool::{Lease, Pool},
    service::ServiceAccount,
};
use bridge_model::ports::{DirectoryError, DirectoryFault, DirectoryStep, Facts};
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::{Mutex as AsyncMutex, OwnedSemaphorePermit, Semaphore},
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

/// When and why the last one whose turn it was got no answer.
type Turn = AsyncMutex<Option<(Instant, DirectoryError)>>;

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
            Purpose::SignIn => {
                "a password would travel without TLS: use an ldaps:// URL or start_tls, or set allow_plaintext"
            }
            Purpose::Search if self.settings.service.is_none() => return None,
            Purpose::Search => {
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

    /// A new connection. To a server that did not answer last one call at a time dials: who waited for
    /// one that got no answer has none either.
    pub(crate) async fn connect(
        &self,
        purpose: Purpose,
        deadline: Instant,
    ) -> Result<Connection, Unavailable> {
        if self.health.is_sound() {
            return self.connect_now(purpose, deadline).await;
        }
        let begin = Instant::now();
        let Ok(mut turn) = timeout_at(deadline, self.dialling.lock()).await else {
            return Err(Unavailable::TryNext(fault(
                DirectoryFault::Timeout,
                self.address(),
                "another call waits for this server, in vain so far",
            )));
        };
        if let Some((_, error)) = turn.as_ref().filter(|(at, _)| *at >= begin) {
            return Err(Unavailable::TryNext(error.clone()));
        }
        if self.health.is_sound() {
            drop(turn);
            return self.connect_now(purpose, deadline).await;
        }
        let connected = self.connect_now(purpose, deadline).await;
        if let Err(Unavailable::TryNext(error)) = &connected {
            *turn = Some((Instant::now(), error.clone()));
        }
        connected
    }

    async fn connect_now(
        &self,
        purpose: Purpose,
        deadline: Instant,
    ) -> Result<Connection, Unavailable> {
        let service = self.settings.service.as_ref();
        let service = service.filter(|_| purpose.is_service());
        if let Some(refusal) = service.and_then(|account| account.refusal(Instant::now())) {
            return Err(Unavailable::Final(refusal));
        }
        let connected = Connection::open(
            &self.endpoint,
            &self.channel,
            &self.settings.outbound,
            self.settings.limits,
            deadline.min(Instant::now() + self.settings.connect_timeout),
        )
        .await;
        let mut connection = connected.map_err(|error| {
            self.health.failed(Instant::now());
            Unavailable::TryNext(error)
        })?;
        if let Some(service) = service {
            self.bind_in_turn(&mut connection, service, deadline)
                .await?;
        }
        tracing::debug!(
            federation = self.settings.federation,
            server = self.address(),
            ?purpose,
            "connected to the directory"
        );
        Ok(connection)
    }

    /// Binds as the service, one call at a time: a hundred that come at once with a wrong credential
    /// would be a hundred counts against the account.
    async fn bind_in_turn(
        &self,
        connection: &mut Connection,
        service: &ServiceAccount,
        deadline: Instant,
    ) -> Result<(), Unavailable> {
        let begin = Instant::now();
        let Ok(mut turn) = timeout_at(deadline, self.service_bind.lock()).await else {
            return Err(Unavailable::Final(
                fault(
                    DirectoryFault::Timeout,
                    self.address(),
                    "the service bind of another call was waited for in vain",
                )
                .at(DirectoryStep::ServiceBind),
            ));
        };
        if let Some(refusal) = service.refusal(Instant::now()) {
            return Err(Unavailable::Final(refusal));
        }
        // Who waited for one that got no answer does not wait for none of its own.
        if let Some((_, error)) = turn.as_ref().filter(|(at, _)| *at >= begin) {
            return Err(Unavailable::TryNext(error.clone()));
        }
        let bound = self.bind_service(connection, service, deadline).await;
        if let Err(Unavailable::TryNext(error)) = &bound {
            self.health.failed(Instant::now());
            *turn = Some((Instant::now(), error.clone()));
        }
        bound
    }

    async fn bind_service(
        &self,
        connection: &mut Connection,
        service: &ServiceAccount,
        deadline: Instant,
    ) -> Result<(), Unavailable> {
        let deadline = deadline.min(Instant::now() + self.settings.operation_timeout);
        let (name, password) = (&service.name, &service.password);
        let bound = connection.bind(name, password, &[], deadline).await;
        let reply = match bound {
            Ok(Answered { value, .. }) => value,
            Err(Failure { error, .. }) => {
                return Err(Unavailable::TryNext(error.at(DirectoryStep::ServiceBind)));
            }
        };
        if reply.is_success() {
            service.accepted();
            return Ok(());
        }
        let error = fault_with(
            DirectoryFault::ServiceBind,
            self.address(),
            format!(
                "the directory did not accept the service bind as {}: {}",
                name.as_str(),
                answer(reply.result_code, &reply.diagnostic)
            ),
            Facts::Refused(reply.result_code),
        );
        if SERVER_TROUBLE.contains(&reply.result_code) {
            return Err(Unavailable::TryNext(error));
        }
        service.refused(reply.result_code, error.clone(), Instant::now());
        Err(Unavailable::Final(error))
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

/// Result codes that speak of the server and not of who binds: operations error, time limit,
/// administrative limit, busy, unavailable, other (RFC 4511 appendix A.2).
const SERVER_TROUBLE: [u32; 6] = [1, 3, 11, 51, 52, 80];
