//! Distinguished names as text (RFC 4514): as much as groups need.

use crate::{attributes, octets};
use std::borrow::Cow;

/// The value of the first RDN, its first part where it has several, unescaped: a group's name. None
/// where the text does not begin like a name, or the value is no text.
///
/// A value in hexadecimal BER (`#…`) stays as it stands.
pub fn first_value(dn: &str) -> Option<Cow<'_, str>> {
    let part = Part::first(dn)?;
    if part.is_escaped {
        String::from_utf8(part.octets()?).ok().map(Cow::Owned)
    } else {
        Some(Cow::Borrowed(part.value))
    }
}

/// The attribute type of the first RDN, as it is written. None where the text does not begin like a
/// name.
pub fn first_type(dn: &str) -> Option<&str> {
    Part::first(dn.trim()).map(|part| part.kind)
}

/// What stands behind the first RDN: the name of the entry above, empty for the root. None where the
/// text does not begin like a name.
pub fn parent(dn: &str) -> Option<&str> {
    let mut part = Part::first(dn.trim())?;
    while let Some(rest) = part.rest.strip_prefix('+') {
        part = Part::first(rest)?;
    }
    Some(
        part.rest
            .strip_prefix([',', ';'])
            .unwrap_or_default()
            .trim(),
    )
}

/// The part of a name that is made of `dc` alone (RFC 2247), as it is written: the domain that an entry is
/// in. None where the name has no such end.
pub fn domain(dn: &str) -> Option<&str> {
    let (mut name, mut start) = (dn.trim(), None);
    while !name.is_empty() {
        let is_domain = first_type(name)?.eq_ignore_ascii_case("dc");
        start = if is_domain {
            start.or(Some(name))
        } else {
            None
        };
        name = parent(name)?;
    }
    start
}

/// A name to compare by: types and values without regard to case and with runs of space as one, which
/// is the matching rule of directory strings (RFC 4518); the parts of an RDN in any order.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(Vec<Rdn>);

/// Types and values, in a fixed order.
type Rdn = Vec<(String, Vec<u8>)>;

impl Name {
    /// Reads a text; nothing but space is the root. None where it is no name.
    pub fn parse(dn: &str) -> Option<Self> {
        let mut rest = dn.trim();
        let mut rdns = Vec::new();
        let mut rdn = Vec::new();
        while !rest.is_empty() {
            let part = Part::first(rest)?;
            rdn.push((part.kind.to_ascii_lowercase(), folded(part.octets()?)));
            if !part.rest.starts_with('+') {
                rdn.sort_unstable();
                rdns.push(std::mem::take(&mut rdn));
            }
            rest = part.rest;
            if !rest.is_empty() {
                // Behind the comma, semicolon or plus sign stands another part.
                rest = rest.get(1..).filter(|rest| !rest.is_empty())?;
            }
        }
        Some(Self(rdns))
    }

    /// Whether this is `base` or a name below it. Everything is within the root.
    pub fn is_within(&self, base: &Self) -> bool {
        self.0.ends_with(&base.0)
    }

    /// Whether this is a name right below `base`.
    pub fn is_right_below(&self, base: &Self) -> bool {
        self.0.len() == base.0.len() + 1 && self.is_within(base)
    }

    /// Whether this is the empty name.
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }
}

/// What ends a part, and what makes the next octet mean itself.
const SIGNS: [u8; 4] = [b',', b';', b'+', b'\\'];

/// One `type=value`, and what follows it.
struct Part<'a> {
    kind: &'a str,
    /// Still escaped, without space around it, not empty.
    value: &'a str,
    is_escaped: bool,
    /// Begins with the sign that ends the part, or is empty.
    rest: &'a str,
}

impl<'a> Part<'a> {
    /// The part that a text begins with. This runs for every group of everyone who signs in.
    fn first(text: &'a str) -> Option<Self> {
        let equals = text.bytes().position(|octet| octet == b'=')?;
        let kind = text.get(..equals)?.trim_matches(' ');
        if !attributes::is_type(kind) {
            return None;
        }
        let rest = text.get(equals + 1..)?.trim_start_matches(' ');
        let octets = rest.as_bytes();
        let sign_from = |start| Some(start + octets::before(octets.get(start..)?, SIGNS));
        let (mut at, mut escaped) = (sign_from(0)?, 0);
        while octets.get(at) == Some(&b'\\') {
            escaped = at + 2;
            at = sign_from(escaped)?;
        }
        let unescaped = octets.get(escaped..at)?.iter();
        let spaces = unescaped.rev().take_while(|octet| **octet == b' ').count();
        Some(Self {
            kind,
            value: rest.get(..at - spaces).filter(|value| !value.is_empty())?,
            is_escaped: escaped > 0,
            rest: rest.get(at..)?,
        })
    }

