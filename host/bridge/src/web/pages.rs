//! Pages: forms, the account page, and what people see when something is in the way.

mod account;
mod password;
pub(crate) mod time;

pub(super) use account::{
    AccountPage, PasswordSection, ProfileField, ProfileSection, SessionRow, SignedOutPage,
};
pub(super) use password::{PasswordForm, PasswordNotes, Shown};

use super::{
    failure::Failure,
    headers::{self, OWN_FORM_POLICY, PAGE_POLICY},
    request::RequestContext,
};
use askama::Template;
use axum::{
    body::Body,
    extract::Request,
    middleware::Next,
    response::{IntoResponse, Response},
};
use bridge_model::realm::Realm;
use http::{HeaderValue, StatusCode, header};

/// The sign-in page.
#[derive(Template)]
#[template(path = "sign-in.html")]
pub(super) struct SignInForm<'a> {
    /// What people call the realm.
    pub realm: &'a str,
    /// What people call the application.
    pub client: &'a str,
    /// Where the form is sent.
    pub action: &'a str,
    /// What proves that the form is ours.
    pub csrf: &'a str,
    /// The user name that the application suggests. What was typed is never given back: then every
    /// refusal is the same page, whoever was tried.
    pub login_hint: &'a str,
    /// Whether an attempt was refused.
    pub is_refused: bool,
}

impl SignInForm<'_> {
    /// The page, for a form whose success ends in a redirect to `redirect_origin`.
    pub(super) fn respond(&self, redirect_origin: Option<&str>) -> Result<Response, Failure> {
        let response = html(self).ok_or(Failure::Internal)?;
        let response = if self.is_refused {
            refused(response)
        } else {
            response
        };
        with_policy(response, redirect_origin)
    }
}

/// What people call a realm.
pub(super) fn realm_title(realm: &Realm) -> &str {
    realm.display_name.as_deref().unwrap_or(realm.name.as_str())
}

/// Marks the page of a form as a refusal.
///
/// It has the status 401, for every reason: monitoring and proxies can tell it from a success, and
/// browsers do not offer to save the password. RFC 9110 section 15.5.2 wants a challenge with it;
/// there is no registered one for forms, and browsers pass by what they do not know.
fn refused(mut response: Response) -> Response {
    *response.status_mut() = StatusCode::UNAUTHORIZED;
    let challenge = HeaderValue::from_static("Form");
    response
        .headers_mut()
        .insert(header::WWW_AUTHENTICATE, challenge);
    response
}

/// Gives the page of a form its content security policy: the form's success ends in a redirect to
/// `redirect_origin`, or here.
fn with_policy(mut response: Response, redirect_origin: Option<&str>) -> Result<Response, Failure> {
    let policy = match redirect_origin {
        Some(origin) => HeaderValue::from_str(&headers::sign_in_policy(origin))
            .map_err(|_| Failure::Internal)?,
        None => HeaderValue::from_static(OWN_FORM_POLICY),
    };
    response
        .headers_mut()
        .insert(header::CONTENT_SECURITY_POLICY, policy);
    Ok(response)
}

/// A page that says what is in the way, and what to do about it.
#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage<'a> {
    failure: &'a Failure,
    /// Where the person can go on.
    back: Option<&'a str>,
    request_id: &'a str,
}

/// Gives every answer that is a bare error a page.
pub(super) async fn errors_as_pages(request: Request, next: Next) -> Response {
    let id = request
        .extensions()
        .get::<RequestContext>()
        .map(|context| context.id.clone())
        .unwrap_or_default();
    let response = next.run(request).await;
    match bare_failure(&response) {
        Some(what) => failure(&what, &id, response),
        None => response,
    }
}

/// What a bare error stands for; none if the answer is complete.
pub(super) fn bare_failure(response: &Response) -> Option<Failure> {
    if response.headers().contains_key(header::CONTENT_TYPE) {
        let is_plain = response.headers()[header::CONTENT_TYPE]
            .as_bytes()
            .starts_with(b"text/plain");
        // The framework's own refusals are plain text.
        if !is_plain {
            return None;
        }
    }
    let failure = response.extensions().get::<Failure>().cloned();
    failure.or_else(|| Failure::of_status(response.status()))
}

/// The page of a failure, in place of the body of `response`, whose status and other headers stay.
pub(super) fn failure(failure: &Failure, request_id: &str, mut response: Response) -> Response {
    let page = ErrorPage {
        failure,
        back: failure.back(),
        request_id,
    };
    let Some(rendered) = html(&page) else {
        return response;
    };
    response.headers_mut().remove(header::CONTENT_LENGTH);
    response.headers_mut().extend(rendered.headers().to_owned());
    let policy = HeaderValue::from_static(PAGE_POLICY);
    response
        .headers_mut()
        .insert(header::CONTENT_SECURITY_POLICY, policy);
    *response.body_mut() = rendered.into_body();
    response
}

/// A rendered template. A template cannot fail: it writes strings into memory.
fn html(template: &impl Template) -> Option<Response> {
    match template.render() {
        Ok(text) => {
            let media_type = [(header::CONTENT_TYPE, "text/html; charset=utf-8")];
            Some((media_type, Body::from(text)).into_response())
        }
        Err(error) => {
            tracing::error!(%error, "a page could not be rendered");
            None
        }
    }
}
