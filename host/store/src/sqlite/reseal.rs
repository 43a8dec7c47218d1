//! The change of the sealing key.

use super::{
    OpenError, Purpose, SqliteStore, blocking, database,
    open::{Access, Opening, connect, is_busy},
    rows::federation,
};
use crate::{
    columns::Columns,
    key::{KeyFileError, SealingKey},
    seal::{Place, Seal},
    statement::{Row, query},
};
use bridge_model::{
    names::RealmName,
    ports::{Random, StoreError},
};
use rusqlite::{Connection, Error};
use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

/// Why a database was not sealed anew; then nothing in it was changed.
#[derive(Debug, thiserror::Error)]
pub enum ResealError {
    /// It is not there.
    #[error("there is no database at {}: name the one whose sealing key is to be changed", .0.display())]
    Missing(PathBuf),
    /// Somebody has it open.
    #[error("the database {} is in use: stop the bridge, and whatever else has it open, and try again", .0.display())]
    InUse(PathBuf),
    /// It is not opened with the old key, or not for this purpose.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// Something in it does not open with the old key, or SQLite says no.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a sealing key was not changed for another.
#[derive(Debug, thiserror::Error)]
pub enum RotateError {
    /// Its file.
    #[error(transparent)]
    KeyFile(#[from] KeyFileError),
    /// The database.
    #[error(transparent)]
    Reseal(#[from] ResealError),
}

impl SqliteStore {
    /// Seals everything in a database that is sealed with `old` anew with `new`, whole or not at all.
    /// Nothing else changes: not the subject keys, so people stay who they are, nor the key of the
    /// keyed digests, so the secrets of clients still fit.
    ///
    /// Shape: nobody else may have the database open, not even to read. That is made sure of by
    /// SQLite's exclusive lock, which is not given while anybody has it open, and which keeps
    /// everybody out until the change is on the disk.
    ///
    /// # Errors
    ///
    /// [`ResealError`].
    pub async fn reseal(
        path: &Path,
        old: &SealingKey,
        new: &SealingKey,
        random: Arc<dyn Random>,
        purpose: Purpose,
    ) -> Result<(), ResealError> {
        let path = path
            .canonicalize()
            .ok()
            .filter(|path| path.is_file())
            .ok_or_else(|| ResealError::Missing(path.to_owned()))?;
        let (old, new) = (old.clone(), new.clone());
        blocking(move || reseal(&path, &old, &new, &random, purpose)).await
    }

    /// Draws a new sealing key for a database, seals everything anew with it ([`SqliteStore::reseal`])
    /// and puts it into the place of the old one. The old key is gone afterwards; backups of the
    /// database from before still need it.
    ///
    /// The new key waits in a file beside the old one, named as that with `.next` after it, until the
    /// database is sealed with it. After an interruption, done again, this goes on with that file.
    ///
    /// # Errors
    ///
    /// [`RotateError`].
    pub async fn rotate_key(
        path: &Path,
        key_file: &Path,
        random: Arc<dyn Random>,
        purpose: Purpose,
    ) -> Result<(), RotateError> {
        let old = SealingKey::read(key_file)?;
        let mut next_file = OsString::from(key_file);
        next_file.push(".next");
        let next_file = PathBuf::from(next_file);
        let next = match SealingKey::create(&next_file, &*random) {
            Err(KeyFileError::Exists(_)) => SealingKey::read(&next_file)?,
            next => next?,
        };
        let resealed = Self::reseal(path, &old, &next, Arc::clone(&random), purpose).await;
        if let Err(ResealError::Open(OpenError::OtherKey { .. })) = resealed {
            // It is sealed with the new one already, if all went well before the interruption.
            Self::reseal(path, &next, &next, random, purpose).await?;
        } else {
            resealed?;
        }
        SealingKey::replace(key_file, &next_file)?;
        Ok(())
    }
}

fn reseal(
    path: &Path,
    old: &SealingKey,
    new: &SealingKey,
    random: &Arc<dyn Random>,
    purpose: Purpose,
) -> Result<(), ResealError> {
    let opening = Opening {
        path,
        key: old,
        seal: &Seal::new(old, Arc::clone(random)),
        random: &**random,
        purpose,
    };
    let failed = |error| match opening.failed()(error) {
        OpenError::Database { source, .. } if is_busy(&source) => {
            ResealError::InUse(path.to_owned())
        }
        error => ResealError::Open(error),
    };
    let connection = exclusive(path).map_err(failed)?;
    // Dropped after an error, it gives up what was begun.
    let begin = connection.execute_batch("BEGIN EXCLUSIVE");
    begin.map_err(failed)?;
    opening.bring_up_existing(&connection)?;
    Reseal {
        connection: &connection,
        old: opening.seal,
        new: &Seal::new(new, Arc::clone(random)),
    }
    .run(&purpose.to_string())?;
    connection.execute_batch("COMMIT").map_err(database)?;
    // The write-ahead log goes into the file, and with it the last of what the old key opens.
    let closed = connection.close();
    closed.map_err(|(_, error)| database(error))?;
    Ok(())
}

/// A connection that waits for nobody and keeps everybody else out.
fn exclusive(path: &Path) -> Result<Connection, Error> {
    let connection = connect(path, Access::Write, Duration::ZERO)?;
    for (pragma, value) in [
        ("locking_mode", "EXCLUSIVE"),
        ("synchronous", "FULL"),
        // What was sealed with the old key is overwritten, and not only given up.
        ("secure_delete", "ON"),
    ] {
        connection.pragma_update(None, pragma, value)?;
    }
    Ok(connection)
}

/// Everything sealed on its way from one key to another, within one transaction.
struct Reseal<'a> {
    connection: &'a Connection,
    old: &'a Seal,
    new: &'a Seal,
}

impl Reseal<'_> {
    fn run(&self, purpose: &str) -> Result<(), StoreError> {
        self.column(&SENTINEL, |_| Ok(Place::sentinel(purpose)))?;
        self.column(&DIGEST_KEY, |_| Ok(Place::digest_key()))?;
        self.column(&SUBJECT_KEYS, |row| {
            let realm = Columns::of("realms", row).name::<RealmName>("name")?;
            Ok(Place::subject_key(&realm))
        })?;
        self.column(&SIGNING_KEYS, |row| {
            let columns = Columns::of("signing_keys", row);
            let realm = columns.name::<RealmName>("realm")?;
            let (kid, algorithm) = (columns.get("kid")?, columns.get("algorithm")?);
            Ok(Place::signing_key(&realm, kid, algorithm))
        })?;
        self.column(&LOCAL_PASSWORDS, |row| {
            let columns = Columns::of("local_profiles", row);
            let realm = columns.name::<RealmName>("realm")?;
            Ok(Place::local_password(&realm, columns.get("subject")?))
        })?;
        self.column(&BIND_CREDENTIALS, |row| {
            Ok(Place::bind_credential(&federation(row)?.federation))
        })
    }

