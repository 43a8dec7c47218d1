//! Who signed in, and the one gate they pass.

use crate::{
    decision::{Bar, Refusal},
    names::{FederationName, RealmName},
    realm::PolicyRef,
    search::Reply,
    time::Timestamp,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A person as the bridge knows them after a sign-in: what tokens are made from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// The claim `sub`: derived by the host from the bound entry's stable identifier.
    pub subject: String,
    /// The user name, for people.
    pub username: String,
    /// Claims as JSON, checked; reserved claims are not among them.
    pub claims: Map<String, Value>,
    /// Reasons that will end this person's access, or have.
    pub bars: Vec<Bar>,
    /// Where the person was found.
    pub federation: FederationName,
    /// The entry that was bound.
    pub entry_dn: String,
    /// The policy that made the identity.
    pub policy: PolicyRef,
}

/// Proof that a person may come in now. It is made here and nowhere else, and whoever issues
/// something to a person asks for it.
#[derive(Clone, Debug)]
pub struct AuthenticatedUser {
    realm: RealmName,
    user: User,
    auth_time: Timestamp,
}

impl AuthenticatedUser {
    /// Whose user this is.
    pub fn realm(&self) -> &RealmName {
        &self.realm
    }

    /// The person.
    pub fn user(&self) -> &User {
        &self.user
    }

    /// When the password was given.
    pub fn auth_time(&self) -> Timestamp {
        self.auth_time
    }
}

/// The account gate for a sign-in: lets a person in whose bind the directory answered with success
/// and whom no bar holds at `now`.
///
/// # Errors
///
/// Why not: [`Refusal::BadCredentials`] for a bind without success, else the reason of the first bar.
pub fn admit(
    realm: RealmName,
    user: User,
    reply: &Reply,
    now: Timestamp,
) -> Result<AuthenticatedUser, Refusal> {
    if !reply.is_success() {
        return Err(Refusal::BadCredentials);
    }
    readmit(realm, user, now, now)
}

/// The account gate for somebody who signed in at `auth_time` and comes again, with a session or a
/// token that the store vouches for.
///
/// # Errors
///
/// The reason of the first bar that holds at `now`.
pub fn readmit(
    realm: RealmName,
    user: User,
    auth_time: Timestamp,
    now: Timestamp,
) -> Result<AuthenticatedUser, Refusal> {
    if let Some(bar) = user.bars.iter().find(|bar| bar.holds_at(now)) {
        return Err(bar.reason.clone());
    }
    Ok(AuthenticatedUser {
        realm,
        user,
        auth_time,
    })
}
