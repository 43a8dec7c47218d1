//! What can go wrong with a sign-in, and what the person is told about it.

use super::id_token::InvalidIdToken;
use http::StatusCode;

/// Why nobody was signed in.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    /// There is no page at the address.
    #[error("no such page")]
    NotFound,
    /// The sign-in is over, was finished already, or belongs to another browser.
    #[error("no such sign-in in this browser")]
    Forgotten,
    /// The provider answered with an error (RFC 6749 section 4.1.2.1).
    #[error("the provider answered {error}")]
    Refused {
        /// The code.
        error: String,
        /// What it says about it.
        description: Option<String>,
    },
    /// An endpoint of the provider did not do what it should.
    #[error("the {endpoint} endpoint failed: {detail}")]
    Provider {
        /// Which.
        endpoint: &'static str,
        /// What happened.
        detail: String,
    },
    /// The answer came from another issuer than the one that was asked.
    #[error("the answer is another issuer's")]
    OtherIssuer,
    /// The ID token is not to be trusted.
    #[error("the ID token is refused: {0}")]
    IdToken(#[from] InvalidIdToken),
    /// The userinfo is about somebody else.
    #[error("the userinfo has another subject than the ID token")]
    OtherSubject,
    /// A page could not be made.
    #[error("a page could not be made")]
    Internal,
}

/// What people read.
pub(super) struct Explanation {
    /// The heading.
    pub(super) title: &'static str,
    /// What happened.
    pub(super) what: &'static str,
    /// The details, where there are some.
    pub(super) detail: Option<String>,
}

impl Failure {
    /// The status of the page.
    pub(super) fn status(&self) -> StatusCode {
        match self {
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Forgotten | Self::Refused { .. } | Self::OtherIssuer => StatusCode::BAD_REQUEST,
            Self::Provider { .. } | Self::IdToken(_) | Self::OtherSubject => {
                StatusCode::BAD_GATEWAY
            }
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// What people read.
    pub(super) fn explanation(&self) -> Explanation {
        let (title, what) = match self {
            Self::NotFound => (
                "Page not found",
                "There is no page of the sample at this address.",
            ),
            Self::Forgotten => (
                "This sign-in is over",
                "It took too long, was finished already, or was begun in another browser. Nobody \
                 was signed in.",
            ),
            Self::Refused { .. } => (
                "The sign-in was not completed",
                "The bridge sent you back without signing you in, and gave this reason.",
            ),
            Self::Provider { .. } => (
                "The bridge could not be asked",
                "You were sent back with a code, but what had to follow failed.",
            ),
            Self::OtherIssuer => (
                "The answer is not to be trusted",
                "It comes from another issuer than the one that was asked.",
            ),
            Self::IdToken(_) | Self::OtherSubject => (
                "The answer is not to be trusted",
                "The sample checks everything an application has to check, and something is wrong.",
            ),
            Self::Internal => (
                "Something went wrong",
                "A fault of the sample kept this from working.",
            ),
        };
        let detail = match self {
            Self::Refused { error, description } => Some(match description {
                Some(description) => format!("{error}: {description}"),
                None => error.clone(),
            }),
            Self::Provider { .. } | Self::IdToken(_) | Self::OtherSubject => Some(self.to_string()),
            Self::NotFound | Self::Forgotten | Self::OtherIssuer | Self::Internal => None,
        };
        Explanation {
            title,
            what,
            detail,
        }
    }
}
