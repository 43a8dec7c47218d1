//! What people meet: the way from the application to the sign-in page, and back with a session.

use super::{
    cookies::{CookieKind, Cookies},
    failure::Failure,
    pages::SignInForm,
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
use bridge_federation::{Attempt, SignInOutcome};
use bridge_model::{realm::Realm, secret::Password};
use bridge_oidc::{AuthorizeError, Authorized, InteractionError, Parameters, SignInPage, paths};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use std::borrow::Cow;
use tracing::Instrument;
use url::form_urlencoded;
use zeroize::Zeroizing;

/// The router of the browser's pages.
pub(super) fn routes() -> Router<WebState> {
    Router::new()
        .route(
            paths::AUTHORIZATION,
            get(authorize).post(authorize_by_redirect),
        )
        .route(paths::AUTHENTICATE, get(sign_in_page).post(sign_in))
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
        }) => {
            let mut response = see_other(&paths::authenticate(&realm.name, &interaction))?;
            if let Some(binding) = new_binding {
                let cookie = cookies.set(CookieKind::Binding, &binding, None);
                add_cookie(&mut response, cookie)?;
            }
            Ok(response)
        }
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
    form(&realm, &interaction, &page, false)
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
    let typed = Typed::parse(&body)?;
    let cookies = cookies(&state, &realm);
    let browser = cookies.read(&headers);
    let page = state
        .provider
        .begin_sign_in(&realm, &interaction, &browser, &typed.csrf)
        .await
        .map_err(|error| interaction_failure(&error))?;
    let back = paths::authenticate(&realm.name, &interaction);
    let user = match attempt(&state, &realm, &page, typed, context).await? {
        SignInOutcome::SignedIn(user) => user,
        SignInOutcome::Refused => return form(&realm, &interaction, &page, true),
        SignInOutcome::NotAllowed => {
            let denied = state.provider.deny(&realm, &interaction, &browser).await;
            return see_other(&denied.map_err(|error| interaction_failure(&error))?);
        }
        SignInOutcome::Throttled {
            retry_after_seconds,
        } => {
            return Err(Failure::Throttled {
                retry_after_seconds,
                back,
            });
        }
        SignInOutcome::Unavailable => return Err(Failure::Unavailable { back: Some(back) }),
    };
    let completed = state
        .provider
        .complete(&realm, &interaction, &browser, *user)
        .await
        .map_err(|error| interaction_failure(&error))?;
    let mut response = see_other(&completed.to)?;
    let seconds = Some(completed.session_seconds);
    let cookie = cookies.set(CookieKind::Session, &completed.session, seconds);
    add_cookie(&mut response, cookie)?;
    Ok(response)
}

/// Checks the password in a task of its own: an attempt that was begun ends with its line in the
/// audit trail, even if the browser hangs up.
async fn attempt(
    state: &WebState,
    realm: &Realm,
    page: &SignInPage,
    typed: Typed,
    context: RequestContext,
) -> Result<SignInOutcome, Failure> {
    let sign_ins = state.sign_ins.clone();
    let realm = realm.clone();
    let client = state.store.client(&realm.name, &page.client_id).await;
    let client = client.map_err(|error| Failure::of_store(&error))?;
    let client = client.ok_or(Failure::Expired)?;
    let task = async move {
        let attempt = Attempt {
            username: &typed.username,
            password: &typed.password,
            client: &client,
            address: context.address,
            request_id: &context.id,
        };
        sign_ins.sign_in(&realm, &attempt).await
    };
    tokio::spawn(task.in_current_span()).await.map_err(|error| {
        tracing::error!(%error, "a sign-in broke off");
        Failure::Internal
    })
}

/// What the sign-in form sends.
struct Typed {
    username: String,
    password: Zeroizing<String>,
    csrf: String,
}

