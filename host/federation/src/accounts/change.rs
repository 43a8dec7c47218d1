//! Somebody else than before.

use super::{
    AccountError, Accounts, ProfileUpdate,
    entries::{Entries, NO_SUCH_OBJECT, Own},
    permit,
    profile::{check, problem, value_of},
    whose::Account,
};
use crate::{calls, decide::context};
use bridge_model::{
    account::User,
    audit::AuditKind,
    decision::ClaimValue,
    ports::StoreError,
    realm::Realm,
    search::Reply,
    user::{LocalProfile, StoredUser},
    write::{ProfileChange, Write},
};
use serde_json::Value;

impl Accounts {
    /// Writes a change to the directory.
    pub(super) async fn rewrite(
        &self,
        realm: &Realm,
        account: &Account,
        update: ProfileUpdate,
    ) -> Result<StoredUser, AccountError> {
        let entries = account.entries(&self.parts);
        let before = entries.of(&account.stored).await?;
        let before = before.ok_or(AccountError::Missing)?;
        let update = what_differs(update, &before.user);
        let problems = check(update.username.as_deref(), &update.claims);
        if !problems.is_empty() {
            return Err(AccountError::Problems(problems));
        }
        if let Some(username) = &update.username
            && username.to_lowercase() != before.user.username.to_lowercase()
        {
            self.check_free(realm, &account.active, username).await?;
        }
        let changes = changes_of(&update);
        if changes.is_empty() {
            return entries.keep(before).await;
        }
        let writes = entries.translate(&before, &changes).await?;
        let unfinished = |detail: String| {
            let subject = Some(before.user.subject.clone());
            self.unfinished(realm, AuditKind::Changed, subject, detail)
        };
        // Before it is known what becomes of the writes: an answer may be lost.
        if update.enabled == Some(false) {
            self.end_sessions(realm, &before.user.subject).await?;
        }
        for (done, write) in writes.iter().enumerate() {
            let error = match entries.send(write).await {
                Ok(Ok(())) => continue,
                Ok(Err(reply)) => entries.refused(&reply).await,
                Err(error) => error,
            };
            return Err(match done {
                0 => error,
                _ => unfinished(format!(
                    "the attributes were changed, and the name was not, since {error}"
                )),
            });
        }
        match entries.again(&before).await {
            Ok(Some(after)) => entries.keep(after).await,
            Ok(None) => Err(unfinished(
                "the change was written, and the person is not among the users of the federation any more; look at the object classes and the filter"
                    .to_owned(),
            )),
            Err(error) => Err(unfinished(format!(
                "the change was written, and could not be read back: {error}"
            ))),
        }
    }

    /// Keeps a change here, over what the directory says.
    pub(super) async fn lay_over(
        &self,
        realm: &Realm,
        account: &Account,
        update: ProfileUpdate,
    ) -> Result<StoredUser, AccountError> {
        let known = &account.stored.known;
        let mut problems = check(None, &update.claims);
        if update.username.is_some_and(|name| name != known.username) {
            problems.push(problem(
                "username",
                "is the directory's where the edit mode is UNSYNCED; change it there",
            ));
        }
        if !problems.is_empty() {
            return Err(AccountError::Problems(problems));
        }
        let store = &self.parts.store;
        let mut local = store.local_profile(&realm.name, &known.subject).await?;
        let below = account.stored.imported.as_deref();
        for (name, value) in update.claims {
            lay_claim(&mut local, below, name, value);
        }
        // With what was kept before it may be too much.
        let problems = check(None, &local.claims);
        if !problems.is_empty() {
            return Err(AccountError::Problems(problems));
        }
        let was_disabled = local.disabled;
        local.disabled = update.enabled.map_or(was_disabled, |enabled| !enabled);
        self.keep_local(realm, &known.subject, &local).await?;
        if local.disabled && !was_disabled {
            store.end_sessions_of(&realm.name, &known.subject).await?;
        }
        let stored = store.stored_user(&realm.name, &known.subject).await?;
        stored.ok_or(AccountError::Missing)
    }

    pub(super) async fn keep_local(
        &self,
        realm: &Realm,
        subject: &str,
        local: &LocalProfile,
    ) -> Result<(), AccountError> {
        let store = &self.parts.store;
        if store
            .save_local_profile(&realm.name, subject, local)
            .await?
        {
            Ok(())
        } else {
            Err(AccountError::Missing)
        }
    }

