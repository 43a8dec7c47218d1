//! A person gives themselves a new password.

use crate::sign_in::SignIns;
use bridge_model::{client::Client, realm::Realm, write::Complaint};
use std::net::IpAddr;

/// A name, the password so far, and the one that takes its place, as somebody typed them.
pub struct PasswordAttempt<'a> {
    /// As typed.
    pub username: &'a str,
    /// The password so far; may be empty here, which is refused before anything else happens.
    pub current: &'a str,
    /// The new one; may be anything here.
    pub new: &'a str,
    /// The client that the person wants to use; none: the account page.
    pub client: Option<&'a Client>,
    /// Where the attempt comes from, as far as it can be trusted.
    pub address: Option<IpAddr>,
    /// The request it came in.
    pub request_id: &'a str,
}

/// What came of it: as much as the person may know. The audit trail has the rest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PasswordOutcome {
    /// The new password counts from now on. Whether the person may come in with it is for a sign-in to
    /// say.
    Changed,
    /// Nothing was changed, for whatever reason: name, password so far, or the state of the account.
    Refused,
    /// The person is who they say, and the new password will not do: at least one reason.
    Complaints(Vec<Complaint>),
    /// The person is who they say, and cannot change the password here: an administrator has to reset
    /// it.
    NotSupported,
    /// Too many attempts with this name or from this address.
    Throttled {
        /// When to try again.
        retry_after_seconds: u64,
    },
    /// It could not be told: a directory, a policy or the store failed.
    Unavailable,
}

impl SignIns {
    /// Gives somebody a new password, who proves with the one so far that it is theirs.
    pub async fn change_password(
        &self,
        _realm: &Realm,
        _attempt: &PasswordAttempt<'_>,
    ) -> PasswordOutcome {
        PasswordOutcome::NotSupported
    }
}
