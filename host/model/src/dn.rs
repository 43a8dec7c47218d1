//! Distinguished names (RFC 4514).

mod text;

use crate::write::NamePart;
use serde::{Deserialize, Serialize};
use std::{fmt, hash};
use text::Reader;

/// A distinguished name: the text as written, and a normal form to compare by.
///
/// Shape: at most [`Dn::OCTETS_MAX`] octets; empty names the root DSE. Two are equal when their normal
/// forms are: types and values without regard to case, runs of space folded, the parts of a
/// multi-valued RDN in any order. That is the matching rule of directory strings; an attribute with
/// a stricter rule may make two names unequal that are equal here, never the other way around.
#[derive(Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Dn {
    text: String,
    normal: Vec<Rdn>,
}

/// A relative distinguished name in its normal form: types and values, sorted.
type Rdn = Vec<(String, Vec<u8>)>;

/// Why a text is no [`Dn`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DnError {
    /// Over [`Dn::OCTETS_MAX`].
    #[error("the DN is longer than {} octets", Dn::OCTETS_MAX)]
    TooLong,
    /// Not as RFC 4514 section 3 has it.
    #[error("not a DN: {problem} at character {at}")]
    Syntax {
        /// What is wrong.
        problem: &'static str,
        /// Where, counted from 1.
        at: usize,
    },
}

impl Dn {
    /// Longer names come from nobody who means well.
    pub const OCTETS_MAX: usize = 4096;

    /// The empty name: that of the root DSE (RFC 4512 section 5.1).
    pub fn root() -> Self {
        Self {
            text: String::new(),
            normal: Vec::new(),
        }
    }

    /// Reads a text.
    pub fn parse(text: &str) -> Result<Self, DnError> {
        if text.len() > Self::OCTETS_MAX {
            return Err(DnError::TooLong);
        }
        let text = trim(text);
        let normal = if text.is_empty() {
            Vec::new()
        } else {
            Reader::new(text).name()?
        };
        Ok(Self {
            text: text.to_owned(),
            normal,
        })
    }

    /// The name of the entry right below `parent` whose RDN is `attribute=value`.
    pub fn child(attribute: &str, value: &str, parent: &Self) -> Result<Self, DnError> {
        let separator = if parent.is_root() { "" } else { "," };
        Self::parse(&format!("{attribute}={}{separator}{parent}", escape(value)))
    }

    /// The name of the entry right below `parent` whose RDN has these parts; below the empty name that
    /// is the RDN itself. A value that is no text is written in the form `#` of RFC 4514 section 2.4,
    /// as an octet string.
    ///
    /// # Errors
    ///
    /// For no parts, and for what is no name of an attribute.
    pub fn named(parts: &[NamePart], parent: &Self) -> Result<Self, DnError> {
        let wrong = |problem| Err(DnError::Syntax { problem, at: 1 });
        let is_name = |name: &str| {
            let is_fitting = |c: char| c.is_ascii_alphanumeric() || "-.;".contains(c);
            !name.is_empty() && name.chars().all(is_fitting)
        };
        if parts.is_empty() {
            return wrong("a name without parts");
        }
        if parts.iter().any(|part| !is_name(&part.attribute)) {
            return wrong("a part whose attribute is not named as RFC 4512 section 1.4 has it");
        }
        let part = |part: &NamePart| format!("{}={}", part.attribute, escape_octets(&part.value));
        let rdn = parts.iter().map(part).collect::<Vec<_>>().join("+");
        let separator = if parent.is_root() { "" } else { "," };
        Self::parse(&format!("{rdn}{separator}{parent}"))
    }

    /// The text as written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether this is the empty name.
    pub fn is_root(&self) -> bool {
        self.normal.is_empty()
    }

    /// Whether this is `base` or a name below it. Everything is within the empty name.
    pub fn is_within(&self, base: &Self) -> bool {
        self.normal.ends_with(&base.normal)
    }

    /// Whether a text is a value of one of the RDNs, compared as names are.
    pub fn has_value(&self, text: &str) -> bool {
        let folded = fold(text.as_bytes().to_vec());
        self.normal
            .iter()
            .flatten()
            .any(|(_, value)| *value == folded)
    }

