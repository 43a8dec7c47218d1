//! Typed access to the attributes of an entry.
//!
//! Names compare without regard to case, options are read rather than compared as text (RFC 4512
//! section 2.5), and values are sets without order (RFC 4512 section 2.2): where one of several is
//! wanted it is the smallest by its octets, so that a directory that shuffles them changes nothing.

use crate::{
    octets,
    time::{self, Filetime},
    types::{Attribute, Entry, Problem, problem},
};
use std::str;

/// The attributes of one entry.
#[derive(Clone, Copy, Debug)]
pub struct Attributes<'a>(&'a [Attribute]);

impl<'a> Attributes<'a> {
    /// The attributes of this entry.
    pub fn of(entry: &'a Entry) -> Self {
        Self(&entry.attributes)
    }

    /// The values of an attribute, named with or without options; none where it is absent.
    ///
    /// The entry's attribute may have more options than were asked for, since that is a subtype of
    /// it (RFC 4512 section 2.5.2): `cn` is given by `cn;lang-de` where there is no plain `cn`. The
    /// one with the fewest options counts.
    pub fn values(self, description: &str) -> Values<'a> {
        // This runs for every attribute that a mapper reads times every one there is, and most are written
        // as they are asked for or not there at all.
        let (name, wanted) = description.split_at(octets::before(description.as_bytes(), [b';']));
        let is_it = |it: &Attribute| {
            wanted.is_empty() && it.name.len() == name.len() && !it.values.is_empty()
        };
        match self.0.iter().find(|it| begins_with(&it.name, name)) {
            None => Values::NONE,
            Some(it) if is_it(it) => Values {
                octets: &it.values,
                is_whole: true,
            },
            Some(_) => self.subtype(name, wanted),
        }
    }

    /// The same where options are asked for, or names begin alike.
    #[cold]
    fn subtype(self, name: &str, wanted: &str) -> Values<'a> {
        let fit = self.0.iter().filter_map(|it| {
            let options = it.name.get(name.len()..)?;
            let is_it = begins_with(&it.name, name)
                && (options.is_empty() || options.starts_with(';'))
                && has_options(options, wanted)
                && !it.values.is_empty();
            is_it.then_some((it, options))
        });
        let best = fit.min_by_key(|&(_, options)| rank(options));
        best.map_or(Values::NONE, |(it, options)| Values {
            octets: &it.values,
            is_whole: !is_partial(options),
        })
    }

    /// The one text of an attribute: the smallest of those that are not blank.
    pub fn text(self, description: &str) -> Option<&'a str> {
        self.values(description).text()
    }

    /// A boolean (RFC 4517 section 3.3.3, in any letter case).
    ///
    /// # Errors
    ///
    /// The attribute is there and is no boolean, or says both.
    pub fn boolean(self, description: &str) -> Result<Option<bool>, Problem> {
        self.read(description, "a boolean", boolean)
    }

    /// A whole number (RFC 4517 section 3.3.16).
    ///
    /// # Errors
    ///
    /// The attribute is there and is no such number, or has several.
    pub fn integer(self, description: &str) -> Result<Option<i64>, Problem> {
        self.read(description, "a whole number", |text| text.parse().ok())
    }

    /// A GeneralizedTime (RFC 4517 section 3.3.13) as seconds since 1970-01-01T00:00:00Z.
    ///
    /// # Errors
    ///
    /// The attribute is there and is no such time, or has several.
    pub fn time(self, description: &str) -> Result<Option<i64>, Problem> {
        self.read(description, "a GeneralizedTime", time::generalized)
    }

    /// A FILETIME.
    ///
    /// # Errors
    ///
    /// The attribute is there and is no such time, or has several.
    pub fn filetime(self, description: &str) -> Result<Option<Filetime>, Problem> {
        self.read(description, "a FILETIME", time::filetime)
    }

    /// What judges an account must not be guessed: a value that cannot be read, and values that
    /// disagree, are errors, while an attribute that is not there is none.
    fn read<T: PartialEq>(
        self,
        description: &str,
        what: &str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Result<Option<T>, Problem> {
        let mut found = None;
        for octets in self.values(description).octets {
            let value = str::from_utf8(octets)
                .ok()
                .and_then(|text| parse(text.trim()));
            let agrees = found.is_none() || found == value;
            match value {
                Some(value) if agrees => found = Some(value),
                _ => {
                    let message = format!(
                        "the directory's value is not {what}, or there are several; correct the entry"
                    );
                    return Err(problem(description, message));
                }
            }
        }
        Ok(found)
    }
}

/// The values of one attribute.
#[derive(Clone, Copy, Debug)]
pub struct Values<'a> {
    octets: &'a [Vec<u8>],
    is_whole: bool,
}

