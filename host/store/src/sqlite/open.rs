//! How a database is found, judged, brought up to date and connected to.

mod error;

pub use error::OpenError;

use super::{
    Options, Purpose,
    connections::Connections,
    failures::{self, KeptRow},
};
use crate::{
    digests::Digests,
    key::SealingKey,
    seal::{Place, Seal},
};
use bridge_model::{ports::Random, secret::Secret};
use sqlx::{
    ConnectOptions, Connection, Error, Row, SqliteConnection,
    error::DatabaseError,
    migrate,
    migrate::Migrator,
    query, query_as, query_scalar,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};
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
    /// The connection that writes.
    pub(super) writing: Arc<Connections>,
    /// Those that read; the same in memory.
    pub(super) reading: Arc<Connections>,
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
pub(super) async fn file(
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
    let connect = SqliteConnectOptions::new()
        .filename(opening.path)
        .synchronous(SqliteSynchronous::Normal)
        .busy_timeout(options.busy_timeout)
        .pragma("trusted_schema", "OFF")
        .pragma("wal_autocheckpoint", CHECKPOINT_PAGES);
    // The journal mode is a change of the file, so it waits until the file is known to be ours.
    let mut first = connect.connect().await.map_err(opening.failed())?;
    let kept = opening.admit(&mut first).await?;
    first.close().await.map_err(opening.failed())?;

    let write = connect
        .clone()
        .journal_mode(SqliteJournalMode::Wal)
        .pragma("cache_size", WRITER_CACHE);
    let writing = Connections::new(1, async || write.connect().await)
        .await
        .map_err(opening.failed())?;
    let read = connect.read_only(true);
    let reading = Connections::new(options.readers.max(1), async || read.connect().await)
        .await
        .map_err(opening.failed())?;
    Ok(Opened {
        writing: Arc::new(writing),
        reading: Arc::new(reading),
        kept,
    })
}

/// Connects to a file that is there so that nothing of it changes, nor of what lies beside it.
pub(super) async fn unchanged(
    path: &Path,
    busy_timeout: Duration,
) -> Result<SqliteConnection, Error> {
    let path = path.canonicalize().map_err(Error::Io)?;
    let beside = |ending: &str| {
        let mut name = path.clone().into_os_string();
        name.push(ending);
        PathBuf::from(name).exists()
    };
    let connect = SqliteConnectOptions::new()
        .filename(&path)
        .busy_timeout(busy_timeout)
        .pragma("trusted_schema", "OFF");
    let connect = if beside("-wal") {
        // Whoever was killed has left it. One that only reads leaves it too.
        connect.read_only(true)
    } else if beside("-journal") {
        // Somebody was killed who had just begun. What they began is taken back before anything can be read.
        connect
    } else {
        // Nobody has the file open, and the log is not made for this alone.
        connect.read_only(true).immutable(true)
    };
    connect.connect().await
}

