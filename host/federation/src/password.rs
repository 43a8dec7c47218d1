//! A person gives themselves a new password.

mod change;
mod hashing;
pub(crate) mod replies;

pub(crate) use change::complaint_here;
pub(crate) use hashing::Hashing;

use crate::{
    course::{Course, End},
    sign_in::{SignIns, is_username},
    throttle::Counted,
    trace::Trace,
};
use bridge_model::{
    audit::{AuditEvent, AuditKind, AuditOutcome},
    client::Client,
    ports::StoreError,
    realm::Realm,
    secret::{Password, PasswordError},
    time::Timestamp,
    write::Complaint,
};
use change::Done;
use std::net::IpAddr;
use tracing::{error, warn};

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
    /// Gives somebody a new password, who proves with the one so far that it is theirs: in the directory
    /// where the edit mode is `WRITABLE`, here where it is `UNSYNCED`.
    ///
    /// It counts as a sign-in does, and a wrong password is one here too. Every attempt leaves one line
    /// in the audit trail, with the true reason.
    pub async fn change_password(
        &self,
        realm: &Realm,
        attempt: &PasswordAttempt<'_>,
    ) -> PasswordOutcome {
        let now = self.now();
        let mut audit = AuditEvent::new(now, AuditKind::PasswordChanged, AuditOutcome::Refused);
        audit.request_id = Some(attempt.request_id.to_owned());
        audit.address = attempt.address.map(|address| address.to_string());
        audit.realm = Some(realm.name.to_string());
        audit.client_id = attempt.client.map(|client| client.id.to_string());
        let done = self.try_to_change(realm, attempt, now, &mut audit).await;
        let done = done.unwrap_or_else(|error| {
            error!(%error, "the store failed during a password change");
            Done::Ended(End::Unavailable("store".to_owned()))
        });
        let (outcome, reason, answer) = self.told(done);
        audit.outcome = outcome;
        audit.reason = reason;
        audit.object = audit
            .subject
            .as_ref()
            .map(|subject| format!("user {}/{subject}", realm.name));
        self.parts().audit.record(&audit);
        answer
    }

    fn told(&self, done: Done) -> (AuditOutcome, Option<String>, PasswordOutcome) {
        let refused = AuditOutcome::Refused;
        match done {
            Done::Changed => (AuditOutcome::Success, None, PasswordOutcome::Changed),
            Done::Complaints(complaints) => {
                let reason = replies::reason(&complaints);
                (
                    refused,
                    Some(reason),
                    PasswordOutcome::Complaints(complaints),
                )
            }
            Done::NotSupported(reason) => {
                let reason = Some(reason.to_owned());
                (refused, reason, PasswordOutcome::NotSupported)
            }
            Done::Ended(End::Throttled) => (
                refused,
                Some("throttled".to_owned()),
                PasswordOutcome::Throttled {
                    retry_after_seconds: self.parts().limits.window.as_secs(),
                },
            ),
            Done::Ended(End::Unavailable(reason) | End::Undecided(reason)) => {
                warn!(reason, "a password change could not be decided");
                (
                    AuditOutcome::Unavailable,
                    Some(reason),
                    PasswordOutcome::Unavailable,
                )
            }
            Done::Ended(
                End::Refused(reason) | End::NotAllowed(reason) | End::ChangeRequired { reason, .. },
            ) => (refused, Some(reason), PasswordOutcome::Refused),
            // A change signs nobody in.
            Done::Ended(End::SignedIn(_)) => (refused, None, PasswordOutcome::Refused),
        }
    }

    async fn try_to_change(
        &self,
        realm: &Realm,
        attempt: &PasswordAttempt<'_>,
        now: Timestamp,
        audit: &mut AuditEvent,
    ) -> Result<Done, StoreError> {
        let refused = |reason: &str| Ok(Done::Ended(End::Refused(reason.to_owned())));
        if !is_username(attempt.username) {
            return refused("not_a_user_name");
        }
        let current = match Password::new(attempt.current) {
            Ok(current) => current,
            Err(PasswordError::Empty) => return refused("empty_password"),
            Err(PasswordError::TooLong) => return refused("password_too_long"),
        };
        // What is wrong with the new one by itself says nothing of anybody.
        let new = match Password::new(attempt.new) {
            Ok(_) if attempt.new == attempt.current => {
                return Ok(Done::Complaints(vec![Complaint::InHistory]));
            }
            Ok(new) => new,
            Err(PasswordError::Empty) => {
                return Ok(Done::Complaints(vec![Complaint::TooShort(Some(1))]));
            }
            Err(PasswordError::TooLong) => {
                return Ok(Done::Complaints(vec![Complaint::TooLong(None)]));
            }
        };
        let parts = self.parts();
        let mut counted = Counted::new(&*parts.store, parts.limits, now);
        let name = &realm.name;
        let address = attempt.address;
        if !counted.admits_name(name, attempt.username, address).await? {
            return Ok(Done::Ended(End::Throttled));
        }
        let mut trace = Trace::new(name, attempt.client, now);
        let mut course = Course {
            parts,
            realm,
            client: attempt.client,
            active: &*parts.federations.realm(name).await?,
            password: &current,
            new: Some(&new),
            counted,
            audit,
            trace: &mut trace,
        };
        let done = match course.find(attempt.username).await? {
            Ok(candidate) => course.change(candidate, &new).await?,
            Err(end) => Done::Ended(end),
        };
        match &done {
            Done::Changed => course.counted.succeeded().await?,
            // The person knew the password. What failed before stays counted.
            Done::Complaints(_) | Done::NotSupported(_) | Done::Ended(End::Unavailable(_)) => {
                course.counted.take_back().await?;
            }
            Done::Ended(_) => {}
        }
        Ok(done)
    }
}

#[cfg(test)]
mod tests;
