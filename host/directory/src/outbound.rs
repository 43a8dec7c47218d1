//! Where the connections of a realm may lead.

use crate::{endpoint::Endpoint, fault::fault};
use bridge_model::{
    names::RealmName,
    outbound::{OutboundRules, OutboundTarget, Outlook},
    ports::{DirectoryError, DirectoryFault},
};
use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

/// Where the connections of a realm may lead, by the operator's rules.
#[derive(Clone, Debug)]
pub(crate) struct Outbound {
    pub(crate) rules: Arc<OutboundRules>,
    pub(crate) realm: RealmName,
}

impl Outbound {
    /// What can be said of a host before its name is looked up.
    pub(crate) fn outlook(&self, endpoint: &Endpoint) -> Outlook {
        if endpoint.host.parse::<IpAddr>().is_ok() {
            // There is no name.
            return Outlook::Told;
        }
        self.rules
            .outlook(&self.realm, &endpoint.url_host(), endpoint.port)
    }

    /// Those of a host's addresses that may be dialled.
    ///
    /// # Errors
    ///
    /// When there is none.
    pub(crate) fn admit(
        &self,
        endpoint: &Endpoint,
        addresses: Vec<SocketAddr>,
    ) -> Result<Vec<SocketAddr>, DirectoryError> {
        let host = endpoint.url_host();
        let (admitted, refused): (Vec<_>, Vec<_>) = addresses.into_iter().partition(|address| {
            self.rules.allow(&OutboundTarget {
                realm: &self.realm,
                host: &host,
                address: address.ip(),
                port: address.port(),
            })
        });
        if admitted.is_empty() {
            return Err(self.refusal(endpoint, &format!("it resolves to {refused:?}")));
        }
        Ok(admitted)
    }

    /// Tells the operator why an endpoint is refused, and makes the fault that does not tell it.
    pub(crate) fn refusal(&self, endpoint: &Endpoint, why: &str) -> DirectoryError {
        tracing::warn!(
            realm = %self.realm,
            server = endpoint.address,
            why,
            "outbound rules keep a realm from a server"
        );
        let host = &endpoint.host;
        let detail = if self.outlook(endpoint) == Outlook::Hidden {
            format!(
                "either the name {host} is not known, or the operator's outbound rules keep this realm from it"
            )
        } else if self.rules.0.is_empty() {
            format!(
                "{host} is not reached, since this machine, link-local addresses and the like are out of reach unless the operator's outbound rules allow them"
            )
        } else {
            format!(
                "the operator's outbound rules keep this realm from {host} on port {}",
                endpoint.port
            )
        };
        fault(DirectoryFault::OutboundRefused, &endpoint.address, detail)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bridge_model::outbound::OutboundRule;

    fn outbound(networks: &[&str]) -> Outbound {
        let networks = networks.iter().map(|n| n.parse().expect("a network"));
        Outbound {
            rules: Arc::new(OutboundRules(vec![OutboundRule {
                networks: networks.collect(),
                ..OutboundRule::default()
            }])),
            realm: RealmName::new("staff").expect("a name"),
        }
    }

    fn endpoint(host: &str) -> Endpoint {
        Endpoint {
            host: host.to_owned(),
            port: 636,
            address: format!("{host}:636"),
        }
    }

    fn addresses(ips: &[&str]) -> Vec<SocketAddr> {
        let address = |ip: &&str| SocketAddr::new(ip.parse().expect("an address"), 636);
        ips.iter().map(address).collect()
    }

    #[test]
    fn of_a_names_addresses_only_those_allowed_are_left() {
        let admitted = outbound(&["10.0.0.0/8"]).admit(
            &endpoint("dc1.example"),
            addresses(&["127.0.0.1", "10.0.0.1", "169.254.169.254", "10.0.0.2"]),
        );
        assert_eq!(
            admitted.expect("some"),
            addresses(&["10.0.0.1", "10.0.0.2"])
        );
    }

    #[test]
    fn a_refusal_tells_no_address_and_not_whether_the_name_is_known() {
        let outbound = outbound(&["10.0.0.0/8"]);
        let endpoint = endpoint("dc1.example");
        let known = outbound.admit(&endpoint, addresses(&["192.168.7.9"]));
        let known = known.expect_err("refused");
        let unknown = outbound.refusal(&endpoint, "Name or service not known");
        assert_eq!(known.fault, DirectoryFault::OutboundRefused);
        assert_eq!(known.to_string(), unknown.to_string());
        assert!(!known.to_string().contains("192.168"), "{known}");
    }
}