    fn column(
        &self,
        column: &Sealed,
        place: impl Fn(&Row) -> Result<Place, StoreError>,
    ) -> Result<(), StoreError> {
        let rows = query(column.select).rows(self.connection);
        for row in &rows.map_err(database)? {
            let place = place(row)?;
            let columns = Columns::of("sealed", row);
            let opened = self.old.open(&place, columns.get("sealed")?)?;
            query(column.update)
                .bind(self.new.seal(&place, &opened))
                .bind(columns.get::<i64>("number")?)
                .run(self.connection)
                .map_err(database)?;
        }
        Ok(())
    }
}

/// A column with sealed values: those that are there as `sealed`, each with the `number` of its row
/// and whatever tells its place, and how one is replaced.
struct Sealed {
    select: &'static str,
    update: &'static str,
}

const SENTINEL: Sealed = Sealed {
    select: "SELECT id AS number, sentinel AS sealed FROM application",
    update: "UPDATE application SET sentinel = ?1 WHERE id = ?2",
};

const DIGEST_KEY: Sealed = Sealed {
    select: "SELECT id AS number, digest_key AS sealed FROM application",
    update: "UPDATE application SET digest_key = ?1 WHERE id = ?2",
};

const SUBJECT_KEYS: Sealed = Sealed {
    select: "SELECT rowid AS number, subject_key AS sealed, name FROM realms",
    update: "UPDATE realms SET subject_key = ?1 WHERE rowid = ?2",
};

const SIGNING_KEYS: Sealed = Sealed {
    select: "SELECT number, private AS sealed, realm, kid, algorithm FROM signing_keys",
    update: "UPDATE signing_keys SET private = ?1 WHERE number = ?2",
};

const LOCAL_PASSWORDS: Sealed = Sealed {
    select: "SELECT number, password AS sealed, realm, subject FROM local_profiles
        WHERE password IS NOT NULL",
    update: "UPDATE local_profiles SET password = ?1 WHERE number = ?2",
};

const BIND_CREDENTIALS: Sealed = Sealed {
    select: "SELECT number, bind_credential AS sealed, id, realm, name, enabled, definition, plan,
            policy, managed_by, revision
        FROM federations WHERE bind_credential IS NOT NULL",
    update: "UPDATE federations SET bind_credential = ?1 WHERE number = ?2",
};
