//! A candidate on everybody, before anybody signs in with it.
//!
//! ```text
//! Rehearsals      here    who runs, one at a time for each federation
//!   Pair          shadow  what is in force and what could be, over the same directory
//!   Performance   run     all people of the directory, page by page
//!   Tally         shadow  where the two differ, counted in people
//! ```

mod run;

use crate::{
    active::Federations,
    shadow::{Candidate, CandidateError, Comparison, Sides, Tally},
};
use bridge_model::{
    names::FederationId,
    ports::{Clock, Store},
    realm::{PolicyRef, Realm},
    time::Timestamp,
};
use run::{Performance, Progress};
use serde::{Deserialize, Serialize};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::{select, sync::Notify};
use tracing::info;

/// Rehearses candidates. Cheap to clone; what a rehearsal found is this process's own, until the next of
/// the same federation.
#[derive(Clone)]
pub struct Rehearsals {
    inner: Arc<Inner>,
}

struct Inner {
    federations: Arc<Federations>,
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    runs: Mutex<HashMap<FederationId, Run>>,
}

#[derive(Clone)]
struct Run {
    progress: Arc<Progress>,
    stop: Arc<Notify>,
}

/// What is to be rehearsed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RehearseWish {
    /// What could be in force.
    pub candidate: Candidate,
    /// Whether examples show values.
    pub values: bool,
    /// At most so many people; none: all.
    pub limit: Option<u64>,
}

/// Where a rehearsal stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RehearseStage {
    /// It goes on.
    Running,
    /// Everybody was looked at, or as many as were asked for.
    Done,
    /// It could not go on.
    Failed,
    /// Somebody ended it.
    Interrupted,
}

/// A rehearsal as far as it has come.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rehearsal {
    /// Where it stands.
    pub stage: RehearseStage,
    /// Why it did not end well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When it began, in seconds since 1970-01-01T00:00:00Z.
    pub started_at: Timestamp,
    /// The policy in force.
    pub policy: PolicyRef,
    /// The candidate's.
    pub candidate: PolicyRef,
    /// Whether the candidate has another list of mappers.
    pub mappers_change: bool,
    /// What differs between the plans.
    pub plan_changes: Vec<String>,
    /// Where the two differ, in people.
    pub comparison: Comparison,
}

/// Why a rehearsal was not begun.
#[derive(Debug, thiserror::Error)]
pub enum RehearseError {
    /// The candidate cannot run.
    #[error(transparent)]
    Candidate(#[from] CandidateError),
    /// Another goes on: one at a time for each federation.
    #[error("a rehearsal of this federation goes on; wait for it, or end it")]
    Running,
}

impl Rehearsals {
    /// Rehearses federations of this store.
    pub fn new(
        federations: Arc<Federations>,
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            inner: Arc::new(Inner {
                federations,
                store,
                clock,
                runs: Mutex::default(),
            }),
        }
    }

    /// Begins to compare a candidate with what is in force, over all people of a federation, whether it is
    /// switched on or not, and answers at once. The directory is read over connections of its own, in
    /// pages; nothing is kept of people but who is named as an example.
    ///
    /// # Errors
    ///
    /// See [`RehearseError`].
    pub async fn start(
        &self,
        realm: &Realm,
        federation: FederationId,
        wish: RehearseWish,
    ) -> Result<Rehearsal, RehearseError> {
        let Inner {
            federations, store, ..
        } = &*self.inner;
        if self
            .find(federation)
            .is_some_and(|it| it.progress.is_running())
        {
            return Err(RehearseError::Running);
        }
        let planned = store.federation(&realm.name, federation).await;
        let planned = planned.map_err(CandidateError::from)?;
        let planned = planned.ok_or(CandidateError::Missing)?;
        let credential = store.bind_credential(&planned.federation).await;
        let credential = credential.map_err(CandidateError::from)?;
        let policies = federations.policies();
        let sides = Sides::of_store(policies, &**store, realm, planned, &wish.candidate).await?;
        let before = &sides.before.planned;
        let directory = federations
            .directories()
            .open(&before.federation, credential)
            .map_err(CandidateError::from)?;
        let now = self.inner.clock.now();
        let progress = Arc::new(Progress::new(
            Rehearsal {
                stage: RehearseStage::Running,
                reason: None,
                started_at: now,
                policy: before.policy.clone(),
                candidate: sides.after.planned.policy.clone(),
                mappers_change: wish.candidate.mappers.is_some(),
                plan_changes: sides.plan_changes(),
                comparison: Comparison::default(),
            },
            Tally::new(wish.values),
        ));
        let run = Run {
            progress: Arc::clone(&progress),
            stop: Arc::new(Notify::new()),
        };
        {
            // Of several that begin at once, one wins.
            let mut runs = self.locked();
            let other = runs.get(&federation);
            if other.is_some_and(|it| it.progress.is_running()) {
                return Err(RehearseError::Running);
            }
            runs.insert(federation, run.clone());
        }
        let share = realm.policies.cpu_ms_per_second;
        let performance = Performance {
            pair: sides.open(&directory, store),
            progress: Arc::clone(&progress),
            limit: wish.limit.unwrap_or(u64::MAX),
            share,
            now,
        };
        tokio::spawn(perform(performance, run));
        Ok(progress.shown())
    }

    /// The rehearsal of a federation that goes on, or the last that did.
    pub fn state(&self, federation: FederationId) -> Option<Rehearsal> {
        self.find(federation).map(|it| it.progress.shown())
    }

    /// Ends a rehearsal; what it found until then stays. False: none goes on.
    pub fn interrupt(&self, federation: FederationId) -> bool {
        let run = self.find(federation);
        let going = run.filter(|it| it.progress.is_running());
        going.is_some_and(|run| {
            run.stop.notify_one();
            true
        })
    }

    fn find(&self, federation: FederationId) -> Option<Run> {
        self.locked().get(&federation).cloned()
    }

    // Nothing is left half done under the lock.
    fn locked(&self) -> MutexGuard<'_, HashMap<FederationId, Run>> {
        let runs = self.inner.runs.lock();
        runs.unwrap_or_else(PoisonError::into_inner)
    }
}

async fn perform(performance: Performance, run: Run) {
    // However it ends, it has ended.
    let _ended = Ended(Arc::clone(&run.progress));
    let (stage, reason) = select! {
        biased;
        () = run.stop.notified() => {
            (RehearseStage::Interrupted, Some("somebody ended it".to_owned()))
        }
        end = performance.run() => match end {
            Ok(()) => (RehearseStage::Done, None),
            Err(reason) => (RehearseStage::Failed, Some(reason)),
        },
    };
    run.progress.end(stage, reason);
    let shown = run.progress.shown();
    let federation = &performance.pair.before.planned.federation;
    info!(
        realm = %federation.realm,
        federation = %federation.name,
        policy.digest = shown.candidate.digest,
        people = shown.comparison.people,
        different = shown.comparison.different,
        stage = ?shown.stage,
        "a candidate was rehearsed"
    );
}

struct Ended(Arc<Progress>);

impl Drop for Ended {
    fn drop(&mut self) {
        let reason = "it broke off; the log says why".to_owned();
        self.0.end(RehearseStage::Failed, Some(reason));
    }
}

#[cfg(test)]
mod tests;
