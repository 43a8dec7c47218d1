//! TLS: who vouches for a server, and the handshake.

use crate::{
    certificate::{TellingVerifier, Unaccepted},
    fault::chain,
};
use bridge_model::{federation::TlsVersion, ports::Facts};
use rustls::{
    CertificateError, ClientConfig, OtherError, RootCertStore, SupportedProtocolVersion,
    client::Resumption,
    crypto::{CryptoProvider, aws_lc_rs::default_provider},
    version::{TLS12, TLS13},
};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject};
use std::{
    collections::BTreeMap,
    io,
    sync::{Arc, Mutex, OnceLock, PoisonError, Weak},
};
use tokio::net::TcpStream;
use tokio_rustls::{TlsConnector, client::TlsStream};

/// What directories share, so that one costs little while it is idle: those that trust the same
/// authorities have one configuration, with the parsed certificates in it.
#[derive(Debug)]
pub(crate) struct TlsCommon {
    provider: Arc<CryptoProvider>,
    /// Trusts the machine's own authorities, which are read once.
    machine: OnceLock<Arc<TellingVerifier>>,
    /// By CA bundle and oldest version, for as long as a directory uses them.
    shared: Mutex<BTreeMap<Shared, Weak<ClientConfig>>>,
}

/// What those who share a configuration want alike.
type Shared = (Option<String>, TlsVersion);

/// What a directory wants of its TLS.
#[derive(Clone, Copy)]
pub(crate) struct Wanted<'a> {
    /// Certificates (PEM) of those who are trusted; none: whom the machine trusts.
    pub(crate) ca_bundle: Option<&'a str>,
    /// The oldest version that is spoken.
    pub(crate) oldest: TlsVersion,
    /// What the bridge shows of itself.
    pub(crate) identity: Option<&'a Identity>,
}

/// A client's certificate, its chain behind it, and its key.
pub(crate) struct Identity {
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
}

impl Identity {
    /// Reads certificates and an unencrypted private key (PEM).
    ///
    /// # Errors
    ///
    /// What is wrong with them, without anything of the key.
    pub(crate) fn new(chain: &str, key: &[u8]) -> Result<Self, String> {
        let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(chain.as_bytes()).collect();
        let chain = read.map_err(|error| format!("the client certificate is not PEM: {error}"))?;
        if chain.is_empty() {
            return Err(
                "the client certificate holds no certificate (-----BEGIN CERTIFICATE----- …)"
                    .to_owned(),
            );
        }
        let key = PrivateKeyDer::from_pem_slice(key).map_err(|_| {
            "the bind credential is not the client certificate's private key: unencrypted PEM (-----BEGIN PRIVATE KEY----- …) is needed"
                .to_owned()
        })?;
        Ok(Self { chain, key })
    }
}

impl TlsCommon {
    pub(crate) fn new() -> Self {
        Self {
            provider: Arc::new(default_provider()),
            machine: OnceLock::new(),
            shared: Mutex::default(),
        }
    }

    /// A configuration as it is wanted.
    ///
    /// # Errors
    ///
    /// What is wrong with the certificates.
    pub(crate) fn config(&self, wanted: &Wanted<'_>) -> Result<Arc<ClientConfig>, String> {
        if wanted.identity.is_some() {
            return self.make(wanted);
        }
        // Nothing panics while the lock is held; and if it did, the map would still be a map.
        let mut shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (wanted.ca_bundle.map(str::to_owned), wanted.oldest);
        if let Some(config) = shared.get(&key).and_then(Weak::upgrade) {
            return Ok(config);
        }
        let config = self.make(wanted)?;
        shared.retain(|_, config| config.strong_count() > 0);
        shared.insert(key, Arc::downgrade(&config));
        Ok(config)
    }

    fn make(&self, wanted: &Wanted<'_>) -> Result<Arc<ClientConfig>, String> {
        let verifier = match wanted.ca_bundle {
            Some(pem) => self.trusting(bundle(pem)?)?,
            None => self.trusting_the_machine()?,
        };
        let versions: &[&SupportedProtocolVersion] = match wanted.oldest {
            TlsVersion::Tls12 => &[&TLS13, &TLS12],
            TlsVersion::Tls13 => &[&TLS13],
        };
        let builder = ClientConfig::builder_with_provider(Arc::clone(&self.provider))
            .with_protocol_versions(versions)
            .map_err(|error| chain(&error))?
            // rustls' word for a verifier that is not its own; this one asks rustls' own.
            .dangerous()
            .with_custom_certificate_verifier(verifier);
        let mut config = match wanted.identity {
            None => builder.with_no_client_auth(),
            Some(identity) => builder
                .with_client_auth_cert(identity.chain.clone(), identity.key.clone_key())
                .map_err(|error| {
                    format!(
                        "the client certificate and the bind credential, its key, do not work together: {}",
                        chain(&error)
                    )
                })?,
        };
        // Connections are pooled: resuming saves nothing that was measurable, and the store of tickets
        // is the largest part of an idle directory.
        config.resumption = Resumption::disabled();
        Ok(Arc::new(config))
    }

