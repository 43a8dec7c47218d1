//! Policy for 389 Directory Server and Red Hat Directory Server.
//!
//! The server is plain about a failed bind: 53 for an account that is switched off, whatever the
//! password, and 19 for one that is locked after too many failures. What it says of passwords that
//! have run out stands in response controls.

use policy_sdk::{
    Attributes, Defaults, State, Vendor, defaults,
    password_policy::{self, Error, Response, Warning},
    recognition::{self, RootDse},
    result_code::{self, because},
    time,
    types::{Entry, Notice, Problem, Proposal, Refusal, Rejection, Reply},
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
        state_attributes: &[LOCK, UNLOCK_TIME, EXPIRATION_TIME],
        bind_controls: &[password_policy::REQUEST],
        groups_note: Some(
            "groups are read from memberOf, which the server keeps only while its MemberOf plug-in is on, and \
             without it people have none; switch it on",
        ),
        ..defaults::RFC
    };

    fn rejection(reply: &Reply, entry: Attributes<'_>, now: u64) -> Rejection {
        let says_inactive = reply.diagnostic.to_ascii_lowercase().contains("inactiv");
        match reply.result_code {
            result_code::UNWILLING_TO_PERFORM if says_inactive || is_disabled(entry) => {
                because(Refusal::Disabled)
            }
            // The account policy plug-in says so of accounts that nobody used for long.
            result_code::CONSTRAINT_VIOLATION if says_inactive => because(Refusal::Disabled),
            result_code::CONSTRAINT_VIOLATION => Rejection {
                until: unlock_time(entry).filter(|until| *until > now),
                ..because(Refusal::Locked)
            },
            result_code::INVALID_CREDENTIALS => match Response::of(reply).error {
                Some(Error::Locked) => because(Refusal::Locked),
                Some(Error::Expired) => because(Refusal::PasswordExpired),
                None if password_policy::says_expired(reply) => because(Refusal::PasswordExpired),
                _ => result_code::rejection(reply),
            },
            _ => result_code::rejection(reply),
        }
    }

    fn state(
        entry: Attributes<'_>,
        reply: Option<&Reply>,
        now: u64,
        state: &mut State,
    ) -> Result<(), Problem> {
        if entry.boolean(LOCK)? == Some(true) {
            state.bar(Refusal::Disabled);
        }
        // The entry was read before the bind, and a bind that succeeded ends a lock.
        if let (Some(until), None) = (entry.time(UNLOCK_TIME)?, reply) {
            if until <= NEVER {
                state.bar(Refusal::Locked);
            } else {
                state.bar_until(Refusal::Locked, until);
            }
        }
        password(entry, reply, now, state)
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

/// Whether the account is switched off; may come from a role or a class of service.
const LOCK: &str = "nsAccountLock";
/// When a lock after too many failures ends.
const UNLOCK_TIME: &str = "accountUnlockTime";
/// When the password expires.
const EXPIRATION_TIME: &str = "passwordExpirationTime";

/// The server writes the beginning of 1970 for a lock that only an administrator ends, and for a
/// password that has to be changed first.
const NEVER: i64 = 0;

fn password(
    entry: Attributes<'_>,
    reply: Option<&Reply>,
    now: u64,
    state: &mut State,
) -> Result<(), Problem> {
    let response = reply.map(Response::of).unwrap_or_default();
    let grace = match response.warning {
        Some(Warning::GraceSignIns(left)) => Some(left),
        _ => None,
    };
    if let Some(left) = grace {
        state.notice(Notice::GraceSignIns(left));
    }
    let says_change = matches!(response.error, Some(Error::ChangeAfterReset))
        || (grace.is_none() && reply.is_some_and(password_policy::says_expired));
    if says_change {
        state.bar(Refusal::MustChangePassword);
    }
    match entry.time(EXPIRATION_TIME)? {
        Some(NEVER) => state.bar(Refusal::MustChangePassword),
        // Expired, and the server let the person in all the same: that is a grace sign-in.
        Some(end) if reply.is_some() && time::to_contract(end) <= now => {}
        Some(end) => state.bar_since(Refusal::PasswordExpired, end),
        None => {}
    }
    Ok(())
}

/// What cannot be read says nothing here: the bind has failed either way.
fn is_disabled(entry: Attributes<'_>) -> bool {
    entry.boolean(LOCK) == Ok(Some(true))
}

fn unlock_time(entry: Attributes<'_>) -> Option<u64> {
    entry
        .time(UNLOCK_TIME)
        .ok()
        .flatten()
        .map(time::to_contract)
}

#[cfg(test)]
mod tests;
