//! Which attributes of an entry a search gives (RFC 4511 section 4.5.1.8).

use crate::matching;
use bridge_model::entry::{Attribute, Entry};

/// What RFCs declare operational (RFC 4512 sections 3.4 and 4.2, RFC 4530, RFC 5020): served only to
/// those who ask.
const OPERATIONAL: [&str; 9] = [
    "createTimestamp",
    "creatorsName",
    "entryDN",
    "entryUUID",
    "governingStructureRule",
    "modifiersName",
    "modifyTimestamp",
    "structuralObjectClass",
    "subschemaSubentry",
];

/// Which attributes are wanted.
pub(crate) struct Selection<'a> {
    names: &'a [String],
    operational: Option<&'a [String]>,
    types_only: bool,
}

impl<'a> Selection<'a> {
    /// What `names` ask for, where `operational` are operational beside those that RFCs declare so.
    pub(crate) fn new(names: &'a [String], operational: &'a [String], types_only: bool) -> Self {
        Self {
            names,
            operational: Some(operational),
            types_only,
        }
    }

    /// What `names` ask for, where `*` and `+` both mean everything.
    pub(crate) fn everything(names: &'a [String], types_only: bool) -> Self {
        Self {
            names,
            operational: None,
            types_only,
        }
    }

    /// The part of an entry that is wanted.
    pub(crate) fn of(&self, entry: &Entry) -> Entry {
        let wanted = entry
            .attributes
            .iter()
            .filter(|attribute| self.is_wanted(&attribute.name));
        let attributes = wanted.map(|attribute| Attribute {
            name: attribute.name.clone(),
            values: if self.types_only {
                Vec::new()
            } else {
                attribute.values.clone()
            },
        });
        Entry {
            dn: entry.dn.clone(),
            attributes: attributes.collect(),
        }
    }

    fn is_wanted(&self, name: &str) -> bool {
        let (user, operational) = match self.operational {
            Some(more) => {
                let operational = is_operational(name, more);
                (!operational, operational)
            }
            None => (true, true),
        };
        // An empty list is a wish for all user attributes. `1.1` is no attribute's name, so that a
        // list of it alone gives none.
        (self.names.is_empty() && user)
            || self.names.iter().any(|wish| match wish.as_str() {
                "*" => user,
                "+" => operational,
                wish => matching::is_described(name, wish),
            })
    }
}

fn is_operational(name: &str, more: &[String]) -> bool {
    OPERATIONAL
        .into_iter()
        .chain(more.iter().map(String::as_str))
        .any(|operational| matching::is_described(name, operational))
}
