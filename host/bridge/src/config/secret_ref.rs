//! Secrets in the process's own files: written out, or where to find them.

use bridge_model::secret::Secret;
use std::path::{Path, PathBuf};

/// Files whose change means that what names them is to be applied anew: secrets, CA bundles.
pub(super) type Watched = Vec<PathBuf>;

/// A secret as it stands in a file: `env:NAME`, `file:PATH`, or the secret itself. Only the process's
/// own files are read so: elsewhere such a text is a text.
pub(super) struct Resolved {
    pub(super) secret: Secret,
    /// The file that it was read from, to be watched.
    pub(super) watched: Option<PathBuf>,
}

/// Finds a secret. A file's last line break does not belong to it.
pub(super) fn resolve(text: &str, folder: &Path) -> Result<Resolved, String> {
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
    let value = std::fs::read_to_string(&path)
        .map_err(|error| format!("cannot read the secret from {}: {error}", path.display()))?;
    let value = value.strip_suffix('\n').unwrap_or(&value);
    let value = value.strip_suffix('\r').unwrap_or(value).to_owned();
    let place = path.display().to_string();
    checked(value, Some(path), &place)
}

fn checked(value: String, watched: Option<PathBuf>, place: &str) -> Result<Resolved, String> {
    if value.is_empty() {
        return Err(format!("{place} is empty"));
    }
    Ok(Resolved {
        secret: Secret::new(value),
        watched,
    })
}
