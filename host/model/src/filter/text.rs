//! Reading the text of a filter (RFC 4515 section 3).

use super::{Comparison, Filter, FilterError, Slot};

/// Reads a whole text.
pub(super) fn read(text: &str, slots: &[Slot]) -> Result<Filter, FilterError> {
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
