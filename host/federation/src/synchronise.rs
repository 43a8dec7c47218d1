//! Reading all users of a federation, or those that changed, into the store.
//!
//! ```text
//! Synchroniser                    who runs, one at a time for each federation
//!   Begun, Job            job       one run: the course, the end, the audit trail
//!     full                full      all users, page by page; then who is gone
//!       UserPages         users     the pages, place by place
//!       Seen              seen      who was there
//!       vanished          vanished  who was not, and whether that can be
//!       Writer            writer    users on their way into the store
//!     changed             changed   what the policy finds out has changed
//!       Meant             meant     whom it means
//!     import              import    entry → policy → user → store
//!     Ledger              ledger    progress, for whoever asks and for the store
//!   start_due             due       what is to be read by now
//! ```

mod changed;
mod due;
mod full;
mod halt;
mod import;
mod job;
mod ledger;
mod meant;
mod seen;
mod users;
mod vanished;
mod writer;

use crate::{
    active::Federations,
    member::{ActiveFederation, Member},
};
use bridge_model::{
    names::{FederationId, RealmName},
    ports::{AuditLog, Clock, Store, StoreError},
    realm::PlannedFederation,
    synchronisation::{SyncKind, SyncRun, SyncStage, SyncState},
    time::Timestamp,
};
pub(crate) use import::lies_in;
use job::{Begun, Job, origin};
use ledger::Ledger;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::sync::Notify;

/// A run that was not seen for longer has lost its process.
const LOST_AFTER: Duration = Duration::from_mins(2);

/// Synchronises federations. Cheap to clone; a run goes on by itself, on the runtime that it was
/// begun on.
#[derive(Clone)]
pub struct Synchroniser {
    inner: Arc<Inner>,
}

struct Inner {
    federations: Arc<Federations>,
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    audit: Arc<dyn AuditLog>,
    /// The runs of this process.
    running: Mutex<HashMap<FederationId, Running>>,
}

#[derive(Clone)]
struct Running {
    ledger: Arc<Ledger>,
    stop: Arc<Notify>,
}

