//! What is to be read by now.

use super::{SyncError, Synchroniser, is_lost};
use bridge_model::{
    federation::Federation,
    names::{FederationId, RealmName},
    ports::StoreError,
    synchronisation::{SyncKind, SyncStage, SyncState},
    time::Timestamp,
};
use std::time::Duration;
use tracing::{error, warn};

/// So many runs that nobody asked for go on at the same time in this process: each takes memory and
/// a processor.
const RUNS_MAX: usize = 2;
/// A run that could not go on is tried again no sooner.
const AGAIN_AFTER: Duration = Duration::from_mins(5);
/// The most that the beginning of a run is put off, so that not all begin at once.
const JITTER_MAX: Duration = Duration::from_mins(5);

impl Synchroniser {
    /// Begins the runs that are due: by the periods of federations that are switched on and import,
    /// and those that have lost their process. To be called now and then, every minute or so; gives
    /// how many were begun. What is in the way stands in the log, and is tried again with the next
    /// call.
    pub async fn start_due(&self) -> usize {
        self.begin_due().await.unwrap_or_else(|error| {
            error!(%error, "the store failed: no synchronisation was begun");
            0
        })
    }

    async fn begin_due(&self) -> Result<usize, StoreError> {
        let mut begun = 0;
        for (realm, federation, kind) in self.due().await? {
            if self.locked().len() >= RUNS_MAX {
                break;
            }
            match self.start(&realm, federation, kind).await {
                Ok(_) => begun += 1,
                // Another process was faster, or the federation has changed meanwhile.
                Err(SyncError::Running(_) | SyncError::Missing | SyncError::ImportOff) => {}
                Err(SyncError::Store(error)) => {
                    warn!(%realm, federation.id = %federation, %error, "a synchronisation could not begin");
                }
            }
        }
        Ok(begun)
    }

    /// What is due, longest first.
    async fn due(&self) -> Result<Vec<(RealmName, FederationId, SyncKind)>, StoreError> {
        let store = &self.inner.store;
        let now = self.inner.clock.now();
        let mut all = Vec::new();
        for federation in store.importing_federations().await? {
            if self.running(federation.id).is_some() {
                continue;
            }
            let state = store.sync_state(federation.id).await?;
            if let Some((since, kind)) = due(&federation, &state, now) {
                all.push((since, federation.realm, federation.id, kind));
            }
        }
        all.sort_by_key(|(since, ..)| *since);
        let all = all.into_iter();
        Ok(all.map(|(_, realm, id, kind)| (realm, id, kind)).collect())
    }
}

/// What is due of a federation, and since when.
fn due(
    federation: &Federation,
    state: &SyncState,
    now: Timestamp,
) -> Option<(Timestamp, SyncKind)> {
    let last = state.last.as_ref();
    if let Some(run) = last.filter(|run| run.stage == SyncStage::Running) {
        return is_lost(run, now).then_some((run.seen_at, run.kind));
    }
    let synchronisation = &federation.synchronisation;
    let full = (synchronisation.full_period, state.full_at, SyncKind::Full);
    let changed_at = state.changed_at.max(state.full_at);
    let changed = (
        synchronisation.changed_period,
        changed_at,
        SyncKind::Changed,
    );
    [full, changed].into_iter().find_map(|(period, at, kind)| {
        let period = period?;
        let jitter = jitter(federation.id, period);
        let since = at.map_or(Timestamp(0), |at| at.plus(period).plus(jitter));
        // One that did not end well is not begun again at once.
        let rested = last.map_or(Timestamp(0), |run| match run.stage {
            SyncStage::Failed => run.seen_at.plus(period.min(AGAIN_AFTER)),
            SyncStage::Stopped | SyncStage::Interrupted if run.kind == kind => {
                run.started_at.plus(period)
            }
            _ => Timestamp(0),
        });
        (since.max(rested) <= now).then_some((since, kind))
    })
}

