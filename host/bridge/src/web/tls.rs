//! The listener's certificate, and its replacement while the listener runs.

use arc_swap::ArcSwap;
use rustls::{ServerConfig, crypto::aws_lc_rs, version};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use std::{
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
};

/// A certificate and its key. Clones share it: what one reads again is in force for all.
#[derive(Clone)]
pub struct Tls(Arc<ArcSwap<ServerConfig>>);

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls").finish_non_exhaustive()
    }
}

/// Why a certificate cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The certificates cannot be read.
    #[error(
        "cannot read the certificates in {file}: {detail}; the file must be PEM, the server's certificate first"
    )]
    Certificates {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        detail: String,
    },
    /// The private key cannot be read.
    #[error(
        "cannot read the private key in {file}: {detail}; the file must be PEM, not encrypted, and readable by this process"
    )]
    Key {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        detail: String,
    },
    /// The two do not go together, or not with TLS 1.2 and 1.3.
    #[error(
        "the certificates in {certificates} and the private key in {key} cannot be used: {source}"
    )]
    Unusable {
        /// The file of the certificates.
        certificates: PathBuf,
        /// The file of the key.
        key: PathBuf,
        /// What is wrong with them.
        source: rustls::Error,
    },
}

impl Tls {
    /// Reads certificates and key, both PEM.
    ///
    /// # Errors
    ///
    /// [`TlsError`], naming the file.
    pub fn read(certificates: &Path, key: &Path) -> Result<Self, TlsError> {
        let config = read(certificates, key)?;
        Ok(Self(Arc::new(ArcSwap::from_pointee(config))))
    }

    /// Reads certificates and key again: new connections are greeted with them, those that stand
    /// keep what they have.
    ///
    /// # Errors
    ///
    /// [`TlsError`]; then what was in force stays in force.
    pub fn read_again(&self, certificates: &Path, key: &Path) -> Result<(), TlsError> {
        self.0.store(Arc::new(read(certificates, key)?));
        Ok(())
    }

    /// What the next connection is to be greeted with.
    pub(super) fn current(&self) -> Arc<ServerConfig> {
        self.0.load_full()
    }
}

fn read(certificates: &Path, key: &Path) -> Result<ServerConfig, TlsError> {
    let chain = CertificateDer::pem_file_iter(certificates)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| error.to_string())
        .and_then(|chain| match chain.as_slice() {
            [] => Err("there is no certificate in it".to_owned()),
            [..] => Ok(chain),
        })
        .map_err(|detail| TlsError::Certificates {
            file: certificates.to_owned(),
            detail,
        })?;
    let private_key = PrivateKeyDer::from_pem_file(key).map_err(|error| TlsError::Key {
        file: key.to_owned(),
        detail: error.to_string(),
    })?;
    let provider = Arc::new(aws_lc_rs::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&version::TLS13, &version::TLS12])
        .and_then(|builder| {
            builder
                .with_no_client_auth()
                .with_single_cert(chain, private_key)
        })
        .map_err(|source| TlsError::Unusable {
            certificates: certificates.to_owned(),
            key: key.to_owned(),
            source,
        })?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}
