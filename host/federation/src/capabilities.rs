//! What a directory says that it can do.

use crate::{
    connection_test::{TestReport, opened, unbound},
    root_dse::{offers_start_tls, read_root, texts},
};
use bridge_model::{entry::Entry, federation::Federation, ports::Directories, secret::Secret};
use serde::Serialize;

/// What a directory says that it can do. Values are as the directory wrote them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Capabilities {
    /// The DNs at which its data begins.
    pub naming_contexts: Vec<String>,
    /// Versions of LDAP.
    pub ldap_versions: Vec<String>,
    /// Controls, by OID.
    pub controls: Vec<String>,
    /// Extended operations, by OID.
    pub extensions: Vec<String>,
    /// Features, by OID.
    pub features: Vec<String>,
    /// SASL mechanisms.
    pub sasl_mechanisms: Vec<String>,
    /// Whether a connection can be turned to TLS.
    pub start_tls: bool,
    /// Who made the server (RFC 3045), where it says so.
    pub vendor_name: Option<String>,
    /// Which version it is of (RFC 3045), where it says so.
    pub vendor_version: Option<String>,
}

impl Capabilities {
    fn of(root: &Entry) -> Self {
        Self {
            naming_contexts: texts(root, "namingContexts"),
            ldap_versions: texts(root, "supportedLDAPVersion"),
            controls: texts(root, "supportedControl"),
            start_tls: offers_start_tls(root),
            extensions: texts(root, "supportedExtension"),
            features: texts(root, "supportedFeatures"),
            sasl_mechanisms: texts(root, "supportedSASLMechanisms"),
            vendor_name: texts(root, "vendorName").into_iter().next(),
            vendor_version: texts(root, "vendorVersion").into_iter().next(),
        }
    }
}

/// Asks a directory what it can do. Without a credential nobody is bound, which every directory
/// should allow for its root DSE.
///
/// # Errors
///
/// What was reached of the directory, where it did not answer.
pub async fn capabilities(
    directories: &dyn Directories,
    federation: &Federation,
    bind_credential: Option<Secret>,
) -> Result<Capabilities, TestReport> {
    let asked = match bind_credential {
        Some(_) => federation.clone(),
        None => unbound(federation),
    };
    let directory = opened(directories, &asked, bind_credential)?;
    match read_root(directory.as_ref()).await {
        Ok(found) => Ok(Capabilities::of(
            &found.entries.into_iter().next().unwrap_or_default(),
        )),
        Err(error) => Err(TestReport::unanswered(&asked, &error)),
    }
}