    /// Whether this name ends as `base` does: in the same `dc` parts (RFC 2247), or, where `base` ends
    /// in none, in the same last part. Nothing is said of the empty name: everything ends as it does.
    pub fn is_in_domain_of(&self, base: &Self) -> bool {
        let is_domain = |rdn: &&Rdn| matches!(rdn.as_slice(), [(kind, _)] if kind == "dc");
        let parts = base.normal.iter().rev().take_while(is_domain).count();
        let tail = base.normal.iter().rev().take(parts.max(1));
        tail.zip(
            self.normal
                .iter()
                .rev()
                .map(Some)
                .chain(std::iter::repeat(None)),
        )
        .all(|(wanted, own)| own == Some(wanted))
    }

    /// Octets that are the same for two names exactly if the names are equal, for whoever keeps names in
    /// an order. The part nearest to the root comes first, so what is below one name lies together.
    pub fn comparable(&self) -> Vec<u8> {
        let mut octets = Vec::with_capacity(self.text.len() + 2 * self.depth());
        for rdn in self.normal.iter().rev() {
            for (i, (kind, value)) in rdn.iter().enumerate() {
                if i > 0 {
                    octets.extend([0, 1]);
                }
                octets.extend_from_slice(kind.as_bytes());
                octets.push(b'=');
                for octet in value {
                    octets.push(*octet);
                    // What ends a part is never in one.
                    octets.extend((*octet == 0).then_some(u8::MAX));
                }
            }
            octets.extend([0, 0]);
        }
        octets
    }

    /// How many RDNs the name has.
    pub fn depth(&self) -> usize {
        self.normal.len()
    }
}

impl PartialEq for Dn {
    fn eq(&self, other: &Self) -> bool {
        self.normal == other.normal
    }
}

impl Eq for Dn {}

impl hash::Hash for Dn {
    fn hash<H: hash::Hasher>(&self, state: &mut H) {
        self.normal.hash(state);
    }
}

impl fmt::Display for Dn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Dn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Dn({:?})", self.text)
    }
}

impl TryFrom<String> for Dn {
    type Error = DnError;
    fn try_from(text: String) -> Result<Self, DnError> {
        Self::parse(&text)
    }
}

impl From<Dn> for String {
    fn from(dn: Dn) -> Self {
        dn.text
    }
}

/// A text without the spaces around it; one at the end that is escaped is part of the name.
fn trim(text: &str) -> &str {
    let text = text.trim_start();
    let trimmed = text.trim_end();
    let backslashes = trimmed.bytes().rev().take_while(|c| *c == b'\\').count();
    let escaped = text
        .get(trimmed.len()..)
        .and_then(|rest| rest.chars().next());
    match escaped {
        Some(space) if backslashes % 2 == 1 => text
            .get(..trimmed.len() + space.len_utf8())
            .unwrap_or(trimmed),
        _ => trimmed,
    }
}

/// A value as it stands in a DN (RFC 4514 section 2.4).
fn escape(value: &str) -> String {
    let last = value.chars().count().saturating_sub(1);
    let mut out = String::with_capacity(value.len());
    for (i, c) in value.chars().enumerate() {
        match c {
            '"' | '+' | ',' | ';' | '<' | '>' | '\\' => {
                out.push('\\');
                out.push(c);
            }
            '\0' => out.push_str("\\00"),
            '#' | ' ' if i == 0 => {
                out.push('\\');
                out.push(c);
            }
            ' ' if i == last => out.push_str("\\ "),
            _ => out.push(c),
        }
    }
    out
}

/// As [`escape`], for any octets.
fn escape_octets(value: &[u8]) -> String {
    if let Ok(text) = std::str::from_utf8(value) {
        return escape(text);
    }
    // An octet string in BER: its tag, its length, its octets.
    let mut ber = vec![0x04];
    if let Ok(short @ ..0x80) = u8::try_from(value.len()) {
        ber.push(short);
    } else {
        let length = value.len().to_be_bytes();
        let length: Vec<_> = length.into_iter().skip_while(|octet| *octet == 0).collect();
        ber.push(0x80 | u8::try_from(length.len()).unwrap_or_default());
        ber.extend(length);
    }
    ber.extend(value);
    let hexadecimal = ber.iter().map(|octet| format!("{octet:02x}"));
    format!("#{}", hexadecimal.collect::<String>())
}

/// The normal form of a value: lower case, runs of space as one. Octets that are no text stay.
fn fold(octets: Vec<u8>) -> Vec<u8> {
    match String::from_utf8(octets) {
        Ok(text) => text
            .to_lowercase()
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
            .into_bytes(),
        Err(error) => error.into_bytes(),
    }
}

#[cfg(test)]
mod tests;
