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
    /// 3 to 8: only a change of password is answered so.
    OfAChange,
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
        3..=8 => Some(Error::OfAChange),
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
            (
                &[0x30, 3, 0x81, 1, 8],
                response(None, Some(Error::OfAChange)),
            ),
        ] {
            assert_eq!(Response::decode(value), expected, "{value:?}");
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
