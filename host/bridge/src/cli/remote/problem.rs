//! What a bridge says when it does not do what it was asked: problem documents (RFC 9457).

use crate::documents::Advice;
use http::StatusCode;
use serde::Deserialize;
use std::fmt;

/// Why a bridge did not do it.
#[derive(Debug, Default, Deserialize)]
pub(in crate::cli) struct Refusal {
    /// The kind, for people.
    #[serde(default)]
    title: String,
    /// What is wrong in particular.
    #[serde(default)]
    detail: String,
    /// What the bridge's log and audit trail know the request by.
    #[serde(default)]
    request_id: Option<String>,
    /// The members that are wrong.
    #[serde(default)]
    pub(in crate::cli) errors: Vec<Advice>,
    /// What is worth to be known beside that.
    #[serde(default)]
    pub(in crate::cli) warnings: Vec<Advice>,
}

/// An error of the token endpoint (RFC 6749 section 5.2).
#[derive(Deserialize)]
struct TokenRefusal {
    error: String,
    #[serde(default)]
    error_description: String,
}

impl Refusal {
    pub(super) fn of(status: StatusCode, body: &[u8]) -> Self {
        serde_json::from_slice(body).unwrap_or_else(|_| Self {
            title: format!("the bridge answers {status}"),
            ..Self::default()
        })
    }

    pub(super) fn of_token(status: StatusCode, body: &[u8]) -> Self {
        match serde_json::from_slice::<TokenRefusal>(body) {
            Ok(refusal) => Self {
                title: refusal.error,
                detail: refusal.error_description,
                ..Self::default()
            },
            Err(_) => Self::of(status, body),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.title)?;
        if !self.detail.is_empty() {
            write!(f, ": {}", self.detail)?;
        }
        for Advice {
            member,
            message,
            remedy,
        } in &self.errors
        {
            let separator = if member.is_empty() { "" } else { ": " };
            write!(f, "\n  {member}{separator}{message}; {remedy}")?;
        }
        match &self.request_id {
            Some(id) => write!(f, " (request {id})"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Refusal {}
