//! What can go wrong in a request, and what each audience is told about it.

use axum::response::{IntoResponse, Response};
use bridge_model::ports::StoreError;
use bridge_oidc::KeyError;
use http::{HeaderValue, StatusCode, header};
use std::borrow::Cow;

/// Why a request was not answered as wished.
///
/// As a response it is a bare status that carries this value along; the middleware of the audience
/// (`pages::errors_as_pages`, `protocol::errors_as_json`) gives it a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// No such address, or no such realm: whether a realm is unknown or switched off is not told.
    NotFound,
    /// The address exists, the method does not.
    MethodNotAllowed,
    /// The request did not arrive in time.
    RequestTimeout,
    /// The request is larger than is ever needed.
    TooLarge,
    /// A body that is no form.
    MediaType,
    /// The request cannot be understood; why, for people.
    Malformed(&'static str),
    /// A trusted proxy says no readable address.
    Forwarded,
    /// The authorization request is one that must not be answered by a redirect (RFC 6749 section
    /// 4.1.2.1).
    Authorization {
        /// What is wrong with it, for people.
        description: String,
    },
    /// The sign-in is over, or another browser's.
    Expired,
    /// The form is not one that this browser was given.
    Forged,
    /// Too many attempts.
    Throttled {
        /// When to come back.
        retry_after_seconds: u64,
        /// Where the sign-in goes on.
        back: String,
    },
    /// The password has to be changed before anything else, and not here.
    PasswordElsewhere {
        /// Where the person can go on afterwards.
        back: String,
    },
    /// A directory or the store does not answer.
    Unavailable {
        /// Where the sign-in goes on, if there is one.
        back: Option<String>,
    },
    /// A fault of the bridge itself.
    Internal,
}

impl Failure {
    /// What became of a request that the store failed. Logs it: this is where it becomes an answer.
    pub(super) fn of_store(error: &StoreError) -> Self {
        tracing::error!(error = %error, "the store failed");
        match error {
            StoreError::Database(_) => Self::Unavailable { back: None },
            // What is written on behalf of people and clients meets none of the others.
            _ => Self::Internal,
        }
    }

    /// What became of a request that a realm's signing keys are missing for. Logs it.
    pub(super) fn of_keys(error: &KeyError) -> Self {
        if let KeyError::Store(error) = error {
            return Self::of_store(error);
        }
        tracing::error!(error = %error, "the signing keys are not at hand");
        Self::Internal
    }

    /// The failure that a bare status from the framework stands for; none for a success, and for 401,
    /// whose challenge says all that there is to say.
    pub(super) fn of_status(status: StatusCode) -> Option<Self> {
        match status {
            StatusCode::NOT_FOUND => Some(Self::NotFound),
            StatusCode::METHOD_NOT_ALLOWED => Some(Self::MethodNotAllowed),
            StatusCode::REQUEST_TIMEOUT => Some(Self::RequestTimeout),
            StatusCode::PAYLOAD_TOO_LARGE => Some(Self::TooLarge),
            StatusCode::SERVICE_UNAVAILABLE => Some(Self::Unavailable { back: None }),
            StatusCode::UNAUTHORIZED => None,
            other if other.is_client_error() => {
                Some(Self::Malformed("The request could not be understood."))
            }
            other if other.is_server_error() => Some(Self::Internal),
            _ => None,
        }
    }

