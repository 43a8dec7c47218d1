//! The kind `group`: groups from an attribute that names them by their DN.

use super::settings::{self, Fields, Known};
use crate::{
    attributes::Attributes,
    dn::{self, Name},
    memo::{self, Reader, Writer},
    types::{Group, Problem, problem},
};

pub(super) const KIND: &str = "group";

const ATTRIBUTE: &str = "memberOf";

pub(super) const SETTINGS: &[Known] = &[
    settings::DENIED_ON_ERROR,
    Known {
        name: "base",
        about: "Only groups at or below this DN count.",
        preset: None,
        choices: &[],
    },
];

#[derive(Debug)]
pub(super) struct GroupRule<'a> {
    pub(super) attribute: &'a str,
    base: Option<&'a str>,
}

impl<'a> GroupRule<'a> {
    pub(super) fn parse(mut fields: Fields<'a, '_>) -> Option<Self> {
        let rule = Self {
            attribute: fields.attribute(Some(ATTRIBUTE)),
            base: fields.setting("base"),
        };
        if rule.base.is_some_and(|base| Name::parse(base).is_none()) {
            fields.wrong(
                "the setting base is not a DN; write one such as ou=groups,dc=example,dc=org",
            );
        }
        fields.finish(rule)
    }

    pub(super) fn encode(&self, writer: &mut Writer) {
        writer.text(self.attribute);
        writer.option(self.base);
    }

    pub(super) fn decode(reader: &mut Reader<'a>) -> Option<Self> {
        Some(Self {
            attribute: reader.text()?,
            base: memo::option(reader.text()?),
        })
    }

    /// Adds the entry's groups. A list that is not whole, and a value that names no group, are errors: a
    /// shorter list would mean something else.
    pub(super) fn apply(
        &self,
        entry: Attributes<'_>,
        groups: &mut Vec<Group>,
    ) -> Result<(), Problem> {
        let values = entry.values(self.attribute);
        if !values.is_whole() {
            let message = "the directory gave a part of the groups only; raise its limit of values";
            return Err(problem(self.attribute, message));
        }
        let base = match self.base {
            Some(base) => Some(Name::parse(base).ok_or_else(|| {
                problem(
                    "base",
                    "it is not a DN; write one such as ou=groups,dc=example,dc=org",
                )
            })?),
            None => None,
        };
        // Another mapper's groups come before: within one attribute no value stands twice.
        let others = groups.len();
        groups.reserve(values.octets().size_hint().0);
        for octets in values.octets() {
            let group = std::str::from_utf8(octets)
                .ok()
                .and_then(|dn| Some((dn, dn::first_value(dn)?)))
                .ok_or_else(|| {
                    problem(
                        self.attribute,
                        "a value is not the DN of a group; name an attribute that has DNs",
                    )
                })?;
            let (dn, name) = group;
            let is_below = base
                .as_ref()
                .is_none_or(|base| Name::parse(dn).is_some_and(|dn| dn.is_within(base)));
            let is_known = groups.iter().take(others).any(|group| group.dn == dn);
            if is_below && !is_known {
                groups.push(Group {
                    dn: dn.to_owned(),
                    name: name.into_owned(),
                    id: None,
                    parents: Vec::new(),
                });
            }
        }
        Ok(())
    }
}
