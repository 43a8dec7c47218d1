//! The steps that find out what is asked for.
//!
//! `display`, `ui_locales`, `claims_locales`, `acr_values` and `claims` are not read: they are wishes
//! that a provider may leave unfulfilled (OpenID Connect Core sections 3.1.2.1, 5.2 and 5.5).

use super::{Addressed, Asked, Context, Prompt, Stop, refuse};
use crate::{admin, claims, pkce, return_address::AnswerError};
use bridge_model::{
    client::{ClientAuthentication, GrantType},
    session::AuthorizationRequest,
};

/// Longer nonces are refused: they go into ID tokens as they came.
const NONCE_OCTETS_MAX: usize = 1024;
/// Longer hints are no user names.
const LOGIN_HINT_CHARACTERS_MAX: usize = 256;

pub(super) fn check_response_mode(
    context: &Context<'_>,
    known: Addressed,
) -> Result<Addressed, Stop> {
    match context.parameter("response_mode", &known.to)? {
        None | Some("query") => Ok(known),
        Some(_) => Err(refuse(
            &known.to,
            AnswerError::InvalidRequest,
            "response_mode must be query or absent",
        )),
    }
}

/// Nothing but codes goes through the browser.
pub(super) fn check_response_type(
    context: &Context<'_>,
    known: Addressed,
) -> Result<Addressed, Stop> {
    match context.parameter("response_type", &known.to)? {
        Some("code") => Ok(known),
        Some(_) => Err(refuse(
            &known.to,
            AnswerError::UnsupportedResponseType,
            "response_type must be code",
        )),
        None => Err(refuse(
            &known.to,
            AnswerError::InvalidRequest,
            "response_type is missing",
        )),
    }
}

pub(super) fn check_grant_type(_: &Context<'_>, known: Addressed) -> Result<Addressed, Stop> {
    let granted = &known.client.grant_types;
    if granted.contains(&GrantType::AuthorizationCode) {
        return Ok(known);
    }
    let text = "the client is not registered for authorization codes";
    Err(refuse(&known.to, AnswerError::UnauthorizedClient, text))
}

/// Refused and not ignored: the client would believe that what it signed is what was read.
pub(super) fn check_request_objects(
    context: &Context<'_>,
    known: Addressed,
) -> Result<Addressed, Stop> {
    for (name, error) in [
        ("request", AnswerError::RequestNotSupported),
        ("request_uri", AnswerError::RequestUriNotSupported),
        ("registration", AnswerError::RegistrationNotSupported),
    ] {
        if context.parameter(name, &known.to)?.is_some() {
            return Err(refuse(
                &known.to,
                error,
                "parameters must stand in the request itself",
            ));
        }
    }
    Ok(known)
}

/// Keeps the scopes there are, in the order in which they were asked for: those of the admin API for a
/// client that may ask for them. Whether the person is an administrator is found out with the tokens.
pub(super) fn assign_scope(context: &Context<'_>, known: Addressed) -> Result<Asked, Stop> {
    let asked = context.parameter("scope", &known.to)?.unwrap_or_default();
    let mut scope: Vec<String> = Vec::new();
    for name in asked.split(' ') {
        let is_known = claims::SCOPES.iter().any(|scope| scope.name == name)
            || admin::may_ask(&known.client, name);
        if is_known && !scope.iter().any(|kept| kept == name) {
            scope.push(name.to_owned());
        }
    }
    if !scope.iter().any(|name| name == claims::OPENID) {
        return Err(refuse(
            &known.to,
            AnswerError::InvalidScope,
            "scope must contain openid",
        ));
    }
    let request = AuthorizationRequest {
        client_id: known.client.id.clone(),
        redirect_uri: known.redirect_uri,
        scope,
        state: known.state,
        nonce: None,
        code_challenge: None,
        login_required: false,
        max_age: None,
        login_hint: None,
    };
    Ok(Asked {
        client: known.client,
        to: known.to,
        prompt: Prompt::Usual,
        request,
    })
}

