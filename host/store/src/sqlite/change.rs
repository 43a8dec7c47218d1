//! Changes of realms, federations and clients, each within a transaction that its caller commits.

mod client;
mod federation;
mod realm;

use super::{database, fault::Fault};
use crate::{
    columns::Columns,
    digests::Digests,
    seal::Seal,
    statement::{Row, Statement, query},
};
use bridge_model::{
    ports::{Precondition, Random, StoreError},
    realm::Revision,
    time::Timestamp,
};
use rusqlite::Connection;

/// What a change is made with. Whoever has one holds the only connection that writes, so what it
/// reads stays as it is until it is written.
pub(super) struct Change<'a> {
    pub(super) connection: &'a Connection,
    pub(super) seal: &'a Seal,
    pub(super) digests: &'a Digests,
    pub(super) random: &'a dyn Random,
    pub(super) now: Timestamp,
}

impl Change<'_> {
    /// Runs a statement; gives how many rows it made, changed or deleted.
    pub(super) fn run(&self, statement: Statement) -> Result<u64, StoreError> {
        let done = statement.run(self.connection).map_err(database)?;
        Ok(done.changed)
    }

    /// Reads one row.
    pub(super) fn row(&self, statement: Statement) -> Result<Option<Row>, StoreError> {
        statement.row(self.connection).map_err(database)
    }

    /// Reads the row that there is always one of.
    pub(super) fn one(&self, statement: Statement) -> Result<Row, StoreError> {
        let row = self.row(statement)?;
        row.ok_or_else(|| database(Fault::NoRow))
    }

    /// Reads all rows.
    pub(super) fn rows(&self, statement: Statement) -> Result<Vec<Row>, StoreError> {
        statement.rows(self.connection).map_err(database)
    }

    /// The first revision of a new object, which goes on from where one of the same name ended: so
    /// nobody who read that one takes this for it.
    fn first_revision(&self, object: &str) -> Result<Revision, StoreError> {
        let statement = query("SELECT revision FROM past_revisions WHERE object = ?1");
        let past = match self.row(statement.bind(object))? {
            Some(row) => Columns::of("past_revisions", &row).revision("revision")?,
            None => Revision(0),
        };
        Ok(next(past))
    }

    /// Remembers the last revision of an object that goes.
    fn keep_revision(&self, object: &str, revision: Revision) -> Result<(), StoreError> {
        let statement = query("INSERT OR REPLACE INTO past_revisions VALUES (?1, ?2)")
            .bind(object)
            .bind(crate::columns::revision_number(revision));
        self.run(statement).map(|_| ())
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
