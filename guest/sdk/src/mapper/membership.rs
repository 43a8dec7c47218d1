//! The kinds `constant-group` and `constant-role`: what everyone of the federation is a member of.

use super::{
    Mapped,
    settings::{self, Fields, Known},
};
use crate::{
    memo::{self, Reader, Writer},
    types::{Group, Role},
};

pub(super) const GROUP_KIND: &str = "constant-group";
pub(super) const ROLE_KIND: &str = "constant-role";

const GROUP: &str = "group";
const ROLE: &str = "role";
const CLIENT: &str = "client";

pub(super) const GROUP_SETTINGS: &[Known] = &[
    settings::DENIED_ON_ERROR,
    Known {
        name: GROUP,
        about: "The group's name. It is no group of the directory, so it has no DN.",
        preset: None,
        choices: &[],
    },
];
pub(super) const ROLE_SETTINGS: &[Known] = &[
    settings::DENIED_ON_ERROR,
    Known {
        name: ROLE,
        about: "The role's name.",
        preset: None,
        choices: &[],
    },
    Known {
        name: CLIENT,
        about: "The client whose role it is; the realm's where it is not set.",
        preset: None,
        choices: &[],
    },
];

#[derive(Debug)]
pub(super) struct MembershipRule<'a> {
    name: &'a str,
    is_role: bool,
    client: Option<&'a str>,
}

impl<'a> MembershipRule<'a> {
    pub(super) fn group(mut fields: Fields<'a, '_>) -> Option<Self> {
        let name = fields.required(GROUP);
        fields.finish(Self {
            name,
            is_role: false,
            client: None,
        })
    }

    pub(super) fn role(mut fields: Fields<'a, '_>) -> Option<Self> {
        let name = fields.required(ROLE);
        let client = fields.setting(CLIENT);
        fields.finish(Self {
            name,
            is_role: true,
            client,
        })
    }

    pub(super) fn encode(&self, writer: &mut Writer) {
        writer.text(self.name);
        writer.octet(u8::from(self.is_role));
        writer.option(self.client);
    }

    pub(super) fn decode(reader: &mut Reader<'a>) -> Option<Self> {
        Some(Self {
            name: reader.text()?,
            is_role: reader.octet()? == 1,
            client: memo::option(reader.text()?),
        })
    }

    pub(super) fn apply(&self, mapped: &mut Mapped) {
        if !self.is_role {
            // Told apart by their names, since constants have no DN.
            let is_known = |known: &Group| known.dn.is_empty() && known.name == self.name;
            if !mapped.groups.iter().any(is_known) {
                mapped.groups.push(Group {
                    dn: String::new(),
                    name: self.name.to_owned(),
                    id: None,
                    parents: Vec::new(),
                });
            }
            return;
        }
        let role = Role {
            name: self.name.to_owned(),
            client: self.client.map(str::to_owned),
            source: None,
        };
        if !mapped.roles.contains(&role) {
            mapped.roles.push(role);
        }
    }
}