    /// Removes somebody's entry, where it is still there.
    pub(super) async fn delete(&self, account: &Account) -> Result<(), AccountError> {
        let entries = account.entries(&self.parts);
        let Some(own) = entries.of(&account.stored).await? else {
            return Ok(());
        };
        match entries.send(&Write::Delete { dn: own.dn }).await? {
            Ok(()) => Ok(()),
            Err(reply) if reply.result_code == NO_SUCH_OBJECT => Ok(()),
            Err(reply) => Err(entries.refused(&reply).await),
        }
    }

    pub(super) async fn forget(&self, realm: &Realm, subject: &str) -> Result<(), StoreError> {
        let store = &self.parts.store;
        let Some(kept) = store.stored_user(&realm.name, subject).await? else {
            return Ok(());
        };
        // Else a local password and a local switch-off would outlive them.
        let nothing = LocalProfile::default();
        store
            .save_local_profile(&realm.name, subject, &nothing)
            .await?;
        let subjects = [subject.to_owned()];
        store
            .remove_users(&realm.name, kept.known.federation, &subjects)
            .await
            .map(|_| ())
    }
}

/// Keeps a claim, unless it says what the directory says anyway.
fn lay_claim(local: &mut LocalProfile, below: Option<&User>, name: String, value: Value) {
    let is_said = below.is_some_and(|user| {
        let said = user.claims.get(&name).unwrap_or(&Value::Null);
        *said == value
    });
    if is_said {
        local.claims.remove(&name);
    } else {
        local.claims.insert(name, value);
    }
}

/// What of an update is not so already.
fn what_differs(mut update: ProfileUpdate, user: &User) -> ProfileUpdate {
    update.username = update.username.filter(|name| *name != user.username);
    update.claims.retain(|name, value| {
        let said = user.claims.get(name).unwrap_or(&Value::Null);
        said != value
    });
    let is_enabled = super::entries::is_enabled(user);
    update.enabled = update.enabled.filter(|enabled| *enabled != is_enabled);
    update
}

fn changes_of(update: &ProfileUpdate) -> Vec<ProfileChange> {
    let change = |name: &str, value| ProfileChange {
        name: name.to_owned(),
        value,
    };
    let username = update.username.iter();
    let username = username.map(|name| change("username", Some(ClaimValue::Text(name.clone()))));
    let claims = update.claims.iter();
    let claims = claims.map(|(name, value)| change(name, value_of(value)));
    let enabled = update.enabled.iter();
    let enabled = enabled.map(|yes| change("enabled", Some(ClaimValue::Boolean(*yes))));
    username.chain(claims).chain(enabled).collect()
}

impl Entries<'_> {
    /// The writes of a change, checked.
    async fn translate(
        &self,
        own: &Own,
        changes: &[ProfileChange],
    ) -> Result<Vec<Write>, AccountError> {
        let policy = &self.federation.policy;
        if !policy.offers().writing {
            return Err(AccountError::Unsupported(format!(
                "the policy of federation {} writes no profiles; change the person in the directory",
                self.federation.name()
            )));
        }
        let now = self.parts.clock.now();
        let context = context(self.federation, now).await;
        let context = context.map_err(|error| self.unavailable(&error))?;
        let (entry, changes) = (own.entry.clone(), changes.to_vec());
        let asked = calls::ask_once(self.federation, move |policy| {
            policy.modify(&context, &entry, &changes)
        });
        let change = asked
            .await
            .map_err(|error| self.policy_failed(&error))?
            .map_err(AccountError::Problems)?;
        permit::change(&self.federation.planned.plan, &own.dn, change)
            .map_err(|forbidden| self.forbidden(&forbidden))
    }

    /// Switches an account on or off.
    pub(super) async fn switch(&self, own: &Own, enabled: bool) -> Result<(), AccountError> {
        let change = ProfileChange {
            name: "enabled".to_owned(),
            value: Some(ClaimValue::Boolean(enabled)),
        };
        for write in self.translate(own, &[change]).await? {
            let sent: Result<(), Reply> = self.send(&write).await?;
            if let Err(reply) = sent {
                return Err(self.refused(&reply).await);
            }
        }
        Ok(())
    }
}
