//! Policy for Active Directory and for Samba as its stand-in.
//!
//! A person is found by `sAMAccountName`, which is also what `DOMAIN\name` and the implicit user
//! principal name `name@domain` hold, or by `userPrincipalName`. Not by `mail`: it is not unique and
//! often people's own to edit, so whoever writes another's name there could keep the other out. An
//! operator who wants it names it as `username_ldap_attribute`.
//!
//! The directory answers every failed bind with 49 and says why in a number of its diagnostic
//! message.

use policy_sdk::{
    Attributes, Defaults, State, Vendor, defaults,
    recognition::{self, RootDse},
    result_code::{self, because},
    time::Filetime,
    types::{Entry, Problem, Proposal, Refusal, Rejection, Reply, problem},
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
        ],
        groups_note: Some(
            "groups are read from memberOf, which has neither the primary group (mostly Domain Users) nor \
             the groups that a group is in; make people members themselves where that matters",
        ),
        ..defaults::RFC
    };

    fn rejection(reply: &Reply, entry: Attributes<'_>, _now: u64) -> Rejection {
        if reply.result_code != result_code::INVALID_CREDENTIALS {
            return result_code::rejection(reply);
        }
        match sub_code(&reply.diagnostic) {
            Some(code) => of_sub_code(code),
            None if has_flag(entry, CONTROL, DISABLED) => because(Refusal::Disabled),
            None if has_flag(entry, COMPUTED, LOCKED) => because(Refusal::Locked),
            None => result_code::rejection(reply),
        }
    }

    fn state(
        entry: Attributes<'_>,
        reply: Option<&Reply>,
        _now: u64,
        state: &mut State,
    ) -> Result<(), Problem> {
        match entry.integer(CONTROL)? {
            Some(flags) if flags & DISABLED != 0 => state.bar(Refusal::Disabled),
            // Every account has the attribute; a bind that succeeded has looked at it.
            None if reply.is_none() => {
                let message = "the entry does not show it; let the service account read it";
                return Err(problem(CONTROL, message));
            }
            _ => {}
        }
        let computed = entry.integer(COMPUTED)?.unwrap_or_default();
        if computed & LOCKED != 0 {
            state.bar(Refusal::Locked);
        }
        if let Some(Filetime::At(end)) = entry.filetime(ACCOUNT_EXPIRES)? {
            state.bar_since(Refusal::AccountExpired, end);
        }
        let has_to_be_set = entry.integer(PASSWORD_SET)? == Some(0);
        match entry.filetime(PASSWORD_EXPIRES)? {
            _ if computed & PASSWORD_EXPIRED != 0 && has_to_be_set => {
                state.bar(Refusal::MustChangePassword);
            }
            _ if computed & PASSWORD_EXPIRED != 0 => state.bar(Refusal::PasswordExpired),
            Some(Filetime::At(end)) => state.bar_since(Refusal::PasswordExpired, end),
            Some(Filetime::Never) | None => {}
        }
        Ok(())
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

const CONTROL: &str = "userAccountControl";
/// Bits that [`CONTROL`] does not keep up to date.
const COMPUTED: &str = "msDS-User-Account-Control-Computed";
const ACCOUNT_EXPIRES: &str = "accountExpires";
const PASSWORD_SET: &str = "pwdLastSet";
const PASSWORD_EXPIRES: &str = "msDS-UserPasswordExpiryTimeComputed";

/// In [`CONTROL`].
const DISABLED: i64 = 0x2;
/// In [`COMPUTED`].
const LOCKED: i64 = 0x10;
/// In [`COMPUTED`].
const PASSWORD_EXPIRED: i64 = 0x80_0000;

/// What cannot be read says nothing here: the bind has failed either way.
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
