//! Where the bridge may connect to, on a realm's behalf or its own.
//!
//! Addresses of directories are a realm administrator's to write, and the bridge stands inside a
//! network that they do not. So the operator says what may be reached, and the address that a name
//! resolved to is what is checked and what is dialled: a name cannot be one thing to the check and
//! another to the connection.

use crate::names::RealmName;
use ipnet::IpNet;
use std::net::{IpAddr, Ipv6Addr};

/// What the operator allows. Without any rule everything may be reached that is not special
/// ([`is_special`]); with rules, only what one of them allows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OutboundRules(pub Vec<OutboundRule>);

/// Something that may be reached: what is said has to fit, what is not said fits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OutboundRule {
    /// For these realms; empty: for all.
    pub realms: Vec<RealmName>,
    /// Hosts by name or address as a URL has them, in lower case; `*.example.com` is every name below
    /// `example.com`. Empty: all.
    pub hosts: Vec<String>,
    /// Addresses. Only a rule that names networks allows special ones. Empty: all others.
    pub networks: Vec<IpNet>,
    /// Ports; empty: all.
    pub ports: Vec<u16>,
}

/// What is to be reached.
#[derive(Clone, Copy, Debug)]
pub struct OutboundTarget<'a> {
    /// On whose behalf.
    pub realm: &'a RealmName,
    /// The host as it was written.
    pub host: &'a str,
    /// What it resolved to.
    pub address: IpAddr,
    /// The port.
    pub port: u16,
}

/// What the bridge itself is to reach.
#[derive(Clone, Copy, Debug)]
pub struct BridgeTarget<'a> {
    /// The host as it was written.
    pub host: &'a str,
    /// What it resolved to.
    pub address: IpAddr,
    /// The port.
    pub port: u16,
}

impl OutboundRules {
    /// Whether a realm may connect to this address.
    pub fn allow(&self, target: &OutboundTarget<'_>) -> bool {
        let address = embedded(target.address);
        if self.0.is_empty() {
            return !is_special(address);
        }
        self.0.iter().any(|rule| {
            rule.fits_address(address) && rule.covers(target.realm, target.host, target.port)
        })
    }

    /// Whether the bridge may connect to this address on no realm's behalf: what a rule allows that
    /// names no realms.
    pub fn allow_bridge(&self, target: &BridgeTarget<'_>) -> bool {
        let address = embedded(target.address);
        if self.0.is_empty() {
            return !is_special(address);
        }
        self.0.iter().any(|rule| {
            rule.realms.is_empty()
                && rule.fits_address(address)
                && rule.leads_to(target.host, target.port)
        })
    }

    /// Whether the bridge might reach a host on no realm's behalf, wherever its name leads: otherwise it
    /// need not be looked up.
    pub fn lead_bridge_to(&self, host: &str, port: u16) -> bool {
        let mut rules = self.0.iter();
        self.0.is_empty() || rules.any(|rule| rule.realms.is_empty() && rule.leads_to(host, port))
    }

    /// What can be said of a host before it is known where its name leads.
    pub fn outlook(&self, realm: &RealmName, host: &str, port: u16) -> Outlook {
        if self.0.is_empty() {
            return Outlook::Told;
        }
        let fitting = self.0.iter().filter(|rule| rule.covers(realm, host, port));
        fitting.fold(Outlook::Refused, |outlook, rule| {
            match (outlook, rule.hosts.is_empty()) {
                (Outlook::Told, _) | (_, false) => Outlook::Told,
                (_, true) => Outlook::Hidden,
            }
        })
    }
}

/// What can be said of a host before it is known where its name leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outlook {
    /// No rule leads there, wherever that is: its name need not be looked up.
    Refused,
    /// It depends on the address, and no rule names the host: whether its name is known is not told
    /// apart from whether its address is allowed, or realms could find out what names there are in a
    /// network that they may not enter.
    Hidden,
    /// It depends on the address, and whether the name is known is nothing to hide: a rule names the
    /// host, or there are no rules.
    Told,
}

impl OutboundRule {
    fn fits_address(&self, address: IpAddr) -> bool {
        if self.networks.is_empty() {
            !is_special(address)
        } else {
            self.networks
                .iter()
                .any(|network| network.contains(&address))
        }
    }

