//! Counts of failed attempts.
//!
//! They are counted in memory, where it costs nothing, and written a moment later: most are taken back
//! before that, because most people know their password, and then nothing is written at all.

use super::{SqliteStore, behind::Behind, database, fault::Fault, imports::hex, writer::Writer};
use crate::{
    columns::{Columns, json, seconds},
    statement::{Row as Read, query},
};
use async_trait::async_trait;
use bridge_model::{
    ports::{Failures, StoreError},
    session::TokenHash,
    time::Timestamp,
};
use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// All counts.
pub(super) struct Attempts {
    table: Arc<Table>,
    behind: Behind,
}

#[derive(Default)]
struct Table {
    rows: Mutex<Rows>,
    /// Held from taking what is unwritten until it is written, so that it is written in order.
    writing: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct Rows {
    by_key: HashMap<TokenHash, Row>,
    /// What is not in the database as it is here.
    unwritten: HashSet<TokenHash>,
    is_closed: bool,
}

/// A row of the database: key, attempts, end of the window.
pub(super) type KeptRow = (Vec<u8>, i64, i64);

/// A row of [`ROWS`].
pub(super) fn kept_row(row: &Read) -> Result<KeptRow, StoreError> {
    let columns = Columns::of("failures", row);
    Ok((
        columns.get("key")?,
        columns.get("attempts")?,
        columns.get("ends_at")?,
    ))
}

/// Attempts in a window.
#[derive(Clone, Copy)]
struct Row {
    attempts: u32,
    ends_at: Timestamp,
    /// Whether the database has a row for it.
    is_kept: bool,
}

impl Attempts {
    /// Begins with these rows of the database, and writes through `writer` until it is dropped, what is
    /// left then as well.
    pub(super) fn start(rows: Vec<KeptRow>, writer: Writer) -> Self {
        let rows = rows.into_iter().filter_map(|(key, attempts, ends_at)| {
            let row = Row {
                attempts: u32::try_from(attempts).unwrap_or(u32::MAX),
                ends_at: Timestamp(u64::try_from(ends_at).unwrap_or(0)),
                is_kept: true,
            };
            Some((TokenHash(key.try_into().ok()?), row))
        });
        let table = Arc::new(Table::default());
        table.rows().by_key = rows.collect();
        let write = |table: Arc<Table>, writer| async move { table.write(&writer).await };
        let behind = Behind::start(&table, writer, write);
        Self { table, behind }
    }

    /// Writes what is not written, and takes no more.
    pub(super) async fn close(&self, writer: &Writer) {
        self.table.rows().is_closed = true;
        // What could not be written is as if the process had ended a moment before.
        let _ = self.table.write(writer).await;
    }

    /// Writes what is not written yet.
    pub(super) async fn write(&self, writer: &Writer) -> Result<(), StoreError> {
        self.table.write(writer).await
    }

    /// Forgets windows that are over and that the database no longer has either.
    pub(super) fn forget_expired(&self, now: Timestamp) {
        let mut rows = self.table.rows();
        rows.by_key.retain(|_, row| row.ends_at > now);
        rows.by_key.shrink_to_fit();
    }

    fn change<T>(
        &self,
        key: TokenHash,
        work: impl FnOnce(&mut Rows) -> T,
    ) -> Result<T, StoreError> {
        let done = {
            let mut rows = self.table.rows();
            if rows.is_closed {
                return Err(database(Fault::Closed));
            }
            let done = work(&mut rows);
            rows.unwritten.insert(key);
            done
        };
        self.behind.wake();
        Ok(done)
    }
}

impl Rows {
    fn count(&mut self, key: TokenHash, window: Duration, now: Timestamp) -> u32 {
        let row = self.by_key.entry(key).or_insert(Row {
            attempts: 0,
            ends_at: Timestamp(0),
            is_kept: false,
        });
        if row.ends_at <= now {
            (row.attempts, row.ends_at) = (0, now.plus(window));
        }
        row.attempts = row.attempts.saturating_add(1);
        row.attempts
    }

    /// A window with no attempt left in it is over: the next attempt begins one.
    fn take_back(&mut self, key: TokenHash) {
        match self.by_key.get_mut(&key) {
            Some(row) if row.attempts > 1 => row.attempts -= 1,
            _ => self.forget(key),
        }
    }

    fn forget(&mut self, key: TokenHash) {
        match self.by_key.get_mut(&key) {
            // Its row has still to be removed.
            Some(row) if row.is_kept => (row.attempts, row.ends_at) = (0, Timestamp(0)),
            _ => {
                self.by_key.remove(&key);
            }
        }
    }
}

impl Table {
    // Nothing is left half done under the lock.
    fn rows(&self) -> MutexGuard<'_, Rows> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn write(&self, writer: &Writer) -> Result<(), StoreError> {
        let _in_order = self.writing.lock().await;
        let (mut kept, mut gone, mut taken) = (Vec::new(), Vec::new(), Vec::new());
        {
            let mut rows = self.rows();
            for key in std::mem::take(&mut rows.unwritten) {
                let Some(row) = rows.by_key.get_mut(&key) else {
                    continue;
                };
                if row.attempts > 0 {
                    row.is_kept = true;
                    kept.push((hex(&key.0), row.attempts, seconds(row.ends_at)));
                } else {
                    gone.push(hex(&key.0));
                }
                taken.push(key);
            }
        }
        let written = async {
            if !kept.is_empty() {
                writer
                    .write(query(KEEP).bind(json(&kept)?))
                    .await
                    .map_err(database)?;
            }
            if !gone.is_empty() {
                writer
                    .write(query(FORGET).bind(json(&gone)?))
                    .await
                    .map_err(database)?;
            }
            Ok(())
        };
        let written = written.await;
        let mut rows = self.rows();
        match &written {
            Err(_) => rows.unwritten.extend(taken),
            // What is in neither place is known no more, unless it was counted meanwhile.
            Ok(()) => {
                for key in taken {
                    if rows.by_key.get(&key).is_some_and(|row| row.attempts == 0) {
                        rows.by_key.remove(&key);
                    }
                }
            }
        }
        written
    }
}

#[async_trait]
impl Failures for SqliteStore {
    async fn count_attempt(
        &self,
        key: TokenHash,
        window: Duration,
        now: Timestamp,
    ) -> Result<u32, StoreError> {
        self.attempts
            .change(key, |rows| rows.count(key, window, now))
    }

    async fn take_back_attempt(&self, key: TokenHash) -> Result<(), StoreError> {
        self.attempts.change(key, |rows| rows.take_back(key))
    }

    async fn forget_attempts(&self, key: TokenHash) -> Result<(), StoreError> {
        self.attempts.change(key, |rows| rows.forget(key))
    }
}

pub(super) const ROWS: &str = "SELECT key, attempts, ends_at FROM failures";

/// ?1 keys in hexadecimal, attempts and ends, as JSON.
const KEEP: &str = "
    INSERT INTO failures (key, attempts, ends_at)
    SELECT unhex(value ->> 0), value ->> 1, value ->> 2 FROM json_each(?1) WHERE true
    ON CONFLICT (key) DO UPDATE SET attempts = excluded.attempts, ends_at = excluded.ends_at";

/// ?1 keys in hexadecimal, as JSON.
const FORGET: &str = "DELETE FROM failures WHERE key IN (SELECT unhex(value) FROM json_each(?1))";
