//! The body of a token request, read once.

use super::{
    TokenError,
    authorization_code::{self, CodeForm},
};
use crate::parameters::Parameters;

/// The parameters of each grant type; those of others are not there.
pub(super) enum Form<'a> {
    /// RFC 6749 section 4.1.3.
    AuthorizationCode(CodeForm<'a>),
}

impl<'a> Form<'a> {
    pub(super) fn read(parameters: &'a Parameters) -> Result<Self, TokenError> {
        match parameters.get("grant_type")? {
            Some(authorization_code::GRANT_TYPE) => {
                CodeForm::read(parameters).map(Self::AuthorizationCode)
            }
            Some(_) => Err(TokenError::UnsupportedGrantType),
            None => Err(TokenError::InvalidRequest("grant_type is missing")),
        }
    }
}
