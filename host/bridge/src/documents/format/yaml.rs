//! YAML, as far as it is needed to write what TOML and JSON can say.
//!
//! Anchors and aliases are refused: a few lines of them stand for billions of values. So are tags,
//! which name types that no document has.

use super::{Malformed, json::quoted, too_deep, twice};
use crate::documents::tree::{DEPTH_MAX, Node, Table, Value};
use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, Span, StrInput};
use std::collections::HashSet;

pub(super) fn read(text: &str) -> Result<Node, Malformed> {
    let mut reader = Reader {
        parser: Parser::new_from_str(text),
    };
    let mut root = None;
    loop {
        let (event, span) = reader.next()?;
        match event {
            Event::StreamEnd => break,
            Event::StreamStart | Event::DocumentStart(_) | Event::DocumentEnd | Event::Nothing => {}
            _ if root.is_some() => {
                return Err(malformed(
                    &span,
                    "there is a second document; put it into a file of its own",
                ));
            }
            event => root = Some(reader.node(event, &span, 0)?),
        }
    }
    let value = match root {
        None
        | Some(Node {
            value: Value::Null, ..
        }) => Value::Table(Vec::new()),
        Some(node) => node.value,
    };
    Ok(Node::new(value))
}

struct Reader<'a> {
    parser: Parser<'a, StrInput<'a>>,
}

impl<'a> Reader<'a> {
    fn next(&mut self) -> Result<(Event<'a>, Span), Malformed> {
        match self.parser.next_event() {
            Some(Ok(event)) => Ok(event),
            Some(Err(error)) => Err(not_yaml(&error)),
            None => Ok((Event::StreamEnd, Span::default())),
        }
    }

    fn node(&mut self, event: Event<'a>, span: &Span, depth: usize) -> Result<Node, Malformed> {
        let line = span.start.line();
        if depth > DEPTH_MAX {
            return Err(too_deep(line));
        }
        let value = match event {
            Event::Alias(_) => {
                let message = "aliases are not read; write out what the alias stands for";
                return Err(malformed(span, message));
            }
            Event::Scalar(_, _, anchor, _)
            | Event::SequenceStart(anchor, _)
            | Event::MappingStart(anchor, _)
                if anchor != 0 =>
            {
                return Err(malformed(
                    span,
                    "anchors are not read; remove the & and its name",
                ));
            }
            Event::Scalar(_, _, _, Some(_))
            | Event::SequenceStart(_, Some(_))
            | Event::MappingStart(_, Some(_)) => {
                return Err(malformed(
                    span,
                    "tags are not read; remove the ! and its name",
                ));
            }
            Event::Scalar(text, ScalarStyle::Plain, _, _) => plain(&text),
            Event::Scalar(text, _, _, _) => Value::Text(text.into_owned()),
            Event::SequenceStart(..) => Value::List(self.items(depth)?),
            Event::MappingStart(..) => Value::Table(self.members(depth)?),
            _ => return Err(malformed(span, "not YAML: a value is expected")),
        };
        Ok(Node { value, line })
    }

    fn items(&mut self, depth: usize) -> Result<Vec<Node>, Malformed> {
        let mut items = Vec::new();
        loop {
            match self.next()? {
                (Event::SequenceEnd, _) => return Ok(items),
                (event, span) => items.push(self.node(event, &span, depth + 1)?),
            }
        }
    }

    fn members(&mut self, depth: usize) -> Result<Table, Malformed> {
        let mut members = Table::new();
        let mut names = HashSet::new();
        loop {
            let (event, span) = self.next()?;
            let name = match event {
                Event::MappingEnd => return Ok(members),
                Event::Scalar(name, _, 0, None) => name.into_owned(),
                Event::Alias(_) | Event::Scalar(..) => {
                    self.node(event, &span, depth + 1)?;
                    continue;
                }
                _ => {
                    let message =
                        "a member's name is a text; write it in one line before the colon";
                    return Err(malformed(&span, message));
                }
            };
            if !names.insert(name.clone()) {
                return Err(twice(span.start.line(), &name));
            }
            let (event, value_span) = self.next()?;
            let mut node = self.node(event, &value_span, depth + 1)?;
            // Where a value begins on a later line than its name, people look for the name.
            node.line = span.start.line();
            members.push((name, node));
        }
    }
}

