//! Client authentication (RFC 6749 section 2.3), once for all grant types.

use super::{Context, TokenError, TokenRequest};
use crate::keys::Key;
use base64::{Engine, engine::general_purpose::STANDARD};
use bridge_model::{
    client::{Client, ClientAuthentication, GrantType},
    names::ClientId,
    secret::Secret,
};
use percent_encoding::percent_decode;
use std::sync::Arc;

/// Proof that a client said who it is in the way it is registered for: with its secret, or, for a
/// public client, by its name alone. Only [`authenticate`] makes it.
pub(super) struct VerifiedClient {
    client: Client,
    key: Arc<Key>,
}

impl VerifiedClient {
    pub(super) fn client(&self) -> &Client {
        &self.client
    }

    /// What its tokens are signed with.
    pub(super) fn key(&self) -> &Key {
        &self.key
    }

    /// Whether the client is registered for a grant type (RFC 6749 section 5.2).
    pub(super) fn check_grant_type(&self, grant_type: GrantType) -> Result<(), TokenError> {
        if self.client.grant_types.contains(&grant_type) {
            Ok(())
        } else {
            Err(TokenError::UnauthorizedClient(
                "the client is not registered for this grant_type",
            ))
        }
    }
}

/// What a client says of itself.
struct Presented {
    id: String,
    secret: Option<Secret>,
}

/// Asks the client for exactly one of the ways there are (RFC 6749 section 2.3), the one it is
/// registered for.
pub(super) async fn authenticate(
    context: &Context<'_>,
    request: &TokenRequest<'_>,
) -> Result<VerifiedClient, TokenError> {
    let presented = Presented::read(request)?;
    let claimed = claimed(context, &presented.id).await?;
    let Some(secret) = &presented.secret else {
        let public = claimed.filter(|it| it.client.authentication == ClientAuthentication::Public);
        return public.ok_or(TokenError::InvalidClient);
    };
    let throttle = &context.parts.throttle;
    let attempt = throttle
        .begin(context, &presented.id, request.address)
        .await?;
    let fits = match &claimed {
        Some(it) if it.client.authentication == ClientAuthentication::Secret => {
            let (store, now) = (&context.parts.store, context.now);
            store
                .client_secret_fits(&context.realm.name, &it.client.id, secret, now)
                .await
        }
        Some(_) | None => Ok(false),
    };
    match (fits, claimed) {
        (Ok(true), Some(client)) => {
            attempt.succeeded().await?;
            Ok(client)
        }
        (Ok(_), _) => {
            attempt.failed().await?;
            Err(TokenError::InvalidClient)
        }
        (Err(error), _) => {
            attempt.take_back().await;
            Err(error.into())
        }
    }
}

/// The client that somebody says they are, unproved, with its key: a secret or a code that works once is
/// not spent where the key is not at hand.
async fn claimed(context: &Context<'_>, id: &str) -> Result<Option<VerifiedClient>, TokenError> {
    let (parts, realm) = (context.parts, &context.realm.name);
    let Ok(id) = ClientId::new(id) else {
        return Ok(None);
    };
    let client = parts.store.client(realm, &id).await?;
    let Some(client) = client.filter(|client| client.enabled) else {
        return Ok(None);
    };
    let key = parts.keys.signing(realm, client.signing_algorithm).await?;
    Ok(Some(VerifiedClient { client, key }))
}

impl Presented {
    fn read(request: &TokenRequest<'_>) -> Result<Self, TokenError> {
        let id = request.parameters.get("client_id")?;
        let secret = request.parameters.get("client_secret")?;
        let Some(authorization) = request.authorization else {
            let id = id.ok_or(TokenError::InvalidClient)?.to_owned();
            return Ok(Self {
                id,
                secret: secret.map(Secret::new),
            });
        };
        if secret.is_some() {
            return Err(TokenError::InvalidRequest(
                "the client must authenticate in the header or in the body, not in both",
            ));
        }
        let presented = basic(authorization).ok_or(TokenError::InvalidClient)?;
        if id.is_some_and(|id| id != presented.id) {
            return Err(TokenError::InvalidRequest(
                "client_id in the body is another than in the header",
            ));
        }
        Ok(presented)
    }
}

/// Reads `Basic` credentials (RFC 7617 section 2), whose name and password are form-encoded each
/// (RFC 6749 section 2.3.1).
fn basic(authorization: &str) -> Option<Presented> {
    let (scheme, credentials) = authorization.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let octets = STANDARD.decode(credentials.trim()).ok()?;
    let mut halves = octets.splitn(2, |octet| *octet == b':');
    let (id, secret) = (form_decoded(halves.next()?), form_decoded(halves.next()?));
    Some(Presented {
        id: String::from_utf8(id).ok()?,
        secret: Some(Secret::new(secret)),
    })
}

fn form_decoded(octets: &[u8]) -> Vec<u8> {
    let spaced: Vec<u8> = octets
        .iter()
        .map(|c| if *c == b'+' { b' ' } else { *c })
        .collect();
    percent_decode(&spaced).collect()
}

#[cfg(test)]
#[path = "client_tests.rs"]
mod tests;
