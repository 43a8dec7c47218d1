//! One server of a directory: its pools, its health, and what is done before it is used.

use crate::{
    connection::{Answered, Channel, Connection, Failure},
    endpoint::Endpoint,
    fault::{answer, fault, fault_with},
    idle::Idle,
    limits::Limits,
    outbound::Outbound,
    pool::{Lease, Pool},
    service::ServiceAccount,
};
use bridge_model::ports::{DirectoryError, DirectoryFault, DirectoryStep, Facts};
use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{
    sync::Mutex as AsyncMutex,
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
    pub(crate) limits: Limits,
}

/// What a connection is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Searches, bound as the service.
    Service,
    /// Binds as one person after another, nothing else.
    SignIn,
}

/// One server.
pub(crate) struct Server {
    endpoint: Endpoint,
    channel: Channel,
    settings: Arc<Settings>,
    service: Pool,
    sign_in: Pool,
    /// Until then the server comes last.
    resting_until: Mutex<Option<Instant>>,
    /// Whose turn it is to bind as the service, and when and why a bind last got no answer.
    service_bind: AsyncMutex<Option<(Instant, DirectoryError)>>,
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
            endpoint,
            channel,
            settings,
            resting_until: Mutex::default(),
            service_bind: AsyncMutex::default(),
        }
    }

    /// `host:port`.
    pub(crate) fn address(&self) -> &str {
        &self.endpoint.address
    }

    /// Whether the server did not answer a short while ago.
    pub(crate) fn is_resting(&self) -> bool {
        let now = Instant::now();
        self.resting_until().is_some_and(|until| now < until)
    }

    /// Puts the server behind the others for a while: it did not answer.
    pub(crate) fn rest(&self) {
        *self.resting_until() = Some(Instant::now() + self.settings.limits.back_off);
    }

    /// The server answered.
    pub(crate) fn wake(&self) {
        *self.resting_until() = None;
    }

    /// Closes the idle connections of a pool.
    pub(crate) fn clear(&self, purpose: Purpose) {
        self.pool(purpose).clear();
    }

    /// Whether a password for this purpose would travel without TLS, and what to do about it.
    fn plaintext(&self, purpose: Purpose) -> Option<DirectoryError> {
        let sends_password = purpose == Purpose::SignIn || self.settings.service.is_some();
        let is_plain = matches!(self.channel, Channel::Plain);
        (is_plain && sends_password && !self.settings.allow_plaintext).then(|| {
            fault(
                DirectoryFault::PlaintextRefused,
                self.address(),
                "a password would travel without TLS: use an ldaps:// URL or start_tls, or set allow_plaintext",
            )
        })
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

    async fn connect(
        &self,
        purpose: Purpose,
        deadline: Instant,
    ) -> Result<Connection, Unavailable> {
        let service = match &self.settings.service {
            Some(service) if purpose == Purpose::Service => Some(service),
            _ => None,
        };
        if let Some(refusal) = service.and_then(|service| service.refusal(Instant::now())) {
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
            self.rest();
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
            self.rest();
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
        match purpose {
            Purpose::Service => &self.service,
            Purpose::SignIn => &self.sign_in,
        }
    }

    fn resting_until(&self) -> MutexGuard<'_, Option<Instant>> {
        // Nothing panics while the lock is held.
        let lock = self.resting_until.lock();
        lock.unwrap_or_else(PoisonError::into_inner)
    }
}

/// Result codes that speak of the server and not of who binds: operations error, time limit,
/// administrative limit, busy, unavailable, other (RFC 4511 appendix A.2).
const SERVER_TROUBLE: [u32; 6] = [1, 3, 11, 51, 52, 80];
