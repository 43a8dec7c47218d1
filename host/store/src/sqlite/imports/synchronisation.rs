//! What is kept of the synchronisation of a federation.

use crate::{
    columns::{Columns, json, seconds},
    sqlite::{
        SqliteStore, database,
        fault::{Constraint, Fault},
    },
    statement::query,
};
use bridge_model::{
    names::FederationId,
    ports::StoreError,
    synchronisation::{SyncRun, SyncStage, SyncState},
    time::Timestamp,
};
use std::sync::Arc;

impl SqliteStore {
    pub(super) async fn read_sync_state(
        &self,
        federation: FederationId,
    ) -> Result<SyncState, StoreError> {
        let statement = query(READ).bind(federation.0.as_bytes().as_slice());
        let Some(row) = self.row(statement).await? else {
            return Ok(SyncState::default());
        };
        let columns = Columns::of("synchronisations", &row);
        let time = |column| {
            let seconds: Option<i64> = columns.get(column)?;
            seconds.map(|_| columns.time(column)).transpose()
        };
        let policy: Option<String> = columns.get("cursor_policy")?;
        let cursor: Option<Vec<u8>> = columns.get("cursor")?;
        let run: Option<&str> = columns.get("run")?;
        Ok(SyncState {
            cursor: policy.zip(cursor),
            last: run.map(|_| columns.json("run")).transpose()?,
            full_at: time("full_at")?,
            changed_at: time("changed_at")?,
        })
    }

    pub(super) async fn begin_run(
        &self,
        federation: FederationId,
        run: &SyncRun,
        lost_before: Timestamp,
    ) -> Result<bool, StoreError> {
        let statement = query(BEGIN)
            .bind(federation.0.as_bytes().as_slice())
            .bind(json(run)?)
            .bind(seconds(run.seen_at))
            .bind(seconds(lost_before));
        let written = self.writer.write(statement).await;
        let written = written.map_err(|fault| refused(fault, federation))?;
        Ok(written.changed == 1)
    }

    pub(super) async fn write_sync_state(
        &self,
        federation: FederationId,
        state: &SyncState,
    ) -> Result<(), StoreError> {
        let (policy, cursor) = state.cursor.clone().unzip();
        let is_running = |run: &SyncRun| run.stage == SyncStage::Running;
        let seen_at = state.last.as_ref().map_or(Timestamp(0), |run| run.seen_at);
        let statement = query(SAVE)
            .bind(federation.0.as_bytes().as_slice())
            .bind(policy)
            .bind(cursor)
            .bind(state.last.as_ref().map(json).transpose()?)
            .bind(state.last.as_ref().is_some_and(is_running))
            .bind(seconds(seen_at))
            .bind(state.full_at.map(seconds))
            .bind(state.changed_at.map(seconds));
        let written = self.writer.write(statement).await;
        written.map_err(|fault| refused(fault, federation))?;
        Ok(())
    }
}

/// A federation that is gone has no synchronisation.
fn refused(fault: Arc<Fault>, federation: FederationId) -> StoreError {
    match fault.constraint() {
        Some(Constraint::ForeignKey) => {
            StoreError::Missing(format!("federation with the id {federation}"))
        }
        _ => database(fault),
    }
}

const READ: &str = "
    SELECT cursor_policy, cursor, run, full_at, changed_at FROM synchronisations
    WHERE federation = ?1";

/// One statement, so of several at once one wins. ?1 federation, ?2 run, ?3 when it was seen, ?4 when
/// one that was not seen since has lost its process.
const BEGIN: &str = "
    INSERT INTO synchronisations (federation, run, running, seen_at) VALUES (?1, ?2, 1, ?3)
    ON CONFLICT (federation) DO UPDATE SET run = ?2, running = 1, seen_at = ?3
    WHERE NOT running OR seen_at <= ?4";

const SAVE: &str = "
    INSERT INTO synchronisations (federation, cursor_policy, cursor, run, running, seen_at, full_at,
        changed_at)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
    ON CONFLICT (federation) DO UPDATE SET cursor_policy = ?2, cursor = ?3, run = ?4, running = ?5,
        seen_at = ?6, full_at = ?7, changed_at = ?8";