    /// Whether all fits but for the address, which is not looked at.
    fn covers(&self, realm: &RealmName, host: &str, port: u16) -> bool {
        (self.realms.is_empty() || self.realms.contains(realm)) && self.leads_to(host, port)
    }

    fn leads_to(&self, host: &str, port: u16) -> bool {
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        (self.ports.is_empty() || self.ports.contains(&port))
            && (self.hosts.is_empty() || self.hosts.iter().any(|pattern| fits(pattern, &host)))
    }
}

fn fits(pattern: &str, host: &str) -> bool {
    match pattern.strip_prefix("*.") {
        Some(domain) => host
            .strip_suffix(domain)
            .is_some_and(|below| below.len() > 1 && below.ends_with('.')),
        None => pattern == host,
    }
}

/// Whether an address is no ordinary host's: this machine, this link, a group of hosts, or a cloud's
/// metadata service. Private networks (RFC 1918, RFC 4193) are ordinary: directories live there.
pub fn is_special(address: IpAddr) -> bool {
    match embedded(address) {
        IpAddr::V4(v4) => {
            let [first, second, third, fourth] = v4.octets();
            first == 0
                || v4.is_loopback()
                // 169.254.169.254 is the metadata address of most clouds.
                || v4.is_link_local()
                || v4.is_multicast()
                // RFC 1112 section 4, with the limited broadcast address.
                || first >= 240
                // Metadata of Alibaba Cloud, in the shared space of RFC 6598.
                || [first, second, third, fourth] == [100, 100, 100, 200]
                // Metadata of Oracle Cloud at its classic place (RFC 6890 section 2.2.2: IETF protocols).
                || [first, second, third] == [192, 0, 0]
        }
        IpAddr::V6(v6) => {
            v6.is_unspecified()
                || v6.is_loopback()
                || v6.is_multicast()
                || v6.is_unicast_link_local()
                // RFC 3879: site-local, gone but still routed in places.
                || v6.segments()[0] & 0xffc0 == 0xfec0
                // Metadata of Amazon's cloud.
                || v6 == Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254)
        }
    }
}

