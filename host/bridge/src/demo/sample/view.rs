//! Values as people read them.

use bridge_model::entry::Entry;
use serde_json::Value;
use std::{fmt::Write as _, time::Duration};

/// A piece of JSON text, of one kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    /// `key`, `text`, `other` (a number, `true`, `false`, `null`) or `mark`: a class of the
    /// stylesheet.
    pub(super) kind: &'static str,
    /// The text, not escaped.
    pub(super) text: String,
}

/// JSON over several lines.
pub(super) fn json(value: &Value) -> Vec<Piece> {
    let mut pieces = Vec::new();
    write_value(value, 0, &mut pieces);
    pieces
}

fn write_value(value: &Value, depth: usize, out: &mut Vec<Piece>) {
    match value {
        Value::Array(items) if items.is_empty() => push(out, "mark", "[]"),
        Value::Object(members) if members.is_empty() => push(out, "mark", "{}"),
        Value::Array(items) => {
            push(out, "mark", "[");
            for (i, item) in items.iter().enumerate() {
                push_line(out, i > 0, depth + 1);
                write_value(item, depth + 1, out);
            }
            push_line(out, false, depth);
            push(out, "mark", "]");
        }
        Value::Object(members) => {
            push(out, "mark", "{");
            for (i, (name, member)) in members.iter().enumerate() {
                push_line(out, i > 0, depth + 1);
                push(out, "key", Value::from(name.as_str()).to_string());
                push(out, "mark", ": ");
                write_value(member, depth + 1, out);
            }
            push_line(out, false, depth);
            push(out, "mark", "}");
        }
        Value::String(_) => push(out, "text", value.to_string()),
        Value::Null | Value::Bool(_) | Value::Number(_) => push(out, "other", value.to_string()),
    }
}

fn push(out: &mut Vec<Piece>, kind: &'static str, text: impl Into<String>) {
    out.push(Piece {
        kind,
        text: text.into(),
    });
}

fn push_line(out: &mut Vec<Piece>, comma: bool, depth: usize) {
    let comma = if comma { "," } else { "" };
    push(out, "mark", format!("{comma}\n{}", "  ".repeat(depth)));
}

/// An attribute of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    /// The attribute description.
    pub(super) name: String,
    /// Its values.
    pub(super) values: Vec<Shown>,
}

/// A value of an attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Shown {
    /// The text, or octets in hexadecimal.
    pub(super) text: String,
    /// What there is to say of octets: how many they are; none for text.
    pub(super) note: Option<String>,
}

/// The attributes of an entry, in its order.
pub(super) fn rows(entry: &Entry) -> Vec<Row> {
    let row = |attribute: &bridge_model::entry::Attribute| Row {
        name: attribute.name.clone(),
        values: attribute.values.iter().map(|value| shown(value)).collect(),
    };
    entry.attributes.iter().map(row).collect()
}

/// More octets of one value are not shown: a photograph fills no page.
const OCTETS_SHOWN_MAX: usize = 64;
/// More characters of one value are not shown.
const CHARACTERS_SHOWN_MAX: usize = 1000;

fn shown(value: &[u8]) -> Shown {
    match std::str::from_utf8(value) {
        Ok(text) if !text.chars().any(|c| c.is_control() && !c.is_whitespace()) => {
            let characters = text.chars().count();
            Shown {
                text: text.chars().take(CHARACTERS_SHOWN_MAX).collect(),
                note: (characters > CHARACTERS_SHOWN_MAX).then(|| {
                    format!("the first {CHARACTERS_SHOWN_MAX} of {characters} characters")
                }),
            }
        }
        _ => {
            let mut text = String::new();
            for (i, octet) in value.iter().take(OCTETS_SHOWN_MAX).enumerate() {
                let space = if i > 0 && i % 4 == 0 { " " } else { "" };
                // Writing into a string cannot fail.
                let _ = write!(text, "{space}{octet:02x}");
            }
            let count = value.len();
            Shown {
                text,
                note: Some(match count {
                    0..=OCTETS_SHOWN_MAX => format!("{count} octets"),
                    _ => format!("the first {OCTETS_SHOWN_MAX} of {count} octets"),
                }),
            }
        }
    }
}

/// A short span of time.
pub(super) fn span(span: Duration) -> String {
    let micros = span.as_micros();
    match micros {
        0..1_000 => format!("{micros} µs"),
        1_000..1_000_000 => format!("{}.{} ms", micros / 1_000, micros % 1_000 / 100),
        _ => format!("{}.{} s", micros / 1_000_000, micros % 1_000_000 / 100_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bridge_model::entry::Attribute;
    use serde_json::json;

    #[test]
    fn json_reads_as_it_would_be_written() {
        let value = json!({
            "a": "x\"<\n", "b": [1, true, null], "c": {}, "d": [], "e": {"f": {"g": "h"}}
        });
        let pieces = json(&value);
        let text: String = pieces.iter().map(|piece| piece.text.as_str()).collect();
        assert_eq!(text, serde_json::to_string_pretty(&value).expect("JSON"));
        let keys: Vec<&str> = pieces
            .iter()
            .filter(|piece| piece.kind == "key")
            .map(|piece| piece.text.as_str())
            .collect();
        assert_eq!(
            keys,
            [
                r#""a""#, r#""b""#, r#""c""#, r#""d""#, r#""e""#, r#""f""#, r#""g""#
            ]
        );
    }

    #[test]
    fn octets_are_shown_with_their_number() {
        let entry = Entry {
            dn: String::new(),
            attributes: vec![Attribute {
                name: "x".to_owned(),
                values: vec![
                    "Grüße\nan alle".into(),
                    vec![0, 255, 16, 1, 2],
                    vec![0; 100],
                    vec![b'a'; 1001],
                ],
            }],
        };
        let rows = rows(&entry);
        assert_eq!(rows.len(), 1);
        let notes = rows[0].values.iter().map(|value| value.note.as_deref());
        assert_eq!(
            notes.collect::<Vec<_>>(),
            [
                None,
                Some("5 octets"),
                Some("the first 64 of 100 octets"),
                Some("the first 1000 of 1001 characters"),
            ]
        );
        assert_eq!(rows[0].values[0].text, "Grüße\nan alle");
        assert_eq!(rows[0].values[1].text, "00ff1001 02");
        assert_eq!(rows[0].values[2].text.len(), 128 + 15);
    }

    #[test]
    fn spans_are_short() {
        for (micros, expected) in [
            (0, "0 µs"),
            (999, "999 µs"),
            (1_250, "1.2 ms"),
            (999_999, "999.9 ms"),
            (1_500_000, "1.5 s"),
        ] {
            assert_eq!(span(Duration::from_micros(micros)), expected);
        }
    }
}
