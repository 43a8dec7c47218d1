//! Passwords: `unicodePwd`, and what it means when one is refused.

use crate::{
    ActiveDirectory,
    state::{OWN_RULES, PASSWORD_SET, domain},
};
use policy_sdk::{
    Account, Attributes, Passwords,
    defaults::Known,
    passwords::by_code,
    reads,
    time::Filetime,
    types::{
        Complaint, Control, Federation, PasswordAttribute, PasswordEncoding, PasswordWrite, Reply,
    },
};

impl Passwords for ActiveDirectory {
    fn password_write() -> PasswordWrite {
        PasswordWrite::Exchange(PasswordAttribute {
            name: "unicodePwd".to_owned(),
            encoding: PasswordEncoding::QuotedUtf16le,
        })
    }

    fn password_controls(federation: &Federation) -> Vec<Control> {
        if reads::setting(federation, HINTS.name) != Some(ON) {
            return Vec::new();
        }
        vec![Control {
            oid: POLICY_HINTS.to_owned(),
            critical: false,
            // SEQUENCE { INTEGER 1 }: the rules hold.
            value: Some(vec![0x30, 3, 2, 1, 1]),
        }]
    }

    fn complaints(account: Account<'_>, reply: &Reply) -> Vec<Complaint> {
        match error(&reply.diagnostic) {
            Some(RULES_BROKEN) => by_words(&reply.diagnostic, account)
                .map_or_else(|| by_rules(account), |complaint| vec![complaint]),
            Some(WRONG_PASSWORD) => vec![Complaint::WrongOldPassword],
            Some(ACCESS_DENIED | NO_ACCESS) => vec![Complaint::NotAllowed],
            Some(NOT_SECURE) => vec![Complaint::Other(
                "the directory takes passwords over an encrypted connection only".to_owned(),
            )],
            _ => vec![by_code(reply.result_code)],
        }
    }
}

/// Whether the rules for people hold for what administrators set, too.
pub(crate) const HINTS: Known = Known {
    name: "password_policy_hints",
    about: "on: the directory's rules for history and age hold for passwords that an administrator sets, too, \
            where it knows the control 1.2.840.113556.1.4.2239.",
    preset: Some("off"),
    choices: &["off", ON],
};
const ON: &str = "on";
const POLICY_HINTS: &str = "1.2.840.113556.1.4.2239";

/// Windows error codes. `ERROR_PASSWORD_RESTRICTION` says that a rule is broken, and on Windows not which.
const RULES_BROKEN: u32 = 0x52d;
const WRONG_PASSWORD: u32 = 0x56;
const ACCESS_DENIED: u32 = 0x5;
const NO_ACCESS: u32 = 0x2098;
const NOT_SECURE: u32 = 0x1f;

/// The number that a diagnostic message of a write begins with, `0000052D: …`, in hexadecimal.
pub(crate) fn error(diagnostic: &str) -> Option<u32> {
    let (number, _) = diagnostic.split_once(':')?;
    (number.len() == 8)
        .then(|| u32::from_str_radix(number, 16).ok())
        .flatten()
}

/// Samba says which rule is broken.
fn by_words(diagnostic: &str, account: Account<'_>) -> Option<Complaint> {
    let says = |words: &str| diagnostic.contains(words);
    if says("is too short") {
        Some(Complaint::TooShort(length(diagnostic)))
    } else if says("already used") {
        Some(Complaint::InHistory)
    } else if says("too young") {
        Some(Complaint::TooYoung(seconds_left(account)))
    } else if says("complexity") {
        Some(Complaint::TooWeak)
    } else {
        None
    }
}

/// The number in `… longer than 7 characters!`.
fn length(diagnostic: &str) -> Option<u32> {
    let (before, _) = diagnostic.split_once(" characters")?;
    before.rsplit(' ').next()?.parse().ok()
}