    /// The status.
    pub(super) fn status(&self) -> StatusCode {
        match self {
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::RequestTimeout => StatusCode::REQUEST_TIMEOUT,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::MediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Malformed(_) | Self::Forwarded | Self::Authorization { .. } | Self::Expired => {
                StatusCode::BAD_REQUEST
            }
            Self::Forged | Self::PasswordElsewhere { .. } => StatusCode::FORBIDDEN,
            Self::Throttled { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::Unavailable { .. } => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The failure's name in the log.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::RequestTimeout => "request_timeout",
            Self::TooLarge => "too_large",
            Self::MediaType => "media_type",
            Self::Malformed(_) => "malformed",
            Self::Forwarded => "forwarded_address",
            Self::Authorization { .. } => "authorization_request",
            Self::Expired => "expired",
            Self::Forged => "forged",
            Self::Throttled { .. } => "throttled",
            Self::PasswordElsewhere { .. } => "password_elsewhere",
            Self::Unavailable { .. } => "unavailable",
            Self::Internal => "internal",
        }
    }

    /// The error code of RFC 6749 sections 4.1.2.1 and 5.2 that comes nearest.
    pub(super) fn oauth_error(&self) -> &'static str {
        match self {
            Self::Forged | Self::PasswordElsewhere { .. } => "access_denied",
            Self::Throttled { .. } | Self::Unavailable { .. } => "temporarily_unavailable",
            Self::Internal => "server_error",
            Self::NotFound
            | Self::MethodNotAllowed
            | Self::RequestTimeout
            | Self::TooLarge
            | Self::MediaType
            | Self::Malformed(_)
            | Self::Forwarded
            | Self::Authorization { .. }
            | Self::Expired => "invalid_request",
        }
    }

    /// Where the person can go on.
    pub(super) fn back(&self) -> Option<&str> {
        match self {
            Self::Throttled { back, .. } | Self::PasswordElsewhere { back } => Some(back),
            Self::Unavailable { back } => back.as_deref(),
            _ => None,
        }
    }

    /// What the way there is called.
    pub(super) fn back_label(&self) -> &'static str {
        let is_account = self.back().is_some_and(|back| back.ends_with("/account"));
        if is_account {
            "Back to your account"
        } else {
            "Back to sign-in"
        }
    }

    /// The heading that people read.
    pub(super) fn title(&self) -> &'static str {
        match self {
            Self::NotFound => "Page not found",
            Self::MethodNotAllowed => "That is not possible here",
            Self::RequestTimeout => "The request took too long",
            Self::TooLarge => "The request is too large",
            Self::MediaType => "The request is not a form",
            Self::Malformed(_) => "The request is not valid",
            Self::Forwarded => "The request cannot be served",
            Self::Authorization { .. } => "The application's request is not valid",
            Self::Expired => "This sign-in is over",
            Self::Forged => "The form could not be accepted",
            Self::Throttled { .. } => "Too many attempts",
            Self::PasswordElsewhere { .. } => "Your password has to be changed",
            Self::Unavailable { .. } => "Sign-in is not available right now",
            Self::Internal => "Something went wrong",
        }
    }

    /// What happened, in words for people.
    pub(super) fn what(&self) -> Cow<'static, str> {
        let text = match self {
            Self::NotFound => "There is no page at this address.",
            Self::MethodNotAllowed => "This address does not take requests of this kind.",
            Self::RequestTimeout => "The request did not arrive completely in time.",
            Self::TooLarge => "More was sent than this address takes.",
            Self::MediaType => "This address takes forms only.",
            Self::Malformed(what) => what,
            Self::Forwarded => {
                "The proxy in front of this server sent a client address that cannot be read."
            }
            Self::Authorization { description } => return sentence(description).into(),
            Self::Expired => {
                "It took too long, was finished already, or was begun in another browser."
            }
            Self::Forged => {
                "It does not belong to this browser's sign-in, so nothing was done with it."
            }
            Self::Throttled {
                retry_after_seconds,
                ..
            } => {
                let span = span(*retry_after_seconds);
                return format!(
                    "To protect accounts, sign-in is paused. You can try again in {span}."
                )
                .into();
            }
            Self::PasswordElsewhere { .. } => {
                "Before it is, you cannot go on. It cannot be changed on this page."
            }
            Self::Unavailable { back: None } => "Something that is needed here does not answer.",
            Self::Unavailable { back: Some(_) } => {
                "Something that is needed to sign you in does not answer. Your password was not \
                 found to be wrong."
            }
            Self::Internal => "A fault on our side kept this from working.",
        };
        text.into()
    }

    /// What people can do about it.
    pub(super) fn remedy(&self) -> &'static str {
        match self {
            Self::NotFound | Self::MethodNotAllowed | Self::Expired | Self::Forged => {
                "Go back to the application that you want to use, and sign in from there."
            }
            Self::TooLarge | Self::MediaType | Self::Malformed(_) | Self::Internal => {
                "Go back to the application and try again. If it happens again, tell its support \
                 team, and give them the reference below."
            }
            Self::RequestTimeout => {
                "Check your connection, then go back to the application and try again."
            }
            Self::Forwarded => {
                "Tell the people who run this server, and give them the reference below."
            }
            Self::Authorization { .. } => {
                "You cannot put this right yourself. Tell the application's support team, and give \
                 them this message and the reference below."
            }
            Self::Throttled { .. } => {
                "If you have forgotten your password, ask your administrator to reset it."
            }
            Self::PasswordElsewhere { .. } => {
                "Change it where you usually do, such as on your computer at work, or ask your \
                 administrator for a new one. Then come back and sign in."
            }
            Self::Unavailable { .. } => {
                "Wait a minute and try again. If it goes on, tell your administrator, and give them \
                 the reference below."
            }
        }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        let wait = match &self {
            Self::Throttled {
                retry_after_seconds,
                ..
            } => Some(*retry_after_seconds),
            Self::Unavailable { .. } => Some(UNAVAILABLE_RETRY_SECONDS),
            _ => None,
        };
        if let Some(seconds) = wait {
            let value = HeaderValue::from(seconds);
            response.headers_mut().insert(header::RETRY_AFTER, value);
        }
        response.extensions_mut().insert(self);
        response
    }
}

