//! A file that declares a realm with its federations and clients.

use super::{Fault, Faults, process::folder_of, tree, understood};
use crate::documents::{Node, Origin, Source, declared};
use bridge_model::{ports::Policies, realm::RealmDeclaration};
use std::{
    collections::HashMap,
    path::{Path, PathBuf},
};

/// A file that declares a realm, understood and translated. Federations have no id yet: they get
/// theirs when the file is applied.
#[derive(Clone, Debug)]
pub struct RealmFile {
    /// The file: what its objects are marked as managed by.
    pub source: String,
    /// What it declares.
    pub declared: RealmDeclaration,
    /// What the file says that the subjects of a federation are derived under, by its name.
    pub subject_namespaces: HashMap<String, String>,
    /// What the operator should know although nothing is wrong.
    pub warnings: Vec<Fault>,
    /// The other files that it takes something from.
    pub watched: Vec<PathBuf>,
    file: PathBuf,
    /// Where its members stand, without what they are.
    outline: Node,
}

impl RealmFile {
    /// Reads a file, its secrets, and translates its federations.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with it, the policies' problems included.
    pub fn read(file: &Path, policies: &dyn Policies) -> Result<Self, Faults> {
        let text = std::fs::read_to_string(file).map_err(|error| {
            Faults::of_file(file, format!("cannot be read: {error}; correct the path"))
        })?;
        Self::parse(file, &text, policies)
    }

    /// As [`RealmFile::read`], with the text at hand.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with it.
    pub fn parse(file: &Path, text: &str, policies: &dyn Policies) -> Result<Self, Faults> {
        let root = tree(file, text)?;
        let origin = Origin::File {
            folder: folder_of(file),
        };
        let source = Source::new(origin, policies);
        let read = understood(file, &root, |document, section| {
            declared(document, section, &source)
        })?;
        let mut read_file = Self {
            source: std::path::absolute(file)
                .unwrap_or_else(|_| file.to_owned())
                .display()
                .to_string(),
            declared: read.declared,
            subject_namespaces: read.subject_namespaces,
            warnings: Vec::new(),
            watched: read.watched,
            file: file.to_owned(),
            outline: root.outline(),
        };
        read_file.warnings = read
            .warnings
            .into_iter()
            .map(|warning| read_file.fault(warning.field, warning.message))
            .collect();
        Ok(read_file)
    }

    /// A fault of a member that is found only after the file was understood.
    pub fn fault(&self, field: impl Into<String>, message: impl Into<String>) -> Fault {
        let field = field.into();
        Fault {
            file: self.file.clone(),
            line: self.outline.line_at(&field),
            field,
            message: message.into(),
        }
    }
}
