//! What the password policy overlay says of an account, and when that ends.

use crate::passwords::{MIN_AGE, MIN_LENGTH};
use policy_sdk::{
    Account, Attributes, State,
    password_policy::{Error, Response, Warning},
    result_code::{self, because},
    rules::Rules,
    time,
    types::{Notice, Problem, Refusal, Rejection, Reply},
};

/// When the account was locked, which by itself says nothing of an end.
pub(crate) const LOCKED: &str = "pwdAccountLockedTime";
/// When a lock of the overlay's own ends.
pub(crate) const LOCKOUT_END: &str = "pwdAccountTmpLockoutEnd";
/// Whether the password was set by another and has to be changed.
pub(crate) const RESET: &str = "pwdReset";
/// When the account begins and ends.
pub(crate) const START: &str = "pwdStartTime";
pub(crate) const END: &str = "pwdEndTime";
/// When the password was set.
pub(crate) const CHANGED: &str = "pwdChangedTime";
/// When the person signed in with an expired password: one value each time.
pub(crate) const GRACE_USED: &str = "pwdGraceUseTime";
/// When the person last signed in.
pub(crate) const LAST: &str = "pwdLastSuccess";
/// The DN of the person's own policy.
pub(crate) const OWN_POLICY: &str = "pwdPolicySubentry";

/// Of a policy: seconds that a lock lasts, 0 for ever.
const LOCKOUT_DURATION: &str = "pwdLockoutDuration";
/// Of a policy: seconds that a password lasts, 0 for ever.
const MAX_AGE: &str = "pwdMaxAge";
/// Of a policy: sign-ins with an expired password.
const GRACE_LIMIT: &str = "pwdGraceAuthNLimit";
/// Of a policy: seconds after which an account that nobody uses is locked, 0 never.
const MAX_IDLE: &str = "pwdMaxIdle";

/// The policies, where the operator names the one that holds by default.
pub(crate) const POLICIES: Rules = Rules {
    setting: "password_policy",
    beside: "password_policies",
    filter: "(objectClass=pwdPolicy)",
    attributes: &[
        LOCKOUT_DURATION,
        MAX_AGE,
        GRACE_LIMIT,
        MAX_IDLE,
        MIN_LENGTH,
        MIN_AGE,
    ],
};

/// `000001010000Z`: locked by an administrator, for good (draft-behera-ldap-password-policy section
/// 5.3.3). slapd has no other switch for an account, so this is how one is disabled.
pub(crate) const FOR_GOOD: i64 = -62_167_219_200;

/// Judges an account.
pub(crate) fn judge(account: Account<'_>, state: &mut State) -> Result<(), Problem> {
    let entry = account.entry;
    lock(account, state)?;
    if entry.boolean(RESET)? == Some(true) {
        state.bar(Refusal::MustChangePassword);
    }
    if let Some(start) = entry.time(START)? {
        state.bar_until(Refusal::Disabled, start);
    }
    if let Some(end) = entry.time(END)? {
        state.bar_since(Refusal::AccountExpired, end);
    }
    if let Some(policy) = POLICIES.of(account, OWN_POLICY) {
        by_policy(account, policy, state)?;
    }
    if let Some(reply) = account.reply {
        hear(Response::of(reply), account.now, state);
    }
    Ok(())
}

/// A lock bars until the directory says otherwise. slapd leaves the attribute behind when a lock has
/// run out and takes it away with the next bind that succeeds, which comes after the entry was
/// read: a bind that succeeded says more than a lock that began once.
fn lock(account: Account<'_>, state: &mut State) -> Result<(), Problem> {
    let Some(since) = account.entry.time(LOCKED)? else {
        return Ok(());
    };
    account.entry.time(LOCKOUT_END)?;
    if since <= FOR_GOOD {
        state.bar(Refusal::Disabled);
    } else if account.reply.is_none() {
        match lock_end(account, since) {
            Some(end) => state.bar_until(Refusal::Locked, end),
            None => state.bar(Refusal::Locked),
        }
    }
    Ok(())
}

/// When a lock that began then ends: as the entry says, else as long after as the policy says.
fn lock_end(account: Account<'_>, since: i64) -> Option<i64> {
    let own = account.entry.time(LOCKOUT_END).ok().flatten();
    own.or_else(|| {
        let policy = POLICIES.of(account, OWN_POLICY)?;
        let duration = policy.integer(LOCKOUT_DURATION).ok().flatten()?;
        since.checked_add(duration).filter(|_| duration > 0)
    })
}

/// What follows from the person's policy, which nobody has to sign in for.
fn by_policy(
    account: Account<'_>,
    policy: Attributes<'_>,
    state: &mut State,
) -> Result<(), Problem> {
    let entry = account.entry;
    let seconds = |attribute| {
        let seconds = policy.integer(attribute);
        seconds.map(|seconds| seconds.filter(|seconds| *seconds > 0))
    };
    if let (Some(changed), Some(age)) = (entry.time(CHANGED)?, seconds(MAX_AGE)?) {
        let end = changed.saturating_add(age);
        let used = i64::try_from(entry.values(GRACE_USED).octets().count()).unwrap_or(i64::MAX);
        let has_grace = seconds(GRACE_LIMIT)?.is_some_and(|limit| used < limit);
        let is_over = time::to_contract(end) <= account.now;
        // Expired, and the directory lets the person in all the same: that is a grace sign-in.
        if !is_over || (account.reply.is_none() && !has_grace) {
            state.bar_since(Refusal::PasswordExpired, end);
        }
    }
    if let (Some(last), Some(idle), None) = (entry.time(LAST)?, seconds(MAX_IDLE)?, account.reply) {
        state.bar_since(Refusal::Locked, last.saturating_add(idle));
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

/// Why a bind failed. slapd has one answer for all of it, so the control and the entry say why.
pub(crate) fn rejection(account: Account<'_>, reply: &Reply) -> Rejection {
    if reply.result_code != result_code::INVALID_CREDENTIALS {
        return result_code::rejection(reply);
    }
    match Response::of(reply).error {
        // slapd looks at the age of a password only after it found it right.
        Some(Error::Expired) => Rejection {
            password_was_right: true,
            ..because(Refusal::PasswordExpired)
        },
        error => standing(account)
            .or_else(|| matches!(error, Some(Error::Locked)).then(|| because(Refusal::Locked)))
            .unwrap_or_else(|| result_code::rejection(reply)),
    }
}

/// What the entry says of an account whose bind failed. What cannot be read says nothing here, since
/// the bind has failed either way.
fn standing(account: Account<'_>) -> Option<Rejection> {
    let now = account.now;
    let time = |attribute| account.entry.time(attribute).ok().flatten();
    let locked = time(LOCKED);
    if locked.is_some_and(|since| since <= FOR_GOOD) {
        return Some(because(Refusal::Disabled));
    }
    let start = time(START).map(time::to_contract);
    if let Some(start) = start.filter(|start| *start > now) {
        return Some(Rejection {
            until: Some(start),
            ..because(Refusal::Disabled)
        });
    }
    let end = time(END).map(time::to_contract);
    if end.is_some_and(|end| end <= now) {
        return Some(because(Refusal::AccountExpired));
    }
    let until = lock_end(account, locked?).map(time::to_contract);
    until.is_none_or(|until| until > now).then(|| Rejection {
        until,
        ..because(Refusal::Locked)
    })
}

#[cfg(test)]
mod tests;
