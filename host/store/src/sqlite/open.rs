//! How a database is found, judged, brought up to date and connected to.

mod connect;
mod error;

pub(super) use connect::{Access, connect};
pub use error::OpenError;

use super::{
    Options, Purpose,
    connections::{Connections, Reading, Writing},
    failures::{self, KeptRow},
    log::Log,
    migrate::{known, migrate},
    writer::Writer,
};
use crate::{
    columns::Columns,
    digests::Digests,
    key::SealingKey,
    seal::{Place, Seal},
    statement::{Row, Statement, query},
};
use bridge_model::{
    ports::{Random, StoreError},
    secret::Secret,
};
use rusqlite::{Connection, Error, ErrorCode};
use std::{
    fs,
    io::{self, ErrorKind},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use zeroize::Zeroizing;

/// An open database.
pub(super) struct Opened {
    pub(super) writer: Writer,
    pub(super) reading: Reading,
    /// What was kept.
    pub(super) kept: AtOpening,
}

/// What is read while a database is opened.
pub(super) struct AtOpening {
    /// What keyed digests are made with.
    pub(super) digest_key: Secret,
    /// The counts of failed attempts.
    pub(super) attempts: Vec<KeptRow>,
}

/// Opens a file.
pub(super) fn file(
    path: &Path,
    key: &SealingKey,
    seal: &Seal,
    random: &dyn Random,
    options: &Options,
) -> Result<Opened, OpenError> {
    let opening = Opening {
        path: &make_file(path)?,
        key,
        seal,
        random,
        purpose: options.purpose,
    };
    let failed = opening.failed();
    let write = || {
        let connection = connect(opening.path, Access::Write, options.busy_timeout)?;
        connection.pragma_update(None, "synchronous", "NORMAL")?;
        Ok(connection)
    };
    // The journal mode is a change of the file, so it waits until the file is known to be ours.
    let kept = opening.admit(&write().map_err(&failed)?)?;

    let mut writing = write().map_err(&failed)?;
    for (pragma, value) in [
        ("journal_mode", "WAL"),
        ("cache_size", WRITER_CACHE),
        ("wal_autocheckpoint", "0"),
    ] {
        writing
            .pragma_update(None, pragma, value)
            .map_err(&failed)?;
    }
    let moving = write().map_err(&failed)?;
    let log = Log::of(&mut writing, moving, PIECE).map_err(&failed)?;
    let read = || connect(opening.path, Access::Read, options.busy_timeout);
    let reading = Connections::new(options.readers.max(1), read).map_err(&failed)?;
    let writer = Writer::start(Arc::new(Writing::new(writing)), Some(log));
    Ok(Opened {
        writer: writer.map_err(opening.no_thread())?,
        reading: Reading::Beside(Arc::new(reading)),
        kept,
    })
}

/// Makes a database in memory: one connection for everything.
pub(super) fn memory(
    key: &SealingKey,
    seal: &Seal,
    random: &dyn Random,
    purpose: Purpose,
) -> Result<Opened, OpenError> {
    let opening = Opening {
        path: Path::new("in memory"),
        key,
        seal,
        random,
        purpose,
    };
    let connection = connect(Path::new(":memory:"), Access::Write, Duration::ZERO);
    let connection = connection.map_err(opening.failed())?;
    let kept = opening.admit(&connection)?;
    let writing = Arc::new(Writing::new(connection));
    let writer = Writer::start(Arc::clone(&writing), None);
    Ok(Opened {
        writer: writer.map_err(opening.no_thread())?,
        reading: Reading::Same(writing),
        kept,
    })
}

/// What a database is opened with.
pub(super) struct Opening<'a> {
    pub(super) path: &'a Path,
    pub(super) key: &'a SealingKey,
    pub(super) seal: &'a Seal,
    pub(super) random: &'a dyn Random,
    pub(super) purpose: Purpose,
}

