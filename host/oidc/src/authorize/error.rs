//! What ends the walk through the steps.

use crate::keys::KeyError;
use bridge_model::ports::StoreError;
use std::fmt;

/// Why an authorization request is answered to the person and not to the client.
#[derive(Debug, thiserror::Error)]
pub enum AuthorizeError {
    /// The request cannot be answered to anybody (RFC 6749 section 4.1.2.1): a page, with status 400.
    #[error("{description}")]
    Page {
        /// Which error.
        code: PageError,
        /// What the person may read; without anything of the request.
        description: String,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The realm's keys, which an ID token in the request is checked with, are not at hand.
    #[error(transparent)]
    Keys(KeyError),
}

/// An error that is shown to the person, because there is no address that it could safely go to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageError {
    /// The realm is switched off.
    RealmDisabled,
    /// `client_id` is absent.
    ClientIdMissing,
    /// `client_id` stands there more than once.
    ClientIdRepeated,
    /// The realm has no such client.
    ClientUnknown,
    /// The client is switched off.
    ClientDisabled,
    /// `redirect_uri` is absent.
    RedirectUriMissing,
    /// `redirect_uri` stands there more than once.
    RedirectUriRepeated,
    /// The client has not registered this `redirect_uri`.
    RedirectUriUnregistered,
}

impl fmt::Display for PageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::RealmDisabled => "nobody can sign in here at the moment",
            Self::ClientIdMissing => "the application did not say which one it is (client_id)",
            Self::ClientIdRepeated => "the application said more than once which one it is (client_id)",
            Self::ClientUnknown => "the application is not known here (client_id)",
            Self::ClientDisabled => "the application is switched off",
            Self::RedirectUriMissing => "the application did not say where to go afterwards (redirect_uri)",
            Self::RedirectUriRepeated => {
                "the application said more than once where to go afterwards (redirect_uri)"
            }
            Self::RedirectUriUnregistered => {
                "the application wants to go to an address that is not registered for it (redirect_uri)"
            }
        })
    }
}

/// What ends the walk before its end.
pub(super) enum Stop {
    /// An answer to the client.
    Redirect(String),
    /// No answer to the client.
    Error(AuthorizeError),
}

impl From<PageError> for Stop {
    fn from(code: PageError) -> Self {
        Self::Error(AuthorizeError::Page {
            code,
            description: code.to_string(),
        })
    }
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        Self::Error(AuthorizeError::Store(error))
    }
}

impl From<KeyError> for Stop {
    fn from(error: KeyError) -> Self {
        Self::Error(match error {
            KeyError::Store(error) => AuthorizeError::Store(error),
            other => AuthorizeError::Keys(other),
        })
    }
}
