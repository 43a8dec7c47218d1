//! Puts a router on a socket, with a bound on everything that a peer can make last or grow.

use super::{body::heard_out, tls::Tls};
use axum::{Router, body::Body, extract::ConnectInfo};
use http::Request;
use hyper::{
    body::Incoming,
    server::conn::{http1, http2},
    service::service_fn,
};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use std::{
    convert::Infallible, future::Future, io, net::SocketAddr, pin::pin, sync::Arc, time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    task::JoinSet,
    time::timeout,
};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

/// What a listener gives its peers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConnectionLimits {
    /// Connections at once; further ones wait in the system's queue.
    pub connections_max: usize,
    /// How long a TLS handshake may take.
    pub handshake_timeout: Duration,
    /// How long the head of a request may take, and how long a connection may wait for the next one.
    pub header_timeout: Duration,
    /// Octets of a request's head.
    pub header_octets_max: usize,
    /// How old a connection may grow before it is asked to end.
    pub connection_age_max: Duration,
    /// How long requests may go on after the listener was told to stop.
    pub drain_timeout: Duration,
}

impl Default for ConnectionLimits {
    fn default() -> Self {
        Self {
            // Below the 1,024 files that a process has by default, so that the store and the
            // directories keep theirs.
            connections_max: 768,
            handshake_timeout: Duration::from_secs(10),
            header_timeout: Duration::from_secs(15),
            // An authorization request with its cookies, twice over.
            header_octets_max: 32 * 1024,
            // So that nobody holds a place for good by doing nothing, as HTTP/2 would let them.
            connection_age_max: Duration::from_mins(10),
            drain_timeout: Duration::from_secs(20),
        }
    }
}

/// Why a listener cannot listen.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// Somebody else listens there.
    #[error(
        "{0} is taken by another program: stop that program, or listen at another address or port"
    )]
    Taken(SocketAddr),
    /// The system does not allow it.
    #[error("may not listen at {0}: ports below 1024 need the capability CAP_NET_BIND_SERVICE")]
    Forbidden(SocketAddr),
    /// No interface of this machine has the address.
    #[error("cannot listen at {0}: this machine does not have that address")]
    NotHere(SocketAddr),
    /// Anything else.
    #[error("cannot listen at {address}: {source}")]
    Other {
        /// The address.
        address: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
}

/// Takes an address. Port 0 takes a free one, which the listener's `local_addr` tells.
///
/// # Errors
///
/// [`ServeError`], with the address and what to do.
pub async fn bind(address: SocketAddr) -> Result<TcpListener, ServeError> {
    TcpListener::bind(address)
        .await
        .map_err(|source| match source.kind() {
            io::ErrorKind::AddrInUse => ServeError::Taken(address),
            io::ErrorKind::PermissionDenied => ServeError::Forbidden(address),
            io::ErrorKind::AddrNotAvailable => ServeError::NotHere(address),
            _ => ServeError::Other { address, source },
        })
}

/// Serves until `shutdown` is over, then lets the requests on their way end within the drain
/// timeout.
///
/// Plain connections speak HTTP/1.1; TLS ones HTTP/2 or 1.1, as agreed in the handshake.
pub async fn serve(
    listener: TcpListener,
    tls: Option<Tls>,
    router: Router,
    limits: ConnectionLimits,
    shutdown: impl Future<Output = ()>,
) {
    let stop = CancellationToken::new();
    let mut connections = JoinSet::new();
    {
        let accept = accept(&listener, limits, |stream, peer, permit| {
            let connection = Connection {
                peer,
                router: router.clone(),
                limits,
                stop: stop.clone(),
            };
            let tls = tls.clone();
            connections.spawn(async move {
                connection.greet(stream, tls).await;
                drop(permit);
            });
            // Tasks that are over are let go of here, or they would pile up.
            while connections.try_join_next().is_some() {}
        });
        tokio::select! {
            () = shutdown => {}
            () = accept => {}
        }
    }
    drop(listener);
    stop.cancel();
    let drained = timeout(limits.drain_timeout, async {
        while connections.join_next().await.is_some() {}
    });
    if drained.await.is_err() {
        let connections = connections.len();
        tracing::warn!(
            connections,
            "connections were cut off: they did not end in time"
        );
    }
}

