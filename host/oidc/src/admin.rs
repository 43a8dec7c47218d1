//! Administrators: whose access tokens open the admin API.
//!
//! A token says what its holder was granted. What still holds of it is found out whenever it is shown:
//! a scope that was taken from a client, and a person who was taken from the group of administrators,
//! are without effect at once and not when the token is over.

use crate::{
    access::{self, AccessClaims},
    jws,
    keys::KeyError,
    provider::Parts,
    token::{ErrorBody, store_fault},
};
use bridge_model::{
    account::User,
    admin::{AdminScope, Administrator},
    client::{Client, ClientAuthentication, GrantType},
    names::{ClientId, RealmName},
    ports::StoreError,
    realm::Realm,
};
use serde::Deserialize;

/// The admin API as an audience of access tokens (RFC 9068 section 2.2).
pub const ADMIN_AUDIENCE: &str = "urn:ldap-oidc-bridge:admin";

/// Why an access token does not open the admin API (RFC 6750 section 3.1). Whether its scopes are enough
/// is for whoever knows what is wanted: see [`Administrator::may`].
#[derive(Debug, thiserror::Error)]
pub enum AdminTokenError {
    /// There is no token in the request.
    #[error("no access token")]
    NoToken,
    /// The token is none, over, withdrawn, or for something else; or its client or its person has no
    /// part in the administration, or not any more.
    #[error("the access token is not valid here, or not any more")]
    Invalid,
    /// Our fault: the store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Our fault: the realm's keys are not at hand.
    #[error(transparent)]
    Keys(KeyError),
}

impl AdminTokenError {
    /// The HTTP status.
    pub fn status(&self) -> u16 {
        match self {
            Self::NoToken | Self::Invalid => 401,
            Self::Store(error) => store_fault(error).0,
            Self::Keys(_) => 500,
        }
    }

    /// The error in the words of the specifications; none where the request had no token: then nothing
    /// is told (RFC 6750 section 3.1).
    pub fn body(&self) -> Option<ErrorBody> {
        let (error, error_description) = match self {
            Self::NoToken => return None,
            Self::Invalid => ("invalid_token", "the access token is not valid"),
            Self::Store(error) => return Some(store_fault(error).1),
            Self::Keys(_) => ("server_error", "the access token could not be checked"),
        };
        Some(ErrorBody {
            error,
            error_description,
        })
    }

    /// The value of the header `WWW-Authenticate`, where one is due (RFC 6750 section 3).
    pub fn challenge(&self) -> Option<String> {
        let error = match self {
            Self::NoToken => "",
            Self::Invalid => r#", error="invalid_token""#,
            Self::Store(_) | Self::Keys(_) => return None,
        };
        Some(format!(r#"Bearer realm="admin"{error}"#))
    }
}

impl From<KeyError> for AdminTokenError {
    fn from(error: KeyError) -> Self {
        match error {
            KeyError::Store(error) => Self::Store(error),
            other => Self::Keys(other),
        }
    }
}

/// Whether a client may ask for a scope of this name: one of its admin scopes covers it.
pub(crate) fn may_ask(client: &Client, scope: &str) -> bool {
    scope
        .parse()
        .is_ok_and(|scope| is_covered(&client.admin_scopes, scope))
}

/// Whether any of the scopes that somebody has covers another.
pub(crate) fn is_covered(scopes: &[AdminScope], wanted: AdminScope) -> bool {
    scopes.iter().any(|scope| scope.covers(wanted))
}

/// What is granted of the scopes that a person's client asked for: those of the admin API only to an
/// administrator of the realm, and only as far as the client may ask for them.
pub(crate) fn granted(
    scope: &[String],
    realm: &Realm,
    client: &Client,
    user: &User,
) -> Vec<String> {
    let is_administrator = user.is_in_any(&realm.admin_groups);
    let is_granted = |name: &&String| {
        name.parse::<AdminScope>().is_err() || is_administrator && may_ask(client, name)
    };
    scope.iter().filter(is_granted).cloned().collect()
}

pub(crate) async fn administrator(
    parts: &Parts,
    realm: &Realm,
    bearer: &str,
) -> Result<Administrator, AdminTokenError> {
    let access = access::verified(parts, realm, ADMIN_AUDIENCE, bearer).await?;
    let access = access.ok_or(AdminTokenError::Invalid)?;
    let holder = if access.sid.is_some() {
        person(parts, realm, &access).await?
    } else {
        client_itself(parts, realm, &access).await?
    };
    let (name, client) = holder.ok_or(AdminTokenError::Invalid)?;
    let scopes: Vec<AdminScope> = access
        .scope
        .split(' ')
        .filter_map(|name| name.parse().ok())
        .filter(|scope| is_covered(&client.admin_scopes, *scope))
        .collect();
    if scopes.is_empty() {
        return Err(AdminTokenError::Invalid);
    }
    Ok(Administrator {
        realm: Some(realm.name.clone()),
        name,
        client_id: Some(client.id),
        scopes,
    })
}

/// An administrator who uses a client.
async fn person(
    parts: &Parts,
    realm: &Realm,
    access: &AccessClaims,
) -> Result<Option<(String, Client)>, StoreError> {
    let alive = access::alive(parts, realm, access).await?;
    Ok(alive.and_then(|alive| {
        let user = alive.user.user();
        let name = format!("user {} ({})", user.username, user.subject);
        user.is_in_any(&realm.admin_groups)
            .then_some((name, alive.client))
    }))
}

/// A client that acts for itself.
async fn client_itself(
    parts: &Parts,
    realm: &Realm,
    access: &AccessClaims,
) -> Result<Option<(String, Client)>, StoreError> {
    let Ok(id) = ClientId::new(access.client_id.as_str()) else {
        return Ok(None);
    };
    let client = parts.store.client(&realm.name, &id).await?;
    let still_may = |client: &Client| {
        realm.enabled
            && client.enabled
            && client.authentication == ClientAuthentication::Secret
            && client.grant_types.contains(&GrantType::ClientCredentials)
            && access.sub == client.id.as_str()
    };
    let client = client.filter(still_may);
    Ok(client.map(|client| (format!("client {}", client.id), client)))
}

/// The realm that a token says it comes from. Nothing of the token is verified.
pub(crate) fn issuer_realm(parts: &Parts, bearer: &str) -> Option<RealmName> {
    let claimed: Claimed = jws::unverified(bearer)?;
    parts.realm_of(&claimed.iss)
}

/// What is read of a token before it is verified.
#[derive(Deserialize)]
struct Claimed {
    iss: String,
}

#[cfg(test)]
#[path = "admin/tests.rs"]
mod tests;
