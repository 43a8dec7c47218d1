//! Signatures of components: somebody's word that these octets are theirs.
//!
//! A signature is Ed25519 (RFC 8032) over the octets `ldap-oidc policy signature 1`, a NUL, and the
//! SHA-256 digest of the component: what is signed can be mistaken for nothing else. Signatures lie
//! beside the component, in `NAME.wasm.sig`, one a line: the key, a space, and the 64 octets in Base64.
//!
//! ```
//! use bridge_policy::signature::{self, SigningKey};
//!
//! # fn main() -> Result<(), signature::KeyError> {
//! let key = SigningKey::generate()?;
//! let signature = signature::sign(&key, b"a component");
//! assert!(signature::fits(&signature, b"a component"));
//! assert!(!signature::fits(&signature, b"another component"));
//!
//! let text = signature::write(std::slice::from_ref(&signature));
//! assert_eq!(signature::read(&text), Ok(vec![signature]));
//! # Ok(())
//! # }
//! ```

use crate::digest::Digest;
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bridge_model::{
    policy::{PolicyKey, PolicySignature},
    secret::Secret,
};
use rustls_pki_types::{PrivatePkcs8KeyDer, pem::PemObject as _};
use std::fmt;

/// A private key that signs components. It does not print.
pub struct SigningKey {
    pair: Ed25519KeyPair,
    public: PolicyKey,
}

/// Why there is no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The text is no PEM of a private key.
    #[error(
        "it is no private key: a PEM with `BEGIN PRIVATE KEY` is needed (PKCS#8), as `policy key` makes it"
    )]
    Format,
    /// It is a private key for something else.
    #[error("it is no Ed25519 key, which is what components are signed with")]
    Kind,
    /// The machine gives no random numbers.
    #[error("no key can be made: the machine gives no random numbers")]
    Random,
}

/// Where the text of a signature file cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {rule}")]
pub struct SignatureError {
    /// The line, from 1.
    pub line: usize,
    /// What it should be.
    pub rule: &'static str,
}

impl SigningKey {
    /// Makes a new key.
    ///
    /// # Errors
    ///
    /// [`KeyError::Random`].
    pub fn generate() -> Result<Self, KeyError> {
        let pair = Ed25519KeyPair::generate().map_err(|_| KeyError::Random)?;
        Self::of(pair)
    }

    /// Reads a key from a PEM of PKCS#8 (RFC 5958, RFC 8410), as [`SigningKey::to_pem`] and
    /// `openssl genpkey -algorithm ed25519` write it.
    ///
    /// # Errors
    ///
    /// [`KeyError::Format`] or [`KeyError::Kind`].
    pub fn from_pem(pem: &[u8]) -> Result<Self, KeyError> {
        let der = PrivatePkcs8KeyDer::from_pem_slice(pem).map_err(|_| KeyError::Format)?;
        let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(der.secret_pkcs8_der())
            .map_err(|_| KeyError::Kind)?;
        Self::of(pair)
    }

    /// The key as a PEM of PKCS#8, for a file that nobody else may read.
    ///
    /// # Errors
    ///
    /// [`KeyError::Kind`], which does not arise for a key that was made or read here.
    pub fn to_pem(&self) -> Result<Secret, KeyError> {
        let der = self.pair.to_pkcs8v1().map_err(|_| KeyError::Kind)?;
        // 48 octets: one line of Base64.
        let text = STANDARD.encode(der.as_ref());
        let lines = text.as_bytes().chunks(PEM_LINE_OCTETS);
        let mut pem = b"-----BEGIN PRIVATE KEY-----\n".to_vec();
        for line in lines {
            pem.extend_from_slice(line);
            pem.push(b'\n');
        }
        pem.extend_from_slice(b"-----END PRIVATE KEY-----\n");
        Ok(Secret::new(pem))
    }

    /// The public key that goes with it.
    pub fn public(&self) -> PolicyKey {
        self.public
    }

    fn of(pair: Ed25519KeyPair) -> Result<Self, KeyError> {
        let public = pair.public_key().as_ref().try_into();
        Ok(Self {
            public: PolicyKey(public.map_err(|_| KeyError::Kind)?),
            pair,
        })
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey")
            .field("public", &self.public)
            .finish_non_exhaustive()
    }
}

/// Signs a component.
pub fn sign(key: &SigningKey, octets: &[u8]) -> PolicySignature {
    PolicySignature {
        key: key.public(),
        octets: key.pair.sign(&signed(octets)).as_ref().to_vec(),
    }
}

/// Whether a signature is that of its key over this component.
pub fn fits(signature: &PolicySignature, octets: &[u8]) -> bool {
    let key = UnparsedPublicKey::new(&ED25519, signature.key.0);
    key.verify(&signed(octets), &signature.octets).is_ok()
}

/// Reads the text of a signature file. Blank lines are passed over, and so are lines that begin with `#`.
///
/// # Errors
///
/// The first line that is none.
pub fn read(text: &str) -> Result<Vec<PolicySignature>, SignatureError> {
    let lines = text.lines().enumerate().map(|(at, line)| (at + 1, line));
    let lines = lines.map(|(number, line)| (number, line.trim()));
    let mut signatures = Vec::new();
    for (number, line) in lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#')) {
        let wrong = |rule| SignatureError { line: number, rule };
        if signatures.len() == SIGNATURES_MAX {
            return Err(wrong("a component has at most 64 signatures"));
        }
        signatures.push(read_line(line).map_err(wrong)?);
    }
    Ok(signatures)
}

fn read_line(line: &str) -> Result<PolicySignature, &'static str> {
    let (key, text) = line
        .split_once(' ')
        .ok_or("a signature is a key, a space, and 64 octets in Base64")?;
    let key = key
        .parse()
        .map_err(|_| "the key is written as `ed25519:` and 64 hexadecimal digits")?;
    let octets = STANDARD
        .decode(text.trim())
        .ok()
        .filter(|octets| octets.len() == SIGNATURE_OCTETS)
        .ok_or("the signature is 64 octets in Base64")?;
    Ok(PolicySignature { key, octets })
}

/// The text of a signature file.
pub fn write(signatures: &[PolicySignature]) -> String {
    let line = |it: &PolicySignature| format!("{} {}\n", it.key, STANDARD.encode(&it.octets));
    signatures.iter().map(line).collect()
}

fn signed(octets: &[u8]) -> Vec<u8> {
    [DOMAIN, Digest::of(octets).octets()].concat()
}

/// Keeps what is signed here apart from whatever else the same key may sign.
const DOMAIN: &[u8] = b"ldap-oidc policy signature 1\0";
/// RFC 8032 section 5.1.6.
const SIGNATURE_OCTETS: usize = 64;
/// Nobody has more authors.
const SIGNATURES_MAX: usize = 64;
/// RFC 7468 section 2.
const PEM_LINE_OCTETS: usize = 64;
