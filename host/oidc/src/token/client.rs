//! Client authentication (RFC 6749 section 2.3), once for all grant types.

use super::{Context, TokenError, TokenRequest};
use base64::{Engine, engine::general_purpose::STANDARD};
use bridge_model::{
    client::{Client, ClientAuthentication},
    names::ClientId,
    secret::Secret,
};
use percent_encoding::percent_decode;

/// Proof that a client said who it is in the way it is registered for: with its secret, or, for a
/// public client, by its name alone. Only [`authenticate`] makes it.
pub(super) struct VerifiedClient(Client);

impl VerifiedClient {
    pub(super) fn client(&self) -> &Client {
        &self.0
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
    let (store, realm) = (&context.parts.store, &context.realm.name);
    let id = ClientId::new(presented.id.as_str()).map_err(|_| TokenError::InvalidClient)?;
    let client = store.client(realm, &id).await?;
    let client = client
        .filter(|client| client.enabled)
        .ok_or(TokenError::InvalidClient)?;
    let is_proved = match (client.authentication, &presented.secret) {
        (ClientAuthentication::Public, None) => true,
        (ClientAuthentication::Secret, Some(secret)) => {
            store
                .client_secret_fits(realm, &id, secret, context.now)
                .await?
        }
        (ClientAuthentication::Public, Some(_)) | (ClientAuthentication::Secret, None) => false,
    };
    if is_proved {
        Ok(VerifiedClient(client))
    } else {
        Err(TokenError::InvalidClient)
    }
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
