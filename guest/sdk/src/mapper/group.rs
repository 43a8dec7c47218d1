//! The kinds `group` and `role`: what a person is a member of.

mod graph;
mod lookup;
mod searches;
mod settings;
mod sid;
#[cfg(test)]
mod tests;
mod walk;

use super::{Mapped, Who, settings::Fields};
use crate::{
    attributes::Attributes,
    dn::{self, Name},
    memo::{self, Reader, Writer},
    reads::is_readable,
    types::{Group, Problem, Role, Search, SearchScope, problem},
};
use lookup::Lookup;
use settings::{BASE, CLIENT, FILTER, NAME, NESTED, PREFIX, PRIMARY, STRATEGY, USER};
use walk::{Progress, Walk};

pub(super) use settings::{ROLE_SETTINGS, ROLE_SETTINGS_WITH_SIDS, SETTINGS, SETTINGS_WITH_SIDS};

pub(super) const KIND: &str = "group";
pub(super) const ROLE_KIND: &str = "role";

const MEMBER_OF: &str = "memberOf";
const MEMBER_UID: &str = "memberUid";
const IN_CHAIN: &str = "in-chain";
const TOKEN_GROUPS: &str = "token-groups";

/// Where memberships stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Strategy {
    MemberOf,
    Search,
    SearchUid,
    InChain,
    TokenGroups,
}

const STRATEGIES: [Strategy; 5] = [
    Strategy::MemberOf,
    Strategy::Search,
    Strategy::SearchUid,
    Strategy::InChain,
    Strategy::TokenGroups,
];

#[derive(Debug)]
pub(super) struct GroupRule<'a> {
    /// Of the person with [`Strategy::MemberOf`], else of the groups.
    pub(super) attribute: &'a str,
    pub(super) strategy: Strategy,
    pub(super) base: Option<&'a str>,
    /// None: what the person's entry says is enough.
    lookup: Option<Lookup<'a>>,
    role: Option<RoleForm<'a>>,
}

#[derive(Debug)]
struct RoleForm<'a> {
    prefix: Option<&'a str>,
    client: Option<&'a str>,
}

impl<'a> GroupRule<'a> {
    pub(super) fn parse(mut fields: Fields<'a, '_>, is_role: bool) -> Option<Self> {
        let strategy = match fields.setting(STRATEGY.name) {
            Some("search") => Strategy::Search,
            Some("search-uid") => Strategy::SearchUid,
            Some(IN_CHAIN) => Strategy::InChain,
            Some(TOKEN_GROUPS) => Strategy::TokenGroups,
            _ => Strategy::MemberOf,
        };
        let traits = fields.scope.defaults.groups;
        let (first, also) = match strategy {
            Strategy::MemberOf | Strategy::TokenGroups => (MEMBER_OF, None),
            Strategy::SearchUid => (MEMBER_UID, None),
            Strategy::Search | Strategy::InChain => (traits.member, traits.also_member),
        };
        let is_own = fields.names_attribute();
        let mut rule = Self {
            attribute: fields.attribute(Some(first)),
            strategy,
            base: fields.setting(BASE.name),
            lookup: None,
            role: is_role.then(|| RoleForm {
                prefix: fields.setting(PREFIX.name),
                client: fields.setting(CLIENT.name),
            }),
        };
        if rule.base.is_some_and(|base| Name::parse(base).is_none()) {
            fields.wrong(
                "the setting base is not a DN; write one such as ou=groups,dc=example,dc=org",
            );
        }
        let lookup = Lookup {
            is_flat: false,
            filter: fields.filter(FILTER.name),
            name_attribute: fields.attribute_in(NAME.name),
            id_attribute: fields.scope.defaults.uuid_attribute,
            dn_attribute: traits.dn_attribute,
            also: also.filter(|_| !is_own),
            user_attribute: fields.attribute_in(USER.name),
            nested: fields
                .setting(NESTED.name)
                .and_then(|nested| nested.parse().ok())
                .unwrap_or(0),
            has_primary: fields.setting(PRIMARY.name) == Some("true"),
            has_sids: traits.has_sids,
        };
        if strategy != Strategy::MemberOf || lookup.reads_groups() {
            rule.lookup = rule.placed(lookup, &mut fields);
        }
        fields.finish(rule)
    }