/// Accepts connections, one for each place that is free.
async fn accept(
    listener: &TcpListener,
    limits: ConnectionLimits,
    mut spawn: impl FnMut(TcpStream, SocketAddr, tokio::sync::OwnedSemaphorePermit),
) {
    let places = Arc::new(Semaphore::new(limits.connections_max));
    // The semaphore is never closed.
    while let Ok(permit) = places.clone().acquire_owned().await {
        match listener.accept().await {
            Ok((stream, peer)) => spawn(stream, peer, permit),
            Err(error) => {
                if !is_peers_fault(&error) {
                    tracing::warn!(%error, "a connection could not be accepted");
                    // Out of files or memory: trying again at once would only spin.
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }
}

/// Long enough for connections to end, too short for anybody to notice.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Whether accepting failed because the peer went away in between.
fn is_peers_fault(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionReset
    )
}

/// One connection.
struct Connection {
    peer: SocketAddr,
    router: Router,
    limits: ConnectionLimits,
    stop: CancellationToken,
}

impl Connection {
    /// Shakes hands and serves. What peers do wrong here is theirs to know; the log has it on debug.
    async fn greet(self, stream: TcpStream, tls: Option<Tls>) {
        // Answers are written whole; waiting for more would cost 40 ms each.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(peer = %self.peer, %error, "no TCP_NODELAY");
        }
        let Some(tls) = tls else {
            return self.http1(stream).await;
        };
        let acceptor = tokio_rustls::TlsAcceptor::from(tls.current());
        let peer = self.peer;
        match timeout(self.limits.handshake_timeout, acceptor.accept(stream)).await {
            Ok(Ok(stream)) if stream.get_ref().1.alpn_protocol() == Some(b"h2") => {
                self.http2(stream).await;
            }
            Ok(Ok(stream)) => self.http1(stream).await,
            Ok(Err(error)) => tracing::debug!(%peer, %error, "the TLS handshake failed"),
            Err(_) => tracing::debug!(%peer, "the TLS handshake took too long"),
        }
    }

    async fn http1(self, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) {
        let router = self.router.clone();
        let peer = self.peer;
        let service = service_fn(move |request| answer(router.clone(), peer, request));
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(self.limits.header_timeout)
            .max_buf_size(self.limits.header_octets_max)
            .serve_connection(TokioIo::new(stream), service);
        let mut connection = pin!(connection);
        tokio::select! {
            _ = connection.as_mut() => return,
            () = self.is_over() => {}
        }
        connection.as_mut().graceful_shutdown();
        let _ = timeout(self.limits.drain_timeout, connection).await;
    }

    async fn http2(self, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) {
        let router = self.router.clone();
        let peer = self.peer;
        let service = service_fn(move |request| answer(router.clone(), peer, request));
        let header_octets_max = u32::try_from(self.limits.header_octets_max).unwrap_or(u32::MAX);
        let connection = http2::Builder::new(TokioExecutor::new())
            .timer(TokioTimer::new())
            .max_header_list_size(header_octets_max)
            .max_concurrent_streams(STREAMS_MAX)
            .keep_alive_interval(self.limits.header_timeout)
            .keep_alive_timeout(self.limits.header_timeout)
            .serve_connection(TokioIo::new(stream), service);
        let mut connection = pin!(connection);
        tokio::select! {
            _ = connection.as_mut() => return,
            () = self.is_over() => {}
        }
        connection.as_mut().graceful_shutdown();
        let _ = timeout(self.limits.drain_timeout, connection).await;
    }

    /// Is over when the connection is to end: the listener stops, or the connection is old.
    async fn is_over(&self) {
        tokio::select! {
            () = self.stop.cancelled() => {}
            () = tokio::time::sleep(self.limits.connection_age_max) => {}
        }
    }
}

/// Requests at once on one connection: a sign-in page needs three.
const STREAMS_MAX: u32 = 64;

/// Answers one request, whose handlers may know the peer.
async fn answer(
    router: Router,
    peer: SocketAddr,
    mut request: Request<Incoming>,
) -> Result<http::Response<Body>, Infallible> {
    request.extensions_mut().insert(ConnectInfo(peer));
    router.oneshot(heard_out(request)).await
}
