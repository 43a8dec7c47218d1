//! Reading tables of TOML by the kinds of values that configurations have.

use super::{document::Document, duration};
use std::{
    cell::RefCell, collections::BTreeSet, ops::RangeInclusive, str::FromStr, time::Duration,
};
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

/// A table of a document.
pub(super) struct Section<'a> {
    document: &'a Document,
    path: String,
    table: &'a DeTable<'a>,
    known: RefCell<BTreeSet<&'static str>>,
}

impl<'a> Section<'a> {
    /// The whole of a document.
    pub(super) fn root(document: &'a Document, table: &'a DeTable<'a>) -> Self {
        Section {
            document,
            path: String::new(),
            table,
            known: RefCell::default(),
        }
    }

    /// The path of a member of this table.
    pub(super) fn path(&self, key: &str) -> String {
        if self.path.is_empty() {
            key.to_owned()
        } else if key.is_empty() {
            self.path.clone()
        } else {
            format!("{}.{key}", self.path)
        }
    }

    /// Notes a fault of a member.
    pub(super) fn fault(&self, key: &str, message: impl Into<String>) {
        self.document.fault(&self.path(key), message);
    }

    /// Whether something is wrong with a member already.
    pub(super) fn is_faulty(&self, key: &str) -> bool {
        self.document.is_faulty(&self.path(key))
    }

    fn value(&self, key: &'static str) -> Option<&'a DeValue<'a>> {
        self.known.borrow_mut().insert(key);
        let (_, value) = self.table.iter().find(|(name, _)| name.get_ref() == key)?;
        self.locate(self.path(key), value);
        Some(value.get_ref())
    }

    fn locate(&self, path: String, value: &Spanned<DeValue<'_>>) {
        self.document.locate(path, value.span().start);
    }

    fn wrong_type(&self, key: &str, wanted: &str, value: &DeValue<'_>) {
        let found = value.type_str();
        self.fault(key, format!("{wanted} is expected, not {found}"));
    }

    /// A text.
    pub(super) fn text(&self, key: &'static str) -> Option<String> {
        let value = self.value(key)?;
        let text = value.as_str();
        if text.is_none() {
            self.wrong_type(key, "a string", value);
        }
        text.map(str::to_owned)
    }

    /// A text that has to be there and must not be blank.
    pub(super) fn required_text(&self, key: &'static str) -> Option<String> {
        if self.value(key).is_none() {
            self.fault(key, "is missing");
            return None;
        }
        let text = self.text(key)?;
        if text.trim().is_empty() {
            self.fault(key, "must not be empty");
            return None;
        }
        Some(text)
    }

    /// A text of a form.
    pub(super) fn parsed<T: FromStr>(&self, key: &'static str, wanted: &str) -> Option<T> {
        let text = self.text(key)?;
        let parsed = text.parse().ok();
        if parsed.is_none() {
            self.fault(key, format!("{text:?} is not {wanted}"));
        }
        parsed
    }

    /// A text that becomes a type of its own, whose error says what is wrong.
    pub(super) fn typed<T, E: std::fmt::Display>(
        &self,
        key: &'static str,
        text: Option<String>,
        make: impl FnOnce(String) -> Result<T, E>,
    ) -> Option<T> {
        match make(text?) {
            Ok(value) => Some(value),
            Err(error) => {
                self.fault(key, error.to_string());
                None
            }
        }
    }

    /// One of several words.
    pub(super) fn word<T: Copy>(&self, key: &'static str, words: &[(&str, T)]) -> Option<T> {
        let text = self.text(key)?;
        let found = words
            .iter()
            .find(|(word, _)| word.eq_ignore_ascii_case(&text));
        if found.is_none() {
            let known: Vec<_> = words.iter().map(|(word, _)| *word).collect();
            self.fault(key, format!("{text:?} is none of {}", known.join(", ")));
        }
        found.map(|(_, value)| *value)
    }

    /// `true` or `false`.
    pub(super) fn flag(&self, key: &'static str, preset: bool) -> bool {
        let Some(value) = self.value(key) else {
            return preset;
        };
        value.as_bool().unwrap_or_else(|| {
            self.wrong_type(key, "true or false", value);
            preset
        })
    }

