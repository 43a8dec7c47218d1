//! TLS: who vouches for a server, and the handshake.

use crate::fault::chain;
use rustls::{
    ClientConfig, RootCertStore, client::Resumption, crypto::CryptoProvider,
    crypto::aws_lc_rs::default_provider,
};
use rustls_pki_types::{CertificateDer, ServerName, pem::PemObject};
use std::{
    io,
    sync::{Arc, OnceLock},
};
use tokio::net::TcpStream;
use tokio_rustls::{TlsConnector, client::TlsStream};

/// What all directories share, so that a directory costs little while it is idle.
#[derive(Debug)]
pub(crate) struct TlsCommon {
    provider: Arc<CryptoProvider>,
    machine_roots: OnceLock<Arc<RootCertStore>>,
}

impl TlsCommon {
    pub(crate) fn new() -> Self {
        Self {
            provider: Arc::new(default_provider()),
            machine_roots: OnceLock::new(),
        }
    }

    /// A connector that trusts the certificates of `ca_bundle` (PEM) and no others, or those of the
    /// machine where there is none.
    ///
    /// # Errors
    ///
    /// What is wrong with the certificates.
    pub(crate) fn connector(&self, ca_bundle: Option<&str>) -> Result<TlsConnector, String> {
        let roots = match ca_bundle {
            Some(pem) => Arc::new(bundle(pem)?),
            None => self.machine_roots()?,
        };
        let mut config = ClientConfig::builder_with_provider(Arc::clone(&self.provider))
            .with_safe_default_protocol_versions()
            .map_err(|error| chain(&error))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        // Connections are pooled and live long: resuming saves nothing that was measurable, and the
        // store of tickets is the largest part of an idle directory.
        config.resumption = Resumption::disabled();
        Ok(TlsConnector::from(Arc::new(config)))
    }

    /// The machine's own certificates, read once. A failure is not kept: next time may go well.
    fn machine_roots(&self) -> Result<Arc<RootCertStore>, String> {
        if let Some(roots) = self.machine_roots.get() {
            return Ok(Arc::clone(roots));
        }
        let loaded = rustls_native_certs::load_native_certs();
        let mut roots = RootCertStore::empty();
        let (taken, refused) = roots.add_parsable_certificates(loaded.certs);
        let errors: Vec<_> = loaded.errors.iter().map(|error| chain(error)).collect();
        if taken == 0 {
            return Err(format!(
                "the machine has no CA certificates that can be used ({} were refused; {}): set a CA bundle, or install them",
                refused,
                errors.join("; "),
            ));
        }
        if refused > 0 || !errors.is_empty() {
            // Fewer certificates refuse more servers, never fewer.
            tracing::warn!(
                taken,
                refused,
                errors = errors.join("; "),
                "some of the machine's CA certificates cannot be used"
            );
        }
        Ok(Arc::clone(
            self.machine_roots.get_or_init(|| Arc::new(roots)),
        ))
    }
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
    pub(crate) connector: TlsConnector,
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
    ) -> Result<TlsStream<TcpStream>, String> {
        self.connector
            .connect(self.name.clone(), stream)
            .await
            .map_err(|error| explain(&self.name.to_str(), &error))
    }
}

fn explain(name: &str, error: &io::Error) -> String {
    let cause = error
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<rustls::Error>());
    match cause {
        Some(rustls::Error::InvalidCertificate(reason)) => {
            format!("the server's certificate does not vouch for {name}: {reason}")
        }
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
            let refused = common.connector(Some(pem)).err().expect(pem);
            assert!(refused.contains("CA bundle"), "{refused}");
        }
    }

    #[test]
    fn says_what_is_wrong_in_a_handshake() {
        let certificate =
            rustls::Error::InvalidCertificate(rustls::CertificateError::UnknownIssuer);
        let text = explain("dc1.example", &io::Error::other(certificate));
        assert!(
            text.contains("dc1.example") && text.contains("UnknownIssuer"),
            "{text}"
        );
        let text = explain("dc1.example", &io::ErrorKind::UnexpectedEof.into());
        assert!(text.contains("closed"), "{text}");
    }
}
