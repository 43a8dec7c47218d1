//! The password policy control (draft-behera-ldap-password-policy section 6), and the two controls
//! that came before it (draft-vchu-ldap-pwd-policy).

use crate::{
    ber::{self, Reader},
    types::{Control, Reply},
};

/// Asks for the password policy response, and is the response's own OID.
pub const REQUEST: &str = "1.3.6.1.4.1.42.2.27.8.5.1";

/// The password is expired, or has to be changed before anything else.
pub const EXPIRED: &str = "2.16.840.1.113730.3.4.4";

/// The password expires in so many seconds, which stand in the value as decimal digits.
pub const EXPIRING: &str = "2.16.840.1.113730.3.4.5";

/// The request, to be sent with a bind. A directory that does not know it passes over it.
pub fn request() -> Control {
    Control {
        oid: REQUEST.to_owned(),
        critical: false,
        value: None,
    }
}

/// What the directory says of a password, where it says so at all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Response {
    /// What will happen.
    pub warning: Option<Warning>,
    /// What is wrong.
    pub error: Option<Error>,
}

/// What will happen to a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Warning {
    /// It expires in so many seconds.
    SecondsLeft(u32),
    /// It is expired, and lets in so many times more.
    GraceSignIns(u32),
}

/// What is wrong with a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// 0: it is too old.
    Expired,
    /// 1: the account is locked.
    Locked,
    /// 2: it was set by another and has to be changed.
    ChangeAfterReset,
    /// 3: the person may not change it. Only a change of password is answered so, and with those that
    /// follow.
    ChangeNotAllowed,
    /// 4: the password so far has to be given too.
    OldPasswordMissing,
    /// 5: the new one is too simple.
    TooWeak,
    /// 6: the new one is too short.
    TooShort,
    /// 7: the present one was set too short a while ago.
    TooYoung,
    /// 8: the new one was the person's before.
    InHistory,
}

impl Response {
    /// Reads the value of a response control. None where it is not as the draft has it, or speaks of
    /// what the draft does not name.
    pub fn decode(value: &[u8]) -> Option<Self> {
        let mut outer = Reader::new(value);
        let sequence = outer
            .next()
            .filter(|element| element.tag == ber::SEQUENCE)?;
        let mut response = Self::default();
        let mut parts = Reader::new(sequence.content);
        for part in parts.by_ref() {
            match part.tag {
                0xa0 => response.warning = Some(warning(part.content)?),
                0x81 => response.error = Some(error(part.integer()?)?),
                _ => return None,
            }
        }
        (outer.is_spent() && parts.is_spent()).then_some(response)
    }

    /// What the reply's control says; nothing where there is none, or where it cannot be read, of which
    /// the log gets a line.
    pub fn of(reply: &Reply) -> Self {
        let Some(control) = reply.controls.iter().find(|control| control.oid == REQUEST) else {
            return Self::default();
        };
        control
            .value
            .as_deref()
            .and_then(Self::decode)
            .unwrap_or_else(|| {
                crate::log::warn("the directory's password policy control cannot be read");
                Self::default()
            })
    }
}

/// Whether the reply says that the password is expired or has to be changed.
pub fn says_expired(reply: &Reply) -> bool {
    reply.controls.iter().any(|control| control.oid == EXPIRED)
}

/// The seconds after which the password expires, where the older of the two controls says so.
pub fn seconds_left(reply: &Reply) -> Option<u32> {
    let control = reply
        .controls
        .iter()
        .find(|control| control.oid == EXPIRING)?;
    let text = std::str::from_utf8(control.value.as_deref()?).ok()?;
    text.trim_matches(['\0', ' ']).parse().ok()
}

fn warning(content: &[u8]) -> Option<Warning> {
    let mut reader = Reader::new(content);
    let element = reader.next()?;
    let number = u32::try_from(element.integer()?).ok()?;
    match element.tag {
        0x80 if reader.is_spent() => Some(Warning::SecondsLeft(number)),
        0x81 if reader.is_spent() => Some(Warning::GraceSignIns(number)),
        _ => None,
    }
}

fn error(number: i64) -> Option<Error> {
    match number {
        0 => Some(Error::Expired),
        1 => Some(Error::Locked),
        2 => Some(Error::ChangeAfterReset),
        3 => Some(Error::ChangeNotAllowed),
        4 => Some(Error::OldPasswordMissing),
        5 => Some(Error::TooWeak),
        6 => Some(Error::TooShort),
        7 => Some(Error::TooYoung),
        8 => Some(Error::InHistory),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_directories_send() {
        let response = |warning, error| Some(Response { warning, error });
        for (value, expected) in [
            (&[0x30, 0][..], response(None, None)),
            (&[0x30, 3, 0x81, 1, 1], response(None, Some(Error::Locked))),
            (&[0x30, 3, 0x81, 1, 0], response(None, Some(Error::Expired))),
            (
                &[0x30, 5, 0xa0, 3, 0x80, 1, 60],
                response(Some(Warning::SecondsLeft(60)), None),
            ),
            (
                &[0x30, 8, 0xa0, 3, 0x81, 1, 2, 0x81, 1, 2],
                response(
                    Some(Warning::GraceSignIns(2)),
                    Some(Error::ChangeAfterReset),
                ),
            ),
        ] {
            assert_eq!(Response::decode(value), expected, "{value:?}");
        }
    }

    #[test]
    fn knows_all_nine_errors() {
        for (number, error) in [
            (0, Error::Expired),
            (1, Error::Locked),
            (2, Error::ChangeAfterReset),
            (3, Error::ChangeNotAllowed),
            (4, Error::OldPasswordMissing),
            (5, Error::TooWeak),
            (6, Error::TooShort),
            (7, Error::TooYoung),
            (8, Error::InHistory),
        ] {
            let response = Response::decode(&[0x30, 3, 0x81, 1, number]);
            let found = response.and_then(|response| response.error);
            assert_eq!(found, Some(error), "{number}");
        }
    }

    #[test]
    fn reads_the_seconds_of_the_older_control() {
        let left = |value: Option<&[u8]>| {
            seconds_left(&Reply {
                result_code: 0,
                diagnostic: String::new(),
                controls: vec![Control {
                    oid: EXPIRING.to_owned(),
                    critical: false,
                    value: value.map(<[u8]>::to_vec),
                }],
            })
        };
        assert_eq!(left(Some(b"3600")), Some(3600));
        assert_eq!(left(Some(b"60\0")), Some(60));
        for bad in [
            None,
            Some(&b""[..]),
            Some(b"-1"),
            Some(b"soon"),
            Some(b"\xff"),
        ] {
            assert_eq!(left(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn refuses_what_the_draft_does_not_say() {
        for value in [
            &[][..],
            &[0x30],
            &[0x30, 3, 0x81, 1],
            &[0x30, 3, 0x81, 1, 9],
            &[0x30, 3, 0x82, 1, 0],
            &[0x31, 3, 0x81, 1, 0],
            &[0x30, 0, 0],
            &[0x30, 5, 0xa0, 3, 0x80, 1, 0xff],
            &[0x30, 4, 0xa0, 2, 0x80, 0],
            &[0x30, 0x84, 0xff, 0xff, 0xff, 0xff],
        ] {
            assert_eq!(Response::decode(value), None, "{value:?}");
        }
    }
}
