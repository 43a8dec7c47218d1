//! Documents as a tree, whatever they are written in.

use serde_json::{Map, Number};
use std::fmt;

/// A value, and where it stands.
#[derive(Clone, PartialEq)]
pub(crate) struct Node {
    /// The value.
    pub(crate) value: Value,
    /// The line, counted from 1; 0 where there are no lines.
    pub(crate) line: usize,
}

/// What documents are made of.
#[derive(Clone, PartialEq)]
pub(crate) enum Value {
    /// Nothing: as if the member were not there.
    Null,
    /// `true` or `false`.
    Flag(bool),
    /// A whole number.
    Number(i64),
    /// A text.
    Text(String),
    /// Values in order.
    List(Vec<Node>),
    /// Members in order, each once.
    Table(Table),
    /// What no member of a document is: a number with a fraction, a date.
    Other {
        /// What it is.
        kind: &'static str,
        /// As it was written.
        text: String,
    },
}

/// Members in order, each once.
pub(crate) type Table = Vec<(String, Node)>;

/// More than any document has, and little enough for the stack.
pub(crate) const DEPTH_MAX: usize = 32;

impl Node {
    /// A value without a place.
    pub(crate) fn new(value: Value) -> Self {
        Self { value, line: 0 }
    }

    /// What the value is, in the words of its formats.
    pub(crate) fn kind(&self) -> &'static str {
        match &self.value {
            Value::Null => "null",
            Value::Flag(_) => "boolean",
            Value::Number(_) => "integer",
            Value::Text(_) => "string",
            Value::List(_) => "array",
            Value::Table(_) => "table",
            Value::Other { kind, .. } => kind,
        }
    }

    /// A member of a table.
    pub(crate) fn get(&self, key: &str) -> Option<&Self> {
        match &self.value {
            Value::Table(members) => member(members, key),
            _ => None,
        }
    }

    /// A member of a table, to be changed.
    pub(crate) fn get_mut(&mut self, key: &str) -> Option<&mut Self> {
        match &mut self.value {
            Value::Table(members) => members
                .iter_mut()
                .find(|(name, _)| name == key)
                .map(|(_, node)| node),
            _ => None,
        }
    }

    /// The values of a list; of anything else none.
    pub(crate) fn items(&self) -> &[Self] {
        match &self.value {
            Value::List(items) => items,
            _ => &[],
        }
    }

    /// The values of a list, to be changed; of anything else none.
    pub(crate) fn items_mut(&mut self) -> &mut [Self] {
        match &mut self.value {
            Value::List(items) => items,
            _ => &mut [],
        }
    }

    /// A text.
    pub(crate) fn as_text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Puts a text in the place of what is there; the line stays.
    pub(crate) fn set_text(&mut self, text: String) {
        self.value = Value::Text(text);
    }

    /// The line of a member by its path (`federations[0].mapper[1].name`), or of the nearest that it
    /// stands in.
    pub(crate) fn line_at(&self, path: &str) -> usize {
        let mut at = self;
        let mut rest = path;
        while let Some((next, more)) = at.step(rest) {
            at = next;
            rest = more;
        }
        at.line
    }

    /// One step along a path. Names of settings have dots in them, so the longest name that fits is
    /// taken.
    fn step<'a>(&self, path: &'a str) -> Option<(&Self, &'a str)> {
        match &self.value {
            Value::Table(members) => {
                let path = path.strip_prefix('.').unwrap_or(path);
                members
                    .iter()
                    .filter_map(|(name, node)| {
                        let more = path.strip_prefix(name.as_str())?;
                        (more.is_empty() || more.starts_with(['.', '['])).then_some((node, more))
                    })
                    .min_by_key(|(_, more)| more.len())
            }
            Value::List(items) => {
                let (place, more) = path.strip_prefix('[')?.split_once(']')?;
                Some((items.get(place.parse::<usize>().ok()?)?, more))
            }
            _ => None,
        }
    }

    /// The same without anything that was written: places alone.
    pub(crate) fn outline(&self) -> Self {
        let value = match &self.value {
            Value::List(items) => Value::List(items.iter().map(Self::outline).collect()),
            Value::Table(members) => Value::Table(
                members
                    .iter()
                    .map(|(name, node)| (name.clone(), node.outline()))
                    .collect(),
            ),
            _ => Value::Null,
        };
        Self {
            value,
            line: self.line,
        }
    }

    /// The same as JSON, without members that are nothing.
    pub(crate) fn to_json(&self) -> serde_json::Value {
        self.json(false)
    }

    /// The same as JSON, with members that are nothing: a merge patch removes by them (RFC 7396).
    pub(crate) fn to_json_with_null(&self) -> serde_json::Value {
        self.json(true)
    }

    fn json(&self, with_null: bool) -> serde_json::Value {
        match &self.value {
            Value::Null => serde_json::Value::Null,
            Value::Flag(flag) => (*flag).into(),
            Value::Number(number) => (*number).into(),
            Value::Text(text) => text.as_str().into(),
            Value::List(items) => items.iter().map(|item| item.json(with_null)).collect(),
            Value::Table(members) => {
                let members = members
                    .iter()
                    .filter(|(_, node)| with_null || node.value != Value::Null)
                    .map(|(name, node)| (name.clone(), node.json(with_null)));
                members.collect::<Map<_, _>>().into()
            }
            // So that whoever reads it says that it is none of what is wanted.
            Value::Other { text, .. } => text
                .parse::<Number>()
                .map_or_else(|_| text.as_str().into(), Into::into),
        }
    }
}

