//! The files of the repository, as a person sees them: no build output, nothing installed.

use std::{fs, path::Path};
use suites::repository;

/// Folders that hold what was built, installed or recorded.
const NOT_OURS: [&str; 6] = [
    ".git",
    ".venv",
    "artefacts",
    "node_modules",
    "pkg",
    "target",
];

/// A text file of the repository.
pub(crate) struct Source {
    /// From the repository's root, with `/`.
    pub(crate) path: String,
    /// What it holds; octets that are no UTF-8 are replaced.
    pub(crate) text: String,
}

impl Source {
    /// Whether the file's name ends in this extension.
    pub(crate) fn is(&self, extension: &str) -> bool {
        Path::new(&self.path)
            .extension()
            .is_some_and(|own| own == extension)
    }
}

/// All files below a folder of the repository (`.` for all of it), sorted by path.
pub(crate) fn files(below: &str) -> Vec<Source> {
    let mut found = Vec::new();
    collect(&repository().join(below), &mut found);
    assert!(!found.is_empty(), "no file below {below}");
    found.sort_by(|one, other| one.path.cmp(&other.path));
    found
}

/// The Rust files among [`files`].
pub(crate) fn rust_files(below: &str) -> Vec<Source> {
    files(below)
        .into_iter()
        .filter(|file| file.is("rs"))
        .collect()
}

/// Fails with the list of what was found, one a line.
pub(crate) fn assert_none(findings: &[String], rule: &str) {
    assert!(findings.is_empty(), "{rule}\n  {}\n", findings.join("\n  "));
}

fn collect(folder: &Path, found: &mut Vec<Source>) {
    for entry in fs::read_dir(folder).expect("a folder of the repository") {
        let entry = entry.expect("an entry of a folder");
        let path = entry.path();
        let name = entry.file_name();
        let kind = entry.file_type().expect("the type of an entry");
        if kind.is_dir() {
            if !NOT_OURS.iter().any(|other| name == *other) {
                collect(&path, found);
            }
        } else if kind.is_file() {
            let octets = fs::read(&path).expect("a file of the repository");
            let below = path
                .strip_prefix(repository())
                .expect("a path below the root");
            found.push(Source {
                path: below
                    .components()
                    .map(|part| part.as_os_str().to_string_lossy())
                    .collect::<Vec<_>>()
                    .join("/"),
                text: String::from_utf8_lossy(&octets).into_owned(),
            });
        }
    }
}
