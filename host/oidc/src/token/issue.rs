//! The tokens.

use super::{Context, TokenError, client::VerifiedClient};
use crate::{
    claims,
    jws::{self, TokenKind},
    keys::Key,
};
use bridge_model::{
    account::AuthenticatedUser,
    names::{ClientId, FederationName},
    realm::PolicyRef,
    session::Grant,
    time::Timestamp,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::fmt;
use uuid::Uuid;

/// Tokens (RFC 6749 section 5.1, OpenID Connect Core section 3.1.3.3). As JSON it is the answer's
/// body, which must not be cached.
#[derive(Clone, Serialize)]
pub struct TokenAnswer {
    /// For the userinfo endpoint: a JWT (RFC 9068).
    pub access_token: String,
    /// `Bearer` (RFC 6750).
    pub token_type: &'static str,
    /// How long the access token lasts, in seconds.
    pub expires_in: u64,
    /// Who signed in (OpenID Connect Core section 2).
    pub id_token: String,
    /// The scopes granted, which may be fewer than were asked for.
    pub scope: String,
    /// For the audit line; no part of the body.
    #[serde(skip)]
    pub issued_to: IssuedTo,
}

/// To whom tokens were issued, and about whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuedTo {
    /// The client.
    pub client_id: ClientId,
    /// The person's claim `sub`.
    pub subject: String,
    /// Where the person was found.
    pub federation: FederationName,
    /// The person's entry.
    pub entry_dn: String,
    /// The policy that made the identity.
    pub policy: PolicyRef,
}

/// Tokens do not print.
impl fmt::Debug for TokenAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenAnswer")
            .field("expires_in", &self.expires_in)
            .field("scope", &self.scope)
            .field("issued_to", &self.issued_to)
            .finish_non_exhaustive()
    }
}

/// The claims of an access token (RFC 9068 section 2.2).
///
/// Its audience is the issuer: no request names a resource (RFC 8707), and RFC 9068 section 3 then
/// wants a default, which is the one resource there is here, the userinfo endpoint. An API of an
/// application's own that wants to be meant has to be named one day; it must not take these tokens
/// for its own.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct AccessClaims {
    pub(crate) iss: String,
    pub(crate) sub: String,
    pub(crate) aud: String,
    pub(crate) client_id: String,
    pub(crate) exp: Timestamp,
    pub(crate) iat: Timestamp,
    /// The grant.
    pub(crate) jti: Uuid,
    pub(crate) scope: String,
    pub(crate) auth_time: Timestamp,
    /// The session.
    pub(crate) sid: Uuid,
}

pub(super) fn issue(
    context: &Context<'_>,
    key: &Key,
    client: &VerifiedClient,
    grant: &Grant,
    user: &AuthenticatedUser,
) -> Result<TokenAnswer, TokenError> {
    let lifetime = context.realm.lifetimes.token;
    let person = user.user();
    let access = AccessClaims {
        iss: context.parts.issuer(&context.realm.name),
        sub: person.subject.clone(),
        aud: context.parts.issuer(&context.realm.name),
        client_id: client.client().id.to_string(),
        exp: context.now.plus(lifetime),
        iat: context.now,
        jti: grant.id,
        scope: grant.request.scope.join(" "),
        auth_time: user.auth_time(),
        sid: grant.session,
    };
    let access_token = jws::sign(key, TokenKind::Access, &access)?;
    let released = claims::released(person, &grant.request.scope);
    let id = id_claims(released, &access, grant, &access_token);
    Ok(TokenAnswer {
        id_token: jws::sign(key, TokenKind::Id, &id)?,
        access_token,
        token_type: "Bearer",
        expires_in: lifetime.as_secs(),
        scope: access.scope,
        issued_to: IssuedTo {
            client_id: client.client().id.clone(),
            subject: person.subject.clone(),
            federation: person.federation.clone(),
            entry_dn: person.entry_dn.clone(),
            policy: person.policy.clone(),
        },
    })
}

/// The claims of an ID token: the person's, and over them those of the protocol (OpenID Connect Core
/// sections 2 and 3.1.3.6).
fn id_claims(
    mut claims: Map<String, Value>,
    access: &AccessClaims,
    grant: &Grant,
    access_token: &str,
) -> Map<String, Value> {
    let protocol = [
        ("iss", Value::from(access.iss.as_str())),
        ("sub", Value::from(access.sub.as_str())),
        ("aud", Value::from(access.client_id.as_str())),
        ("exp", Value::from(access.exp.0)),
        ("iat", Value::from(access.iat.0)),
        ("auth_time", Value::from(access.auth_time.0)),
        ("at_hash", Value::from(jws::access_token_hash(access_token))),
        ("sid", Value::from(access.sid.to_string())),
    ];
    for (name, value) in protocol {
        claims.insert(name.to_owned(), value);
    }
    if let Some(nonce) = &grant.request.nonce {
        claims.insert("nonce".to_owned(), Value::from(nonce.as_str()));
    }
    claims
}
