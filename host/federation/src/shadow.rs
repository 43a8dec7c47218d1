//! A candidate in the shadow of what is in force: on the same sign-ins, without effect.
//!
//! ```text
//! Shadowing         here       who begins, shows, ends and promotes
//!   Candidate       candidate  what could be in force
//!   Pair            pair       what is and what could be, over the same directory
//!     KnownDirectory known     what a sign-in read is not read again
//!   Answer          compare    what each of them makes of a person, and where they differ
//!   Tally           tally      the same, counted in people
//! Beside            beside     where sign-ins and synchronisations leave what they met
//!   Shadow          running    one candidate of one federation, with what was counted
//!   work            worker     comparing, after the answer was given
//! ```

pub(crate) mod beside;
mod candidate;
mod compare;
mod known;
mod pair;
mod running;
mod tally;
mod worker;

pub use candidate::{Candidate, CandidateError};
pub use compare::DifferenceKind;
pub use running::{ShadowStage, ShadowState, ShadowWish};
pub use tally::{Comparison, DifferenceCount, DifferenceExample};

pub(crate) use beside::Beside;
pub(crate) use candidate::{plan_changes, set_aside};
pub(crate) use compare::Answer;
pub(crate) use pair::{Answers, Pair, Sides};
pub(crate) use tally::Tally;

use crate::{
    active::Federations,
    member::{ActiveFederation, Member},
    subject::subject_effect,
};
use bridge_model::{
    audit::{AuditEvent, AuditKind, AuditOutcome},
    names::{FederationId, RealmName},
    ports::{AuditLog, Clock, Precondition, Store, StoreError},
    realm::{PlannedFederation, Realm},
};
use running::Shadow;
use serde_json::json;
use std::sync::Arc;
use tracing::{info, warn};

/// Has candidates run in the shadow of what is in force. Cheap to clone. What it counts is this
/// process's own and is gone with it.
#[derive(Clone)]
pub struct Shadowing {
    inner: Arc<Inner>,
}

struct Inner {
    federations: Arc<Federations>,
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    audit: Arc<dyn AuditLog>,
}

/// A federation whose candidate was put in force.
#[derive(Clone, Debug)]
pub struct Promoted {
    /// As it was.
    pub before: PlannedFederation,
    /// As it is now.
    pub after: PlannedFederation,
}

