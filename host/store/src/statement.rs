//! Statements with their values, and the rows that come of them: both whole, so that neither is tied
//! to a connection.

use rusqlite::{CachedStatement, Connection, Error, types::Value};
use std::{borrow::Cow, sync::Arc};

/// A statement with its values.
pub(crate) struct Statement {
    sql: Cow<'static, str>,
    values: Vec<Value>,
    is_kept: bool,
}

/// A row: columns with their names.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    names: Arc<[String]>,
    values: Vec<Value>,
}

/// What came of a statement that writes.
#[derive(Debug, Default)]
pub(crate) struct Written {
    /// What it returned.
    pub(crate) rows: Vec<Row>,
    /// How many rows it made, changed or deleted.
    pub(crate) changed: u64,
}

/// A value on its way into a statement.
pub(crate) trait Bind {
    fn into_value(self) -> Value;
}

/// A statement without values yet.
pub(crate) fn query(sql: &'static str) -> Statement {
    Statement {
        sql: Cow::Borrowed(sql),
        values: Vec::new(),
        is_kept: true,
    }
}

impl Statement {
    /// Gives the next value. The first is `?1`.
    pub(crate) fn bind(mut self, value: impl Bind) -> Self {
        self.values.push(value.into_value());
        self
    }

    /// Goes on with this text.
    pub(crate) fn push(&mut self, sql: &str) -> &mut Self {
        self.sql.to_mut().push_str(sql);
        self
    }

    /// Goes on with this value.
    pub(crate) fn push_bind(&mut self, value: impl Bind) -> &mut Self {
        self.sql.to_mut().push('?');
        self.values.push(value.into_value());
        self
    }

    /// Goes on with rows of values, as they stand behind `VALUES`.
    pub(crate) fn push_rows(&mut self, rows: impl Iterator<Item = Vec<Value>>) -> &mut Self {
        let sql = self.sql.to_mut();
        for (place, row) in rows.enumerate() {
            sql.push_str(if place == 0 { "VALUES (" } else { "), (" });
            for place in 0..row.len() {
                sql.push_str(if place == 0 { "?" } else { ", ?" });
            }
            self.values.extend(row);
        }
        sql.push(')');
        self
    }

    /// Whether it comes again and is worth being kept prepared.
    pub(crate) fn kept(mut self, is_kept: bool) -> Self {
        self.is_kept = is_kept;
        self
    }

    /// Runs it to its very end: SQLite commits what is in no transaction when the last row was taken.
    pub(crate) fn run(self, connection: &Connection) -> Result<Written, Error> {
        let rows = self.rows(connection)?;
        Ok(Written {
            rows,
            changed: connection.changes(),
        })
    }

    /// Reads one row.
    pub(crate) fn row(self, connection: &Connection) -> Result<Option<Row>, Error> {
        Ok(self.take(connection, 1)?.pop())
    }

    /// Reads all rows.
    pub(crate) fn rows(self, connection: &Connection) -> Result<Vec<Row>, Error> {
        self.take(connection, usize::MAX)
    }

    fn take(self, connection: &Connection, limit: usize) -> Result<Vec<Row>, Error> {
        let mut prepared = connection.prepare_cached(&self.sql)?;
        debug_assert!(
            prepared.parameter_count() <= self.values.len(),
            "{}",
            self.sql
        );
        // One with fewer parameters leaves the last values out.
        for (place, value) in (1..=prepared.parameter_count()).zip(&self.values) {
            prepared.raw_bind_parameter(place, value)?;
        }
        let taken = take(&mut prepared, limit);
        if !self.is_kept {
            prepared.discard();
        }
        taken
    }
}

fn take(prepared: &mut CachedStatement<'_>, limit: usize) -> Result<Vec<Row>, Error> {
    let mut found = prepared.raw_query();
    let mut rows = Vec::new();
    let mut names = None;
    while rows.len() < limit
        && let Some(row) = found.next()?
    {
        // Known for sure only now: the schema may have changed since the statement was prepared.
        let names: &Arc<[String]> = names.get_or_insert_with(|| names_of(row.as_ref()));
        let values = (0..names.len()).map(|place| Ok(Value::try_from(row.get_ref(place)?)?));
        rows.push(Row {
            values: values.collect::<Result<_, Error>>()?,
            names: Arc::clone(names),
        });
    }
    Ok(rows)
}

fn names_of(prepared: &rusqlite::Statement<'_>) -> Arc<[String]> {
    prepared.column_names().map(str::to_owned).collect()
}

impl Row {
    /// The value of a column; none: there is no column of this name.
    pub(crate) fn value(&self, name: &str) -> Option<&Value> {
        let place = self.names.iter().position(|known| known == name)?;
        self.values.get(place)
    }
}

impl Bind for Value {
    fn into_value(self) -> Value {
        self
    }
}

impl Bind for i64 {
    fn into_value(self) -> Value {
        Value::Integer(self)
    }
}

impl Bind for bool {
    fn into_value(self) -> Value {
        Value::Integer(self.into())
    }
}

impl Bind for String {
    fn into_value(self) -> Value {
        Value::Text(self)
    }
}

impl Bind for &str {
    fn into_value(self) -> Value {
        Value::Text(self.to_owned())
    }
}

impl Bind for &String {
    fn into_value(self) -> Value {
        Value::Text(self.clone())
    }
}

impl Bind for Vec<u8> {
    fn into_value(self) -> Value {
        Value::Blob(self)
    }
}

impl Bind for &[u8] {
    fn into_value(self) -> Value {
        Value::Blob(self.to_vec())
    }
}

impl<T: Bind> Bind for Option<T> {
    fn into_value(self) -> Value {
        self.map_or(Value::Null, Bind::into_value)
    }
}

impl Bind for &Option<String> {
    fn into_value(self) -> Value {
        self.as_deref().into_value()
    }
}
