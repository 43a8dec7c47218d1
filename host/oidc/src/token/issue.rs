//! The tokens.

use super::{Context, TokenError, client::VerifiedClient};
use crate::{
    access::{AccessClaims, Audience},
    admin::{self, ADMIN_AUDIENCE},
    claims,
    jws::{self, TokenKind},
};
use bridge_model::{
    account::AuthenticatedUser,
    admin::AdminScope,
    client::Client,
    names::{ClientId, FederationName},
    realm::{PolicyRef, Realm},
    session::Grant,
};
use serde::Serialize;
use serde_json::{Map, Value};
use std::{fmt, time::Duration};

/// Tokens (RFC 6749 section 5.1, OpenID Connect Core section 3.1.3.3). As JSON it is the answer's
/// body, which must not be cached.
#[derive(Clone, Serialize)]
pub struct TokenAnswer {
    /// For the userinfo endpoint, the admin API or both: a JWT (RFC 9068).
    pub access_token: String,
    /// `Bearer` (RFC 6750).
    pub token_type: &'static str,
    /// How long the access token lasts, in seconds.
    pub expires_in: u64,
    /// Who signed in (OpenID Connect Core section 2); none where nobody did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id_token: Option<String>,
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
    /// The person; none where the client acts for itself.
    pub about: Option<IssuedAbout>,
}

/// About whom tokens were issued.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuedAbout {
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

/// How long the tokens of a client live.
pub(crate) fn lifetime(realm: &Realm, client: &Client) -> Duration {
    client.token_lifetime.unwrap_or(realm.lifetimes.token)
}

pub(super) fn to_person(
    context: &Context<'_>,
    client: &VerifiedClient,
    grant: &Grant,
    user: &AuthenticatedUser,
) -> Result<TokenAnswer, TokenError> {
    let (person, issuer) = (user.user(), context.parts.issuer(&context.realm.name));
    let asked = &grant.request.scope;
    let scope = admin::granted(asked, context.realm, client.client(), person);
    let is_admin = |name: &String| name.parse::<AdminScope>().is_ok();
    let aud = if scope.iter().any(is_admin) {
        Audience::Several(vec![issuer.clone(), ADMIN_AUDIENCE.to_owned()])
    } else {
        Audience::One(issuer.clone())
    };
    let access = AccessClaims {
        iss: issuer,
        sub: person.subject.clone(),
        aud,
        client_id: client.client().id.to_string(),
        exp: context.now.plus(lifetime(context.realm, client.client())),
        iat: context.now,
        jti: grant.id,
        scope: scope.join(" "),
        auth_time: Some(user.auth_time()),
        sid: Some(grant.session),
    };
    let access_token = jws::sign(client.key(), TokenKind::Access, &access)?;
    let mut id = claims::released(person, &scope);
    id.extend(of_the_protocol(&access, grant, &access_token));
    let about = IssuedAbout {
        subject: person.subject.clone(),
        federation: person.federation.clone(),
        entry_dn: person.entry_dn.clone(),
        policy: person.policy.clone(),
    };
    Ok(TokenAnswer {
        id_token: Some(jws::sign(client.key(), TokenKind::Id, &id)?),
        ..answer(client, access_token, access, Some(about))
    })
}

pub(super) fn to_client(
    context: &Context<'_>,
    client: &VerifiedClient,
    scopes: &[AdminScope],
) -> Result<TokenAnswer, TokenError> {
    let id = client.client().id.to_string();
    let names: Vec<&str> = scopes.iter().map(|scope| scope.as_str()).collect();
    let access = AccessClaims {
        iss: context.parts.issuer(&context.realm.name),
        // RFC 9068 section 2.2: where nobody signed in, it is about the client.
        sub: id.clone(),
        aud: Audience::One(ADMIN_AUDIENCE.to_owned()),
        client_id: id,
        exp: context.now.plus(lifetime(context.realm, client.client())),
        iat: context.now,
        jti: context.parts.random.uuid(),
        scope: names.join(" "),
        auth_time: None,
        sid: None,
    };
    let access_token = jws::sign(client.key(), TokenKind::Access, &access)?;
    Ok(answer(client, access_token, access, None))
}

fn answer(
    client: &VerifiedClient,
    access_token: String,
    access: AccessClaims,
    about: Option<IssuedAbout>,
) -> TokenAnswer {
    TokenAnswer {
        access_token,
        token_type: "Bearer",
        expires_in: access.exp.0.saturating_sub(access.iat.0),
        id_token: None,
        scope: access.scope,
        issued_to: IssuedTo {
            client_id: client.client().id.clone(),
            about,
        },
    }
}

/// The claims of the protocol in an ID token (OpenID Connect Core sections 2 and 3.1.3.6), which stand
/// over whatever a person brought along.
fn of_the_protocol(access: &AccessClaims, grant: &Grant, access_token: &str) -> Map<String, Value> {
    let claims = [
        ("iss", Value::from(access.iss.as_str())),
        ("sub", Value::from(access.sub.as_str())),
        ("aud", Value::from(access.client_id.as_str())),
        ("exp", Value::from(access.exp.0)),
        ("iat", Value::from(access.iat.0)),
        ("auth_time", Value::from(grant.auth_time.0)),
        ("at_hash", Value::from(jws::access_token_hash(access_token))),
        ("sid", Value::from(grant.session.to_string())),
    ];
    let nonce = grant.request.nonce.as_deref();
    let nonce = nonce.map(|nonce| ("nonce", Value::from(nonce)));
    let claims = claims.into_iter().chain(nonce);
    claims
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}