/// Makes a database in memory: one connection for everything.
pub(super) async fn memory(
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
    let options = SqliteConnectOptions::new().in_memory(true);
    let connections = Connections::new(1, async || options.connect().await)
        .await
        .map_err(opening.failed())?;
    let mut connection = connections.lease().await.map_err(opening.failed())?;
    let kept = opening.admit(&mut connection).await?;
    drop(connection);
    let writing = Arc::new(connections);
    Ok(Opened {
        reading: Arc::clone(&writing),
        writing,
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
    async fn admit(&self, connection: &mut SqliteConnection) -> Result<AtOpening, OpenError> {
        let mut transaction = connection
            .begin_with("BEGIN IMMEDIATE")
            .await
            .map_err(self.failed())?;
        if self.is_new(&mut transaction).await? {
            self.migrate(&mut transaction).await?;
            self.mark(&mut transaction).await.map_err(self.failed())?;
        } else {
            self.judge(&mut transaction).await?;
            self.migrate(&mut transaction).await?;
        }
        let digest_key = self.digest_key(&mut transaction).await?;
        let attempts = query_as(failures::ROWS)
            .fetch_all(&mut *transaction)
            .await
            .map_err(self.failed())?;
        transaction.commit().await.map_err(self.failed())?;
        Ok(AtOpening {
            digest_key,
            attempts,
        })
    }

    /// As [`Opening::admit`] for a database that has to be there, in a transaction of the caller's.
    pub(super) async fn bring_up_existing(
        &self,
        connection: &mut SqliteConnection,
    ) -> Result<(), OpenError> {
        if self.is_new(connection).await? {
            return Err(OpenError::Foreign(self.path.to_owned()));
        }
        self.judge(connection).await?;
        self.migrate(connection).await?;
        self.digest_key(connection).await.map(|_| ())
    }

    /// Whether there is something in it; then it has to be ours, of a schema that is known, for this purpose,
    /// and sealed with this key.
    pub(super) async fn is_known(
        &self,
        connection: &mut SqliteConnection,
    ) -> Result<bool, OpenError> {
        if self.is_new(connection).await? {
            return Ok(false);
        }
        self.judge(connection).await?;
        Ok(true)
    }

    /// Whether there is nothing in it; else it has to be ours.
    async fn is_new(&self, connection: &mut SqliteConnection) -> Result<bool, OpenError> {
        let application: i64 = query_scalar("PRAGMA application_id")
            .fetch_one(&mut *connection)
            .await
            .map_err(self.failed())?;
        let objects: i64 = query_scalar("SELECT count(*) FROM sqlite_schema")
            .fetch_one(connection)
            .await
            .map_err(self.failed())?;
        match (application, objects) {
            (0, 0) => Ok(true),
            (APPLICATION, _) => Ok(false),
            _ => Err(OpenError::Foreign(self.path.to_owned())),
        }
    }

    /// Schema first, because nothing else can be read of one that is not known; then the purpose,
    /// because another purpose goes with another key; then the key.
    async fn judge(&self, connection: &mut SqliteConnection) -> Result<(), OpenError> {
        let path = || self.path.to_owned();
        let found: Option<i64> = query_scalar("SELECT max(version) FROM _sqlx_migrations")
            .fetch_one(&mut *connection)
            .await
            .map_err(self.failed())?;
        let known = MIGRATIONS.iter().map(|migration| migration.version).max();
        if let (Some(found), Some(known)) = (found, known)
            && found > known
        {
            return Err(OpenError::Newer {
                path: path(),
                found,
                known,
            });
        }
        let row = query("SELECT purpose, sentinel FROM application WHERE id = 1")
            .fetch_one(connection)
            .await
            .map_err(self.failed())?;
        let purpose: String = row.try_get("purpose").map_err(self.failed())?;
        if purpose != self.purpose.to_string() {
            return Err(OpenError::OtherPurpose {
                path: path(),
                found: purpose,
                wanted: self.purpose,
            });
        }
        let sentinel: &[u8] = row.try_get("sentinel").map_err(self.failed())?;
        self.seal
            .open(&Place::sentinel(&purpose), sentinel)
            .map_err(|_| self.other_key())?;
        Ok(())
    }

    /// The key of the keyed digests; in a database from before it was kept, it is put there now.
    async fn digest_key(&self, connection: &mut SqliteConnection) -> Result<Secret, OpenError> {
        let sealed: Option<Vec<u8>> = query_scalar("SELECT digest_key FROM application")
            .fetch_one(&mut *connection)
            .await
            .map_err(self.failed())?;
        let place = Place::digest_key();
        if let Some(sealed) = sealed {
            return self
                .seal
                .open(&place, &sealed)
                .map_err(|_| self.other_key());
        }
        let digest_key = Digests::derived_key(self.key);
        query("UPDATE application SET digest_key = ?1")
            .bind(self.seal.seal(&place, &digest_key))
            .execute(connection)
            .await
            .map_err(self.failed())?;
        Ok(digest_key)
    }

    async fn migrate(&self, connection: &mut SqliteConnection) -> Result<(), OpenError> {
        MIGRATIONS
            .run_direct(None, connection, false)
            .await
            .map_err(|source| OpenError::Migration {
                path: self.path.to_owned(),
                source: Box::new(source),
            })
    }

    /// Marks a new database as ours, for this purpose, sealed with this key.
    async fn mark(&self, connection: &mut SqliteConnection) -> Result<(), Error> {
        let purpose = self.purpose.to_string();
        let sentinel = Secret::new("sentinel");
        let mut digest_key = Zeroizing::new([0; Digests::KEY_OCTETS]);
        self.random.fill(&mut *digest_key);
        let digest_key = Secret::new(*digest_key);
        query("INSERT INTO application (id, purpose, sentinel, digest_key) VALUES (1, ?1, ?2, ?3)")
            .bind(&purpose)
            .bind(self.seal.seal(&Place::sentinel(&purpose), &sentinel))
            .bind(self.seal.seal(&Place::digest_key(), &digest_key))
            .execute(&mut *connection)
            .await?;
        query(MARK).execute(connection).await?;
        Ok(())
    }

    fn other_key(&self) -> OpenError {
        OpenError::OtherKey {
            path: self.path.to_owned(),
            key: self.key.to_string(),
        }
    }

    pub(super) fn failed(&self) -> impl Fn(Error) -> OpenError + use<'_> {
        |source| {
            let code = source.as_database_error().and_then(DatabaseError::code);
            if code.as_deref() == Some(NOT_A_DATABASE) {
                return OpenError::Foreign(self.path.to_owned());
            }
            OpenError::Database {
                path: self.path.to_owned(),
                source,
            }
        }
    }
}

/// Whether somebody else's lock is in the way (`SQLITE_BUSY`, with whatever says more of it in the
/// upper octets).
pub(super) fn is_busy(error: &Error) -> bool {
    let code = error.as_database_error().and_then(DatabaseError::code);
    code.and_then(|code| code.parse::<u32>().ok())
        .is_some_and(|code| code & 0xFF == 5)
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

static MIGRATIONS: Migrator = migrate!("migrations/sqlite");

/// What marks a file as ours, where SQLite keeps room for it in its header: "LOIB".
const APPLICATION: i64 = 0x4C4F_4942;

/// Sets [`APPLICATION`].
const MARK: &str = "PRAGMA application_id = 1280264514";

/// The write-ahead log is moved into the file when it has this many pages of 4 KiB. That waits for
/// the disk, and all writes wait with it: SQLite's preset of 1000 makes it happen several times a
/// second when many sign in.
const CHECKPOINT_PAGES: &str = "4000";

/// In KiB, as a negative number: what a thousand imported people touch, so that nothing of it is read
/// twice. The other connections have SQLite's preset of 2 MB.
const WRITER_CACHE: &str = "-16000";

/// `SQLITE_NOTADB`.
const NOT_A_DATABASE: &str = "26";
