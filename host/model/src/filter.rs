//! Search filters as trees (RFC 4511 section 4.5.1.7).

use crate::search::Slot;
use std::fmt::{self, Write as _};

/// A search filter.
///
/// Values are raw octets. They are escaped in one place, when the tree is printed for the encoder
/// ([`fmt::Display`], RFC 4515 section 3), so a value can never become syntax.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Filter {
    /// All of them fit.
    And(Vec<Filter>),
    /// One of them fits.
    Or(Vec<Filter>),
    /// It does not fit.
    Not(Box<Filter>),
    /// The attribute has a value at all.
    Present(String),
    /// The attribute has a value that compares so.
    Compare {
        /// The attribute description.
        attribute: String,
        /// How it compares.
        with: Comparison,
        /// The assertion value.
        value: Vec<u8>,
    },
    /// The attribute has a value with these parts, in this order.
    Substrings {
        /// The attribute description.
        attribute: String,
        /// What it begins with; may be empty.
        initial: Vec<u8>,
        /// What stands between.
        any: Vec<Vec<u8>>,
        /// What it ends in; may be empty.
        last: Vec<u8>,
    },
    /// A matching rule says so.
    Extensible {
        /// The attribute description, where one is named.
        attribute: Option<String>,
        /// The rule's OID or name, where one is named.
        rule: Option<String>,
        /// Whether the parts of the entry's DN count too.
        dn_attributes: bool,
        /// The assertion value.
        value: Vec<u8>,
    },
}

/// How a value compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// `=`
    Equal,
    /// `>=`
    GreaterOrEqual,
    /// `<=`
    LessOrEqual,
    /// `~=`
    Approximate,
}

/// Why a text is no [`Filter`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FilterError {
    /// Not as RFC 4515 section 3 has it.
    #[error("not a filter: {problem} at octet {at}")]
    Syntax {
        /// What is wrong.
        problem: &'static str,
        /// Where, counted from 0.
        at: usize,
    },
    /// A name in braces for which no slot was given.
    #[error("the filter has a slot {{{0}}} that nothing fills")]
    UnknownSlot(String),
    /// Over [`Filter::OCTETS_MAX`], [`Filter::DEPTH_MAX`] or [`Filter::TERMS_MAX`].
    #[error("the filter is too large: {0}")]
    TooLarge(&'static str),
}

impl Filter {
    /// Longer texts are not read.
    pub const OCTETS_MAX: usize = 16 * 1024;
    /// Deeper nesting is refused before it is read, so that reading cannot exhaust the stack.
    pub const DEPTH_MAX: usize = 16;
    /// More leaves are refused, slots counted with all their values.
    pub const TERMS_MAX: usize = 1000;

    /// Reads RFC 4515 text in which `{name}` stands for a whole assertion value, filled from `slots`. A
    /// slot with several values makes an [`Filter::Or`] of them, one with none fits nothing.
    pub fn parse(text: &str, slots: &[Slot]) -> Result<Self, FilterError> {
        if text.len() > Self::OCTETS_MAX {
            return Err(FilterError::TooLarge("the text"));
        }
        let mut reader = Reader {
            text,
            at: 0,
            terms: 0,
            slots,
        };
        let filter = reader.filter(0)?;
        reader.spaces();
        if reader.at < text.len() {
            return Err(reader.wrong("text after the closing parenthesis"));
        }
        Ok(filter)
    }

    /// The attribute has this value.
    pub fn equal(attribute: impl Into<String>, value: impl Into<Vec<u8>>) -> Self {
        Self::Compare {
            attribute: attribute.into(),
            with: Comparison::Equal,
            value: value.into(),
        }
    }

    /// Fits no entry: RFC 4526's `(|)` is not known everywhere, but every entry has an object class.
    pub fn nothing() -> Self {
        Self::Not(Box::new(Self::Present("objectClass".to_owned())))
    }

