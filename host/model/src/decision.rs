//! What a policy decides about a person.

use crate::{
    entry::Entry,
    plan::Problem,
    search::{Finding, PolicySearch, Reply, Setting},
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

/// What is alike for all persons of a call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Context {
    /// The plan's memo.
    pub memo: Vec<u8>,
    /// The host's time, the same in every call of one sign-in.
    pub now: Timestamp,
    /// What the plan's shared reads gave.
    pub shared: Vec<Finding>,
    /// What later hosts know.
    pub more: Vec<Setting>,
}

/// A person about whom something is to be said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// The entry found.
    pub entry: Entry,
    /// The answer to the bind; none where nobody signs in.
    pub reply: Option<Reply>,
    /// What earlier steps asked for.
    pub findings: Vec<Finding>,
}

/// Why a person may not come in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// Wrong password, as far as the directory says.
    BadCredentials,
    /// The account is switched off.
    Disabled,
    /// Locked after too many failures or by an administrator.
    Locked,
    /// The account has ended.
    AccountExpired,
    /// The password is too old.
    PasswordExpired,
    /// The password has to be changed first.
    MustChangePassword,
    /// Not at this hour.
    OutsidePermittedHours,
    /// Not from here, or not this kind of account.
    NotPermittedHere,
    /// The directory cannot answer now.
    DirectoryUnavailable,
    /// Another reason of the vendor.
    Other(String),
}

impl Refusal {
    /// The reason in the audit trail: a word, or the vendor's own.
    pub fn reason(&self) -> &str {
        match self {
            Self::BadCredentials => "bad_credentials",
            Self::Disabled => "disabled",
            Self::Locked => "locked",
            Self::AccountExpired => "account_expired",
            Self::PasswordExpired => "password_expired",
            Self::MustChangePassword => "must_change_password",
            Self::OutsidePermittedHours => "outside_permitted_hours",
            Self::NotPermittedHere => "not_permitted_here",
            Self::DirectoryUnavailable => "directory_unavailable",
            Self::Other(reason) => reason,
        }
    }
}

/// A reason not to let a person in, for a span of time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bar {
    /// The reason.
    pub reason: Refusal,
    /// The first second of the bar; none: already.
    pub since: Option<Timestamp>,
    /// The first second after it; none: until the directory says otherwise.
    pub until: Option<Timestamp>,
}

impl Bar {
    /// Whether the bar holds at this time.
    pub fn holds_at(&self, now: Timestamp) -> bool {
        self.since.is_none_or(|since| since <= now) && self.until.is_none_or(|until| now < until)
    }
}

/// Something to tell the person who signed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Notice {
    /// Sign-ins left with an expired password.
    GraceSignIns(u32),
    /// Another thing, in a few words for the audit line.
    Other(String),
}

/// The value of a claim as a policy gives it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClaimValue {
    /// A string.
    Text(String),
    /// An array of strings.
    Texts(Vec<String>),
    /// A number without fraction.
    Integer(i64),
    /// `true` or `false`.
    Boolean(bool),
    /// JSON text.
    Json(String),
}

/// A statement about a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// Its name, a language tag after `#` included.
    pub name: String,
    /// Its value.
    pub value: ClaimValue,
}

/// A group of a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// What identifies the group.
    pub dn: String,
    /// Its name as the directory has it.
    pub name: String,
    /// The octets of its own stable identifier, where it was read.
    pub id: Option<Vec<u8>>,
    /// DNs of the groups that hold this one.
    pub parents: Vec<String>,
}

/// A role of the realm, or of one client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Role {
    /// The role's name.
    pub name: String,
    /// The client whose role it is; none: the realm's.
    pub client: Option<String>,
    /// The DN it came from; none: a constant mapper.
    pub source: Option<String>,
}

/// What a policy makes of an entry.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The user name, for people.
    pub username: String,
    /// Without `groups` and `roles`.
    pub claims: Vec<Claim>,
    /// The groups.
    pub groups: Vec<Group>,
    /// The roles.
    pub roles: Vec<Role>,
    /// Empty: may sign in.
    pub bars: Vec<Bar>,
    /// What the person should hear.
    pub notices: Vec<Notice>,
    /// When the entry last changed.
    pub changed_at: Option<Timestamp>,
    /// What later hosts know.
    pub more: Vec<Setting>,
}

/// Why a bind failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rejection {
    /// The true reason.
    pub reason: Refusal,
    /// When it ends by itself.
    pub until: Option<Timestamp>,
    /// The directory answers so only after it found the password right.
    pub password_was_right: bool,
}

/// What a policy says of one person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// First these reads, then call again with their findings.
    Read(Vec<PolicySearch>),
    /// The bind failed, and this is why.
    Rejected(Rejection),
    /// This is the person.
    Identified(Identity),
    /// This person cannot be served.
    Failed(Problem),
}

/// A person as far as they have come, for a mapper policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    /// The entry, with the attributes that the mapper's plan asks for.
    pub entry: Entry,
    /// What was made of it so far.
    pub identity: Identity,
}

/// A change of an identity by a mapper policy; see `adjustment` in `wit/policy.wit`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Adjustment {
    /// Sets a claim, whether it is there or not.
    SetClaim(Claim),
    /// Takes a claim away, in all its languages.
    DropClaim(String),
    /// Takes away the group of this DN.
    DropGroup(String),
    /// Takes away the realm's role of this name.
    DropRole(String),
    /// Keeps the person out.
    AddBar(Bar),
}
