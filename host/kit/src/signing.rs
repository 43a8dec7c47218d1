//! Keys and signatures in files.
//!
//! Signatures lie beside the component: `NAME.wasm.sig`, one a line (see [`bridge_policy::signature`]).

use bridge_model::policy::{PolicyKey, PolicySignature};
use bridge_policy::signature::{self, KeyError, SignatureError, SigningKey};
use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read as _, Write as _},
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};
use zeroize::Zeroizing;

/// A key's file is a few lines.
const KEY_OCTETS_MAX: u64 = 64 * 1024;
/// A file of signatures.
const SIGNATURES_OCTETS_MAX: u64 = 64 * 1024;
/// Rights of others than the owner.
const OTHERS: u32 = 0o077;

/// Why nothing was made, signed or verified.
#[derive(Debug, thiserror::Error)]
pub enum SigningError {
    /// A file cannot be read or written.
    #[error("{path}: {error}")]
    File {
        /// Which.
        path: PathBuf,
        /// What happened.
        error: io::Error,
    },
    /// A key would be written over something.
    #[error("{0} is there already; a key is never written over: name another file")]
    Exists(PathBuf),
    /// Others can read a private key.
    #[error("{path} can be read by others (mode {mode:03o}); run: chmod 600 {path}")]
    Open {
        /// Which.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// A file is no private key of the right kind.
    #[error("{path}: {error}")]
    Key {
        /// Which.
        path: PathBuf,
        /// What is wrong.
        error: KeyError,
    },
    /// A file is longer than such files are.
    #[error("{0} is too long for what it should be")]
    TooLong(PathBuf),
    /// A file of signatures cannot be understood.
    #[error("{path}: {error}")]
    Signatures {
        /// Which.
        path: PathBuf,
        /// Where, and what is wrong.
        error: SignatureError,
    },
    /// What is to be signed is no WebAssembly.
    #[error("{0} is no WebAssembly; sign what `policy build` made")]
    NotWasm(PathBuf),
}

/// A component with its signatures.
#[derive(Clone, Debug)]
pub struct SignedFile {
    /// The component.
    pub octets: Vec<u8>,
    /// What its file of signatures says; empty where there is none.
    pub signatures: Vec<PolicySignature>,
}

impl SignedFile {
    /// Reads both.
    ///
    /// # Errors
    ///
    /// Either cannot be read.
    pub fn read(component: &Path) -> Result<Self, SigningError> {
        let octets = fs::read(component).map_err(|error| at(component, error))?;
        let beside = signatures_of(component);
        let signatures = match limited(&beside, SIGNATURES_OCTETS_MAX) {
            Ok(text) => {
                let text = String::from_utf8_lossy(&text);
                let wrong = |error| SigningError::Signatures {
                    path: beside,
                    error,
                };
                signature::read(&text).map_err(wrong)?
            }
            Err(SigningError::File { error, .. }) if error.kind() == io::ErrorKind::NotFound => {
                Vec::new()
            }
            Err(error) => return Err(error),
        };
        Ok(Self { octets, signatures })
    }

    /// The keys, each with whether its signature fits the component.
    pub fn judged(&self) -> Vec<(PolicyKey, bool)> {
        let judged = |it: &PolicySignature| (it.key, signature::fits(it, &self.octets));
        self.signatures.iter().map(judged).collect()
    }
}

/// Where the signatures of a component are: beside it.
pub fn signatures_of(component: &Path) -> PathBuf {
    let mut name = component.as_os_str().to_owned();
    name.push(".sig");
    PathBuf::from(name)
}

/// Makes a signing key in a new file that only its owner reads (mode 0600); gives the public key.
///
/// # Errors
///
/// The file is there already, or cannot be written.
pub fn new_key(file: &Path) -> Result<PolicyKey, SigningError> {
    let wrong = |error| SigningError::Key {
        path: file.to_owned(),
        error,
    };
    let key = SigningKey::generate().map_err(wrong)?;
    let pem = key.to_pem().map_err(wrong)?;
    let opened = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(file);
    let mut made = opened.map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => SigningError::Exists(file.to_owned()),
        _ => at(file, error),
    })?;
    made.write_all(pem.expose())
        .and_then(|()| made.sync_all())
        .map_err(|error| at(file, error))?;
    Ok(key.public())
}

