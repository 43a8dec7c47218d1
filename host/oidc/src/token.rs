//! The token endpoint. Every grant type passes the same stations: the form is read, the client proves
//! who it is, it is registered for the grant type, the grant is redeemed, where there is a person the
//! account gate is asked, the tokens are made. What each hands on is what the next demands, so that no
//! grant type can leave one out.

mod authorization_code;
mod client;
mod client_credentials;
mod error;
mod form;
mod issue;
mod throttle;

pub(crate) use error::store_fault;
pub use error::{ErrorBody, TokenError};
pub(crate) use issue::lifetime;
pub use issue::{IssuedAbout, IssuedTo, TokenAnswer};
pub use throttle::SecretLimits;
pub(crate) use throttle::Throttle;

use crate::{gate, parameters::Parameters, provider::Parts};
use bridge_model::{realm::Realm, time::Timestamp};
use form::Form;
use std::net::IpAddr;

/// The grant types there are. Everything else is `unsupported_grant_type`, the password grant too
/// (RFC 9700 section 2.4).
pub(crate) const GRANT_TYPES: &[&str] = &[
    authorization_code::GRANT_TYPE,
    client_credentials::GRANT_TYPE,
];

/// A request to the token endpoint.
#[derive(Clone, Copy, Debug)]
pub struct TokenRequest<'a> {
    /// The value of the header `Authorization`.
    pub authorization: Option<&'a str>,
    /// The parameters of the body. What stands in the query is not looked at (RFC 6749 section 3.2).
    pub parameters: &'a Parameters,
    /// Who asks, as far as proxies are trusted: whoever guesses secrets is stopped by address. None:
    /// all of whom no address is known are counted as one.
    pub address: Option<IpAddr>,
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
    client.check_grant_type(form.grant_type())?;
    match form {
        Form::AuthorizationCode(code) => {
            let grant = code.redeem(&context, &client).await?;
            let (user, auth_time) = (grant.user.clone(), grant.auth_time);
            let user = gate::readmit(parts, realm, client.client(), user, auth_time).await?;
            let Ok(user) = user else {
                parts.store.revoke_grant(&realm.name, grant.id).await?;
                return Err(TokenError::InvalidGrant(
                    "the person may not come in any more",
                ));
            };
            issue::to_person(&context, &client, &grant, &user)
        }
        Form::ClientCredentials(asked) => {
            let scopes = asked.redeem(&client)?;
            issue::to_client(&context, &client, &scopes)
        }
    }
}

#[cfg(test)]
mod tests;
