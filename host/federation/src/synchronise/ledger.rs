//! What is kept of a run while it goes on.

use bridge_model::{
    names::FederationId,
    ports::{Clock, Store, StoreError},
    synchronisation::{SyncFailure, SyncRun, SyncStage, SyncState},
    time::Timestamp,
    user::ImportCounts,
};
use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{sync::Mutex as Turns, time::sleep};
use tracing::warn;

/// How often progress is written to the store, at most.
const SAVED_EVERY: Duration = Duration::from_secs(1);
/// How often a run says that it is alive although it did not come forward.
const ALIVE_EVERY: Duration = Duration::from_secs(20);
/// Longer texts are cut: one line for a failed entry, whatever a directory or a policy wrote.
const TEXT_CHARS_MAX: usize = 500;

/// What is kept of a federation's synchronisation, in this process and in the store.
pub(super) struct Ledger {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    federation: FederationId,
    state: Mutex<SyncState>,
    /// Writes to the store are done in the order in which they were begun.
    saving: Turns<()>,
}

impl Ledger {
    /// A ledger of the run that `state` has as its last.
    pub(super) fn new(
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        federation: FederationId,
        state: SyncState,
    ) -> Self {
        Self {
            store,
            clock,
            federation,
            state: Mutex::new(state),
            saving: Turns::new(()),
        }
    }

    pub(super) fn state(&self) -> SyncState {
        self.locked().clone()
    }

    /// The run as far as it has come.
    pub(super) fn run(&self) -> Option<SyncRun> {
        self.locked().last.clone()
    }

    /// Changes the run.
    pub(super) fn note(&self, change: impl FnOnce(&mut SyncRun)) {
        if let Some(run) = &mut self.locked().last {
            change(run);
        }
    }

    /// Changes what outlives the run.
    pub(super) fn change(&self, change: impl FnOnce(&mut SyncState)) {
        change(&mut self.locked());
    }

    pub(super) fn count(&self, counts: ImportCounts) {
        self.note(|run| {
            run.added += counts.added;
            run.updated += counts.updated;
            run.unchanged += counts.unchanged;
        });
    }

    /// Notes an entry that could not be imported, with a line in the log.
    pub(super) fn fail(&self, failure: &SyncFailure) {
        let failure = SyncFailure {
            dn: one_line(&failure.dn),
            reason: one_line(&failure.reason),
        };
        warn!(
            federation.id = %self.federation,
            entry_dn = failure.dn,
            reason = failure.reason,
            "an entry was not imported"
        );
        self.note(|run| {
            run.failed += 1;
            if run.failures.len() < SyncRun::FAILURES_MAX {
                run.failures.push(failure);
            }
        });
    }

    /// The run as it would be if it ended so now.
    pub(super) fn ended(&self, stage: SyncStage, reason: Option<&str>) -> Option<SyncRun> {
        let run = self.run()?;
        Some(SyncRun {
            stage,
            reason: reason.map(one_line),
            seen_at: self.now(),
            ..run
        })
    }

    /// Ends the run so. Whoever asks hears of the end when the store knows it, since only then another
    /// can begin.
    pub(super) async fn close(&self, run: SyncRun) -> Result<(), StoreError> {
        let _in_order = self.saving.lock().await;
        let state = SyncState {
            last: Some(run),
            ..self.state()
        };
        let saved = self.store.save_sync_state(self.federation, &state).await;
        *self.locked() = state;
        saved
    }

    /// Writes everything to the store.
    pub(super) async fn save(&self) -> Result<(), StoreError> {
        let _in_order = self.saving.lock().await;
        let now = self.clock.now();
        self.note(|run| run.seen_at = now);
        let state = self.state();
        self.store.save_sync_state(self.federation, &state).await
    }

    /// Writes progress to the store now and then; never ends.
    pub(super) async fn keep_saving(&self) {
        let mut saved = self.progress();
        let mut rested = Duration::ZERO;
        loop {
            sleep(SAVED_EVERY).await;
            rested += SAVED_EVERY;
            let progress = self.progress();
            if progress == saved && rested < ALIVE_EVERY {
                continue;
            }
            match self.save().await {
                Ok(()) => {
                    saved = progress;
                    rested = Duration::ZERO;
                }
                // The run itself hears of a store that is down.
                Err(error) => warn!(%error, "the progress of a synchronisation was not kept"),
            }
        }
    }

    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn progress(&self) -> [u64; 3] {
        let state = self.locked();
        let run = state.last.as_ref();
        run.map_or([0; 3], |run| [run.read, run.removed, run.failed])
    }

    // Nothing is left half done under the lock.
    fn locked(&self) -> MutexGuard<'_, SyncState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A text that stays on its line.
fn one_line(text: &str) -> String {
    let plain = |c: char| if c.is_control() { '\u{fffd}' } else { c };
    text.chars().map(plain).take(TEXT_CHARS_MAX).collect()
}
