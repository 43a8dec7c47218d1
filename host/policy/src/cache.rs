//! Compiled policies, kept over restarts.
//!
//! Loading compiled code is running it: a forged file would be native code of the forger's. So the
//! folder belongs to the bridge alone, and each file begins with a MAC over what it holds and what it
//! is for. The MAC is checked on the very buffer that is loaded, never on a file that could change
//! in between.

use crate::{
    digest::{Digest, hex},
    engine::compatibility,
};
use aws_lc_rs::hmac;
use bridge_model::secret::Secret;
use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
    process,
    sync::atomic::{AtomicU64, Ordering},
};
use wasmtime::{Engine, component::Component};

/// Where compiled policies are kept.
#[derive(Clone, Debug)]
pub struct Cache {
    /// A folder that only the bridge's own user may enter. It is made if it is not there; its parent
    /// has to be.
    pub folder: PathBuf,
    /// At least 32 octets that nobody else knows: what the files are authenticated with. With another
    /// key everything is compiled anew.
    pub mac_key: Secret,
}

/// Why a folder is no cache.
#[derive(Debug, thiserror::Error)]
pub enum CacheError {
    /// The key is too short.
    #[error("the key for compiled policies has {0} octets and needs at least 32")]
    Key(usize),
    /// The folder cannot be made or looked at.
    #[error("the folder for compiled policies, {}: {error}", folder.display())]
    Folder {
        /// Which.
        folder: PathBuf,
        /// Why.
        #[source]
        error: io::Error,
    },
    /// The folder is somebody else's, or others may enter it.
    #[error(
        "the folder for compiled policies, {}, must belong to the user that the bridge runs as and have mode 0700; it belongs to user {owner} and has mode {mode:04o}",
        folder.display()
    )]
    Shared {
        /// Which.
        folder: PathBuf,
        /// Its owner's number.
        owner: u32,
        /// Its permissions.
        mode: u32,
    },
}

/// A folder of compiled policies for one engine.
pub(crate) struct CompiledCache {
    folder: PathBuf,
    key: hmac::Key,
    /// What the code was compiled for: version, settings and processor.
    compatibility: [u8; 32],
}

/// Why a cached file was not used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unusable {
    #[error("it could not be read: {0}")]
    Read(#[from] io::Error),
    #[error("it is longer than {CODE_OCTETS_MAX} octets")]
    TooLong,
    #[error("its MAC is wrong: it was changed, or written for something else")]
    Mac,
    #[error("the engine does not take it: {0:#}")]
    Code(wasmtime::Error),
}

impl CompiledCache {
    /// Opens the folder, and makes it if it is not there.
    pub(crate) fn open(cache: &Cache, engine: &Engine) -> Result<Self, CacheError> {
        let key = cache.mac_key.expose();
        if key.len() < MAC_KEY_OCTETS_MIN {
            return Err(CacheError::Key(key.len()));
        }
        check_folder(&cache.folder)?;
        Ok(Self {
            folder: cache.folder.clone(),
            key: hmac::Key::new(hmac::HMAC_SHA256, key),
            compatibility: compatibility(engine),
        })
    }

    /// The compiled code of a component; none where there is no file for it.
    pub(crate) fn load(
        &self,
        engine: &Engine,
        digest: Digest,
    ) -> Result<Option<Component>, Unusable> {
        let file = match File::open(self.path(digest)) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let mut buffer = Vec::new();
        file.take(CODE_OCTETS_MAX + 1).read_to_end(&mut buffer)?;
        if u64::try_from(buffer.len()).is_ok_and(|octets| octets > CODE_OCTETS_MAX) {
            return Err(Unusable::TooLong);
        }
        let (mac, code) = buffer.split_at_checked(MAC_OCTETS).ok_or(Unusable::Mac)?;
        hmac::verify(&self.key, &self.authenticated(digest, code), mac)
            .map_err(|_| Unusable::Mac)?;
        // SAFETY: `deserialize` asks that the octets come from `Component::serialize`. The MAC of this
        // very buffer was just checked with a key that only the bridge has, and the bridge makes MACs
        // over what `serialize` gave and nothing else, for this component and this engine.
        #[expect(unsafe_code, reason = "there is no other way to load compiled code")]
        let component = unsafe { Component::deserialize(engine, code) };
        component.map(Some).map_err(Unusable::Code)
    }

    /// Keeps the compiled code of a component, in place of what was there.
    pub(crate) fn store(&self, digest: Digest, component: &Component) -> io::Result<()> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let code = component.serialize().map_err(io::Error::other)?;
        let mac = hmac::sign(&self.key, &self.authenticated(digest, &code));
        let path = self.path(digest);
        // Written under a name of its own and then renamed: nobody ever reads half a file.
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let temporary = path.with_extension(format!("{}-{count}.new", process::id()));
        let written =
            write_new(&temporary, mac.as_ref(), &code).and_then(|()| fs::rename(&temporary, &path));
        if written.is_err() {
            // Whatever kept it from being written is the error to tell of.
            let _ = fs::remove_file(&temporary);
        }
        written
    }

    /// What the MAC is over. Fixed lengths first, so that no two pairs look alike.
    fn authenticated(&self, digest: Digest, code: &[u8]) -> Vec<u8> {
        [MAC_DOMAIN, digest.octets(), &self.compatibility, code].concat()
    }

    fn path(&self, digest: Digest) -> PathBuf {
        let compatibility = hex(&self.compatibility[..8]);
        self.folder
            .join(format!("{}-{compatibility}.cwasm", hex(digest.octets())))
    }
}

fn check_folder(folder: &Path) -> Result<(), CacheError> {
    let failed = |error| CacheError::Folder {
        folder: folder.to_owned(),
        error,
    };
    match DirBuilder::new().mode(FOLDER_MODE).create(folder) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(failed(error)),
    }
    // Not following a link: what a link points to can be exchanged.
    let metadata = fs::symlink_metadata(folder).map_err(failed)?;
    if !metadata.is_dir() {
        return Err(failed(io::ErrorKind::NotADirectory.into()));
    }
    let mode = metadata.permissions().mode() & 0o7777;
    if metadata.uid() != rustix::process::geteuid().as_raw() || mode & 0o077 != 0 {
        return Err(CacheError::Shared {
            folder: folder.to_owned(),
            owner: metadata.uid(),
            mode,
        });
    }
    Ok(())
}

fn write_new(path: &Path, mac: &[u8], code: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(FILE_MODE)
        .open(path)?;
    file.write_all(mac)?;
    file.write_all(code)
}

/// The digest length of SHA-256.
const MAC_OCTETS: usize = 32;
/// RFC 2104 section 3 advises against keys shorter than the digest.
const MAC_KEY_OCTETS_MIN: usize = 32;
/// What else the same key might one day be used for, this is not.
const MAC_DOMAIN: &[u8] = b"ldap-oidc compiled policy 1\0";
/// A larger file is none of ours: code is some four times as long as its component.
const CODE_OCTETS_MAX: u64 = 256 << 20;
/// Only the bridge enters, reads and writes.
const FOLDER_MODE: u32 = 0o700;
/// Only the bridge reads and writes.
const FILE_MODE: u32 = 0o600;
