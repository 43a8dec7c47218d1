//! What holds for a vendor where the operator says nothing.

use crate::types::{Mapper, OptionHelp, Setting};

/// A vendor's defaults. A policy begins with [`RFC`] and names what differs.
#[derive(Clone, Copy, Debug)]
pub struct Defaults {
    /// What a federation names as its vendor: lower-case words joined by `-`.
    pub id: &'static str,
    /// Other names for it, compared without regard to case.
    pub aliases: &'static [&'static str],
    /// The name for people.
    pub title: &'static str,
    /// The policy's own version (semantic versioning).
    pub version: &'static str,
    /// The attribute with the user name.
    pub username_attribute: &'static str,
    /// The attribute that names an entry in its DN.
    pub rdn_attribute: &'static str,
    /// The attribute that identifies a person for good; one that [`crate::id::stability`] knows.
    pub uuid_attribute: &'static str,
    /// The object classes of a user.
    pub user_object_classes: &'static [&'static str],
    /// RFC 4515 text: what tells users from whatever else has their object classes.
    pub users_only: Option<&'static str>,
    /// RFC 4515 text with `{username}` and `{local}`: finds a user by what was typed, while the user
    /// name is the vendor's own attribute. None: that attribute is all that was typed.
    pub login: Option<&'static str>,
    /// The attribute with the time of the last change, a GeneralizedTime.
    pub changed_attribute: &'static str,
    /// What else the policy reads to judge an account.
    pub state_attributes: &'static [&'static str],
    /// The settings of a federation that only this policy knows.
    pub settings: &'static [Known],
    /// Controls to send with a user's bind, by OID, not critical and without value.
    pub bind_controls: &'static [&'static str],
    /// The vendor's own mappers, in order.
    pub mappers: &'static [DefaultMapper],
    /// How groups are found.
    pub groups: GroupTraits,
    /// What the operator should know of the groups while the vendor's own mapper `groups` is in force.
    pub groups_note: Option<&'static str>,
}

/// How a vendor's groups are found.
#[derive(Clone, Copy, Debug)]
pub struct GroupTraits {
    /// The attribute of a group that has the DNs of its members.
    pub member: &'static str,
    /// A second one.
    pub also_member: Option<&'static str>,
    /// The attribute that entries are searched by their DN with.
    pub dn_attribute: &'static str,
    /// Whether groups have security identifiers, and the directory follows memberships by itself.
    pub has_sids: bool,
}

/// A setting that a policy or a mapper kind knows.
#[derive(Clone, Copy, Debug)]
pub struct Known {
    /// Its name.
    pub name: &'static str,
    /// What it is for, in one sentence.
    pub about: &'static str,
    /// What holds where it is not set.
    pub preset: Option<&'static str>,
    /// The values it takes; empty: free text.
    pub choices: &'static [&'static str],
}

impl Known {
    /// The setting as a policy's description has it.
    pub fn help(&self) -> OptionHelp {
        let owned = |text: &&str| (*text).to_owned();
        OptionHelp {
            name: self.name.to_owned(),
            about: self.about.to_owned(),
            preset: self.preset.as_ref().map(owned),
            choices: self.choices.iter().map(owned).collect(),
        }
    }
}

/// A mapper of the vendor's own.
#[derive(Clone, Copy, Debug)]
pub struct DefaultMapper {
    /// Unique among the vendor's. An operator's mapper of this name takes its place.
    pub name: &'static str,
    /// A standard kind; see [`crate::mapper`].
    pub kind: &'static str,
    /// The attribute it reads.
    pub attribute: &'static str,
    /// Its settings, name and value.
    pub settings: &'static [(&'static str, &'static str)],
}

impl DefaultMapper {
    /// The mapper as an operator would have written it.
    pub fn mapper(&self) -> Mapper {
        Mapper {
            name: self.name.to_owned(),
            kind: self.kind.to_owned(),
            ldap_attribute: Some(self.attribute.to_owned()),
            settings: self
                .settings
                .iter()
                .map(|(name, value)| Setting {
                    name: (*name).to_owned(),
                    value: (*value).to_owned(),
                })
                .collect(),
        }
    }
}

/// The name of the vendors' own group mapper.
pub const GROUPS: &str = "groups";

/// What holds by the RFCs alone: people as RFC 2798 has them, identified as RFC 4530 has it.
pub const RFC: Defaults = Defaults {
    id: "",
    aliases: &[],
    title: "",
    version: "",
    username_attribute: "uid",
    rdn_attribute: "uid",
    uuid_attribute: "entryUUID",
    user_object_classes: &["inetOrgPerson", "organizationalPerson"],
    users_only: None,
    login: None,
    changed_attribute: "modifyTimestamp",
    state_attributes: &[],
    settings: &[],
    bind_controls: &[],
    mappers: MAPPERS,
    groups: GroupTraits {
        member: "member",
        also_member: Some("uniqueMember"),
        // RFC 5020.
        dn_attribute: "entryDN",
        has_sids: false,
    },
    groups_note: None,
};

/// Names, address and groups of a person, by the attributes of RFC 2798 and `memberOf`.
pub const MAPPERS: &[DefaultMapper] = &[
    DefaultMapper {
        name: "given_name",
        kind: "attribute",
        attribute: "givenName",
        settings: &[],
    },
    DefaultMapper {
        name: "family_name",
        kind: "attribute",
        attribute: "sn",
        settings: &[],
    },
    DefaultMapper {
        name: "name",
        kind: "attribute",
        attribute: "displayName",
        settings: &[("fallback", "cn")],
    },
    DefaultMapper {
        name: "email",
        kind: "attribute",
        attribute: "mail",
        settings: &[("format", "email")],
    },
    DefaultMapper {
        name: GROUPS,
        kind: "group",
        attribute: "memberOf",
        settings: &[],
    },
];