/// The rules that may be broken, where the domain's can be read and are the person's; which one it is
/// the directory does not say. A password that is too young is one before all others.
fn by_rules(account: Account<'_>) -> Vec<Complaint> {
    let Some(rules) = rules(account) else {
        return vec![Complaint::TooWeak];
    };
    if let Some(left) = seconds_left(account) {
        return vec![Complaint::TooYoung(Some(left))];
    }
    let number = |attribute| rules.integer(attribute).ok().flatten().unwrap_or_default();
    let mut complaints = Vec::new();
    if let Ok(length @ 1..) = u32::try_from(number(MIN_LENGTH)) {
        complaints.push(Complaint::TooShort(Some(length)));
    }
    if number(HISTORY) > 0 {
        complaints.push(Complaint::InHistory);
    }
    if number(PROPERTIES) & COMPLEX != 0 || complaints.is_empty() {
        complaints.push(Complaint::TooWeak);
    }
    complaints
}

/// The domain's rules, where the person has none of their own.
fn rules(account: Account<'_>) -> Option<Attributes<'_>> {
    let has_own_rules = account.entry.text(OWN_RULES).is_some();
    domain(account).filter(|_| !has_own_rules)
}

/// How long the password has to stay yet; none where it may be changed, or nothing is known.
fn seconds_left(account: Account<'_>) -> Option<u64> {
    let ticks = rules(account)?.integer(MIN_AGE).ok().flatten()?;
    let seconds = ticks.checked_neg()? / TICKS_PER_SECOND;
    let Ok(Some(Filetime::At(set))) = account.entry.filetime(PASSWORD_SET) else {
        return None;
    };
    let end = u64::try_from(set.checked_add(seconds)?).ok()?;
    end.checked_sub(account.now).filter(|left| *left > 0)
}

/// Of the domain's entry: how many characters, how many passwords before, how long one stays (negative,
/// in units of 100 ns), and bits.
pub(crate) const MIN_LENGTH: &str = "minPwdLength";
pub(crate) const HISTORY: &str = "pwdHistoryLength";
pub(crate) const MIN_AGE: &str = "minPwdAge";
pub(crate) const PROPERTIES: &str = "pwdProperties";
/// In [`PROPERTIES`].
const COMPLEX: i64 = 1;
const TICKS_PER_SECOND: i64 = 10_000_000;

#[cfg(test)]
mod tests {
    use super::*;
    use policy_sdk::{
        VendorPolicy,
        testing::{complaints, federation, ldif, reply},
        types::{Entry, Finding, Plan, SearchScope, Setting, Subtree},
    };

    const NOW: u64 = 1_795_262_400; // 2026-11-21T12:00:00Z

    fn plan() -> Plan {
        let federation = Federation {
            readable: vec![Subtree {
                base: "DC=ad,DC=example,DC=test".to_owned(),
                scope: SearchScope::Base,
            }],
            ..federation("ad", "CN=Users,DC=ad,DC=example,DC=test")
        };
        ActiveDirectory::translate(federation).expect("a plan")
    }

    /// Set an hour ago.
    fn user(more: &str) -> Entry {
        let ticks = (i64::try_from(NOW).expect("a time") - 3600 + 11_644_473_600) * 10_000_000;
        let text = format!("dn: CN=ada\nsAMAccountName: ada\npwdLastSet: {ticks}\n{more}");
        ldif(&text).expect("LDIF").remove(0)
    }

    fn domain_of(rules: &str) -> Vec<Finding> {
        let text = format!("dn: DC=ad,DC=example,DC=test\n{rules}");
        vec![Finding {
            key: "domain".to_owned(),
            result_code: 0,
            entries: ldif(&text).expect("LDIF"),
        }]
    }

    fn said(code: u32, text: &str, user: Entry, shared: Vec<Finding>) -> Vec<Complaint> {
        complaints::<ActiveDirectory>(&plan(), user, reply(code, text), NOW, shared)
    }

    const WINDOWS: &str = "0000052D: AtrErr: DSID-03191083, #1:\n\t0: 0000052D: DSID-03191083, problem 1005 \
        (CONSTRAINT_ATT_TYPE), data 0, Att 9005a (unicodePwd)";

    #[test]
    fn a_password_goes_to_unicode_pwd_old_and_new() {
        let PasswordWrite::Exchange(attribute) = plan().password_write else {
            panic!("{:?}", plan().password_write);
        };
        assert_eq!(attribute.name, "unicodePwd");
        assert_eq!(attribute.encoding, PasswordEncoding::QuotedUtf16le);
        assert_eq!(plan().password_controls, []);
        let hinted = Federation {
            settings: vec![Setting {
                name: HINTS.name.to_owned(),
                value: "on".to_owned(),
            }],
            ..federation("ad", "DC=x")
        };
        let plan = ActiveDirectory::translate(hinted).expect("a plan");
        assert_eq!(plan.password_controls[0].oid, POLICY_HINTS);
        assert!(!plan.password_controls[0].critical);
        assert_eq!(
            plan.notes
                .iter()
                .filter(|note| note.field.contains("hints"))
                .count(),
            0
        );
    }

    /// As Samba 4.17 answered.
    #[test]
    fn samba_says_which_rule_is_broken() {
        let rule = "0000052D: Constraint violation - check_password_restrictions: ";
        for (text, expected) in [
            (
                "the password is too short. It should be equal or longer than 7 characters!",
                Complaint::TooShort(Some(7)),
            ),
            (
                "the password does not meet the complexity criteria!",
                Complaint::TooWeak,
            ),
            (
                "the password was already used (previous password)!",
                Complaint::InHistory,
            ),
            (
                "the password was already used (in history)!",
                Complaint::InHistory,
            ),
            (
                "password is too young to change!",
                Complaint::TooYoung(None),
            ),
        ] {
            let text = format!("{rule}{text}");
            assert_eq!(said(19, &text, user(""), vec![]), [expected], "{text}");
        }
        let young = format!("{rule}password is too young to change!");
        let day = domain_of("minPwdAge: -864000000000\n");
        assert_eq!(
            said(19, &young, user(""), day),
            [Complaint::TooYoung(Some(82_800))]
        );
        let wrong = "00000056: Constraint violation - check_password_restrictions: The old password specified \
            doesn't match!";
        assert_eq!(
            said(19, wrong, user(""), vec![]),
            [Complaint::WrongOldPassword]
        );
        let refused = "00002098: Object CN=ada has no write property access";
        assert_eq!(said(50, refused, user(""), vec![]), [Complaint::NotAllowed]);
    }

    #[test]
    fn windows_does_not_say_and_the_rules_of_the_domain_do() {
        for code in [19, 53] {
            assert_eq!(said(code, WINDOWS, user(""), vec![]), [Complaint::TooWeak]);
        }
        let rules = "minPwdLength: 7\npwdHistoryLength: 24\npwdProperties: 1\nminPwdAge: 0\n";
        let all = [
            Complaint::TooShort(Some(7)),
            Complaint::InHistory,
            Complaint::TooWeak,
        ];
        assert_eq!(said(19, WINDOWS, user(""), domain_of(rules)), all);
        let young = rules.replace("minPwdAge: 0", "minPwdAge: -864000000000");
        assert_eq!(
            said(19, WINDOWS, user(""), domain_of(&young)),
            [Complaint::TooYoung(Some(82_800))]
        );
        let own = user("msDS-ResultantPSO: CN=admins\n");
        assert_eq!(
            said(19, WINDOWS, own, domain_of(rules)),
            [Complaint::TooWeak]
        );
        let none = domain_of("minPwdLength: 0\npwdHistoryLength: 0\npwdProperties: 0\n");
        assert_eq!(said(19, WINDOWS, user(""), none), [Complaint::TooWeak]);
        let text = "0000001F: SvcErr: DSID-031A12D2, problem 5003 (WILL_NOT_PERFORM), data 0";
        assert!(matches!(
            said(53, text, user(""), vec![]).as_slice(),
            [Complaint::Other(_)]
        ));
    }
}
