//! Policy for Active Directory and for Samba as its stand-in.
//!
//! A person is found by `sAMAccountName`, which is also what `DOMAIN\name` and the implicit user
//! principal name `name@domain` hold, or by `userPrincipalName`. Not by `mail`: it is not unique and
//! often people's own to edit, so whoever writes another's name there could keep the other out. An
//! operator who wants it names it as `username_ldap_attribute`.
//!
//! The directory answers every failed bind with 49 and says why in a number of its diagnostic
//! message.

mod changes;
mod hours;
mod passwords;
mod state;
mod writing;

use policy_sdk::{
    Account, Attributes, Defaults, State, Vendor,
    defaults::{self, GroupTraits},
    login,
    mapper::Findings,
    recognition::{self, RootDse},
    types::{Entry, Federation, Problem, Proposal, Rejection, Reply, Search},
};
use state::{
    ACCOUNT_EXPIRES, COMPUTED, CONTROL, HOURS, LOCKED_AT, OWN_RULES, PASSWORD_EXPIRES, PASSWORD_SET,
};

/// The policy.
pub struct ActiveDirectory;

impl Vendor for ActiveDirectory {
    const DEFAULTS: Defaults = Defaults {
        id: "active-directory",
        aliases: &["ad", "active_directory", "msad", "samba"],
        title: "Active Directory",
        version: env!("CARGO_PKG_VERSION"),
        username_attribute: "sAMAccountName",
        rdn_attribute: "cn",
        uuid_attribute: "objectGUID",
        user_object_classes: &["person", "organizationalPerson", "user"],
        // A computer's account is a user's too, by its object classes.
        users_only: Some("(!(objectClass=computer))"),
        login: Some("(|(sAMAccountName={local})(userPrincipalName={username}))"),
        changed_attribute: "whenChanged",
        state_attributes: &[
            CONTROL,
            COMPUTED,
            ACCOUNT_EXPIRES,
            PASSWORD_SET,
            PASSWORD_EXPIRES,
            LOCKED_AT,
            HOURS,
        ],
        settings: &[passwords::HINTS, login::DOMAINS],
        groups: GroupTraits {
            member: "member",
            also_member: None,
            dn_attribute: "distinguishedName",
            has_sids: true,
        },
        groups_note: Some(
            "groups are read from memberOf, which has neither the primary group (mostly Domain Users) nor \
             the groups that a group is in; where that matters write a mapper groups with strategy = \
             token-groups, and set advanced.groups.dn",
        ),
        ..defaults::RFC
    };

    fn shared(federation: &Federation, _findings: &mut Findings) -> Vec<Search> {
        state::shared(federation)
    }

    fn attributes(federation: &Federation) -> &'static [&'static str] {
        let has_domain = !state::shared(federation).is_empty();
        if has_domain { &[OWN_RULES] } else { &[] }
    }

    fn rejection(account: Account<'_>, reply: &Reply) -> Rejection {
        state::rejection(account, reply)
    }

    fn state(account: Account<'_>, state: &mut State) -> Result<(), Problem> {
        state::judge(account, state)
    }

    fn recognise(root: &Entry, samples: &[Entry]) -> Option<Proposal> {
        let dse = RootDse::of(root);
        let (certainty, by) = if dse.has(CAPABILITIES, DOMAIN_CONTROLLER) {
            (95, "the capability 1.2.840.113556.1.4.800 of its root DSE")
        } else if LEVELS.iter().all(|level| dse.shows(level)) && !dse.shows(CAPABILITIES) {
            (70, "the functional levels in its root DSE")
        } else {
            return None;
        };
        // What the domain came with says nothing of where its people are.
        let people: Vec<_> = samples
            .iter()
            .filter(|entry| !is_built_in(entry))
            .cloned()
            .collect();
        recognition::propose(&Self::DEFAULTS, root, &people, certainty, by)
    }
}

policy_sdk::export_policy!(ActiveDirectory);

/// What the server can do, in its root DSE. The lightweight server of the same family, which has no
/// `sAMAccountName`, lacks the capability of a domain controller.
const CAPABILITIES: &str = "supportedCapabilities";
const DOMAIN_CONTROLLER: &str = "1.2.840.113556.1.4.800";
const LEVELS: &[&str] = &["domainFunctionality", "forestFunctionality"];

/// Administrator, Guest and the like, and the accounts of computers.
fn is_built_in(entry: &Entry) -> bool {
    let attributes = Attributes::of(entry);
    let mut classes = attributes.values("objectClass").texts();
    attributes.boolean("isCriticalSystemObject") == Ok(Some(true))
        || classes.any(|class| class.eq_ignore_ascii_case("computer"))
}

#[cfg(test)]
mod tests;
