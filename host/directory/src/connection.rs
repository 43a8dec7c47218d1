//! One connection to a server: it does one request at a time.

mod long_read;
mod password;
mod search;
mod write;

pub(crate) use {
    long_read::LongRead,
    password::objection as password_objection,
    search::{SIZE_LIMIT_EXCEEDED, Searched},
};

use crate::{
    convert,
    dial::{dial, dial_socket},
    endpoint::Endpoint,
    fault::{chain, fault, fault_with},
    fence::{End, Fence},
    limits::Limits,
    outbound::Outbound,
    relay::{Progress, Wire, relay},
    start_tls::start_tls,
    tls::TlsPeer,
};
use bridge_model::{
    federation::BindName,
    ports::{DirectoryError, DirectoryFault, DirectoryStep, Facts},
    search::{Control, Reply},
    secret::Password,
};
use futures_util::FutureExt as _;
use ldap3::{Ldap, LdapConnAsync, LdapConnSettings, LdapError, StdStream};
use std::{
    future::Future, io, os::unix::net::UnixStream as StdUnixStream, panic::AssertUnwindSafe,
    path::PathBuf, sync::Arc,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpStream, UnixStream},
    task::JoinHandle,
    time::{Instant, timeout_at},
};
use url::Url;

/// How the connections to a server are secured.
#[derive(Clone)]
pub(crate) enum Channel {
    /// Not at all: what is sent can be read on the way.
    Plain,
    /// The server is asked for TLS first.
    StartTls(TlsPeer),
    /// TLS from the first octet.
    Tls(TlsPeer),
    /// A Unix socket, which never leaves the machine.
    Local(PathBuf),
}

/// A connection, with the two tasks that carry its octets and drive ldap3. They end with it.
pub(crate) struct Connection {
    ldap: Ldap,
    wire: Arc<Wire>,
    relay: JoinHandle<()>,
    driver: JoinHandle<()>,
    address: String,
    limits: Limits,
    /// When it was dialled.
    pub(crate) opened: Instant,
    /// When it last came back from use.
    pub(crate) used: Instant,
    /// How often it came back from use.
    pub(crate) uses: u64,
}

/// Why an operation got no answer.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) error: DirectoryError,
    /// Whether the connection was simply gone, so that another one may do better.
    pub(crate) is_closed: bool,
    /// How far the request came.
    pub(crate) progress: Progress,
}

/// What an operation gave, and whether the connection can do another.
pub(crate) struct Answered<T> {
    pub(crate) value: T,
    pub(crate) is_reusable: bool,
}

impl Connection {
    /// Dials and secures a connection. Nothing is bound yet.
    pub(crate) async fn open(
        endpoint: &Endpoint,
        channel: &Channel,
        outbound: &Outbound,
        limits: Limits,
        deadline: Instant,
    ) -> Result<Self, DirectoryError> {
        if let Channel::Local(path) = channel {
            // Only the operator's own files name a socket, so no outbound rule is asked.
            let stream = dial_socket(path, endpoint, deadline).await?;
            return Self::start(stream, limits, endpoint).await;
        }
        let mut stream = dial(endpoint, outbound, deadline).await?;
        match channel {
            Channel::Plain | Channel::Local(_) => Self::start(stream, limits, endpoint).await,
            Channel::StartTls(peer) => {
                within(deadline, endpoint, "StartTLS", start_tls(&mut stream)).await?;
                Self::secure(stream, peer, limits, endpoint, deadline).await
            }
            Channel::Tls(peer) => Self::secure(stream, peer, limits, endpoint, deadline).await,
        }
    }

    async fn secure(
        stream: TcpStream,
        peer: &TlsPeer,
        limits: Limits,
        endpoint: &Endpoint,
        deadline: Instant,
    ) -> Result<Self, DirectoryError> {
        let handshake = async {
            peer.handshake(stream)
                .await
                .map_err(|(detail, facts)| (DirectoryFault::Tls, detail, facts))
        };
        let stream = within(deadline, endpoint, "the TLS handshake", handshake).await?;
        Self::start(stream, limits, endpoint).await
    }

    /// Puts the relay between the stream and ldap3.
    async fn start(
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        limits: Limits,
        endpoint: &Endpoint,
    ) -> Result<Self, DirectoryError> {
        let own = |detail: String| fault(DirectoryFault::Connect, &endpoint.address, detail);
        let io = |error: io::Error| own(format!("no socket pair: {error}"));
        let (ours, theirs) = StdUnixStream::pair().map_err(io)?;
        ours.set_nonblocking(true).map_err(io)?;
        let local = UnixStream::from_std(ours).map_err(io)?;
        let settings = LdapConnSettings::new().set_std_stream(StdStream::Unix(theirs));
        let url = Url::parse("ldapi:///").map_err(|error| own(error.to_string()))?;
        let (driver, ldap) = LdapConnAsync::from_url_with_settings(settings, &url)
            .await
            .map_err(|error| own(chain(&error)))?;
        let wire = Arc::new(Wire::default());
        let relay = tokio::spawn({
            let wire = Arc::clone(&wire);
            async move { relay(stream, local, Fence::new(limits), &wire).await }
        });
        let driver = tokio::spawn(async move {
            // Whatever ends it, the operation under way learns of it.
            let _ = driver.drive().await;
        });
        let now = Instant::now();
        Ok(Self {
            ldap,
            wire,
            relay,
            driver,
            address: endpoint.address.clone(),
            limits,
            opened: now,
            used: now,
            uses: 0,
        })
    }

