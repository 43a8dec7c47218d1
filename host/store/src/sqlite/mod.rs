//! The store in an SQLite database: one file, or memory.

mod apply;
mod audit;
mod begun;
mod behind;
mod change;
mod clients;
mod connections;
mod failures;
mod fault;
mod imports;
mod kept;
mod keys;
mod log;
mod migrate;
mod open;
mod packages;
mod peek;
mod realms;
mod reseal;
mod rows;
mod sessions;
mod users;
mod writer;

pub use migrate::MigrationError;
pub use open::OpenError;
pub use peek::KeptPolicies;
pub use reseal::{ResealError, RotateError};

use crate::{
    digests::Digests,
    key::SealingKey,
    seal::Seal,
    statement::{Row, Statement, Written},
};
use begun::Begun;
use bridge_model::{
    names::RealmName,
    ports::{Random, StoreError},
    time::Timestamp,
};
use change::Change;
use connections::Reading;
use failures::Attempts;
use fault::{Constraint, Fault};
use kept::{Forget, Kept};
use open::Opened;
use rusqlite::Connection;
use std::{
    borrow::Borrow, error::Error, fmt, future::pending, panic::resume_unwind, path::Path,
    sync::Arc, time::Duration,
};
use tokio::task::spawn_blocking;
use writer::Writer;

/// A store in an SQLite database.
///
/// SQLite has one writer, so there is one connection that writes, with a thread of its own; what is
/// asked of it at once is committed together. Others read beside it (write-ahead log): a few rows where
/// they are asked for, and many on threads that nobody waits for. A commit is on its way to the disk
/// when the call returns and survives the end of the process; a power failure may take the last
/// ones with it, never a part of one. Counts of failed attempts and sign-ins on their way follow within a
/// tenth of a second.
///
/// Cancel safety: a call that is dropped has happened or not, whole.
pub struct SqliteStore {
    writer: Writer,
    reading: Reading,
    attempts: Attempts,
    begun: Begun,
    kept: Arc<Kept>,
    tools: Arc<Tools>,
}

/// What a change is made with, besides a connection.
struct Tools {
    seal: Arc<Seal>,
    digests: Digests,
    random: Arc<dyn Random>,
}

/// What a database is for. One that was made for the one is not opened for the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Real people and real clients.
    Production,
    /// Demonstration data, with keys and passwords that everybody knows.
    Demo,
}

impl fmt::Display for Purpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Production => "production",
            Self::Demo => "demo",
        })
    }
}

/// How a database is opened.
#[derive(Clone, Debug)]
pub struct Options {
    /// What it is for.
    pub purpose: Purpose,
    /// How many connections read at once, at least 1. Each has a cache of 2 MB at the most; the one
    /// that writes has 16 MB.
    pub readers: u32,
    /// How long another process that writes is waited for.
    pub busy_timeout: Duration,
}

impl Options {
    /// The presets.
    pub fn new(purpose: Purpose) -> Self {
        Self {
            purpose,
            readers: 4,
            busy_timeout: Duration::from_secs(5),
        }
    }
}

impl SqliteStore {
    /// Opens the database in a file. What is not there yet is made: the file, with mode 0600, in a
    /// folder that exists; the tables; the mark of its purpose. An older schema is brought up to
    /// date. Nothing is changed before it is clear that the database is the bridge's, of a schema
    /// it knows, for this purpose, and sealed with this key.
    ///
    /// Shape: to be called in a Tokio runtime, and used in the same.
    ///
    /// # Errors
    ///
    /// [`OpenError`], each with its remedy.
    pub async fn open(
        path: &Path,
        key: &SealingKey,
        random: Arc<dyn Random>,
        options: &Options,
    ) -> Result<Self, OpenError> {
        let seal = Arc::new(Seal::new(key, Arc::clone(&random)));
        let (path, key, options) = (path.to_owned(), key.clone(), options.clone());
        Self::opened(seal, random, move |seal, random| {
            open::file(&path, &key, seal, random, &options)
        })
        .await
    }

    /// A database in memory, which is gone with the store.
    ///
    /// # Errors
    ///
    /// [`OpenError`].
    pub async fn in_memory(
        key: &SealingKey,
        random: Arc<dyn Random>,
        purpose: Purpose,
    ) -> Result<Self, OpenError> {
        let seal = Arc::new(Seal::new(key, Arc::clone(&random)));
        let key = key.clone();
        Self::opened(seal, random, move |seal, random| {
            open::memory(&key, seal, random, purpose)
        })
        .await
    }

    /// Closes the database: waits for what is under way, and moves the write-ahead log into the
    /// file, which may then be copied alone. Whatever is asked of the store afterwards fails.
    pub async fn close(&self) {
        self.attempts.close(&self.writer).await;
        self.begun.close(&self.writer).await;
        self.reading.close().await;
        self.writer.close().await;
    }

