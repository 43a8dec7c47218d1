//! Policy for directories of which nothing is known but that they follow the RFCs.
//!
//! People are entries of `inetOrgPerson` (RFC 2798), found by `uid`, identified by `entryUUID`
//! (RFC 4530) or by the attribute that the operator names. Accounts have no state here: whether one
//! may come in is what the directory answers to its bind, read by RFC 4511 alone.

use policy_sdk::{Defaults, Vendor, defaults};

/// The policy.
pub struct Generic;

impl Vendor for Generic {
    const DEFAULTS: Defaults = Defaults {
        id: "generic",
        aliases: &["other"],
        title: "Other LDAP directory",
        version: env!("CARGO_PKG_VERSION"),
        groups_note: Some(
            "groups are read from memberOf, which not every directory keeps; where it is missing, people \
             have no groups",
        ),
        ..defaults::RFC
    };
}

policy_sdk::export_policy!(Generic);

#[cfg(test)]
mod tests;
