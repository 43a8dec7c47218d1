//! The languages that a policy's folder can be in.

use std::path::{Path, PathBuf};

/// What a policy is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// Compiled to a module of a few hundred KiB that runs in microseconds.
    Rust,
    /// Put into a component together with an engine, by the package `componentize-js`.
    JavaScript,
    /// Put into a component together with an interpreter, by the package `componentize-py`.
    Python,
}

impl Language {
    /// The language of a folder, by the file that its tools go by.
    pub fn of(folder: &Path) -> Option<Self> {
        [
            ("Cargo.toml", Self::Rust),
            ("package.json", Self::JavaScript),
            ("requirements.txt", Self::Python),
        ]
        .into_iter()
        .find(|(file, _)| folder.join(file).is_file())
        .map(|(_, language)| language)
    }

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rust => "rust",
            Self::JavaScript => "js",
            Self::Python => "python",
        }
    }
}

/// Where a folder's own `componentize-py` is.
pub(crate) fn componentize_py(folder: &Path) -> PathBuf {
    folder.join(".venv/bin/componentize-py")
}
