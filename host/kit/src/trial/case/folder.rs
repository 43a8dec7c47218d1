//! The files of cases.

use super::{Case, CaseError, Directives};
use crate::{
    ldif::{self, Record},
    trial::outcome::canonical,
};
use serde_json::Value;
use std::{
    fs,
    path::{Path, PathBuf},
};

/// What all cases of a folder have in common.
const DIRECTORY: &str = "directory.ldif";
/// The names of a folder's federation.
const FEDERATIONS: [&str; 4] = [
    "federation.toml",
    "federation.yaml",
    "federation.yml",
    "federation.json",
];
/// Folders in folders.
const DEPTH_MAX: usize = 8;

/// A folder of cases.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folder {
    /// Where it is.
    pub path: PathBuf,
    /// What is there in every case.
    pub directory: Option<PathBuf>,
    /// The federation; none: a preset.
    pub federation: Option<PathBuf>,
    /// The cases, in the order of their names.
    pub cases: Vec<CaseFile>,
}

/// The files of a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseFile {
    /// Its name, with the folders that it is in.
    pub name: String,
    /// Who is in it.
    pub ldif: PathBuf,
    /// What should come of them; it may not be there yet.
    pub expected: PathBuf,
}

/// The folders of cases at and below a path that have any, in the order of their names.
///
/// # Errors
///
/// When one cannot be read, or none has a case.
pub fn folders(path: &Path) -> Result<Vec<Folder>, CaseError> {
    let mut found = Vec::new();
    gather(path, "", 0, &mut found)?;
    if found.is_empty() {
        return Err(CaseError::NoCases(path.to_owned()));
    }
    Ok(found)
}

fn gather(
    path: &Path,
    prefix: &str,
    depth: usize,
    found: &mut Vec<Folder>,
) -> Result<(), CaseError> {
    let failed = |error| CaseError::File {
        path: path.to_owned(),
        error,
    };
    let mut names = Vec::new();
    for entry in fs::read_dir(path).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        if let Ok(name) = entry.file_name().into_string() {
            names.push((name, entry.path().is_dir()));
        }
    }
    names.sort();
    let is_there = |wanted: &str| names.iter().any(|(name, is_dir)| name == wanted && !is_dir);
    let cases: Vec<_> = names
        .iter()
        .filter(|(name, is_dir)| !is_dir && name != DIRECTORY)
        .filter_map(|(name, _)| name.strip_suffix(".ldif"))
        .map(|name| CaseFile {
            name: format!("{prefix}{name}"),
            ldif: path.join(format!("{name}.ldif")),
            expected: path.join(format!("{name}.json")),
        })
        .collect();
    if !cases.is_empty() {
        found.push(Folder {
            path: path.to_owned(),
            directory: is_there(DIRECTORY).then(|| path.join(DIRECTORY)),
            federation: FEDERATIONS
                .into_iter()
                .find(|name| is_there(name))
                .map(|name| path.join(name)),
            cases,
        });
    }
    for (name, is_dir) in &names {
        if *is_dir && depth < DEPTH_MAX && !name.starts_with('.') {
            gather(
                &path.join(name),
                &format!("{prefix}{name}/"),
                depth + 1,
                found,
            )?;
        }
    }
    Ok(())
}

fn text_of(path: &Path) -> Result<String, CaseError> {
    fs::read_to_string(path).map_err(|error| CaseError::File {
        path: path.to_owned(),
        error,
    })
}

impl Folder {
    /// What is there in every case, and what is said there.
    ///
    /// # Errors
    ///
    /// When it is no LDIF.
    pub fn base(&self) -> Result<(Vec<Record>, Directives), CaseError> {
        match &self.directory {
            None => Ok((Vec::new(), Directives::default())),
            Some(path) => read(path, &Directives::default()),
        }
    }
}

/// The entries of a file, and what is said there.
pub(crate) fn read(
    path: &Path,
    preset: &Directives,
) -> Result<(Vec<Record>, Directives), CaseError> {
    let text = text_of(path)?;
    let wrong = |error| CaseError::Ldif {
        path: path.to_owned(),
        error,
    };
    let directives = Directives::read(&text, preset).map_err(wrong)?;
    Ok((ldif::read(&text).map_err(wrong)?, directives))
}

impl CaseFile {
    /// Reads the case, with what is there in every case of its folder.
    ///
    /// # Errors
    ///
    /// When one of its files is not what it should be.
    pub fn read(&self, base: &(Vec<Record>, Directives)) -> Result<Case, CaseError> {
        let mut case = Case::of(&self.ldif, base)?;
        if self.expected.exists() {
            let expected = serde_json::from_str(&text_of(&self.expected)?);
            case.expected = Some(expected.map_err(|error| CaseError::Json {
                path: self.expected.clone(),
                error,
            })?);
        }
        Ok(case)
    }

    /// Writes what came of the case as what should come of it.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub fn bless(&self, answered: &Value) -> Result<(), CaseError> {
        fs::write(&self.expected, canonical(answered)).map_err(|error| CaseError::File {
            path: self.expected.clone(),
            error,
        })
    }
}
