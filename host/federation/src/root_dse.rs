//! What a directory says of itself: its root DSE (RFC 4512 section 5.1).

use crate::reads;
use bridge_model::{
    dn::Dn,
    entry::Entry,
    filter::Filter,
    ports::{Directory, DirectoryError},
    search::{Found, Search, SearchScope},
};

/// The extended operation StartTLS (RFC 4511 section 4.14).
const START_TLS: &str = "1.3.6.1.4.1.1466.20037";

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
