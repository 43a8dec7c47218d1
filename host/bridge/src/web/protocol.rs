//! What applications ask for with what they hold: tokens for codes, claims for tokens.

use super::{
    failure::Failure,
    pages,
    realm::CurrentRealm,
    request::{FormBody, REQUEST_ID, RequestContext},
    state::WebState,
};
use axum::{
    Extension, Json, Router,
    extract::{RawQuery, Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use bridge_model::{
    audit::{AuditEvent, AuditKind, AuditOutcome},
    realm::Realm,
};
use bridge_oidc::{
    ErrorBody, IssuedTo, Parameters, TokenError, TokenRequest, UserinfoError, bearer_token, paths,
};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use serde::Serialize;
use std::time::Duration;
use tower_http::cors::{Any, CorsLayer};
use url::form_urlencoded;

/// The router of the protocol.
pub(super) fn routes() -> Router<WebState> {
    token_route().route(paths::USERINFO, get(userinfo).post(userinfo))
}

/// The token endpoint alone.
pub(super) fn token_route() -> Router<WebState> {
    Router::new().route(paths::TOKEN, post(token))
}

/// Lets scripts of any origin ask, without credentials of the browser's: what counts is what the
/// request bears (RFC 9700 section 2.6). Reading is all that discovery needs.
pub(super) fn cross_origin(methods: &[Method]) -> CorsLayer {
    CorsLayer::new()
        .allow_origin(Any)
        .allow_methods(methods.to_vec())
        .allow_headers([header::AUTHORIZATION, header::CONTENT_TYPE])
        .expose_headers([header::WWW_AUTHENTICATE, header::RETRY_AFTER, REQUEST_ID])
        .max_age(PREFLIGHT_KEPT)
}

/// As long as Chromium keeps the answer to a preflight at the most.
const PREFLIGHT_KEPT: Duration = Duration::from_hours(2);

/// The token endpoint (RFC 6749 section 3.2).
async fn token(
    State(state): State<WebState>,
    CurrentRealm(realm): CurrentRealm,
    Extension(context): Extension<RequestContext>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    FormBody(body): FormBody,
) -> Result<Response, Failure> {
    // RFC 6749 section 2.3.1: credentials in an address end in logs and histories.
    if query.is_some_and(|query| !query.is_empty()) {
        return Err(Failure::Malformed(
            "parameters belong into the body of the request",
        ));
    }
    let parameters = Parameters::parse(&body);
    let request = TokenRequest {
        authorization: authorization(&headers)?,
        parameters: &parameters,
        address: context.address,
    };
    let answer = state.provider.token(&realm, &request).await;
    let audit = Audit {
        state: &state,
        realm: &realm,
        context: &context,
    };
    match answer {
        Ok(answer) => {
            audit.issued(&answer.issued_to);
            Ok(Json(answer).into_response())
        }
        Err(error) => {
            audit.refused(&error);
            match error {
                TokenError::Store(error) => Err(Failure::of_store(&error)),
                TokenError::Keys(error) => Err(Failure::of_keys(&error)),
                error => {
                    let body = error.body();
                    let mut response = refusal(error.status(), error.challenge(), Some(&body))?;
                    if let Some(seconds) = error.retry_after_seconds() {
                        let headers = response.headers_mut();
                        headers.insert(header::RETRY_AFTER, seconds.into());
                    }
                    Ok(response)
                }
            }
        }
    }
}

/// The lines that the token endpoint leaves in the audit trail.
struct Audit<'a> {
    state: &'a WebState,
    realm: &'a Realm,
    context: &'a RequestContext,
}

impl Audit<'_> {
    fn issued(&self, issued: &IssuedTo) {
        let mut event = self.event(AuditOutcome::Success);
        event.client_id = Some(issued.client_id.to_string());
        if let Some(person) = &issued.about {
            event.subject = Some(person.subject.clone());
            event.federation = Some(person.federation.to_string());
            event.entry_dn = Some(person.entry_dn.clone());
            event.policy = Some(person.policy.clone());
        }
        self.state.audit.record(&event);
    }

    /// What looks like an attempt with somebody else's code or secret, and what failed here. A
    /// malformed request is neither.
    fn refused(&self, error: &TokenError) {
        let outcome = match error {
            TokenError::InvalidClient
            | TokenError::Throttled { .. }
            | TokenError::UnauthorizedClient(_)
            | TokenError::InvalidGrant(_) => AuditOutcome::Refused,
            TokenError::Store(_) | TokenError::Keys(_) => AuditOutcome::Unavailable,
            TokenError::InvalidRequest(_)
            | TokenError::InvalidScope(_)
            | TokenError::UnsupportedGrantType => return,
        };
        let mut event = self.event(outcome);
        event.reason = Some(error.to_string());
        self.state.audit.record(&event);
    }

    fn event(&self, outcome: AuditOutcome) -> AuditEvent {
        let now = self.state.clock.now();
        let mut event = AuditEvent::new(now, AuditKind::TokenIssued, outcome);
        event.request_id = Some(self.context.id.clone());
        event.address = self.context.address.map(|address| address.to_string());
        event.realm = Some(self.realm.name.to_string());
        event
    }
}

