//! What people meet: the way from the application to the sign-in page, and back with a session.

mod password;
mod step;

use super::{
    attempt,
    cookies::{CookieKind, Cookies},
    failure::Failure,
    forms::SignIn,
    realm::{CurrentRealm, InteractionId},
    request::{FormBody, RequestContext},
    state::WebState,
};
use axum::{
    Extension, Router,
    extract::{RawQuery, State},
    response::{IntoResponse, Response},
    routing::get,
};
use bridge_model::{realm::Realm, secret::Secret};
use bridge_oidc::{AuthorizeError, Authorized, InteractionError, Parameters, paths};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use step::Step;
use url::form_urlencoded;

/// The router of the browser's pages.
pub(super) fn routes() -> Router<WebState> {
    Router::new()
        .route(
            paths::AUTHORIZATION,
            get(authorize).post(authorize_by_redirect),
        )
        .route(paths::AUTHENTICATE, get(sign_in_page).post(sign_in))
        .route(
            paths::UPDATE_PASSWORD,
            get(password::back).post(password::change),
        )
}

/// The authorization endpoint (RFC 6749 section 3.1): answers the application, or goes to the
/// sign-in page.
async fn authorize(
    State(state): State<WebState>,
    CurrentRealm(realm): CurrentRealm,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let parameters = Parameters::parse(query.as_deref().unwrap_or_default());
    let cookies = cookies(&state, &realm);
    let browser = cookies.read(&headers);
    match state
        .provider
        .authorize(&realm, &parameters, &browser)
        .await
    {
        Ok(Authorized::SignIn {
            interaction,
            new_binding,
        }) => begin(&cookies, &interaction, new_binding.as_ref()),
        Ok(Authorized::Redirect { to }) => see_other(&to),
        Err(AuthorizeError::Page { code, description }) => {
            tracing::info!(?code, "an authorization request was refused");
            Err(Failure::Authorization { description })
        }
        Err(AuthorizeError::Store(error)) => Err(Failure::of_store(&error)),
        Err(AuthorizeError::Keys(error)) => Err(Failure::of_keys(&error)),
    }
}

/// The authorization endpoint by POST (OpenID Connect Core section 3.1.2.1). A form that another site
/// sends comes without cookies, for they are `SameSite=Lax`; the browser is sent here again by GET,
/// which takes them along.
async fn authorize_by_redirect(
    CurrentRealm(realm): CurrentRealm,
    FormBody(body): FormBody,
) -> Result<Response, Failure> {
    let parameters = form_urlencoded::parse(body.as_bytes());
    let query = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(parameters)
        .finish();
    if query.len() > QUERY_LENGTH_MAX {
        return Err(Failure::TooLarge);
    }
    let path = paths::of_realm(paths::AUTHORIZATION, &realm.name);
    see_other(&format!("{path}?{query}"))
}

/// The sign-in page.
async fn sign_in_page(
    State(state): State<WebState>,
    CurrentRealm(realm): CurrentRealm,
    InteractionId(interaction): InteractionId,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let browser = cookies(&state, &realm).read(&headers);
    let page = state
        .provider
        .sign_in_page(&realm, &interaction, &browser)
        .await
        .map_err(|error| interaction_failure(&error))?;
    let step = Step {
        state: &state,
        realm: &realm,
        interaction: &interaction,
        browser: &browser,
        page: &page,
    };
    step.sign_in_form(false)
}

/// A name and a password. Nothing is done with them before the form is known to be this browser's.
async fn sign_in(
    State(state): State<WebState>,
    CurrentRealm(realm): CurrentRealm,
    InteractionId(interaction): InteractionId,
    Extension(context): Extension<RequestContext>,
    headers: HeaderMap,
    FormBody(body): FormBody,
) -> Result<Response, Failure> {
    let typed = SignIn::parse(&body)?;
    let browser = cookies(&state, &realm).read(&headers);
    let page = state
        .provider
        .begin_sign_in(&realm, &interaction, &browser, &typed.csrf)
        .await
        .map_err(|error| interaction_failure(&error))?;
    let username = typed.username.clone();
    let outcome = attempt::sign_in(&state, &realm, &page.client, typed, context).await?;
    let step = Step {
        state: &state,
        realm: &realm,
        interaction: &interaction,
        browser: &browser,
        page: &page,
    };
    step.conclude(outcome, &username).await
}

/// What a listener's header limit leaves room for.
const QUERY_LENGTH_MAX: usize = 16 * 1024;

/// Sends a browser to the sign-in page of an interaction that has just begun.
pub(super) fn begin(
    cookies: &Cookies<'_>,
    interaction: &str,
    new_binding: Option<&Secret>,
) -> Result<Response, Failure> {
    let mut response = see_other(&paths::authenticate(cookies.realm, interaction))?;
    if let Some(binding) = new_binding {
        let cookie = cookies.set(CookieKind::Binding, binding, None);
        add_cookie(&mut response, cookie)?;
    }
    Ok(response)
}

fn interaction_failure(error: &InteractionError) -> Failure {
    match error {
        InteractionError::Expired => Failure::Expired,
        InteractionError::Forged => Failure::Forged,
        InteractionError::Store(error) => Failure::of_store(error),
    }
}

pub(super) fn cookies<'a>(state: &WebState, realm: &'a Realm) -> Cookies<'a> {
    Cookies {
        realm: &realm.name,
        is_secure: state.settings.is_secure(),
    }
}

/// A redirect with 303, the one status that never makes a browser send a form on (RFC 9700 section
/// 4.12).
pub(super) fn see_other(to: &str) -> Result<Response, Failure> {
    let location = HeaderValue::from_str(to).map_err(|_| Failure::Internal)?;
    Ok((StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response())
}

pub(super) fn add_cookie(
    response: &mut Response,
    cookie: Option<HeaderValue>,
) -> Result<(), Failure> {
    let cookie = cookie.ok_or(Failure::Internal)?;
    response.headers_mut().append(header::SET_COOKIE, cookie);
    Ok(())
}
