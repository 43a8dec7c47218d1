//! Where a document comes from, and what follows from that.

use bridge_model::{plan::Problem, ports::Policies, secret::Secret};
use std::{
    cell::RefCell,
    path::{Path, PathBuf},
};

/// Where a document comes from.
#[derive(Clone, Debug)]
pub(crate) enum Origin {
    /// A file of the process's own. Secrets may be references, CA bundles are paths; relative ones are
    /// relative to this folder.
    File {
        /// The folder.
        folder: PathBuf,
    },
    /// A declaration on the admin API: as a file, with everything written out. Secrets that are not
    /// there stay as they are kept.
    Declaration,
    /// One object on the admin API. What a file may leave to the vendor has to be said.
    Request {
        /// Whether a bind credential is kept, which stays where none is given.
        has_credential: bool,
    },
}

/// Where a document comes from, with what is found on the way.
pub(crate) struct Source<'a> {
    pub(crate) origin: Origin,
    pub(crate) policies: &'a dyn Policies,
    watched: RefCell<Vec<PathBuf>>,
    warnings: RefCell<Vec<Problem>>,
}

impl<'a> Source<'a> {
    /// A source of which nothing is known yet.
    pub(crate) fn new(origin: Origin, policies: &'a dyn Policies) -> Self {
        Self {
            origin,
            policies,
            watched: RefCell::default(),
            warnings: RefCell::default(),
        }
    }

    /// Whether what the API requires of one object has to be there.
    pub(crate) fn is_request(&self) -> bool {
        matches!(self.origin, Origin::Request { .. })
    }

    /// A secret as it is written: in a file `env:NAME`, `file:PATH` or the secret, elsewhere the
    /// secret.
    pub(crate) fn secret(&self, text: &str) -> Result<Secret, String> {
        let Origin::File { folder } = &self.origin else {
            return if text.is_empty() {
                Err("must not be empty; give it".to_owned())
            } else {
                Ok(Secret::new(text))
            };
        };
        let resolved = resolve(text, folder)?;
        self.watched.borrow_mut().extend(resolved.watched);
        Ok(resolved.secret)
    }

    /// Whether it is a file of the process's own, which may name what is on this machine.
    pub(crate) fn is_file(&self) -> bool {
        matches!(self.origin, Origin::File { .. })
    }

    /// Certificates as they are written: in a file the path of a file, with or without `file:` before
    /// it, or as elsewhere the text.
    pub(crate) fn certificates(&self, text: String) -> Result<String, String> {
        let folder = match &self.origin {
            Origin::File { folder } if !is_pem(&text) => folder,
            _ => return Ok(text),
        };
        let path = folder.join(text.strip_prefix("file:").unwrap_or(&text));
        // Also one that cannot be read: when it can be, it is.
        self.watched.borrow_mut().push(path.clone());
        std::fs::read_to_string(&path)
            .map_err(|error| format!("cannot read {}: {error}; correct the path", path.display()))
    }

    /// Notes what the operator should know.
    pub(crate) fn warn(&self, warnings: impl IntoIterator<Item = Problem>) {
        self.warnings.borrow_mut().extend(warnings);
    }

    /// What was noted since this was last asked.
    pub(crate) fn take_warnings(&self) -> Vec<Problem> {
        self.warnings.take()
    }

    /// The files that were read on the way, to be watched.
    pub(crate) fn take_watched(&self) -> Vec<PathBuf> {
        self.watched.take()
    }
}

/// Whether certificates are written out (RFC 7468), and not named by a path.
pub(crate) fn is_pem(text: &str) -> bool {
    text.contains("-----BEGIN ")
}

/// A secret, and the file that it was read from.
pub(crate) struct Resolved {
    /// The secret.
    pub(crate) secret: Secret,
    /// The file that it was read from, to be watched.
    pub(crate) watched: Option<PathBuf>,
}

/// Finds a secret as it stands in a file: `env:NAME`, `file:PATH`, or the secret itself. Only the
/// process's own files are read so: elsewhere such a text is a text. A file's last line break does
/// not belong to it.
///
/// # Errors
///
/// What is not there, without what is.
pub(crate) fn resolve(text: &str, folder: &Path) -> Result<Resolved, String> {
    if let Some(name) = text.strip_prefix("env:") {
        let value = std::env::var(name).map_err(|_| {
            format!("the environment variable {name} is not set; set it, or use file:PATH")
        })?;
        return checked(value, None, &format!("the environment variable {name}"));
    }
    let Some(path) = text.strip_prefix("file:") else {
        return checked(text.to_owned(), None, "the secret");
    };
    let path = folder.join(path);
    let value = std::fs::read_to_string(&path).map_err(|error| {
        let path = path.display();
        format!("cannot read the secret from {path}: {error}; correct the path, or write the file")
    })?;
    let value = value.strip_suffix('\n').unwrap_or(&value);
    let value = value.strip_suffix('\r').unwrap_or(value).to_owned();
    let place = path.display().to_string();
    checked(value, Some(path), &place)
}

fn checked(value: String, watched: Option<PathBuf>, place: &str) -> Result<Resolved, String> {
    if value.is_empty() {
        return Err(format!("{place} is empty; write the secret there"));
    }
    Ok(Resolved {
        secret: Secret::new(value),
        watched,
    })
}
