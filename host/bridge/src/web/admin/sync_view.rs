//! Synchronisations as administrators see them.

use bridge_model::synchronisation::{SyncFailure, SyncKind, SyncRun, SyncStage, SyncState};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = SyncKind)]
pub(super) enum KindView {
    /// All users.
    Full,
    /// Those that changed since the last run.
    Changed,
}

/// Where a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = SyncStage)]
pub(super) enum StageView {
    /// It goes on.
    Running,
    /// It read everything it should.
    Done,
    /// It could not go on.
    Failed,
    /// It would have removed more users than the federation allows, and removed nobody.
    Stopped,
    /// Somebody ended it, or the process that ran it is gone.
    Interrupted,
}

/// An entry that could not be imported.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = SyncFailure)]
pub(super) struct FailureView {
    /// Which.
    dn: String,
    /// Why.
    reason: String,
}

/// One run, as far as it has come. Times are in seconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = SyncRun)]
pub(super) struct RunView {
    /// What is read.
    kind: KindView,
    /// Where it stands.
    stage: StageView,
    /// When it began.
    started_at: u64,
    /// When it last came forward.
    seen_at: u64,
    /// Entries read.
    read: u64,
    /// Users that were not there before.
    added: u64,
    /// Users that are another now.
    updated: u64,
    /// Users that are as they were.
    unchanged: u64,
    /// Users that are gone.
    removed: u64,
    /// Entries that could not be imported.
    failed: u64,
    /// The first hundred of those.
    failures: Vec<FailureView>,
    /// Why it did not end well.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

/// What is known of a federation's synchronisation.
#[derive(Serialize, ToSchema)]
#[schema(as = SyncState)]
pub(super) struct StateView {
    /// The run that goes on, or the last that did; none: there was none yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    last: Option<RunView>,
    /// When the last full run that ended well began.
    #[serde(skip_serializing_if = "Option::is_none")]
    full_at: Option<u64>,
    /// When the last run for changes that ended well began.
    #[serde(skip_serializing_if = "Option::is_none")]
    changed_at: Option<u64>,
}

impl From<SyncState> for StateView {
    fn from(state: SyncState) -> Self {
        Self {
            last: state.last.map(RunView::from),
            full_at: state.full_at.map(|time| time.0),
            changed_at: state.changed_at.map(|time| time.0),
        }
    }
}

impl From<SyncRun> for RunView {
    fn from(run: SyncRun) -> Self {
        Self {
            kind: match run.kind {
                SyncKind::Full => KindView::Full,
                SyncKind::Changed => KindView::Changed,
            },
            stage: match run.stage {
                SyncStage::Running => StageView::Running,
                SyncStage::Done => StageView::Done,
                SyncStage::Failed => StageView::Failed,
                SyncStage::Stopped => StageView::Stopped,
                SyncStage::Interrupted => StageView::Interrupted,
            },
            started_at: run.started_at.0,
            seen_at: run.seen_at.0,
            read: run.read,
            added: run.added,
            updated: run.updated,
            unchanged: run.unchanged,
            removed: run.removed,
            failed: run.failed,
            failures: run.failures.into_iter().map(FailureView::from).collect(),
            reason: run.reason,
        }
    }
}

impl From<SyncFailure> for FailureView {
    fn from(SyncFailure { dn, reason }: SyncFailure) -> Self {
        Self { dn, reason }
    }
}
