//! Policy for OpenLDAP's slapd.
//!
//! The server hides why a bind failed (a locked account gets the same 49 as a wrong password), so the
//! true reason is taken from the attributes of the password policy overlay (slapo-ppolicy) and from the
//! overlay's response control, which is asked for with every bind.

use policy_sdk::{
    Attributes, Defaults, State, Vendor, defaults,
    password_policy::{self, Error, Response, Warning},
    recognition::{self, RootDse},
    result_code::{self, because},
    time,
    types::{Entry, Notice, Problem, Proposal, Refusal, Rejection, Reply},
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
        bind_controls: &[password_policy::REQUEST],
        groups_note: Some(
            "groups are read from memberOf, which slapd has only with its memberof or dynlist overlay, and \
             without it people have none; switch one of these on",
        ),
        ..defaults::RFC
    };

    fn rejection(reply: &Reply, entry: Attributes<'_>, now: u64) -> Rejection {
        if reply.result_code != result_code::INVALID_CREDENTIALS {
            return result_code::rejection(reply);
        }
        match Response::of(reply).error {
            // slapd looks at the age of a password only after it found it right.
            Some(Error::Expired) => Rejection {
                password_was_right: true,
                ..because(Refusal::PasswordExpired)
            },
            error => standing(entry, now)
                .or_else(|| matches!(error, Some(Error::Locked)).then(|| because(Refusal::Locked)))
                .unwrap_or_else(|| result_code::rejection(reply)),
        }
    }

    fn state(
        entry: Attributes<'_>,
        reply: Option<&Reply>,
        now: u64,
        state: &mut State,
    ) -> Result<(), Problem> {
        lock(entry, reply, state)?;
        if entry.boolean(RESET)? == Some(true) {
            state.bar(Refusal::MustChangePassword);
        }
        if let Some(start) = entry.time(START)? {
            state.bar_until(Refusal::Disabled, start);
        }
        if let Some(end) = entry.time(END)? {
            state.bar_since(Refusal::AccountExpired, end);
        }
        if let Some(reply) = reply {
            hear(Response::of(reply), now, state);
        }
        Ok(())
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

/// When the account was locked, which by itself says nothing of an end: that is the policy's
/// `pwdLockoutDuration`, another entry.
const LOCKED: &str = "pwdAccountLockedTime";
/// When a lock of the overlay's own ends.
const LOCKOUT_END: &str = "pwdAccountTmpLockoutEnd";
/// Whether the password was set by another and has to be changed.
const RESET: &str = "pwdReset";
/// When the account begins and ends.
const START: &str = "pwdStartTime";
const END: &str = "pwdEndTime";

/// `000001010000Z`: locked by an administrator, for good (draft-behera-ldap-password-policy section
/// 5.3.3). slapd has no other switch for an account, so this is how one is disabled.
const FOR_GOOD: i64 = -62_167_219_200;

/// A lock bars until the directory says otherwise. slapd leaves the attribute behind when a lock has
/// run out and takes it away with the next bind that succeeds, which comes after the entry was
/// read: a bind that succeeded says more than a lock that began once.
fn lock(entry: Attributes<'_>, reply: Option<&Reply>, state: &mut State) -> Result<(), Problem> {
    let Some(since) = entry.time(LOCKED)? else {
        return Ok(());
    };
    match entry.time(LOCKOUT_END)? {
        _ if since <= FOR_GOOD => state.bar(Refusal::Disabled),
        _ if reply.is_some() => {}
        Some(end) => state.bar_until(Refusal::Locked, end),
        None => state.bar(Refusal::Locked),
    }
    Ok(())
}

/// What the control beside a bind that succeeded says.
fn hear(response: Response, now: u64, state: &mut State) {
    match response.error {
        Some(Error::ChangeAfterReset) => state.bar(Refusal::MustChangePassword),
        Some(Error::Expired) => state.bar(Refusal::PasswordExpired),
        Some(Error::Locked) => state.bar(Refusal::Locked),
        _ => {}
    }
    match response.warning {
        Some(Warning::GraceSignIns(left)) => state.notice(Notice::GraceSignIns(left)),
        Some(Warning::SecondsLeft(left)) => {
            let end = now.saturating_add(u64::from(left));
            state.bar_since(
                Refusal::PasswordExpired,
                i64::try_from(end).unwrap_or(i64::MAX),
            );
        }
        None => {}
    }
}

/// What the entry says of an account whose bind failed: slapd gives one answer for all of it. What
/// cannot be read says nothing here, since the bind has failed either way.
fn standing(entry: Attributes<'_>, now: u64) -> Option<Rejection> {
    let time = |attribute| entry.time(attribute).ok().flatten();
    let locked = time(LOCKED);
    let to = |start| Rejection {
        until: Some(start),
        ..because(Refusal::Disabled)
    };
    if locked.is_some_and(|since| since <= FOR_GOOD) {
        return Some(because(Refusal::Disabled));
    }
    if let Some(start) = time(START)
        .map(time::to_contract)
        .filter(|start| *start > now)
    {
        return Some(to(start));
    }
    if time(END)
        .map(time::to_contract)
        .is_some_and(|end| end <= now)
    {
        return Some(because(Refusal::AccountExpired));
    }
    locked?;
    let end = lockout_end(entry);
    end.is_none_or(|end| end > now).then(|| Rejection {
        until: end,
        ..because(Refusal::Locked)
    })
}

fn lockout_end(entry: Attributes<'_>) -> Option<u64> {
    entry
        .time(LOCKOUT_END)
        .ok()
        .flatten()
        .map(time::to_contract)
}

#[cfg(test)]
mod tests;