    /// Whether both sides are still there, as far as is known.
    pub(crate) fn is_alive(&self) -> bool {
        self.wire.end().is_none() && !self.relay.is_finished() && !self.driver.is_finished()
    }

    /// A simple bind (RFC 4513 section 5.1.3) with the name as written. The password cannot be
    /// empty: its type sees to that.
    pub(crate) async fn bind(
        &mut self,
        name: &BindName,
        password: &Password,
        controls: &[Control],
        deadline: Instant,
    ) -> Result<Answered<Reply>, Failure> {
        self.wire.begin();
        if !controls.is_empty() {
            self.ldap.with_controls(convert::request_controls(controls));
        }
        let outcome = guard(deadline, async {
            let result = self.ldap.simple_bind(name.as_str(), password.expose());
            Ok(Answered {
                value: convert::reply(result.await?),
                is_reusable: true,
            })
        });
        let outcome = outcome.await;
        self.conclude("the bind", outcome)
    }

    /// A bind as whoever the channel below says (RFC 4513 section 5.2.3).
    pub(crate) async fn bind_external(
        &mut self,
        deadline: Instant,
    ) -> Result<Answered<Reply>, Failure> {
        self.wire.begin();
        let outcome = guard(deadline, async {
            Ok(Answered {
                value: convert::reply(self.ldap.sasl_external_bind().await?),
                is_reusable: true,
            })
        });
        let outcome = outcome.await;
        self.conclude("the bind", outcome)
    }

    /// Says why there is no answer. After that the connection must be dropped.
    fn conclude<T>(&self, what: &str, outcome: Result<T, Fault>) -> Result<T, Failure> {
        let (kind, detail) = match (outcome, self.wire.end()) {
            (Ok(value), _) => return Ok(value),
            (Err(Fault::Late), _) => (
                DirectoryFault::Timeout,
                format!("no answer to {what} in time"),
            ),
            (Err(Fault::Unsendable(detail)), _) => (DirectoryFault::Misconfigured, detail),
            (Err(_), Some(End::Closed(detail))) => {
                (DirectoryFault::Protocol, format!("{detail} during {what}"))
            }
            (Err(_), Some(End::Violation(detail))) => (DirectoryFault::Protocol, detail.clone()),
            (Err(Fault::Peer(detail)), _) => {
                (DirectoryFault::Protocol, format!("the peer sent {detail}"))
            }
            (Err(Fault::Panic), _) => (
                DirectoryFault::Protocol,
                "the LDAP library panicked over what the peer sent".to_owned(),
            ),
            (Err(Fault::Ldap(error)), _) => (
                DirectoryFault::Protocol,
                format!("{what}: {}", chain(&error)),
            ),
        };
        Err(Failure {
            error: fault(kind, &self.address, detail).at(DirectoryStep::Operation),
            is_closed: kind == DirectoryFault::Protocol
                && matches!(self.wire.end(), Some(End::Closed(_))),
            progress: self.wire.progress(),
        })
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.relay.abort();
        self.driver.abort();
    }
}

/// Why there is no answer.
enum Fault {
    /// Time is over.
    Late,
    /// ldap3 panicked.
    Panic,
    /// The request cannot be sent, and why.
    Unsendable(String),
    /// The peer's answer cannot be used.
    Peer(&'static str),
    /// The connection is over, most likely.
    Ldap(LdapError),
}

impl From<LdapError> for Fault {
    fn from(error: LdapError) -> Self {
        Self::Ldap(error)
    }
}

/// Runs an operation until a deadline. What ldap3 is known to panic on is kept away by the fence;
/// should there be more, only this operation ends.
async fn guard<T>(
    deadline: Instant,
    operation: impl Future<Output = Result<T, Fault>>,
) -> Result<T, Fault> {
    match timeout_at(deadline, AssertUnwindSafe(operation).catch_unwind()).await {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(_panic)) => Err(Fault::Panic),
        Err(_) => Err(Fault::Late),
    }
}

/// Waits for a step on the way to TLS.
async fn within<T>(
    deadline: Instant,
    endpoint: &Endpoint,
    step: &str,
    waiting: impl Future<Output = Result<T, (DirectoryFault, String, Facts)>>,
) -> Result<T, DirectoryError> {
    match timeout_at(deadline, waiting).await {
        Ok(Ok(value)) => Ok(value),
        Ok(Err((kind, detail, facts))) => {
            Err(fault_with(kind, &endpoint.address, detail, facts).at(DirectoryStep::Tls))
        }
        Err(_) => Err(fault(
            DirectoryFault::Timeout,
            &endpoint.address,
            format!("the server accepted the connection but {step} did not end in time"),
        )
        .at(DirectoryStep::Tls)),
    }
}

#[cfg(test)]
mod tests;