impl<'a> Values<'a> {
    const NONE: Self = Self {
        octets: &[],
        is_whole: true,
    };

    /// Whether these are all values. Some directories give a long attribute in parts, under the option
    /// `range`.
    pub fn is_whole(self) -> bool {
        self.is_whole
    }

    /// The values as the directory sent them.
    pub fn octets(self) -> impl Iterator<Item = &'a [u8]> {
        self.octets.iter().map(Vec::as_slice)
    }

    /// Those values that are text and not blank, without space at either end.
    pub fn texts(self) -> impl Iterator<Item = &'a str> {
        self.octets.iter().filter_map(|octets| text(octets))
    }

    /// The smallest of [`Self::texts`].
    pub fn text(self) -> Option<&'a str> {
        self.texts().min()
    }
}

/// Octets as text: UTF-8, not blank, without space at either end.
pub fn text(octets: &[u8]) -> Option<&str> {
    let text = str::from_utf8(octets).ok()?;
    // Most values have no space at either end, which takes less to see than to cut.
    if let [first, .., last] = octets
        && first.is_ascii_graphic()
        && last.is_ascii_graphic()
    {
        return Some(text);
    }
    let text = text.trim();
    (!text.is_empty()).then_some(text)
}

/// `TRUE` or `FALSE`, in any letter case.
pub fn boolean(text: &str) -> Option<bool> {
    if text.eq_ignore_ascii_case("true") {
        Some(true)
    } else if text.eq_ignore_ascii_case("false") {
        Some(false)
    } else {
        None
    }
}

/// Whether this is an attribute description (RFC 4512 section 2.5): a name or a dotted OID, then
/// options.
pub fn is_description(text: &str) -> bool {
    let mut parts = text.split(';');
    let is_keychars = |part: &str| {
        !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    parts.next().is_some_and(is_type) && parts.all(is_keychars)
}

/// Whether this is an attribute description without options, or an object class (RFC 4512 section
/// 1.4, `oid`).
pub fn is_type(text: &str) -> bool {
    let is_name = text.as_bytes().first().is_some_and(u8::is_ascii_alphabetic)
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    is_name
        || text.contains('.')
            && text
                .split('.')
                .all(|arc| !arc.is_empty() && arc.bytes().all(|b| b.is_ascii_digit()))
}

/// Whether a description begins with this name.
fn begins_with(description: &str, name: &str) -> bool {
    let (own, name) = (description.as_bytes(), name.as_bytes());
    // Most attributes are others, and their first octets already say so.
    let (Some(first), Some(wanted)) = (own.first(), name.first()) else {
        return false;
    };
    (first ^ wanted) & !CASE == 0
        && own
            .get(..name.len())
            .is_some_and(|own| own.eq_ignore_ascii_case(name))
}

/// What an ASCII letter differs by from itself in the other case.
const CASE: u8 = b'a' ^ b'A';

/// Whether all wanted options are among these, in any order.
fn has_options(options: &str, wanted: &str) -> bool {
    wanted.is_empty()
        || wanted.split(';').all(|wanted| {
            options
                .split(';')
                .any(|own| own.eq_ignore_ascii_case(wanted))
        })
}

/// Fewer options first, then a fixed order.
fn rank(options: &str) -> (usize, &str) {
    (options.matches(';').count(), options)
}

/// Whether the values are a part only, by options that each stand behind their semicolon.
fn is_partial(options: &str) -> bool {
    !options.is_empty()
        && options
            .split(';')
            .filter_map(after_range)
            .any(|range| range != "0-*")
}

/// What stands behind `range=` in an option.
fn after_range(option: &str) -> Option<&str> {
    let (start, range) = option.split_at_checked("range=".len())?;
    start.eq_ignore_ascii_case("range=").then_some(range)
}

/// Which part of the values an attribute has, by its option `range`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Range<'a> {
    /// The description without the option.
    pub(crate) description: &'a str,
    /// The number of the first value, counted from 0.
    pub(crate) start: u32,
    /// The number of the last one; none: there are no more.
    pub(crate) end: Option<u32>,
}

