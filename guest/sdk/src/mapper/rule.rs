//! The kinds of mappers, and what a mapper of each does.

use super::{
    Mapped, Who, account_control, account_control::AccountControl, address, address::AddressRule,
    attribute, attribute::AttributeRule, certificate, certificate::CertificateRule, constant,
    constant::ConstantRule, full_name, full_name::FullNameRule, group, group::GroupRule,
    membership, membership::MembershipRule, settings::Fields,
};
use crate::{
    defaults::{Defaults, Known},
    memo::{Reader, Writer},
    types::{ClaimValue, KindHelp, Problem, Search},
};

/// What a mapper does.
#[derive(Debug)]
pub(super) enum Rule<'a> {
    Attribute(AttributeRule<'a>),
    Constant(ConstantRule<'a>),
    FullName(FullNameRule<'a>),
    Group(GroupRule<'a>),
    Membership(MembershipRule<'a>),
    AccountControl(AccountControl<'a>),
    Address(AddressRule<'a>),
    Certificate(CertificateRule<'a>),
}

impl<'a> Rule<'a> {
    /// Parses the fields of a mapper of this kind.
    pub(super) fn parse(kind: &str, fields: Fields<'a, '_>) -> Option<Self> {
        match kind {
            attribute::KIND => AttributeRule::parse(fields).map(Self::Attribute),
            constant::KIND => ConstantRule::parse(fields).map(Self::Constant),
            full_name::KIND => FullNameRule::parse(fields).map(Self::FullName),
            address::KIND => AddressRule::parse(fields).map(Self::Address),
            certificate::KIND => CertificateRule::parse(fields).map(Self::Certificate),
            membership::GROUP_KIND => MembershipRule::group(fields).map(Self::Membership),
            membership::ROLE_KIND => MembershipRule::role(fields).map(Self::Membership),
            account_control::KIND => AccountControl::parse(fields).map(Self::AccountControl),
            group::ROLE_KIND => GroupRule::parse(fields, true).map(Self::Group),
            _ => GroupRule::parse(fields, false).map(Self::Group),
        }
    }

    /// Adds what the person has; nothing where it fails. Some: what has to be read first.
    pub(super) fn apply(
        &self,
        name: &str,
        who: Who<'_>,
        mapped: &mut Mapped,
    ) -> Result<Option<Vec<Search>>, Problem> {
        let entry = who.entry;
        match self {
            Self::Attribute(rule) => mapped.put(rule.claim, rule.value(entry)?),
            Self::Constant(rule) => mapped.put(rule.claim, Some(rule.value())),
            Self::FullName(rule) => rule.apply(entry, |name, value| mapped.put(name, value))?,
            Self::Group(rule) => {
                let others = mapped.groups.len();
                return rule
                    .apply(name, who, mapped)
                    .inspect_err(|_| mapped.groups.truncate(others));
            }
            Self::Membership(rule) => rule.apply(mapped),
            Self::AccountControl(rule) => {
                if let Some(claim) = rule.claim {
                    mapped.put(claim, Some(ClaimValue::Boolean(who.is_enabled)));
                }
            }
            Self::Address(rule) => mapped.put(rule.claim, rule.value(entry)?),
            Self::Certificate(rule) => mapped.put(rule.claim, rule.value(entry)?),
        }
        Ok(None)
    }

    pub(super) fn encode(&self, writer: &mut Writer) {
        writer.octet(self.number());
        match self {
            Self::Attribute(rule) => rule.encode(writer),
            Self::Constant(rule) => rule.encode(writer),
            Self::FullName(rule) => rule.encode(writer),
            Self::Group(rule) => rule.encode(writer),
            Self::Membership(rule) => rule.encode(writer),
            Self::AccountControl(rule) => writer.option(rule.claim),
            Self::Address(rule) => rule.encode(writer),
            Self::Certificate(rule) => rule.encode(writer),
        }
    }

    fn number(&self) -> u8 {
        match self {
            Self::Attribute(_) => 0,
            Self::Constant(_) => 1,
            Self::FullName(_) => 2,
            Self::Group(_) => 3,
            Self::Membership(_) => 4,
            Self::AccountControl(_) => 5,
            Self::Address(_) => 6,
            Self::Certificate(_) => 7,
        }
    }

    pub(super) fn decode(reader: &mut Reader<'a>) -> Option<Self> {
        match reader.octet()? {
            0 => AttributeRule::decode(reader).map(Self::Attribute),
            1 => ConstantRule::decode(reader).map(Self::Constant),
            2 => FullNameRule::decode(reader).map(Self::FullName),
            3 => GroupRule::decode(reader).map(Self::Group),
            4 => MembershipRule::decode(reader).map(Self::Membership),
            5 => AccountControl::decode(reader).map(Self::AccountControl),
            6 => AddressRule::decode(reader).map(Self::Address),
            7 => CertificateRule::decode(reader).map(Self::Certificate),
            _ => None,
        }
    }

    pub(super) fn attributes(&self) -> Vec<&'a str> {
        match self {
            Self::Attribute(rule) => rule.attributes(),
            Self::Constant(_) | Self::Membership(_) | Self::AccountControl(_) => Vec::new(),
            Self::FullName(rule) => vec![rule.attribute],
            Self::Group(rule) => rule.attributes(),
            Self::Address(rule) => rule.attributes(),
            Self::Certificate(rule) => vec![rule.attribute],
        }
    }

    pub(super) fn claims(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        let names = match self {
            Self::Attribute(rule) => [Some(rule.claim), None, None],
            Self::Constant(rule) => [Some(rule.claim), None, None],
            Self::FullName(rule) => [Some(rule.claim), Some(rule.given), Some(rule.family)],
            Self::Group(_) | Self::Membership(_) => [None; 3],
            Self::AccountControl(rule) => [rule.claim, None, None],
            Self::Address(rule) => [Some(rule.claim), None, None],
            Self::Certificate(rule) => [Some(rule.claim), None, None],
        };
        names.into_iter().flatten()
    }
}

/// The kinds, what each does, and its settings.
const KINDS: &[(&str, &str, &[Known])] = &[
    (
        attribute::KIND,
        "A claim from an attribute.",
        attribute::SETTINGS,
    ),
    (
        constant::KIND,
        "The same claim for everyone.",
        constant::SETTINGS,
    ),
    (
        full_name::KIND,
        "The claims name, given_name and family_name from one attribute, parted at its last space.",
        full_name::SETTINGS,
    ),
    (
        address::KIND,
        "The claim address, from the attributes of its parts.",
        address::SETTINGS,
    ),
    (
        certificate::KIND,
        "A claim from what a certificate says of the person.",
        certificate::SETTINGS,
    ),
    (
        account_control::KIND,
        "A claim that says whether the account is switched on; accounts are judged without it too.",
        account_control::SETTINGS,
    ),
    (
        group::KIND,
        "Groups of the directory that the person is a member of.",
        group::SETTINGS,
    ),
    (
        group::ROLE_KIND,
        "Roles from groups of the directory that the person is a member of.",
        group::ROLE_SETTINGS,
    ),
    (
        membership::GROUP_KIND,
        "The same group for everyone.",
        membership::GROUP_SETTINGS,
    ),
    (
        membership::ROLE_KIND,
        "The same role for everyone.",
        membership::ROLE_SETTINGS,
    ),
];

/// The settings of a kind, where the vendor has more of them.
pub(super) fn settings_of(kind: &str, defaults: &Defaults) -> &'static [Known] {
    let has_sids = defaults.groups.has_sids;
    match kind {
        group::KIND if has_sids => group::SETTINGS_WITH_SIDS,
        group::ROLE_KIND if has_sids => group::ROLE_SETTINGS_WITH_SIDS,
        _ => KINDS
            .iter()
            .find(|(known, ..)| *known == kind)
            .map_or(&[], |(_, _, settings)| settings),
    }
}

/// The standard kinds, for a policy's description.
pub fn kinds(defaults: &Defaults) -> Vec<KindHelp> {
    KINDS
        .iter()
        .map(|(kind, about, _)| KindHelp {
            kind: (*kind).to_owned(),
            about: (*about).to_owned(),
            settings: settings_of(kind, defaults)
                .iter()
                .map(Known::help)
                .collect(),
        })
        .collect()
}

/// The names of the kinds.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    KINDS.iter().map(|(kind, ..)| *kind)
}

pub(super) fn is_kind(name: &str) -> bool {
    names().any(|kind| kind == name)
}
