//! The authorization endpoint: a table of steps. Each takes what the one before it made sure of and
//! hands on more; the types keep them in order.

mod address;
mod error;
mod request;
mod respond;
mod session;

pub use error::{AuthorizeError, PageError};

use crate::{
    parameters::Parameters,
    provider::{Browser, Parts},
    return_address::{AnswerError, ReturnAddress},
};
use address::{assign_state, check_redirect_uri, load_client};
use bridge_model::{
    account::AuthenticatedUser,
    client::Client,
    realm::Realm,
    secret::Secret,
    session::{AuthorizationRequest, Session},
    time::Timestamp,
};
use error::Stop;
use request::{
    assign_code_challenge, assign_login_hint, assign_max_age, assign_nonce, assign_prompt,
    assign_scope, check_grant_type, check_request_objects, check_response_mode,
    check_response_type,
};
use respond::respond;
use session::{check_id_token_hint, check_person, load_session};
use uuid::Uuid;

/// What becomes of an authorization request.
#[derive(Debug)]
pub enum Authorized {
    /// The person has to sign in: send the browser to [`paths::authenticate`](crate::paths::authenticate).
    SignIn {
        /// The interaction's id: 43 characters of the URL-safe base64 alphabet.
        interaction: String,
        /// The value of the cookie that binds the interaction to this browser; none: the browser
        /// keeps the one it has.
        new_binding: Option<Secret>,
    },
    /// The client is answered, with a code or an error.
    Redirect {
        /// Where to, whole. A browser that posted is sent there with status 303, never 307
        /// (RFC 9700 section 4.12).
        to: String,
    },
}

/// A step of the authorization endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// Its name. The prefix tells the effect: `check_` looks, `load_` asks the store, `assign_` keeps
    /// a parameter, `respond` ends.
    pub name: &'static str,
    /// Where it comes from.
    pub source: &'static str,
}

/// Writes the table out twice: as [`STEPS`], and as the walk through them.
macro_rules! steps {
    ($($when:ident $name:ident: $source:literal,)+) => {
        /// The steps, in their order.
        pub const STEPS: &[Step] = &[$(Step { name: stringify!($name), source: $source },)+];

        async fn walk(context: &Context<'_>) -> Result<Authorized, Stop> {
            let known = Raw;
            $(let known = steps!(@$when $name, context, known);)+
            Ok(known)
        }
    };
    (@now $name:ident, $context:ident, $known:ident) => { $name($context, $known)? };
    (@later $name:ident, $context:ident, $known:ident) => { $name($context, $known).await? };
}

steps! {
    // Errors of these are pages: there is no client yet that could be told.
    later load_client: "RFC 6749 sections 2.2, 3.1, 4.1.2.1",
    now check_redirect_uri: "RFC 6749 sections 3.1.2.3, 4.1.2.1; RFC 9700 section 4.1.3; RFC 8252 section 7.3",
    // Errors of these go to the client.
    now assign_state: "RFC 6749 sections 4.1.1, 4.1.2.1",
    now check_response_mode: "OAuth 2.0 Multiple Response Type Encoding Practices section 2.1",
    now check_response_type: "RFC 6749 section 3.1.1; RFC 9700 section 2.1.2",
    now check_grant_type: "RFC 6749 section 4.1.2.1",
    now check_request_objects: "OpenID Connect Core sections 3.1.2.6, 6, 7.2.1",
    now assign_scope: "OpenID Connect Core sections 3.1.2.1, 5.4; RFC 6749 section 3.3",
    now assign_nonce: "OpenID Connect Core section 3.1.2.1",
    now assign_code_challenge: "RFC 7636 sections 4.3, 4.4.1; RFC 9700 section 2.1.1",
    now assign_prompt: "OpenID Connect Core section 3.1.2.1",
    now assign_max_age: "OpenID Connect Core section 3.1.2.1",
    now assign_login_hint: "OpenID Connect Core section 3.1.2.1",
    later load_session: "OpenID Connect Core section 3.1.2.3",
    later check_id_token_hint: "OpenID Connect Core section 3.1.2.1",
    later check_person: "OpenID Connect Core section 3.1.2.3; RFC 6749 section 4.1.2.1",
    later respond: "OpenID Connect Core sections 3.1.2.3, 3.1.2.5, 3.1.2.6; RFC 9207 section 2",
}

/// What all steps see.
struct Context<'a> {
    parts: &'a Parts,
    realm: &'a Realm,
    parameters: &'a Parameters,
    browser: &'a Browser,
    now: Timestamp,
}

/// Nothing is sure.
struct Raw;

/// The client is one of the realm's.
struct Known {
    client: Client,
}

/// The answer has an address.
struct Addressed {
    client: Client,
    to: ReturnAddress,
    redirect_uri: String,
    state: Option<String>,
}

/// What is asked for is known.
struct Asked {
    client: Client,
    to: ReturnAddress,
    prompt: Prompt,
    request: AuthorizationRequest,
}

/// The browser's session is known.
struct Placed {
    asked: Asked,
    /// Fits what was asked for.
    session: Option<Session>,
}

/// Who is signed in is known.
struct Met {
    asked: Asked,
    /// Passed the account gate now.
    who: Option<Present>,
}

/// Somebody who is signed in.
struct Present {
    session: Uuid,
    user: AuthenticatedUser,
}

/// How much of the person is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Prompt {
    /// As much as is needed.
    Usual,
    /// Nothing: `none`.
    Forbidden,
    /// A sign-in, whoever is signed in.
    Required,
}

pub(crate) async fn authorize(
    parts: &Parts,
    realm: &Realm,
    parameters: &Parameters,
    browser: &Browser,
) -> Result<Authorized, AuthorizeError> {
    let context = Context {
        parts,
        realm,
        parameters,
        browser,
        now: parts.now(),
    };
    match walk(&context).await {
        Ok(authorized) => Ok(authorized),
        Err(Stop::Redirect(to)) => Ok(Authorized::Redirect { to }),
        Err(Stop::Error(error)) => Err(error),
    }
}

impl Context<'_> {
    /// A parameter, for steps that can tell the client if it is repeated (RFC 6749 section 3.1).
    fn parameter(&self, name: &str, to: &ReturnAddress) -> Result<Option<&str>, Stop> {
        self.parameters.get(name).map_err(|_| {
            refuse(
                to,
                AnswerError::InvalidRequest,
                "a parameter is given more than once",
            )
        })
    }
}

/// Ends the walk with an answer to the client.
fn refuse(to: &ReturnAddress, error: AnswerError, description: &str) -> Stop {
    Stop::Redirect(to.with_error(error, description))
}

#[cfg(test)]
mod tests;
