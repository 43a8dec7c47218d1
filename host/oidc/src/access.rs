//! Access tokens (RFC 9068), for the endpoints here that take them.

use crate::{
    gate,
    jws::{self, TokenKind},
    keys::KeyError,
    provider::Parts,
};
use bridge_model::{
    account::AuthenticatedUser,
    client::Client,
    ports::StoreError,
    realm::Realm,
    session::{Grant, GrantStage},
    time::Timestamp,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The claims of an access token (RFC 9068 section 2.2).
///
/// A person's is for the issuer: no request names a resource (RFC 8707), and RFC 9068 section 3 then
/// wants a default, which is the userinfo endpoint. With scopes of the admin API it is for that too, and
/// a client's own token is for nothing else. An API of an application's own that wants to be meant has
/// to be named one day; it must not take these tokens for its own.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct AccessClaims {
    pub(crate) iss: String,
    /// The person's, or the client's own id.
    pub(crate) sub: String,
    pub(crate) aud: Audience,
    pub(crate) client_id: String,
    pub(crate) exp: Timestamp,
    pub(crate) iat: Timestamp,
    /// The grant; for a client's own token a name of its own.
    pub(crate) jti: Uuid,
    pub(crate) scope: String,
    /// When the person signed in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) auth_time: Option<Timestamp>,
    /// The person's session; none: the token is the client's own. Nothing but this tells the two
    /// apart, whatever a person's subject looks like (RFC 9068 section 5).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) sid: Option<Uuid>,
}

/// Whom a token is for: one stands alone (RFC 7519 section 4.1.3).
#[derive(Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum Audience {
    One(String),
    Several(Vec<String>),
}

impl Audience {
    fn has(&self, name: &str) -> bool {
        match self {
            Self::One(one) => one == name,
            Self::Several(all) => all.iter().any(|one| one == name),
        }
    }
}

/// A person's token that is alive.
pub(crate) struct Alive {
    pub(crate) grant: Grant,
    pub(crate) client: Client,
    pub(crate) user: AuthenticatedUser,
}

/// What a token itself says (RFC 9068 section 4); none: it is not one of this realm, not for this
/// audience, or over.
pub(crate) async fn verified(
    parts: &Parts,
    realm: &Realm,
    audience: &str,
    token: &str,
) -> Result<Option<AccessClaims>, KeyError> {
    let access: Option<AccessClaims> =
        jws::verified(&parts.keys, &realm.name, TokenKind::Access, token).await?;
    let issuer = parts.issuer(&realm.name);
    Ok(access.filter(|access| {
        // RFC 7519 section 4.1.4: on or after `exp` it is over.
        access.iss == issuer && access.aud.has(audience) && parts.now() < access.exp
    }))
}

/// What has become of a person's token since it was made; none: it is dead.
pub(crate) async fn alive(
    parts: &Parts,
    realm: &Realm,
    access: &AccessClaims,
) -> Result<Option<Alive>, StoreError> {
    let store = &parts.store;
    let grant = store.grant(&realm.name, access.jti, parts.now()).await?;
    let is_whole = |grant: &Grant| {
        grant.stage == GrantStage::Redeemed
            && access.sid == Some(grant.session)
            && access.sub == grant.user.subject
            && access.client_id == grant.request.client_id.as_str()
    };
    let Some(grant) = grant.filter(is_whole) else {
        return Ok(None);
    };
    let Some(client) = store.client(&realm.name, &grant.request.client_id).await? else {
        return Ok(None);
    };
    let person = grant.user.clone();
    let user = gate::readmit(parts, realm, &client, person, grant.auth_time).await?;
    Ok(user.ok().map(|user| Alive {
        grant,
        client,
        user,
    }))
}
