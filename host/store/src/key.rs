//! The sealing key and its file.

use aws_lc_rs::{hkdf, hmac};
use base64::{Engine, engine::general_purpose::STANDARD};
use bridge_model::{ports::Random, secret::Secret};
use std::{
    fmt,
    fs::{self, OpenOptions},
    io::{self, ErrorKind, Read, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};
use zeroize::Zeroizing;

/// The one secret that is not in the database: everything in there that is secret is sealed with a
/// key derived from it.
///
/// Shape: 32 octets. Its file has one line of base64 text (RFC 4648 section 4) and belongs to the
/// bridge alone. It does not print.
#[derive(Clone)]
pub struct SealingKey {
    octets: Zeroizing<[u8; SealingKey::OCTETS]>,
    file: Option<PathBuf>,
}

/// Why there is no sealing key. The operator's to mend.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    /// It is there already.
    #[error(
        "the sealing key {} exists already and is kept, because what it has sealed would be lost: use it, or name another file", .0.display()
    )]
    Exists(PathBuf),
    /// It is not there.
    #[error(
        "there is no sealing key at {}: make one with `init`, or restore it from its backup", .0.display()
    )]
    Missing(PathBuf),
    /// The folder it is to be made in is not there.
    #[error("the sealing key {} cannot be made, because its folder does not exist: create the folder", .0.display())]
    NoFolder(PathBuf),
    /// Others than its owner may read or write it.
    #[error(
        "the sealing key {} is open to others than its owner (mode {mode:04o}): run `chmod 600 {}`", .path.display(), .path.display()
    )]
    OpenToOthers {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// It is no sealing key.
    #[error(
        "{} is not a sealing key, which is one line of base64 text for {} octets: restore it from its backup, or name another file", .0.display(), SealingKey::OCTETS
    )]
    Malformed(PathBuf),
    /// It cannot be read or written.
    #[error("the sealing key {} cannot be used: {source}", .path.display())]
    Unusable {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
}

impl SealingKey {
    /// The length of the key, in octets.
    pub const OCTETS: usize = 32;

    /// Draws a key that is kept nowhere: what is sealed with it is gone with the process.
    pub fn generate(random: &dyn Random) -> Self {
        let mut octets = Zeroizing::new([0; Self::OCTETS]);
        random.fill(&mut *octets);
        Self { octets, file: None }
    }

    /// Draws a key and makes its file, with mode 0600, in a folder that exists.
    ///
    /// # Errors
    ///
    /// [`KeyFileError::Exists`] instead of overwriting anything; nothing is left behind after any
    /// error.
    pub fn create(path: &Path, random: &dyn Random) -> Result<Self, KeyFileError> {
        let key = Self {
            file: Some(path.to_owned()),
            ..Self::generate(random)
        };
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path)
            .map_err(|source| match source.kind() {
                ErrorKind::AlreadyExists => KeyFileError::Exists(path.to_owned()),
                ErrorKind::NotFound => KeyFileError::NoFolder(path.to_owned()),
                _ => unusable(path, source),
            })?;
        let mut line = Zeroizing::new(STANDARD.encode(*key.octets));
        line.push('\n');
        let written = file
            .write_all(line.as_bytes())
            .and_then(|()| file.sync_all());
        if let Err(source) = written {
            // Half a key would stand in the way of the next attempt; what remains of it is worthless.
            let _ = fs::remove_file(path);
            return Err(unusable(path, source));
        }
        Ok(key)
    }

    /// Reads a key from its file.
    ///
    /// # Errors
    ///
    /// [`KeyFileError::Missing`], [`KeyFileError::OpenToOthers`], [`KeyFileError::Malformed`], or
    /// what the operating system says.
    pub fn read(path: &Path) -> Result<Self, KeyFileError> {
        let file = fs::File::open(path).map_err(|source| match source.kind() {
            ErrorKind::NotFound => KeyFileError::Missing(path.to_owned()),
            _ => unusable(path, source),
        })?;
        // Asked of the opened file, so that what is checked is what is read.
        let metadata = file.metadata().map_err(|source| unusable(path, source))?;
        if !metadata.is_file() {
            return Err(KeyFileError::Malformed(path.to_owned()));
        }
        let mode = metadata.permissions().mode() & 0o7777;
        if mode & 0o077 != 0 {
            let path = path.to_owned();
            return Err(KeyFileError::OpenToOthers { path, mode });
        }
        let mut text = Zeroizing::new(Vec::with_capacity(FILE_OCTETS_MAX));
        file.take(FILE_OCTETS_MAX as u64)
            .read_to_end(&mut text)
            .map_err(|source| unusable(path, source))?;
        let mut octets = Zeroizing::new([0; Self::OCTETS]);
        // The decoder wants room for what the text's length allows at the most.
        let mut decoded = Zeroizing::new([0; FILE_OCTETS_MAX]);
        match STANDARD.decode_slice(text.trim_ascii(), &mut *decoded) {
            Ok(Self::OCTETS) => octets.copy_from_slice(&decoded[..Self::OCTETS]),
            _ => return Err(KeyFileError::Malformed(path.to_owned())),
        }
        Ok(Self {
            octets,
            file: Some(path.to_owned()),
        })
    }

    /// Puts the file of a new key into the place of an old one, at once and for good.
    pub(crate) fn replace(path: &Path, new: &Path) -> Result<(), KeyFileError> {
        fs::rename(new, path).map_err(|source| unusable(new, source))?;
        let folder = match path.parent() {
            Some(folder) if folder != Path::new("") => folder,
            _ => Path::new("."),
        };
        let synced = fs::File::open(folder).and_then(|folder| folder.sync_all());
        synced.map_err(|source| unusable(path, source))
    }

    /// Derives a key for one purpose: 32 octets (RFC 5869, HKDF with SHA-256). Keys for different
    /// purposes say nothing of each other. Purposes that begin with `store/` are the store's own.
    #[expect(clippy::missing_panics_doc, reason = "it cannot fail for this length")]
    pub fn derive(&self, purpose: &str) -> Secret {
        let salt = hkdf::Salt::new(hkdf::HKDF_SHA256, SALT);
        let mut derived = Zeroizing::new([0; Self::OCTETS]);
        salt.extract(&*self.octets)
            .expand(&[purpose.as_bytes()], hmac::HMAC_SHA256)
            .and_then(|okm| okm.fill(&mut *derived))
            .expect("32 octets are one block of HKDF with SHA-256, which always gives it");
        Secret::new(*derived)
    }
}

impl fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealingKey(…)")
    }
}

/// Where the key came from.
impl fmt::Display for SealingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.file {
            Some(file) => file.display().fmt(f),
            None => f.write_str("memory"),
        }
    }
}

/// Tells the bridge's derived keys from those of anybody else who has the same 32 octets.
const SALT: &[u8] = b"ldap-oidc-bridge sealing key";

/// More than a key file can have: 44 characters and the end of the line.
const FILE_OCTETS_MAX: usize = 128;

fn unusable(path: &Path, source: io::Error) -> KeyFileError {
    KeyFileError::Unusable {
        path: path.to_owned(),
        source,
    }
}
