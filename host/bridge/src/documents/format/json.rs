//! JSON.

use super::{Lines, Malformed, too_deep, twice};
use crate::documents::tree::{DEPTH_MAX, Node, Table, Value};
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::value::RawValue;
use std::{collections::HashSet, fmt};

pub(super) fn read(text: &str) -> Result<Node, Malformed> {
    let source = Source {
        text,
        lines: Lines::of(text),
    };
    if text.trim().is_empty() {
        return Ok(Node::new(Value::Table(Vec::new())));
    }
    let raw = source.part::<&RawValue>(text)?;
    let mut root = source.node(raw, 0)?;
    root.line = 0;
    Ok(root)
}

struct Source<'a> {
    text: &'a str,
    lines: Lines,
}

impl<'a> Source<'a> {
    /// The line at which a part of the text begins.
    fn line(&self, part: &str) -> usize {
        let at = part.as_ptr().addr() - self.text.as_ptr().addr();
        self.lines.at(at)
    }

    fn part<T: Deserialize<'a>>(&self, part: &'a str) -> Result<T, Malformed> {
        serde_json::from_str(part).map_err(|error| Malformed {
            line: self.line(part) + error.line().saturating_sub(1),
            message: format!("not JSON: {}", without_place(&error)),
        })
    }

    fn node(&self, raw: &'a RawValue, depth: usize) -> Result<Node, Malformed> {
        let part = raw.get();
        let line = self.line(part);
        if depth > DEPTH_MAX {
            return Err(too_deep(line));
        }
        let value = match part.as_bytes().first() {
            Some(b'{') => {
                let mut table = Table::new();
                let mut names = HashSet::new();
                for (name, raw) in self.part::<Members<'a>>(part)?.0 {
                    if !names.insert(name.clone()) {
                        return Err(twice(self.line(raw.get()), &name));
                    }
                    table.push((name, self.node(raw, depth + 1)?));
                }
                Value::Table(table)
            }
            Some(b'[') => {
                let items = self.part::<Vec<&RawValue>>(part)?.into_iter();
                let items = items.map(|raw| self.node(raw, depth + 1));
                Value::List(items.collect::<Result<_, _>>()?)
            }
            _ => Node::from(&self.part::<serde_json::Value>(part)?).value,
        };
        Ok(Node { value, line })
    }
}

/// What is wrong, without the place that serde_json counts from the beginning of a part.
fn without_place(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    text.strip_suffix(&place).unwrap_or(&text).to_owned()
}

/// Members in order, with those that are there twice.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'a> Deserialize<'a> for Members<'a> {
    fn deserialize<D: Deserializer<'a>>(deserializer: D) -> Result<Self, D::Error> {
        struct All;
        impl<'a> Visitor<'a> for All {
            type Value = Members<'a>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'a>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(All)
    }
}

pub(super) fn write(node: &Node) -> String {
    let mut text = String::new();
    put(node, 0, &mut text);
    text.push('\n');
    text
}

fn put(node: &Node, depth: usize, text: &mut String) {
    let line = |text: &mut String, depth: usize| {
        text.push('\n');
        text.push_str(&"  ".repeat(depth));
    };
    match &node.value {
        Value::List(items) if !items.is_empty() => {
            text.push('[');
            for (i, item) in items.iter().enumerate() {
                text.push_str(if i > 0 { "," } else { "" });
                line(text, depth + 1);
                put(item, depth + 1, text);
            }
            line(text, depth);
            text.push(']');
        }
        Value::Table(members) if members.iter().any(|(_, node)| node.value != Value::Null) => {
            text.push('{');
            let members = members.iter().filter(|(_, node)| node.value != Value::Null);
            for (i, (name, node)) in members.enumerate() {
                text.push_str(if i > 0 { "," } else { "" });
                line(text, depth + 1);
                text.push_str(&quoted(name));
                text.push_str(": ");
                put(node, depth + 1, text);
            }
            line(text, depth);
            text.push('}');
        }
        _ => text.push_str(&node.to_json().to_string()),
    }
}

/// A text in quotes, as JSON and YAML write it alike.
pub(super) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