impl Opening<'_> {
    /// Judges a database and brings it up to date, in one transaction: one that is refused is left as
    /// it was.
    fn admit(&self, connection: &Connection) -> Result<AtOpening, OpenError> {
        let begin = connection.execute_batch("BEGIN IMMEDIATE");
        begin.map_err(self.failed())?;
        let admitted = self.admit_in_transaction(connection).and_then(|admitted| {
            let commit = connection.execute_batch("COMMIT");
            commit.map_err(self.failed()).map(|()| admitted)
        });
        if !connection.is_autocommit() {
            // It has failed, and what is not committed goes with the connection.
            let _ = connection.execute_batch("ROLLBACK");
        }
        admitted
    }

    fn admit_in_transaction(&self, connection: &Connection) -> Result<AtOpening, OpenError> {
        if self.is_new(connection)? {
            self.migrate(connection)?;
            self.mark(connection).map_err(self.failed())?;
        } else {
            self.judge(connection)?;
            self.migrate(connection)?;
        }
        let digest_key = self.digest_key(connection)?;
        let rows = query(failures::ROWS).rows(connection);
        let rows = rows.map_err(self.failed())?;
        let attempts = rows
            .iter()
            .map(failures::kept_row)
            .collect::<Result<_, _>>();
        Ok(AtOpening {
            digest_key,
            attempts: attempts.map_err(self.unread())?,
        })
    }

    /// As [`Opening::admit`] for a database that has to be there, in a transaction of the caller's.
    pub(super) fn bring_up_existing(&self, connection: &Connection) -> Result<(), OpenError> {
        if self.is_new(connection)? {
            return Err(OpenError::Foreign(self.path.to_owned()));
        }
        self.judge(connection)?;
        self.migrate(connection)?;
        self.digest_key(connection).map(|_| ())
    }

    /// Whether there is something in it; then it has to be ours, of a schema that is known, for this purpose,
    /// and sealed with this key.
    pub(super) fn is_known(&self, connection: &Connection) -> Result<bool, OpenError> {
        if self.is_new(connection)? {
            return Ok(false);
        }
        self.judge(connection)?;
        Ok(true)
    }

    /// Whether there is nothing in it; else it has to be ours.
    fn is_new(&self, connection: &Connection) -> Result<bool, OpenError> {
        let application = self.one(connection, query("PRAGMA application_id"))?;
        let application: i64 = Columns::of("sqlite", &application)
            .get("application_id")
            .map_err(self.unread())?;
        let statement = query("SELECT count(*) AS objects FROM sqlite_schema");
        let objects = self.one(connection, statement)?;
        let objects: i64 = Columns::of("sqlite_schema", &objects)
            .get("objects")
            .map_err(self.unread())?;
        match (application, objects) {
            (0, 0) => Ok(true),
            (APPLICATION, _) => Ok(false),
            _ => Err(OpenError::Foreign(self.path.to_owned())),
        }
    }

    /// Schema first, because nothing else can be read of one that is not known; then the purpose,
    /// because another purpose goes with another key; then the key.
    fn judge(&self, connection: &Connection) -> Result<(), OpenError> {
        let path = || self.path.to_owned();
        let statement = query("SELECT max(version) AS found FROM _sqlx_migrations");
        let row = self.one(connection, statement)?;
        let found: Option<i64> = Columns::of("_sqlx_migrations", &row)
            .get("found")
            .map_err(self.unread())?;
        if let Some(found) = found
            && found > known()
        {
            return Err(OpenError::Newer {
                path: path(),
                found,
                known: known(),
            });
        }
        let statement = query("SELECT purpose, sentinel FROM application WHERE id = 1");
        let row = self.one(connection, statement)?;
        let columns = Columns::of("application", &row);
        let purpose: String = columns.get("purpose").map_err(self.unread())?;
        if purpose != self.purpose.to_string() {
            return Err(OpenError::OtherPurpose {
                path: path(),
                found: purpose,
                wanted: self.purpose,
            });
        }
        let sentinel: &[u8] = columns.get("sentinel").map_err(self.unread())?;
        self.seal
            .open(&Place::sentinel(&purpose), sentinel)
            .map_err(|_| self.other_key())?;
        Ok(())
    }

    /// The key of the keyed digests; in a database from before it was kept, it is put there now.
    fn digest_key(&self, connection: &Connection) -> Result<Secret, OpenError> {
        let row = self.one(connection, query("SELECT digest_key FROM application"))?;
        let sealed: Option<&[u8]> = Columns::of("application", &row)
            .get("digest_key")
            .map_err(self.unread())?;
        let place = Place::digest_key();
        if let Some(sealed) = sealed {
            return self.seal.open(&place, sealed).map_err(|_| self.other_key());
        }
        let digest_key = Digests::derived_key(self.key);
        query("UPDATE application SET digest_key = ?1")
            .bind(self.seal.seal(&place, &digest_key))
            .run(connection)
            .map_err(self.failed())?;
        Ok(digest_key)
    }

    fn migrate(&self, connection: &Connection) -> Result<(), OpenError> {
        migrate(connection).map_err(|source| OpenError::Migration {
            path: self.path.to_owned(),
            source: Box::new(source),
        })
    }

    /// Marks a new database as ours, for this purpose, sealed with this key.
    fn mark(&self, connection: &Connection) -> Result<(), Error> {
        let purpose = self.purpose.to_string();
        let sentinel = Secret::new("sentinel");
        let mut digest_key = Zeroizing::new([0; Digests::KEY_OCTETS]);
        self.random.fill(&mut *digest_key);
        let digest_key = Secret::new(*digest_key);
        query("INSERT INTO application (id, purpose, sentinel, digest_key) VALUES (1, ?1, ?2, ?3)")
            .bind(&purpose)
            .bind(self.seal.seal(&Place::sentinel(&purpose), &sentinel))
            .bind(self.seal.seal(&Place::digest_key(), &digest_key))
            .run(connection)?;
        connection.execute_batch(MARK)
    }

    /// Reads the row that there is always one of in a database of ours.
    fn one(&self, connection: &Connection, statement: Statement) -> Result<Row, OpenError> {
        let row = statement.row(connection).map_err(self.failed())?;
        row.ok_or_else(|| self.failed()(Error::QueryReturnedNoRows))
    }

    fn other_key(&self) -> OpenError {
        OpenError::OtherKey {
            path: self.path.to_owned(),
            key: self.key.to_string(),
        }
    }

    pub(super) fn failed(&self) -> impl Fn(Error) -> OpenError + use<'_> {
        |source| {
            if source.sqlite_error_code() == Some(ErrorCode::NotADatabase) {
                return OpenError::Foreign(self.path.to_owned());
            }
            OpenError::Database {
                path: self.path.to_owned(),
                source,
            }
        }
    }

    pub(super) fn unread(&self) -> impl Fn(StoreError) -> OpenError + use<'_> {
        |source| OpenError::Unread {
            path: self.path.to_owned(),
            source,
        }
    }

    fn no_thread(&self) -> impl Fn(io::Error) -> OpenError + use<'_> {
        |source| OpenError::NoThread {
            path: self.path.to_owned(),
            source,
        }
    }
}

