//! Changes of realms, federations and clients, each within a transaction that its caller commits.

mod client;
mod federation;
mod realm;

use super::database;
use crate::{digests::Digests, seal::Seal};
use bridge_model::{
    ports::{Precondition, Random, StoreError},
    realm::Revision,
    time::Timestamp,
};
use sqlx::{
    Sqlite, SqliteConnection, query, query::Query, query_scalar, sqlite::SqliteArguments,
    sqlite::SqliteRow,
};

/// What a change is made with. Whoever has one holds the only connection that writes, so what it
/// reads stays as it is until it is written.
pub(super) struct Change<'a> {
    pub(super) connection: &'a mut SqliteConnection,
    pub(super) seal: &'a Seal,
    pub(super) digests: &'a Digests,
    pub(super) random: &'a dyn Random,
    pub(super) now: Timestamp,
}

impl Change<'_> {
    /// Runs a statement; gives how many rows it made, changed or deleted.
    pub(super) async fn run(
        &mut self,
        statement: Query<'_, Sqlite, SqliteArguments>,
    ) -> Result<u64, StoreError> {
        let done = statement.execute(&mut *self.connection).await;
        Ok(done.map_err(database)?.rows_affected())
    }

    /// Reads one row.
    pub(super) async fn row(
        &mut self,
        statement: Query<'_, Sqlite, SqliteArguments>,
    ) -> Result<Option<SqliteRow>, StoreError> {
        let row = statement.fetch_optional(&mut *self.connection).await;
        row.map_err(database)
    }

    /// Reads all rows.
    pub(super) async fn rows(
        &mut self,
        statement: Query<'_, Sqlite, SqliteArguments>,
    ) -> Result<Vec<SqliteRow>, StoreError> {
        let rows = statement.fetch_all(&mut *self.connection).await;
        rows.map_err(database)
    }

    /// The first revision of a new object, which goes on from where one of the same name ended: so
    /// nobody who read that one takes this for it.
    async fn first_revision(&mut self, object: &str) -> Result<Revision, StoreError> {
        let statement = query_scalar("SELECT revision FROM past_revisions WHERE object = ?1");
        let past: Option<i64> = statement
            .bind(object)
            .fetch_optional(&mut *self.connection)
            .await
            .map_err(database)?;
        let past = past.and_then(|past| u64::try_from(past).ok());
        Ok(next(Revision(past.unwrap_or_default())))
    }

    /// Remembers the last revision of an object that goes.
    async fn keep_revision(&mut self, object: &str, revision: Revision) -> Result<(), StoreError> {
        let statement = query("INSERT OR REPLACE INTO past_revisions VALUES (?1, ?2)")
            .bind(object)
            .bind(crate::columns::revision_number(revision));
        self.run(statement).await.map(|_| ())
    }
}

/// What of an object decides whether it may be written.
#[derive(Clone, Copy)]
struct State<'a> {
    managed_by: Option<&'a str>,
    revision: Revision,
}

/// Whether somebody who is no file may write an object that stands like this; none: it is not there.
fn check(
    object: &str,
    existing: Option<State<'_>>,
    precondition: Precondition,
) -> Result<(), StoreError> {
    match (existing, precondition) {
        (None, Precondition::Absent) => Ok(()),
        (None, _) => Err(StoreError::Missing(object.to_owned())),
        (Some(_), Precondition::Absent) => Err(StoreError::Duplicate(object.to_owned())),
        (
            Some(State {
                managed_by,
                revision,
            }),
            _,
        ) => {
            if let Some(source) = managed_by {
                return Err(StoreError::Managed {
                    object: object.to_owned(),
                    source_name: source.to_owned(),
                });
            }
            match precondition {
                Precondition::Revision(wanted) if wanted != revision => {
                    Err(StoreError::Stale(object.to_owned()))
                }
                _ => Ok(()),
            }
        }
    }
}

/// The revision after this one.
fn next(revision: Revision) -> Revision {
    Revision(revision.0.saturating_add(1))
}
