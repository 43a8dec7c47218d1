//! Applications that sign people in.

use crate::{
    admin::AdminScope,
    keys::SigningAlgorithm,
    names::{ClientId, RealmName},
    realm::Revision,
    time::Timestamp,
};
use serde::{Deserialize, Serialize};
use std::{net::IpAddr, time::Duration};
use url::{Host, Url};
use uuid::Uuid;

/// A relying party (RFC 6749 section 2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Client {
    /// Whose it is.
    pub realm: RealmName,
    /// Unique in the realm.
    pub id: ClientId,
    /// What people read on the sign-in page; none: the id.
    pub name: Option<String>,
    /// Whether anybody can sign in to it.
    pub enabled: bool,
    /// How it proves who it is.
    pub authentication: ClientAuthentication,
    /// What it may ask the token endpoint for: at least one.
    pub grant_types: Vec<GrantType>,
    /// Where answers may be sent: at least one where it uses authorization codes.
    pub redirect_uris: Vec<RedirectUri>,
    /// What its ID and access tokens are signed with.
    pub signing_algorithm: SigningAlgorithm,
    /// How long its access and ID tokens live; none: as the realm says.
    pub token_lifetime: Option<Duration>,
    /// Groups, by DN or by name, whose people may use it; empty: everybody.
    pub allowed_groups: Vec<String>,
    /// What it may ask for on the admin API: for itself with `client_credentials`, or for an
    /// administrator who uses it.
    pub admin_scopes: Vec<AdminScope>,
    /// The file that declares the client; then it is read-only elsewhere.
    #[serde(skip)]
    pub managed_by: Option<String>,
    /// Set by the store.
    #[serde(skip)]
    pub revision: Revision,
}

/// How a client comes by tokens (RFC 6749 section 1.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GrantType {
    /// With a code that a person's browser brought (RFC 6749 section 4.1).
    AuthorizationCode,
    /// With its own secret, for itself (RFC 6749 section 4.4).
    ClientCredentials,
}

/// What is known of a client's secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientSecret {
    /// Its name.
    pub id: Uuid,
    /// When it was made.
    pub created_at: Timestamp,
    /// The first second in which it no longer holds; none: it holds until it is removed.
    pub expires_at: Option<Timestamp>,
    /// Whether it is gone after it was used.
    pub single_use: bool,
}

/// How a client proves who it is at the token endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientAuthentication {
    /// It cannot keep a secret (RFC 6749 section 2.1): PKCE is required of it.
    Public,
    /// A secret, in the header or the body (`client_secret_basic`, `client_secret_post`).
    Secret,
}

/// A registered redirect URI: absolute and without fragment (RFC 6749 section 3.1.2); `https`, a
/// scheme of an application's own (RFC 8252 section 7.1), or `http` on a loopback address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RedirectUri(String);

/// Why a text is no [`RedirectUri`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RedirectUriError {
    /// Not an absolute URI, or one that does not read the same after it is parsed.
    #[error(
        "a redirect URI must be an absolute URI in its normal form, such as https://app.example/callback"
    )]
    NotAbsolute,
    /// With `#`.
    #[error("a redirect URI must not have a fragment")]
    Fragment,
    /// With user information before the host.
    #[error("a redirect URI must not have a user name or a password")]
    UserInformation,
    /// `http` to a host that is not a loopback address, or a scheme that runs as script.
    #[error(
        "a redirect URI must be https, http on 127.0.0.1, [::1] or localhost, or of an application's own scheme with a dot in it"
    )]
    Scheme,
    /// With `*`, which would look like a pattern and is none.
    #[error("a redirect URI must not have an asterisk: it is compared as it is")]
    Asterisk,
}

