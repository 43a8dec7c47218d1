//! TLS: who vouches for a server, and the handshake.

use crate::{
    certificate::{TellingVerifier, Unaccepted},
    fault::chain,
};
use bridge_model::ports::Facts;
use rustls::{
    CertificateError, ClientConfig, OtherError, RootCertStore, client::Resumption,
    crypto::CryptoProvider, crypto::aws_lc_rs::default_provider,
};
use rustls_pki_types::{CertificateDer, ServerName, pem::PemObject};
use std::{
    collections::HashMap,
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
    machine: OnceLock<Arc<ClientConfig>>,
    /// By CA bundle, for as long as a directory uses them.
    bundles: Mutex<HashMap<String, Weak<ClientConfig>>>,
}

impl TlsCommon {
    pub(crate) fn new() -> Self {
        Self {
            provider: Arc::new(default_provider()),
            machine: OnceLock::new(),
            bundles: Mutex::default(),
        }
    }

    /// A configuration that trusts the certificates of `ca_bundle` (PEM) and no others, or those of the
    /// machine where there is none.
    ///
    /// # Errors
    ///
    /// What is wrong with the certificates.
    pub(crate) fn trusting(&self, ca_bundle: Option<&str>) -> Result<Arc<ClientConfig>, String> {
        if let Some(pem) = ca_bundle {
            return self.trusting_bundle(pem);
        }
        if let Some(config) = self.machine.get() {
            return Ok(Arc::clone(config));
        }
        // A failure is not kept: next time may go well.
        let config = self.config(machine_roots()?)?;
        Ok(Arc::clone(self.machine.get_or_init(|| config)))
    }

    fn trusting_bundle(&self, pem: &str) -> Result<Arc<ClientConfig>, String> {
        // Nothing panics while the lock is held; and if it did, the map would still be a map.
        let mut bundles = self.bundles.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(config) = bundles.get(pem).and_then(Weak::upgrade) {
            return Ok(config);
        }
        let config = self.config(bundle(pem)?)?;
        bundles.retain(|_, config| config.strong_count() > 0);
        bundles.insert(pem.to_owned(), Arc::downgrade(&config));
        Ok(config)
    }

    fn config(&self, roots: RootCertStore) -> Result<Arc<ClientConfig>, String> {
        let verifier = TellingVerifier::new(Arc::new(roots), Arc::clone(&self.provider))?;
        let mut config = ClientConfig::builder_with_provider(Arc::clone(&self.provider))
            .with_safe_default_protocol_versions()
            .map_err(|error| chain(&error))?
            // rustls' word for a verifier that is not its own; this one asks rustls' own.
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_no_client_auth();
        // Connections are pooled: resuming saves nothing that was measurable, and the store of tickets
        // is the largest part of an idle directory.
        config.resumption = Resumption::disabled();
        Ok(Arc::new(config))
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
mod tests {
    use super::*;

    #[test]
    fn refuses_a_bundle_that_holds_no_certificate() {
        let common = TlsCommon::new();
        for pem in [
            "",
            "nonsense",
            "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
            "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n",
            "-----BEGIN CERTIFICATE-----\n",
        ] {
            let refused = common.trusting(Some(pem)).expect_err(pem);
            assert!(refused.contains("CA bundle"), "{refused}");
        }
    }

    #[test]
    fn those_who_trust_the_same_share_what_that_takes() {
        let made = || {
            let key = rcgen::KeyPair::generate().expect("a key");
            let params = rcgen::CertificateParams::new([]).expect("no names");
            params.self_signed(&key).expect("a certificate").pem()
        };
        let (one, other) = (made(), made());
        let common = TlsCommon::new();
        let trusting = |pem: &String| common.trusting(Some(pem)).expect("certificates");
        let first = trusting(&one);
        assert!(Arc::ptr_eq(&first, &trusting(&one)));
        assert!(!Arc::ptr_eq(&first, &trusting(&other)));
        // What nobody uses goes when the next one comes.
        drop(first);
        drop(trusting(&one));
        assert_eq!(common.bundles.lock().expect("sound").len(), 1);
    }

    #[test]
    fn says_what_is_wrong_in_a_handshake() {
        let text = explain("dc1.example", &io::ErrorKind::UnexpectedEof.into());
        assert!(text.contains("closed"), "{text}");
    }
}
