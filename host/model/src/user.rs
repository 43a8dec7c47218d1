//! People who have signed in, as the bridge keeps them.

use crate::{
    names::{FederationId, RealmName},
    time::Timestamp,
};

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