    fn trusting(&self, roots: RootCertStore) -> Result<Arc<TellingVerifier>, String> {
        let verifier = TellingVerifier::new(Arc::new(roots), Arc::clone(&self.provider));
        verifier.map(Arc::new)
    }

    fn trusting_the_machine(&self) -> Result<Arc<TellingVerifier>, String> {
        if let Some(verifier) = self.machine.get() {
            return Ok(Arc::clone(verifier));
        }
        // A failure is not kept: next time may go well.
        let verifier = self.trusting(machine_roots()?)?;
        Ok(Arc::clone(self.machine.get_or_init(|| verifier)))
    }
}

/// The authorities that the machine trusts.
fn machine_roots() -> Result<RootCertStore, String> {
    let loaded = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    let (taken, refused) = roots.add_parsable_certificates(loaded.certs);
    let errors: Vec<_> = loaded.errors.iter().map(|error| chain(error)).collect();
    let errors = errors.join(", ");
    if taken == 0 {
        return Err(format!(
            "the machine has no CA certificates that can be used ({refused} were refused, {errors}): set a CA bundle, or install them"
        ));
    }
    if refused > 0 || !errors.is_empty() {
        // Fewer certificates refuse more servers, never fewer.
        tracing::warn!(
            taken,
            refused,
            errors,
            "some of the machine's CA certificates cannot be used"
        );
    }
    Ok(roots)
}

/// The certificates of a PEM text.
fn bundle(pem: &str) -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    for (i, certificate) in CertificateDer::pem_slice_iter(pem.as_bytes()).enumerate() {
        let nth = i + 1;
        let certificate = certificate
            .map_err(|error| format!("CA bundle, certificate {nth}: not PEM: {error}"))?;
        roots.add(certificate).map_err(|error| {
            format!(
                "CA bundle, certificate {nth} cannot be used: {}",
                chain(&error)
            )
        })?;
    }
    if roots.is_empty() {
        return Err(
            "the CA bundle holds no certificate (-----BEGIN CERTIFICATE----- …)".to_owned(),
        );
    }
    Ok(roots)
}

/// A server whose certificate has to bear a name.
#[derive(Clone)]
pub(crate) struct TlsPeer {
    /// Who is trusted.
    pub(crate) config: Arc<ClientConfig>,
    pub(crate) name: ServerName<'static>,
}

impl TlsPeer {
    /// Does the handshake.
    ///
    /// # Errors
    ///
    /// What the peer's certificate or the peer did wrong, with the name that was wanted.
    pub(crate) async fn handshake(
        &self,
        stream: TcpStream,
    ) -> Result<TlsStream<TcpStream>, (String, Facts)> {
        let connector = TlsConnector::from(Arc::clone(&self.config));
        let handshake = connector.connect(self.name.clone(), stream).await;
        handshake.map_err(|error| {
            let certificate = unaccepted(&error).and_then(|told| told.certificate.clone());
            let facts = certificate.map_or(Facts::None, |c| Facts::Certificate(Box::new(c)));
            (explain(&self.name.to_str(), &error), facts)
        })
    }
}

fn cause(error: &io::Error) -> Option<&rustls::Error> {
    error.get_ref()?.downcast_ref()
}

/// What is known of the certificate that was not accepted, if it is that.
fn unaccepted(error: &io::Error) -> Option<&Unaccepted> {
    match cause(error)? {
        rustls::Error::InvalidCertificate(CertificateError::Other(OtherError(told))) => {
            told.downcast_ref()
        }
        _ => None,
    }
}

fn explain(name: &str, error: &io::Error) -> String {
    if let Some(told) = unaccepted(error) {
        return format!("the server's certificate does not vouch for {name}: {told}");
    }
    match cause(error) {
        Some(rustls::Error::InvalidMessage(_)) => {
            format!(
                "the server for {name} does not speak TLS on this port: {}",
                chain(error)
            )
        }
        Some(other) => format!("the handshake with {name} failed: {other}"),
        None if error.kind() == io::ErrorKind::UnexpectedEof => {
            format!("the server for {name} closed the connection during the handshake")
        }
        None => format!("the handshake with {name} broke off: {}", chain(error)),
    }
}

#[cfg(test)]
mod tests;
