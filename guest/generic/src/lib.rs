//! Policy for directories of which nothing is known but that they follow the RFCs.
//!
//! People are entries of `inetOrgPerson` (RFC 2798), found by `uid`, identified by `entryUUID`
//! (RFC 4530) or by the attribute that the operator names. Accounts have no state here: whether one
//! may come in is what the directory answers to its bind, read by RFC 4511 alone.

mod changes;
mod passwords;
mod writing;

use policy_sdk::{
    Defaults, Vendor, defaults,
    recognition::{self, RootDse},
    types::{Entry, Proposal, problem},
};

/// The policy.
pub struct Generic;

impl Vendor for Generic {
    const DEFAULTS: Defaults = Defaults {
        id: "generic",
        aliases: &["other"],
        title: "Other LDAP directory",
        version: env!("CARGO_PKG_VERSION"),
        groups_note: Some(
            "groups are read from memberOf, and people have none where the directory does not keep it; check \
             that it does, or write a mapper groups with strategy = search",
        ),
        ..defaults::RFC
    };

    fn recognise(root: &Entry, samples: &[Entry]) -> Option<Proposal> {
        let by = "its naming contexts alone, which every directory has";
        let mut proposal = recognition::propose(&Self::DEFAULTS, root, samples, CERTAINTY, by)?;
        let dse = RootDse::of(root);
        let product = dse
            .attributes()
            .text("vendorName")
            .unwrap_or("this product");
        proposal.notes.push(problem(
            "vendor",
            format!(
                "nothing is known of how {product} marks accounts that are disabled, locked or expired: a \
                 bind has to fail for them; try it before people depend on it"
            ),
        ));
        Some(proposal)
    }
}

/// Any policy that knows the product knows better.
const CERTAINTY: u8 = 10;

policy_sdk::export_policy!(Generic);

#[cfg(test)]
mod tests;