/// How much later a federation's runs begin: always the same, up to a tenth of the period.
fn jitter(federation: FederationId, period: Duration) -> Duration {
    let most = (period / 10).min(JITTER_MAX).as_secs();
    let (high, low) = federation.0.as_u64_pair();
    Duration::from_secs((high ^ low) % (most + 1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::federation;
    use bridge_model::{federation::Synchronisation, synchronisation::SyncRun};

    const HOUR: u64 = 3_600;

    fn hourly() -> Federation {
        Federation {
            synchronisation: Synchronisation {
                full_period: Some(Duration::from_hours(24)),
                changed_period: Some(Duration::from_hours(1)),
                ..Synchronisation::default()
            },
            ..federation("a", "staff")
        }
    }

    fn due_at(federation: &Federation, state: &SyncState, now: u64) -> Option<SyncKind> {
        due(federation, state, Timestamp(now)).map(|(_, kind)| kind)
    }

    #[test]
    fn what_was_never_read_is_read_as_a_whole() {
        let state = SyncState::default();
        assert_eq!(due_at(&hourly(), &state, 5), Some(SyncKind::Full));
        let never = federation("a", "staff");
        assert_eq!(due_at(&never, &state, 5), None);
    }

    #[test]
    fn periods_are_counted_from_the_last_run_that_ended_well() {
        let jitter_max = 300;
        let state = SyncState {
            full_at: Some(Timestamp(100 * HOUR)),
            changed_at: Some(Timestamp(103 * HOUR)),
            ..SyncState::default()
        };
        let due = |now| due_at(&hourly(), &state, now);
        assert_eq!(due(104 * HOUR - 1), None);
        assert_eq!(due(104 * HOUR + jitter_max), Some(SyncKind::Changed));
        assert_eq!(due(124 * HOUR + jitter_max), Some(SyncKind::Full));
        let full = SyncState {
            full_at: Some(Timestamp(103 * HOUR)),
            ..SyncState::default()
        };
        assert_eq!(due_at(&hourly(), &full, 104 * HOUR - 1), None);
    }

    #[test]
    fn what_did_not_end_well_waits() {
        let mut state = SyncState {
            full_at: None,
            ..SyncState::default()
        };
        let mut ended = |stage, now| {
            let mut run = SyncRun::begin(SyncKind::Full, Timestamp(100 * HOUR));
            run.stage = stage;
            state.last = Some(run);
            due_at(
                &Federation {
                    synchronisation: Synchronisation {
                        changed_period: None,
                        ..hourly().synchronisation
                    },
                    ..hourly()
                },
                &state,
                now,
            )
        };
        assert_eq!(ended(SyncStage::Failed, 100 * HOUR + 299), None);
        let full = Some(SyncKind::Full);
        assert_eq!(ended(SyncStage::Failed, 100 * HOUR + 300), full);
        for stage in [SyncStage::Stopped, SyncStage::Interrupted] {
            assert_eq!(ended(stage, 123 * HOUR), None, "{stage:?}");
            assert_eq!(ended(stage, 124 * HOUR), full, "{stage:?}");
        }
    }

    #[test]
    fn a_run_goes_on_after_its_process_is_gone() {
        let state = SyncState {
            last: Some(SyncRun::begin(SyncKind::Changed, Timestamp(HOUR))),
            ..SyncState::default()
        };
        let never = federation("a", "staff");
        assert_eq!(due_at(&never, &state, HOUR + 120), None);
        assert_eq!(due_at(&never, &state, HOUR + 121), Some(SyncKind::Changed));
    }

    #[test]
    fn federations_do_not_all_begin_at_once() {
        let period = Duration::from_hours(1);
        let late = |id| jitter(FederationId(uuid::Uuid::from_u128(id)), period);
        assert_ne!(late(1), late(2));
        assert!((0..1_000).all(|id| late(id) <= Duration::from_mins(5)));
    }
}
