//! What is written to a directory.

use crate::{
    decision::ClaimValue,
    dn::Dn,
    entry::Attribute,
    federation::BindName,
    plan::PasswordWrite,
    search::{Control, Reply},
    secret::Password,
};

/// How a modification changes an attribute (RFC 4511 section 4.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ModifyWay {
    /// Values are added.
    Add,
    /// Values are removed; none: the attribute.
    Remove,
    /// The attribute has these values from then on; none: it is removed, and need not be there.
    Replace,
}

/// A change of one attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Modification {
    /// How.
    pub way: ModifyWay,
    /// Of which attribute, with which values.
    pub attribute: Attribute,
}

/// An attribute and its value in the name of an entry; escaping is the host's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamePart {
    /// The attribute's name.
    pub attribute: String,
    /// Its value, raw.
    pub value: Vec<u8>,
}

/// A write that may be sent, to one entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Write {
    /// A new entry (RFC 4511 section 4.7).
    Add {
        /// Its DN.
        dn: Dn,
        /// Its attributes, object classes and those of the name among them.
        attributes: Vec<Attribute>,
    },
    /// Attributes change, all of them or none (RFC 4511 section 4.6).
    Modify {
        /// Of which entry.
        dn: Dn,
        /// How.
        modifications: Vec<Modification>,
    },
    /// The entry gets another name in the same place, without the old one (RFC 4511 section 4.9).
    Rename {
        /// Which entry.
        dn: Dn,
        /// The new name: at least one part.
        name: Vec<NamePart>,
    },
    /// The entry goes (RFC 4511 section 4.8).
    Delete {
        /// Which.
        dn: Dn,
    },
}

/// What a policy makes of a profile change: a change of the person's own entry.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EntryChange {
    /// The entry's new name; none: it keeps the one it has.
    pub rename: Option<Vec<NamePart>>,
    /// What changes in it; done before the entry is renamed.
    pub modifications: Vec<Modification>,
}

/// What a policy makes of a registration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewEntry {
    /// Below which entry: a place where users live.
    pub parent: Dn,
    /// Its name: at least one part.
    pub name: Vec<NamePart>,
    /// Its attributes, without those of the name where the policy leaves them out.
    pub attributes: Vec<Attribute>,
}

/// A change of a person's profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProfileChange {
    /// A claim's name, or `username`, or `enabled`.
    pub name: String,
    /// None: cleared.
    pub value: Option<ClaimValue>,
}

/// A person's new password.
#[derive(Clone, Debug)]
pub struct PasswordChange<'a> {
    /// The entry.
    pub dn: &'a Dn,
    /// How it is written; not [`PasswordWrite::Refused`].
    pub way: &'a PasswordWrite,
    /// Who writes it.
    pub author: PasswordAuthor<'a>,
    /// The new one.
    pub new: &'a Password,
    /// Controls for the write.
    pub controls: &'a [Control],
}

/// Who writes a new password.
#[derive(Clone, Debug)]
pub enum PasswordAuthor<'a> {
    /// The person, on a connection that is bound with the old password and closed afterwards.
    Person {
        /// The name to bind with.
        name: &'a BindName,
        /// The password so far.
        old: &'a Password,
        /// Controls for the bind.
        bind_controls: &'a [Control],
    },
    /// The service for the person, who gave the password so far and cannot bind any more: the directory
    /// checks it. Only [`PasswordWrite::Exchange`] and [`PasswordWrite::ExtendedOperation`] can.
    ServiceForPerson {
        /// The password so far.
        old: &'a Password,
    },
    /// The service, on an administrator's behalf: the password so far is not asked for.
    Service,
}

/// What came of a password write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PasswordAnswer {
    /// The person's bind was refused, so nothing was written.
    NotBound(Reply),
    /// The answer to the write.
    Written(Reply),
}

/// Why a directory refused a new password; see `complaint` in `wit/policy.wit`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Complaint {
    /// The password so far is wrong.
    WrongOldPassword,
    /// The new one is too short; so many characters it has to have, where that is known.
    TooShort(Option<u32>),
    /// The new one is too long; so many characters it may have, where that is known.
    TooLong(Option<u32>),
    /// It was the person's before.
    InHistory,
    /// The present one was set too short a while ago; so many seconds have to pass, where that is
    /// known.
    TooYoung(Option<u64>),
    /// It is too simple, or holds what is known of the person.
    TooWeak,
    /// This person may not change it.
    NotAllowed,
    /// Another reason, in a few words for the audit line.
    Other(String),
}
