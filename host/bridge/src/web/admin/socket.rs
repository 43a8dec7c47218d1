//! The break-glass door: a Unix socket that only root and the bridge's own user may use.

use super::caller::PeerUid;
use crate::web::{ConnectionLimits, body::heard_out};
use axum::{Router, body::Body};
use http::Request;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::{
    convert::Infallible,
    fs::Permissions,
    io,
    os::unix::fs::{FileTypeExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
    pin::pin,
    sync::Arc,
};
use tokio::{
    net::{UnixListener, UnixStream},
    sync::Semaphore,
    task::JoinSet,
    time::timeout,
};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

/// A socket that is listened on. Its file goes with it.
#[derive(Debug)]
pub struct AdminSocket {
    listener: UnixListener,
    path: PathBuf,
}

/// Why a socket cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum SocketError {
    /// Another process answers there.
    #[error("another process listens at {0}: stop it, or name another path in [admin] socket")]
    Taken(PathBuf),
    /// Something else stands there.
    #[error("{0} is there and is no socket: move it away, or name another path in [admin] socket")]
    NoSocket(PathBuf),
    /// Anything else.
    #[error("cannot make the socket {path}: {source}")]
    Other {
        /// The path.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

impl AdminSocket {
    /// Makes the socket, with mode 0600; one that a process left behind is replaced.
    ///
    /// # Errors
    ///
    /// [`SocketError`], with the path and what to do.
    pub async fn bind(path: &Path) -> Result<Self, SocketError> {
        let failed = |source| SocketError::Other {
            path: path.to_owned(),
            source,
        };
        match std::fs::symlink_metadata(path) {
            Ok(found) if !found.file_type().is_socket() => {
                return Err(SocketError::NoSocket(path.to_owned()));
            }
            Ok(_) if UnixStream::connect(path).await.is_ok() => {
                return Err(SocketError::Taken(path.to_owned()));
            }
            Ok(_) => std::fs::remove_file(path).map_err(failed)?,
            Err(_) => {}
        }
        let listener = UnixListener::bind(path).map_err(failed)?;
        // Whoever is faster than this line is still asked for their user id.
        std::fs::set_permissions(path, Permissions::from_mode(0o600)).map_err(failed)?;
        Ok(Self {
            listener,
            path: path.to_owned(),
        })
    }

    /// Serves until `stop`, then lets requests on their way end within the drain timeout.
    pub async fn serve(self, router: Router, limits: ConnectionLimits, stop: CancellationToken) {
        let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
        let mut connections = JoinSet::new();
        loop {
            // The semaphore is never closed.
            let Ok(permit) = places.clone().acquire_owned().await else {
                break;
            };
            let accepted = tokio::select! {
                () = stop.cancelled() => break,
                accepted = self.listener.accept() => accepted,
            };
            let Ok((stream, _)) = accepted else {
                tokio::time::sleep(limits.handshake_timeout / 100).await;
                continue;
            };
            let (router, stop) = (router.clone(), stop.clone());
            connections.spawn(async move {
                connection(stream, router, limits, stop).await;
                drop(permit);
            });
            while connections.try_join_next().is_some() {}
        }
        let drained = timeout(limits.drain_timeout, async {
            while connections.join_next().await.is_some() {}
        });
        if drained.await.is_err() {
            tracing::warn!("connections to the admin socket were cut off");
        }
    }
}

impl Drop for AdminSocket {
    fn drop(&mut self) {
        // Whether it goes or not, the next start replaces it.
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Whoever stands at the machine is one person with a few tools.
const CONNECTIONS_MAX: usize = 32;

async fn connection(
    stream: UnixStream,
    router: Router,
    limits: ConnectionLimits,
    stop: CancellationToken,
) {
    // Whoever cannot be asked is nobody.
    let peer = stream
        .peer_cred()
        .map_or(PeerUid(u32::MAX), |peer| PeerUid(peer.uid()));
    let service = service_fn(move |request| answer(router.clone(), peer, request));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_timeout)
        .max_buf_size(limits.header_octets_max)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = pin!(connection);
    tokio::select! {
        _ = connection.as_mut() => return,
        () = stop.cancelled() => {}
        () = tokio::time::sleep(limits.connection_age_max) => {}
    }
    connection.as_mut().graceful_shutdown();
    let _ = timeout(limits.drain_timeout, connection).await;
}

async fn answer(
    router: Router,
    peer: PeerUid,
    mut request: Request<Incoming>,
) -> Result<http::Response<Body>, Infallible> {
    request.extensions_mut().insert(peer);
    router.oneshot(heard_out(request)).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_socket_is_its_users_own_and_goes_with_the_listener() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("admin.sock");
        let socket = AdminSocket::bind(&path).await.expect("a socket");
        let mode = std::fs::metadata(&path)
            .expect("a file")
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
        let second = AdminSocket::bind(&path).await;
        assert!(matches!(second, Err(SocketError::Taken(_))), "{second:?}");
        drop(socket);
        assert!(!path.exists());
    }

    #[tokio::test]
    async fn what_a_process_left_behind_is_replaced_and_nothing_else() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("admin.sock");
        // A listener that is dropped leaves its file.
        drop(std::os::unix::net::UnixListener::bind(&path).expect("a socket"));
        assert!(path.exists());
        assert!(AdminSocket::bind(&path).await.is_ok());
        std::fs::write(&path, "notes").expect("a file");
        let refused = AdminSocket::bind(&path).await;
        assert!(
            matches!(refused, Err(SocketError::NoSocket(_))),
            "{refused:?}"
        );
        assert_eq!(std::fs::read_to_string(&path).expect("a file"), "notes");
    }
}