    /// A whole number.
    pub(super) fn number(&self, key: &'static str, preset: i64, range: RangeInclusive<i64>) -> i64 {
        let Some(value) = self.value(key) else {
            return preset;
        };
        let Some(integer) = value.as_integer() else {
            self.wrong_type(key, "a whole number", value);
            return preset;
        };
        match i64::from_str_radix(integer.as_str(), integer.radix()) {
            Ok(number) if range.contains(&number) => number,
            _ => {
                let (least, most) = range.into_inner();
                self.fault(key, format!("has to be between {least} and {most}"));
                preset
            }
        }
    }

    /// A span of time.
    pub(super) fn span(
        &self,
        key: &'static str,
        preset: Duration,
        range: RangeInclusive<Duration>,
    ) -> Duration {
        let Some(text) = self.text(key) else {
            return preset;
        };
        match duration::parse(&text) {
            Some(span) if range.contains(&span) => span,
            Some(_) => {
                let (least, most) = range.into_inner();
                self.fault(key, format!("has to be between {least:?} and {most:?}"));
                preset
            }
            None => {
                self.fault(
                    key,
                    format!("{text:?} is not a span of time such as \"30s\", \"15m\" or \"10h\""),
                );
                preset
            }
        }
    }

    /// A list of texts, each with its path.
    pub(super) fn texts(&self, key: &'static str) -> Vec<(String, String)> {
        let Some(value) = self.value(key) else {
            return Vec::new();
        };
        let Some(items) = value.as_array() else {
            self.wrong_type(key, "a list of strings", value);
            return Vec::new();
        };
        let mut texts = Vec::new();
        for (i, item) in items.iter().enumerate() {
            let path = self.path(&format!("{key}[{i}]"));
            self.locate(path.clone(), item);
            match item.get_ref().as_str() {
                Some(text) => texts.push((path, text.to_owned())),
                None => self.document.fault(&path, "a string is expected"),
            }
        }
        texts
    }

    /// A table.
    pub(super) fn section(&self, key: &'static str) -> Option<Section<'a>> {
        let value = self.value(key)?;
        let Some(table) = value.as_table() else {
            self.wrong_type(key, "a table", value);
            return None;
        };
        Some(self.nested(self.path(key), table))
    }

    /// A list of tables.
    pub(super) fn sections(&self, key: &'static str) -> Vec<Section<'a>> {
        let Some(value) = self.value(key) else {
            return Vec::new();
        };
        let Some(items) = value.as_array() else {
            self.wrong_type(key, "a list of tables", value);
            return Vec::new();
        };
        let mut sections = Vec::new();
        for (i, item) in items.iter().enumerate() {
            let path = self.path(&format!("{key}[{i}]"));
            self.locate(path.clone(), item);
            match item.get_ref().as_table() {
                Some(table) => sections.push(self.nested(path, table)),
                None => self.document.fault(&path, "a table is expected"),
            }
        }
        sections
    }

    /// All members of a table whose names are free, as text; a list gives its name several times.
    pub(super) fn free(self) -> Vec<(String, String)> {
        let mut members = Vec::new();
        for (name, value) in self.table {
            let name = name.get_ref().to_string();
            self.locate(self.path(&name), value);
            let values = match value.get_ref() {
                DeValue::Array(items) => items.iter().map(Spanned::get_ref).collect(),
                one => vec![one],
            };
            for value in values {
                match plain(value) {
                    Some(text) => members.push((name.clone(), text)),
                    None => self.wrong_type(&name, "a string, a number, true or false", value),
                }
            }
        }
        members
    }

    /// Ends the table: members that nobody asked for are refused.
    pub(super) fn finish(self) {
        for (name, value) in self.table {
            let name = name.get_ref();
            if !self.known.borrow().contains(name.as_ref()) {
                self.locate(self.path(name), value);
                let known: Vec<_> = self.known.borrow().iter().copied().collect();
                self.fault(
                    name,
                    format!("is not known here; there are {}", known.join(", ")),
                );
            }
        }
    }

    fn nested(&self, path: String, table: &'a DeTable<'a>) -> Section<'a> {
        Section {
            document: self.document,
            path,
            table,
            known: RefCell::default(),
        }
    }
}

fn plain(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Boolean(yes) => Some(yes.to_string()),
        DeValue::Integer(number) => Some(number.as_str().to_owned()),
        _ => None,
    }
}
