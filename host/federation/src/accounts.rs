//! What an administrator does to people, where a federation's edit mode lets them.

mod change;
mod create;
mod entries;
mod permit;
mod profile;
mod whose;

use crate::{
    active::Federations,
    parts::Parts,
    password::{complaint_here, replies::reason},
    throttle::{Counted, ThrottleLimits},
};
use bridge_model::{
    audit::{AuditEvent, AuditKind, AuditOutcome},
    federation::EditMode,
    plan::{PasswordWrite, Problem},
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
/// Whoever calls leaves the line in the audit trail: they know who asked. What was done although the
/// whole failed ([`AccountError::Unfinished`]) is told there by this.
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
    #[error("the directory does not take this password: {}", reason(.0))]
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

    /// Makes somebody, in the directory of the enabled federation of lowest priority number that is
    /// `WRITABLE` and has `sync_registration`. Nobody else of the realm may have the user name.
    ///
    /// Somebody without a password is as the directory has new accounts: switched off, where it asks for
    /// a password first.
    ///
    /// # Errors
    ///
    /// See [`AccountError`].
    pub async fn create(&self, realm: &Realm, user: NewUser) -> Result<StoredUser, AccountError> {
        self.make(realm, user).await
    }

    /// Changes somebody: in the directory where the edit mode is `WRITABLE`, over it where it is
    /// `UNSYNCED`. What is so already is not written. Who is switched off loses their sessions.
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
        let account = self.account(realm, subject).await?;
        let account = account.ok_or_else(federation_gone)?;
        match account.edit_mode() {
            EditMode::ReadOnly => Err(account.read_only()),
            EditMode::Writable => self.rewrite(realm, &account, update).await,
            EditMode::Unsynced => self.lay_over(realm, &account, update).await,
        }
    }

    /// Removes somebody, and ends their sessions: from the directory where the edit mode is `WRITABLE`.
    /// Else what is kept here is forgotten, where the edit mode is `UNSYNCED` or the federation is gone;
    /// who is still in the directory then comes again with their next sign-in.
    ///
    /// # Errors
    ///
    /// See [`AccountError`].
    pub async fn remove(&self, realm: &Realm, subject: &str) -> Result<(), AccountError> {
        if let Some(account) = self.account(realm, subject).await? {
            match account.edit_mode() {
                EditMode::ReadOnly => return Err(account.read_only()),
                EditMode::Writable => self.delete(&account).await?,
                EditMode::Unsynced => {}
            }
        }
        Ok(self.forget(realm, subject).await?)
    }

    /// Gives somebody a new password: in the directory where the edit mode is `WRITABLE`, here where it is
    /// `UNSYNCED`. Their sessions end, since whoever knew the old one may hold them; and what was tried on
    /// them is forgotten, so they can sign in at once.
    ///
    /// # Errors
    ///
    /// See [`AccountError`]; [`AccountError::Unsupported`] for a `temporary` one, which would have to
    /// be changed at the first sign-in: no policy is asked for that.
    pub async fn reset_password(
        &self,
        realm: &Realm,
        subject: &str,
        new: Password,
        temporary: bool,
    ) -> Result<(), AccountError> {
        let account = self.account(realm, subject).await?;
        let account = account.ok_or_else(federation_gone)?;
        if account.edit_mode() == EditMode::ReadOnly {
            return Err(account.read_only());
        }
        if temporary {
            let detail = "temporary passwords are not offered; set a lasting one, or have the directory ask for another";
            return Err(AccountError::Unsupported(detail.to_owned()));
        }
        if account.edit_mode() == EditMode::Unsynced {
            self.reset_here(realm, &account.stored, &new).await?;
            return self.end_sessions(realm, subject).await;
        }
        let plan = &account.federation.planned.plan;
        if plan.password_write == PasswordWrite::Refused {
            return Err(AccountError::Unsupported(format!(
                "federation {} writes no passwords; set it in the directory",
                account.federation.name()
            )));
        }
        let entries = account.entries(&self.parts);
        let own = entries.of(&account.stored).await?;
        let own = own.ok_or(AccountError::Missing)?;
        entries.give_password(&own, &new).await?;
        self.end_sessions(realm, subject).await?;
        let now = self.parts.clock.now();
        let counted = Counted::new(&*self.parts.store, self.parts.limits, now);
        let known = &account.stored.known;
        let forgiven = counted.forgive(
            &realm.name,
            &known.username,
            known.federation,
            &own.identifier,
        );
        Ok(forgiven.await?)
    }

    /// Ends somebody's sessions, and what was granted in them.
    pub(super) async fn end_sessions(
        &self,
        realm: &Realm,
        subject: &str,
    ) -> Result<(), AccountError> {
        self.parts
            .store
            .end_sessions_of(&realm.name, subject)
            .await?;
        Ok(())
    }

    async fn reset_here(
        &self,
        realm: &Realm,
        stored: &StoredUser,
        new: &Password,
    ) -> Result<(), AccountError> {
        let known = &stored.known;
        if let Some(complaint) = complaint_here(new, &known.username) {
            return Err(AccountError::Complaints(vec![complaint]));
        }
        let hash = self.parts.hashing.hash(new, &*self.parts.random).await;
        let hash = hash.map_err(|error| AccountError::Unavailable(error.to_string()))?;
        let store = &self.parts.store;
        let mut local = store.local_profile(&realm.name, &known.subject).await?;
        local.password_hash = Some(hash);
        self.keep_local(realm, &known.subject, &local).await
    }

    /// Tells the audit trail what was done although the whole failed.
    fn unfinished(
        &self,
        realm: &Realm,
        kind: AuditKind,
        subject: Option<String>,
        detail: String,
    ) -> AccountError {
        let now = self.parts.clock.now();
        let mut line = AuditEvent::new(now, kind, AuditOutcome::Unavailable);
        line.realm = Some(realm.name.to_string());
        line.object = subject
            .as_ref()
            .map(|subject| format!("user {}/{subject}", realm.name));
        line.subject.clone_from(&subject);
        line.reason = Some(detail.clone());
        self.parts.audit.record(&line);
        AccountError::Unfinished { subject, detail }
    }
}

fn federation_gone() -> AccountError {
    let detail = "the person's federation is gone; remove the user";
    AccountError::Unsupported(detail.to_owned())
}

#[cfg(test)]
mod tests;
