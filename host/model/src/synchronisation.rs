//! Reading all users of a federation, or those that changed, into the store.

use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// What is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SyncKind {
    /// All users; who is not among them is gone.
    Full,
    /// Those that changed since the last run, as far as the policy knows how to find them.
    Changed,
}

/// Where a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SyncStage {
    /// It goes on.
    Running,
    /// It read everything it should.
    Done,
    /// It could not go on: what was done until then stays, and the next run begins where that is safe.
    Failed,
    /// It would have removed more users than the federation allows, and removed nobody.
    Stopped,
    /// Somebody ended it, or the process that ran it is gone.
    Interrupted,
}

/// One run, as far as it has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncRun {
    /// What is read.
    pub kind: SyncKind,
    /// Where it stands.
    pub stage: SyncStage,
    /// When it began.
    pub started_at: Timestamp,
    /// When it last came forward; a running one that has not for long has lost its process.
    pub seen_at: Timestamp,
    /// Entries read.
    pub read: u64,
    /// Users that were not there before.
    pub added: u64,
    /// Users that are another now.
    pub updated: u64,
    /// Users that are as they were: nothing was written.
    pub unchanged: u64,
    /// Users that are gone.
    pub removed: u64,
    /// Entries that could not be imported.
    pub failed: u64,
    /// The first of those, at most [`SyncRun::FAILURES_MAX`].
    pub failures: Vec<SyncFailure>,
    /// Why it did not end well, in words for the operator.
    pub reason: Option<String>,
}

impl SyncRun {
    /// So many failures are kept with a run; the log has all.
    pub const FAILURES_MAX: usize = 100;

    /// A run that begins.
    pub fn begin(kind: SyncKind, now: Timestamp) -> Self {
        Self {
            kind,
            stage: SyncStage::Running,
            started_at: now,
            seen_at: now,
            read: 0,
            added: 0,
            updated: 0,
            unchanged: 0,
            removed: 0,
            failed: 0,
            failures: Vec::new(),
            reason: None,
        }
    }
}

/// An entry that could not be imported.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncFailure {
    /// Which.
    pub dn: String,
    /// Why, in one line without secrets.
    pub reason: String,
}

/// What is kept of a federation's synchronisation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SyncState {
    /// The policy's own octets: where the changes begin that were not read. Of this policy's digest
    /// only.
    pub cursor: Option<(String, Vec<u8>)>,
    /// The run that goes on, or the last that did.
    pub last: Option<SyncRun>,
    /// When the last full run that ended well began.
    pub full_at: Option<Timestamp>,
    /// When the last run for changes that ended well began.
    pub changed_at: Option<Timestamp>,
}