/// Reads a signing key from a file that only its owner reads.
///
/// # Errors
///
/// It cannot be read, others can read it, or it is no such key.
pub fn read_key(file: &Path) -> Result<SigningKey, SigningError> {
    let about = fs::metadata(file).map_err(|error| at(file, error))?;
    if about.mode() & OTHERS != 0 {
        return Err(SigningError::Open {
            path: file.to_owned(),
            mode: about.mode() & 0o777,
        });
    }
    let pem = Zeroizing::new(limited(file, KEY_OCTETS_MAX)?);
    SigningKey::from_pem(&pem).map_err(|error| SigningError::Key {
        path: file.to_owned(),
        error,
    })
}

/// Signs a component: its file of signatures has one of this key from then on, and keeps those of others.
///
/// # Errors
///
/// [`SigningError`].
pub fn sign(component: &Path, key: &SigningKey) -> Result<PolicySignature, SigningError> {
    let SignedFile { octets, signatures } = SignedFile::read(component)?;
    if !octets.starts_with(b"\0asm") {
        return Err(SigningError::NotWasm(component.to_owned()));
    }
    let signed = signature::sign(key, &octets);
    // What others signed before the file changed is of no use any more.
    let others = signatures
        .into_iter()
        .filter(|it| it.key != signed.key && signature::fits(it, &octets));
    let all: Vec<_> = others.chain([signed.clone()]).collect();
    write_signatures(component, &all)?;
    Ok(signed)
}

/// Writes the signatures beside a component, in one step.
///
/// # Errors
///
/// The file cannot be written.
pub fn write_signatures(
    component: &Path,
    signatures: &[PolicySignature],
) -> Result<(), SigningError> {
    let beside = signatures_of(component);
    let mut part = beside.as_os_str().to_owned();
    part.push(".part");
    let part = PathBuf::from(part);
    fs::write(&part, signature::write(signatures))
        .and_then(|()| fs::rename(&part, &beside))
        .map_err(|error| at(&beside, error))
}

fn limited(file: &Path, octets_max: u64) -> Result<Vec<u8>, SigningError> {
    let mut octets = Vec::new();
    File::open(file)
        .and_then(|opened| opened.take(octets_max + 1).read_to_end(&mut octets))
        .map_err(|error| at(file, error))?;
    if octets.len() as u64 > octets_max {
        return Err(SigningError::TooLong(file.to_owned()));
    }
    Ok(octets)
}

fn at(path: &Path, error: io::Error) -> SigningError {
    SigningError::File {
        path: path.to_owned(),
        error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    const COMPONENT: &[u8] = b"\0asm\x0d\0\x01\0";

    #[test]
    fn a_component_is_signed_by_several_and_again_after_a_change() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("a.wasm");
        fs::write(&file, COMPONENT).expect("a file");
        let keys = ["one.pem", "two.pem"].map(|name| {
            let key = folder.path().join(name);
            let public = new_key(&key).expect("a key");
            let mode = fs::metadata(&key).expect("a file").permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
            assert!(matches!(new_key(&key), Err(SigningError::Exists(_))));
            let read = read_key(&key).expect("the key");
            assert_eq!(read.public(), public);
            read
        });
        let judged = || SignedFile::read(&file).expect("both files").judged();
        assert_eq!(judged(), []);
        for key in [&keys[0], &keys[1], &keys[0]] {
            sign(&file, key).expect("a signature");
        }
        assert_eq!(
            judged(),
            [(keys[1].public(), true), (keys[0].public(), true)]
        );
        fs::write(&file, [COMPONENT, &[0]].concat()).expect("a change");
        assert_eq!(
            judged(),
            [(keys[1].public(), false), (keys[0].public(), false)]
        );
        sign(&file, &keys[0]).expect("a signature");
        assert_eq!(judged(), [(keys[0].public(), true)]);
    }

    #[test]
    fn a_key_that_others_read_signs_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let key = folder.path().join("key.pem");
        new_key(&key).expect("a key");
        fs::set_permissions(&key, fs::Permissions::from_mode(0o640)).expect("a mode");
        let error = read_key(&key).expect_err("others read it").to_string();
        assert!(
            error.contains("mode 640") && error.contains("chmod 600"),
            "{error}"
        );
        let other = folder.path().join("other.pem");
        fs::write(&other, "no key").expect("a file");
        fs::set_permissions(&other, fs::Permissions::from_mode(0o600)).expect("a mode");
        assert!(matches!(read_key(&other), Err(SigningError::Key { .. })));
    }

    #[test]
    fn only_webassembly_is_signed() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("a.txt");
        fs::write(&file, "text").expect("a file");
        let key = SigningKey::generate().expect("a key");
        assert!(matches!(sign(&file, &key), Err(SigningError::NotWasm(_))));
        assert!(!signatures_of(&file).exists());
    }
}