    /// Calls `see` with every attribute description that the filter names.
    pub fn each_attribute(&self, see: &mut dyn FnMut(&str)) {
        match self {
            Self::And(parts) | Self::Or(parts) => {
                for part in parts {
                    part.each_attribute(see);
                }
            }
            Self::Not(part) => part.each_attribute(see),
            Self::Present(attribute)
            | Self::Compare { attribute, .. }
            | Self::Substrings { attribute, .. }
            | Self::Extensible {
                attribute: Some(attribute),
                ..
            } => see(attribute),
            Self::Extensible {
                attribute: None, ..
            } => {}
        }
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::And(parts) => nested(f, '&', parts),
            Self::Or(parts) => nested(f, '|', parts),
            Self::Not(part) => write!(f, "(!{part})"),
            Self::Present(attribute) => write!(f, "({attribute}=*)"),
            Self::Compare {
                attribute,
                with,
                value,
            } => {
                let sign = match with {
                    Comparison::Equal => "=",
                    Comparison::GreaterOrEqual => ">=",
                    Comparison::LessOrEqual => "<=",
                    Comparison::Approximate => "~=",
                };
                write!(f, "({attribute}{sign}{})", Escaped(value))
            }
            Self::Substrings {
                attribute,
                initial,
                any,
                last,
            } => {
                write!(f, "({attribute}={}*", Escaped(initial))?;
                for part in any {
                    write!(f, "{}*", Escaped(part))?;
                }
                write!(f, "{})", Escaped(last))
            }
            Self::Extensible {
                attribute,
                rule,
                dn_attributes,
                value,
            } => {
                f.write_char('(')?;
                f.write_str(attribute.as_deref().unwrap_or_default())?;
                if *dn_attributes {
                    f.write_str(":dn")?;
                }
                if let Some(rule) = rule {
                    write!(f, ":{rule}")?;
                }
                write!(f, ":={})", Escaped(value))
            }
        }
    }
}

fn nested(f: &mut fmt::Formatter<'_>, sign: char, parts: &[Filter]) -> fmt::Result {
    write!(f, "({sign}")?;
    parts.iter().try_for_each(|part| write!(f, "{part}"))?;
    f.write_char(')')
}

/// A value as it stands in a filter's text.
struct Escaped<'a>(&'a [u8]);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for octet in self.0 {
            match octet {
                b'*' | b'(' | b')' | b'\\' | b'{' | b'}' | 0..=0x1f | 0x7f.. => {
                    write!(f, "\\{octet:02x}")?;
                }
                _ => f.write_char(char::from(*octet))?,
            }
        }
        Ok(())
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    terms: usize,
    slots: &'a [Slot],
}