impl Typed {
    /// Takes the form apart. A field that is missing is empty; what it means is decided where the
    /// password is looked at.
    fn parse(body: &str) -> Result<Self, Failure> {
        let mut fields = [None, None, None];
        for (name, value) in form_urlencoded::parse(body.as_bytes()) {
            let Some(index) = FIELDS.iter().position(|field| *field == name) else {
                continue;
            };
            let field: &mut Option<Cow<'_, str>> = &mut fields[index];
            if field.replace(value).is_some() {
                return Err(Failure::Malformed(
                    "A field of the form stands there twice.",
                ));
            }
        }
        let [username, password, csrf] = fields.map(|field| field.unwrap_or_default().into_owned());
        let typed = Self {
            username,
            password: Zeroizing::new(password),
            csrf,
        };
        // Counted before anything else is done, so that a flood of them costs nothing.
        if typed.username.chars().count() > USERNAME_CHARS_MAX {
            return Err(Failure::Malformed("The user name is too long."));
        }
        if typed.password.len() > Password::OCTETS_MAX {
            return Err(Failure::Malformed("The password is too long."));
        }
        Ok(typed)
    }
}

/// The names of the fields, in the order of [`Typed`].
const FIELDS: [&str; 3] = ["username", "password", "csrf"];

/// Longer user names belong to nobody.
const USERNAME_CHARS_MAX: usize = 256;

/// What a listener's header limit leaves room for.
const QUERY_LENGTH_MAX: usize = 16 * 1024;

/// The sign-in page of an interaction.
fn form(
    realm: &Realm,
    interaction: &str,
    page: &SignInPage,
    is_refused: bool,
) -> Result<Response, Failure> {
    let form = SignInForm {
        realm: realm.display_name.as_deref().unwrap_or(realm.name.as_str()),
        client: &page.client_name,
        action: &paths::authenticate(&realm.name, interaction),
        csrf: &page.csrf,
        login_hint: page.login_hint.as_deref().unwrap_or_default(),
        is_refused,
    };
    form.respond(&page.redirect_origin)
}

fn interaction_failure(error: &InteractionError) -> Failure {
    match error {
        InteractionError::Expired => Failure::Expired,
        InteractionError::Forged => Failure::Forged,
        InteractionError::Store(error) => Failure::of_store(error),
    }
}

fn cookies<'a>(state: &WebState, realm: &'a Realm) -> Cookies<'a> {
    Cookies {
        realm: &realm.name,
        is_secure: state.settings.is_secure(),
    }
}

/// A redirect with 303, the one status that never makes a browser send a form on (RFC 9700 section
/// 4.12).
fn see_other(to: &str) -> Result<Response, Failure> {
    let location = HeaderValue::from_str(to).map_err(|_| Failure::Internal)?;
    Ok((StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response())
}

fn add_cookie(response: &mut Response, cookie: Option<HeaderValue>) -> Result<(), Failure> {
    let cookie = cookie.ok_or(Failure::Internal)?;
    response.headers_mut().append(header::SET_COOKIE, cookie);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(body: &str) -> Result<(String, String, String), Failure> {
        Typed::parse(body).map(|typed| {
            (
                typed.username.clone(),
                typed.password.to_string(),
                typed.csrf.clone(),
            )
        })
    }

    #[test]
    fn a_form_is_taken_as_typed() {
        for (body, expected) in [
            ("", ["", "", ""]),
            ("username=ada&password=x&csrf=t", ["ada", "x", "t"]),
            (
                "csrf=t&extra=1&password=+a%26b+&username=%C3%A5da",
                ["åda", " a&b ", "t"],
            ),
        ] {
            let [username, password, csrf] = expected.map(str::to_owned);
            assert_eq!(typed(body), Ok((username, password, csrf)), "{body}");
        }
    }

    #[test]
    fn a_form_that_nobody_fills_in_so_is_refused() {
        let long_name = format!("username={}", "é".repeat(257));
        let long_password = format!("password={}", "x".repeat(1025));
        for body in [
            "password=a&password=b",
            "csrf=&csrf=",
            &long_name,
            &long_password,
        ] {
            assert!(
                matches!(typed(body), Err(Failure::Malformed(_))),
                "{}",
                body.len()
            );
        }
        let longest = format!("username={}&password={}", "é".repeat(256), "x".repeat(1024));
        assert!(typed(&longest).is_ok());
    }
}
