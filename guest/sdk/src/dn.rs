//! Distinguished names as text (RFC 4514): as much as groups need.

use std::borrow::Cow;

/// The RDNs of a name as they stand, the entry's own first. Empty for the root; None where the text
/// is no name.
pub fn rdns(dn: &str) -> Option<Vec<&str>> {
    if dn.trim().is_empty() {
        return Some(Vec::new());
    }
    let mut found = Vec::new();
    let mut rest = dn;
    loop {
        let end = unescaped(rest, b",;").unwrap_or(rest.len());
        let rdn = rest.get(..end)?.trim_start();
        value_of(rdn)?;
        found.push(rdn);
        match rest.get(end + 1..) {
            Some(after) => rest = after,
            None => return Some(found),
        }
    }
}

/// The value of the first RDN, its first part where it has several, unescaped: a group's name. None
/// where the text is no name or the value is no text.
pub fn first_value(dn: &str) -> Option<Cow<'_, str>> {
    let rdn = dn.get(..unescaped(dn, b",;").unwrap_or(dn.len()))?;
    unescape(value_of(rdn)?)
}

/// Whether a name is `base` or lies below it. Types and values compare without regard to case and
/// with runs of space as one, which is the matching rule of directory strings (RFC 4518). What is no
/// name lies nowhere.
pub fn is_within(dn: &str, base: &str) -> bool {
    let (Some(dn), Some(base)) = (rdns(dn), rdns(base)) else {
        return false;
    };
    dn.len() >= base.len()
        && dn
            .iter()
            .rev()
            .zip(base.iter().rev())
            .all(|(a, b)| is_same(a, b))
}

/// Whether two RDNs are one. What is no text is equal only to what is written alike.
fn is_same(a: &str, b: &str) -> bool {
    a == b || normal(a).is_some_and(|a| normal(b) == Some(a))
}

/// An RDN to compare by: its parts in a fixed order. None where a value is no text.
fn normal(rdn: &str) -> Option<Vec<(String, String)>> {
    let mut parts = Vec::new();
    let mut rest = rdn;
    loop {
        let end = unescaped(rest, b"+").unwrap_or(rest.len());
        let part = rest.get(..end)?;
        let (kind, _) = part.split_once('=')?;
        let value = unescape(value_of(part)?)?.to_lowercase();
        let folded = value.split_whitespace().collect::<Vec<_>>().join(" ");
        parts.push((kind.trim().to_ascii_lowercase(), folded));
        match rest.get(end + 1..) {
            Some(after) => rest = after,
            None => break,
        }
    }
    parts.sort();
    Some(parts)
}

/// The value of the first `type=value` of an RDN, still escaped, without space around it.
fn value_of(rdn: &str) -> Option<&str> {
    let (kind, rest) = rdn.split_once('=')?;
    crate::attributes::is_type(kind.trim()).then_some(())?;
    let value = rest
        .get(..unescaped(rest, b"+").unwrap_or(rest.len()))?
        .trim_start();
    let trimmed = value.trim_end_matches(' ');
    // A space after a backslash belongs to the value.
    let is_cut_in_an_escape = value.len() > trimmed.len()
        && trimmed
            .bytes()
            .rev()
            .take_while(|octet| *octet == b'\\')
            .count()
            % 2
            == 1;
    let end = trimmed.len() + usize::from(is_cut_in_an_escape);
    value.get(..end).filter(|value| !value.is_empty())
}

/// Where the first of these octets stands that no backslash precedes.
fn unescaped(text: &str, ends: &[u8]) -> Option<usize> {
    let mut is_escaped = false;
    text.bytes().position(|octet| {
        let is_end = !is_escaped && ends.contains(&octet);
        is_escaped = !is_escaped && octet == b'\\';
        is_end
    })
}

/// RFC 4514 section 2.4, backwards. A value in hexadecimal BER (`#…`) stays as it stands.
fn unescape(value: &str) -> Option<Cow<'_, str>> {
    if !value.contains('\\') {
        return Some(Cow::Borrowed(value));
    }
    let mut octets = Vec::with_capacity(value.len());
    let mut rest = value.bytes();
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
    String::from_utf8(octets).ok().map(Cow::Owned)
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
    fn knows_what_lies_below() {
        let base = "OU=Groups, DC=Example";
        for (dn, expected) in [
            ("cn=a,ou=groups,dc=example", true),
            ("ou=groups,dc=example", true),
            ("cn=a;OU=GROUPS;DC=EXAMPLE", true),
            ("cn=a,ou=gro\\75ps,dc=example", true),
            ("cn=a\\,ou=groups,dc=example", false),
            ("cn=a,ou=xgroups,dc=example", false),
            ("dc=example", false),
            ("", false),
            ("groups", false),
        ] {
            assert_eq!(is_within(dn, base), expected, "{dn}");
        }
        assert!(is_within("cn=a,ou=x+l=y,o=z", "l=Y+ou=X,o=z"));
        assert!(is_within("cn=a", ""));
        assert!(is_within("cn=\\ff", "cn=\\ff"));
        assert!(!is_within("cn=\\fe", "cn=\\ff"));
    }
}