    /// A lookup whose base may be read.
    fn placed(
        &mut self,
        mut lookup: Lookup<'a>,
        fields: &mut Fields<'a, '_>,
    ) -> Option<Lookup<'a>> {
        let Some(base) = self.base.or(fields.scope.groups_base) else {
            fields.wrong(
                "groups have to be read, and nothing says where they live; set advanced.groups.dn",
            );
            return None;
        };
        self.base = Some(base);
        let readable = fields.scope.readable;
        lookup.is_flat = !is_readable(readable, base, SearchScope::Subtree);
        if lookup.is_flat && !is_readable(readable, base, SearchScope::OneLevel) {
            fields.wrong(format!(
                "groups below {base:?} may not be read; set advanced.groups.dn to it, or add it to \
                 advanced.read_bases"
            ));
        }
        Some(lookup)
    }

    pub(super) fn encode(&self, writer: &mut Writer) {
        writer.text(self.attribute);
        writer.option(self.base);
        writer.octet(self.strategy as u8);
        writer.octet(u8::from(self.lookup.is_some()) | u8::from(self.role.is_some()) << 1);
        if let Some(lookup) = &self.lookup {
            lookup.encode(writer);
        }
        if let Some(role) = &self.role {
            writer.option(role.prefix);
            writer.option(role.client);
        }
    }

    pub(super) fn decode(reader: &mut Reader<'a>) -> Option<Self> {
        let attribute = reader.text()?;
        let base = memo::option(reader.text()?);
        let strategy = *STRATEGIES.get(usize::from(reader.octet()?))?;
        let parts = reader.octet()?;
        let lookup = match parts & 1 {
            0 => None,
            _ => Some(Lookup::decode(reader)?),
        };
        let role = match parts & 2 {
            0 => None,
            _ => Some(RoleForm {
                prefix: memo::option(reader.text()?),
                client: memo::option(reader.text()?),
            }),
        };
        Some(Self {
            attribute,
            strategy,
            base,
            lookup,
            role,
        })
    }

    /// What is read of a person.
    pub(super) fn attributes(&self) -> Vec<&'a str> {
        let mut attributes = Vec::new();
        if self.strategy == Strategy::MemberOf {
            attributes.push(self.attribute);
        }
        let Some(lookup) = &self.lookup else {
            return attributes;
        };
        if self.strategy == Strategy::SearchUid {
            attributes.extend(lookup.user_attribute);
        }
        if lookup.has_primary {
            attributes.extend(lookup.primary_attributes());
        }
        attributes
    }

    /// Adds what the person is a member of, or says what has to be read first. A list that is not whole,
    /// and a value that names no group, are errors: a shorter list would mean something else.
    pub(super) fn apply(
        &self,
        name: &str,
        who: Who<'_>,
        mapped: &mut Mapped,
    ) -> Result<Option<Vec<Search>>, Problem> {
        let groups = match &self.lookup {
            None if self.role.is_none() => {
                self.named(who.entry, &mut mapped.groups)?;
                return Ok(None);
            }
            None => {
                let mut groups = Vec::new();
                self.named(who.entry, &mut groups)?;
                groups
            }
            Some(lookup) => match Walk::of(self, lookup, name, who)?.resolve()? {
                Progress::Read(wishes) => return Ok(Some(wishes)),
                Progress::Done(groups) => groups,
            },
        };
        for group in groups {
            match &self.role {
                None => mapped.join(group),
                Some(form) => {
                    let role = form.role(group);
                    if !mapped.roles.contains(&role) {
                        mapped.roles.push(role);
                    }
                }
            }
        }
        Ok(None)
    }

    /// Adds the groups that the person's entry names.
    fn named(&self, entry: Attributes<'_>, groups: &mut Vec<Group>) -> Result<(), Problem> {
        let values = entry.values(self.attribute);
        if !values.is_whole() {
            return Err(self.incomplete());
        }
        let base = self.base_name()?;
        // Another mapper's groups come before: within one attribute no value stands twice.
        let others = groups.len();
        groups.reserve(values.octets().size_hint().0);
        for octets in values.octets() {
            let group = std::str::from_utf8(octets)
                .ok()
                .and_then(|dn| Some((dn, dn::first_value(dn)?)));
            let (dn, name) = group.ok_or_else(|| self.no_dn())?;
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

    pub(super) fn base_name(&self) -> Result<Option<Name>, Problem> {
        self.base
            .map(|base| {
                Name::parse(base).ok_or_else(|| {
                    let message = "it is not a DN; write one such as ou=groups,dc=example,dc=org";
                    problem("base", message)
                })
            })
            .transpose()
    }

    pub(super) fn incomplete(&self) -> Problem {
        let message = "the directory gave a part of the groups only; raise its limit of values";
        problem(self.attribute, message)
    }

    pub(super) fn no_dn(&self) -> Problem {
        let message = "a value is not the DN of a group; name an attribute that has DNs";
        problem(self.attribute, message)
    }
}

impl RoleForm<'_> {
    fn role(&self, group: Group) -> Role {
        Role {
            name: format!("{}{}", self.prefix.unwrap_or_default(), group.name),
            client: self.client.map(str::to_owned),
            source: Some(group.dn),
        }
    }
}