/// Why a shadow was not begun or promoted.
#[derive(Debug, thiserror::Error)]
pub enum ShadowError {
    /// The candidate cannot run.
    #[error(transparent)]
    Candidate(#[from] CandidateError),
    /// One runs already.
    #[error("a candidate runs beside this federation already; promote or discard it first")]
    Running,
    /// None runs.
    #[error("no candidate runs beside this federation; begin with one")]
    None,
    /// It has ended.
    #[error("the shadow has ended, since {0}; begin anew")]
    Ended(String),
    /// A file declares the federation.
    #[error("the federation is declared by {0}; change it there")]
    Managed(String),
    /// People would be others to all applications.
    #[error(
        "{0} known users would get another subject, and no application would know them again; discard the candidate, or change the federation itself and confirm that"
    )]
    Subjects(u64),
    /// The store refused or failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Shadowing {
    /// Looks on at the sign-ins of these federations.
    pub fn new(
        federations: Arc<Federations>,
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        audit: Arc<dyn AuditLog>,
    ) -> Self {
        Self {
            inner: Arc::new(Inner {
                federations,
                store,
                clock,
                audit,
            }),
        }
    }

    /// Begins to run a candidate beside a federation: from the next sign-in on, until it is promoted or
    /// discarded, or the federation or its policy changes. Has to be called on a runtime.
    ///
    /// # Errors
    ///
    /// See [`ShadowError`].
    pub async fn start(
        &self,
        realm: &Realm,
        federation: FederationId,
        wish: ShadowWish,
    ) -> Result<ShadowState, ShadowError> {
        let Inner {
            federations, store, ..
        } = &*self.inner;
        let beside = federations.beside();
        if beside.find(federation).is_some_and(|it| it.is_running()) {
            return Err(ShadowError::Running);
        }
        let member = self.member(&realm.name, federation).await?;
        let planned = PlannedFederation::clone(&member.planned);
        if wish.promote_after.is_some()
            && let Some(file) = &planned.managed_by
        {
            return Err(ShadowError::Managed(file.clone()));
        }
        let policies = federations.policies();
        let sides = Sides::of_store(policies, &**store, realm, planned, &wish.candidate).await?;
        let pair = sides.open(&member.directory, store);
        let now = self.inner.clock.now();
        let (shadow, queue) = Shadow::new(&sides, &pair, wish, now);
        let shadow = Arc::new(shadow);
        tokio::spawn(worker::work(
            self.clone(),
            Arc::downgrade(&shadow),
            sides,
            queue,
        ));
        let state = shadow.state();
        beside.put(federation, Arc::clone(&shadow));
        // Entries are read for both from now on.
        if !pair.more().is_empty() {
            federations.reload(&realm.name);
        }
        info!(
            realm = %realm.name,
            federation = %member.name(),
            policy.digest = state.candidate.digest,
            "a candidate runs in the shadow of the policy in force"
        );
        Ok(state)
    }

    /// What was found so far; none where none runs or ran.
    pub fn state(&self, federation: FederationId) -> Option<ShadowState> {
        let shadow = self.inner.federations.beside().find(federation)?;
        Some(shadow.state())
    }

    /// Ends a shadow and forgets what it found. False: there was none.
    pub fn discard(&self, realm: &RealmName, federation: FederationId) -> bool {
        let federations = &self.inner.federations;
        let Some(shadow) = federations.beside().take(federation) else {
            return false;
        };
        if !shadow.more.is_empty() {
            federations.reload(realm);
        }
        true
    }

    /// Puts the candidate in force for this federation alone: its mappers are saved, and its policy is
    /// pinned by its digest.
    ///
    /// # Errors
    ///
    /// See [`ShadowError`].
    pub async fn promote(
        &self,
        realm: &RealmName,
        federation: FederationId,
    ) -> Result<Promoted, ShadowError> {
        let shadow = self.inner.federations.beside().find(federation);
        let shadow = shadow.ok_or(ShadowError::None)?;
        if let Some(reason) = shadow.ended() {
            return Err(ShadowError::Ended(reason));
        }
        let promoted = self.save(realm, &shadow).await?;
        self.discard(realm, federation);
        Ok(promoted)
    }

    async fn save(&self, realm: &RealmName, shadow: &Shadow) -> Result<Promoted, ShadowError> {
        let Inner {
            federations,
            store,
            clock,
            ..
        } = &*self.inner;
        let after = &*shadow.after;
        let before = store.federation(realm, after.federation.id).await?;
        let before = before.ok_or(CandidateError::Missing)?;
        if let Some(file) = &before.managed_by {
            return Err(ShadowError::Managed(file.clone()));
        }
        let effect = subject_effect(&**store, &before, after).await?;
        if effect > 0 {
            return Err(ShadowError::Subjects(effect));
        }
        let precondition = Precondition::Revision(shadow.revision);
        let now = clock.now();
        let saved = store.save_federation(after, None, precondition, now);
        let after = saved.await?;
        federations.reload(realm);
        Ok(Promoted { before, after })
    }

    /// Puts a candidate in force because nothing differed, and leaves that in the audit trail.
    pub(crate) async fn promote_itself(&self, shadow: &Shadow, sign_ins: u64) {
        let federation = &shadow.after.federation;
        let now = self.inner.clock.now();
        let mut event = AuditEvent::new(now, AuditKind::Changed, AuditOutcome::Success);
        event.realm = Some(federation.realm.to_string());
        event.federation = Some(federation.name.to_string());
        event.policy = Some(shadow.after.policy.clone());
        event.object = Some(format!(
            "federation {}/{}",
            federation.realm, federation.name
        ));
        event.actor = Some(format!(
            "shadow, after {sign_ins} sign-ins without a difference"
        ));
        match self.save(&federation.realm, shadow).await {
            Ok(Promoted { before, after }) => {
                let shown = |planned: &PlannedFederation| {
                    let mappers = &planned.federation.mappers;
                    json!({ "policy": planned.policy, "mappers": mappers })
                };
                event.before = Some(shown(&before));
                event.after = Some(shown(&after));
                // First the trail: whoever sees that it is promoted finds there why.
                self.inner.audit.record(&event);
                shadow.promoted(sign_ins);
            }
            Err(error) => {
                warn!(%error, "a candidate could not be promoted");
                event.outcome = AuditOutcome::Refused;
                event.reason = Some(error.to_string());
                self.inner.audit.record(&event);
                shadow.end(&format!("it could not be promoted: {error}"));
            }
        }
    }

    pub(crate) fn store(&self) -> &Arc<dyn Store> {
        &self.inner.store
    }

    async fn member(
        &self,
        realm: &RealmName,
        federation: FederationId,
    ) -> Result<Arc<ActiveFederation>, ShadowError> {
        let active = self.inner.federations.realm(realm).await?;
        let member = active.members.iter().find(|member| match member {
            Member::Active(active) => active.planned.federation.id == federation,
            Member::Broken(broken) => broken.id == federation,
        });
        match member {
            Some(Member::Active(member)) => Ok(Arc::clone(member)),
            Some(Member::Broken(broken)) => {
                Err(CandidateError::NotInForce(broken.reason.clone()).into())
            }
            None => {
                let off = "it is switched off, so nobody signs in; switch it on first";
                Err(CandidateError::NotInForce(off.to_owned()).into())
            }
        }
    }
}

#[cfg(test)]
mod tests;
