//! What it means when a new password is refused.

use crate::{
    OpenLdap,
    state::{CHANGED, OWN_POLICY, POLICIES},
};
use policy_sdk::{
    Account, Passwords,
    passwords::{by_code, by_control},
    types::{Complaint, Reply},
};

impl Passwords for OpenLdap {
    /// The control says why; how long a password has to be, or has to stay, is in the person's policy.
    fn complaints(account: Account<'_>, reply: &Reply) -> Vec<Complaint> {
        let complaint = by_control(reply).or_else(|| by_words(&reply.diagnostic));
        let complaint = match complaint {
            Some(Complaint::TooShort(None)) => {
                let length = of_policy(account, MIN_LENGTH);
                Complaint::TooShort(length.and_then(|length| u32::try_from(length).ok()))
            }
            Some(Complaint::TooYoung(None)) => Complaint::TooYoung(seconds_left(account)),
            Some(complaint) => complaint,
            None => by_code(reply.result_code),
        };
        vec![complaint]
    }
}

fn by_words(diagnostic: &str) -> Option<Complaint> {
    let says = |words: &str| diagnostic.contains(words);
    if says("unwilling to verify old password") {
        Some(Complaint::WrongOldPassword)
    } else if says("history of old passwords") || says("not being changed") {
        Some(Complaint::InHistory)
    } else if says("too young") {
        Some(Complaint::TooYoung(None))
    } else {
        None
    }
}

/// A number of the person's policy, where that can be read.
fn of_policy(account: Account<'_>, attribute: &str) -> Option<i64> {
    let policy = POLICIES.of(account, OWN_POLICY)?;
    policy
        .integer(attribute)
        .ok()
        .flatten()
        .filter(|number| *number > 0)
}

fn seconds_left(account: Account<'_>) -> Option<u64> {
    let changed = account.entry.time(CHANGED).ok().flatten()?;
    let end = changed.checked_add(of_policy(account, MIN_AGE)?)?;
    let left = u64::try_from(end).ok()?.checked_sub(account.now)?;
    (left > 0).then_some(left)
}

/// Of a policy: characters that a password has to have.
pub(crate) const MIN_LENGTH: &str = "pwdMinLength";
/// Of a policy: seconds before a password may be changed.
pub(crate) const MIN_AGE: &str = "pwdMinAge";

#[cfg(test)]
mod tests {
    use super::*;
    use policy_sdk::{
        VendorPolicy, password_policy,
        testing::{complaints, federation, ldif, reply, with_control},
        types::{Federation, Finding, Plan, SearchScope, Setting, Subtree},
    };

    const NOW: u64 = 1_795_262_400; // 2026-11-21T12:00:00Z
    const POLICY: &str = "cn=default,ou=policies,o=x";

    fn plan() -> Plan {
        let federation = Federation {
            readable: vec![Subtree {
                base: "ou=policies,o=x".to_owned(),
                scope: SearchScope::Subtree,
            }],
            settings: vec![Setting {
                name: POLICIES.setting.to_owned(),
                value: POLICY.to_owned(),
            }],
            ..federation("openldap", "ou=people,o=x")
        };
        OpenLdap::translate(federation).expect("a plan")
    }

    fn said(reply: Reply, policy: &str) -> Vec<Complaint> {
        let plan = plan();
        let user = "dn: uid=x\nuid: x\npwdChangedTime: 20261121110000Z\n";
        let shared = plan.shared.iter().map(|search| Finding {
            key: search.key.clone(),
            result_code: 0,
            entries: ldif(&format!("dn: {POLICY}\nobjectClass: pwdPolicy\n{policy}"))
                .expect("LDIF"),
        });
        let shared = shared.collect();
        let user = ldif(user).expect("LDIF").remove(0);
        complaints::<OpenLdap>(&plan, user, reply, NOW, shared)
    }

    /// As slapd 2.5 answered.
    #[test]
    fn the_control_says_why_and_the_policy_how_much() {
        let rules = "pwdMinLength: 8\npwdMinAge: 7200\n";
        for (error, text, policy, expected) in [
            (
                6,
                "Password fails quality checking policy",
                rules,
                Complaint::TooShort(Some(8)),
            ),
            (
                6,
                "Password fails quality checking policy",
                "",
                Complaint::TooShort(None),
            ),
            (
                5,
                "Password fails quality checking policy",
                rules,
                Complaint::TooWeak,
            ),
            (
                7,
                "Password is too young to change",
                rules,
                Complaint::TooYoung(Some(3600)),
            ),
            (
                7,
                "Password is too young to change",
                "",
                Complaint::TooYoung(None),
            ),
            (
                8,
                "Password is in history of old passwords",
                rules,
                Complaint::InHistory,
            ),
            (
                8,
                "Password is not being changed from existing value",
                rules,
                Complaint::InHistory,
            ),
            (
                3,
                "User alteration of password is not allowed",
                rules,
                Complaint::NotAllowed,
            ),
        ] {
            let value = [0x30, 3, 0x81, 1, error];
            let reply = with_control(reply(19, text), password_policy::REQUEST, &value);
            assert_eq!(said(reply, policy), [expected], "{text}");
        }
    }

    #[test]
    fn without_the_control_the_text_says_why() {
        for (code, text, expected) in [
            (
                53,
                "unwilling to verify old password",
                Complaint::WrongOldPassword,
            ),
            (
                19,
                "Password is in history of old passwords",
                Complaint::InHistory,
            ),
            (
                19,
                "Password is not being changed from existing value",
                Complaint::InHistory,
            ),
            (
                19,
                "Password is too young to change",
                Complaint::TooYoung(None),
            ),
            (
                19,
                "Password fails quality checking policy",
                Complaint::TooWeak,
            ),
            (50, "", Complaint::NotAllowed),
        ] {
            assert_eq!(said(reply(code, text), ""), [expected], "{text}");
        }
    }
}