/// Why a run was not begun.
#[derive(Debug, thiserror::Error)]
pub enum SyncError {
    /// There is no such federation.
    #[error("there is no such federation")]
    Missing,
    /// The federation keeps no users.
    #[error("the federation keeps no users: set import_enabled")]
    ImportOff,
    /// Another run goes on: one at a time for each federation.
    #[error("a run goes on: wait for it, or interrupt it")]
    Running(SyncRun),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Synchroniser {
    /// Synchronises these federations into this store.
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
                running: Mutex::default(),
            }),
        }
    }

    /// Begins a run and answers at once. Where it cannot be told what changed (nothing was read yet,
    /// the federation or its policy is another, or the policy does not know how), the run is a full one.
    ///
    /// A run ends with a line in the log and the audit trail; that a federation is switched off or
    /// cannot be put in force is how a run ends, not why none begins.
    ///
    /// # Errors
    ///
    /// See [`SyncError`].
    pub async fn start(
        &self,
        realm: &RealmName,
        federation: FederationId,
        kind: SyncKind,
    ) -> Result<SyncRun, SyncError> {
        let planned = self.planned(realm, federation).await?;
        if !planned.federation.import_enabled {
            return Err(SyncError::ImportOff);
        }
        let inner = &self.inner;
        let active = inner.federations.realm(realm).await?;
        let member = active.members.iter().find(|member| match member {
            Member::Active(active) => active.planned.federation.id == federation,
            Member::Broken(broken) => broken.id == federation,
        });
        let member = match member {
            Some(Member::Active(member)) => Ok(Arc::clone(member)),
            Some(Member::Broken(broken)) => Err(broken.reason.clone()),
            None => Err("the federation is switched off; switch it on first".to_owned()),
        };
        let run = self.begin(federation, kind, &member).await?;
        let state = SyncState {
            last: Some(run.clone()),
            ..inner.store.sync_state(federation).await?
        };
        let (store, clock) = (Arc::clone(&inner.store), Arc::clone(&inner.clock));
        let ledger = Arc::new(Ledger::new(store, clock, federation, state));
        let running = Running {
            ledger: Arc::clone(&ledger),
            stop: Arc::new(Notify::new()),
        };
        let begun = Begun {
            planned: Arc::new(planned),
            job: member.map(|federation| Job {
                store: Arc::clone(&inner.store),
                ledger: Arc::clone(&ledger),
                realm: active,
                federation,
            }),
            ledger,
            stop: Arc::clone(&running.stop),
            audit: Arc::clone(&inner.audit),
        };
        self.spawn(federation, running, begun);
        Ok(run)
    }

    /// Where a federation's synchronisation stands: of a run in this process as it is now, of another
    /// process's as it was when that last said so.
    ///
    /// # Errors
    ///
    /// [`SyncError::Missing`], [`SyncError::Store`].
    pub async fn state(
        &self,
        realm: &RealmName,
        federation: FederationId,
    ) -> Result<SyncState, SyncError> {
        self.planned(realm, federation).await?;
        if let Some(running) = self.running(federation) {
            return Ok(running.ledger.state());
        }
        let mut state = self.inner.store.sync_state(federation).await?;
        if let Some(run) = &mut state.last
            && self.is_lost(run)
        {
            run.stage = SyncStage::Interrupted;
            run.reason = Some("the process that ran it is gone".to_owned());
        }
        Ok(state)
    }

    /// Ends a run; what it did stays. False: none went on, or another process has it.
    ///
    /// # Errors
    ///
    /// As [`Synchroniser::state`].
    pub async fn interrupt(
        &self,
        realm: &RealmName,
        federation: FederationId,
    ) -> Result<bool, SyncError> {
        self.planned(realm, federation).await?;
        if let Some(running) = self.running(federation) {
            running.stop.notify_one();
            return Ok(true);
        }
        // A run that has lost its process would go on by itself.
        let mut state = self.inner.store.sync_state(federation).await?;
        match &mut state.last {
            Some(run) if self.is_lost(run) => {
                run.stage = SyncStage::Interrupted;
                run.reason = Some("interrupted".to_owned());
                self.inner.store.save_sync_state(federation, &state).await?;
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    /// Begins a run in the store, a full one where it cannot be told what changed.
    async fn begin(
        &self,
        federation: FederationId,
        kind: SyncKind,
        member: &Result<Arc<ActiveFederation>, String>,
    ) -> Result<SyncRun, SyncError> {
        let store = &self.inner.store;
        let before = store.sync_state(federation).await?;
        let is_full = member
            .as_ref()
            .is_ok_and(|member| !knows_changes(&before, member));
        let kind = if is_full { SyncKind::Full } else { kind };
        let now = self.inner.clock.now();
        let run = SyncRun::begin(kind, now);
        let lost_before = now.minus(LOST_AFTER);
        if store.begin_sync(federation, &run, lost_before).await? {
            return Ok(run);
        }
        let live = self.running(federation).and_then(|it| it.ledger.run());
        let other = match live {
            Some(live) => Some(live),
            None => store.sync_state(federation).await?.last,
        };
        Err(SyncError::Running(other.unwrap_or(run)))
    }

    async fn planned(
        &self,
        realm: &RealmName,
        federation: FederationId,
    ) -> Result<PlannedFederation, SyncError> {
        let planned = self.inner.store.federation(realm, federation).await?;
        planned.ok_or(SyncError::Missing)
    }

    fn spawn(&self, federation: FederationId, running: Running, begun: Begun) {
        let gone = Gone {
            synchroniser: self.clone(),
            federation,
            ledger: Arc::clone(&running.ledger),
        };
        self.locked().insert(federation, running);
        tokio::spawn(async move {
            let _gone = gone;
            begun.perform().await;
        });
    }

    fn is_lost(&self, run: &SyncRun) -> bool {
        run.stage == SyncStage::Running && is_lost(run, self.inner.clock.now())
    }

    fn running(&self, federation: FederationId) -> Option<Running> {
        self.locked().get(&federation).cloned()
    }

    // Nothing is left half done under the lock.
    fn locked(&self) -> MutexGuard<'_, HashMap<FederationId, Running>> {
        let running = self.inner.running.lock();
        running.unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes a run out of those that go on, however it ends.
struct Gone {
    synchroniser: Synchroniser,
    federation: FederationId,
    ledger: Arc<Ledger>,
}

impl Drop for Gone {
    fn drop(&mut self) {
        let mut running = self.synchroniser.locked();
        // The next may have begun already.
        let is_own = running
            .get(&self.federation)
            .is_some_and(|running| Arc::ptr_eq(&running.ledger, &self.ledger));
        if is_own {
            running.remove(&self.federation);
        }
    }
}

fn is_lost(run: &SyncRun, now: Timestamp) -> bool {
    run.seen_at < now.minus(LOST_AFTER)
}

/// Whether it can be told what changed since the last run.
fn knows_changes(state: &SyncState, federation: &ActiveFederation) -> bool {
    let cursor = state.cursor.as_ref();
    federation.policy.offers().changes.is_some()
        && cursor.is_some_and(|(of, _)| *of == origin(federation))
}

#[cfg(test)]
mod tests;