/// The IPv4 address that an IPv6 address stands for, if it does: mapped (RFC 4291 section 2.5.5),
/// translated (RFC 6052 section 2.1), 6to4 (RFC 3056 section 2).
fn embedded(address: IpAddr) -> IpAddr {
    let IpAddr::V6(v6) = address else {
        return address;
    };
    let octets = v6.octets();
    let v4 = |from: usize| {
        let [_, octets @ ..] = octets.get(from..)?.first_chunk::<5>()?;
        Some(IpAddr::from(*octets))
    };
    let stands_for = match v6.segments() {
        [0, 0, 0, 0, 0, 0xffff, ..] | [0x64, 0xff9b, 0, 0, 0, 0, ..] => v4(11),
        // The compatible form, but that `::` and `::1` are addresses of their own.
        [0, 0, 0, 0, 0, 0, high, _] if high != 0 => v4(11),
        [0x2002, ..] => v4(1),
        _ => None,
    };
    stands_for.unwrap_or(address)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(rules: &OutboundRules, realm: &str, host: &str, address: &str, port: u16) -> bool {
        rules.allow(&OutboundTarget {
            realm: &RealmName::new(realm).expect("a name"),
            host,
            address: address.parse().expect("an address"),
            port,
        })
    }

    #[test]
    fn special_addresses_are_known_in_every_spelling() {
        for special in [
            "0.0.0.0",
            "127.0.0.1",
            "127.9.9.9",
            "169.254.169.254",
            "169.254.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "240.0.0.1",
            "100.100.100.200",
            "192.0.0.192",
            "::",
            "::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "fd00:ec2::254",
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
            "::127.0.0.1",
        ] {
            assert!(is_special(special.parse().expect(special)), "{special}");
        }
        for ordinary in [
            "10.0.0.1",
            "192.168.1.1",
            "172.16.0.1",
            "8.8.8.8",
            "fd12::1",
            "2001:db8::1",
        ] {
            assert!(!is_special(ordinary.parse().expect(ordinary)), "{ordinary}");
        }
    }

    #[test]
    fn without_rules_only_special_addresses_are_out_of_reach() {
        let none = OutboundRules::default();
        assert!(allowed(&none, "a", "ldap.example", "10.0.0.1", 636));
        assert!(!allowed(&none, "a", "ldap.example", "127.0.0.1", 636));
    }

    #[test]
    fn a_rule_allows_what_fits_all_of_it() {
        let rules = OutboundRules(vec![OutboundRule {
            realms: vec![RealmName::new("a").expect("a name")],
            hosts: vec!["*.corp.example".to_owned(), "dc.example".to_owned()],
            networks: Vec::new(),
            ports: vec![636],
        }]);
        assert!(allowed(&rules, "a", "DC1.corp.example.", "10.0.0.1", 636));
        assert!(allowed(&rules, "a", "dc.example", "10.0.0.1", 636));
        for (realm, host, address, port) in [
            ("b", "dc1.corp.example", "10.0.0.1", 636),
            ("a", "corp.example", "10.0.0.1", 636),
            ("a", ".corp.example", "10.0.0.1", 636),
            ("a", "evilcorp.example", "10.0.0.1", 636),
            ("a", "dc1.corp.example", "10.0.0.1", 22),
            // A name that resolves to where no rule leads.
            ("a", "dc1.corp.example", "127.0.0.1", 636),
            ("a", "dc1.corp.example", "::ffff:169.254.169.254", 636),
        ] {
            assert!(
                !allowed(&rules, realm, host, address, port),
                "{realm} {host} {address} {port}"
            );
        }
    }

    #[test]
    fn a_name_need_not_be_known_to_be_refused() {
        let realm = RealmName::new("a").expect("a name");
        let network = OutboundRule {
            networks: vec!["10.0.0.0/8".parse().expect("a network")],
            ports: vec![389, 636],
            ..OutboundRule::default()
        };
        let named = OutboundRule {
            hosts: vec!["*.corp.example".to_owned()],
            ports: vec![636],
            ..OutboundRule::default()
        };
        for rules in [
            vec![network.clone(), named.clone()],
            vec![named.clone(), network],
        ] {
            let rules = OutboundRules(rules);
            for (host, port, expected) in [
                ("dc1.corp.example", 636, Outlook::Told),
                ("dc1.corp.example", 389, Outlook::Hidden),
                ("else.example", 636, Outlook::Hidden),
                ("else.example", 22, Outlook::Refused),
            ] {
                assert_eq!(rules.outlook(&realm, host, port), expected, "{host} {port}");
            }
        }
        assert_eq!(
            OutboundRules(vec![named]).outlook(&realm, "else.example", 636),
            Outlook::Refused
        );
        let none = OutboundRules::default();
        assert_eq!(none.outlook(&realm, "else.example", 636), Outlook::Told);
    }

    #[test]
    fn the_bridge_itself_may_what_rules_for_all_realms_say() {
        let registry = OutboundRule {
            hosts: vec!["*.example".to_owned()],
            ports: vec![443],
            ..OutboundRule::default()
        };
        let rules = OutboundRules(vec![
            OutboundRule {
                realms: vec![RealmName::new("a").expect("a name")],
                ..OutboundRule::default()
            },
            registry,
        ]);
        for (host, address, port, may, leads) in [
            ("Registry.example.", "10.0.0.1", 443, true, true),
            ("registry.example", "127.0.0.1", 443, false, true),
            ("registry.example", "::ffff:127.0.0.1", 443, false, true),
            ("registry.example", "10.0.0.1", 5000, false, false),
            ("registry.test", "10.0.0.1", 443, false, false),
        ] {
            let address = address.parse().expect("an address");
            let target = BridgeTarget {
                host,
                address,
                port,
            };
            assert_eq!(rules.allow_bridge(&target), may, "{target:?}");
            assert_eq!(rules.lead_bridge_to(host, port), leads, "{target:?}");
            let none = OutboundRules::default();
            assert_eq!(none.allow_bridge(&target), !is_special(address));
            assert!(none.lead_bridge_to(host, port));
        }
    }

    #[test]
    fn only_a_network_allows_a_special_address() {
        let rules = OutboundRules(vec![OutboundRule {
            networks: vec!["127.0.0.0/8".parse().expect("a network")],
            ..OutboundRule::default()
        }]);
        assert!(allowed(&rules, "a", "localhost", "127.0.0.1", 389));
        assert!(allowed(&rules, "a", "localhost", "::ffff:127.0.0.1", 389));
        assert!(!allowed(&rules, "a", "localhost", "::1", 389));
        assert!(!allowed(&rules, "a", "ldap.example", "10.0.0.1", 389));
    }
}
