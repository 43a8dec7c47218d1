//! Certificates of the suites' servers: one authority that is trusted, and what can be wrong.

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, KeyUsagePurpose, date_time_ymd,
};
use std::sync::{Arc, LazyLock};

/// A certificate with its private key, both as PEM.
#[derive(Clone, Debug)]
pub struct Leaf {
    /// The certificate.
    pub certificate: String,
    /// Its key, unencrypted.
    pub key: String,
}

/// An authority, and certificates it made.
#[derive(Clone, Debug)]
pub struct Authority {
    /// The authority's own certificate as PEM: what a client has to trust.
    pub ca: String,
    issuer: Arc<Issuer<'static, KeyPair>>,
    /// For `localhost`, `127.0.0.1` and `::1`.
    pub server: Leaf,
    /// For `wrong.example.test` only.
    pub wrong_host: Leaf,
    /// As [`Self::server`], but it ended in 2021.
    pub expired: Leaf,
    /// The certificate of an authority that made none of these, as PEM.
    pub unrelated_ca: String,
}

impl Authority {
    /// The authority of this test binary.
    pub fn shared() -> &'static Self {
        static SHARED: LazyLock<Authority> = LazyLock::new(Authority::new);
        &SHARED
    }

    /// A certificate for these names and addresses.
    pub fn leaf(&self, names: &[&str]) -> Leaf {
        signed(&leaf_params(names), &self.issuer)
    }

    /// A certificate that a client of this name shows.
    pub fn client(&self, common_name: &str) -> Leaf {
        let mut params = leaf_params(&[]);
        params.distinguished_name = DistinguishedName::new();
        params
            .distinguished_name
            .push(DnType::CommonName, common_name);
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        signed(&params, &self.issuer)
    }

    fn new() -> Self {
        let (ca, issuer) = authority("Authority of the suites");
        let (unrelated_ca, _) = authority("Unrelated authority");
        let here = ["localhost", "127.0.0.1", "::1"];
        let mut past = leaf_params(&here);
        past.not_before = date_time_ymd(2020, 1, 1);
        past.not_after = date_time_ymd(2021, 1, 1);
        Self {
            ca,
            server: signed(&leaf_params(&here), &issuer),
            wrong_host: signed(&leaf_params(&["wrong.example.test"]), &issuer),
            expired: signed(&past, &issuer),
            unrelated_ca,
            issuer: Arc::new(issuer),
        }
    }
}

fn authority(name: &str) -> (String, Issuer<'static, KeyPair>) {
    let mut params = CertificateParams::new([]).expect("no names");
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let key = KeyPair::generate().expect("a key");
    let certificate = params.self_signed(&key).expect("a certificate");
    (certificate.pem(), Issuer::new(params, key))
}

fn leaf_params(names: &[&str]) -> CertificateParams {
    let names: Vec<_> = names.iter().map(|&name| name.to_owned()).collect();
    let mut params = CertificateParams::new(names).expect("names and addresses");
    params
        .distinguished_name
        .push(DnType::CommonName, "A server of the suites");
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params
}

fn signed(params: &CertificateParams, issuer: &Issuer<'_, KeyPair>) -> Leaf {
    let key = KeyPair::generate().expect("a key");
    let certificate = params.signed_by(&key, issuer).expect("a certificate");
    Leaf {
        certificate: certificate.pem(),
        key: key.serialize_pem(),
    }
}
