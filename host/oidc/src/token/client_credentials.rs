//! The grant type `client_credentials` (RFC 6749 section 4.4): a client that acts for itself. There is
//! one thing that it can do for itself here, the admin API, so its scopes are the admin scopes.

use super::{TokenError, client::VerifiedClient};
use crate::{admin, parameters::Parameters};
use bridge_model::{admin::AdminScope, client::ClientAuthentication};

/// Its name in `grant_type`.
pub(super) const GRANT_TYPE: &str = "client_credentials";

/// What a client sends to act for itself.
pub(super) struct ClientForm {
    /// Empty: all that the client has.
    asked: Vec<AdminScope>,
}

impl ClientForm {
    /// A scope that there is none of is refused here, before the client proves who it is: a secret that
    /// works once is not spent on a slip of the pen.
    pub(super) fn read(parameters: &Parameters) -> Result<Self, TokenError> {
        let mut asked = Vec::new();
        let scope = parameters.get("scope")?.unwrap_or_default();
        for name in scope.split(' ').filter(|name| !name.is_empty()) {
            let unknown = "scope must be of scopes of the admin API, such as client:read";
            let scope = name
                .parse()
                .map_err(|_| TokenError::InvalidScope(unknown))?;
            if !asked.contains(&scope) {
                asked.push(scope);
            }
        }
        Ok(Self { asked })
    }

    /// The scopes that the client gets: those it asked for, or all it has.
    pub(super) fn redeem(self, client: &VerifiedClient) -> Result<Vec<AdminScope>, TokenError> {
        let client = client.client();
        // RFC 6749 section 4.4: only for who can keep a secret.
        if client.authentication == ClientAuthentication::Public {
            return Err(TokenError::UnauthorizedClient(
                "a public client cannot act for itself",
            ));
        }
        let own = &client.admin_scopes;
        if own.is_empty() {
            return Err(TokenError::InvalidScope("the client has no scopes"));
        }
        if self.asked.is_empty() {
            return Ok(own.clone());
        }
        if self
            .asked
            .iter()
            .any(|scope| !admin::is_covered(own, *scope))
        {
            return Err(TokenError::InvalidScope(
                "the client does not have all of these scopes",
            ));
        }
        Ok(self.asked)
    }
}