/// A member by its name.
pub(crate) fn member<'a>(members: &'a Table, key: &str) -> Option<&'a Node> {
    members
        .iter()
        .find(|(name, _)| name == key)
        .map(|(_, node)| node)
}

impl From<&serde_json::Value> for Node {
    fn from(value: &serde_json::Value) -> Self {
        use serde_json::Value as Json;
        Self::new(match value {
            Json::Null => Value::Null,
            Json::Bool(flag) => Value::Flag(*flag),
            Json::Number(number) => number.as_i64().map_or_else(
                || Value::Other {
                    kind: "number out of range or with a fraction",
                    text: number.to_string(),
                },
                Value::Number,
            ),
            Json::String(text) => Value::Text(text.clone()),
            Json::Array(items) => Value::List(items.iter().map(Self::from).collect()),
            Json::Object(members) => Value::Table(
                members
                    .iter()
                    .map(|(name, value)| (name.clone(), Self::from(value)))
                    .collect(),
            ),
        })
    }
}

/// Without what was written: there are secrets in documents.
impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} in line {}", self.kind(), self.line)
    }
}

#[cfg(test)]
mod tests {
    use crate::documents::format::Format;

    #[test]
    fn a_path_leads_to_its_line_or_the_nearest() {
        let text = "a:\n  - b: 1\n    c.d: 2\n    c:\n      e: 3\nf: {g: [1,\n 2]}\n";
        let node = Format::Yaml.read(text).expect("YAML");
        for (path, line) in [
            ("a[0].b", 2),
            ("a[0].c.d", 3),
            ("a[0].c.e", 5),
            ("a[0].c.x", 4),
            ("a[0].missing", 2),
            ("a[7]", 1),
            ("f.g[1]", 7),
            ("nothing", 0),
        ] {
            assert_eq!(node.line_at(path), line, "{path}");
        }
    }

    #[test]
    fn neither_the_outline_nor_what_is_printed_has_a_value() {
        let node = Format::Json.read(r#"{"a": ["hunter2"]}"#).expect("JSON");
        assert!(!format!("{node:?}").contains("hunter2"));
        assert_eq!(node.outline().to_json(), serde_json::json!({"a": [null]}));
    }
}
