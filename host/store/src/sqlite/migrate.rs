//! The schema, brought up to date by numbered scripts.
//!
//! Which of them a database has had stands in a table of it, as sqlx kept it: databases of all versions
//! of the bridge have it, and older ones judge by it.

use super::fault::Fault;
use crate::{columns::Columns, statement::query};
use aws_lc_rs::digest::{SHA384, digest};
use bridge_model::ports::StoreError;
use rusqlite::{Connection, Error};
use std::{collections::BTreeMap, time::Instant};

/// Why a schema cannot be brought up to date.
#[derive(Debug, thiserror::Error)]
pub enum MigrationError {
    /// What is noted of it does not read.
    #[error("{0}")]
    Unread(#[from] StoreError),
    /// A script fails.
    #[error("script {1} fails: {0}; nothing was changed, so mend that and start again")]
    Script(#[source] Error, i64),
    /// A script that is not known was run.
    #[error(
        "a newer version of the bridge has run script {0} on it, which this one does not know; start that version, or restore a backup of this one's"
    )]
    Missing(i64),
    /// Another script was run under the number of one that is known.
    #[error(
        "script {0} was another one when it was run; start the version that made the database, or restore a backup"
    )]
    Modified(i64),
    /// A script was not seen to its end.
    #[error("script {0} was not run to its end; restore a backup")]
    Partial(i64),
}

/// A script. Its number, its name and its text never change again.
struct Migration {
    version: i64,
    description: &'static str,
    sql: &'static str,
}

impl Migration {
    fn checksum(&self) -> Vec<u8> {
        digest(&SHA384, self.sql.as_bytes()).as_ref().to_vec()
    }
}

/// The last version that is known.
pub(super) fn known() -> i64 {
    MIGRATIONS.iter().map(|it| it.version).fold(0, i64::max)
}

/// Runs what was not run yet, in a transaction of the caller's, which is given up after an error.
pub(super) fn migrate(connection: &Connection) -> Result<(), MigrationError> {
    let unread = |error| MigrationError::Unread(super::database(Fault::Sqlite(error)));
    connection.execute_batch(TABLE).map_err(unread)?;
    let rows = query(APPLIED).rows(connection).map_err(unread)?;
    let mut applied = BTreeMap::new();
    for row in &rows {
        let columns = Columns::of("_sqlx_migrations", row);
        let version: i64 = columns.get("version")?;
        if !columns.get::<bool>("success")? {
            return Err(MigrationError::Partial(version));
        }
        applied.insert(version, columns.get::<Vec<u8>>("checksum")?);
    }
    for version in applied.keys() {
        if MIGRATIONS.iter().all(|known| known.version != *version) {
            return Err(MigrationError::Missing(*version));
        }
    }
    for migration in &MIGRATIONS {
        match applied.get(&migration.version) {
            Some(checksum) if *checksum != migration.checksum() => {
                return Err(MigrationError::Modified(migration.version));
            }
            Some(_) => {}
            None => migration
                .run(connection)
                .map_err(|error| MigrationError::Script(error, migration.version))?,
        }
    }
    Ok(())
}

impl Migration {
    fn run(&self, connection: &Connection) -> Result<(), Error> {
        let begin = Instant::now();
        connection.execute_batch(self.sql)?;
        let nanoseconds = i64::try_from(begin.elapsed().as_nanos()).unwrap_or(i64::MAX);
        let statement = query(NOTE)
            .bind(self.version)
            .bind(self.description)
            .bind(self.checksum())
            .bind(nanoseconds);
        statement.run(connection).map(|_| ())
    }
}

const MIGRATIONS: [Migration; 4] = [
    Migration {
        version: 1,
        description: "store",
        sql: include_str!("../../migrations/sqlite/0001_store.sql"),
    },
    Migration {
        version: 2,
        description: "administration",
        sql: include_str!("../../migrations/sqlite/0002_administration.sql"),
    },
    Migration {
        version: 3,
        description: "people",
        sql: include_str!("../../migrations/sqlite/0003_people.sql"),
    },
    Migration {
        version: 4,
        description: "policies",
        sql: include_str!("../../migrations/sqlite/0004_policies.sql"),
    },
];

const TABLE: &str = "
    CREATE TABLE IF NOT EXISTS _sqlx_migrations (
        version BIGINT PRIMARY KEY,
        description TEXT NOT NULL,
        installed_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
        success BOOLEAN NOT NULL,
        checksum BLOB NOT NULL,
        execution_time BIGINT NOT NULL
    )";

const APPLIED: &str = "SELECT version, success, checksum FROM _sqlx_migrations ORDER BY version";

const NOTE: &str = "
    INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
    VALUES (?1, ?2, TRUE, ?3, ?4)";

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn every_script_in_the_folder_is_run() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/migrations/sqlite");
        let entries = fs::read_dir(folder).expect("the folder is there");
        let mut found: Vec<_> = entries
            .map(|entry| entry.expect("it reads").file_name().into_string())
            .collect::<Result<_, _>>()
            .expect("names are text");
        found.sort();
        let name = |it: &Migration| format!("{:04}_{}.sql", it.version, it.description);
        assert_eq!(found, MIGRATIONS.iter().map(name).collect::<Vec<_>>());
    }

    #[test]
    fn what_was_run_is_what_is_known() {
        let connection = Connection::open_in_memory().expect("memory opens");
        migrate(&connection).expect("it is brought up to date");
        migrate(&connection).expect("it is as it should be");
        let tamper = |sql: &str| connection.execute(sql, []).expect("it runs");
        tamper("UPDATE _sqlx_migrations SET success = FALSE WHERE version = 2");
        let error = migrate(&connection).expect_err("it is partial");
        assert!(matches!(error, MigrationError::Partial(2)), "{error}");
        assert!(error.to_string().contains("restore a backup"), "{error}");
        tamper("UPDATE _sqlx_migrations SET success = TRUE, checksum = x'00' WHERE version = 2");
        let error = migrate(&connection).expect_err("it is another");
        assert!(matches!(error, MigrationError::Modified(2)), "{error}");
        assert!(error.to_string().contains("restore a backup"), "{error}");
        tamper("UPDATE _sqlx_migrations SET version = 77 WHERE version = 2");
        let error = migrate(&connection).expect_err("it is unknown");
        assert!(matches!(error, MigrationError::Missing(77)), "{error}");
        assert!(error.to_string().contains("restore a backup"), "{error}");
    }
}