    /// The value without its escapes (RFC 4514 section 2.4). None where an escape is cut short.
    fn octets(&self) -> Option<Vec<u8>> {
        let mut octets = Vec::with_capacity(self.value.len());
        let mut rest = self.value.bytes();
        while let Some(octet) = rest.next() {
            if octet != b'\\' {
                octets.push(octet);
                continue;
            }
            let escaped = rest.next()?;
            match hex(escaped) {
                Some(high) => octets.push(high * 16 + hex(rest.next()?)?),
                None => octets.push(escaped),
            }
        }
        Some(octets)
    }
}

/// Lower case, runs of space as one. Octets that are no text stay.
fn folded(octets: Vec<u8>) -> Vec<u8> {
    match String::from_utf8(octets) {
        Ok(text) => {
            let words: Vec<_> = text.split_whitespace().collect();
            words.join(" ").to_lowercase().into_bytes()
        }
        Err(error) => error.into_bytes(),
    }
}

fn hex(octet: u8) -> Option<u8> {
    char::from(octet)
        .to_digit(16)
        .and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_a_group_by_its_first_rdn() {
        for (dn, expected) in [
            ("CN=Staff,OU=Groups,DC=example", Some("Staff")),
            ("cn = Staff , ou=x", Some("Staff")),
            ("cn=Smith\\, John,ou=x", Some("Smith, John")),
            ("cn=a\\2Cb,ou=x", Some("a,b")),
            ("cn=a\\+b+sn=c,ou=x", Some("a+b")),
            ("cn=J\\c3\\b6rg,ou=x", Some("Jörg")),
            ("cn=Jörg", Some("Jörg")),
            ("cn=x\\ ,ou=x", Some("x ")),
            ("cn=x\\\\ ,ou=x", Some("x\\")),
            ("cn=\\ x", Some(" x")),
            ("cn=x\\  ,ou=x", Some("x ")),
            ("cn=\\éa,ou=x", Some("éa")),
            ("cn=a=b,ou=x", Some("a=b")),
            ("2.5.4.3=x", Some("x")),
            ("cn=#0c0178,ou=x", Some("#0c0178")),
            ("cn=,ou=x", None),
            ("", None),
            ("staff", None),
            ("=staff", None),
            ("cn=a\\", None),
            ("cn=a\\c", None),
            ("cn=a\\ff", None),
        ] {
            assert_eq!(first_value(dn).as_deref(), expected, "{dn}");
        }
    }

    #[test]
    fn knows_what_a_name_is_made_of() {
        for (dn, kind, parent) in [
            ("CN=a\\,b, OU=x;o=y", Some("CN"), Some("OU=x;o=y")),
            ("cn=a + sn=b,o=y", Some("cn"), Some("o=y")),
            ("o=y", Some("o"), Some("")),
            ("", None, None),
            ("y", None, None),
            ("cn=a+,o=y", Some("cn"), None),
        ] {
            assert_eq!(first_type(dn), kind, "{dn}");
            assert_eq!(super::parent(dn), parent, "{dn}");
        }
    }

    #[test]
    fn knows_the_domain_of_a_name() {
        for (dn, expected) in [
            ("CN=a,OU=b,DC=x, dc=y", Some("DC=x, dc=y")),
            ("dc=x", Some("dc=x")),
            ("dc=a,ou=b,dc=x", Some("dc=x")),
            ("cn=a\\,dc=b,o=x", None),
            ("o=x", None),
            ("", None),
            ("nonsense", None),
        ] {
            assert_eq!(domain(dn), expected, "{dn}");
        }
    }

    fn is_within(dn: &str, base: &str) -> bool {
        let base = Name::parse(base).expect(base);
        Name::parse(dn).is_some_and(|dn| dn.is_within(&base))
    }

    #[test]
    fn knows_what_lies_below() {
        let base = "OU=Groups, DC=Example";
        for (dn, expected) in [
            ("cn=a,ou=groups,dc=example", true),
            ("ou=groups,dc=example", true),
            ("cn=a;OU=GROUPS;DC=EXAMPLE", true),
            ("cn=a , ou = groups , dc = example ", true),
            ("cn=a,ou=gro\\75ps,dc=example", true),
            ("cn=a\\,ou=groups,dc=example", false),
            ("cn=a,ou=xgroups,dc=example", false),
            ("dc=example", false),
            ("", false),
        ] {
            assert_eq!(is_within(dn, base), expected, "{dn}");
        }
        assert!(is_within("cn=a,ou=x+l=y,o=z", "l=Y+ou=X,o=z"));
        assert!(is_within("cn=A  B", "cn=a b"));
        assert!(is_within("cn=JÖRG", "cn=jörg"));
        assert!(is_within("cn=a", ""));
        assert!(is_within("cn=\\ff", "cn=\\FF"));
        assert!(!is_within("cn=\\fe", "cn=\\ff"));
    }

    #[test]
    fn refuses_what_is_no_name() {
        for bad in [
            "groups",
            "=x",
            "cn=",
            "cn=a,",
            "cn=a+",
            "cn=a,,o=x",
            "cn=a\\",
            "c n=a",
            "ä=x",
        ] {
            assert_eq!(Name::parse(bad), None, "{bad}");
        }
    }
}
