//! People who have signed in, or were imported, as the bridge keeps them.

use crate::{
    account::User,
    names::{FederationId, RealmName},
    time::Timestamp,
};
use serde_json::{Map, Value};

/// Somebody who has signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownUser {
    /// Whose user it is.
    pub realm: RealmName,
    /// The claim `sub`.
    pub subject: String,
    /// Where the person was found.
    pub federation: FederationId,
    /// The user name when they last signed in.
    pub username: String,
    /// The entry's DN when they last signed in.
    pub entry_dn: String,
    /// Whether an administrator keeps the person out.
    pub blocked: bool,
    /// When they first signed in.
    pub created_at: Timestamp,
}

/// What the bridge itself holds against a person, whatever the directory says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// An administrator keeps the person out.
    pub is_blocked: bool,
    /// The federation that the person was found in is there and switched on.
    pub is_federation_enabled: bool,
}

impl Standing {
    /// Nothing.
    pub const GOOD: Self = Self {
        is_blocked: false,
        is_federation_enabled: true,
    };
}

/// Somebody whom a federation with import has read: what is kept of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportedUser {
    /// The octets that identify the person in the federation ([`crate::plan::StableId`]); never changes.
    pub identifier: Vec<u8>,
    /// What tokens would be made from, without anything of the bridge's own laid over it.
    pub user: User,
}

/// What an import did with the users it was given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ImportCounts {
    /// Were not there.
    pub added: u64,
    /// Were there and are another now.
    pub updated: u64,
    /// Were there as they are: nothing was written.
    pub unchanged: u64,
}

/// What the bridge keeps of a person itself, over what the directory says: in Keycloak's mode
/// `UNSYNCED`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LocalProfile {
    /// Claims that take the place of the directory's; a null takes one away.
    pub claims: Map<String, Value>,
    /// The password, hashed (PHC string of Argon2id, RFC 9106); then it counts, and not the
    /// directory's.
    pub password_hash: Option<String>,
    /// Whether the person is switched off here.
    pub disabled: bool,
}

/// Everything the bridge keeps of a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredUser {
    /// Who it is, and where they were found.
    pub known: KnownUser,
    /// What was imported; none: the person's federation imports nobody, or has not yet.
    pub imported: Option<Box<User>>,
    /// When what was imported last changed.
    pub imported_at: Option<Timestamp>,
    /// What lies over it.
    pub local: LocalProfile,
}

/// Which users are wanted. All that is said has to fit, compared without regard to case; users who
/// are not imported have a user name only.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserQuery {
    /// Stands in the user name, the mail address, or one of the names.
    pub search: Option<String>,
    /// The user name.
    pub username: Option<String>,
    /// The claim `email`.
    pub email: Option<String>,
    /// The claim `given_name`.
    pub given_name: Option<String>,
    /// The claim `family_name`.
    pub family_name: Option<String>,
    /// Whether the four above have to be the whole of it; else a part will do.
    pub is_exact: bool,
    /// So many that fit are passed over, by user name.
    pub first: u32,
    /// At most so many.
    pub limit: u32,
}
