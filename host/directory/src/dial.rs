//! From a host's name to a TCP connection.

use crate::{endpoint::Endpoint, fault::fault, outbound::Outbound};
use bridge_model::{
    outbound::Outlook,
    ports::{DirectoryError, DirectoryFault, DirectoryStep},
};
use socket2::{SockRef, TcpKeepalive};
use std::{io, net::SocketAddr, path::Path, time::Duration};
use tokio::{
    net::{TcpStream, UnixStream, lookup_host},
    time::{Instant, timeout_at},
};

/// Connects to the first of the host's addresses that answers. The name is looked up once: the very
/// addresses that were checked are dialled.
pub(crate) async fn dial(
    endpoint: &Endpoint,
    outbound: &Outbound,
    deadline: Instant,
) -> Result<TcpStream, DirectoryError> {
    let addresses = outbound.admit(endpoint, resolve(endpoint, outbound, deadline).await?)?;
    let mut tried = Vec::with_capacity(addresses.len());
    let mut is_late = false;
    for (i, address) in addresses.iter().enumerate() {
        // Every address gets its share of what is left, so that one that swallows packets does not
        // keep the others from being tried.
        let left = deadline.saturating_duration_since(Instant::now());
        let share = left / u32::try_from(addresses.len() - i).unwrap_or(u32::MAX);
        let connecting = async {
            let stream = TcpStream::connect(address).await?;
            tune(&stream)?;
            Ok::<_, io::Error>(stream)
        };
        match timeout_at(Instant::now() + share, connecting).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) => {
                is_late = false;
                tried.push(format!("{address} ({error})"));
            }
            Err(_) => {
                is_late = true;
                tried.push(format!("{address} (no answer within {share:.1?})"));
            }
        }
    }
    let kind = if is_late {
        DirectoryFault::Timeout
    } else {
        DirectoryFault::Connect
    };
    let detail = format!("no connection to {}", tried.join(", "));
    Err(fault(kind, &endpoint.address, detail))
}

/// Connects to a socket of this machine.
pub(crate) async fn dial_socket(
    path: &Path,
    endpoint: &Endpoint,
    deadline: Instant,
) -> Result<UnixStream, DirectoryError> {
    let (kind, why) = match timeout_at(deadline, UnixStream::connect(path)).await {
        Ok(Ok(stream)) => return Ok(stream),
        Ok(Err(error)) => (DirectoryFault::Connect, error.to_string()),
        Err(_) => (DirectoryFault::Timeout, "no answer in time".to_owned()),
    };
    let detail = format!("no connection to the socket ({why})");
    Err(fault(kind, &endpoint.address, detail))
}

/// All addresses of a host, in the resolver's order, which is that of RFC 6724.
async fn resolve(
    endpoint: &Endpoint,
    outbound: &Outbound,
    deadline: Instant,
) -> Result<Vec<SocketAddr>, DirectoryError> {
    let outlook = outbound.outlook(endpoint);
    if outlook == Outlook::Refused {
        return Err(outbound.refusal(endpoint, "no rule leads to this host and port"));
    }
    let failed = |kind, why: String| {
        if outlook == Outlook::Hidden {
            outbound.refusal(endpoint, &why)
        } else {
            fault(kind, &endpoint.address, why).at(DirectoryStep::NameResolution)
        }
    };
    let host = &endpoint.host;
    let lookup = lookup_host((host.as_str(), endpoint.port));
    let addresses: Vec<_> = timeout_at(deadline, lookup)
        .await
        .map_err(|_| {
            failed(
                DirectoryFault::Timeout,
                format!("the name service did not say in time where {host} is"),
            )
        })?
        .map_err(|error| {
            failed(
                DirectoryFault::NameResolution,
                format!("the name {host} is not known ({error})"),
            )
        })?
        .collect();
    if addresses.is_empty() {
        return Err(failed(
            DirectoryFault::NameResolution,
            format!("the name {host} has no address"),
        ));
    }
    Ok(addresses)
}

/// Sets what holds for every connection.
fn tune(stream: &TcpStream) -> io::Result<()> {
    // A request is small and its answer is waited for: Nagle's algorithm (RFC 896) would hold it
    // back until the peer's delayed acknowledgement, some 40 ms.
    stream.set_nodelay(true)?;
    // A peer that has gone without a word is noticed, also while the connection waits in a pool.
    let keepalive = TcpKeepalive::new()
        .with_time(KEEPALIVE_IDLE)
        .with_interval(KEEPALIVE_INTERVAL)
        .with_retries(KEEPALIVE_RETRIES);
    SockRef::from(stream).set_tcp_keepalive(&keepalive)
}

/// Below the minute after which the shortest-lived firewalls forget a connection.
const KEEPALIVE_IDLE: Duration = Duration::from_secs(45);
/// With three tries a dead peer is noticed within a quarter of a minute more.
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(5);
const KEEPALIVE_RETRIES: u32 = 3;

#[cfg(test)]
mod tests {
    use super::*;
    use bridge_model::{
        names::RealmName,
        outbound::{OutboundRule, OutboundRules},
    };
    use std::sync::Arc;
    use tokio::net::TcpListener;

    /// This machine, and every other place as far as names go.
    fn this_machine() -> Outbound {
        let networks = ["127.0.0.0/8", "::1/128"].map(|n| n.parse().expect("a network"));
        let rule = OutboundRule {
            hosts: ["127.0.0.1", "localhost", "*.invalid"]
                .map(str::to_owned)
                .into(),
            networks: networks.into(),
            ..OutboundRule::default()
        };
        Outbound {
            rules: Arc::new(OutboundRules(vec![rule])),
            realm: RealmName::new("staff").expect("a name"),
        }
    }

    fn endpoint(host: &str, port: u16) -> Endpoint {
        Endpoint {
            host: host.to_owned(),
            port,
            address: format!("{host}:{port}"),
        }
    }

    fn soon() -> Instant {
        Instant::now() + Duration::from_secs(5)
    }

    #[tokio::test]
    async fn sends_at_once_and_notices_a_dead_peer() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("bound").port();
        let stream = dial(&endpoint("127.0.0.1", port), &this_machine(), soon())
            .await
            .expect("a connection");
        assert!(stream.nodelay().expect("readable"));
        assert!(SockRef::from(&stream).keepalive().expect("readable"));
    }

    #[tokio::test]
    async fn tries_every_address_of_a_name() {
        // `localhost` has an IPv6 and an IPv4 address on most machines; one of them listens here.
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("bound").port();
        dial(&endpoint("localhost", port), &this_machine(), soon())
            .await
            .expect("a connection");
    }

    #[tokio::test]
    async fn says_which_address_refused() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("bound").port();
        drop(listener);
        let error = dial(&endpoint("127.0.0.1", port), &this_machine(), soon())
            .await
            .expect_err("refused");
        assert_eq!(error.fault, DirectoryFault::Connect);
        assert!(
            error.detail.contains(&format!("127.0.0.1:{port} (")),
            "{error}"
        );
    }

    #[tokio::test]
    async fn says_that_a_name_is_not_known() {
        let error = dial(
            &endpoint("no-such-host.invalid", 389),
            &this_machine(),
            soon(),
        )
        .await
        .expect_err("unknown");
        assert_eq!(error.fault, DirectoryFault::NameResolution, "{error}");
        assert!(error.detail.contains("no-such-host.invalid"), "{error}");
    }
}