    /// Opens on a thread that nobody waits for: another process may be in the way for a while.
    async fn opened(
        seal: Arc<Seal>,
        random: Arc<dyn Random>,
        open: impl FnOnce(&Seal, &dyn Random) -> Result<Opened, OpenError> + Send + 'static,
    ) -> Result<Self, OpenError> {
        let (sealing, drawing) = (Arc::clone(&seal), Arc::clone(&random));
        let opened = blocking(move || open(&sealing, &*drawing)).await?;
        let begun = Arc::default();
        Ok(Self {
            attempts: Attempts::start(opened.kept.attempts, opened.writer.clone()),
            kept: Arc::new(Kept::new(Arc::clone(&begun))),
            begun: Begun::start(begun, opened.writer.clone()),
            writer: opened.writer,
            reading: opened.reading,
            tools: Arc::new(Tools {
                seal,
                digests: Digests::new(&opened.kept.digest_key),
                random,
            }),
        })
    }

    /// Changes something in a transaction of its own.
    async fn change<T: Send + 'static>(
        &self,
        now: Timestamp,
        work: impl FnOnce(&Change<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let tools = Arc::clone(&self.tools);
        let work = move |connection: &_| work(&tools.change(connection, now));
        let forget = (Arc::clone(&self.kept), Forget::People);
        self.writer.alone(Some(forget), work).await
    }

    /// As [`SqliteStore::change`], for more than people.
    async fn change_objects<T: Send + 'static>(
        &self,
        now: Timestamp,
        work: impl FnOnce(Change<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let tools = Arc::clone(&self.tools);
        let work = move |connection: &_| work(tools.change(connection, now));
        // It may take a realm away, with what is on its way in it.
        self.begun.write(&self.writer).await?;
        let forget = (Arc::clone(&self.kept), Forget::Everything);
        self.writer.alone(Some(forget), work).await
    }

    /// Reads one row.
    async fn row(&self, statement: Statement) -> Result<Option<Row>, StoreError> {
        self.reading.row(statement).await.map_err(database)
    }

    /// Reads the row that there is always one of.
    async fn one(&self, statement: Statement) -> Result<Row, StoreError> {
        let row = self.row(statement).await?;
        row.ok_or_else(|| database(Fault::NoRow))
    }

    /// Reads the few rows that there are.
    async fn rows(&self, statement: Statement) -> Result<Vec<Row>, StoreError> {
        self.reading.rows(statement).await.map_err(database)
    }

    /// Reads rows that may be many, or far apart.
    async fn walk(&self, statement: Statement) -> Result<Vec<Row>, StoreError> {
        self.reading.walk(statement).await.map_err(database)
    }

    /// Writes a new object of a realm; `what` names it where something is in its way.
    async fn add(
        &self,
        statement: Statement,
        what: &str,
        realm: &RealmName,
    ) -> Result<Written, StoreError> {
        let written = self.writer.write(statement).await;
        written.map_err(|fault| not_added(fault, what, realm))
    }

    /// Writes what no constraint can be in the way of.
    async fn write(&self, statement: Statement) -> Result<Written, StoreError> {
        self.writer.write(statement).await.map_err(database)
    }
}

impl Tools {
    fn change<'a>(&'a self, connection: &'a Connection, now: Timestamp) -> Change<'a> {
        Change {
            connection,
            seal: &self.seal,
            digests: &self.digests,
            random: &*self.random,
            now,
        }
    }
}

/// Why a new object of a realm was not written; `what` names it.
fn not_added<F>(fault: F, what: &str, realm: &RealmName) -> StoreError
where
    F: Borrow<Fault> + Error + Send + Sync + 'static,
{
    match fault.borrow().constraint() {
        Some(Constraint::Unique) => is_there(what, realm),
        Some(Constraint::ForeignKey) => no_realm(realm),
        _ => database(fault),
    }
}

fn is_there(what: &str, realm: &RealmName) -> StoreError {
    StoreError::Conflict(format!("{what} is in the realm {realm} already"))
}

fn no_realm(realm: &RealmName) -> StoreError {
    StoreError::Conflict(format!("there is no realm {realm}"))
}

/// Does what waits for the disk, or for another process, where nothing else waits for it.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => resume_unwind(panic),
            // Whoever waits for it is gone too.
            Err(_) => pending().await,
        },
    }
}

fn database(error: impl Error + Send + Sync + 'static) -> StoreError {
    StoreError::Database(Box::new(error))
}

/// How many rows are removed at once, where many may be over, so that sign-ins get their turn in
/// between.
const PIECE: u64 = 500;
