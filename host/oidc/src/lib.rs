//! The OpenID Connect protocol and its signing keys: discovery, the authorization code flow with
//! PKCE, tokens for people and for clients themselves, userinfo, the sign-in between them, people's own
//! sessions, and whose tokens open the admin API.
//!
//! Values in, values out: no HTTP type stands here, and the store, the time and random numbers are
//! ports. [`Provider`] has one method for each endpoint, and [`paths`] says where the endpoints are.
//!
//! What must stay true, and where it is kept so:
//!
//! - Nothing is redirected to an address that its client has not registered: [`authorize::STEPS`]
//!   come in an order in which the errors before that check are pages.
//! - Nobody is given a code or a token without the account gate
//!   ([`bridge_model::account::Gate`]): whoever issues takes an
//!   [`AuthenticatedUser`](bridge_model::account::AuthenticatedUser), and whoever comes again is asked
//!   about again.
//! - No grant is redeemed by a client that did not prove who it is: redeeming takes a proof of it
//!   that only client authentication makes.
//! - What a token once granted is not what it opens: whenever one is shown, its grant, its client and its
//!   person are looked at again.
//! - A token of one realm means nothing in another: sessions, codes and grants are looked up by realm,
//!   and a token's issuer and keys are the realm's own.
//! - Claims of the protocol are written last, over whatever a person brought along.

mod access;
mod account;
mod admin;
pub mod authorize;
mod claims;
mod gate;
mod jws;
mod keys;
mod metadata;
mod opaque;
mod parameters;
pub mod paths;
mod pkce;
mod provider;
mod return_address;
mod sign_in;
#[cfg(test)]
mod testing;
mod token;
mod userinfo;

pub use account::{Account, AccountError, AccountForm, OpenSession, Visit};
pub use admin::{ADMIN_AUDIENCE, AdminTokenError};
pub use authorize::{AuthorizeError, Authorized, PageError};
pub use keys::{JwkSet, KeyError};
pub use metadata::Metadata;
pub use parameters::{Parameters, Repeated};
pub use provider::{Browser, Provider};
pub use sign_in::{Completed, InteractionError, SignInPage};
pub use token::{
    ErrorBody, IssuedAbout, IssuedTo, SecretLimits, TokenAnswer, TokenError, TokenRequest,
};
pub use userinfo::{UserinfoError, bearer_token};
