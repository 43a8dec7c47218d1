//! Reading tables by the kinds of values that documents have.

mod numbers;

pub(crate) use numbers::Switch;

use super::{
    document::Document,
    tree::{Node, Table, Value, member},
};
use std::{cell::RefCell, collections::BTreeSet, str::FromStr};

/// A table of a document.
pub(crate) struct Section<'a> {
    document: &'a Document<'a>,
    path: String,
    table: &'a Table,
    known: RefCell<BTreeSet<&'static str>>,
    passed_over: RefCell<BTreeSet<&'static str>>,
}

impl<'a> Section<'a> {
    /// The whole of a document.
    pub(super) fn root(document: &'a Document<'a>, table: &'a Table) -> Self {
        Self::new(document, String::new(), table)
    }

    fn new(document: &'a Document<'a>, path: String, table: &'a Table) -> Self {
        Section {
            document,
            path,
            table,
            known: RefCell::default(),
            passed_over: RefCell::default(),
        }
    }

    /// The path of a member of this table.
    pub(crate) fn path(&self, key: &str) -> String {
        if self.path.is_empty() {
            key.to_owned()
        } else if key.is_empty() {
            self.path.clone()
        } else {
            format!("{}.{key}", self.path)
        }
    }

    /// Notes a fault of a member.
    pub(crate) fn fault(&self, key: &str, message: impl Into<String>) {
        self.document.fault(&self.path(key), message);
    }

    /// Whether something is wrong with a member already.
    pub(crate) fn is_faulty(&self, key: &str) -> bool {
        self.document.is_faulty(&self.path(key))
    }

