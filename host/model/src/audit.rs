//! The audit trail: one schema for sign-ins and for changes.

use crate::{names::RealmName, realm::PolicyRef, time::Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One line of the audit trail. No secret is ever in it, and a typed user name only if it was found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AuditEvent {
    /// When.
    pub time: Timestamp,
    /// What was tried.
    pub event: AuditKind,
    /// What came of it.
    pub outcome: AuditOutcome,
    /// The true reason, in `snake_case` or in the words of a vendor; none for a success.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The request it happened in; none outside of one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// The peer's address, as far as proxies are trusted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// The realm.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub realm: Option<String>,
    /// The client.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// The federation that decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub federation: Option<String>,
    /// The policy that decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<PolicyRef>,
    /// The person, where one was found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entry_dn: Option<String>,
    /// The person's claim `sub`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// What was changed, as `federation staff/ldap`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object: Option<String>,
    /// Who changed it, as `file /etc/bridge/staff.toml` or `client ops`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
    /// What was changed as it was before, without secrets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Value>,
    /// What was changed as it is now, without secrets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Value>,
}

/// An event that the store keeps.
#[derive(Clone, Debug, PartialEq)]
pub struct KeptEvent {
    /// Its place in the order of events; never used twice.
    pub number: u64,
    /// The event.
    pub event: AuditEvent,
}

/// Which events are wanted. All that is said has to fit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditQuery {
    /// Of this realm; none: of all realms and of none.
    pub realm: Option<RealmName>,
    /// Of this request.
    pub request_id: Option<String>,
    /// Of this kind.
    pub kind: Option<AuditKind>,
    /// From before this number.
    pub before: Option<u64>,
    /// At most so many.
    pub limit: u32,
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
            before: None,
            after: None,
        }
    }
}

/// What was tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
    /// A directory was asked on an administrator's behalf.
    Tested,
    /// A person, or an administrator for them, gave a new password.
    PasswordChanged,
    /// A directory's users were read as a whole.
    Synchronised,
    /// Another version of a policy was put in force, or should have been.
    PolicySwapped,
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuditOutcome {
    /// It was done.
    Success,
    /// It was refused.
    Refused,
    /// It could not be done: a directory did not answer, or a policy failed.
    Unavailable,
}
