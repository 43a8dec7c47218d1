//! Sign-ins on their way: in memory from the beginning, where every step asks for them, and written a
//! moment later. One that ends before that is never written.
//!
//! Which of several that end one is the first is said on the thread that writes, so that what it leaves
//! behind is kept with it, or neither.

use super::{behind::Behind, database, fault::Fault, imports::hex, writer::Writer};
use crate::{
    columns::{json, seconds},
    statement::query,
};
use bridge_model::{
    names::RealmName,
    ports::StoreError,
    session::{Interaction, TokenHash},
    time::Timestamp,
};
use rusqlite::Connection;
use std::{
    collections::{HashMap, hash_map::Entry},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

/// All that are known, and who writes them.
pub(super) struct Begun {
    table: Arc<Table>,
    behind: Behind,
}

/// Those in memory.
#[derive(Default)]
pub(super) struct Table(Mutex<Rows>);

#[derive(Default)]
struct Rows {
    by_id: HashMap<TokenHash, Row>,
    unwritten: Vec<TokenHash>,
    is_closed: bool,
}

struct Row {
    interaction: Interaction,
    /// Whether the database has it.
    is_written: bool,
    /// Whether the database may have it: a commit that seems to fail may have been one.
    was_sent: bool,
    /// Whether somebody has ended it, which may come to nothing yet.
    is_ended: bool,
}

/// What came of keeping one in memory.
pub(super) enum Added {
    Kept,
    /// There is one with this id.
    IsThere,
    NoRoom,
}

/// What memory knows of one that is to be ended.
enum End {
    /// It went on and has ended now, and the database may have it still.
    First { was_sent: bool },
    /// It had ended, or is another realm's.
    Late,
    /// Nothing: the database knows.
    Unknown,
}

impl Begun {
    /// Begins with none in memory, and writes through `writer` until it is dropped.
    pub(super) fn start(table: Arc<Table>, writer: Writer) -> Self {
        let write = |table: Arc<Table>, writer| async move { table.write(&writer).await };
        let behind = Behind::start(&table, writer, write);
        Self { table, behind }
    }

    /// Keeps one of a realm that is there in memory.
    ///
    /// # Errors
    ///
    /// [`Fault::Closed`].
    pub(super) fn add(&self, interaction: &Interaction) -> Result<Added, Fault> {
        let added = self.table.add(interaction)?;
        self.behind.wake();
        Ok(added)
    }

    /// One that is in memory and not over.
    pub(super) fn find(
        &self,
        realm: &RealmName,
        id: TokenHash,
        now: Timestamp,
    ) -> Option<Interaction> {
        let rows = self.table.rows();
        let row = rows.by_id.get(&id).filter(|row| !row.is_ended)?;
        let is_it = row.interaction.realm == *realm && row.interaction.expires_at > now;
        is_it.then(|| row.interaction.clone())
    }

    /// Ends one in a transaction, with what else `work` does where this was the first to end it. False:
    /// it was not, and nothing is done.
    ///
    /// # Errors
    ///
    /// Those of `work`, and [`StoreError::Database`]; then it has not ended.
    pub(super) async fn end(
        &self,
        writer: &Writer,
        realm: &RealmName,
        id: TokenHash,
        work: impl FnOnce(&Connection) -> Result<(), StoreError> + Send + 'static,
    ) -> Result<bool, StoreError> {
        let (table, realm) = (Arc::clone(&self.table), realm.clone());
        let was_first_here = Arc::new(AtomicBool::new(false));
        let is_first_here = Arc::clone(&was_first_here);
        let ending = move |connection: &Connection| {
            let found = table.end(&realm, id);
            is_first_here.store(matches!(found, End::First { .. }), Ordering::Relaxed);
            let end = query(END).bind(realm.as_str()).bind(id.0.as_slice());
            let is_first = match found {
                End::First { was_sent: false } => true,
                End::First { was_sent: true } => {
                    end.run(connection).map(|_| true).map_err(database)?
                }
                End::Late => false,
                End::Unknown => end.run(connection).map_err(database)?.changed == 1,
            };
            if is_first {
                work(connection)?;
            }
            Ok(is_first)
        };
        let ended = writer.together(ending).await;
        if was_first_here.load(Ordering::Relaxed) {
            if ended.is_ok() {
                self.table.rows().by_id.remove(&id);
            } else {
                self.table.resume(id);
                self.behind.wake();
            }
        }
        ended
    }

    /// Writes what is not written yet.
    pub(super) async fn write(&self, writer: &Writer) -> Result<(), StoreError> {
        self.table.write(writer).await
    }

    /// Writes what is not written, and takes no more.
    pub(super) async fn close(&self, writer: &Writer) {
        self.table.rows().is_closed = true;
        // What could not be written is as if the process had ended a moment before.
        let _ = self.table.write(writer).await;
        self.table.rows().by_id.clear();
    }

    /// Forgets those that are over.
    pub(super) fn forget_expired(&self, now: Timestamp) {
        let mut rows = self.table.rows();
        rows.by_id.retain(|_, row| row.interaction.expires_at > now);
        rows.by_id.shrink_to_fit();
    }
}

impl Table {
    fn add(&self, interaction: &Interaction) -> Result<Added, Fault> {
        let mut rows = self.rows();
        if rows.is_closed {
            return Err(Fault::Closed);
        }
        let is_full = rows.by_id.len() >= COUNT_MAX;
        let Entry::Vacant(place) = rows.by_id.entry(interaction.id) else {
            return Ok(Added::IsThere);
        };
        if is_full {
            return Ok(Added::NoRoom);
        }
        place.insert(Row {
            interaction: interaction.clone(),
            is_written: false,
            was_sent: false,
            is_ended: false,
        });
        rows.unwritten.push(interaction.id);
        Ok(Added::Kept)
    }

    /// Forgets those that the database has, which may be of a realm that is gone.
    pub(super) fn forget(&self) {
        self.rows().by_id.retain(|_, row| !row.is_written);
    }

    fn end(&self, realm: &RealmName, id: TokenHash) -> End {
        let mut rows = self.rows();
        let Some(row) = rows.by_id.get_mut(&id) else {
            return End::Unknown;
        };
        if row.interaction.realm != *realm || row.is_ended {
            return End::Late;
        }
        row.is_ended = true;
        End::First {
            was_sent: row.was_sent,
        }
    }

    /// One goes on whose end came to nothing.
    fn resume(&self, id: TokenHash) {
        let mut rows = self.rows();
        let Some(row) = rows.by_id.get_mut(&id) else {
            return;
        };
        row.is_ended = false;
        // While it had ended it was not written.
        if !row.is_written {
            rows.unwritten.push(id);
        }
    }

    /// These were not written.
    fn lose(&self, ids: &[TokenHash]) {
        let mut rows = self.rows();
        for id in ids {
            if let Some(row) = rows.by_id.get_mut(id) {
                row.is_written = false;
                rows.unwritten.push(*id);
            }
        }
    }

    async fn write(self: &Arc<Self>, writer: &Writer) -> Result<(), StoreError> {
        let ids = std::mem::take(&mut self.rows().unwritten);
        if ids.is_empty() {
            return Ok(());
        }
        let (table, taken) = (Arc::clone(self), ids.clone());
        let work = move |connection: &Connection| {
            let rows = table.take(&taken)?;
            if !rows.is_empty() {
                let write = query(WRITE).bind(json(&rows)?);
                write.run(connection).map_err(database)?;
            }
            Ok(())
        };
        let written = writer.together(work).await;
        if written.is_err() {
            self.lose(&ids);
        }
        written
    }

    /// What is to be written of these, as [`WRITE`] takes it.
    fn take(&self, ids: &[TokenHash]) -> Result<Vec<Unwritten>, StoreError> {
        let mut rows = self.rows();
        let mut taken = Vec::with_capacity(ids.len());
        for id in ids {
            let Some(row) = rows.by_id.get_mut(id) else {
                continue;
            };
            if row.is_ended || row.is_written {
                continue;
            }
            (row.is_written, row.was_sent) = (true, true);
            let interaction = &row.interaction;
            taken.push((
                hex(&id.0),
                interaction.realm.as_str().to_owned(),
                hex(&interaction.browser.0),
                json(&interaction.request)?,
                seconds(interaction.expires_at),
            ));
        }
        Ok(taken)
    }

    // Nothing is left half done under the lock.
    fn rows(&self) -> MutexGuard<'_, Rows> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

type Unwritten = (String, String, String, String, i64);

const END: &str = "DELETE FROM interactions WHERE realm = ?1 AND id = ?2";

/// ?1 rows with octets in hexadecimal, as JSON. Realms that are gone have none. What is there already
/// was written by a commit that seemed to fail.
const WRITE: &str = "
    INSERT OR IGNORE INTO interactions (id, realm, browser, request, expires_at)
    SELECT unhex(value ->> 0), value ->> 1, unhex(value ->> 2), value ->> 3, value ->> 4
    FROM json_each(?1) WHERE value ->> 1 IN (SELECT name FROM realms)";

/// Each takes a kilobyte or so; those over it are written at once and read each time.
const COUNT_MAX: usize = 10_000;
