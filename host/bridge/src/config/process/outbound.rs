//! Where the bridge may connect to.

use super::network;
use crate::documents::section::Section;
use bridge_model::{
    names::RealmName,
    outbound::{OutboundRule, OutboundRules},
};

pub(super) fn read(section: &Section<'_>) -> OutboundRules {
    let rules = section.sections("outbound").into_iter();
    OutboundRules(rules.map(rule).collect())
}

fn rule(section: Section<'_>) -> OutboundRule {
    let ports = section.numbers("ports", &(1..=65_535));
    let rule = OutboundRule {
        realms: section.each("realms", RealmName::new),
        hosts: section.each("hosts", |text| host(&text)),
        networks: section.each("networks", |text| network(&text)),
        ports: ports
            .into_iter()
            .filter_map(|port| u16::try_from(port).ok())
            .collect(),
    };
    for key in ["realms", "hosts", "networks", "ports"] {
        // A list that became empty would allow everything.
        if section.is_empty_list(key) {
            section.fault(
                key,
                "names nothing; leave it out to allow all, or name some",
            );
        }
    }
    section.finish();
    rule
}

fn host(text: &str) -> Result<String, String> {
    let host = text.trim_end_matches('.').to_lowercase();
    let name = host.strip_prefix("*.").unwrap_or(&host);
    let fits = |c: char| c.is_alphanumeric() || matches!(c, '-' | '.' | ':' | '_' | '[' | ']');
    if name.is_empty() || !name.chars().all(fits) {
        return Err(format!(
            "{text:?} is no host; write a name or an address, or \"*.example.com\" for all below a domain"
        ));
    }
    Ok(host)
}
