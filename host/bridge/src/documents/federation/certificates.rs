//! Certificates in PEM (RFC 7468).

use crate::documents::{section::Section, source::Source};
use rustls_pki_types::{CertificateDer, pem::PemObject as _};

/// More than all authorities that a directory may have certificates of.
const OCTETS_MAX: usize = 1 << 20;

/// Reads certificates; what is wrong with them is noted.
pub(super) fn read(
    section: &Section<'_>,
    key: &'static str,
    source: &Source<'_>,
) -> Option<String> {
    let text = section.filled_text(key)?;
    let bundle = section.typed(key, Some(text), |text| source.certificates(text))?;
    match wrong(&bundle) {
        None => Some(bundle),
        Some(message) => {
            section.fault(key, message);
            None
        }
    }
}

/// What is wrong with certificates, if anything is.
fn wrong(bundle: &str) -> Option<String> {
    if bundle.len() > OCTETS_MAX {
        return Some("is longer than 1 MiB; name fewer certificates".to_owned());
    }
    // What is kept of it is shown and written down; a key would be, too.
    if bundle.contains("PRIVATE KEY-----") {
        let message = "has a private key in it, and whoever may see the federation sees it; take it out, and change it";
        return Some(message.to_owned());
    }
    let mut certificates = 0;
    for certificate in CertificateDer::pem_slice_iter(bundle.as_bytes()) {
        if let Err(error) = certificate {
            return Some(format!(
                "not PEM: {error}; give certificates as BEGIN CERTIFICATE blocks"
            ));
        }
        certificates += 1;
    }
    (certificates == 0).then(|| {
        "there is no certificate in it; give them as BEGIN CERTIFICATE blocks (PEM)".to_owned()
    })
}