    /// Members that are shown and cannot be set: whatever they are, they are passed over, so that what
    /// was shown can be given back.
    pub(crate) fn pass_over(&self, keys: &[&'static str]) {
        self.passed_over.borrow_mut().extend(keys);
    }

    /// Whether a member is there.
    pub(crate) fn has(&self, key: &'static str) -> bool {
        self.value(key).is_some()
    }

    /// Whether a member is a list without values.
    pub(crate) fn is_empty_list(&self, key: &'static str) -> bool {
        let value = self.value(key).map(|node| &node.value);
        matches!(value, Some(Value::List(items)) if items.is_empty())
    }

    fn value(&self, key: &'static str) -> Option<&'a Node> {
        self.known.borrow_mut().insert(key);
        member(self.table, key).filter(|node| node.value != Value::Null)
    }

    fn wrong_type(&self, key: &str, wanted: &str, node: &Node) {
        let found = node.kind();
        self.fault(
            key,
            format!("{wanted} is expected, not {found}; correct it"),
        );
    }

    /// A text.
    pub(crate) fn text(&self, key: &'static str) -> Option<String> {
        let node = self.value(key)?;
        let text = node.as_text();
        if text.is_none() {
            let found = node.kind();
            self.fault(
                key,
                format!("a string is expected, not {found}; put it in quotes"),
            );
        }
        text.map(str::to_owned)
    }

    /// A text that is as good as missing where it is blank.
    pub(crate) fn filled_text(&self, key: &'static str) -> Option<String> {
        self.text(key).filter(|text| !text.trim().is_empty())
    }

    /// A text that has to be there and must not be blank.
    pub(crate) fn required_text(&self, key: &'static str) -> Option<String> {
        if self.value(key).is_none() {
            self.fault(key, "is missing; give it");
            return None;
        }
        let text = self.text(key)?;
        if text.trim().is_empty() {
            self.fault(key, "must not be empty; give it");
            return None;
        }
        Some(text)
    }

    /// A text of a form.
    pub(crate) fn parsed<T: FromStr>(&self, key: &'static str, wanted: &str) -> Option<T> {
        let text = self.text(key)?;
        let parsed = text.parse().ok();
        if parsed.is_none() {
            self.fault(key, format!("{text:?} is not {wanted}; correct it"));
        }
        parsed
    }

    /// A text that becomes a type of its own, whose error says what is wrong.
    pub(crate) fn typed<T, E: std::fmt::Display>(
        &self,
        key: &'static str,
        text: Option<String>,
        make: impl FnOnce(String) -> Result<T, E>,
    ) -> Option<T> {
        match make(text?) {
            Ok(value) => Some(value),
            Err(error) => {
                self.fault(key, with_remedy(&error));
                None
            }
        }
    }

    /// One of several words, in any letter case.
    pub(crate) fn word<T: Copy>(&self, key: &'static str, words: &[(&str, T)]) -> Option<T> {
        let text = self.text(key)?;
        let found = one_of(words, &text);
        if let Err(message) = &found {
            self.fault(key, message);
        }
        found.ok()
    }

    /// A list of words, in any letter case.
    pub(crate) fn words<T: Copy>(&self, key: &'static str, words: &[(&str, T)]) -> Vec<T> {
        self.each(key, |text| one_of(words, &text))
    }

    /// A list of texts, each of which becomes a type of its own, whose error says what is wrong.
    pub(crate) fn each<T, E: std::fmt::Display>(
        &self,
        key: &'static str,
        make: impl Fn(String) -> Result<T, E>,
    ) -> Vec<T> {
        let mut all = Vec::new();
        for (place, text) in self.texts(key) {
            match make(text) {
                Ok(value) => all.push(value),
                Err(error) => self.document.fault(&place, with_remedy(&error)),
            }
        }
        all
    }

    /// `true` or `false`.
    pub(crate) fn flag(&self, key: &'static str, preset: bool) -> bool {
        match self.value(key) {
            None => preset,
            Some(Node {
                value: Value::Flag(flag),
                ..
            }) => *flag,
            Some(node) => {
                self.wrong_type(key, "true or false", node);
                preset
            }
        }
    }

    fn items(&self, key: &'static str, wanted: &str) -> Vec<(String, &'a Node)> {
        let Some(node) = self.value(key) else {
            return Vec::new();
        };
        if !matches!(node.value, Value::List(_)) {
            self.wrong_type(key, wanted, node);
        }
        let items = node.items().iter().enumerate();
        items
            .map(|(i, item)| (self.path(&format!("{key}[{i}]")), item))
            .collect()
    }

    /// A list of texts, each with its path.
    pub(crate) fn texts(&self, key: &'static str) -> Vec<(String, String)> {
        let mut texts = Vec::new();
        for (path, item) in self.items(key, "a list of strings") {
            if let Some(text) = item.as_text() {
                texts.push((path, text.to_owned()));
            } else {
                let message = "a string is expected; put it in quotes";
                self.document.fault(&path, message);
            }
        }
        texts
    }

    /// A table.
    pub(crate) fn section(&self, key: &'static str) -> Option<Section<'a>> {
        let node = self.value(key)?;
        let Value::Table(table) = &node.value else {
            self.wrong_type(key, "a table", node);
            return None;
        };
        Some(Self::new(self.document, self.path(key), table))
    }

    /// A list of tables.
    pub(crate) fn sections(&self, key: &'static str) -> Vec<Section<'a>> {
        let mut sections = Vec::new();
        for (path, item) in self.items(key, "a list of tables") {
            match &item.value {
                Value::Table(table) => sections.push(Self::new(self.document, path, table)),
                _ => self
                    .document
                    .fault(&path, "a table is expected; correct it"),
            }
        }
        sections
    }

    /// All members of a table whose names are free, as text; a list gives its name several times.
    pub(crate) fn free(self) -> Vec<(String, String)> {
        self.members()
    }

    /// As [`Section::free`], for a table that is still looked at.
    pub(crate) fn members(&self) -> Vec<(String, String)> {
        let mut members = Vec::new();
        for (name, node) in self.table {
            let values = match &node.value {
                Value::Null => continue,
                Value::List(items) => items.iter().collect(),
                _ => vec![node],
            };
            for value in values {
                match plain(value) {
                    Some(text) => members.push((name.clone(), text)),
                    None => self.wrong_type(name, "a string, a number, true or false", value),
                }
            }
        }
        members
    }

    /// Ends the table: members that nobody asked for are refused.
    pub(crate) fn finish(self) {
        let known = self.known.borrow();
        let passed_over = self.passed_over.borrow();
        for (name, _) in self.table {
            if !known.contains(name.as_str()) && !passed_over.contains(name.as_str()) {
                let known: Vec<_> = known.iter().copied().collect();
                self.fault(
                    name,
                    format!("is not known here; there are {}", known.join(", ")),
                );
            }
        }
    }
}

fn plain(node: &Node) -> Option<String> {
    match &node.value {
        Value::Text(text) => Some(text.clone()),
        Value::Flag(flag) => Some(flag.to_string()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn one_of<T: Copy>(words: &[(&str, T)], text: &str) -> Result<T, String> {
    let mut all = words.iter();
    let found = all.find(|(word, _)| word.eq_ignore_ascii_case(text));
    found.map(|(_, value)| *value).ok_or_else(|| {
        let known: Vec<_> = words.iter().map(|(word, _)| *word).collect();
        let known = known.join(", ");
        format!("{text:?} is none of {known}; write one of these")
    })
}

/// Every message says what to do; that of an error about a text mostly says what the text has to be.
fn with_remedy(error: &impl std::fmt::Display) -> String {
    let text = error.to_string();
    if text.contains("; ") {
        text
    } else {
        format!("{text}; correct it")
    }
}