/// Whether somebody else's lock is in the way.
pub(super) fn is_busy(error: &Error) -> bool {
    error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy)
}

/// Makes the file, unless it is there, and gives its absolute path: SQLite takes some relative ones
/// for something else, such as `:memory:`. The files it puts beside it get the same mode.
fn make_file(path: &Path) -> Result<PathBuf, OpenError> {
    let not_made = |source: io::Error| match source.kind() {
        ErrorKind::NotFound => OpenError::NoFolder(path.to_owned()),
        _ => OpenError::NotMade {
            path: path.to_owned(),
            source,
        },
    };
    let made = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path);
    match made {
        Err(source) if source.kind() != ErrorKind::AlreadyExists => Err(not_made(source)),
        _ if path.is_dir() => Err(not_made(ErrorKind::IsADirectory.into())),
        _ => path.canonicalize().map_err(not_made),
    }
}

/// What marks a file as ours, where SQLite keeps room for it in its header: "LOIB".
const APPLICATION: i64 = 0x4C4F_4942;

/// Sets [`APPLICATION`].
const MARK: &str = "PRAGMA application_id = 1280264514";

/// So many pages of 4 KiB of the write-ahead log are moved into the file together: SQLite's preset of
/// 1000 makes it happen several times a second when many sign in.
const PIECE: i32 = 4_000;

/// In KiB, as a negative number: what a thousand imported people touch, so that nothing of it is read
/// twice. The other connections have SQLite's preset of 2 MB.
const WRITER_CACHE: &str = "-16000";
