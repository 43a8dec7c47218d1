//! What administrators are told when something does not go as wished: problem documents (RFC 9457).

use super::{keycloak, sync_view::RunView};
use crate::{
    documents::{Advice, Refused},
    web::{failure::Failure, request::REQUEST_ID},
};
use axum::{
    Json,
    extract::Request,
    middleware::Next,
    response::{IntoResponse, Response},
};
use bridge_model::{plan, ports::StoreError};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use serde::Serialize;
use std::convert::Infallible;
use utoipa::ToSchema;

/// The media type of problem documents.
pub(super) const MEDIA_TYPE: &str = "application/problem+json";

/// Why a request was not done.
///
/// As a response it is a bare status that carries this value along; [`errors_as_problems`] gives it
/// its document, with the request's id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Problem {
    /// What kind.
    pub(super) kind: Kind,
    /// What is wrong with this request in particular.
    pub(super) detail: String,
    /// The members of the request that are wrong, all at once.
    pub(super) errors: Vec<Advice>,
    /// What is not wrong but worth a look.
    pub(super) warnings: Vec<Advice>,
    /// A header that goes with it.
    pub(super) header: Option<Box<(HeaderName, HeaderValue)>>,
    /// The run of a synchronisation that is in the way.
    pub(super) run: Option<Box<RunView>>,
}

/// The kinds of problems.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// The request cannot be understood, or its document is not right.
    Invalid,
    /// Nobody said who they are, or nobody believes it.
    Unauthenticated,
    /// They may not do this.
    Forbidden,
    /// It is not there, or nothing that they may know of.
    NotFound,
    /// The address exists, the method does not.
    MethodNotAllowed,
    /// The request did not arrive in time.
    RequestTimeout,
    /// There is one of this name already.
    Duplicate,
    /// It is in the way of something else.
    Conflict,
    /// A file declares it.
    Managed,
    /// It was changed meanwhile.
    Stale,
    /// The request is larger than is ever needed.
    TooLarge,
    /// The body is of a type that is not taken here.
    MediaType,
    /// Too many requests.
    Throttled,
    /// A fault of the bridge itself.
    Internal,
    /// The store does not answer.
    Unavailable,
}

impl Kind {
    pub(super) fn status(self) -> StatusCode {
        match self {
            Self::Invalid => StatusCode::BAD_REQUEST,
            Self::Unauthenticated => StatusCode::UNAUTHORIZED,
            Self::Forbidden => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::RequestTimeout => StatusCode::REQUEST_TIMEOUT,
            Self::Duplicate | Self::Conflict | Self::Managed => StatusCode::CONFLICT,
            Self::Stale => StatusCode::PRECONDITION_FAILED,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::MediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Throttled => StatusCode::TOO_MANY_REQUESTS,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// The word for it, in the document's type and in the audit trail.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Invalid => "invalid",
            Self::Unauthenticated => "unauthenticated",
            Self::Forbidden => "forbidden",
            Self::NotFound => "not_found",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::RequestTimeout => "request_timeout",
            Self::Duplicate => "duplicate",
            Self::Conflict => "conflict",
            Self::Managed => "managed",
            Self::Stale => "stale",
            Self::TooLarge => "too_large",
            Self::MediaType => "media_type",
            Self::Throttled => "throttled",
            Self::Internal => "internal",
            Self::Unavailable => "unavailable",
        }
    }

    fn title(self) -> &'static str {
        match self {
            Self::Invalid => "The request is not valid",
            Self::Unauthenticated => "A valid token is needed",
            Self::Forbidden => "This may not be done with this token",
            Self::NotFound => "There is no such thing",
            Self::MethodNotAllowed => "This address does not take requests of this kind",
            Self::RequestTimeout => "The request took too long",
            Self::Duplicate => "There is one already",
            Self::Conflict => "Something is in the way",
            Self::Managed => "A file declares it",
            Self::Stale => "It was changed meanwhile",
            Self::TooLarge => "The request is too large",
            Self::MediaType => "The body is of the wrong type",
            Self::Throttled => "Too many requests",
            Self::Internal => "Something went wrong",
            Self::Unavailable => "Something that is needed does not answer",
        }
    }
}

/// A problem document (RFC 9457 section 3).
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
pub(super) struct ProblemDocument {
    /// What kind of problem: `urn:ldap-oidc-bridge:problem:` and a word.
    r#type: String,
    /// The kind for people, the same for all problems of it.
    title: &'static str,
    /// The status of the answer.
    status: u16,
    /// What is wrong with this request in particular.
    detail: String,
    /// What the log and the audit trail know the request by.
    request_id: String,
    /// The members of the request that are wrong, all at once.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<Advice>,
    /// What is not wrong but worth a look.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<Advice>,
    /// The run of a synchronisation that is in the way.
    #[serde(skip_serializing_if = "Option::is_none")]
    run: Option<Box<RunView>>,
}

