//! Where a referral leads, and whether that is gone to.

use crate::{
    connection::Channel,
    endpoint::{Endpoint, Security},
    idle::Idle,
    server::{Server, Settings},
    tls::TlsPeer,
};
use bridge_model::{
    dn::Dn,
    filter::Filter,
    search::{Search, SearchScope},
};
use percent_encoding::percent_decode_str;
use rustls::ClientConfig;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};
use url::Url;

/// The other servers that a directory's referrals may lead to (RFC 4511 section 4.1.10).
///
/// Who answers decides where a referral leads, so only hosts that the operator listed are gone to, and
/// only with searches: a person's password never goes there.
pub(crate) struct Referrals {
    /// In lower case.
    pub(crate) hosts: Vec<String>,
    /// Whether `ldap://` is turned to TLS, as it is where the directory itself is asked over TLS.
    pub(crate) start_tls: bool,
    pub(crate) config: Arc<ClientConfig>,
    pub(crate) settings: Arc<Settings>,
    pub(crate) idle: Arc<Idle>,
    /// By URL, once they were gone to.
    pub(crate) servers: Mutex<HashMap<String, Arc<Server>>>,
}

/// Where a search goes on.
pub(crate) struct Target {
    pub(crate) server: Arc<Server>,
    pub(crate) search: Search,
}

/// What answered a search with more places to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// A result code: the whole search is done elsewhere.
    Referral,
    /// Beside entries: a part of the search is done elsewhere.
    Continuation,
}

impl Referrals {
    /// Where a search goes on by this URI (RFC 4516); none where that is not gone to.
    pub(crate) fn target(&self, uri: &str, search: &Search, source: Source) -> Option<Target> {
        let url = Url::parse(uri).ok()?;
        if !matches!(url.scheme(), "ldap" | "ldaps") {
            return None;
        }
        let search = search_at(&url, search, source)?;
        let mut url = url;
        url.set_path("");
        url.set_query(None);
        let (endpoint, security) = Endpoint::new(&url, self.start_tls).ok()?;
        let host = endpoint.host.to_ascii_lowercase();
        if !self.hosts.contains(&host) {
            return None;
        }
        let peer = |name| TlsPeer {
            config: Arc::clone(&self.config),
            name,
        };
        let channel = match security {
            Security::Plain => Channel::Plain,
            Security::StartTls(name) => Channel::StartTls(peer(name)),
            Security::Tls(name) => Channel::Tls(peer(name)),
            Security::Local(_) => return None,
        };
        // Nothing panics while the lock is held; and if it did, the map would still be a map.
        let mut servers = self.servers.lock().unwrap_or_else(PoisonError::into_inner);
        let key = url.as_str().to_ascii_lowercase();
        if servers.len() >= SERVERS_MAX && !servers.contains_key(&key) {
            // Ports are the answering server's to choose.
            servers.clear();
        }
        let server = servers.entry(key).or_insert_with(|| {
            let settings = Arc::clone(&self.settings);
            Arc::new(Server::new(endpoint, channel, settings, &self.idle))
        });
        Some(Target {
            server: Arc::clone(server),
            search,
        })
    }
}

/// What is searched by this URL: what it says, and for the rest what was searched so far.
fn search_at(url: &Url, search: &Search, source: Source) -> Option<Search> {
    let decoded = |text: &str| {
        let text = percent_decode_str(text).decode_utf8().ok()?;
        Some(text.into_owned())
    };
    let base = Dn::parse(&decoded(url.path().trim_start_matches('/'))?).ok()?;
    let mut parts = url.query().unwrap_or_default().split('?').skip(1);
    let scope = match parts.next().unwrap_or_default() {
        "" if source == Source::Continuation && search.scope == SearchScope::OneLevel => {
            SearchScope::Base
        }
        "" => search.scope,
        "base" => SearchScope::Base,
        "one" => SearchScope::OneLevel,
        "sub" => SearchScope::Subtree,
        _ => return None,
    };
    let filter = match parts.next().unwrap_or_default() {
        "" => search.filter.clone(),
        text => Filter::parse(&decoded(text)?, &[]).ok()?,
    };
    let extensions = parts.next().unwrap_or_default();
    if extensions.split(',').any(|e| e.starts_with('!')) {
        // A critical one, and none is known.
        return None;
    }
    Some(Search {
        base: if base.is_root() {
            search.base.clone()
        } else {
            base
        },
        scope,
        filter,
        attributes: search.attributes.clone(),
        size_limit: search.size_limit,
    })
}

/// More hosts and ports than anybody lists.
const SERVERS_MAX: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    fn searched(uri: &str, source: Source) -> Option<(String, SearchScope, String)> {
        let search = Search {
            base: Dn::parse("dc=example").expect("a DN"),
            scope: SearchScope::OneLevel,
            filter: Filter::equal("uid", "ada"),
            attributes: Vec::new(),
            size_limit: 2,
        };
        let url = Url::parse(uri).expect("a URL");
        let at = search_at(&url, &search, source)?;
        Some((at.base.to_string(), at.scope, at.filter.to_string()))
    }

    #[test]
    fn a_uri_says_what_is_searched_where_it_says_it() {
        use SearchScope::{Base, OneLevel, Subtree};
        use Source::{Continuation, Referral};
        for (uri, source, base, scope, filter) in [
            ("ldap://h", Referral, "dc=example", OneLevel, "(uid=ada)"),
            ("ldap://h/", Continuation, "dc=example", Base, "(uid=ada)"),
            ("ldap://h/dc=x", Referral, "dc=x", OneLevel, "(uid=ada)"),
            (
                "ldap://h/ou=a%20b,dc=x??sub",
                Continuation,
                "ou=a b,dc=x",
                Subtree,
                "(uid=ada)",
            ),
            ("ldap://h/dc=x?cn?base?(cn=%28x)?x", Referral, "", Base, ""),
            (
                "ldap://h/dc=x?cn?base?(cn=b%20c)?x",
                Referral,
                "dc=x",
                Base,
                "(cn=b c)",
            ),
            ("ldap://h/dc=x??all", Referral, "", Base, ""),
            ("ldap://h/dc=x????!x", Referral, "", Base, ""),
            ("ldap://h/nonsense", Referral, "", Base, ""),
        ] {
            let expected = Some((base.to_owned(), scope, filter.to_owned()));
            let expected = expected.filter(|_| !base.is_empty());
            assert_eq!(searched(uri, source), expected, "{uri}");
        }
    }
}