impl RedirectUri {
    /// Takes a text.
    pub fn new(text: impl Into<String>) -> Result<Self, RedirectUriError> {
        let text = text.into();
        let url = Url::parse(&text).map_err(|_| RedirectUriError::NotAbsolute)?;
        let same = url.as_str() == text || url.as_str().strip_suffix('/') == Some(&text);
        if !same || text.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return Err(RedirectUriError::NotAbsolute);
        }
        if url.fragment().is_some() {
            return Err(RedirectUriError::Fragment);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(RedirectUriError::UserInformation);
        }
        if text.contains('*') {
            return Err(RedirectUriError::Asterisk);
        }
        // RFC 8252 section 7.1: an application's own scheme is a reversed domain name, so it has a
        // dot; that also keeps `javascript:`, `data:` and their like out.
        let fits = match url.scheme() {
            "https" => url.has_host(),
            "http" => is_loopback(&url) || url.host_str() == Some("localhost"),
            own => own.contains('.'),
        };
        if fits {
            Ok(Self(text))
        } else {
            Err(RedirectUriError::Scheme)
        }
    }

    /// The text as registered.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a requested redirect URI is this one: to the octet (RFC 9700 section 2.1), but that
    /// one registered on a loopback address without a port takes any port (RFC 8252 section 7.3).
    pub fn fits(&self, requested: &str) -> bool {
        if requested == self.0 {
            return true;
        }
        let (Ok(registered), Ok(mut url)) = (Url::parse(&self.0), Url::parse(requested)) else {
            return false;
        };
        if !is_loopback(&registered) || registered.port().is_some() || url.as_str() != requested {
            return false;
        }
        url.set_port(None).is_ok() && url == registered
    }
}

impl TryFrom<String> for RedirectUri {
    type Error = RedirectUriError;
    fn try_from(text: String) -> Result<Self, RedirectUriError> {
        Self::new(text)
    }
}

impl From<RedirectUri> for String {
    fn from(uri: RedirectUri) -> Self {
        uri.0
    }
}

/// Whether this is plain `http` to a loopback address literal, which RFC 8252 section 8.3 wants
/// instead of `localhost`.
fn is_loopback(url: &Url) -> bool {
    let address = match url.host() {
        Some(Host::Ipv4(address)) => IpAddr::V4(address),
        Some(Host::Ipv6(address)) => IpAddr::V6(address),
        Some(Host::Domain(_)) | None => return false,
    };
    url.scheme() == "http" && address.is_loopback()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registers_only_what_is_safe() {
        for good in [
            "https://app.example/cb",
            "https://app.example/cb?x=1",
            "https://app.example",
            "http://127.0.0.1/callback",
            "http://[::1]:8000/cb",
            "http://localhost:3000/cb",
            "com.example.app:/cb",
        ] {
            assert!(RedirectUri::new(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "/cb",
            "http://app.example/cb",
            "https://app.example/cb#f",
            "https://user@app.example/cb",
            "https://app.example/*",
            "JaVaScRiPt:alert(1)",
            "data:text/html,x",
            "https://app.example/a/../b",
            "https://app.example/a b",
            "HTTPS://app.example/cb",
        ] {
            assert!(RedirectUri::new(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn compares_to_the_octet() {
        let uri = RedirectUri::new("https://app.example/cb").expect("valid");
        assert!(uri.fits("https://app.example/cb"));
        for other in [
            "https://app.example/cb/",
            "https://app.example/cb?x",
            "https://app.example/CB",
            "https://app.example:443/cb",
            "https://app.example/x/../cb",
            "https://app.example/%63b",
            "https://app.example/cb#",
            "https://app.example@evil.example/cb",
            "https://app.example\\@evil.example/cb",
            "https://evil.example/cb",
            "https://app.example/cb\t",
        ] {
            assert!(!uri.fits(other), "{other}");
        }
    }

    #[test]
    fn a_loopback_address_without_port_takes_any_port() {
        let uri = RedirectUri::new("http://127.0.0.1/callback").expect("valid");
        assert!(uri.fits("http://127.0.0.1:49152/callback"));
        for other in [
            "http://127.0.0.2:80/callback",
            "http://localhost:80/callback",
            "http://[::1]:8080/callback",
            "https://127.0.0.1:8080/callback",
            "http://127.0.0.1:8080/callback/",
            "http://x@127.0.0.1:8080/callback",
            "http://127.0.0.1:8080/callback?a",
            "http://127.1:8080/callback",
        ] {
            assert!(!uri.fits(other), "{other}");
        }
        let fixed = RedirectUri::new("http://127.0.0.1:8000/callback").expect("valid");
        assert!(!fixed.fits("http://127.0.0.1:8001/callback"));
    }
}
