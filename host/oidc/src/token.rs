//! The token endpoint. Every grant type passes the same five stations: the form is read, the client
//! proves who it is, the grant is redeemed, the account gate is asked, the tokens are made. What each
//! hands on is what the next demands, so that no grant type can leave one out.

mod authorization_code;
mod client;
mod error;
mod form;
mod issue;

pub(crate) use error::store_fault;
pub use error::{ErrorBody, TokenError};
pub(crate) use issue::AccessClaims;
pub use issue::{IssuedTo, TokenAnswer};

use crate::{gate, parameters::Parameters, provider::Parts};
use bridge_model::{realm::Realm, time::Timestamp};
use form::Form;

/// The grant types there are. Everything else is `unsupported_grant_type`, the password grant too
/// (RFC 9700 section 2.4).
pub(crate) const GRANT_TYPES: &[&str] = &[authorization_code::GRANT_TYPE];

/// A request to the token endpoint.
#[derive(Clone, Copy, Debug)]
pub struct TokenRequest<'a> {
    /// The value of the header `Authorization`.
    pub authorization: Option<&'a str>,
    /// The parameters of the body. What stands in the query is not looked at (RFC 6749 section 3.2).
    pub parameters: &'a Parameters,
}

/// What all stations see.
struct Context<'a> {
    parts: &'a Parts,
    realm: &'a Realm,
    now: Timestamp,
}

pub(crate) async fn token(
    parts: &Parts,
    realm: &Realm,
    request: &TokenRequest<'_>,
) -> Result<TokenAnswer, TokenError> {
    let context = Context {
        parts,
        realm,
        now: parts.now(),
    };
    if !realm.enabled {
        return Err(TokenError::InvalidRequest("the realm is switched off"));
    }
    let form = Form::read(request.parameters)?;
    let client = client::authenticate(&context, request).await?;
    // Before the code is used up, so that it is not lost when the keys are not at hand.
    let key = parts
        .keys
        .signing(&realm.name, client.client().signing_algorithm)
        .await?;
    let grant = match &form {
        Form::AuthorizationCode(code) => code.redeem(&context, &client).await?,
    };
    let (user, auth_time) = (grant.user.clone(), grant.auth_time);
    let Ok(user) = gate::readmit(parts, realm, client.client(), user, auth_time).await? else {
        parts.store.revoke_grant(&realm.name, grant.id).await?;
        return Err(TokenError::InvalidGrant(
            "the person may not come in any more",
        ));
    };
    issue::issue(&context, &key, &client, &grant, &user)
}

#[cfg(test)]
mod tests;
