//! Whether an entry fits a filter (RFC 4511 section 4.5.1.7).
//!
//! There is no schema here: text compares without regard to case and runs of space, names by their
//! normal form, numbers as numbers, and everything else to the octet.

use bridge_model::{
    dn::Dn,
    entry::{Attribute, Entry},
    filter::{Comparison, Filter},
};
use std::cmp::Ordering;

/// All bits of the assertion value are set in the attribute's.
const BIT_AND: &str = "1.2.840.113556.1.4.803";
/// One bit of the assertion value is set in the attribute's.
const BIT_OR: &str = "1.2.840.113556.1.4.804";

/// Whether the entry fits.
pub(crate) fn fits(filter: &Filter, entry: &Entry) -> bool {
    evaluate(filter, entry) == Truth::True
}

/// The attributes that a description names: those of the same type with at least its options
/// (RFC 4512 section 2.5.2).
pub(crate) fn described<'a>(
    entry: &'a Entry,
    description: &'a str,
) -> impl Iterator<Item = &'a Attribute> {
    entry
        .attributes
        .iter()
        .filter(move |attribute| is_described(&attribute.name, description))
}

/// Whether an attribute of this name is what a description names.
pub(crate) fn is_described(name: &str, description: &str) -> bool {
    let mut wanted = description.split(';');
    let kind = wanted.next().unwrap_or_default();
    let mut has = name.split(';');
    has.next().is_some_and(|own| own.eq_ignore_ascii_case(kind))
        && wanted.all(|option| has.clone().any(|own| own.eq_ignore_ascii_case(option)))
}

/// What a filter says of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Truth {
    True,
    False,
    /// Neither: a rule that is not known here. Its negation is no more true.
    Undefined,
}

impl From<bool> for Truth {
    fn from(fits: bool) -> Self {
        if fits { Self::True } else { Self::False }
    }
}

fn evaluate(filter: &Filter, entry: &Entry) -> Truth {
    match filter {
        Filter::And(parts) => all(parts, entry, Truth::False, Truth::True),
        Filter::Or(parts) => all(parts, entry, Truth::True, Truth::False),
        Filter::Not(part) => match evaluate(part, entry) {
            Truth::True => Truth::False,
            Truth::False => Truth::True,
            Truth::Undefined => Truth::Undefined,
        },
        Filter::Present(attribute) => described(entry, attribute).next().is_some().into(),
        Filter::Compare {
            attribute,
            with,
            value,
        } => any_value(entry, attribute, |own| compares(own, *with, value)),
        Filter::Substrings {
            attribute,
            initial,
            any,
            last,
        } => any_value(entry, attribute, |own| has_parts(own, initial, any, last)),
        Filter::Extensible {
            attribute: Some(attribute),
            rule,
            value,
            ..
        } => match rule.as_deref() {
            None => any_value(entry, attribute, |own| is_equal(own, value)),
            Some(BIT_AND) => any_value(entry, attribute, |own| {
                bits(own, value).is_some_and(|(own, mask)| own & mask == mask)
            }),
            Some(BIT_OR) => any_value(entry, attribute, |own| {
                bits(own, value).is_some_and(|(own, mask)| own & mask != 0)
            }),
            Some(_) => Truth::Undefined,
        },
        Filter::Extensible {
            attribute: None, ..
        } => Truth::Undefined,
    }
}

/// The conjunction (`stop` is false) or disjunction (`stop` is true) of all parts.
fn all(parts: &[Filter], entry: &Entry, stop: Truth, otherwise: Truth) -> Truth {
    let mut result = otherwise;
    for part in parts {
        match evaluate(part, entry) {
            truth if truth == stop => return stop,
            Truth::Undefined => result = Truth::Undefined,
            _ => {}
        }
    }
    result
}

fn any_value(entry: &Entry, attribute: &str, fits: impl Fn(&[u8]) -> bool) -> Truth {
    described(entry, attribute)
        .flat_map(|attribute| &attribute.values)
        .any(|own| fits(own))
        .into()
}

fn compares(own: &[u8], with: Comparison, asserted: &[u8]) -> bool {
    match with {
        Comparison::Equal | Comparison::Approximate => is_equal(own, asserted),
        Comparison::GreaterOrEqual => order(own, asserted).is_ge(),
        Comparison::LessOrEqual => order(own, asserted).is_le(),
    }
}

fn is_equal(own: &[u8], asserted: &[u8]) -> bool {
    if own == asserted {
        return true;
    }
    let (Some(own), Some(asserted)) = (fold(own), fold(asserted)) else {
        return false;
    };
    own == asserted
        || match (name(&own), name(&asserted)) {
            (Some(own), Some(asserted)) => own == asserted,
            _ => false,
        }
}

fn order(own: &[u8], asserted: &[u8]) -> Ordering {
    match (integer(own), integer(asserted), fold(own), fold(asserted)) {
        (Some(own), Some(asserted), ..) => own.cmp(&asserted),
        (.., Some(own), Some(asserted)) => own.cmp(&asserted),
        _ => own.cmp(asserted),
    }
}

