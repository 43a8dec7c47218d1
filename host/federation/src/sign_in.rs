//! The sign-in, as the web sees it.

mod entry;

use crate::{
    active::Federations,
    course::{Course, End},
    parts::Parts,
    throttle::{Counted, ThrottleLimits},
    trace::{Recent, Trace},
};
use bridge_model::{
    account::AuthenticatedUser,
    audit::{AuditEvent, AuditKind, AuditOutcome},
    client::Client,
    ports::{AuditLog, Clock, Random, Store, StoreError},
    realm::Realm,
    secret::{Password, PasswordError},
    time::Timestamp,
};
use entry::Entering;
use std::{net::IpAddr, sync::Arc, time::Instant};
use tracing::{error, warn};

/// Longer user names belong to nobody.
const USERNAME_CHARS_MAX: usize = 256;

/// Signs people in. Cheap to clone.
#[derive(Clone)]
pub struct SignIns {
    parts: Arc<Parts>,
}

/// A name and a password that somebody typed.
pub struct Attempt<'a> {
    /// As typed.
    pub username: &'a str,
    /// As typed; may be empty here, which is refused before anything else happens.
    pub password: &'a str,
    /// The client that the person wants to use.
    pub client: &'a Client,
    /// Where the attempt comes from, as far as it can be trusted.
    pub address: Option<IpAddr>,
    /// The request it came in.
    pub request_id: &'a str,
}

/// What came of an attempt: as much as the person may know. The audit trail has the rest.
#[derive(Debug)]
pub enum SignInOutcome {
    /// The person is in.
    SignedIn(Box<AuthenticatedUser>),
    /// The person is not, for whatever reason: name, password, or the state of the account.
    Refused,
    /// The person is who they say, and may not use this client.
    NotAllowed,
    /// The person is who they say, and their password is too old, or has to be changed first.
    PasswordChangeRequired {
        /// Whether they can change it here ([`SignIns::change_password`]); else an administrator has to
        /// reset it.
        may_change: bool,
    },
    /// Too many attempts with this name or from this address.
    Throttled {
        /// When to try again.
        retry_after_seconds: u64,
    },
    /// It could not be told: a directory, a policy or the store failed.
    Unavailable,
}

impl SignIns {
    /// Sign-ins to these federations.
    pub fn new(
        federations: Arc<Federations>,
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
        audit: Arc<dyn AuditLog>,
        limits: ThrottleLimits,
    ) -> Self {
        Self {
            parts: Arc::new(Parts::new(federations, store, clock, random, audit, limits)),
        }
    }

    /// Signs somebody in: finds the one entry of the name in the first federation that has it, binds
    /// as it, lets the policy say what the answer means, and asks the account gate.
    ///
    /// Every attempt leaves one line in the audit trail, with the true reason, and can be looked at
    /// for a while: [`SignIns::explanation`].
    pub async fn sign_in(&self, realm: &Realm, attempt: &Attempt<'_>) -> SignInOutcome {
        let started = Instant::now();
        let now = self.now();
        let mut audit = AuditEvent::new(now, AuditKind::SignIn, AuditOutcome::Refused);
        audit.request_id = Some(attempt.request_id.to_owned());
        audit.address = attempt.address.map(|address| address.to_string());
        audit.realm = Some(realm.name.to_string());
        audit.client_id = Some(attempt.client.id.to_string());
        let mut trace = Trace::new(&realm.name, Some(attempt.client), now);
        attempt.request_id.clone_into(&mut trace.request_id);
        let end = self
            .attempt(realm, attempt, now, &mut audit, &mut trace)
            .await;
        let end = end.unwrap_or_else(|error| {
            error!(%error, "the store failed during a sign-in");
            End::Unavailable("store".to_owned())
        });
        let (outcome, reason, answer) = self.answer(end);
        audit.outcome = outcome;
        audit.reason = reason;
        self.parts.audit.record(&audit);
        trace.end = Some((outcome, audit.reason));
        trace.time = started.elapsed();
        self.parts.recent.add(trace);
        answer
    }

    fn answer(&self, end: End) -> (AuditOutcome, Option<String>, SignInOutcome) {
        match end {
            End::SignedIn(user) => (AuditOutcome::Success, None, SignInOutcome::SignedIn(user)),
            End::Refused(reason) => (AuditOutcome::Refused, Some(reason), SignInOutcome::Refused),
            End::NotAllowed(reason) => (
                AuditOutcome::Refused,
                Some(reason),
                SignInOutcome::NotAllowed,
            ),
            End::ChangeRequired {
                reason, may_change, ..
            } => (
                AuditOutcome::Refused,
                Some(reason),
                SignInOutcome::PasswordChangeRequired { may_change },
            ),
            End::Throttled => (
                AuditOutcome::Refused,
                Some("throttled".to_owned()),
                SignInOutcome::Throttled {
                    retry_after_seconds: self.parts.limits.window.as_secs(),
                },
            ),
            End::Unavailable(reason) | End::Undecided(reason) => {
                warn!(reason, "a sign-in could not be decided");
                (
                    AuditOutcome::Unavailable,
                    Some(reason),
                    SignInOutcome::Unavailable,
                )
            }
        }
    }

    async fn attempt(
        &self,
        realm: &Realm,
        attempt: &Attempt<'_>,
        now: Timestamp,
        audit: &mut AuditEvent,
        trace: &mut Trace,
    ) -> Result<End, StoreError> {
        let username = attempt.username;
        if !is_username(username) {
            return Ok(End::Refused("not_a_user_name".to_owned()));
        }
        let password = match Password::new(attempt.password) {
            Ok(password) => password,
            Err(PasswordError::Empty) => return Ok(End::Refused("empty_password".to_owned())),
            Err(PasswordError::TooLong) => {
                return Ok(End::Refused("password_too_long".to_owned()));
            }
        };
        let mut counted = Counted::new(&*self.parts.store, self.parts.limits, now);
        let name = &realm.name;
        if !counted.admits_name(name, username, attempt.address).await? {
            return Ok(End::Throttled);
        }
        let mut course = Course {
            parts: &self.parts,
            realm,
            client: Some(attempt.client),
            active: &*self.parts.federations.realm(name).await?,
            password: &password,
            new: None,
            counted,
            audit,
            trace,
        };
        let client = attempt.client;
        let mut entering = Entering {
            course: &mut course,
            client,
        };
        let end = entering.enter(username).await?;
        match &end {
            End::SignedIn(_) | End::NotAllowed(_) | End::ChangeRequired { is_bound: true, .. } => {
                course.counted.succeeded().await?;
            }
            End::Unavailable(_)
            | End::ChangeRequired {
                is_bound: false, ..
            } => {
                course.counted.take_back().await?;
            }
            End::Refused(_) | End::Throttled | End::Undecided(_) => {}
        }
        Ok(end)
    }

    pub(crate) fn federations(&self) -> &Federations {
        &self.parts.federations
    }

    pub(crate) fn parts(&self) -> &Parts {
        &self.parts
    }

    pub(crate) fn recent(&self) -> &Recent {
        &self.parts.recent
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.parts.clock.now()
    }
}

/// Whether a text can be somebody's name at all.
pub(crate) fn is_username(text: &str) -> bool {
    !text.trim().is_empty()
        && text.chars().count() <= USERNAME_CHARS_MAX
        && !text.chars().any(char::is_control)
}

#[cfg(test)]
mod tests;
