//! How a value is read and what it becomes.

use crate::{
    attributes, id,
    time::{self, Filetime},
    types::ClaimValue,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};

/// How a value is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Text,
    Email,
    Integer,
    Boolean,
    Time,
    Filetime,
    Uuid,
    Guid,
    Base64,
}

/// The names of the formats, in the order of their numbers in a memo.
pub(super) const NAMES: &[&str] = &[
    "text", "email", "integer", "boolean", "time", "filetime", "uuid", "guid", "base64",
];

const FORMATS: &[Format] = &[
    Format::Text,
    Format::Email,
    Format::Integer,
    Format::Boolean,
    Format::Time,
    Format::Filetime,
    Format::Uuid,
    Format::Guid,
    Format::Base64,
];

impl Format {
    pub(super) fn named(name: &str) -> Option<Self> {
        let at = NAMES.iter().position(|known| *known == name)?;
        FORMATS.get(at).copied()
    }

    pub(super) fn decode(number: u8) -> Option<Self> {
        FORMATS.get(usize::from(number)).copied()
    }

    pub(super) fn encode(self) -> u8 {
        self as u8
    }

    /// The name that a mapper's setting has for it.
    pub(super) fn name(self) -> &'static str {
        NAMES
            .get(usize::from(self.encode()))
            .copied()
            .unwrap_or_default()
    }

    /// Whether a value is blank, or is how the format writes that there is none.
    pub(super) fn says_nothing(self, octets: &[u8]) -> bool {
        let text = std::str::from_utf8(octets).map(str::trim);
        match self {
            Self::Uuid | Self::Guid | Self::Base64 => octets.is_empty(),
            Self::Filetime => text.is_ok_and(|text| {
                text.is_empty() || matches!(time::filetime(text), Some(Filetime::Never))
            }),
            _ => text.is_ok_and(str::is_empty),
        }
    }

    /// Whether values become text, so that there may be an array of them.
    pub(super) fn is_text(self) -> bool {
        matches!(
            self,
            Self::Text | Self::Email | Self::Uuid | Self::Guid | Self::Base64
        )
    }

    /// A value as text; None where it is not of this format, or blank.
    pub(super) fn text(self, octets: &[u8]) -> Option<String> {
        match self {
            Self::Text => attributes::text(octets).map(str::to_owned),
            Self::Email => attributes::text(octets)
                .filter(|text| is_email(text))
                .map(str::to_owned),
            Self::Uuid => id::uuid(octets),
            Self::Guid => id::guid(octets),
            Self::Base64 => (!octets.is_empty()).then(|| STANDARD.encode(octets)),
            Self::Integer | Self::Boolean | Self::Time | Self::Filetime => None,
        }
    }

    /// A value as a claim's; None where it is not of this format, or blank.
    pub(super) fn value(self, octets: &[u8]) -> Option<ClaimValue> {
        if self.is_text() {
            return self.text(octets).map(ClaimValue::Text);
        }
        let text = attributes::text(octets)?;
        match self {
            Self::Boolean => attributes::boolean(text).map(ClaimValue::Boolean),
            Self::Integer => text.parse().ok().map(ClaimValue::Integer),
            Self::Time => time::generalized(text).map(ClaimValue::Integer),
            Self::Filetime => match time::filetime(text)? {
                Filetime::At(seconds) => Some(ClaimValue::Integer(seconds)),
                Filetime::Never => None,
            },
            _ => None,
        }
    }
}

/// Whether a text has the shape of an address: something on either side of one `@`, and nothing
/// that could end an address and begin another, or a line, where an application puts it.
pub(crate) fn is_email(text: &str) -> bool {
    let is_forbidden = |c: char| c.is_control() || c.is_whitespace() || "<>()[]\\,;:\"".contains(c);
    text.len() <= 254
        && !text.contains(is_forbidden)
        && text.split_once('@').is_some_and(|(local, domain)| {
            !local.is_empty() && !domain.is_empty() && !domain.contains('@')
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_agree() {
        assert_eq!(NAMES.len(), FORMATS.len());
        for (name, format) in NAMES.iter().zip(FORMATS) {
            assert_eq!(Format::named(name), Some(*format));
            assert_eq!(Format::decode(format.encode()), Some(*format));
        }
        assert_eq!(Format::named("json"), None);
        assert_eq!(Format::decode(9), None);
    }

    #[test]
    fn knows_the_shape_of_an_address() {
        for good in ["ada@example.test", "a.b+c@x", "jörg@müller.test"] {
            assert!(is_email(good), "{good}");
        }
        for bad in [
            "",
            "ada",
            "@x",
            "ada@",
            "a@b@c",
            "a b@c",
            "a@b\nBcc: c",
            "Ada <ada@x>",
            "a@x,b",
            "a\0@x",
        ] {
            assert!(!is_email(bad), "{bad:?}");
        }
        assert!(!is_email(&format!("{}@x", "a".repeat(254))));
    }

    #[test]
    fn reads_each_format() {
        let text = |text: &str| Some(ClaimValue::Text(text.to_owned()));
        for (format, octets, expected) in [
            (Format::Text, &b" Ada "[..], text("Ada")),
            (Format::Text, b"  ", None),
            (Format::Text, b"\xff", None),
            (Format::Email, b"ada@x", text("ada@x")),
            (Format::Email, b"ada", None),
            (Format::Integer, b"-7", Some(ClaimValue::Integer(-7))),
            (Format::Integer, b"7.5", None),
            (Format::Boolean, b"FALSE", Some(ClaimValue::Boolean(false))),
            (Format::Boolean, b"no", None),
            (
                Format::Time,
                b"19700101000010Z",
                Some(ClaimValue::Integer(10)),
            ),
            (
                Format::Filetime,
                b"116444736100000000",
                Some(ClaimValue::Integer(10)),
            ),
            (Format::Filetime, b"0", None),
            (
                Format::Guid,
                b"\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
                text("00000001-0000-0000-0000-000000000000"),
            ),
            (Format::Uuid, b"short", None),
            (Format::Base64, b"\xff\x00", text("/wA=")),
            (Format::Base64, b"", None),
        ] {
            assert_eq!(format.value(octets), expected, "{format:?} {octets:?}");
        }
    }
}
