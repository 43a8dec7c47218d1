//! Policy for 389 Directory Server and Red Hat Directory Server.
//!
//! The server is plain about a failed bind: 53 for an account that is switched off, whatever the
//! password, and 19 for one that is locked after too many failures. What it says of passwords that
//! have run out stands in response controls.

mod changes;
mod passwords;
mod state;
mod writing;

use policy_sdk::{
    Account, Attributes, Defaults, State, Vendor, defaults,
    defaults::Known,
    mapper::Findings,
    password_policy, reads,
    recognition::{self, RootDse},
    types::{Entry, Federation, Problem, Proposal, Rejection, Reply, Search},
};
use state::{
    CREATED, EXPIRATION_TIME, HANDED_OUT_FROM, HANDED_OUT_UNTIL, LAST, LOCK, OWN_POLICY, POLICIES,
    RESET, UNLOCK_TIME,
};

/// The policy.
pub struct Rhds;

impl Vendor for Rhds {
    const DEFAULTS: Defaults = Defaults {
        id: "rhds",
        aliases: &["389ds", "389", "redhat"],
        title: "389 Directory Server, Red Hat Directory Server",
        version: env!("CARGO_PKG_VERSION"),
        // entryUUID is missing on entries that were imported before its plug-in was on.
        uuid_attribute: "nsUniqueId",
        // An entry that lost a replication conflict is nobody's account.
        users_only: Some("(!(nsds5ReplConflict=*))"),
        state_attributes: &[
            LOCK,
            UNLOCK_TIME,
            EXPIRATION_TIME,
            RESET,
            HANDED_OUT_FROM,
            HANDED_OUT_UNTIL,
        ],
        settings: &[Known {
            name: POLICIES.setting,
            about: "The DN of the account policy that holds by default, which has to be readable: with it \
                    accounts that nobody used for long are known also where nobody signs in.",
            preset: None,
            choices: &[],
        }],
        bind_controls: &[password_policy::REQUEST],
        groups_note: Some(
            "groups are read from memberOf, which the server keeps only while its MemberOf plug-in is on, and \
             without it people have none; switch it on, or write a mapper groups with strategy = search",
        ),
        ..defaults::RFC
    };

    fn shared(federation: &Federation, findings: &mut Findings) -> Vec<Search> {
        POLICIES.reads(federation, findings)
    }

    fn attributes(federation: &Federation) -> &'static [&'static str] {
        let has_policy = reads::setting(federation, POLICIES.setting).is_some();
        if has_policy { BY_POLICY } else { &[] }
    }

    fn rejection(account: Account<'_>, reply: &Reply) -> Rejection {
        state::rejection(account, reply)
    }

    fn state(account: Account<'_>, state: &mut State) -> Result<(), Problem> {
        state::judge(account, state)
    }

    fn recognise(root: &Entry, samples: &[Entry]) -> Option<Proposal> {
        let dse = RootDse::of(root);
        let product = dse.product();
        let has_id = |entry: &Entry| {
            let id = Attributes::of(entry).text(Self::DEFAULTS.uuid_attribute);
            id.is_some()
        };
        let (certainty, by) = if PRODUCTS.iter().any(|name| product.contains(name)) {
            (95, "vendorName and vendorVersion")
        } else if product.is_empty() && (dse.shows(SUFFIX) || samples.iter().any(has_id)) {
            // Relatives of the server that have nsUniqueId too say what they are.
            (60, "nsUniqueId on a server that names no product")
        } else {
            return None;
        };
        recognition::propose(&Self::DEFAULTS, root, samples, certainty, by)
    }
}

policy_sdk::export_policy!(Rhds);

/// What the server calls itself, in lower case.
const PRODUCTS: &[&str] = &["389 project", "389-directory", "red hat", "redhat"];
/// In the root DSE of this server and of its relatives.
const SUFFIX: &str = "netscapemdsuffix";

/// What is read where the operator names the account policy.
const BY_POLICY: &[&str] = &[LAST, CREATED, OWN_POLICY];

#[cfg(test)]
mod tests;
