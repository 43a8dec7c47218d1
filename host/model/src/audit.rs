//! The audit trail: one schema for sign-ins and for changes.

use crate::{realm::PolicyRef, time::Timestamp};
use serde::Serialize;

/// One line of the audit trail. No secret is ever in it, and a typed user name only if it was found.
#[derive(Clone, Debug, Serialize)]
pub struct AuditEvent {
    /// When.
    pub time: Timestamp,
    /// What was tried.
    pub event: AuditKind,
    /// What came of it.
    pub outcome: AuditOutcome,
    /// The true reason, in `snake_case` or in the words of a vendor; none for a success.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The request it happened in; none outside of one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// The peer's address, as far as proxies are trusted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// The realm.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub realm: Option<String>,
    /// The client.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// The federation that decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub federation: Option<String>,
    /// The policy that decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<PolicyRef>,
    /// The person, where one was found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entry_dn: Option<String>,
    /// The person's claim `sub`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// What was changed, as `federation staff/ldap`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object: Option<String>,
    /// Who changed it, as `file /etc/bridge/staff.toml`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
}

impl AuditEvent {
    /// An event of which nothing more is known yet.
    pub fn new(time: Timestamp, event: AuditKind, outcome: AuditOutcome) -> Self {
        Self {
            time,
            event,
            outcome,
            reason: None,
            request_id: None,
            address: None,
            realm: None,
            client_id: None,
            federation: None,
            policy: None,
            entry_dn: None,
            subject: None,
            object: None,
            actor: None,
        }
    }
}

/// What was tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AuditKind {
    /// A person gave a password.
    SignIn,
    /// A code was redeemed for tokens.
    TokenIssued,
    /// Something was made.
    Created,
    /// Something was changed.
    Changed,
    /// Something was removed.
    Removed,
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AuditOutcome {
    /// It was done.
    Success,
    /// It was refused.
    Refused,
    /// It could not be done: a directory did not answer, or a policy failed.
    Unavailable,
}