impl<'a> Range<'a> {
    /// None where the description has no such option as its last.
    pub(crate) fn of(description: &'a str) -> Option<Self> {
        let last = description.as_bytes().last()?;
        // Few names end like a range, and every attribute of everyone is looked at.
        if *last != b'*' && !last.is_ascii_digit() {
            return None;
        }
        let (description, option) = description.rsplit_once(';')?;
        let (start, end) = after_range(option)?.split_once('-')?;
        Some(Self {
            description,
            start: start.parse().ok()?,
            end: match end {
                "*" => None,
                end => Some(end.parse().ok()?),
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(attributes: &[(&str, &[&[u8]])]) -> Entry {
        Entry {
            dn: "uid=x".to_owned(),
            attributes: attributes
                .iter()
                .map(|(name, values)| Attribute {
                    name: (*name).to_owned(),
                    values: values.iter().map(|value| value.to_vec()).collect(),
                })
                .collect(),
        }
    }

    #[test]
    fn names_compare_without_case_and_options_are_read() {
        let entry = entry(&[
            ("MAIL;lang-de", &[b"de"]),
            ("Mail", &[b"plain"]),
            ("cn;lang-fr", &[b"fr"]),
            ("cn;lang-de;x-y", &[b"two"]),
            ("cn;lang-de", &[b"cn-de"]),
            ("mailbox", &[b"other"]),
            ("given-name", &[b"longer"]),
            ("given", &[b"as asked for"]),
        ]);
        let attributes = Attributes::of(&entry);
        for (description, expected) in [
            ("mail", Some("plain")),
            ("given", Some("as asked for")),
            ("give", None),
            ("mail;LANG-DE", Some("de")),
            ("cn", Some("cn-de")),
            ("cn;lang-fr", Some("fr")),
            ("cn;x-y;lang-de", Some("two")),
            ("cn;lang-es", None),
            ("sn", None),
        ] {
            assert_eq!(attributes.text(description), expected, "{description}");
        }
    }

    #[test]
    fn the_smallest_text_counts_whatever_the_order() {
        for values in [
            [b"b".as_slice(), b"a", b"", b"  ", b"\xff"],
            [b"\xff".as_slice(), b"  ", b"a", b"", b"b"],
        ] {
            assert_eq!(
                Attributes::of(&entry(&[("cn", &values)])).text("cn"),
                Some("a")
            );
        }
        assert_eq!(
            Attributes::of(&entry(&[("cn", &[b"\xff", b" "])])).text("cn"),
            None
        );
    }

    #[test]
    fn a_part_of_the_values_is_no_whole() {
        let entry = entry(&[("member", &[]), ("member;Range=0-1", &[b"a", b"b"])]);
        let values = Attributes::of(&entry).values("member");
        assert!(!values.is_whole());
        assert_eq!(values.octets().count(), 2);
        assert!(Attributes::of(&entry).values("absent").is_whole());
        let all = self::entry(&[("member;range=0-*", &[b"a"])]);
        assert!(Attributes::of(&all).values("member").is_whole());
    }

    #[test]
    fn a_range_says_which_part() {
        let range = |start, end| {
            Some(Range {
                description: "member;x-a",
                start,
                end,
            })
        };
        for (text, expected) in [
            ("member;x-a;range=0-1499", range(0, Some(1499))),
            ("member;x-a;RANGE=1500-*", range(1500, None)),
            ("member", None),
            ("member;range=a-b", None),
            ("member;range=0", None),
            ("member;range=0-*;x-a", None),
            ("member;ränge=0-*", None),
        ] {
            assert_eq!(Range::of(text), expected, "{text}");
        }
    }

    #[test]
    fn what_judges_an_account_is_never_guessed() {
        let entry = entry(&[
            ("yes", &[b"true"]),
            ("both", &[b"TRUE", b"FALSE"]),
            ("twice", &[b"TRUE", b"true"]),
            ("number", &[b" 66050 "]),
            ("word", &[b"abc"]),
            ("octets", &[b"\xff"]),
            ("large", &[b"9223372036854775808"]),
        ]);
        let attributes = Attributes::of(&entry);
        assert_eq!(attributes.boolean("YES"), Ok(Some(true)));
        assert_eq!(attributes.boolean("twice"), Ok(Some(true)));
        assert_eq!(attributes.boolean("absent"), Ok(None));
        assert_eq!(attributes.integer("number"), Ok(Some(66050)));
        for bad in ["both", "word", "octets"] {
            assert_eq!(
                attributes.boolean(bad).map_err(|p| p.field),
                Err(bad.to_owned())
            );
        }
        for bad in ["word", "octets", "large"] {
            assert!(attributes.integer(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn knows_attribute_descriptions() {
        for good in [
            "cn",
            "userCertificate;binary",
            "2.5.4.3",
            "cn;lang-de;x-1",
            "x-y",
        ] {
            assert!(is_description(good), "{good}");
        }
        for bad in [
            "", "c n", "cn;", ";x", "cn=", "2..5", "1cn", "cn)", "*", "+", "ä", "5",
        ] {
            assert!(!is_description(bad), "{bad}");
        }
        assert!(!is_type("cn;lang-de"));
    }
}
