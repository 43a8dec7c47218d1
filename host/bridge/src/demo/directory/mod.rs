//! Directories in memory, spoken to over LDAP on loopback: a demonstration and no more.
//!
//! They know the simple bind and the search (RFC 4511) and refuse everything else. A search needs a
//! bind before it, as any entry; the root DSE is for everybody. There is no TLS, no schema and no
//! access control.

mod connection;
mod wire;

use bridge_kit::tree::Tree;
use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};
use tokio::{net::TcpListener, task::JoinSet, time::sleep};

/// The most connections to one tree; whoever comes then waits until one ends.
const CONNECTIONS_MAX: usize = 64;
/// The pause after a failed accept: it fails when the process has no file descriptor left, and soon
/// again.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Running servers, one for each tree. They end when this is dropped.
#[derive(Debug)]
pub(crate) struct DemoDirectory {
    addresses: Vec<(String, SocketAddr)>,
    _listeners: JoinSet<()>,
}

impl DemoDirectory {
    /// Starts a server for each tree, on a free port of 127.0.0.1.
    ///
    /// # Errors
    ///
    /// When no port can be had.
    pub(crate) async fn start(trees: Vec<Tree>) -> io::Result<Self> {
        let mut addresses = Vec::new();
        let mut listeners = JoinSet::new();
        for tree in trees {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
            addresses.push((tree.name().to_owned(), listener.local_addr()?));
            listeners.spawn(accept(listener, Arc::new(tree)));
        }
        Ok(Self {
            addresses,
            _listeners: listeners,
        })
    }

    /// Where the tree of this name is served.
    pub(crate) fn address(&self, tree: &str) -> Option<SocketAddr> {
        let mut addresses = self.addresses.iter();
        addresses
            .find(|(name, _)| name == tree)
            .map(|(_, address)| *address)
    }
}

async fn accept(listener: TcpListener, tree: Arc<Tree>) {
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        if connections.len() >= CONNECTIONS_MAX {
            connections.join_next().await;
        }
        match listener.accept().await {
            // Without TCP_NODELAY every answer of more than one message waits for the client's
            // delayed acknowledgement.
            Ok((stream, _)) if stream.set_nodelay(true).is_ok() => {
                connections.spawn(connection::serve(stream, tree.clone()));
            }
            Ok(_) => {}
            Err(error) => {
                tracing::warn!(tree = tree.name(), %error, "the demo directory cannot accept a connection");
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

#[cfg(test)]
mod tests;
