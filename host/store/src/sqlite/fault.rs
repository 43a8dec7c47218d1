//! What goes wrong between the store and SQLite.

use rusqlite::{Error, ErrorCode, ffi};

/// Why the database gave no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    /// The store was closed.
    #[error("the store is closed")]
    Closed,
    /// There is always such a row.
    #[error("a row is missing that has to be there")]
    NoRow,
    /// Something else that was written at the same time took this with it.
    #[error("SQLite gave the transaction up")]
    GivenUp,
    /// SQLite says no.
    #[error(transparent)]
    Sqlite(#[from] Error),
}

/// Which constraint is in the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Constraint {
    /// Something with the same key is there.
    Unique,
    /// What is referred to is not there.
    ForeignKey,
    /// Another.
    Other,
}

impl Fault {
    /// Which constraint is in the way; none: it is another fault.
    pub(super) fn constraint(&self) -> Option<Constraint> {
        let Self::Sqlite(error) = self else {
            return None;
        };
        let error = error.sqlite_error()?;
        (error.code == ErrorCode::ConstraintViolation).then_some(match error.extended_code {
            ffi::SQLITE_CONSTRAINT_UNIQUE | ffi::SQLITE_CONSTRAINT_PRIMARYKEY => Constraint::Unique,
            ffi::SQLITE_CONSTRAINT_FOREIGNKEY => Constraint::ForeignKey,
            _ => Constraint::Other,
        })
    }
}