impl Problem {
    /// A problem about a request as a whole.
    pub(super) fn new(kind: Kind, detail: impl Into<String>) -> Self {
        Self {
            kind,
            detail: detail.into(),
            errors: Vec::new(),
            warnings: Vec::new(),
            header: None,
            run: None,
        }
    }

    /// Something is wrong with these members.
    pub(super) fn of_members(errors: Vec<Advice>) -> Self {
        let detail = match errors.as_slice() {
            [only] => {
                let member = if only.member.is_empty() {
                    "the document"
                } else {
                    &only.member
                };
                format!("{member}: {}", only.message)
            }
            all => format!("{} members are wrong; see errors", all.len()),
        };
        Self {
            errors,
            ..Self::new(Kind::Invalid, detail)
        }
    }

    /// One member is wrong; the message reads "what is wrong; what to do".
    pub(super) fn of_member(member: &str, message: impl Into<String>) -> Self {
        Self::of_members(vec![Advice::from(&plan::Problem {
            field: member.to_owned(),
            message: message.into(),
        })])
    }

    /// It is not there.
    pub(super) fn missing(what: &str) -> Self {
        Self::new(Kind::NotFound, format!("there is no such {what}"))
    }

    /// The realm is not there, or not theirs: the two look the same.
    pub(super) fn unknown_realm() -> Self {
        Self::missing("realm")
    }

    /// With a challenge (RFC 6750 section 3).
    #[must_use]
    pub(super) fn challenge(mut self, challenge: &str) -> Self {
        let value = HeaderValue::from_str(challenge).ok();
        self.header = value.map(|value| Box::new((header::WWW_AUTHENTICATE, value)));
        self
    }

    /// With the time to wait.
    #[must_use]
    pub(super) fn retry_after(mut self, seconds: u64) -> Self {
        self.header = Some(Box::new((header::RETRY_AFTER, HeaderValue::from(seconds))));
        self
    }

    /// What stands in the audit trail: the kind, and the members at fault.
    pub(super) fn reason(&self) -> String {
        let members = self.errors.iter().map(|advice| advice.member.as_str());
        let members: Vec<_> = members.collect();
        if members.is_empty() {
            self.kind.word().to_owned()
        } else {
            format!("{}: {}", self.kind.word(), members.join(", "))
        }
    }

    fn document(self, request_id: String) -> ProblemDocument {
        ProblemDocument {
            r#type: format!("urn:ldap-oidc-bridge:problem:{}", self.kind.word()),
            title: self.kind.title(),
            status: self.kind.status().as_u16(),
            detail: self.detail,
            request_id,
            errors: self.errors,
            warnings: self.warnings,
            run: self.run,
        }
    }

    /// What a failure of the web's own stands for; none for an answer that is no failure.
    fn of_response(response: &Response) -> Option<Self> {
        let status = response.status();
        if !status.is_client_error() && !status.is_server_error() {
            return None;
        }
        if let Some(problem) = response.extensions().get::<Self>() {
            return Some(problem.clone());
        }
        let failure = response.extensions().get::<Failure>().cloned();
        let failure = failure.or_else(|| Failure::of_status(status));
        Some(Self::from(failure.unwrap_or(Failure::Internal)))
    }
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        let kind = match &failure {
            Failure::NotFound => return Self::missing("address"),
            Failure::MethodNotAllowed => Kind::MethodNotAllowed,
            Failure::RequestTimeout => Kind::RequestTimeout,
            Failure::TooLarge => Kind::TooLarge,
            Failure::MediaType => Kind::MediaType,
            Failure::Throttled { .. } => Kind::Throttled,
            Failure::Unavailable { .. } => Kind::Unavailable,
            Failure::Internal => Kind::Internal,
            _ => Kind::Invalid,
        };
        Self::new(kind, failure.what())
    }
}

