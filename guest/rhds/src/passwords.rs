//! What it means when a new password is refused.

use crate::Rhds;
use policy_sdk::{
    Account, Passwords,
    passwords::{by_code, by_control},
    types::{Complaint, Reply},
};

impl Passwords for Rhds {
    /// The control says why, and the text says how long a password has to be.
    fn complaints(_account: Account<'_>, reply: &Reply) -> Vec<Complaint> {
        let said = by_words(&reply.diagnostic);
        let complaint = match (by_control(reply), said) {
            (Some(Complaint::TooShort(None)) | None, Some(said)) => said,
            (Some(complaint), _) => complaint,
            (None, None) => by_code(reply.result_code),
        };
        vec![complaint]
    }
}

fn by_words(diagnostic: &str) -> Option<Complaint> {
    let text = diagnostic.to_ascii_lowercase();
    let says = |words: &str| text.contains(words);
    if says("at least") && says("characters long") {
        Some(Complaint::TooShort(length(&text)))
    } else if says("in history") {
        Some(Complaint::InHistory)
    } else if says("minimum age") {
        Some(Complaint::TooYoung(None))
    } else if says("invalid password syntax") {
        Some(Complaint::TooWeak)
    } else if says("not allowed to change password") {
        Some(Complaint::NotAllowed)
    } else {
        None
    }
}

/// The number in `… must be at least 8 characters long`.
fn length(text: &str) -> Option<u32> {
    let (_, after) = text.split_once("at least ")?;
    after.split(' ').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use policy_sdk::{
        VendorPolicy, password_policy,
        testing::{complaints, federation, ldif, reply, with_control},
        types::PasswordWrite,
    };

    fn said(reply: Reply) -> Vec<Complaint> {
        let plan = Rhds::translate(federation("rhds", "o=x")).expect("a plan");
        let user = ldif("dn: uid=x\nuid: x\n").expect("LDIF").remove(0);
        complaints::<Rhds>(&plan, user, reply, 0, vec![])
    }

    #[test]
    fn passwords_are_changed_by_the_extended_operation_with_the_control() {
        let plan = Rhds::translate(federation("rhds", "o=x")).expect("a plan");
        assert!(matches!(
            plan.password_write,
            PasswordWrite::ExtendedOperation
        ));
        assert_eq!(plan.password_controls[0].oid, password_policy::REQUEST);
    }

    #[test]
    fn the_control_says_why_and_the_text_how_long() {
        let short = "Failed to update password: invalid password syntax: password must be at least 8 characters \
            long";
        for (error, text, expected) in [
            (
                6,
                "invalid password syntax: password must be at least 8 characters long",
                Complaint::TooShort(Some(8)),
            ),
            (6, "", Complaint::TooShort(None)),
            (
                5,
                "invalid password syntax: password based off of user entry",
                Complaint::TooWeak,
            ),
            (7, "within password minimum age", Complaint::TooYoung(None)),
            (8, "password in history", Complaint::InHistory),
            (
                3,
                "user is not allowed to change password",
                Complaint::NotAllowed,
            ),
        ] {
            let value = [0x30, 3, 0x81, 1, error];
            let reply = with_control(reply(19, text), password_policy::REQUEST, &value);
            assert_eq!(said(reply), [expected], "{text}");
        }
        for (code, text, expected) in [
            (19, short, Complaint::TooShort(Some(8))),
            (19, "password in history", Complaint::InHistory),
            (19, "within password minimum age", Complaint::TooYoung(None)),
            (
                19,
                "invalid password syntax: too few digits",
                Complaint::TooWeak,
            ),
            (
                53,
                "user is not allowed to change password",
                Complaint::NotAllowed,
            ),
            (49, "Invalid oldpasswd value.", Complaint::WrongOldPassword),
            (50, "", Complaint::NotAllowed),
        ] {
            assert_eq!(said(reply(code, text)), [expected], "{text}");
        }
    }
}
