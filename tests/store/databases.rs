//! Databases for one test each.

use crate::sample::{Numbers, key};
use bridge_model::ports::Store;
use bridge_store::{OpenError, Options, Purpose, SealingKey, SqliteStore};
use sqlx::{AssertSqlSafe, Connection, SqliteConnection, sqlite::SqliteConnectOptions};
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

/// Does something to a database behind the store's back; gives how many rows it was done to.
pub(crate) async fn tamper(path: &Path, sql: &str) -> u64 {
    let options = SqliteConnectOptions::new().filename(path);
    let mut connection = SqliteConnection::connect_with(&options)
        .await
        .expect("SQLite opens the file");
    let done = sqlx::query(AssertSqlSafe(sql.to_owned()))
        .execute(&mut connection)
        .await
        .expect("SQLite runs the statement");
    connection.close().await.expect("SQLite closes the file");
    done.rows_affected()
}

/// The database's file, and those that SQLite puts beside it.
pub(crate) fn files_of(path: &Path) -> Vec<PathBuf> {
    ["", "-wal", "-shm"]
        .map(|end| PathBuf::from(format!("{}{end}", path.display())))
        .into_iter()
        .filter(|path| path.exists())
        .collect()
}