fn has_parts(own: &[u8], initial: &[u8], any: &[Vec<u8>], last: &[u8]) -> bool {
    // Spaces at the edges of a part are part of what is looked for, so they are not folded away.
    let lower = |octets: &[u8]| match std::str::from_utf8(octets) {
        Ok(text) => text.to_lowercase().into_bytes(),
        Err(_) => octets.to_vec(),
    };
    let own = lower(own);
    let Some(mut rest) = own.strip_prefix(lower(initial).as_slice()) else {
        return false;
    };
    for part in any {
        let part = lower(part);
        let at = if part.is_empty() {
            Some(0)
        } else {
            rest.windows(part.len()).position(|window| window == part)
        };
        let Some(after) = at.and_then(|at| rest.get(at + part.len()..)) else {
            return false;
        };
        rest = after;
    }
    rest.ends_with(&lower(last))
}

fn fold(octets: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(octets).ok()?;
    let words: Vec<&str> = text.split_whitespace().collect();
    Some(words.join(" ").to_lowercase())
}

fn name(text: &str) -> Option<Dn> {
    text.contains('=').then(|| Dn::parse(text).ok()).flatten()
}

fn integer(octets: &[u8]) -> Option<i64> {
    std::str::from_utf8(octets).ok()?.parse().ok()
}

fn bits(own: &[u8], asserted: &[u8]) -> Option<(i64, i64)> {
    Some((integer(own)?, integer(asserted)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ada() -> Entry {
        let attribute = |name: &str, values: &[&[u8]]| Attribute {
            name: name.to_owned(),
            values: values.iter().map(|value| value.to_vec()).collect(),
        };
        Entry {
            dn: "uid=ada,dc=example".to_owned(),
            attributes: vec![
                attribute("objectClass", &[b"top", b"person"]),
                attribute("cn", &[b"Ada Lovelace", b"Countess of Lovelace"]),
                attribute("cn;lang-fr", &[b"Comtesse"]),
                attribute("flags", &[b"514"]),
                attribute("since", &[b"18430901000000Z"]),
                attribute("key", &[&[0, 255, 1]]),
                attribute("seeAlso", &[b"cn=Engine, dc=Example"]),
            ],
        }
    }

    fn check(filter: &str, expected: bool) {
        let filter = Filter::parse(filter, &[]).expect(filter);
        assert_eq!(fits(&filter, &ada()), expected, "{filter}");
    }

    #[test]
    fn compares_text_names_numbers_and_octets() {
        check("(CN=ada  LOVELACE)", true);
        check("(cn=ada)", false);
        check("(cn~=ada lovelace)", true);
        check("(seealso=CN=engine,DC=example)", true);
        check("(seealso=CN=engines,DC=example)", false);
        check("(key=\\00\\ff\\01)", true);
        check("(key=\\00\\ff\\02)", false);
        check("(flags>=99)", true);
        check("(flags<=99)", false);
        check("(since>=18430101000000Z)", true);
        check("(since<=18430101000000Z)", false);
    }

    #[test]
    fn joins_and_negates() {
        check("(&(cn=ada lovelace)(objectclass=PERSON))", true);
        check("(&(cn=ada lovelace)(objectclass=group))", false);
        check("(|(cn=x)(objectclass=person))", true);
        check("(|(cn=x)(objectclass=group))", false);
        check("(!(cn=x))", true);
        check("(!(cn=ada lovelace))", false);
        check("(!(absent=x))", true);
    }

    #[test]
    fn knows_presence_and_options() {
        check("(cn=*)", true);
        check("(absent=*)", false);
        check("(cn=comtesse)", true);
        check("(cn;lang-fr=comtesse)", true);
        check("(cn;lang-fr=ada lovelace)", false);
        check("(cn;lang-de=*)", false);
    }

    #[test]
    fn finds_parts_in_their_order() {
        check("(cn=ada*)", true);
        check("(cn=*lace)", true);
        check("(cn=*love*)", true);
        check("(cn=c*of*lace)", true);
        check("(cn=c*lace*of*)", false);
        check("(cn=ada l*a lovelace)", false);
        check("(cn=x*)", false);
        check("(key=\\00*\\01)", true);
    }

    #[test]
    fn tests_bits() {
        check("(flags:1.2.840.113556.1.4.803:=514)", true);
        check("(flags:1.2.840.113556.1.4.803:=2)", true);
        check("(flags:1.2.840.113556.1.4.803:=6)", false);
        check("(flags:1.2.840.113556.1.4.804:=6)", true);
        check("(!(flags:1.2.840.113556.1.4.803:=2))", false);
        check("(cn:1.2.840.113556.1.4.803:=2)", false);
    }

    #[test]
    fn a_rule_that_is_not_known_is_neither_true_nor_false() {
        check("(cn:1.2.3.4:=x)", false);
        check("(!(cn:1.2.3.4:=x))", false);
        check("(|(cn:1.2.3.4:=x)(objectclass=person))", true);
        check("(!(&(cn:1.2.3.4:=x)(objectclass=group)))", true);
        check("(cn:=ada lovelace)", true);
    }
}
