//! Writing users while others are read.

use super::{halt::Halt, job::Job, ledger::Ledger};
use bridge_model::{
    ports::{Store, StoreError},
    realm::PlannedFederation,
    user::{ImportCounts, ImportedUser},
};
use std::{mem, panic, sync::Arc};
use tokio::task::{JoinError, JoinSet};

/// So many users are written together, with a page's worth more at the most. More would be faster,
/// since users stand in the store in no order that a directory knows, and each write touches much of
/// it. But a thousand users take some 5 MB until they are written, and a sign-in that writes waits for
/// one such write.
const TOGETHER: usize = 1_000;

/// Writes users, some pages at a time, while the next are made. Dropping it ends a write that is
/// under way, whole or not at all.
pub(super) struct Writer {
    store: Arc<dyn Store>,
    ledger: Arc<Ledger>,
    planned: Arc<PlannedFederation>,
    waiting: Vec<ImportedUser>,
    /// At most one.
    writing: JoinSet<Result<ImportCounts, StoreError>>,
}

impl Writer {
    pub(super) fn new(job: &Job) -> Self {
        Self {
            store: Arc::clone(&job.store),
            ledger: Arc::clone(&job.ledger),
            planned: Arc::clone(&job.federation.planned),
            waiting: Vec::new(),
            writing: JoinSet::new(),
        }
    }

    /// Takes users to be written, those only that are new or another.
    pub(super) async fn add(&mut self, users: Vec<ImportedUser>) -> Result<(), Halt> {
        self.waiting.extend(users);
        if self.waiting.len() < TOGETHER {
            return Ok(());
        }
        self.begin().await
    }

    /// Writes what is left.
    pub(super) async fn finish(mut self) -> Result<(), Halt> {
        if !self.waiting.is_empty() {
            self.begin().await?;
        }
        self.written().await
    }

    async fn begin(&mut self) -> Result<(), Halt> {
        self.written().await?;
        let users = mem::take(&mut self.waiting);
        let (store, ledger) = (Arc::clone(&self.store), Arc::clone(&self.ledger));
        let planned = Arc::clone(&self.planned);
        self.writing.spawn(async move {
            let federation = &planned.federation;
            let now = ledger.now();
            store
                .import_users(&federation.realm, federation.id, &users, now)
                .await
        });
        Ok(())
    }

    /// Waits for the write that is under way.
    async fn written(&mut self) -> Result<(), Halt> {
        while let Some(written) = self.writing.join_next().await {
            let counts = written.unwrap_or_else(resume)?;
            self.ledger.count(counts);
        }
        Ok(())
    }
}

/// Nobody aborts a write but whoever drops the writer.
fn resume(error: JoinError) -> Result<ImportCounts, StoreError> {
    match error.try_into_panic() {
        Ok(payload) => panic::resume_unwind(payload),
        Err(error) => Err(StoreError::Database(error.into())),
    }
}
