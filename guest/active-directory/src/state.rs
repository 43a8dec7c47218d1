//! What the directory says of an account, and when that ends.

use crate::{
    hours::Hours,
    passwords::{HISTORY, MIN_AGE, MIN_LENGTH, PROPERTIES},
};
use policy_sdk::{
    Account, Attributes, State, dn,
    reads::{self, is_readable},
    result_code::{self, because},
    time::{self, Filetime},
    types::{Federation, Problem, Refusal, Rejection, Reply, Search, SearchScope, problem},
};

pub(crate) const CONTROL: &str = "userAccountControl";
/// Bits that [`CONTROL`] does not keep up to date.
pub(crate) const COMPUTED: &str = "msDS-User-Account-Control-Computed";
pub(crate) const ACCOUNT_EXPIRES: &str = "accountExpires";
pub(crate) const PASSWORD_SET: &str = "pwdLastSet";
pub(crate) const PASSWORD_EXPIRES: &str = "msDS-UserPasswordExpiryTimeComputed";
/// When the account was locked; 0 once somebody let it in again.
pub(crate) const LOCKED_AT: &str = "lockoutTime";
pub(crate) const HOURS: &str = "logonHours";
/// The person's own password rules, which then count instead of the domain's.
pub(crate) const OWN_RULES: &str = "msDS-ResultantPSO";

/// Of the domain's entry: how long a lock lasts, negative, in units of 100 ns.
const LOCKOUT_DURATION: &str = "lockoutDuration";
/// What is read of the domain's entry: the length of a lock, and the rules for passwords.
const OF_DOMAIN: &[&str] = &[LOCKOUT_DURATION, MIN_LENGTH, HISTORY, MIN_AGE, PROPERTIES];
/// The key of the read of the domain's entry.
const DOMAIN: &str = "domain";

/// In [`CONTROL`].
pub(crate) const DISABLED: i64 = 0x2;
const PASSWORD_NEVER_EXPIRES: i64 = 0x1_0000;
const SMART_CARD_REQUIRED: i64 = 0x4_0000;
/// In [`COMPUTED`].
const LOCKED: i64 = 0x10;
/// In [`COMPUTED`].
const PASSWORD_EXPIRED: i64 = 0x80_0000;

const TICKS_PER_SECOND: i64 = 10_000_000;

/// The domain's entry, where the operator made it readable: it has the length of a lock.
pub(crate) fn shared(federation: &Federation) -> Vec<Search> {
    let domain = federation
        .users
        .iter()
        .find_map(|users| dn::domain(&users.base));
    domain
        .filter(|domain| is_readable(&federation.readable, domain, SearchScope::Base))
        .map(|domain| reads::of_entry(DOMAIN, domain, OF_DOMAIN))
        .into_iter()
        .collect()
}

/// Judges an account.
pub(crate) fn judge(account: Account<'_>, state: &mut State) -> Result<(), Problem> {
    let entry = account.entry;
    let flags = match entry.integer(CONTROL)? {
        Some(flags) => flags,
        // Every account has the attribute; a bind that succeeded has looked at it.
        None if account.reply.is_some() => 0,
        None => {
            let message = "the entry does not show it; let the service account read it";
            return Err(problem(CONTROL, message));
        }
    };
    if flags & DISABLED != 0 {
        state.bar(Refusal::Disabled);
    }
    if flags & SMART_CARD_REQUIRED != 0 {
        state.bar(Refusal::NotPermittedHere);
    }
    match lock(account)? {
        Some(Lock { end: Some(end) }) => state.bar_until(Refusal::Locked, end),
        Some(Lock { end: None }) => state.bar(Refusal::Locked),
        None => {}
    }
    if let Some(Filetime::At(end)) = entry.filetime(ACCOUNT_EXPIRES)? {
        state.bar_since(Refusal::AccountExpired, end);
    }
    if let Some(hours) = Hours::of(entry)? {
        hours.bar(account.now, state);
    }
    password(account, flags, state)
}

fn password(account: Account<'_>, flags: i64, state: &mut State) -> Result<(), Problem> {
    let entry = account.entry;
    let has_to_be_set = entry.integer(PASSWORD_SET)? == Some(0);
    let is_expired = match entry.integer(COMPUTED)? {
        Some(computed) => computed & PASSWORD_EXPIRED != 0,
        // Without the computed bits: such a bind would not have succeeded.
        None if account.reply.is_some() => false,
        None => has_to_be_set && flags & (PASSWORD_NEVER_EXPIRES | SMART_CARD_REQUIRED) == 0,
    };
    match entry.filetime(PASSWORD_EXPIRES)? {
        _ if is_expired && has_to_be_set => state.bar(Refusal::MustChangePassword),
        _ if is_expired => state.bar(Refusal::PasswordExpired),
        Some(Filetime::At(end)) => state.bar_since(Refusal::PasswordExpired, end),
        Some(Filetime::Never) | None => {}
    }
    Ok(())
}

