//! Databases for one test each.

use crate::sample::{Numbers, key};
use bridge_model::ports::Store;
use bridge_store::{OpenError, Options, Purpose, SealingKey, SqliteStore};
use rusqlite::{Connection, types::FromSql};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};
use tempfile::TempDir;

/// A store, and the folder it is in.
pub(crate) struct Database {
    pub(crate) store: Arc<dyn Store>,
    _folder: Option<TempDir>,
}

/// A new store in a file.
pub(crate) async fn file() -> Database {
    let folder = TempDir::new().expect("a folder");
    let store = open(&folder.path().join("store.db"), &key(1)).await;
    Database {
        store: Arc::new(store.expect("a new database opens")),
        _folder: Some(folder),
    }
}

/// A new store in memory.
pub(crate) async fn memory() -> Database {
    let random = Arc::new(Numbers::default());
    let store = SqliteStore::in_memory(&key(1), random, Purpose::Production).await;
    Database {
        store: Arc::new(store.expect("memory opens")),
        _folder: None,
    }
}

/// Opens a file for production.
pub(crate) async fn open(path: &Path, key: &SealingKey) -> Result<SqliteStore, OpenError> {
    open_for(Purpose::Production, path, key).await
}

/// Opens a file.
pub(crate) async fn open_for(
    purpose: Purpose,
    path: &Path,
    key: &SealingKey,
) -> Result<SqliteStore, OpenError> {
    let random = Arc::new(Numbers::default());
    SqliteStore::open(path, key, random, &Options::new(purpose)).await
}

/// A connection to a database behind the store's back.
pub(crate) fn connect(path: &Path) -> Connection {
    Connection::open(path).expect("SQLite opens the file")
}

/// Does something to a database behind the store's back; gives how many rows the last statement was
/// done to.
pub(crate) fn tamper(path: &Path, sql: &str) -> u64 {
    let connection = connect(path);
    connection.execute_batch(sql).expect("SQLite runs it");
    connection.changes()
}

/// The first column of what a database answers behind the store's back.
pub(crate) fn column<T: FromSql>(path: &Path, sql: &str) -> Vec<T> {
    let connection = connect(path);
    let mut statement = connection.prepare(sql).expect("SQLite reads it");
    let rows = statement.query_map([], |row| row.get(0));
    let rows = rows.expect("SQLite runs it");
    rows.map(|row| row.expect("it is of this type")).collect()
}

/// The database's file, and those that SQLite puts beside it.
pub(crate) fn files_of(path: &Path) -> Vec<PathBuf> {
    ["", "-wal", "-shm"]
        .map(|end| PathBuf::from(format!("{}{end}", path.display())))
        .into_iter()
        .filter(|path| path.exists())
        .collect()
}
