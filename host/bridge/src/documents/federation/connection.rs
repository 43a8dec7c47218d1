//! How a directory is reached.

use super::{advanced::Advanced, certificates};
use crate::documents::{
    section::Section,
    source::{Origin, Source},
    words::{BindKind, BindTypeWord},
};
use bridge_model::{
    federation::{BindName, Connection, ServiceBind},
    secret::Secret,
};
use rustls_pki_types::{PrivateKeyDer, pem::PemObject as _};
use url::Url;

/// Reads the connection; what is wrong with it is noted, and nothing is in its place.
pub(super) fn read(section: &Section<'_>, advanced: &Advanced, source: &Source<'_>) -> Connection {
    let connection = Connection {
        urls: urls(section, source).unwrap_or_default(),
        bind: bind(section, source).unwrap_or(ServiceBind::None),
        ..advanced.connection.clone()
    };
    check_channel(section, &connection);
    connection
}

fn urls(section: &Section<'_>, source: &Source<'_>) -> Option<Vec<Url>> {
    let text = section.required_text("connection_url")?;
    let mut urls = Vec::new();
    for word in text.split_whitespace() {
        match url(word) {
            Ok(url) if is_socket(&url) && !source.is_file() => {
                let message = "names a socket of this machine, which only the operator's own files may; write it as ldaps://ldap.example.com, or declare the federation in a file";
                section.fault("connection_url", message);
                return None;
            }
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

fn is_socket(url: &Url) -> bool {
    url.scheme() == "ldapi"
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
    let parsed = Url::parse(word).ok();
    if scheme.as_deref() == Some("ldapi") {
        let is_path = |url: &Url| {
            let host = url.host_str().unwrap_or_default();
            host.len() > 3
                && host
                    .get(..3)
                    .is_some_and(|it| it.eq_ignore_ascii_case("%2f"))
        };
        return parsed
            .filter(|url| is_path(url) && url.port().is_none() && has_no_more(url))
            .ok_or_else(|| {
                "is not ldapi:// with the percent-encoded path of a socket, as in ldapi://%2Frun%2Fldapi"
                    .to_owned()
            });
    }
    let has_scheme = matches!(scheme.as_deref(), Some("ldap" | "ldaps"));
    let host = parsed.as_ref().and_then(Url::host_str);
    let has_host = host.is_some_and(|host| !host.is_empty() && !host.contains(['<', '>']));
    match (has_scheme, has_host) {
        (false, false) => Err("has neither the scheme ldap or ldaps nor a host's name".to_owned()),
        (false, true) => Err("has another scheme than ldap or ldaps".to_owned()),
        (true, false) => Err("has no host's name, or a port that cannot be".to_owned()),
        (true, true) => parsed
            .filter(has_no_more)
            .ok_or_else(|| "has more than a scheme, a host and a port".to_owned()),
    }
}

fn has_no_more(url: &Url) -> bool {
    matches!(url.path(), "" | "/")
        && url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none()
}

/// How the service is bound: what is not said is by a name.
fn bind_kind(section: &Section<'_>) -> BindKind {
    let kind = section.word("bind_type", BindTypeWord::ALL);
    kind.unwrap_or_default()
}

fn bind(section: &Section<'_>, source: &Source<'_>) -> Option<ServiceBind> {
    let kind = bind_kind(section);
    let is_certificate_misplaced =
        kind != BindKind::External && section.filled_text("client_certificate").is_some();
    if is_certificate_misplaced {
        let message =
            "is shown only with bind_type = \"external\"; set that, or take the certificate out";
        section.fault("client_certificate", message);
    }
    match kind {
        BindKind::Nobody => {
            section.text("bind_dn");
            Some(ServiceBind::None)
        }
        BindKind::Simple => {
            let name = section.typed("bind_dn", section.required_text("bind_dn"), BindName::new);
            name.map(ServiceBind::Simple)
        }
        BindKind::External => {
            if section.filled_text("bind_dn").is_some() {
                let message = "has no place with bind_type = \"external\", where the directory makes the name; take it out";
                section.fault("bind_dn", message);
            }
            let certificate = certificates::read(section, "client_certificate", source);
            Some(ServiceBind::External(certificate))
        }
    }
}

/// A certificate is shown over TLS, and a socket knows who is at its other end; else nobody is told who
/// this is.
fn check_channel(section: &Section<'_>, connection: &Connection) {
    let ServiceBind::External(certificate) = &connection.bind else {
        return;
    };
    let is_wrong = |key| section.is_faulty(key);
    if is_wrong("connection_url") || is_wrong("client_certificate") {
        return;
    }
    let is_tls =
        |url: &Url| url.scheme() == "ldaps" || url.scheme() == "ldap" && connection.start_tls;
    if certificate.is_some() {
        if !connection.urls.iter().all(is_tls) {
            let message =
                "is shown over TLS only; use ldaps:// or advanced.start_tls for all servers";
            section.fault("client_certificate", message);
        }
    } else if !connection.urls.iter().all(is_socket) {
        let message = "is missing; give it, with its private key as bind_credential, unless all servers are ldapi:// sockets";
        section.fault("client_certificate", message);
    }
}

/// What the service connections are bound with; none: nothing is needed, or what is kept stays.
pub(super) fn credential(section: &Section<'_>, source: &Source<'_>) -> Option<Secret> {
    let text = section.text("bind_credential");
    let kind = bind_kind(section);
    let has_certificate = section.filled_text("client_certificate").is_some();
    if kind == BindKind::Nobody || kind == BindKind::External && !has_certificate {
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
            let message = match kind {
                BindKind::External => {
                    "is missing; give the private key of client_certificate (PEM)"
                }
                _ => "is missing; give it, or set bind_type = \"none\"",
            };
            section.fault("bind_credential", message);
        }
        return None;
    };
    let secret = source.secret(&text).and_then(|secret| match kind {
        BindKind::External => private_key(secret),
        _ => Ok(secret),
    });
    match secret {
        Ok(secret) => Some(secret),
        Err(message) => {
            section.fault("bind_credential", message);
            None
        }
    }
}

/// A private key in PEM. What it is not is not said, since it may be another secret.
fn private_key(secret: Secret) -> Result<Secret, String> {
    match PrivateKeyDer::from_pem_slice(secret.expose()) {
        Ok(_) => Ok(secret),
        Err(_) => Err(
            "is no private key; give that of client_certificate as a BEGIN PRIVATE KEY block (PEM), without a passphrase"
                .to_owned(),
        ),
    }
}
