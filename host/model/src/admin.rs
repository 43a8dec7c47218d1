//! Who may change the configuration.

use crate::names::{ClientId, RealmName};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// What a token lets its holder do on the admin API (RFC 6749 section 3.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum AdminScope {
    /// Read federations, their plans, and what they make of people.
    FederationRead,
    /// Change federations, and have directories asked.
    FederationWrite,
    /// Read clients.
    ClientRead,
    /// Change clients and their secrets.
    ClientWrite,
    /// Read users, their sessions, and why somebody was kept out.
    UserRead,
    /// End sessions, block people.
    UserWrite,
    /// Read the audit trail.
    AuditRead,
    /// Everything in the realm, and the realm itself.
    RealmAdmin,
    /// Switch policies. Policies serve all realms, so this takes an administrator of the platform.
    PolicyAdmin,
}

impl AdminScope {
    /// All there are.
    pub const ALL: [Self; 9] = [
        Self::FederationRead,
        Self::FederationWrite,
        Self::ClientRead,
        Self::ClientWrite,
        Self::UserRead,
        Self::UserWrite,
        Self::AuditRead,
        Self::RealmAdmin,
        Self::PolicyAdmin,
    ];

    /// The scope's value in a request or a token.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::FederationRead => "federation:read",
            Self::FederationWrite => "federation:write",
            Self::ClientRead => "client:read",
            Self::ClientWrite => "client:write",
            Self::UserRead => "user:read",
            Self::UserWrite => "user:write",
            Self::AuditRead => "audit:read",
            Self::RealmAdmin => "realm:admin",
            Self::PolicyAdmin => "policy:admin",
        }
    }

    /// Whether having this is having `wanted`: who may write may read, and `realm:admin` is everything
    /// but policies.
    pub fn covers(self, wanted: Self) -> bool {
        self == wanted
            || match self {
                Self::RealmAdmin => wanted != Self::PolicyAdmin,
                Self::FederationWrite => wanted == Self::FederationRead,
                Self::ClientWrite => wanted == Self::ClientRead,
                Self::UserWrite => wanted == Self::UserRead,
                _ => false,
            }
    }
}

impl fmt::Display for AdminScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A text that is no scope of the admin API.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no scope of the admin API")]
pub struct AdminScopeError(String);

impl FromStr for AdminScope {
    type Err = AdminScopeError;
    fn from_str(text: &str) -> Result<Self, AdminScopeError> {
        let found = Self::ALL.into_iter().find(|scope| scope.as_str() == text);
        found.ok_or_else(|| AdminScopeError(text.to_owned()))
    }
}

impl TryFrom<String> for AdminScope {
    type Error = AdminScopeError;
    fn try_from(text: String) -> Result<Self, AdminScopeError> {
        text.parse()
    }
}

impl From<AdminScope> for String {
    fn from(scope: AdminScope) -> Self {
        scope.as_str().to_owned()
    }
}

/// Somebody whom the admin API lets in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Administrator {
    /// The realm that vouches for them: theirs to administer, or all if it is
    /// [`crate::realm::PLATFORM`]. None: the operator at the machine itself.
    pub realm: Option<RealmName>,
    /// Who they are, for the audit trail: `client ops`, `user ada (…)`, `uid 0`.
    pub name: String,
    /// The client they use; none: the operator at the machine itself.
    pub client_id: Option<ClientId>,
    /// What they may do.
    pub scopes: Vec<AdminScope>,
}

impl Administrator {
    /// Whether they may do this, in the realm that they administer.
    pub fn may(&self, wanted: AdminScope) -> bool {
        self.scopes.iter().any(|scope| scope.covers(wanted))
    }

    /// Whether all realms are theirs.
    pub fn is_of_platform(&self) -> bool {
        self.realm
            .as_ref()
            .is_none_or(|realm| realm.as_str() == crate::realm::PLATFORM)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_covers_what_it_says_and_no_more() {
        for scope in AdminScope::ALL {
            assert!(scope.covers(scope));
            assert_eq!(scope.as_str().parse(), Ok(scope));
        }
        assert!(AdminScope::RealmAdmin.covers(AdminScope::ClientWrite));
        assert!(!AdminScope::RealmAdmin.covers(AdminScope::PolicyAdmin));
        assert!(AdminScope::FederationWrite.covers(AdminScope::FederationRead));
        assert!(!AdminScope::FederationRead.covers(AdminScope::FederationWrite));
        assert!(!AdminScope::FederationWrite.covers(AdminScope::ClientRead));
        assert!("openid".parse::<AdminScope>().is_err());
    }
}
