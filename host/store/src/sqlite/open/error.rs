//! Why a database is not opened.

use crate::sqlite::{MigrationError, Purpose};
use bridge_model::ports::StoreError;
use rusqlite::Error;
use std::{io, path::PathBuf};

/// Why a database is not opened. The operator's to mend.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Its folder is not there.
    #[error(
        "the folder of the database {} does not exist: create it, or set another path for the database", .0.display()
    )]
    NoFolder(PathBuf),
    /// Its file cannot be made.
    #[error("the database {} cannot be made: {source}", .path.display())]
    NotMade {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
    /// It is something else.
    #[error("{} is not a database of this bridge: set another path for the database", .0.display())]
    Foreign(PathBuf),
    /// A newer version of the bridge wrote it.
    #[error(
        "the database {} has schema version {found}, and this version of the bridge knows none after {known}: run the version that wrote it", .path.display()
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: i64,
        /// The last version that is known.
        known: i64,
    },
    /// It was made for something else.
    #[error(
        "the database {} was made for {found} and is not opened for {wanted}: set another path for the database", .path.display()
    )]
    OtherPurpose {
        /// The file.
        path: PathBuf,
        /// What it was made for.
        found: String,
        /// What it was to be opened for.
        wanted: Purpose,
    },
    /// It was sealed with another key.
    #[error(
        "the sealing key in {key} is not the one the database {} was sealed with: name the key that was made for this database, restore it from its backup, or run an interrupted `rotate-key` again", .path.display()
    )]
    OtherKey {
        /// The file.
        path: PathBuf,
        /// Where the key came from.
        key: String,
    },
    /// Its schema cannot be brought up to date.
    #[error("the schema of the database {} cannot be brought up to date: {source}", .path.display())]
    Migration {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: Box<MigrationError>,
    },
    /// What is in it does not read.
    #[error("the database {} cannot be opened: {source}", .path.display())]
    Unread {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: StoreError,
    },
    /// No thread can be started to write with.
    #[error("the database {} cannot be written: no thread can be started: {source}", .path.display())]
    NoThread {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
    /// SQLite says no.
    #[error("the database {} cannot be opened: {source}", .path.display())]
    Database {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: Error,
    },
}
