//! TOML.

use super::{Lines, Malformed, too_deep};
use crate::documents::tree::{DEPTH_MAX, Node, Table, Value};
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

pub(super) fn read(text: &str) -> Result<Node, Malformed> {
    let lines = Lines::of(text);
    let (table, errors) = DeTable::parse_recoverable(text);
    // Further ones mostly follow from the first.
    if let Some(error) = errors.first() {
        return Err(Malformed {
            line: error.span().map_or(0, |span| lines.at(span.start)),
            message: format!("not TOML: {}", error.message()),
        });
    }
    Ok(Node::new(Value::Table(members(
        table.get_ref(),
        &lines,
        0,
    )?)))
}

fn members(table: &DeTable<'_>, lines: &Lines, depth: usize) -> Result<Table, Malformed> {
    let members = table.iter();
    members
        .map(|(name, value)| Ok((name.get_ref().to_string(), node(value, lines, depth + 1)?)))
        .collect()
}

fn node(spanned: &Spanned<DeValue<'_>>, lines: &Lines, depth: usize) -> Result<Node, Malformed> {
    let line = lines.at(spanned.span().start);
    if depth > DEPTH_MAX {
        return Err(too_deep(line));
    }
    let value = match spanned.get_ref() {
        DeValue::String(text) => Value::Text(text.to_string()),
        DeValue::Boolean(flag) => Value::Flag(*flag),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
            .map_or_else(
                |_| Value::Other {
                    kind: "integer out of range",
                    text: number.as_str().to_owned(),
                },
                Value::Number,
            ),
        DeValue::Float(number) => Value::Other {
            kind: "float",
            text: number.as_str().to_owned(),
        },
        DeValue::Datetime(datetime) => Value::Other {
            kind: "datetime",
            text: datetime.to_string(),
        },
        DeValue::Array(items) => {
            let items = items.iter().map(|item| node(item, lines, depth + 1));
            Value::List(items.collect::<Result<_, _>>()?)
        }
        DeValue::Table(table) => Value::Table(members(table, lines, depth)?),
    };
    Ok(Node { value, line })
}

pub(super) fn write(node: &Node) -> String {
    match plain(node) {
        // A table of this crate's own values can always be written.
        Some(toml::Value::Table(table)) => toml::to_string_pretty(&table).unwrap_or_default(),
        Some(other) => format!("{other}\n"),
        None => String::new(),
    }
}

fn plain(node: &Node) -> Option<toml::Value> {
    Some(match &node.value {
        Value::Null => return None,
        Value::Flag(flag) => (*flag).into(),
        Value::Number(number) => (*number).into(),
        Value::Text(text) | Value::Other { text, .. } => text.as_str().into(),
        Value::List(items) => toml::Value::Array(items.iter().filter_map(plain).collect()),
        Value::Table(members) => {
            let members = members.iter();
            let members = members.filter_map(|(name, node)| Some((name.clone(), plain(node)?)));
            toml::Value::Table(members.collect())
        }
    })
}
