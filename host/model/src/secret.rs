//! Values that are never shown: they do not print, and their memory is wiped when they go.

use std::fmt;
use zeroize::Zeroizing;

/// A password that somebody typed: never empty, at most [`Password::OCTETS_MAX`] octets, passed on as
/// written.
///
/// The type closes the unauthenticated-bind trap: a simple bind with a name and an empty password
/// may be answered with success although nothing was proved (RFC 4513 section 5.1.2).
#[derive(Clone)]
pub struct Password(Zeroizing<String>);

/// Why a text is no [`Password`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Nothing, or nothing but NUL characters, which some directories cut off.
    #[error("the password is empty")]
    Empty,
    /// Longer than [`Password::OCTETS_MAX`].
    #[error("the password is longer than {} octets", Password::OCTETS_MAX)]
    TooLong,
}

impl Password {
    /// Longer ones are not looked at: no directory takes them, and hashing them costs.
    pub const OCTETS_MAX: usize = 1024;

    /// Takes a typed text.
    pub fn new(typed: impl Into<String>) -> Result<Self, PasswordError> {
        let typed = Zeroizing::new(typed.into());
        if typed.chars().all(|c| c == '\0') {
            return Err(PasswordError::Empty);
        }
        if typed.len() > Self::OCTETS_MAX {
            return Err(PasswordError::TooLong);
        }
        Ok(Self(typed))
    }

    /// The text, for the encoder of a bind and nobody else.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

/// Octets that are never shown: a private key, the value of a cookie, a client's secret.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    /// Takes the octets.
    pub fn new(octets: impl Into<Vec<u8>>) -> Self {
        Self(Zeroizing::new(octets.into()))
    }

    /// The octets.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_cannot_be_empty() {
        for (typed, expected) in [
            ("", Err(PasswordError::Empty)),
            ("\0\0", Err(PasswordError::Empty)),
            (" ", Ok(())),
            ("null", Ok(())),
        ] {
            assert_eq!(Password::new(typed).map(|_| ()), expected, "{typed:?}");
        }
        assert_eq!(
            Password::new("x".repeat(1025)).map(|_| ()),
            Err(PasswordError::TooLong)
        );
    }

    #[test]
    fn secrets_do_not_print() {
        let password = Password::new("hunter2").expect("not empty");
        assert!(!format!("{password:?} {:?}", Secret::new("hunter2")).contains("hunter2"));
    }
}
