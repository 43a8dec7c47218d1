//! Configuration: the process's own settings, and the files that declare realms.
//!
//! Each is TOML, YAML or JSON, by the end of its name. Unknown members are refused, and everything that is wrong is said at once, with the
//! file, the line and what to do ([`Fault`]).

pub mod process;
pub mod realm_file;

use crate::documents::{Document, Format, Node, Wrong, format::Malformed, section::Section};
use std::{
    fmt,
    path::{Path, PathBuf},
};

/// Something that is wrong with a configuration file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The file.
    pub file: PathBuf,
    /// The line, counted from 1; 0 where it is about the file as a whole.
    pub line: usize,
    /// The member, as `federations[0].users_dn`; empty where it is about the file as a whole.
    pub field: String,
    /// What is wrong and what to do.
    pub message: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file.display())?;
        if self.line > 0 {
            write!(f, ":{}", self.line)?;
        }
        if !self.field.is_empty() {
            write!(f, ": {}", self.field)?;
        }
        write!(f, ": {}", self.message)
    }
}

/// Everything that is wrong, in the order of the files' lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Faults(pub Vec<Fault>);

impl Faults {
    /// One fault about a file as a whole.
    pub fn of_file(file: impl Into<PathBuf>, message: impl Into<String>) -> Self {
        Self(vec![Fault {
            file: file.into(),
            line: 0,
            field: String::new(),
            message: message.into(),
        }])
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, fault) in self.0.iter().enumerate() {
            if i > 0 {
                f.write_str("\n")?;
            }
            fault.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for Faults {}

/// Reads a file's text by the end of its name.
pub(crate) fn tree(file: &Path, text: &str) -> Result<Node, Faults> {
    let format = Format::of(file).ok_or_else(|| {
        Faults::of_file(
            file,
            "the end of the name does not say what it is written in; name it .toml, .yaml or .json",
        )
    })?;
    format.read(text).map_err(|Malformed { line, message }| {
        let mut faults = Faults::of_file(file, message);
        if let [fault] = faults.0.as_mut_slice() {
            fault.line = line;
        }
        faults
    })
}

/// Understands what was read of a file.
pub(crate) fn understood<T>(
    file: &Path,
    root: &Node,
    understand: impl FnOnce(&Document<'_>, Section<'_>) -> Option<T>,
) -> Result<T, Faults> {
    Document::read(root, understand).map_err(|wrong| {
        let faults = wrong.into_iter().map(|wrong| wrong.in_file(file));
        Faults(faults.collect())
    })
}

impl Wrong {
    /// With the file that it is in.
    pub(crate) fn in_file(self, file: &Path) -> Fault {
        Fault {
            file: file.to_owned(),
            line: self.line,
            field: self.member,
            message: self.message,
        }
    }
}

#[cfg(test)]
mod tests;
