//! The store in an SQLite database: one file, or memory.

mod apply;
mod audit;
mod change;
mod clients;
mod connections;
mod failures;
mod imports;
mod kept;
mod keys;
mod open;
mod packages;
mod peek;
mod realms;
mod reseal;
mod rows;
mod sessions;
mod users;
mod writer;

pub use open::OpenError;
pub use peek::KeptPolicies;
pub use reseal::{ResealError, RotateError};

use crate::{digests::Digests, key::SealingKey, seal::Seal};
use bridge_model::{
    names::RealmName,
    ports::{Random, StoreError},
    time::Timestamp,
};
use change::Change;
use connections::{Connections, Lease};
use failures::Attempts;
use kept::Kept;
use open::Opened;
use sqlx::{
    Connection, Sqlite, SqliteConnection, Transaction,
    error::{DatabaseError, ErrorKind},
    query::Query,
    sqlite::{SqliteArguments, SqliteRow},
};
use std::{error::Error, fmt, path::Path, sync::Arc, time::Duration};
use writer::{Writer, Written};

/// A store in an SQLite database.
///
/// SQLite has one writer, so there is one connection that writes; what is asked of it at once is
/// committed together. Others read beside it (write-ahead log). A commit is on its way to the disk
/// when the call returns and survives the end of the process; a power failure may take the last
/// ones with it, never a part of one. Counts of failed attempts follow within a tenth of a second.
///
/// Cancel safety: a call that is dropped has happened or not, whole.
pub struct SqliteStore {
    writer: Writer,
    writing: Arc<Connections>,
    reading: Arc<Connections>,
    attempts: Attempts,
    kept: Kept,
    seal: Seal,
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
    /// How many connections read at once, at least 1. Each has a thread, and a cache of 2 MB at the
    /// most; the one that writes has 16 MB.
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
        let seal = Seal::new(key, Arc::clone(&random));
        let opened = open::file(path, key, &seal, &*random, options).await?;
        Ok(Self::new(opened, seal, random))
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
        let seal = Seal::new(key, Arc::clone(&random));
        let opened = open::memory(key, &seal, &*random, purpose).await?;
        Ok(Self::new(opened, seal, random))
    }

    /// Closes the database: waits for what is under way, and moves the write-ahead log into the
    /// file, which may then be copied alone. Whatever is asked of the store afterwards fails.
    pub async fn close(&self) {
        self.attempts.close(&self.writer).await;
        self.reading.close().await;
        self.writing.close().await;
    }

    fn new(opened: Opened, seal: Seal, random: Arc<dyn Random>) -> Self {
        let writer = Writer::start(Arc::clone(&opened.writing));
        Self {
            attempts: Attempts::start(opened.kept.attempts, writer.clone()),
            kept: Kept::default(),
            writer,
            writing: opened.writing,
            reading: opened.reading,
            seal,
            digests: Digests::new(&opened.kept.digest_key),
            random,
        }
    }

    /// What objects are changed with, in a transaction.
    fn change<'a>(&'a self, connection: &'a mut SqliteConnection, now: Timestamp) -> Change<'a> {
        Change {
            connection,
            seal: &self.seal,
            digests: &self.digests,
            random: &*self.random,
            now,
        }
    }

    /// Reads one row.
    async fn row(&self, query: Statement) -> Result<Option<SqliteRow>, StoreError> {
        let mut connection = self.reading.lease().await.map_err(database)?;
        query
            .fetch_optional(&mut *connection)
            .await
            .map_err(database)
    }

    /// Reads all rows.
    async fn rows(&self, query: Statement) -> Result<Vec<SqliteRow>, StoreError> {
        let mut connection = self.reading.lease().await.map_err(database)?;
        query.fetch_all(&mut *connection).await.map_err(database)
    }

    /// Writes a new object of a realm; `what` names it where something is in its way.
    async fn add(
        &self,
        query: Statement,
        what: &str,
        realm: &RealmName,
    ) -> Result<Written, StoreError> {
        self.writer
            .write(query)
            .await
            .map_err(|error| match kind(&error) {
                Some(ErrorKind::UniqueViolation) => {
                    StoreError::Conflict(format!("{what} is in the realm {realm} already"))
                }
                Some(ErrorKind::ForeignKeyViolation) => {
                    StoreError::Conflict(format!("there is no realm {realm}"))
                }
                _ => database(error),
            })
    }

    /// Writes what no constraint can be in the way of.
    async fn write(&self, query: Statement) -> Result<Written, StoreError> {
        self.writer.write(query).await.map_err(database)
    }
}

/// A statement with its values.
type Statement = Query<'static, Sqlite, SqliteArguments>;

/// Begins to write. What is not committed is as if it had not been.
async fn begin<'l>(lease: &'l mut Lease<'_>) -> Result<Transaction<'l, Sqlite>, StoreError> {
    let transaction = lease.begin_with("BEGIN IMMEDIATE").await;
    transaction.map_err(database)
}

/// Commits a change of what is kept in memory.
async fn commit_objects(
    kept: &Kept,
    transaction: Transaction<'_, Sqlite>,
) -> Result<(), StoreError> {
    let committed = commit(transaction).await;
    // Also after an error: who knows what was committed.
    kept.forget();
    committed
}

async fn commit(transaction: Transaction<'_, Sqlite>) -> Result<(), StoreError> {
    transaction.commit().await.map_err(database)
}

fn database(error: impl Error + Send + Sync + 'static) -> StoreError {
    StoreError::Database(Box::new(error))
}

/// What kind of constraint is broken, or another error of SQLite's.
fn kind(error: &sqlx::Error) -> Option<ErrorKind> {
    error.as_database_error().map(DatabaseError::kind)
}

/// How many rows are removed at once, where many may be over, so that sign-ins get their turn in
/// between.
const PIECE: u64 = 500;
