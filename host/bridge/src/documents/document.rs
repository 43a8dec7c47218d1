//! A document whose faults gather while it is understood.

use super::{
    section::Section,
    tree::{Node, Value},
};
use bridge_model::plan::Problem;
use std::cell::RefCell;

/// A document on its way to be understood. Faults gather in it; nothing stops at the first.
pub(crate) struct Document<'a> {
    root: &'a Node,
    faults: RefCell<Vec<Wrong>>,
}

/// Something that is wrong with a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wrong {
    /// The line, counted from 1; 0 where there are no lines, or it is about the document as a whole.
    pub(crate) line: usize,
    /// The member by its path; empty where it is about the document as a whole.
    pub(crate) member: String,
    /// What is wrong, and after a semicolon what to do.
    pub(crate) message: String,
}

/// More than anybody corrects at once. Without an end a document of nothing but mistakes would be
/// answered with one many times as long.
const FAULTS_MAX: usize = 100;

impl<'a> Document<'a> {
    /// Hands a document's table to `understand`.
    ///
    /// # Errors
    ///
    /// Everything that is wrong, in the order of lines: all faults that were noted, at most a hundred.
    /// Without a fault `understand` has to make something.
    pub(crate) fn read<T>(
        root: &'a Node,
        understand: impl FnOnce(&Self, Section<'_>) -> Option<T>,
    ) -> Result<T, Vec<Wrong>> {
        let document = Self {
            root,
            faults: RefCell::default(),
        };
        let mut made = None;
        match &root.value {
            Value::Table(table) => made = understand(&document, Section::root(&document, table)),
            _ => document.fault(
                "",
                format!(
                    "a table of members is expected, not {}; write it as name and value",
                    root.kind()
                ),
            ),
        }
        let mut faults = document.faults.into_inner();
        match made {
            Some(made) if faults.is_empty() => Ok(made),
            _ => {
                faults.sort_by_key(|fault| fault.line);
                Err(faults)
            }
        }
    }

    /// Notes a fault of a member, or of one that is missing. One fault of a member is enough: the next
    /// may only follow from it.
    pub(crate) fn fault(&self, path: &str, message: impl Into<String>) {
        let is_full = self.faults.borrow().len() >= FAULTS_MAX;
        if is_full || !path.is_empty() && self.is_faulty(path) {
            return;
        }
        self.faults.borrow_mut().push(Wrong {
            line: self.root.line_at(path),
            member: path.to_owned(),
            message: message.into(),
        });
    }

    /// Whether something is wrong with a member already.
    pub(crate) fn is_faulty(&self, path: &str) -> bool {
        let faults = self.faults.borrow();
        faults.iter().any(|fault| fault.member == path)
    }
}

impl From<Wrong> for Problem {
    fn from(wrong: Wrong) -> Self {
        Self {
            field: wrong.member,
            message: wrong.message,
        }
    }
}
