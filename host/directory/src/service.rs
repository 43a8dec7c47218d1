//! The account that service connections are bound as, and what keeps it from being locked.

use crate::limits::Limits;
use bridge_model::{federation::BindName, ports::DirectoryError, secret::Password};
use std::{
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::time::Instant;

/// The account that the service connections to all servers of a directory are bound as.
///
/// A directory counts wrong passwords and locks the account that has too many, and its servers tell
/// each other. So a credential that was refused rests before it is sent again, to any of them.
pub(crate) struct ServiceAccount {
    pub(crate) credential: Credential,
    limits: Limits,
    refusal: Mutex<Option<Refusal>>,
}

/// What the service shows.
pub(crate) enum Credential {
    /// A name and its password.
    Simple(BindName, Password),
    /// What the channel below knows (SASL EXTERNAL, RFC 4513 section 5.2.3): a client certificate, or the
    /// process's user.
    External,
}

impl fmt::Display for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Simple(name, _) => write!(f, "as {}", name.as_str()),
            Self::External => f.write_str("by SASL EXTERNAL"),
        }
    }
}

struct Refusal {
    error: DirectoryError,
    at: Instant,
    /// How long the credential rests.
    pause: Duration,
}

impl ServiceAccount {
    pub(crate) fn new(credential: Credential, limits: Limits) -> Self {
        Self {
            credential,
            limits,
            refusal: Mutex::default(),
        }
    }

    /// What the credential was refused with, while it rests.
    pub(crate) fn refusal(&self, now: Instant) -> Option<DirectoryError> {
        let refusal = self.state();
        let Refusal { error, at, pause } = refusal.as_ref()?;
        let left = (*at + *pause).saturating_duration_since(now);
        if left.is_zero() {
            return None;
        }
        let detail = format!(
            "{} (that was {:.0?} ago, and to keep the account from being locked the next attempt is in {left:.0?})",
            error.detail,
            now.saturating_duration_since(*at),
        );
        Some(DirectoryError {
            detail,
            ..error.clone()
        })
    }

    /// The credential was accepted.
    pub(crate) fn accepted(&self) {
        *self.state() = None;
    }

    /// The credential was refused, with this result code.
    pub(crate) fn refused(&self, result_code: u32, error: DirectoryError, at: Instant) {
        let Limits {
            back_off,
            credential_back_off,
            credential_back_off_max,
            ..
        } = self.limits;
        let mut refusal = self.state();
        let pause = if COUNTED.contains(&result_code) {
            let before = refusal.as_ref().map(|before| before.pause * 2);
            let longer = before.unwrap_or_default().max(credential_back_off);
            longer.min(credential_back_off_max)
        } else {
            back_off
        };
        *refusal = Some(Refusal { error, at, pause });
    }

    fn state(&self) -> MutexGuard<'_, Option<Refusal>> {
        // Nothing panics while the lock is held.
        self.refusal.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a directory answers that has counted the attempt: invalid credentials, and constraint
/// violation, which some answer for an account that has had too many (RFC 4511 appendix A.2).
const COUNTED: [u32; 2] = [49, 19];

#[cfg(test)]
mod tests {
    use super::*;
    use bridge_model::ports::DirectoryFault;

    fn account() -> ServiceAccount {
        ServiceAccount::new(
            Credential::Simple(
                BindName::new("cn=service").expect("a name"),
                Password::new("wrong").expect("a password"),
            ),
            Limits::default(),
        )
    }

    fn error() -> DirectoryError {
        DirectoryError::new(DirectoryFault::ServiceBind, "dc1.example:636", "refused")
    }

    /// How many seconds an account rests after each of so many refusals, one after another.
    fn pauses(account: &ServiceAccount, result_code: u32, count: usize) -> Vec<u64> {
        let mut now = Instant::now();
        let mut pauses = Vec::new();
        for _ in 0..count {
            account.refused(result_code, error(), now);
            let rests = |seconds: &u64| {
                let then = now + Duration::from_secs(*seconds);
                account.refusal(then).is_some()
            };
            let pause = (0..=3600).find(|seconds| !rests(seconds)).expect("an end");
            now += Duration::from_secs(pause);
            pauses.push(pause);
        }
        pauses
    }

    #[test]
    fn a_wrong_password_rests_longer_each_time_up_to_a_limit() {
        let account = account();
        assert!(account.refusal(Instant::now()).is_none());
        let expected = [30, 60, 120, 240, 480, 600, 600];
        assert_eq!(pauses(&account, 49, 7), expected);
        account.accepted();
        assert_eq!(pauses(&account, 49, 1), [30]);
    }

    #[test]
    fn what_is_not_counted_against_the_account_is_soon_tried_again() {
        assert_eq!(pauses(&account(), 53, 3), [5, 5, 5]);
    }

    #[test]
    fn a_remembered_refusal_says_so() {
        let account = account();
        let now = Instant::now();
        account.refused(49, error(), now);
        let told = account.refusal(now + Duration::from_secs(12));
        assert_eq!(
            told.expect("it rests").detail,
            "refused (that was 12s ago, and to keep the account from being locked the next attempt is in 18s)"
        );
    }
}
