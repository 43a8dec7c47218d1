//! A file whose faults gather while it is understood.

use super::{Fault, Faults, reader::Section};
use std::{
    cell::RefCell,
    collections::BTreeMap,
    path::{Path, PathBuf},
};
use toml::de::DeTable;

/// A file on its way to be understood. Faults gather in it; nothing stops at the first.
pub(super) struct Document {
    file: PathBuf,
    /// Where each line begins.
    starts: Vec<usize>,
    noted: RefCell<Noted>,
}

#[derive(Default)]
struct Noted {
    faults: Vec<Fault>,
    /// The lines of members by their path, for faults that are found later.
    lines: Lines,
}

/// The lines of members by their path.
pub(super) type Lines = BTreeMap<String, usize>;

/// The line of a member, or of the nearest that it stands in; 0 where none of them is there.
pub(super) fn line_of(lines: &Lines, path: &str) -> usize {
    let mut known = path;
    loop {
        if let Some(line) = lines.get(known) {
            return *line;
        }
        match known.rfind('.') {
            Some(dot) => known = known.get(..dot).unwrap_or_default(),
            None => return 0,
        }
    }
}

impl Document {
    /// Reads a file's text and hands its table to `understand`.
    ///
    /// Gives what `understand` made of it unless anything was wrong, be it syntax, a fault that was
    /// noted, or nothing made.
    pub(super) fn read<T>(
        file: &Path,
        text: &str,
        understand: impl FnOnce(&Self, Section<'_>) -> Option<T>,
    ) -> Result<T, Faults> {
        let newlines = text.match_indices('\n').map(|(at, _)| at + 1);
        let document = Self {
            file: file.to_owned(),
            starts: std::iter::once(0).chain(newlines).collect(),
            noted: RefCell::default(),
        };
        let (table, errors) = DeTable::parse_recoverable(text);
        // Further ones mostly follow from the first.
        if let Some(error) = errors.first() {
            let line = error.span().map_or(0, |span| document.line(span.start));
            document.note(
                line,
                String::new(),
                format!("not TOML: {}", error.message()),
            );
        }
        let mut made = None;
        if errors.is_empty() {
            made = understand(&document, Section::root(&document, table.get_ref()));
        }
        let mut faults = document.noted.into_inner().faults;
        match made {
            Some(made) if faults.is_empty() => Ok(made),
            _ => {
                faults.sort_by_key(|fault| fault.line);
                Err(Faults(faults))
            }
        }
    }

    /// Notes a fault of a member that was read before, by its path; a path that was never read is
    /// looked for further up.
    pub(super) fn fault(&self, path: &str, message: impl Into<String>) {
        let line = line_of(&self.noted.borrow().lines, path);
        self.note(line, path.to_owned(), message.into());
    }

    /// The lines of all members that were read, by their path.
    pub(super) fn lines(&self) -> Lines {
        self.noted.borrow().lines.clone()
    }

    /// One fault of a member is enough: the next may only follow from it.
    fn note(&self, line: usize, field: String, message: String) {
        if !field.is_empty() && self.is_faulty(&field) {
            return;
        }
        self.noted.borrow_mut().faults.push(Fault {
            file: self.file.clone(),
            line,
            field,
            message,
        });
    }

    /// Whether something is wrong with a member already.
    pub(super) fn is_faulty(&self, path: &str) -> bool {
        let noted = self.noted.borrow();
        noted.faults.iter().any(|fault| fault.field == path)
    }

    /// Notes where a member stands: at an octet of the text.
    pub(super) fn locate(&self, path: String, at: usize) {
        let line = self.line(at);
        self.noted.borrow_mut().lines.insert(path, line);
    }

    fn line(&self, at: usize) -> usize {
        self.starts.partition_point(|start| *start <= at)
    }
}
