//! Why there are no tokens, and how that is said.

use crate::{keys::KeyError, parameters::Repeated};
use bridge_model::ports::StoreError;
use serde::Serialize;

/// Why the token endpoint gives no tokens (RFC 6749 section 5.2).
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// The client's fault: a parameter is missing, repeated or malformed.
    #[error("invalid request: {0}")]
    InvalidRequest(&'static str),
    /// The client did not prove who it is. Unknown, switched off and wrong are not told apart.
    #[error("the client did not prove who it is")]
    InvalidClient,
    /// There were too many wrong secrets.
    #[error("too many failed attempts to prove who the client is")]
    Throttled {
        /// When the client may try again at the latest.
        retry_after_seconds: u64,
    },
    /// The client is not registered for what it asks.
    #[error("unauthorized client: {0}")]
    UnauthorizedClient(&'static str),
    /// The scopes are not there, or not the client's.
    #[error("invalid scope: {0}")]
    InvalidScope(&'static str),
    /// The code is not good, or is somebody else's.
    #[error("invalid grant: {0}")]
    InvalidGrant(&'static str),
    /// There is no such grant type.
    #[error("unsupported grant type")]
    UnsupportedGrantType,
    /// Our fault: the store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Our fault: the realm's keys are not at hand.
    #[error(transparent)]
    Keys(KeyError),
}

/// An error as JSON (RFC 6749 section 5.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct ErrorBody {
    /// Which error, in the words of the specifications.
    pub error: &'static str,
    /// For the developer of the client: ASCII, and without anything of the request.
    pub error_description: &'static str,
}

impl TokenError {
    /// The HTTP status.
    pub fn status(&self) -> u16 {
        match self {
            Self::InvalidClient => 401,
            // RFC 6585 section 4: a client that is told so waits, and does not take its secret for wrong.
            Self::Throttled { .. } => 429,
            Self::InvalidRequest(_)
            | Self::InvalidGrant(_)
            | Self::UnauthorizedClient(_)
            | Self::InvalidScope(_)
            | Self::UnsupportedGrantType => 400,
            Self::Store(error) => store_fault(error).0,
            Self::Keys(_) => 500,
        }
    }

    /// The body.
    pub fn body(&self) -> ErrorBody {
        let (error, error_description) = match self {
            Self::InvalidRequest(description) => ("invalid_request", *description),
            Self::InvalidClient => ("invalid_client", "client authentication failed"),
            Self::Throttled { .. } => (
                "temporarily_unavailable",
                "too many failed attempts; try again later",
            ),
            Self::UnauthorizedClient(description) => ("unauthorized_client", *description),
            Self::InvalidScope(description) => ("invalid_scope", *description),
            Self::InvalidGrant(description) => ("invalid_grant", *description),
            Self::UnsupportedGrantType => (
                "unsupported_grant_type",
                "grant_type must be authorization_code or client_credentials",
            ),
            Self::Store(error) => return store_fault(error).1,
            Self::Keys(_) => ("server_error", "the tokens could not be signed"),
        };
        ErrorBody {
            error,
            error_description,
        }
    }

    /// The value of the header `WWW-Authenticate`, which every answer with status 401 has (RFC 9110
    /// section 15.5.2, RFC 6749 section 5.2, RFC 7617 section 2).
    pub fn challenge(&self) -> Option<String> {
        match self {
            Self::InvalidClient => Some(r#"Basic realm="clients", charset="UTF-8""#.to_owned()),
            Self::InvalidRequest(_)
            | Self::Throttled { .. }
            | Self::UnauthorizedClient(_)
            | Self::InvalidScope(_)
            | Self::InvalidGrant(_)
            | Self::UnsupportedGrantType
            | Self::Store(_)
            | Self::Keys(_) => None,
        }
    }

    /// The value of the header `Retry-After` in seconds, where one is due (RFC 9110 section 10.2.3).
    pub fn retry_after_seconds(&self) -> Option<u64> {
        match self {
            Self::Throttled {
                retry_after_seconds,
            } => Some(*retry_after_seconds),
            _ => None,
        }
    }
}

impl From<Repeated> for TokenError {
    fn from(_: Repeated) -> Self {
        Self::InvalidRequest("a parameter is given more than once")
    }
}

impl From<KeyError> for TokenError {
    fn from(error: KeyError) -> Self {
        match error {
            KeyError::Store(error) => Self::Store(error),
            other => Self::Keys(other),
        }
    }
}

/// Status and body where the store failed: it may be back soon, unless it is there and what it has
/// does not open.
pub(crate) fn store_fault(error: &StoreError) -> (u16, ErrorBody) {
    let (status, error, error_description) = match error {
        StoreError::Database(_) => (503, "temporarily_unavailable", "try again later"),
        StoreError::Sealed(_)
        | StoreError::Conflict(_)
        | StoreError::Duplicate(_)
        | StoreError::Stale(_)
        | StoreError::Missing(_)
        | StoreError::Managed { .. }
        | StoreError::NeedsCredential(_) => {
            (500, "server_error", "the operator has to look into it")
        }
    };
    (
        status,
        ErrorBody {
            error,
            error_description,
        },
    )
}
