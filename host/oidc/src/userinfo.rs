//! The userinfo endpoint.

use crate::{
    access::{self, Alive},
    claims,
    keys::KeyError,
    provider::Parts,
    token::{ErrorBody, store_fault},
};
use bridge_model::{ports::StoreError, realm::Realm};
use serde_json::{Map, Value};

/// Why the userinfo endpoint gives no claims (RFC 6750 section 3.1).
#[derive(Debug, thiserror::Error)]
pub enum UserinfoError {
    /// There is no token in the request.
    #[error("no access token")]
    NoToken,
    /// The token is none, over, withdrawn, for something else, or its person may not come in.
    #[error("the access token is not valid here, or not any more")]
    InvalidToken,
    /// The token was not made for a sign-in.
    #[error("the access token does not have the scope openid")]
    InsufficientScope,
    /// Our fault: the store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Our fault: the realm's keys are not at hand.
    #[error(transparent)]
    Keys(KeyError),
}

impl UserinfoError {
    /// The HTTP status.
    pub fn status(&self) -> u16 {
        match self {
            Self::NoToken | Self::InvalidToken => 401,
            Self::InsufficientScope => 403,
            Self::Store(error) => store_fault(error).0,
            Self::Keys(_) => 500,
        }
    }

    /// The body; none where the request had no token: then nothing is told (RFC 6750 section 3.1).
    pub fn body(&self) -> Option<ErrorBody> {
        let (error, error_description) = match self {
            Self::NoToken => return None,
            Self::InvalidToken => ("invalid_token", "the access token is not valid"),
            Self::InsufficientScope => (
                "insufficient_scope",
                "the access token does not have the scope openid",
            ),
            Self::Store(error) => return Some(store_fault(error).1),
            Self::Keys(_) => ("server_error", "the access token could not be checked"),
        };
        Some(ErrorBody {
            error,
            error_description,
        })
    }

    /// The value of the header `WWW-Authenticate`, where one is due (RFC 6750 section 3).
    pub fn challenge(&self) -> Option<String> {
        match self {
            Self::NoToken => Some(r#"Bearer realm="userinfo""#.to_owned()),
            Self::InvalidToken | Self::InsufficientScope => {
                let ErrorBody {
                    error,
                    error_description,
                } = self.body()?;
                Some(format!(
                    r#"Bearer realm="userinfo", error="{error}", error_description="{error_description}""#
                ))
            }
            Self::Store(_) | Self::Keys(_) => None,
        }
    }
}

impl From<KeyError> for UserinfoError {
    fn from(error: KeyError) -> Self {
        match error {
            KeyError::Store(error) => Self::Store(error),
            other => Self::Keys(other),
        }
    }
}

/// The token in the value of a header `Authorization`, if that is of the scheme `Bearer` (RFC 6750
/// section 2.1), in any letter case.
pub fn bearer_token(authorization: &str) -> Option<&str> {
    let (scheme, token) = authorization.split_once(' ')?;
    let token = token.trim_matches(' ');
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

pub(crate) async fn userinfo(
    parts: &Parts,
    realm: &Realm,
    bearer: Option<&str>,
) -> Result<Map<String, Value>, UserinfoError> {
    let token = bearer.ok_or(UserinfoError::NoToken)?;
    let issuer = parts.issuer(&realm.name);
    let access = access::verified(parts, realm, &issuer, token).await?;
    let access = access.ok_or(UserinfoError::InvalidToken)?;
    let alive = access::alive(parts, realm, &access).await?;
    let Alive { grant, user, .. } = alive.ok_or(UserinfoError::InvalidToken)?;
    let scope = &grant.request.scope;
    if !scope.iter().any(|scope| scope == claims::OPENID) {
        return Err(UserinfoError::InsufficientScope);
    }
    let mut claims = claims::released(user.user(), scope);
    claims.insert("sub".to_owned(), Value::from(user.user().subject.as_str()));
    Ok(claims)
}

#[cfg(test)]
#[path = "userinfo/tests.rs"]
mod tests;
