//! What a directory says of itself: its root DSE (RFC 4512 section 5.1).

use crate::{
    connection_test::{TestReport, opened, unbound},
    reads,
};
use bridge_model::{
    dn::Dn,
    entry::Entry,
    federation::Federation,
    filter::Filter,
    ports::{Directories, Directory, DirectoryError},
    search::{Found, Search, SearchScope},
    secret::Secret,
};
use serde::Serialize;

/// The extended operation StartTLS (RFC 4511 section 4.14).
const START_TLS: &str = "1.3.6.1.4.1.1466.20037";

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
        let extensions = texts(root, "supportedExtension");
        Self {
            naming_contexts: texts(root, "namingContexts"),
            ldap_versions: texts(root, "supportedLDAPVersion"),
            controls: texts(root, "supportedControl"),
            start_tls: extensions.iter().any(|oid| oid == START_TLS),
            extensions,
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

/// Reads the root DSE, all of it but secrets.
pub(crate) async fn read_root(directory: &dyn Directory) -> Result<Found, DirectoryError> {
    let search = Search {
        base: Dn::root(),
        scope: SearchScope::Base,
        filter: Filter::Present("objectClass".to_owned()),
        // RFC 4511 section 4.5.1.8, RFC 3673: user attributes and operational ones.
        attributes: vec!["*".to_owned(), "+".to_owned()],
        size_limit: 1,
    };
    let mut found = directory.search(&search).await?;
    found.entries.iter_mut().for_each(without_secrets);
    Ok(found)
}

/// Whether the root DSE offers StartTLS.
pub(crate) fn offers_start_tls(root: &Entry) -> bool {
    texts(root, "supportedExtension")
        .iter()
        .any(|oid| oid == START_TLS)
}

/// The values of an attribute that are text.
pub(crate) fn texts(entry: &Entry, attribute: &str) -> Vec<String> {
    entry
        .values(attribute)
        .iter()
        .filter_map(|value| String::from_utf8(value.clone()).ok())
        .collect()
}

/// Takes out what nobody may read, from an entry that was read as a whole.
pub(crate) fn without_secrets(entry: &mut Entry) {
    entry
        .attributes
        .retain(|attribute| !reads::is_secret(&attribute.name));
}
