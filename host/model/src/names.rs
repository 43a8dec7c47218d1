//! Names that stand in paths, tokens and logs.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A text that is not a name of the wanted kind.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} must be {rule}")]
pub struct NameError {
    what: &'static str,
    rule: &'static str,
}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident, $what:literal, $rule:literal, $check:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Takes a text that follows the rule of this kind of name.
            pub fn new(text: impl Into<String>) -> Result<Self, NameError> {
                let text = text.into();
                let follows: fn(&str) -> bool = $check;
                if follows(&text) {
                    Ok(Self(text))
                } else {
                    Err(NameError { what: $what, rule: $rule })
                }
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl TryFrom<String> for $name {
            type Error = NameError;
            fn try_from(text: String) -> Result<Self, NameError> {
                Self::new(text)
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.0
            }
        }
    };
}

name!(
    /// The name of a realm, which is a segment of its issuer's path.
    RealmName,
    "a realm's name",
    "1 to 64 of a-z, 0-9 and -, and must not begin or end with -",
    |text| {
        (1..=64).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            && !text.starts_with('-')
            && !text.ends_with('-')
    }
);

name!(
    /// The identifier of a client (RFC 6749 section 2.2).
    ClientId,
    "a client's id",
    "1 to 128 printable ASCII characters without space",
    |text| (1..=128).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic())
);

name!(
    /// The name of a federation, unique in its realm.
    FederationName,
    "a federation's name",
    "1 to 128 characters, none of them a control character, without space at either end",
    |text| {
        (1..=128).contains(&text.chars().count())
            && !text.chars().any(char::is_control)
            && text.trim() == text
    }
);

/// The id of a federation, made when it is first saved and kept over every change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FederationId(pub uuid::Uuid);

impl fmt::Display for FederationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn realm_names_are_path_segments() {
        for good in ["a", "our-staff", "r2"] {
            assert!(RealmName::new(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "-a",
            "a-",
            "A",
            "a/b",
            "a.b",
            "..",
            "ä",
            &"a".repeat(65),
        ] {
            assert!(RealmName::new(bad).is_err(), "{bad}");
        }
    }
}
