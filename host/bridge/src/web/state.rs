//! What the handlers work with.

use super::health::Health;
use bridge_federation::{Accounts, SignIns};
use bridge_model::ports::{AuditLog, Clock, Random, Store};
use bridge_oidc::Provider;
use ipnet::IpNet;
use std::{sync::Arc, time::Duration};
use url::{Host, Url};

/// Everything the handlers work with; cheap to clone.
#[derive(Clone)]
pub struct WebState {
    /// The protocol.
    pub provider: Provider,
    /// Who checks passwords.
    pub sign_ins: SignIns,
    /// Who changes people's profiles.
    pub accounts: Accounts,
    /// Where realms are looked up.
    pub store: Arc<dyn Store>,
    /// Where issued tokens are noted down.
    pub audit: Arc<dyn AuditLog>,
    /// When that is.
    pub clock: Arc<dyn Clock>,
    /// What request ids are made of.
    pub random: Arc<dyn Random>,
    /// What the probes are told.
    pub health: Health,
    /// The settings.
    pub settings: Arc<WebSettings>,
}

/// How the bridge is reached.
#[derive(Clone, Debug)]
pub struct WebSettings {
    base_url: Url,
    /// The proxies whose `X-Forwarded-For` and `X-Request-Id` are believed. Nothing else that is
    /// forwarded is ever looked at.
    pub trusted_proxies: Vec<IpNet>,
    /// Whether the public listener answers probes too; switch it off where the probes have a
    /// listener of their own.
    pub serve_health: bool,
    /// How long a request may take as a whole. Longer than a directory's own timeouts add up to, so
    /// that they speak first.
    pub request_timeout: Duration,
}

/// Why an address cannot be the one the bridge is reached at.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BaseUrlError {
    /// Plain `http`, which anybody between could read passwords and cookies of.
    #[error(
        "the public address {0} must be https: plain http is for 127.0.0.1, [::1] and localhost only"
    )]
    Plaintext(Url),
    /// Neither `http` nor `https`, or more than scheme, host and port.
    #[error(
        "the public address {0} must be scheme, host and port only, such as https://id.example.com"
    )]
    Shape(Url),
}

impl WebSettings {
    /// Settings with no trusted proxy, for a bridge that browsers reach at `base_url`: scheme, host
    /// and port.
    ///
    /// # Errors
    ///
    /// [`BaseUrlError`]: issuers and cookies are made from this address, so it has to be a safe one.
    pub fn new(base_url: Url) -> Result<Self, BaseUrlError> {
        let bare = base_url.path() == "/"
            && base_url.query().is_none()
            && base_url.fragment().is_none()
            && base_url.username().is_empty()
            && base_url.password().is_none();
        match base_url.scheme() {
            "https" if bare => {}
            "http" if bare && is_loopback(&base_url) => {}
            "http" if bare => return Err(BaseUrlError::Plaintext(base_url)),
            _ => return Err(BaseUrlError::Shape(base_url)),
        }
        Ok(Self {
            base_url,
            trusted_proxies: Vec::new(),
            serve_health: true,
            request_timeout: Duration::from_mins(1),
        })
    }

    /// The public address.
    pub fn base_url(&self) -> &Url {
        &self.base_url
    }

    /// Whether browsers come over TLS; then cookies are `__Host-` and browsers are told to keep to
    /// TLS.
    pub fn is_secure(&self) -> bool {
        self.base_url.scheme() == "https"
    }
}

/// Whether an address never leaves this machine.
fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_public_address_is_https_or_never_leaves_the_machine() {
        for (text, secure) in [
            ("https://id.example.com", Some(true)),
            ("https://id.example.com:8443/", Some(true)),
            ("http://127.0.0.1:8080", Some(false)),
            ("http://[::1]:8080", Some(false)),
            ("http://localhost:8080", Some(false)),
            ("http://id.example.com", None),
            ("http://localhost.example.com", None),
            ("http://10.0.0.1", None),
            ("https://id.example.com/sso", None),
            ("https://id.example.com/?a", None),
            ("https://user@id.example.com", None),
            ("ftp://id.example.com", None),
        ] {
            let url = Url::parse(text).expect("a URL");
            let settings = WebSettings::new(url);
            assert_eq!(settings.ok().map(|s| s.is_secure()), secure, "{text}");
        }
    }
}
