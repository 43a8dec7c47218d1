//! The body of a token request, read once.

use super::{
    TokenError,
    authorization_code::{self, CodeForm},
    client_credentials::{self, ClientForm},
};
use crate::parameters::Parameters;
use bridge_model::client::GrantType;

/// The parameters of each grant type; those of others are not there.
pub(super) enum Form<'a> {
    /// RFC 6749 section 4.1.3.
    AuthorizationCode(CodeForm<'a>),
    /// RFC 6749 section 4.4.2.
    ClientCredentials(ClientForm),
}

impl<'a> Form<'a> {
    pub(super) fn read(parameters: &'a Parameters) -> Result<Self, TokenError> {
        match parameters.get("grant_type")? {
            Some(authorization_code::GRANT_TYPE) => {
                CodeForm::read(parameters).map(Self::AuthorizationCode)
            }
            Some(client_credentials::GRANT_TYPE) => {
                ClientForm::read(parameters).map(Self::ClientCredentials)
            }
            Some(_) => Err(TokenError::UnsupportedGrantType),
            None => Err(TokenError::InvalidRequest("grant_type is missing")),
        }
    }

    /// What the client has to be registered for.
    pub(super) fn grant_type(&self) -> GrantType {
        match self {
            Self::AuthorizationCode(_) => GrantType::AuthorizationCode,
            Self::ClientCredentials(_) => GrantType::ClientCredentials,
        }
    }
}
