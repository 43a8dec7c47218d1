//! What a policy translates a federation into.

use crate::{
    realm::PolicyRef,
    search::{Control, PolicySearch, Setting, Subtree},
};
use serde::{Deserialize, Serialize};

/// One mapper as configured; see `mapper` in `wit/types.wit`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mapper {
    /// Unique in its federation.
    pub name: String,
    /// How it works.
    pub kind: String,
    /// The attribute it reads, where it reads one.
    pub ldap_attribute: Option<String>,
    /// What is particular to the kind.
    pub settings: Vec<Setting>,
}

/// Something that is wrong, in words for the operator.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// The operator's own field name, or an attribute.
    pub field: String,
    /// What is wrong and what to do instead.
    pub message: String,
}

/// How the octets of an identifier are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum IdForm {
    /// As they are.
    Octets,
    /// As text, without regard to case.
    Text,
    /// As the text form of RFC 9562, with or without hyphens.
    Uuid,
    /// As 16 octets of which the first three fields are little-endian.
    Guid,
}

/// The attribute that identifies a person for good.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StableId {
    /// The attribute's name.
    pub attribute: String,
    /// How its octets are read.
    pub form: IdForm,
}

/// How the octets of a new password are written into an attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PasswordEncoding {
    /// UTF-8, as it is.
    Utf8,
    /// Between double quotes, in UTF-16 with the low octet first.
    QuotedUtf16le,
}

/// The attribute that a new password is written to; one that is never read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PasswordAttribute {
    /// The attribute's name.
    pub name: String,
    /// How the password is encoded.
    pub encoding: PasswordEncoding,
}

/// How a new password is written; see `password-write` in `wit/types.wit`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PasswordWrite {
    /// Not at all.
    #[default]
    Refused,
    /// RFC 3062.
    ExtendedOperation,
    /// One modify that removes the old value and adds the new; a reset replaces it.
    Exchange(PasswordAttribute),
    /// One modify that replaces the value.
    Replace(PasswordAttribute),
}

/// What stands in the claim `groups` for a group.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GroupForm {
    /// Its name.
    #[default]
    Name,
    /// The names from the outermost group that holds it down to it, each after a `/`; as many paths
    /// as there are ways.
    Path,
    /// Its DN.
    Dn,
}

/// Everything the vendor-blind host has to know of a federation; see `plan` in `wit/types.wit`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The attribute with the user name.
    pub username_attribute: String,
    /// The attribute that names an entry in its DN.
    pub rdn_attribute: String,
    /// Who a person is.
    pub stable_id: StableId,
    /// The object classes that every user has.
    pub user_object_classes: Vec<String>,
    /// Finds one user: RFC 4515 text with the slots `{username}` and `{local}`.
    pub login_filter: String,
    /// Finds all users: RFC 4515 text.
    pub users_filter: String,
    /// What to read of a user.
    pub attributes: Vec<String>,
    /// Reads that are alike for everyone.
    pub shared: Vec<PolicySearch>,
    /// Controls for a user's bind.
    pub bind_controls: Vec<Control>,
    /// Controls for a password write.
    #[serde(default)]
    pub password_controls: Vec<Control>,
    /// How a new password is written.
    #[serde(default)]
    pub password_write: PasswordWrite,
    /// Attributes that a profile change or a registration may set; others are refused.
    #[serde(default)]
    pub writes: Vec<String>,
    /// What stands in the claim `groups`.
    #[serde(default)]
    pub group_form: GroupForm,
    /// Names of the claims this plan can yield.
    pub claims: Vec<String>,
    /// The mappers in force, in order.
    pub mappers: Vec<Mapper>,
    /// The policy's own.
    pub memo: Vec<u8>,
    /// What the operator should know although nothing is wrong.
    pub notes: Vec<Problem>,
    /// What later hosts know.
    pub more: Vec<Setting>,
    /// The mapper policies that are asked after the vendor policy, in order. The host's own part of the
    /// plan: no vendor policy says it.
    #[serde(default)]
    pub chained: Vec<ChainedMapper>,
}

/// A mapper of the operator's that a mapper policy does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChainedMapper {
    /// The mapper's name.
    pub name: String,
    /// The policy that made [`ChainedMapper::plan`]: only the same digest reads it.
    pub policy: PolicyRef,
    /// What the policy made of the mapper.
    pub plan: MapperPlan,
    /// What its failure does.
    pub on_error: MapperOnError,
}

/// What one mapper needs and yields; see `mapper-plan` in `wit/policy.wit`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MapperPlan {
    /// Attributes of a person's entry that it reads.
    pub attributes: Vec<String>,
    /// Names of the claims that it may set or drop.
    pub claims: Vec<String>,
    /// The policy's own.
    pub memo: Vec<u8>,
    /// What the operator should know although nothing is wrong.
    pub notes: Vec<Problem>,
}

/// What the failure of a mapper policy does: the mapper's setting `on_error`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MapperOnError {
    /// Its claims are left out, which is counted and shown: `leave_out`.
    #[default]
    LeaveOut,
    /// Nobody is let in of whom it cannot say what it should: `deny`.
    Deny,
}

/// A federation as a policy would have it for a directory that it recognised; see `proposal` in
/// `wit/policy.wit`. Name, addresses and credentials are the operator's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposal {
    /// How sure the policy is, from 0 to 100.
    pub certainty: u8,
    /// Where users live: at least one.
    pub users: Vec<Subtree>,
    /// What else should be readable.
    pub readable: Vec<Subtree>,
    /// None: the vendor's default.
    pub username_attribute: Option<String>,
    /// None: the vendor's default.
    pub rdn_attribute: Option<String>,
    /// None: the vendor's default.
    pub uuid_attribute: Option<String>,
    /// Empty: the vendor's default.
    pub user_object_classes: Vec<String>,
    /// RFC 4515 text.
    pub custom_filter: Option<String>,
    /// Mappers beside the vendor's own.
    pub mappers: Vec<Mapper>,
    /// Settings of the vendor's own.
    pub settings: Vec<Setting>,
    /// What the operator should know, such as what the directory was recognised by.
    pub notes: Vec<Problem>,
}

/// What a policy says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Description {
    /// What a federation names as its vendor.
    pub id: String,
    /// Other names for the vendor.
    pub aliases: Vec<String>,
    /// The name for people.
    pub title: String,
    /// The policy's own version.
    pub version: String,
    /// The settings it reads from the federation.
    pub settings: Vec<OptionHelp>,
    /// The mapper kinds it knows.
    pub kinds: Vec<KindHelp>,
}

/// A setting that a policy or a mapper kind knows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OptionHelp {
    /// The setting's name.
    pub name: String,
    /// What it is for.
    pub about: String,
    /// What holds where it is not set.
    pub preset: Option<String>,
    /// The values it takes; empty: free text.
    pub choices: Vec<String>,
}

/// A mapper kind that a policy knows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KindHelp {
    /// The kind's name.
    pub kind: String,
    /// What it does.
    pub about: String,
    /// Its settings.
    pub settings: Vec<OptionHelp>,
}