/// The userinfo endpoint (OpenID Connect Core section 5.3). The token stands in the header; in the
/// address it is refused (RFC 9700 section 4.3.2), and a body is not read.
async fn userinfo(
    State(state): State<WebState>,
    CurrentRealm(realm): CurrentRealm,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let query = query.unwrap_or_default();
    if form_urlencoded::parse(query.as_bytes()).any(|(name, _)| name == "access_token") {
        return Err(Failure::Malformed(
            "the access token belongs into the Authorization header",
        ));
    }
    let bearer = authorization(&headers)?.and_then(bearer_token);
    match state.provider.userinfo(&realm, bearer).await {
        Ok(claims) => Ok(Json(claims).into_response()),
        Err(UserinfoError::Store(error)) => Err(Failure::of_store(&error)),
        Err(UserinfoError::Keys(error)) => Err(Failure::of_keys(&error)),
        Err(error) => refusal(error.status(), error.challenge(), error.body().as_ref()),
    }
}

/// The `Authorization` header. There is at most one (RFC 9110 section 5.3).
fn authorization(headers: &HeaderMap) -> Result<Option<&str>, Failure> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => value
            .to_str()
            .map(Some)
            .map_err(|_| Failure::Malformed("the Authorization header is not ASCII")),
        (Some(_), Some(_)) => Err(Failure::Malformed(
            "there is more than one Authorization header",
        )),
    }
}

/// An answer that the protocol refuses with.
fn refusal(
    status: u16,
    challenge: Option<String>,
    body: Option<&ErrorBody>,
) -> Result<Response, Failure> {
    let status = StatusCode::from_u16(status).map_err(|_| Failure::Internal)?;
    let mut response = match body {
        Some(body) => (status, Json(body)).into_response(),
        None => status.into_response(),
    };
    if let Some(challenge) = challenge {
        let value = HeaderValue::from_str(&challenge).map_err(|_| Failure::Internal)?;
        response
            .headers_mut()
            .insert(header::WWW_AUTHENTICATE, value);
    }
    Ok(response)
}

/// The shape of an error (RFC 6749 section 5.2), with the id to ask the operator by.
#[derive(Serialize)]
struct Complaint<'a> {
    error: &'static str,
    error_description: &'a str,
    request_id: &'a str,
}

/// Gives every answer that is a bare error a body of JSON.
pub(super) async fn errors_as_json(request: Request, next: Next) -> Response {
    let context = request.extensions().get::<RequestContext>().cloned();
    let mut response = next.run(request).await;
    let Some(failure) = pages::bare_failure(&response) else {
        return response;
    };
    let body = Json(Complaint {
        error: failure.oauth_error(),
        error_description: &failure.what(),
        request_id: context.as_ref().map_or("", |context| context.id.as_str()),
    })
    .into_response();
    response.headers_mut().remove(header::CONTENT_LENGTH);
    response.headers_mut().extend(body.headers().to_owned());
    *response.body_mut() = body.into_body();
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_authorization_headers_are_refused() {
        let mut headers = HeaderMap::new();
        assert_eq!(authorization(&headers), Ok(None));
        headers.append(header::AUTHORIZATION, HeaderValue::from_static("Bearer a"));
        assert_eq!(authorization(&headers), Ok(Some("Bearer a")));
        headers.append(header::AUTHORIZATION, HeaderValue::from_static("Bearer a"));
        assert!(authorization(&headers).is_err());
    }
}
