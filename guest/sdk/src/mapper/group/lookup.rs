//! How groups are read.

use super::sid::Sid;
use crate::{
    attributes::Attributes,
    memo::{self, Reader, Writer},
    types::{Problem, problem},
};

pub(super) const OBJECT_SID: &str = "objectSid";
const PRIMARY_GROUP: &str = "primaryGroupID";
/// RFC 2307.
const GID_NUMBER: &str = "gidNumber";

/// How groups are read.
#[derive(Debug)]
pub(super) struct Lookup<'a> {
    /// Whether only what lies right below the base may be read.
    pub(super) is_flat: bool,
    pub(super) filter: Option<&'a str>,
    pub(super) name_attribute: Option<&'a str>,
    pub(super) id_attribute: &'a str,
    /// The attribute that an entry's DN is searched by.
    pub(super) dn_attribute: &'a str,
    /// A second attribute of the groups that has members.
    pub(super) also: Option<&'a str>,
    pub(super) user_attribute: Option<&'a str>,
    pub(super) nested: u8,
    pub(super) has_primary: bool,
    /// Whether groups are known by security identifiers, rather than by numbers.
    pub(super) has_sids: bool,
}

impl<'a> Lookup<'a> {
    /// Whether the entries of groups are read although the person's entry names the groups.
    pub(super) fn reads_groups(&self) -> bool {
        self.nested > 0
            || self.has_primary
            || self.filter.is_some()
            || self.name_attribute.is_some()
    }

    /// What tells a person's primary group.
    pub(super) fn primary_attributes(&self) -> &'static [&'static str] {
        if self.has_sids {
            &[PRIMARY_GROUP, OBJECT_SID]
        } else {
            &[GID_NUMBER]
        }
    }

    /// The identifier of the person's primary group, and the attribute that groups have it in.
    pub(super) fn primary(
        &self,
        entry: Attributes<'_>,
    ) -> Result<(&'static str, Vec<u8>), Problem> {
        let hidden = |attribute: &str| {
            let message = "the entry does not show it, so the primary group is not known; let the service \
                           account read it";
            problem(attribute, message)
        };
        if !self.has_sids {
            let number = entry
                .integer(GID_NUMBER)?
                .ok_or_else(|| hidden(GID_NUMBER))?;
            return Ok((GID_NUMBER, number.to_string().into_bytes()));
        }
        let number = entry
            .integer(PRIMARY_GROUP)?
            .and_then(|number| u32::try_from(number).ok())
            .ok_or_else(|| hidden(PRIMARY_GROUP))?;
        let own = entry
            .values(OBJECT_SID)
            .octets()
            .next()
            .and_then(Sid::of)
            .ok_or_else(|| hidden(OBJECT_SID))?;
        Ok((OBJECT_SID, own.with_number(number)))
    }

    pub(super) fn encode(&self, writer: &mut Writer) {
        writer.octet(
            u8::from(self.is_flat) | u8::from(self.has_primary) << 1 | u8::from(self.has_sids) << 2,
        );
        writer.octet(self.nested);
        writer.text(self.id_attribute);
        writer.text(self.dn_attribute);
        for text in [
            self.filter,
            self.name_attribute,
            self.also,
            self.user_attribute,
        ] {
            writer.option(text);
        }
    }

    pub(super) fn decode(reader: &mut Reader<'a>) -> Option<Self> {
        let flags = reader.octet()?;
        let nested = reader.octet()?;
        Some(Self {
            is_flat: flags & 1 != 0,
            has_primary: flags & 2 != 0,
            has_sids: flags & 4 != 0,
            nested,
            id_attribute: reader.text()?,
            dn_attribute: reader.text()?,
            filter: memo::option(reader.text()?),
            name_attribute: memo::option(reader.text()?),
            also: memo::option(reader.text()?),
            user_attribute: memo::option(reader.text()?),
        })
    }
}
