//! A directory: which of its servers is asked, and what is tried again.

mod pages;
mod referral;
mod warm;
mod write;

use crate::{
    connection::{Answered, Failure, Searched, password_objection},
    fault::fault,
    pool::Lease,
    referral::Referrals,
    relay::Progress,
    server::{Purpose, Server, Settings, Unavailable},
};
use async_trait::async_trait;
use bridge_model::{
    federation::BindName,
    ports::{Directory, DirectoryError, DirectoryFault, Pages},
    search::{Control, Found, PagedSearch, Reply, Search},
    secret::Password,
    write::{PasswordAnswer, PasswordChange, Write},
};
use std::sync::{
    Arc, Weak,
    atomic::{AtomicUsize, Ordering},
};
use tokio::time::Instant;
use warm::Warmth;

/// The servers of one federation.
///
/// A call ends within the federation's connect and operation timeouts together; of that, one
/// operation takes at most the operation timeout, and one server's connection at most the connect
/// timeout. Waiting for a free connection counts.
pub(crate) struct LdapDirectory {
    servers: Vec<Arc<Server>>,
    /// The server that answered last: it stays the first to be asked.
    current: AtomicUsize,
    settings: Arc<Settings>,
    /// None: no referral is followed.
    referrals: Option<Referrals>,
    warmth: Warmth,
}

impl LdapDirectory {
    /// A directory of at least one server.
    pub(crate) fn new(
        servers: Vec<Arc<Server>>,
        settings: Arc<Settings>,
        referrals: Option<Referrals>,
    ) -> Arc<Self> {
        Arc::new_cyclic(|this| Self {
            warmth: Warmth::new(settings.pool_connections_min, Weak::clone(this)),
            servers,
            current: AtomicUsize::new(0),
            settings,
            referrals,
        })
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
        let now = Instant::now();
        let current = self.current.load(Ordering::Relaxed);
        let rank = |(i, server): (usize, &Arc<Server>)| {
            let is_resting = server.health.is_resting(now);
            (is_resting, i != current, i)
        };
        let mut ranks: Vec<_> = self.servers.iter().enumerate().map(rank).collect();
        ranks.sort_unstable();
        if let Some((is_resting @ false, _, first)) = ranks.first_mut()
            && let Some(server) = self.servers.get(*first)
        {
            // A server that has rested is found out about by one call; for the others it still rests.
            let longest = self.settings.connect_timeout + self.settings.operation_timeout;
            *is_resting = !server.health.take_turn(now, longest);
            ranks.sort_unstable();
        }
        ranks.into_iter().map(|(_, _, i)| i).collect()
    }

    /// A connection to the first server that gives one.
    async fn lease(
        &self,
        purpose: Purpose,
        deadline: Instant,
    ) -> Result<Leased<'_>, DirectoryError> {
        self.warmth.begin();
        let mut last: Option<DirectoryError> = None;
        for place in self.order() {
            let Some(server) = self.servers.get(place) else {
                continue;
            };
            self.tell_next(last.take(), server);
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
        Err(last.unwrap_or_else(nobody))
    }

    fn tell_next(&self, error: Option<DirectoryError>, next: &Server) {
        if let Some(error) = error {
            tracing::warn!(
                federation = self.settings.federation,
                %error,
                next = next.address(),
                "trying the next server of the directory"
            );
        }
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
                server.health.answered();
                self.current.store(place, Ordering::Relaxed);
                Ok(value)
            }
            Err(failure) => {
                // One that was used before may only have waited for too long; a new one tells of the
                // server.
                let was_new = lease.connection.uses == 0;
                drop(lease);
                let is_late = failure.error.fault == DirectoryFault::Timeout;
                if is_late || (failure.is_closed && was_new) {
                    server.health.failed(Instant::now());
                }
                if is_late || failure.is_closed {
                    // What became of this connection may have become of the others.
                    server.clear(purpose);
                }
                Err(Attempt::Failed(failure))
            }
        }
    }

    async fn search_once(&self, search: &Search, deadline: Instant) -> Result<Searched, Attempt> {
        let mut leased = self.lease(Purpose::Search, deadline).await?;
        let deadline = self.operation_deadline(deadline);
        let follow_aliases = self.settings.follow_aliases;
        let connection = &mut leased.lease.connection;
        let outcome = connection.search(search, follow_aliases, deadline).await;
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

    /// Whether a request that got no answer may be made again, this being the so many-th time.
    ///
    /// What a server has seen it may have acted on: a bind may have been counted against the person, a
    /// write may have been done. So only a read is made again, and what certainly was not sent.
    fn is_worth_another(&self, failure: &Failure, is_read: bool, attempt: usize) -> bool {
        failure.is_closed
            && (is_read || failure.progress == Progress::Unsent)
            && attempt <= self.servers.len()
    }
}

/// For a directory without servers, which is not opened.
fn nobody() -> DirectoryError {
    let detail = "there is no server to ask";
    fault(DirectoryFault::Misconfigured, "", detail)
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

/// Does something again as long as that is worth it.
macro_rules! again {
    ($directory:expr, $is_read:expr, $once:expr) => {{
        let mut attempt = 1;
        loop {
            match $once.await {
                Err(Attempt::Failed(failure))
                    if $directory.is_worth_another(&failure, $is_read, attempt) =>
                {
                    attempt += 1;
                }
                done => break done.map_err(Attempt::into_error),
            }
        }
    }};
}

#[async_trait]
impl Directory for LdapDirectory {
    async fn search(&self, search: &Search) -> Result<Found, DirectoryError> {
        let deadline = self.call_deadline();
        let searched = again!(self, true, self.search_once(search, deadline))?;
        match &self.referrals {
            None => Ok(searched.found),
            Some(referrals) => self.follow(referrals, search, searched, deadline).await,
        }
    }

    async fn bind(
        &self,
        name: &BindName,
        password: &Password,
        controls: &[Control],
    ) -> Result<Reply, DirectoryError> {
        let deadline = self.call_deadline();
        again!(
            self,
            false,
            self.bind_once(name, password, controls, deadline)
        )
    }

    async fn pages(&self, search: &PagedSearch) -> Result<Box<dyn Pages>, DirectoryError> {
        self.begin_pages(search).await
    }

    async fn write(&self, write: &Write) -> Result<Reply, DirectoryError> {
        let deadline = self.call_deadline();
        again!(self, false, self.write_once(write, deadline))
    }

    async fn set_password(
        &self,
        change: &PasswordChange<'_>,
    ) -> Result<PasswordAnswer, DirectoryError> {
        if let Some(objection) = password_objection(change) {
            let server = self.servers.first().map_or("", |server| server.address());
            return Err(fault(DirectoryFault::Misconfigured, server, objection));
        }
        // A person binds first.
        let deadline = self.call_deadline() + self.settings.operation_timeout;
        again!(self, false, self.set_password_once(change, deadline))
    }
}
