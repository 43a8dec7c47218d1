//! Search filters as trees (RFC 4511 section 4.5.1.7).

mod text;

use serde::{Deserialize, Serialize};
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

/// Octet strings for `{name}` in a filter's text. Several: any of them fits. None: nothing fits.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Slot {
    /// The name between the braces.
    pub name: String,
    /// The assertion values, raw.
    pub values: Vec<Vec<u8>>,
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
        text::read(text, slots)
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

#[cfg(test)]
mod tests;
