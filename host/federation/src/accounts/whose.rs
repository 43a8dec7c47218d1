//! Where somebody who is known belongs.

use super::{AccountError, Accounts, entries::Entries};
use crate::{
    active::ActiveRealm,
    member::{ActiveFederation, Member},
    parts::Parts,
};
use bridge_model::{federation::EditMode, realm::Realm, user::StoredUser};
use std::sync::Arc;

/// Somebody who is known, and their federation.
pub(super) struct Account {
    pub(super) stored: StoredUser,
    pub(super) active: Arc<ActiveRealm>,
    pub(super) federation: Arc<ActiveFederation>,
}

impl Account {
    pub(super) fn edit_mode(&self) -> EditMode {
        self.federation.planned.federation.edit_mode
    }

    pub(super) fn read_only(&self) -> AccountError {
        AccountError::ReadOnly(self.federation.name().to_string())
    }

    pub(super) fn entries<'a>(&'a self, parts: &'a Parts) -> Entries<'a> {
        Entries {
            parts,
            federation: &self.federation,
            subject_key: &self.active.subject_key,
        }
    }
}

impl Accounts {
    /// Somebody who is known; none inside: their federation is gone for good.
    pub(super) async fn account(
        &self,
        realm: &Realm,
        subject: &str,
    ) -> Result<Option<Account>, AccountError> {
        let store = &self.parts.store;
        let stored = store.stored_user(&realm.name, subject).await?;
        let stored = stored.ok_or(AccountError::Missing)?;
        let id = stored.known.federation;
        let active = self.parts.federations.realm(&realm.name).await?;
        for member in &active.members {
            match member {
                Member::Active(federation) if federation.planned.federation.id == id => {
                    let federation = Arc::clone(federation);
                    return Ok(Some(Account {
                        stored,
                        active,
                        federation,
                    }));
                }
                Member::Broken(broken) if broken.id == id => {
                    let (name, reason) = (&broken.name, &broken.reason);
                    let reason = format!("federation {name}: {reason}");
                    return Err(AccountError::Unavailable(reason));
                }
                Member::Active(_) | Member::Broken(_) => {}
            }
        }
        match store.federation(&realm.name, id).await? {
            None => Ok(None),
            Some(planned) => Err(AccountError::Unavailable(format!(
                "federation {} is switched off; switch it on first",
                planned.federation.name
            ))),
        }
    }
}
