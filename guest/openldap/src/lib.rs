//! Policy for OpenLDAP's slapd.
//!
//! The server hides why a bind failed (a locked account gets the same 49 as a wrong password), so the
//! true reason is taken from the attributes of the password policy overlay (slapo-ppolicy) and from the
//! overlay's response control, which is asked for with every bind.

mod changes;
mod passwords;
mod state;
mod writing;

use policy_sdk::{
    Account, Defaults, State, Vendor, defaults,
    defaults::Known,
    mapper::Findings,
    password_policy, reads,
    recognition::{self, RootDse},
    types::{Entry, Federation, Problem, Proposal, Rejection, Reply, Search},
};
use state::{
    CHANGED, END, GRACE_USED, LAST, LOCKED, LOCKOUT_END, OWN_POLICY, POLICIES, RESET, START,
};

/// The policy.
pub struct OpenLdap;

impl Vendor for OpenLdap {
    const DEFAULTS: Defaults = Defaults {
        id: "openldap",
        aliases: &["open-ldap"],
        title: "OpenLDAP",
        version: env!("CARGO_PKG_VERSION"),
        state_attributes: &[LOCKED, LOCKOUT_END, RESET, START, END],
        settings: &[Known {
            name: POLICIES.setting,
            about: "The DN of the password policy that holds by default, which has to be readable: with it the \
                    end of a lock and of a password is known also where nobody signs in.",
            preset: None,
            choices: &[],
        }],
        bind_controls: &[password_policy::REQUEST],
        groups_note: Some(
            "groups are read from memberOf, which slapd has only with its memberof or dynlist overlay, and \
             without it people have none; switch one of these on, or write a mapper groups with strategy = search",
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
        let (certainty, by) = if ["objectClass", "structuralObjectClass"]
            .iter()
            .any(|attribute| dse.has(attribute, ROOT_CLASS))
        {
            (95, "the object class of its root DSE, OpenLDAProotDSE")
        } else if dse.product().is_empty() && dse.shows("configContext") {
            // An access rule may hide the object classes; a product that names itself is another.
            (60, "configContext in a root DSE that names no product")
        } else {
            return None;
        };
        recognition::propose(&Self::DEFAULTS, root, samples, certainty, by)
    }
}

policy_sdk::export_policy!(OpenLdap);

/// The object class of slapd's root DSE.
const ROOT_CLASS: &str = "OpenLDAProotDSE";

/// What is read where the operator names the policy.
const BY_POLICY: &[&str] = &[CHANGED, GRACE_USED, LAST, OWN_POLICY];

#[cfg(test)]
mod tests;
