//! From an address of a registry to what answers there, with a bound on where that leads and on how much
//! it is.

use super::{CONNECT_TIMEOUT, READ_TIMEOUT, USER_AGENT};
use bridge_model::outbound::{BridgeTarget, OutboundRules};
use reqwest::{
    Client, Response, StatusCode,
    header::{ACCEPT, AUTHORIZATION, HeaderMap, HeaderValue, LOCATION},
    redirect::Policy,
};
use std::net::SocketAddr;
use tokio::{net::lookup_host, time::timeout};
use url::{Host, Url};

/// The most redirects of one request: registries send to where the octets lie, once.
const REDIRECTS_MAX: usize = 5;
/// What is read of an answer that is no success: enough for its reason.
const REASON_OCTETS_MAX: usize = 64 << 10;

/// Where it may lead.
#[derive(Clone, Copy)]
pub(super) enum Way<'a> {
    /// Wherever whoever asks may go themselves, through their proxy where they have one.
    Free,
    /// Only where the operator's rules let the bridge. The address that a name leads to is looked up once:
    /// what was checked is what is connected to, for each redirect anew, and no proxy is in between.
    By(&'a OutboundRules),
}

/// What is asked for.
pub(super) struct Question<'a> {
    pub(super) url: &'a Url,
    pub(super) accept: &'a str,
    /// Goes to this host alone, not to where it redirects (OCI distribution specification, "Redirects").
    pub(super) authorization: Option<&'a HeaderValue>,
    /// The most octets of a success.
    pub(super) octets_max: usize,
}

/// What came.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

/// Why nothing came.
#[derive(Debug)]
pub(super) enum WayError {
    /// It may not be connected to.
    OutOfReach(String),
    /// There is no answer in time.
    Silent,
    /// There is no way, or no sense in what came.
    Broken(String),
    /// It is more than was asked for.
    TooLong,
}

impl Way<'_> {
    /// Asks, and follows redirects.
    pub(super) async fn get(self, question: &Question<'_>) -> Result<Answer, WayError> {
        let mut url = question.url.clone();
        for _ in 0..=REDIRECTS_MAX {
            let client = self.client(&url).await?;
            let mut request = client.get(url.clone()).header(ACCEPT, question.accept);
            if let Some(authorization) = question.authorization
                && url.origin() == question.url.origin()
            {
                request = request.header(AUTHORIZATION, authorization.clone());
            }
            let response = request.send().await.map_err(|error| failed(&error))?;
            match redirected(&url, &response)? {
                Some(next) => url = next,
                None => return read(response, question.octets_max).await,
            }
        }
        Err(WayError::Broken(
            "it sends from one address to the next".to_owned(),
        ))
    }

    /// What connects to the host of this address, and to no other.
    async fn client(self, url: &Url) -> Result<Client, WayError> {
        let unusable = || WayError::Broken(format!("it sends to {url}, which is no address"));
        let (Some(host), Some(port)) = (url.host(), url.port_or_known_default()) else {
            return Err(unusable());
        };
        if url.scheme() != "https" && !(url.scheme() == "http" && is_this_machine(&host)) {
            let says = format!("it sends to {url}; only https is gone to");
            return Err(WayError::Broken(says));
        }
        let builder = Client::builder()
            .redirect(Policy::none())
            .connect_timeout(CONNECT_TIMEOUT)
            .read_timeout(READ_TIMEOUT)
            .user_agent(USER_AGENT);
        let builder = match self {
            Self::Free => builder,
            Self::By(rules) => {
                let addresses = allowed(rules, &host, port).await?;
                builder
                    .no_proxy()
                    .resolve_to_addrs(&host.to_string(), &addresses)
            }
        };
        builder.build().map_err(|error| failed(&error))
    }
}

/// Whether this is the machine itself, by an address or the name that RFC 6761 keeps for it.
fn is_this_machine(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => *name == "localhost",
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    }
}

/// Those of a host's addresses that the rules allow.
async fn allowed(
    rules: &OutboundRules,
    host: &Host<&str>,
    port: u16,
) -> Result<Vec<SocketAddr>, WayError> {
    let name = host.to_string();
    if !rules.lead_bridge_to(&name, port) {
        return Err(out_of_reach(rules, &name, port));
    }
    let addresses: Vec<_> = match host {
        Host::Ipv4(address) => vec![SocketAddr::from((*address, port))],
        Host::Ipv6(address) => vec![SocketAddr::from((*address, port))],
        Host::Domain(_) => timeout(CONNECT_TIMEOUT, lookup_host((name.as_str(), port)))
            .await
            .map_err(|_| WayError::Silent)?
            .map_err(|error| WayError::Broken(format!("the name {name} is not known ({error})")))?
            .collect(),
    };
    let may = |address: &SocketAddr| {
        rules.allow_bridge(&BridgeTarget {
            host: &name,
            address: address.ip(),
            port,
        })
    };
    let allowed: Vec<_> = addresses.into_iter().filter(may).collect();
    if allowed.is_empty() {
        return Err(out_of_reach(rules, &name, port));
    }
    Ok(allowed)
}

fn out_of_reach(rules: &OutboundRules, host: &str, port: u16) -> WayError {
    WayError::OutOfReach(if rules.0.is_empty() {
        format!(
            "{host} is not reached, since this machine, link-local addresses and the like are out of reach unless the operator's outbound rules allow them"
        )
    } else {
        format!(
            "the operator's outbound rules keep the bridge from {host} on port {port}; a rule of [[outbound]] that names no realms has to allow it"
        )
    })
}

/// Where an answer sends to, if it does.
fn redirected(url: &Url, response: &Response) -> Result<Option<Url>, WayError> {
    if !matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
        return Ok(None);
    }
    let location = response.headers().get(LOCATION);
    let location = location.and_then(|location| location.to_str().ok());
    let next = location.and_then(|location| url.join(location).ok());
    let nowhere = || WayError::Broken("it sends elsewhere and does not say where".to_owned());
    next.map(Some).ok_or_else(nowhere)
}

/// Reads a success whole, of anything else the beginning.
async fn read(mut response: Response, octets_max: usize) -> Result<Answer, WayError> {
    let is_success = response.status().is_success();
    let most = if is_success {
        octets_max
    } else {
        REASON_OCTETS_MAX
    };
    let announced = response.content_length().unwrap_or(0);
    if is_success && announced > u64::try_from(most).unwrap_or(u64::MAX) {
        return Err(WayError::TooLong);
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| failed(&error))? {
        let left = most.saturating_sub(body.len());
        if chunk.len() > left && is_success {
            return Err(WayError::TooLong);
        }
        body.extend(chunk.iter().take(left));
        if chunk.len() > left {
            break;
        }
    }
    Ok(Answer {
        status: response.status(),
        headers: response.headers().clone(),
        body,
    })
}

fn failed(error: &reqwest::Error) -> WayError {
    if error.is_timeout() {
        return WayError::Silent;
    }
    // The innermost cause says most.
    let mut innermost: &dyn std::error::Error = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    WayError::Broken(innermost.to_string())
}