pub(super) fn assign_nonce(context: &Context<'_>, mut asked: Asked) -> Result<Asked, Stop> {
    let nonce = context.parameter("nonce", &asked.to)?;
    if nonce.is_some_and(|nonce| nonce.len() > NONCE_OCTETS_MAX) {
        let text = "nonce is longer than 1024 octets";
        return Err(refuse(&asked.to, AnswerError::InvalidRequest, text));
    }
    asked.request.nonce = nonce.map(str::to_owned);
    Ok(asked)
}

/// A public client has no other proof that the code is its own. A challenge without a method means
/// `plain`, which is refused like the word itself.
pub(super) fn assign_code_challenge(
    context: &Context<'_>,
    mut asked: Asked,
) -> Result<Asked, Stop> {
    let challenge = context.parameter("code_challenge", &asked.to)?;
    let method = context.parameter("code_challenge_method", &asked.to)?;
    let wrong = match (challenge, method) {
        (None, None) => match asked.client.authentication {
            ClientAuthentication::Public => Some("a public client must send a code_challenge"),
            ClientAuthentication::Secret => None,
        },
        (None, Some(_)) => Some("code_challenge_method without code_challenge"),
        (Some(_), None) => Some("code_challenge_method must be S256"),
        (Some(_), Some(method)) if method != "S256" => Some("code_challenge_method must be S256"),
        (Some(challenge), Some(_)) if !pkce::is_challenge(challenge) => {
            Some("code_challenge must be 43 characters of base64url")
        }
        (Some(_), Some(_)) => None,
    };
    if let Some(description) = wrong {
        return Err(refuse(&asked.to, AnswerError::InvalidRequest, description));
    }
    asked.request.code_challenge = challenge.map(str::to_owned);
    Ok(asked)
}

/// `consent` and `select_account` ask for the sign-in page as `login` does: it names the application,
/// the person has to act there to go on, and may do so as somebody else. Values that are not known
/// are ignored.
pub(super) fn assign_prompt(context: &Context<'_>, mut asked: Asked) -> Result<Asked, Stop> {
    let text = context.parameter("prompt", &asked.to)?.unwrap_or_default();
    let values: Vec<&str> = text.split(' ').filter(|value| !value.is_empty()).collect();
    asked.prompt = if values.contains(&"none") {
        if values.len() > 1 {
            let text = "prompt=none must stand alone";
            return Err(refuse(&asked.to, AnswerError::InvalidRequest, text));
        }
        Prompt::Forbidden
    } else if values
        .iter()
        .any(|value| ["login", "consent", "select_account"].contains(value))
    {
        Prompt::Required
    } else {
        Prompt::Usual
    };
    asked.request.login_required = asked.prompt == Prompt::Required;
    Ok(asked)
}

pub(super) fn assign_max_age(context: &Context<'_>, mut asked: Asked) -> Result<Asked, Stop> {
    let Some(text) = context.parameter("max_age", &asked.to)? else {
        return Ok(asked);
    };
    let is_number = text.bytes().all(|digit| digit.is_ascii_digit());
    let Some(seconds) = text.parse().ok().filter(|_| is_number) else {
        let text = "max_age must be a number of seconds";
        return Err(refuse(&asked.to, AnswerError::InvalidRequest, text));
    };
    asked.request.max_age = Some(seconds);
    Ok(asked)
}

/// A hint that cannot be a user name is dropped: hints never cause an error.
pub(super) fn assign_login_hint(context: &Context<'_>, mut asked: Asked) -> Result<Asked, Stop> {
    let hint = context.parameter("login_hint", &asked.to)?.filter(|hint| {
        hint.chars().count() <= LOGIN_HINT_CHARACTERS_MAX && !hint.chars().any(char::is_control)
    });
    asked.request.login_hint = hint.map(str::to_owned);
    Ok(asked)
}