/// A lock after too many failures.
struct Lock {
    /// When it ends, where that is known.
    end: Option<i64>,
}

/// The lock that holds now. The computed bit says whether; when it began and how long locks last say until
/// when, unless the person has rules of their own.
fn lock(account: Account<'_>) -> Result<Option<Lock>, Problem> {
    let entry = account.entry;
    let began = match entry.filetime(LOCKED_AT)? {
        Some(Filetime::At(began)) => Some(began),
        Some(Filetime::Never) | None => None,
    };
    let end = began.and_then(|began| {
        let has_own_rules = entry.text(OWN_RULES).is_some();
        let duration = lockout_duration(account).filter(|_| !has_own_rules)?;
        began.checked_add(duration)
    });
    let is_locked = match entry.integer(COMPUTED)? {
        Some(computed) => computed & LOCKED != 0,
        // A lock that began may be over long since; whoever was let in is not locked.
        None => account.reply.is_none() && began.is_some(),
    };
    // The directory says that it holds: an end that is past is none.
    let end = end.filter(|end| time::to_contract(*end) > account.now);
    Ok(is_locked.then_some(Lock { end }))
}

/// The domain's entry, where it was read.
pub(crate) fn domain(account: Account<'_>) -> Option<Attributes<'_>> {
    account.shared(DOMAIN).first().map(Attributes::of)
}

/// Seconds; none where locks last until somebody ends them, or where it is not known.
fn lockout_duration(account: Account<'_>) -> Option<i64> {
    let ticks = domain(account)?.integer(LOCKOUT_DURATION).ok().flatten()?;
    // 0 and the lowest number are for ever.
    let seconds = ticks.checked_neg()? / TICKS_PER_SECOND;
    (seconds > 0).then_some(seconds)
}

/// Why a bind failed: the number in the diagnostic message, else what the entry says.
pub(crate) fn rejection(account: Account<'_>, reply: &Reply) -> Rejection {
    if reply.result_code != result_code::INVALID_CREDENTIALS {
        return result_code::rejection(reply);
    }
    let entry = account.entry;
    let rejection = match sub_code(&reply.diagnostic) {
        Some(code) => of_sub_code(code),
        None if has_flag(entry, CONTROL, DISABLED) => because(Refusal::Disabled),
        None if has_flag(entry, COMPUTED, LOCKED) => because(Refusal::Locked),
        None if is_over(account) => because(Refusal::AccountExpired),
        None => result_code::rejection(reply),
    };
    // What cannot be read says nothing here: the bind has failed either way.
    let until = match rejection.reason {
        Refusal::Locked => lock(account)
            .ok()
            .flatten()
            .and_then(|lock| lock.end)
            .map(time::to_contract),
        Refusal::OutsidePermittedHours => Hours::of(entry)
            .ok()
            .flatten()
            .and_then(|hours| hours.permitted_from(account.now)),
        _ => None,
    };
    Rejection { until, ..rejection }
}

fn is_over(account: Account<'_>) -> bool {
    match account.entry.filetime(ACCOUNT_EXPIRES) {
        Ok(Some(Filetime::At(end))) => time::to_contract(end) <= account.now,
        _ => false,
    }
}

fn has_flag(entry: Attributes<'_>, attribute: &str, flag: i64) -> bool {
    matches!(entry.integer(attribute), Ok(Some(flags)) if flags & flag != 0)
}

/// The number in `… AcceptSecurityContext error, data 52e, v4563`, which is a Windows error code in
/// hexadecimal.
fn sub_code(diagnostic: &str) -> Option<u32> {
    let (_, after) = diagnostic.split_once(" data ")?;
    let end = after
        .find(|c: char| !c.is_ascii_hexdigit())
        .unwrap_or(after.len());
    u32::from_str_radix(after.get(..end)?, 16).ok()
}

/// What a sub-code means. Only 532 and 773 say that the password was right: the others may be
/// answered to whoever asks.
fn of_sub_code(code: u32) -> Rejection {
    let reason = match code {
        // No such user, and wrong password.
        0x525 | 0x52e => Refusal::BadCredentials,
        0x530 => Refusal::OutsidePermittedHours,
        // Not from this workstation; a restriction of the account; not this kind of logon.
        0x531 | 0x52f | 0x569 => Refusal::NotPermittedHere,
        0x532 => Refusal::PasswordExpired,
        0x533 => Refusal::Disabled,
        // More groups than a logon can carry: no password makes that better or worse.
        0x568 => Refusal::DirectoryUnavailable,
        0x701 => Refusal::AccountExpired,
        0x773 => Refusal::MustChangePassword,
        0x775 => Refusal::Locked,
        code => Refusal::Other(format!("the directory refused the bind with data {code:x}")),
    };
    let password_was_right = matches!(code, 0x532 | 0x773);
    Rejection {
        password_was_right,
        ..because(reason)
    }
}

#[cfg(test)]
mod tests;
