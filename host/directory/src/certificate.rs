//! What a server's certificate says of itself, for when it is not accepted.

use crate::fault::excerpt;
use bridge_model::{
    ports::{Certificate, Misfit},
    time::Timestamp,
};
use rustls::{
    CertificateError, DigitallySignedStruct, Error, OtherError, RootCertStore, SignatureScheme,
    client::{
        WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    crypto::CryptoProvider,
};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use std::{fmt, net::IpAddr, sync::Arc};
use x509_parser::{extensions::GeneralName, prelude::FromDer as _, time::ASN1Time};

/// Decides as rustls does, to the letter, and adds to a refusal what the certificate says of itself.
/// rustls alone drops the certificate with the refusal.
#[derive(Debug)]
pub(crate) struct TellingVerifier(Arc<WebPkiServerVerifier>);

impl TellingVerifier {
    /// Trusts these authorities.
    ///
    /// # Errors
    ///
    /// When there are none.
    pub(crate) fn new(
        roots: Arc<RootCertStore>,
        provider: Arc<CryptoProvider>,
    ) -> Result<Self, String> {
        let verifier = WebPkiServerVerifier::builder_with_provider(roots, provider).build();
        verifier.map(Self).map_err(|error| error.to_string())
    }
}

impl ServerCertVerifier for TellingVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let verified =
            self.0
                .verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now);
        verified.map_err(|error| match error {
            Error::InvalidCertificate(reason) => Error::InvalidCertificate(
                CertificateError::Other(OtherError(Arc::new(Unaccepted::new(end_entity, reason)))),
            ),
            other => other,
        })
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.0.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.0.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_verify_schemes()
    }
}

/// A certificate that was not accepted.
#[derive(Debug)]
pub(crate) struct Unaccepted {
    /// rustls' own reason.
    reason: CertificateError,
    /// None where the certificate cannot be read.
    pub(crate) certificate: Option<Certificate>,
}

impl Unaccepted {
    fn new(end_entity: &[u8], reason: CertificateError) -> Self {
        Self {
            certificate: read(end_entity, misfit(&reason)),
            reason,
        }
    }
}

impl std::error::Error for Unaccepted {}

impl fmt::Display for Unaccepted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(certificate) = &self.certificate else {
            return write!(f, "it cannot be read ({})", self.reason);
        };
        match certificate.misfit {
            Misfit::Name => f.write_str("it is for other hosts")?,
            Misfit::Authority => f.write_str("no authority that is trusted made it")?,
            Misfit::Expired => f.write_str("it has expired")?,
            Misfit::NotYetValid => f.write_str("it is not valid yet")?,
            Misfit::Other => write!(f, "{}", self.reason)?,
        }
        let names = if certificate.names.is_empty() {
            "no host".to_owned()
        } else {
            certificate.names.join(", ")
        };
        write!(
            f,
            " (subject {}, names {names}, issuer {}, valid from {} until {})",
            certificate.subject,
            certificate.issuer,
            date(certificate.not_before),
            date(certificate.not_after),
        )
    }
}

fn misfit(reason: &CertificateError) -> Misfit {
    match reason {
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            Misfit::Name
        }
        CertificateError::UnknownIssuer | CertificateError::BadSignature => Misfit::Authority,
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => Misfit::Expired,
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            Misfit::NotYetValid
        }
        _ => Misfit::Other,
    }
}

/// Reads a certificate, of which nothing is believed.
fn read(der: &[u8], misfit: Misfit) -> Option<Certificate> {
    let (_, certificate) = x509_parser::certificate::X509Certificate::from_der(der).ok()?;
    let names = match certificate.subject_alternative_name() {
        Ok(Some(extension)) => extension.value.general_names.iter(),
        _ => [].iter(),
    };
    let validity = certificate.validity();
    Some(Certificate {
        misfit,
        subject: excerpt(&certificate.subject().to_string()),
        names: names.filter_map(host).take(NAMES_MAX).collect(),
        issuer: excerpt(&certificate.issuer().to_string()),
        not_before: timestamp(validity.not_before),
        not_after: timestamp(validity.not_after),
    })
}

/// A name that a host can be called by.
fn host(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::DNSName(name) => Some(excerpt(name)),
        GeneralName::IPAddress(octets) => <[u8; 4]>::try_from(*octets)
            .map(IpAddr::from)
            .or_else(|_| <[u8; 16]>::try_from(*octets).map(IpAddr::from))
            .ok()
            .map(|address| address.to_string()),
        _ => None,
    }
}

/// Before 1970 there were no certificates.
fn timestamp(time: ASN1Time) -> Timestamp {
    Timestamp(u64::try_from(time.timestamp()).unwrap_or_default())
}

/// The day of a point in time, as `2026-01-31`.
fn date(time: Timestamp) -> String {
    let seconds = i64::try_from(time.0).unwrap_or(i64::MAX);
    ASN1Time::from_timestamp(seconds).map_or_else(
        |_| "a day that has no name".to_owned(),
        |time| time.to_datetime().date().to_string(),
    )
}

/// Enough to see what a certificate is for.
const NAMES_MAX: usize = 20;

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{CertificateParams, DnType, KeyPair, date_time_ymd};

    /// A certificate for `dc1.example` and 10.0.0.1, made by itself.
    fn certificate() -> Vec<u8> {
        let names = ["dc1.example", "10.0.0.1"].map(str::to_owned);
        let mut params = CertificateParams::new(names).expect("names and addresses");
        params.distinguished_name = rcgen::DistinguishedName::new();
        params
            .distinguished_name
            .push(DnType::CommonName, "dc1.example");
        params
            .distinguished_name
            .push(DnType::OrganizationName, "Ex\u{e4}mple");
        params.not_before = date_time_ymd(2024, 2, 29);
        params.not_after = date_time_ymd(2034, 2, 28);
        let key = KeyPair::generate().expect("a key");
        let certificate = params.self_signed(&key).expect("a certificate");
        certificate.der().to_vec()
    }

    #[test]
    fn a_refused_certificate_is_told_with_what_it_says() {
        let told = Unaccepted::new(&certificate(), CertificateError::UnknownIssuer);
        assert_eq!(
            told.to_string(),
            "no authority that is trusted made it (subject CN=dc1.example, O=Ex\u{e4}mple, names dc1.example, 10.0.0.1, issuer CN=dc1.example, O=Ex\u{e4}mple, valid from 2024-02-29 until 2034-02-28)"
        );
        let certificate = told.certificate.expect("readable");
        assert_eq!(certificate.misfit, Misfit::Authority);
        assert_eq!(certificate.names, ["dc1.example", "10.0.0.1"]);
        assert_eq!(certificate.not_before, Timestamp(1_709_164_800));
    }

    #[test]
    fn no_certificate_makes_the_reader_fail() {
        let der = certificate();
        let mut readable = 0;
        for (at, bit) in (0..der.len()).flat_map(|at| (0..8).map(move |bit| (at, bit))) {
            let mut garbled = der.clone();
            garbled[at] ^= 1 << bit;
            let told = Unaccepted::new(&garbled, CertificateError::UnknownIssuer);
            readable += usize::from(told.certificate.is_some());
            assert!(!told.to_string().contains(char::is_control), "{told}");
            assert!(read(&der[..at], Misfit::Other).is_none(), "cut off at {at}");
        }
        assert!(readable > 100, "{readable}");
    }
}
