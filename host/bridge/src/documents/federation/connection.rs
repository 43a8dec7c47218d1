//! How a directory is reached.

use super::advanced::Advanced;
use crate::documents::{
    section::Section,
    source::{Origin, Source},
    words::BindTypeWord,
};
use bridge_model::{
    federation::{BindName, Connection, ServiceBind},
    secret::Secret,
};
use url::Url;

/// Reads the connection; what is wrong with it is noted, and nothing is in its place.
pub(super) fn read(section: &Section<'_>, advanced: &Advanced) -> Connection {
    Connection {
        urls: urls(section).unwrap_or_default(),
        start_tls: advanced.start_tls,
        allow_plaintext: advanced.allow_plaintext,
        ca_bundle: advanced.ca_bundle.clone(),
        bind: bind(section).unwrap_or(ServiceBind::None),
        connect_timeout: advanced.connect_timeout,
        operation_timeout: advanced.operation_timeout,
        pool_connections_max: advanced.pool_connections_max,
    }
}

fn urls(section: &Section<'_>) -> Option<Vec<Url>> {
    let text = section.required_text("connection_url")?;
    let mut urls = Vec::new();
    for word in text.split_whitespace() {
        match url(word) {
            Ok(url) => urls.push(url),
            Err(wrong) => {
                let word = without_password(word);
                let message = format!("{word:?} {wrong}; write it as ldaps://ldap.example.com");
                section.fault("connection_url", message);
                return None;
            }
        }
    }
    Some(urls)
}

/// A URL as it may be told: what stands before the host may be a name with its password.
fn without_password(word: &str) -> String {
    match word.rsplit_once('@') {
        Some((_, host)) => format!("…@{host}"),
        None => word.to_owned(),
    }
}

/// What is wrong with the URL of a directory: its scheme and its host both, where both are.
fn url(word: &str) -> Result<Url, String> {
    let scheme = word
        .split_once(':')
        .map(|(scheme, _)| scheme.to_lowercase());
    let has_scheme = matches!(scheme.as_deref(), Some("ldap" | "ldaps"));
    let parsed = Url::parse(word).ok();
    let host = parsed.as_ref().and_then(Url::host_str);
    let has_host = host.is_some_and(|host| !host.is_empty() && !host.contains(['<', '>']));
    match (has_scheme, has_host) {
        (false, false) => Err("has neither the scheme ldap or ldaps nor a host's name".to_owned()),
        (false, true) => Err("has another scheme than ldap or ldaps".to_owned()),
        (true, false) => Err("has no host's name, or a port that cannot be".to_owned()),
        (true, true) => parsed
            .filter(|url| {
                matches!(url.path(), "" | "/")
                    && url.query().is_none()
                    && url.fragment().is_none()
                    && url.username().is_empty()
                    && url.password().is_none()
            })
            .ok_or_else(|| "has more than a scheme, a host and a port".to_owned()),
    }
}

/// Whether there is a bind at all: what is not said is a simple one.
fn is_simple(section: &Section<'_>) -> bool {
    section.word("bind_type", BindTypeWord::ALL).unwrap_or(true)
}

fn bind(section: &Section<'_>) -> Option<ServiceBind> {
    if !is_simple(section) {
        section.text("bind_dn");
        return Some(ServiceBind::None);
    }
    let name = section.typed("bind_dn", section.required_text("bind_dn"), BindName::new);
    name.map(ServiceBind::Simple)
}

/// What the service connections are bound with; none: nothing is needed, or what is kept stays.
pub(super) fn credential(section: &Section<'_>, source: &Source<'_>) -> Option<Secret> {
    let text = section.text("bind_credential");
    if !is_simple(section) {
        return None;
    }
    let Some(text) = text else {
        let is_kept = match &source.origin {
            Origin::File { .. } => false,
            // Whether it is, the store knows.
            Origin::Declaration => true,
            Origin::Request { has_credential } => *has_credential,
        };
        if !is_kept {
            let message = "is missing; give it, or set bind_type = \"none\"";
            section.fault("bind_credential", message);
        }
        return None;
    };
    match source.secret(&text) {
        Ok(secret) => Some(secret),
        Err(message) => {
            section.fault("bind_credential", message);
            None
        }
    }
}
