//! How a value is read and what it becomes.

use super::phone;
use crate::{
    attributes, base64, id,
    time::{self, Filetime},
    types::ClaimValue,
};

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
    Phone,
    Url,
    Locale,
    Date,
}

/// The names of the formats, in the order of their numbers in a memo.
pub(super) const NAMES: &[&str] = &[
    "text", "email", "integer", "boolean", "time", "filetime", "uuid", "guid", "base64", "phone",
    "url", "locale", "date",
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
    Format::Phone,
    Format::Url,
    Format::Locale,
    Format::Date,
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
        !matches!(
            self,
            Self::Integer | Self::Boolean | Self::Time | Self::Filetime
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
            Self::Base64 => (!octets.is_empty()).then(|| base64::encode(octets)),
            Self::Phone => phone::read(attributes::text(octets)?, None),
            Self::Url => url(attributes::text(octets)?).map(str::to_owned),
            Self::Locale => locale(attributes::text(octets)?),
            Self::Date => date(attributes::text(octets)?),
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
    let is_forbidden = |c: char| c.is_control() || c.is_whitespace() || ends_an_address(c);
    text.len() <= 254
        && !text.contains(is_forbidden)
        && text.split_once('@').is_some_and(|(local, domain)| {
            !local.is_empty() && !domain.is_empty() && !domain.contains('@')
        })
}

/// What no address has, and what may stand between two.
fn ends_an_address(c: char) -> bool {
    matches!(
        c,
        '<' | '>' | '(' | ')' | '[' | ']' | '\\' | ',' | ';' | ':' | '"'
    )
}

/// The address in a labeledURI (RFC 2079), which ends at the first space; http and https alone, since
/// applications put it where people follow it.
fn url(text: &str) -> Option<&str> {
    let address = text.split_whitespace().next()?;
    let (scheme, rest) = address.split_once("://")?;
    let is_web = scheme.eq_ignore_ascii_case("https") || scheme.eq_ignore_ascii_case("http");
    let is_forbidden = |c: char| c.is_control() || "<>\"\\^`{|}".contains(c);
    let has_host = rest
        .bytes()
        .next()
        .is_some_and(|c| !matches!(c, b'/' | b'?' | b'#'));
    (is_web && has_host && !address.contains(is_forbidden)).then_some(address)
}

/// The language tag (RFC 5646) of the greatest weight in a preferredLanguage (RFC 2798 section 2.7), which
/// has the syntax of Accept-Language.
fn locale(text: &str) -> Option<String> {
    let mut best: Option<(f32, &str)> = None;
    for range in text.split(',') {
        let mut parts = range.split(';').map(str::trim);
        let tag = parts.next().unwrap_or_default();
        let weight = parts
            .find_map(|part| part.strip_prefix("q="))
            .map_or(Some(1.0), |weight| weight.trim().parse().ok());
        let weight: f32 = weight?;
        if tag != "*" && weight > 0.0 && best.is_none_or(|(known, _)| weight > known) {
            best = Some((weight, tag));
        }
    }
    language_tag(best?.1)
}

fn language_tag(tag: &str) -> Option<String> {
    let mut written = Vec::new();
    for (at, part) in tag.split(['-', '_']).enumerate() {
        let is_part =
            (1..=8).contains(&part.len()) && part.bytes().all(|c| c.is_ascii_alphanumeric());
        let is_letters = part.bytes().all(|c| c.is_ascii_alphabetic());
        if !is_part || (at == 0 && (part.len() < 2 || !is_letters)) {
            return None;
        }
        let lower = part.to_ascii_lowercase();
        written.push(match (at, part.len(), is_letters) {
            (0, ..) => lower,
            (_, 2, true) => part.to_ascii_uppercase(),
            (_, 4, true) => {
                let (first, rest) = lower.split_at(1);
                first.to_ascii_uppercase() + rest
            }
            _ => lower,
        });
    }
    Some(written.join("-"))
}

/// A birthdate as OpenID Connect Core section 5.1 has it: `YYYY-MM-DD`, with the year 0000 where it is not
/// told, or `YYYY`. Read from these, from `YYYYMMDD`, and from a GeneralizedTime.
fn date(text: &str) -> Option<String> {
    let digits: String = match text.split('-').map(str::len).collect::<Vec<_>>()[..] {
        [4, 2, 2] => text.split('-').collect(),
        _ => text.to_owned(),
    };
    let (day, rest) = digits.split_at_checked(8).unwrap_or((&digits, ""));
    if !day.bytes().all(|c| c.is_ascii_digit()) {
        return None;
    }
    if day.len() == 4 && rest.is_empty() {
        return Some(day.to_owned());
    }
    let (year, month, day) = (day.get(..4)?, day.get(4..6)?, day.get(6..8)?);
    // A year that is not told may have a leap day.
    let known = if year == "0000" { "2000" } else { year };
    let is_time = rest.is_empty() || time::generalized(&digits).is_some();
    time::generalized(&format!("{known}{month}{day}000000Z")).filter(|_| is_time)?;
    Some(format!("{year}-{month}-{day}"))
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
        assert_eq!(Format::decode(13), None);
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
            (Format::Phone, b"+44 20 7946 0110", text("+442079460110")),
            (Format::Phone, b"n/a", None),
            (
                Format::Url,
                b"HTTPS://example.test/~ada  Home page",
                text("HTTPS://example.test/~ada"),
            ),
            (Format::Url, b"javascript://example.test/%0aalert(1)", None),
            (Format::Url, b"https://", None),
            (Format::Url, b"https:///x", None),
            (Format::Url, b"example.test", None),
            (Format::Url, b"https://a\"b", None),
            (Format::Locale, b"en-GB, en;q=0.8", text("en-GB")),
            (Format::Locale, b"de;q=0.5, fr_ch;q=0.9, *", text("fr-CH")),
            (Format::Locale, b"ZH-hant-tw", text("zh-Hant-TW")),
            (Format::Locale, b"*", None),
            (Format::Locale, b"de;q=x", None),
            (Format::Locale, b"d", None),
            (Format::Date, b"1815-12-10", text("1815-12-10")),
            (Format::Date, b"18151210", text("1815-12-10")),
            (Format::Date, b"18151210000000Z", text("1815-12-10")),
            (Format::Date, b"0000-02-29", text("0000-02-29")),
            (Format::Date, b"1815", text("1815")),
            (Format::Date, b"1815-13-10", None),
            (Format::Date, b"1815-02-29", None),
            (Format::Date, b"18151210x", None),
            (Format::Date, b"10.12.1815", None),
        ] {
            assert_eq!(format.value(octets), expected, "{format:?} {octets:?}");
        }
    }
}
