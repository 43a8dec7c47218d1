//! Values on their way into columns and back.

use crate::statement::Row;
use bridge_model::{ports::StoreError, realm::Revision, session::TokenHash, time::Timestamp};
use rusqlite::types::Value;
use serde::{Serialize, de::DeserializeOwned};
use std::fmt::Display;
use uuid::Uuid;

/// A row that does not read as what it should be: it was written by something else.
#[derive(Debug, thiserror::Error)]
#[error("{table}.{column} does not read: {reason}")]
struct ColumnError {
    table: &'static str,
    column: &'static str,
    reason: String,
}

/// What a value of SQLite's is read as.
pub(crate) trait Read<'r>: Sized {
    /// None: the value is of another type.
    fn read(value: &'r Value) -> Option<Self>;
}

impl Read<'_> for i64 {
    fn read(value: &Value) -> Option<Self> {
        match value {
            Value::Integer(number) => Some(*number),
            _ => None,
        }
    }
}

impl Read<'_> for bool {
    fn read(value: &Value) -> Option<Self> {
        i64::read(value).map(|number| number != 0)
    }
}

impl<'r> Read<'r> for &'r str {
    fn read(value: &'r Value) -> Option<Self> {
        match value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }
}

impl Read<'_> for String {
    fn read(value: &Value) -> Option<Self> {
        <&str>::read(value).map(str::to_owned)
    }
}

impl<'r> Read<'r> for &'r [u8] {
    fn read(value: &'r Value) -> Option<Self> {
        match value {
            Value::Blob(octets) => Some(octets),
            _ => None,
        }
    }
}

impl Read<'_> for Vec<u8> {
    fn read(value: &Value) -> Option<Self> {
        <&[u8]>::read(value).map(<[u8]>::to_vec)
    }
}

impl<'r, T: Read<'r>> Read<'r> for Option<T> {
    fn read(value: &'r Value) -> Option<Self> {
        match value {
            Value::Null => Some(None),
            value => T::read(value).map(Some),
        }
    }
}

/// The columns of a row.
pub(crate) struct Columns<'r> {
    table: &'static str,
    row: &'r Row,
}

impl<'r> Columns<'r> {
    /// A row of a table.
    pub(crate) fn of(table: &'static str, row: &'r Row) -> Self {
        Self { table, row }
    }

    /// A column as SQLite has it.
    pub(crate) fn get<T: Read<'r>>(&self, column: &'static str) -> Result<T, StoreError> {
        let Some(value) = self.row.value(column) else {
            return Err(self.error(column, "there is no such column"));
        };
        T::read(value).ok_or_else(|| {
            let found = value.data_type();
            self.error(column, format_args!("it is of the type {found}"))
        })
    }

    /// A column that follows a rule of its type.
    pub(crate) fn parsed<S, T, E>(
        &self,
        column: &'static str,
        parse: impl FnOnce(S) -> Result<T, E>,
    ) -> Result<T, StoreError>
    where
        S: Read<'r>,
        E: Display,
    {
        parse(self.get(column)?).map_err(|error| self.error(column, error))
    }

    /// A column with a name.
    pub(crate) fn name<T>(&self, column: &'static str) -> Result<T, StoreError>
    where
        T: TryFrom<String>,
        T::Error: Display,
    {
        self.parsed(column, |name: String| T::try_from(name))
    }

    /// A column with JSON.
    pub(crate) fn json<T: DeserializeOwned>(&self, column: &'static str) -> Result<T, StoreError> {
        self.parsed(column, |text: &str| serde_json::from_str(text))
    }

    /// A column with a point in time.
    pub(crate) fn time(&self, column: &'static str) -> Result<Timestamp, StoreError> {
        self.parsed(column, |seconds: i64| u64::try_from(seconds).map(Timestamp))
    }

    /// A column with a revision.
    pub(crate) fn revision(&self, column: &'static str) -> Result<Revision, StoreError> {
        self.parsed(column, |number: i64| u64::try_from(number).map(Revision))
    }

    /// A column with the digest of a token.
    pub(crate) fn hash(&self, column: &'static str) -> Result<TokenHash, StoreError> {
        self.parsed(column, |octets: &[u8]| octets.try_into().map(TokenHash))
    }

    /// A column with 16 octets.
    pub(crate) fn uuid(&self, column: &'static str) -> Result<Uuid, StoreError> {
        self.parsed(column, Uuid::from_slice)
    }

    /// The error for a column that does not read.
    pub(crate) fn error(&self, column: &'static str, reason: impl Display) -> StoreError {
        StoreError::Database(Box::new(ColumnError {
            table: self.table,
            column,
            reason: reason.to_string(),
        }))
    }
}

/// A structured value as JSON text.
pub(crate) fn json<T: Serialize>(value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| StoreError::Database(Box::new(error)))
}

/// A point in time as SQLite has it. What lies beyond its integers is never reached.
pub(crate) fn seconds(time: Timestamp) -> i64 {
    i64::try_from(time.0).unwrap_or(i64::MAX)
}

/// A revision as SQLite has it. What lies beyond its integers is never reached.
pub(crate) fn revision_number(revision: Revision) -> i64 {
    i64::try_from(revision.0).unwrap_or(i64::MAX)
}
