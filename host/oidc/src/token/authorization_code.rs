//! The grant type `authorization_code` (RFC 6749 section 4.1.3, OpenID Connect Core section 3.1.3).

use super::{Context, TokenError, client::VerifiedClient};
use crate::{opaque, parameters::Parameters, pkce};
use bridge_model::session::{Grant, Redemption};

/// Its name in `grant_type`.
pub(super) const GRANT_TYPE: &str = "authorization_code";

/// What a client sends to redeem a code.
pub(super) struct CodeForm<'a> {
    code: &'a str,
    redirect_uri: Option<&'a str>,
    verifier: Option<&'a str>,
}

impl<'a> CodeForm<'a> {
    pub(super) fn read(parameters: &'a Parameters) -> Result<Self, TokenError> {
        let code = parameters.get("code")?;
        let verifier = parameters.get("code_verifier")?;
        if verifier.is_some_and(|verifier| !pkce::is_verifier(verifier)) {
            return Err(TokenError::InvalidRequest(
                "code_verifier must be 43 to 128 letters, digits or any of - . _ ~",
            ));
        }
        Ok(Self {
            code: code.ok_or(TokenError::InvalidRequest("code is missing"))?,
            redirect_uri: parameters.get("redirect_uri")?,
            verifier,
        })
    }

    /// Redeems the code for its grant, once.
    ///
    /// Whatever fails after that uses the code up and withdraws the grant, also where the code is
    /// another client's. A code is as good as a secret, so one that turns up at another client has
    /// leaked, and what leaked is of no use to anybody any more (RFC 6749 section 10.5, RFC 9700
    /// section 4.5). Nobody can use this to disturb others without having their codes. And looking
    /// before redeeming would be two calls, between which a second request has room.
    pub(super) async fn redeem(
        &self,
        context: &Context<'_>,
        client: &VerifiedClient,
    ) -> Result<Grant, TokenError> {
        let (store, realm) = (&context.parts.store, &context.realm.name);
        let unknown = TokenError::InvalidGrant("the code is not known, used or too old");
        let Some(code) = opaque::decode(self.code) else {
            return Err(unknown);
        };
        let grant = match store
            .redeem(realm, opaque::digest(&code), context.now)
            .await?
        {
            Redemption::First(grant) => grant,
            // The store has withdrawn the grant: what came of it is dead (RFC 6749 section 4.1.2).
            Redemption::Replayed(_) | Redemption::Unknown => return Err(unknown),
        };
        if let Err(error) = self.check(&grant, context, client) {
            store.revoke_grant(realm, grant.id).await?;
            return Err(error);
        }
        Ok(grant)
    }

    fn check(
        &self,
        grant: &Grant,
        context: &Context<'_>,
        client: &VerifiedClient,
    ) -> Result<(), TokenError> {
        if grant.code_expires_at < context.now {
            return Err(TokenError::InvalidGrant(
                "the code is not known, used or too old",
            ));
        }
        if grant.request.client_id != client.client().id {
            return Err(TokenError::InvalidGrant(
                "the code was given to another client",
            ));
        }
        // RFC 6749 section 4.1.3: it was given in the authorization request, so it is wanted here.
        if self.redirect_uri != Some(&grant.request.redirect_uri) {
            return Err(TokenError::InvalidGrant(
                "redirect_uri is not the one that the code was sent to",
            ));
        }
        if !pkce::is_answered(grant.request.code_challenge.as_deref(), self.verifier) {
            return Err(TokenError::InvalidGrant(
                "code_verifier does not answer the code_challenge of the request",
            ));
        }
        Ok(())
    }
}
