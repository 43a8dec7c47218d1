//! A directory: which of its servers is asked, and what is tried again.

use crate::{
    connection::{Answered, Failure},
    fault::fault,
    pool::Lease,
    relay::Progress,
    server::{Purpose, Server, Settings, Unavailable},
};
use async_trait::async_trait;
use bridge_model::{
    federation::BindName,
    ports::{Directory, DirectoryError, DirectoryFault},
    search::{Control, Found, Reply, Search},
    secret::Password,
};
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};
use tokio::time::Instant;

/// The servers of one federation.
///
/// A call ends within the federation's connect and operation timeouts together; of that, one
/// operation takes at most the operation timeout, and one server's connection at most the connect
/// timeout. Waiting for a free connection counts.
pub(crate) struct LdapDirectory {
    servers: Vec<Server>,
    /// The server that answered last: it stays the first to be asked.
    current: AtomicUsize,
    settings: Arc<Settings>,
}

impl LdapDirectory {
    /// A directory of at least one server.
    pub(crate) fn new(servers: Vec<Server>, settings: Arc<Settings>) -> Self {
        Self {
            servers,
            current: AtomicUsize::new(0),
            settings,
        }
    }

    fn call_deadline(&self) -> Instant {
        Instant::now() + self.settings.connect_timeout + self.settings.operation_timeout
    }

    fn operation_deadline(&self, call_deadline: Instant) -> Instant {
        call_deadline.min(Instant::now() + self.settings.operation_timeout)
    }

    /// The servers, by place, in the order in which they are asked: the one that answered last,
    /// then as configured; those that are resting after all others.
    fn order(&self) -> Vec<usize> {
        let current = self.current.load(Ordering::Relaxed);
        let rank = |(i, server): (usize, &Server)| (server.is_resting(), i != current, i);
        let mut ranks: Vec<_> = self.servers.iter().enumerate().map(rank).collect();
        ranks.sort_unstable();
        ranks.into_iter().map(|(_, _, i)| i).collect()
    }

    /// A connection to the first server that gives one.
    async fn lease(
        &self,
        purpose: Purpose,
        deadline: Instant,
    ) -> Result<Leased<'_>, DirectoryError> {
        let mut last: Option<DirectoryError> = None;
        for place in self.order() {
            let Some(server) = self.servers.get(place) else {
                continue;
            };
            if let Some(error) = last.take() {
                tracing::warn!(
                    federation = self.settings.federation,
                    %error,
                    next = server.address(),
                    "trying the next server of the directory"
                );
            }
            let error = match server.lease(purpose, deadline).await {
                Ok(lease) => {
                    return Ok(Leased {
                        place,
                        server,
                        purpose,
                        lease,
                    });
                }
                Err(Unavailable::Final(error)) => return Err(error),
                Err(Unavailable::TryNext(error)) => error,
            };
            if Instant::now() >= deadline {
                return Err(error);
            }
            last = Some(error);
        }
        Err(last.unwrap_or_else(|| {
            fault(
                DirectoryFault::Misconfigured,
                "",
                "there is no server to ask",
            )
        }))
    }

    /// Notes how an operation ended: what becomes of the connection, and what it says of the server.
    fn settle<T>(
        &self,
        leased: Leased<'_>,
        outcome: Result<Answered<T>, Failure>,
    ) -> Result<T, Attempt> {
        let Leased {
            place,
            server,
            purpose,
            lease,
        } = leased;
        match outcome {
            Ok(Answered { value, is_reusable }) => {
                if is_reusable {
                    lease.give_back();
                }
                server.wake();
                self.current.store(place, Ordering::Relaxed);
                Ok(value)
            }
            Err(failure) => {
                drop(lease);
                let is_late = failure.error.fault == DirectoryFault::Timeout;
                if is_late {
                    server.rest();
                }
                if is_late || failure.is_closed {
                    // What became of this connection may have become of the others.
                    server.clear(purpose);
                }
                Err(Attempt::Failed(failure))
            }
        }
    }

    async fn search_once(&self, search: &Search, deadline: Instant) -> Result<Found, Attempt> {
        let mut leased = self.lease(Purpose::Service, deadline).await?;
        let deadline = self.operation_deadline(deadline);
        let outcome = leased.lease.connection.search(search, deadline).await;
        self.settle(leased, outcome)
    }

    async fn bind_once(
        &self,
        name: &BindName,
        password: &Password,
        controls: &[Control],
        deadline: Instant,
    ) -> Result<Reply, Attempt> {
        let mut leased = self.lease(Purpose::SignIn, deadline).await?;
        let deadline = self.operation_deadline(deadline);
        let connection = &mut leased.lease.connection;
        let outcome = connection.bind(name, password, controls, deadline).await;
        self.settle(leased, outcome)
    }
}

/// A connection and where it leads.
struct Leased<'a> {
    place: usize,
    server: &'a Server,
    purpose: Purpose,
    lease: Lease<'a>,
}

/// Why an attempt failed.
enum Attempt {
    /// There was no connection.
    Unreached(DirectoryError),
    /// There was one, and no answer.
    Failed(Failure),
}

impl Attempt {
    fn into_error(self) -> DirectoryError {
        match self {
            Self::Unreached(error) | Self::Failed(Failure { error, .. }) => error,
        }
    }
}

impl From<DirectoryError> for Attempt {
    fn from(error: DirectoryError) -> Self {
        Self::Unreached(error)
    }
}

#[async_trait]
impl Directory for LdapDirectory {
    async fn search(&self, search: &Search) -> Result<Found, DirectoryError> {
        let deadline = self.call_deadline();
        match self.search_once(search, deadline).await {
            // A read changes nothing: it is done again on a new connection where the server had
            // closed the old one.
            Err(Attempt::Failed(failure)) if failure.is_closed => {
                self.search_once(search, deadline).await
            }
            done => done,
        }
        .map_err(Attempt::into_error)
    }

    async fn bind(
        &self,
        name: &BindName,
        password: &Password,
        controls: &[Control],
    ) -> Result<Reply, DirectoryError> {
        let deadline = self.call_deadline();
        match self.bind_once(name, password, controls, deadline).await {
            // A bind that the server has seen may have been counted against the person, who would
            // be two steps nearer to being locked out: only one that certainly was not sent is done
            // again.
            Err(Attempt::Failed(failure))
                if failure.is_closed && failure.progress == Progress::Unsent =>
            {
                self.bind_once(name, password, controls, deadline).await
            }
            done => done,
        }
        .map_err(Attempt::into_error)
    }
}
