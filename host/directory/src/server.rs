//! One server of a directory: its pools, its health, and what is done before it is used.

use crate::{
    connection::{Answered, Channel, Connection, Failure},
    endpoint::Endpoint,
    fault::{answer, fault},
    limits::Limits,
    pool::{Lease, Pool},
};
use bridge_model::{
    federation::BindName,
    ports::{DirectoryError, DirectoryFault},
    secret::Password,
};
use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::time::Instant;

/// What the servers of a directory have in common.
pub(crate) struct Settings {
    /// The federation's name, for the log.
    pub(crate) federation: String,
    /// Who the service connections are bound as; none: nobody.
    pub(crate) service: Option<(BindName, Password)>,
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
    health: Mutex<Health>,
}

#[derive(Default)]
struct Health {
    /// Until then the server comes last.
    resting_until: Option<Instant>,
    /// The service bind was refused, and is not tried again until then.
    refused: Option<(Instant, DirectoryError)>,
}

/// Why there is no connection.
pub(crate) enum Unavailable {
    /// Another server may do better.
    TryNext(DirectoryError),
    /// Another server would say the same, or there is no time for one.
    Final(DirectoryError),
}

impl Server {
    pub(crate) fn new(endpoint: Endpoint, channel: Channel, settings: Arc<Settings>) -> Self {
        let pool = || Pool::new(settings.pool_connections_max, settings.limits);
        Self {
            service: pool(),
            sign_in: pool(),
            endpoint,
            channel,
            settings,
            health: Mutex::default(),
        }
    }

    /// `host:port`.
    pub(crate) fn address(&self) -> &str {
        &self.endpoint.address
    }

    /// Whether the server did not answer a short while ago.
    pub(crate) fn is_resting(&self) -> bool {
        let now = Instant::now();
        self.health().resting_until.is_some_and(|until| now < until)
    }

    /// Puts the server behind the others for a while: it did not answer.
    pub(crate) fn rest(&self) {
        self.health().resting_until = Some(Instant::now() + self.settings.limits.back_off);
    }

    /// The server answered.
    pub(crate) fn wake(&self) {
        self.health().resting_until = None;
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
            return Err(Unavailable::Final(fault(
                DirectoryFault::Timeout,
                self.address(),
                format!(
                    "all {} connections were in use all the time",
                    self.settings.pool_connections_max
                ),
            )));
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
        if service.is_some()
            && let Some(refused) = self.refused()
        {
            return Err(Unavailable::Final(refused));
        }
        let connected = Connection::open(
            &self.endpoint,
            &self.channel,
            self.settings.limits,
            deadline.min(Instant::now() + self.settings.connect_timeout),
        )
        .await;
        let mut connection = connected.map_err(|error| {
            self.rest();
            Unavailable::TryNext(error)
        })?;
        if let Some((name, password)) = service {
            self.bind_service(&mut connection, name, password, deadline)
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

    async fn bind_service(
        &self,
        connection: &mut Connection,
        name: &BindName,
        password: &Password,
        deadline: Instant,
    ) -> Result<(), Unavailable> {
        let deadline = deadline.min(Instant::now() + self.settings.operation_timeout);
        let reply = match connection.bind(name, password, &[], deadline).await {
            Ok(Answered { value, .. }) => value,
            Err(Failure { error, .. }) => {
                self.rest();
                return Err(Unavailable::TryNext(error));
            }
        };
        if reply.is_success() {
            return Ok(());
        }
        let error = fault(
            DirectoryFault::ServiceBind,
            self.address(),
            format!(
                "the directory did not accept the service bind as {}: {}",
                name.as_str(),
                answer(reply.result_code, &reply.diagnostic)
            ),
        );
        if SERVER_TROUBLE.contains(&reply.result_code) {
            self.rest();
            return Err(Unavailable::TryNext(error));
        }
        let until = Instant::now() + self.settings.limits.back_off;
        self.health().refused = Some((until, error.clone()));
        Err(Unavailable::Final(error))
    }

    /// What the service bind was refused with a short while ago. Every further attempt would count
    /// against the account in the directory.
    fn refused(&self) -> Option<DirectoryError> {
        let health = self.health();
        let (until, error) = health.refused.as_ref()?;
        (Instant::now() < *until).then(|| error.clone())
    }

    fn pool(&self, purpose: Purpose) -> &Pool {
        match purpose {
            Purpose::Service => &self.service,
            Purpose::SignIn => &self.sign_in,
        }
    }

    fn health(&self) -> MutexGuard<'_, Health> {
        self.health.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Result codes that speak of the server and not of who binds: operations error, time limit,
/// administrative limit, busy, unavailable, other (RFC 4511 appendix A.2).
const SERVER_TROUBLE: [u32; 6] = [1, 3, 11, 51, 52, 80];
