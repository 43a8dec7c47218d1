//! Entries as they were read.

use serde::{Deserialize, Serialize};

/// One LDAP attribute: its description with options, and raw octets.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attribute {
    /// The attribute description as the directory sent it (RFC 4512 section 2.5).
    pub name: String,
    /// The values, without order.
    pub values: Vec<Vec<u8>>,
}

/// One entry: what was asked for and may be seen, no more.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The distinguished name as the directory wrote it (RFC 4514).
    pub dn: String,
    /// No two have the same description.
    pub attributes: Vec<Attribute>,
}

impl Entry {
    /// The values of the attribute with exactly this description, compared without regard to case;
    /// nothing where it is absent.
    pub fn values(&self, description: &str) -> &[Vec<u8>] {
        self.attributes
            .iter()
            .find(|attribute| attribute.name.eq_ignore_ascii_case(description))
            .map_or(&[], |attribute| &attribute.values)
    }
}
