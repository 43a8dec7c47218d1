//! What a federation makes of somebody, without a sign-in.

use crate::{
    active::{ActiveFederation, ActiveRealm, Member},
    decide::{Verdict, decide, user_of},
    locate::{Located, locate},
    sign_in::SignIns,
};
use bridge_model::{
    account::User,
    decision::Person,
    entry::Entry,
    names::FederationName,
    ports::StoreError,
    realm::{PolicyRef, Realm},
};
use std::time::Duration;

/// What a federation makes of somebody.
#[derive(Clone, Debug)]
pub struct Preview {
    /// Where the person was found.
    pub federation: FederationName,
    /// The entry as it was read.
    pub entry: Entry,
    /// The person, as a sign-in would have it; bars are shown, not enforced.
    pub user: User,
    /// The policy that made it.
    pub policy: PolicyRef,
    /// The time spent in the policy's calls.
    pub policy_time: Duration,
}

/// Why there is nothing to show.
#[derive(Debug, thiserror::Error)]
pub enum PreviewError {
    /// No federation of the realm has this user name.
    #[error("no federation of the realm has this user name")]
    Nobody,
    /// More than one entry has this user name.
    #[error("more than one entry of {0} has this user name")]
    Several(FederationName),
    /// A federation cannot answer.
    #[error("federation {federation}: {reason}")]
    Federation {
        /// Which.
        federation: FederationName,
        /// Why, in words for the operator.
        reason: String,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl SignIns {
    /// Finds somebody and shows what a sign-in would make of them: the same path, but no bind.
    ///
    /// # Errors
    ///
    /// See [`PreviewError`].
    pub async fn preview(&self, realm: &Realm, username: &str) -> Result<Preview, PreviewError> {
        let active = self.federations().realm(&realm.name).await?;
        for member in &active.federations {
            let federation = match member {
                Member::Active(federation) => federation,
                Member::Broken { name, reason } => {
                    return Err(PreviewError::Federation {
                        federation: name.clone(),
                        reason: reason.clone(),
                    });
                }
            };
            if let Some(preview) = self.preview_in(&active, federation, username).await? {
                return Ok(preview);
            }
        }
        Err(PreviewError::Nobody)
    }

    async fn preview_in(
        &self,
        realm: &ActiveRealm,
        federation: &ActiveFederation,
        username: &str,
    ) -> Result<Option<Preview>, PreviewError> {
        let name = &federation.planned.federation.name;
        let failed = |reason: String| PreviewError::Federation {
            federation: name.clone(),
            reason,
        };
        let located = locate(federation, username).await;
        let entry = match located.map_err(|error| failed(error.to_string()))? {
            Located::One(entry) => *entry,
            Located::Nobody => return Ok(None),
            Located::Several => return Err(PreviewError::Several(name.clone())),
        };
        let person = Person {
            entry,
            reply: None,
            findings: Vec::new(),
        };
        let decided = decide(federation, person, self.now()).await;
        let decided = decided.map_err(|error| failed(error.to_string()))?;
        let Verdict::Identified(identity) = &decided.verdict else {
            return Err(failed(
                "the policy rejected a bind that nobody made".to_owned(),
            ));
        };
        let user = user_of(realm, federation, identity, &decided).map_err(failed)?;
        Ok(Some(Preview {
            federation: name.clone(),
            policy: federation.policy.reference().clone(),
            policy_time: decided.policy_time,
            entry: decided.person.entry,
            user,
        }))
    }
}
