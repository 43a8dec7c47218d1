//! How a vendor's passwords are written, and what it means when one is refused.

use crate::{
    Account,
    password_policy::{self, Error, Response},
    result_code,
    types::{Complaint, Control, Federation, PasswordWrite, Reply},
};

/// What differs between a vendor and a directory that follows RFC 3062 and
/// draft-behera-ldap-password-policy.
pub trait Passwords {
    /// How the host writes a new password.
    fn password_write() -> PasswordWrite {
        PasswordWrite::ExtendedOperation
    }

    /// Controls for the write.
    fn password_controls(federation: &Federation) -> Vec<Control> {
        let _ = federation;
        vec![password_policy::request()]
    }

    /// What a refused password change means: at least one complaint. The account's entry was read before.
    fn complaints(account: Account<'_>, reply: &Reply) -> Vec<Complaint> {
        let _ = account;
        complaints(reply)
    }
}

/// What a refused password change means by the password policy control, or else by the result code
/// alone.
pub fn complaints(reply: &Reply) -> Vec<Complaint> {
    vec![by_control(reply).unwrap_or_else(|| by_code(reply.result_code))]
}

/// What the password policy control says of a new password (draft-behera-ldap-password-policy section
/// 6.2); none where it says nothing of one.
pub fn by_control(reply: &Reply) -> Option<Complaint> {
    let complaint = match Response::of(reply).error? {
        Error::Locked | Error::ChangeNotAllowed => Complaint::NotAllowed,
        Error::OldPasswordMissing => {
            Complaint::Other("the directory wants the password so far with the new one".to_owned())
        }
        Error::TooWeak => Complaint::TooWeak,
        Error::TooShort => Complaint::TooShort(None),
        Error::TooYoung => Complaint::TooYoung(None),
        Error::InHistory => Complaint::InHistory,
        Error::Expired | Error::ChangeAfterReset => return None,
    };
    Some(complaint)
}

/// What a result code alone says (RFC 4511 appendix A).
pub fn by_code(code: u32) -> Complaint {
    match code {
        result_code::INVALID_CREDENTIALS => Complaint::WrongOldPassword,
        // A rule of the directory for values; of a password there is nothing else to break.
        result_code::CONSTRAINT_VIOLATION => Complaint::TooWeak,
        INSUFFICIENT_ACCESS => Complaint::NotAllowed,
        CONFIDENTIALITY_REQUIRED | STRONGER_AUTH_REQUIRED => Complaint::Other(
            "the directory takes passwords over an encrypted connection only".to_owned(),
        ),
        code => Complaint::Other(format!(
            "the directory answered the change of password with result {code}"
        )),
    }
}

const STRONGER_AUTH_REQUIRED: u32 = 8;
const CONFIDENTIALITY_REQUIRED: u32 = 13;
const INSUFFICIENT_ACCESS: u32 = 50;

#[cfg(test)]
mod tests {
    use super::*;

    fn with_error(result_code: u32, error: u8) -> Reply {
        Reply {
            result_code,
            diagnostic: String::new(),
            controls: vec![Control {
                oid: password_policy::REQUEST.to_owned(),
                critical: false,
                value: Some(vec![0x30, 3, 0x81, 1, error]),
            }],
        }
    }

    #[test]
    fn the_control_says_why_and_else_the_code() {
        for (error, expected) in [
            (0, Complaint::TooWeak),
            (1, Complaint::NotAllowed),
            (2, Complaint::TooWeak),
            (3, Complaint::NotAllowed),
            (5, Complaint::TooWeak),
            (6, Complaint::TooShort(None)),
            (7, Complaint::TooYoung(None)),
            (8, Complaint::InHistory),
        ] {
            assert_eq!(complaints(&with_error(19, error)), [expected], "{error}");
        }
        assert!(matches!(
            complaints(&with_error(19, 4)).as_slice(),
            [Complaint::Other(_)]
        ));
        for (code, expected) in [
            (19, Complaint::TooWeak),
            (49, Complaint::WrongOldPassword),
            (50, Complaint::NotAllowed),
        ] {
            assert_eq!(by_code(code), expected, "{code}");
        }
        for code in [1, 8, 13, 53, u32::MAX] {
            assert!(matches!(by_code(code), Complaint::Other(_)), "{code}");
        }
    }
}