impl From<StoreError> for Problem {
    /// Logs what is no administrator's fault: this is where it becomes an answer.
    fn from(error: StoreError) -> Self {
        let kind = match &error {
            StoreError::Conflict(_) => Kind::Conflict,
            StoreError::Duplicate(_) => Kind::Duplicate,
            StoreError::Stale(_) => Kind::Stale,
            StoreError::Missing(_) => Kind::NotFound,
            StoreError::Managed { .. } => Kind::Managed,
            StoreError::NeedsCredential(_) => {
                return Self::of_member(
                    "bind_credential",
                    "is tied to the URLs, the TLS settings and the bind name, one of which changes; give it again",
                );
            }
            StoreError::Sealed(_) => {
                tracing::error!(%error, "the store failed");
                return Self::new(Kind::Internal, "a kept secret cannot be read; see the log");
            }
            StoreError::Database(_) => {
                tracing::error!(%error, "the store failed");
                return Self::new(
                    Kind::Unavailable,
                    "the database does not answer; see the log",
                );
            }
        };
        Self::new(kind, error.to_string())
    }
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        let advice = |problems: Vec<plan::Problem>| problems.iter().map(Advice::from).collect();
        Self {
            warnings: advice(refused.warnings),
            ..Self::of_members(advice(refused.errors))
        }
    }
}

impl From<Infallible> for Problem {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.kind.status().into_response();
        if let Some((name, value)) = self.header.as_deref().cloned() {
            response.headers_mut().insert(name, value);
        }
        response.extensions_mut().insert(self);
        response
    }
}

/// Gives every answer that is an error its problem document, or Keycloak's where its paths are.
pub(super) async fn errors_as_problems(request: Request, next: Next) -> Response {
    let is_keycloaks = keycloak::is_path(request.uri().path());
    let response = next.run(request).await;
    let Some(problem) = Problem::of_response(&response) else {
        return response;
    };
    let id = request_id(response.headers());
    let (mut parts, _) = response.into_parts();
    let rendered = if is_keycloaks {
        Json(keycloak::ErrorRepresentation::from(problem)).into_response()
    } else {
        let media_type = HeaderValue::from_static(MEDIA_TYPE);
        let document = Json(problem.document(id));
        ([(header::CONTENT_TYPE, media_type)], document).into_response()
    };
    parts.headers.remove(header::CONTENT_LENGTH);
    parts.headers.remove(header::CONTENT_SECURITY_POLICY);
    parts.headers.extend(rendered.headers().to_owned());
    Response::from_parts(parts, rendered.into_body())
}

fn request_id(headers: &HeaderMap) -> String {
    let id = headers.get(REQUEST_ID).and_then(|id| id.to_str().ok());
    id.unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_audit_trail_hears_the_kind_and_the_members() {
        let wrong = |field: &str| plan::Problem {
            field: field.to_owned(),
            message: "is wrong; correct it".to_owned(),
        };
        let problem = Problem::from(Refused {
            errors: vec![wrong("a"), wrong("mapper[0].name")],
            warnings: vec![wrong("b")],
        });
        assert_eq!(problem.reason(), "invalid: a, mapper[0].name");
        assert_eq!(problem.warnings[0].member, "b");
        assert_eq!(Problem::unknown_realm().reason(), "not_found");
    }

    #[test]
    fn a_bare_status_of_the_framework_is_a_problem_too() {
        for (status, expected) in [
            (StatusCode::NOT_FOUND, Some(Kind::NotFound)),
            (StatusCode::METHOD_NOT_ALLOWED, Some(Kind::MethodNotAllowed)),
            (StatusCode::PAYLOAD_TOO_LARGE, Some(Kind::TooLarge)),
            (StatusCode::SERVICE_UNAVAILABLE, Some(Kind::Unavailable)),
            (StatusCode::OK, None),
            (StatusCode::NOT_MODIFIED, None),
        ] {
            let problem = Problem::of_response(&status.into_response());
            assert_eq!(problem.map(|problem| problem.kind), expected, "{status}");
        }
    }

    #[test]
    fn a_refusal_of_the_store_is_told_as_what_it_is() {
        for (error, expected) in [
            (StoreError::Duplicate("realm a".to_owned()), Kind::Duplicate),
            (StoreError::Stale("realm a".to_owned()), Kind::Stale),
            (StoreError::Missing("realm a".to_owned()), Kind::NotFound),
            (StoreError::Conflict("x".to_owned()), Kind::Conflict),
        ] {
            assert_eq!(Problem::from(error).kind, expected);
        }
        let managed = Problem::from(StoreError::Managed {
            object: "realm a".to_owned(),
            source_name: "a.toml".to_owned(),
        });
        assert_eq!(managed.kind, Kind::Managed);
        assert!(managed.detail.contains("a.toml"), "{}", managed.detail);
        let sealed = StoreError::NeedsCredential("federation a".to_owned());
        assert_eq!(Problem::from(sealed).reason(), "invalid: bind_credential");
    }
}