/// Longer than a directory's circuit breaker stays open, short enough for a person to wait.
const UNAVAILABLE_RETRY_SECONDS: u64 = 30;

/// A description as a sentence: the protocol's are lower case without full stop.
fn sentence(description: &str) -> String {
    let mut letters = description.chars();
    match letters.next() {
        None => String::new(),
        Some(first) => format!(
            "{}{}.",
            first.to_uppercase(),
            letters.as_str().trim_end_matches('.')
        ),
    }
}

/// A wait in words, rounded up.
pub(super) fn span(seconds: u64) -> String {
    let (count, unit) = match seconds {
        0..=60 => (seconds.max(1), "second"),
        61..=5400 => (seconds.div_ceil(60), "minute"),
        _ => (seconds.div_ceil(3600), "hour"),
    };
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {unit}{plural}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_said_in_words_and_never_too_short() {
        for (seconds, words) in [
            (0, "1 second"),
            (30, "30 seconds"),
            (61, "2 minutes"),
            (900, "15 minutes"),
            (5401, "2 hours"),
        ] {
            assert_eq!(span(seconds), words);
        }
    }

    #[test]
    fn a_description_reads_as_a_sentence() {
        assert_eq!(sentence("the client is unknown"), "The client is unknown.");
        assert_eq!(sentence("Übel."), "Übel.");
        assert_eq!(sentence(""), "");
    }

    #[test]
    fn a_success_is_no_failure_and_a_bare_error_is_one() {
        assert_eq!(Failure::of_status(StatusCode::SEE_OTHER), None);
        assert_eq!(
            Failure::of_status(StatusCode::METHOD_NOT_ALLOWED),
            Some(Failure::MethodNotAllowed)
        );
        assert_eq!(
            Failure::of_status(StatusCode::BAD_GATEWAY),
            Some(Failure::Internal)
        );
    }

    #[test]
    fn a_pause_says_when_to_come_back() {
        let response = Failure::Throttled {
            retry_after_seconds: 90,
            back: "/x".to_owned(),
        }
        .into_response();
        assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(response.headers()[header::RETRY_AFTER], "90");
    }
}