impl<'a> Reader<'a> {
    fn wrong(&self, problem: &'static str) -> FilterError {
        FilterError::Syntax {
            problem,
            at: self.at,
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn spaces(&mut self) {
        while self.peek() == Some(b' ') {
            self.at += 1;
        }
    }

    fn eat(&mut self, octet: u8, problem: &'static str) -> Result<(), FilterError> {
        if self.peek() == Some(octet) {
            self.at += 1;
            Ok(())
        } else {
            Err(self.wrong(problem))
        }
    }

    fn filter(&mut self, depth: usize) -> Result<Filter, FilterError> {
        if depth > Filter::DEPTH_MAX {
            return Err(FilterError::TooLarge("its nesting"));
        }
        self.spaces();
        self.eat(b'(', "an opening parenthesis is missing")?;
        let filter = match self.peek() {
            Some(b'&') => Filter::And(self.list(depth)?),
            Some(b'|') => Filter::Or(self.list(depth)?),
            Some(b'!') => {
                self.at += 1;
                Filter::Not(Box::new(self.filter(depth + 1)?))
            }
            _ => self.item()?,
        };
        self.spaces();
        self.eat(b')', "a closing parenthesis is missing")?;
        Ok(filter)
    }

    fn list(&mut self, depth: usize) -> Result<Vec<Filter>, FilterError> {
        self.at += 1;
        let mut parts = Vec::new();
        self.spaces();
        while self.peek() == Some(b'(') {
            parts.push(self.filter(depth + 1)?);
            self.spaces();
        }
        if parts.is_empty() {
            return Err(self.wrong("a list without members"));
        }
        Ok(parts)
    }

    fn item(&mut self) -> Result<Filter, FilterError> {
        let start = self.at;
        while self
            .peek()
            .is_some_and(|c| c.is_ascii_alphanumeric() || b"-._;:".contains(&c))
        {
            self.at += 1;
        }
        let left = self.text.get(start..self.at).unwrap_or_default();
        let with = match self.peek() {
            Some(b'=') => Comparison::Equal,
            Some(b'>') => Comparison::GreaterOrEqual,
            Some(b'<') => Comparison::LessOrEqual,
            Some(b'~') => Comparison::Approximate,
            _ => return Err(self.wrong("a comparison is missing")),
        };
        if with != Comparison::Equal {
            self.at += 1;
        }
        self.eat(b'=', "an equals sign is missing")?;
        let raw = self.raw_value();
        if let Some(left) = left.strip_suffix(':') {
            return self.extensible(left, raw);
        }
        let attribute = left.to_owned();
        if attribute.is_empty() || attribute.contains(':') {
            return Err(self.wrong("an attribute is missing"));
        }
        if with == Comparison::Equal && raw == "*" {
            self.count(1)?;
            return Ok(Filter::Present(attribute));
        }
        if with == Comparison::Equal && raw.contains('*') {
            return self.substrings(attribute, raw);
        }
        self.values(raw, |value| Filter::Compare {
            attribute: attribute.clone(),
            with,
            value,
        })
    }

    fn extensible(&mut self, left: &str, raw: &str) -> Result<Filter, FilterError> {
        let mut parts = left.split(':');
        let attribute = parts.next().filter(|a| !a.is_empty()).map(str::to_owned);
        let (mut dn_attributes, mut rule) = (false, None);
        for part in parts {
            match part {
                "dn" if !dn_attributes && rule.is_none() => dn_attributes = true,
                "" => return Err(self.wrong("a matching rule is missing")),
                _ if rule.is_none() => rule = Some(part.to_owned()),
                _ => return Err(self.wrong("a second matching rule")),
            }
        }
        if attribute.is_none() && rule.is_none() {
            return Err(self.wrong("an attribute or a matching rule is missing"));
        }
        self.values(raw, |value| Filter::Extensible {
            attribute: attribute.clone(),
            rule: rule.clone(),
            dn_attributes,
            value,
        })
    }

    fn substrings(&mut self, attribute: String, raw: &str) -> Result<Filter, FilterError> {
        self.count(1)?;
        let mut parts = raw
            .split('*')
            .map(|part| self.unescape(part))
            .collect::<Result<Vec<_>, _>>()?;
        let last = parts.pop().unwrap_or_default();
        let initial = if parts.is_empty() {
            Vec::new()
        } else {
            parts.remove(0)
        };
        if parts.iter().any(Vec::is_empty) {
            return Err(self.wrong("two asterisks in a row"));
        }
        Ok(Filter::Substrings {
            attribute,
            initial,
            any: parts,
            last,
        })
    }

    /// One leaf for a plain value; for a slot one for each of its values.
    fn values(
        &mut self,
        raw: &str,
        leaf: impl Fn(Vec<u8>) -> Filter,
    ) -> Result<Filter, FilterError> {
        let Some(name) = raw.strip_prefix('{').and_then(|r| r.strip_suffix('}')) else {
            self.count(1)?;
            return Ok(leaf(self.unescape(raw)?));
        };
        let slots = self.slots;
        let slot = slots
            .iter()
            .find(|slot| slot.name == name)
            .ok_or_else(|| FilterError::UnknownSlot(name.to_owned()))?;
        self.count(slot.values.len().max(1))?;
        Ok(match slot.values.as_slice() {
            [] => Filter::nothing(),
            [value] => leaf(value.clone()),
            values => Filter::Or(values.iter().cloned().map(leaf).collect()),
        })
    }

    fn count(&mut self, leaves: usize) -> Result<(), FilterError> {
        self.terms += leaves;
        if self.terms > Filter::TERMS_MAX {
            return Err(FilterError::TooLarge("its number of terms"));
        }
        Ok(())
    }

    /// The text up to the closing parenthesis.
    fn raw_value(&mut self) -> &'a str {
        let text = self.text;
        let start = self.at;
        while self.peek().is_some_and(|c| c != b')' && c != b'(') {
            self.at += 1;
        }
        text.get(start..self.at).unwrap_or_default()
    }

    fn unescape(&self, raw: &str) -> Result<Vec<u8>, FilterError> {
        let mut octets = Vec::with_capacity(raw.len());
        let mut rest = raw.bytes();
        while let Some(octet) = rest.next() {
            match octet {
                b'\\' => {
                    let digit = |c: Option<u8>| c.and_then(|c| char::from(c).to_digit(16));
                    let pair = (digit(rest.next()), digit(rest.next()));
                    let (Some(high), Some(low)) = pair else {
                        return Err(self.wrong("a backslash without two hexadecimal digits"));
                    };
                    octets.push(u8::try_from(high * 16 + low).unwrap_or_default());
                }
                b'{' | b'}' => return Err(self.wrong("a brace inside a value")),
                b'*' => return Err(self.wrong("an asterisk that is not escaped")),
                0 => return Err(self.wrong("a NUL that is not escaped")),
                _ => octets.push(octet),
            }
        }
        Ok(octets)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slot(name: &str, values: &[&[u8]]) -> Slot {
        Slot {
            name: name.to_owned(),
            values: values.iter().map(|v| v.to_vec()).collect(),
        }
    }

    #[test]
    fn prints_what_it_read() {
        for text in [
            "(uid=ada)",
            "(&(objectClass=person)(|(uid=a*b*c)(mail=*))(!(cn>=x)))",
            "(memberOf:1.2.840.113556.1.4.1941:=cn=g)",
            "(:dn:2.5.13.5:=x)",
            "(cn=a\\2ab\\28\\29\\5c\\00)",
            "(cn~=x)",
            "(cn=\\c3\\a4)",
        ] {
            let filter = Filter::parse(text, &[]).expect(text);
            assert_eq!(filter.to_string(), text);
        }
    }

    #[test]
    fn a_value_in_a_slot_never_becomes_syntax() {
        for typed in ["*", "a)(uid=*", "\\2a", "a\0b", "Ünï(x)", "{username}"] {
            let filter =
                Filter::parse("(uid={username})", &[slot("username", &[typed.as_bytes()])])
                    .expect(typed);
            assert_eq!(filter, Filter::equal("uid", typed));
            assert_eq!(
                Filter::parse(&filter.to_string(), &[]),
                Ok(filter),
                "{typed}"
            );
        }
    }

    #[test]
    fn a_slot_stands_for_all_of_its_values() {
        let parse = |values: &[&[u8]]| {
            Filter::parse("(uid={u})", &[slot("u", values)]).map(|f| f.to_string())
        };
        assert_eq!(parse(&[]), Ok("(!(objectClass=*))".to_owned()));
        assert_eq!(parse(&[b"a", b"b"]), Ok("(|(uid=a)(uid=b))".to_owned()));
    }

    #[test]
    fn refuses_what_is_no_filter() {
        for bad in [
            "",
            "uid=a",
            "(uid=a",
            "(uid=a))",
            "(&)",
            "(uid)",
            "(=a)",
            "(uid=a**b)",
            "(cn~=*x)",
            "(uid={u}x)",
            "(uid=\\zz)",
            "(uid:=)(",
            "(::=x)",
            "(uid={u}",
            "(uid=a)(uid=b)",
        ] {
            assert!(Filter::parse(bad, &[]).is_err(), "{bad}");
        }
        assert_eq!(
            Filter::parse("(uid={who})", &[]),
            Err(FilterError::UnknownSlot("who".to_owned()))
        );
    }

    #[test]
    fn refuses_what_is_too_large() {
        let deep = format!("{}(a=b){}", "(!".repeat(17), ")".repeat(17));
        let wide = format!("(|{})", "(a=b)".repeat(1001));
        for text in [&deep, &wide, &"(".repeat(20_000)] {
            assert!(matches!(
                Filter::parse(text, &[]),
                Err(FilterError::TooLarge(_))
            ));
        }
    }
}
