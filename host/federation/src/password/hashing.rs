//! Passwords that the bridge keeps itself, as hashes.

use crate::aside::aside;
use argon2::{
    Argon2, PasswordHasher, PasswordVerifier,
    password_hash::{self, phc::PasswordHash},
};
use bridge_model::{ports::Random, secret::Password};
use std::thread;
use tokio::sync::{Semaphore, SemaphorePermit};

/// Hashes passwords with Argon2id (RFC 9106): 19 MiB, two passes, one lane, a random salt of 16
/// octets. That is what the OWASP Password Storage Cheat Sheet asks for at the least, and what lets a
/// small machine still sign people in. The parameters stand in each hash, so others can follow.
///
/// As many are computed at once as there are processors: more would not be faster, and each takes its
/// memory.
pub(crate) struct Hashing {
    at_once: Semaphore,
}

/// A hash that cannot be computed, or is none.
#[derive(Debug, thiserror::Error)]
#[error("the kept password cannot be used: {0}")]
pub(crate) struct HashError(#[from] password_hash::Error);

impl Default for Hashing {
    fn default() -> Self {
        let processors = thread::available_parallelism().map_or(1, usize::from);
        Self {
            at_once: Semaphore::new(processors),
        }
    }
}

impl Hashing {
    /// The hash of a password, as a PHC string.
    pub(crate) async fn hash(
        &self,
        password: &Password,
        random: &dyn Random,
    ) -> Result<String, HashError> {
        let mut salt = [0; 16];
        random.fill(&mut salt);
        let _turn = self.turn().await;
        let password = password.clone();
        let hash = aside(move || {
            let octets = password.expose().as_bytes();
            Argon2::default().hash_password_with_salt(octets, &salt)
        });
        Ok(hash.await?.to_string())
    }

    /// Whether a hash is of this password.
    pub(crate) async fn verify(&self, password: &Password, hash: &str) -> Result<bool, HashError> {
        let hash = PasswordHash::new(hash).map_err(password_hash::Error::from)?;
        let _turn = self.turn().await;
        let password = password.clone();
        let verified = aside(move || {
            let octets = password.expose().as_bytes();
            Argon2::default().verify_password(octets, &hash)
        });
        match verified.await {
            Ok(()) => Ok(true),
            Err(password_hash::Error::PasswordInvalid) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Costs what [`Hashing::verify`] costs.
    pub(crate) async fn waste(&self, password: &Password) {
        let _turn = self.turn().await;
        let password = password.clone();
        let hash = aside(move || {
            let octets = password.expose().as_bytes();
            Argon2::default().hash_password_with_salt(octets, &[0; 16])
        });
        // Nobody has it.
        drop(hash.await);
    }

    async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        // It is never closed.
        self.at_once.acquire().await.ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::NoRandom;

    #[tokio::test]
    async fn a_hash_is_of_its_password_alone_and_says_how_it_was_made() {
        let hashing = Hashing::default();
        let password = |text: &str| Password::new(text).expect("a password");
        let hash = hashing.hash(&password("battery staple"), &NoRandom).await;
        let hash = hash.expect("a hash");
        assert!(
            hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
            "{hash}"
        );
        assert!(!hash.contains("staple"));
        for (text, fits) in [("battery staple", true), ("battery staplf", false)] {
            let verified = hashing.verify(&password(text), &hash).await;
            assert_eq!(verified.expect("an answer"), fits, "{text}");
        }
        let broken = hashing.verify(&password("x"), "{SSHA}x").await;
        assert!(broken.is_err());
    }
}
