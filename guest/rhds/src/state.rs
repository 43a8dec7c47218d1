//! What the server says of an account, and when that ends.

use policy_sdk::{
    Account, Attributes, State,
    password_policy::{self, Error, Response, Warning},
    result_code::{self, because},
    rules::Rules,
    time,
    types::{Notice, Problem, Refusal, Rejection, Reply},
};

/// Whether the account is switched off; may come from a role or a class of service.
pub(crate) const LOCK: &str = "nsAccountLock";
/// When a lock after too many failures ends.
pub(crate) const UNLOCK_TIME: &str = "accountUnlockTime";
/// When the password expires.
pub(crate) const EXPIRATION_TIME: &str = "passwordExpirationTime";
/// Whether the password was set by another and has to be changed.
pub(crate) const RESET: &str = "pwdReset";
/// Between when a password that an administrator handed out may be used.
pub(crate) const HANDED_OUT_FROM: &str = "pwdTPRValidFrom";
pub(crate) const HANDED_OUT_UNTIL: &str = "pwdTPRExpireAt";
/// When the person last signed in.
pub(crate) const LAST: &str = "lastLoginTime";
/// When the account was made, which counts until somebody signs in.
pub(crate) const CREATED: &str = "createTimestamp";
/// The DN of the person's own account policy.
pub(crate) const OWN_POLICY: &str = "acctPolicySubentry";

/// Of an account policy: seconds after which an account that nobody uses may no longer be used.
const INACTIVITY: &str = "accountInactivityLimit";

/// The account policies, where the operator names the one that holds by default.
pub(crate) const POLICIES: Rules = Rules {
    setting: "account_policy",
    beside: "account_policies",
    filter: "(objectClass=accountPolicy)",
    attributes: &[INACTIVITY],
};

/// The server writes the beginning of 1970 for a lock that only an administrator ends, and for a
/// password that has to be changed first.
const NEVER: i64 = 0;

/// Judges an account.
pub(crate) fn judge(account: Account<'_>, state: &mut State) -> Result<(), Problem> {
    let entry = account.entry;
    if entry.boolean(LOCK)? == Some(true) {
        state.bar(Refusal::Disabled);
    }
    // The entry was read before the bind, and a bind that succeeded ends a lock.
    if let (Some(until), None) = (entry.time(UNLOCK_TIME)?, account.reply) {
        if until <= NEVER {
            state.bar(Refusal::Locked);
        } else {
            state.bar_until(Refusal::Locked, until);
        }
    }
    inactivity(account, state)?;
    password(account, state)
}

/// What follows from the person's account policy. A bind that succeeded was the last use.
fn inactivity(account: Account<'_>, state: &mut State) -> Result<(), Problem> {
    let Some(policy) = POLICIES.of(account, OWN_POLICY) else {
        return Ok(());
    };
    let last = match account.reply {
        Some(_) => i64::try_from(account.now).ok(),
        None => match account.entry.time(LAST)? {
            Some(last) => Some(last),
            None => account.entry.time(CREATED)?,
        },
    };
    if let (Some(last), Some(limit)) = (last, policy.integer(INACTIVITY)?)
        && limit > 0
    {
        state.bar_since(Refusal::Disabled, last.saturating_add(limit));
    }
    Ok(())
}

fn password(account: Account<'_>, state: &mut State) -> Result<(), Problem> {
    let (entry, reply) = (account.entry, account.reply);
    let response = reply.map(Response::of).unwrap_or_default();
    let grace = match response.warning {
        Some(Warning::GraceSignIns(left)) => Some(left),
        _ => None,
    };
    if let Some(left) = grace {
        state.notice(Notice::GraceSignIns(left));
    }
    let says_change = matches!(response.error, Some(Error::ChangeAfterReset))
        || (grace.is_none() && reply.is_some_and(password_policy::says_expired))
        || entry.boolean(RESET)? == Some(true);
    if says_change {
        state.bar(Refusal::MustChangePassword);
    }
    if let Some(start) = entry.time(HANDED_OUT_FROM)? {
        state.bar_until(Refusal::PasswordExpired, start);
    }
    if let Some(end) = entry.time(HANDED_OUT_UNTIL)? {
        state.bar_since(Refusal::PasswordExpired, end);
    }
    match entry.time(EXPIRATION_TIME)? {
        Some(NEVER) => state.bar(Refusal::MustChangePassword),
        // Expired, and the server let the person in all the same: that is a grace sign-in.
        Some(end) if reply.is_some() && time::to_contract(end) <= account.now => {}
        Some(end) => state.bar_since(Refusal::PasswordExpired, end),
        // The service account may not see the attribute; the person's own bind says it.
        None => {
            if let Some(left) = seconds_left(response, reply) {
                let end = account.now.saturating_add(u64::from(left));
                state.bar_since(
                    Refusal::PasswordExpired,
                    i64::try_from(end).unwrap_or(i64::MAX),
                );
            }
        }
    }
    Ok(())
}

fn seconds_left(response: Response, reply: Option<&Reply>) -> Option<u32> {
    match response.warning {
        Some(Warning::SecondsLeft(left)) => Some(left),
        _ => reply.and_then(password_policy::seconds_left),
    }
}

/// Why a bind failed.
pub(crate) fn rejection(account: Account<'_>, reply: &Reply) -> Rejection {
    let says_inactive = reply.diagnostic.to_ascii_lowercase().contains("inactiv");
    match reply.result_code {
        result_code::UNWILLING_TO_PERFORM if says_inactive || is_disabled(account.entry) => {
            because(Refusal::Disabled)
        }
        // The account policy plug-in says so of accounts that nobody used for long.
        result_code::CONSTRAINT_VIOLATION if says_inactive => because(Refusal::Disabled),
        result_code::CONSTRAINT_VIOLATION => locked(account),
        result_code::INVALID_CREDENTIALS => {
            let says_expired = password_policy::says_expired(reply);
            match Response::of(reply).error {
                Some(Error::Locked) => locked(account),
                Some(Error::Expired) => expired(),
                None if says_expired => expired(),
                _ => result_code::rejection(reply),
            }
        }
        _ => result_code::rejection(reply),
    }
}

/// The server looks at the age of a password only after it found it right.
fn expired() -> Rejection {
    Rejection {
        password_was_right: true,
        ..because(Refusal::PasswordExpired)
    }
}

/// What cannot be read says nothing here: the bind has failed either way.
fn locked(account: Account<'_>) -> Rejection {
    let end = account.entry.time(UNLOCK_TIME).ok().flatten();
    Rejection {
        until: end
            .map(time::to_contract)
            .filter(|until| *until > account.now),
        ..because(Refusal::Locked)
    }
}

fn is_disabled(entry: Attributes<'_>) -> bool {
    entry.boolean(LOCK) == Ok(Some(true))
}

#[cfg(test)]
mod tests;