fn malformed(span: &Span, message: &str) -> Malformed {
    Malformed {
        line: span.start.line(),
        message: message.to_owned(),
    }
}

fn not_yaml(error: &ScanError) -> Malformed {
    Malformed {
        line: error.marker().line(),
        message: format!("not YAML: {}", error.info()),
    }
}

/// What a text without quotes is: the core schema (YAML 1.2.2 section 10.3.2).
fn plain(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Value::Null,
        "true" | "True" | "TRUE" => return Value::Flag(true),
        "false" | "False" | "FALSE" => return Value::Flag(false),
        _ => {}
    }
    let other = |kind| Value::Other {
        kind,
        text: text.to_owned(),
    };
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let radix = |prefix: &str, radix| {
        let digits = text.strip_prefix(prefix)?;
        let are_all = !digits.is_empty() && digits.chars().all(|c| c.is_digit(radix));
        are_all.then(|| i64::from_str_radix(digits, radix))
    };
    let decimal = || {
        let are_all = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
        are_all.then(|| text.parse())
    };
    if let Some(number) = radix("0o", 8).or_else(|| radix("0x", 16)).or_else(decimal) {
        return number.map_or_else(|_| other("integer out of range"), Value::Number);
    }
    if digits.starts_with(|c: char| c == '.' || c.is_ascii_digit())
        && (digits.parse::<f64>().is_ok() || matches!(digits, ".inf" | ".Inf" | ".INF"))
        || matches!(text, ".nan" | ".NaN" | ".NAN")
    {
        return other("float");
    }
    Value::Text(text.to_owned())
}

pub(super) fn write(node: &Node) -> String {
    let mut text = String::new();
    match &node.value {
        Value::Table(_) | Value::List(_) => block(node, 0, &mut text),
        _ => text.push_str(&scalar(node)),
    }
    if !text.ends_with('\n') {
        text.push('\n');
    }
    text
}

/// A table or a list, each member on a line of its own; what is empty in braces.
fn block(node: &Node, depth: usize, text: &mut String) {
    let indent = "  ".repeat(depth);
    match &node.value {
        Value::Table(members) => {
            for (name, node) in members {
                if node.value != Value::Null {
                    text.extend([&indent, &*written(name), ":"]);
                    after(node, depth, text);
                }
            }
        }
        Value::List(items) => {
            for item in items {
                text.extend([&indent, "-"]);
                if is_block(item) {
                    let mut inner = String::new();
                    block(item, depth + 1, &mut inner);
                    // The first member stands beside the dash.
                    text.push(' ');
                    text.push_str(inner.trim_start());
                } else {
                    after(item, depth, text);
                }
            }
        }
        _ => {}
    }
}

fn after(node: &Node, depth: usize, text: &mut String) {
    if is_block(node) {
        text.push('\n');
        block(node, depth + 1, text);
    } else {
        text.extend([" ", &scalar(node), "\n"]);
    }
}

fn is_block(node: &Node) -> bool {
    match &node.value {
        Value::List(items) => !items.is_empty(),
        Value::Table(members) => members.iter().any(|(_, node)| node.value != Value::Null),
        _ => false,
    }
}

fn scalar(node: &Node) -> String {
    match &node.value {
        Value::Null => "null".to_owned(),
        Value::Flag(flag) => flag.to_string(),
        Value::Number(number) => number.to_string(),
        Value::Text(text) => written(text),
        Value::Other { text, .. } => quoted(text),
        Value::List(_) => "[]".to_owned(),
        Value::Table(_) => "{}".to_owned(),
    }
}

/// Without quotes where no reader, of YAML 1.1 either, takes it for something else.
fn written(text: &str) -> String {
    let is_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '/' | '.');
    let is_plain = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/')
        && text.chars().all(is_word)
        && matches!(plain(text), Value::Text(_))
        && !["y", "n", "yes", "no", "on", "off"]
            .iter()
            .any(|word| word.eq_ignore_ascii_case(text));
    if is_plain {
        text.to_owned()
    } else {
        quoted(text)
    }
}
