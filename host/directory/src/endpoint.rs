//! Where a server is, and how its connections are to be secured.

use percent_encoding::percent_decode_str;
use rustls_pki_types::ServerName;
use std::{borrow::Cow, net::IpAddr, path::PathBuf};
use url::{Host, Url};

/// Where a server is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Endpoint {
    /// A name or an IP address, without brackets; empty for a socket of this machine.
    pub(crate) host: String,
    pub(crate) port: u16,
    /// `host:port`, or the socket's path, for people.
    pub(crate) address: String,
}

/// How a server's connections are to be secured. The name is the host as configured, which is the only one that the
/// certificate is compared with (RFC 4513 section 3.1.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Security {
    /// Not at all.
    Plain,
    /// The server is asked for TLS first (RFC 4511 section 4.14).
    StartTls(ServerName<'static>),
    /// TLS from the first octet.
    Tls(ServerName<'static>),
    /// By never leaving the machine: a Unix socket at this path.
    Local(PathBuf),
}

impl Endpoint {
    /// Reads a URL of which nothing but scheme, host and port is used.
    ///
    /// # Errors
    ///
    /// What is wrong and what to write instead.
    pub(crate) fn new(url: &Url, start_tls: bool) -> Result<(Self, Security), String> {
        let (is_tls, port) = match url.scheme() {
            "ldap" => (false, LDAP_PORT),
            "ldaps" => (true, LDAPS_PORT),
            "ldapi" => return Self::socket(url),
            other => return Err(format!("{other}:// is neither ldap:// nor ldaps://")),
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err("a URL must not hold a user name or a password".to_owned());
        }
        if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
            return Err("a URL must end after host and port".to_owned());
        }
        // The url crate takes only IPv6 literals for addresses in schemes that the web does not know.
        let host = match url.host() {
            Some(Host::Ipv6(address)) => address.to_string(),
            Some(Host::Ipv4(address)) => address.to_string(),
            Some(Host::Domain(name)) if !name.is_empty() => name.to_owned(),
            _ => return Err("a URL must name a host".to_owned()),
        };
        let name = match host.parse::<IpAddr>() {
            Ok(address) => ServerName::from(address),
            Err(_) => ServerName::try_from(host.clone())
                .map_err(|_| format!("{host} is neither a host name nor an IP address"))?,
        };
        let port = url.port().unwrap_or(port);
        let security = match (is_tls, start_tls) {
            (true, _) => Security::Tls(name),
            (false, true) => Security::StartTls(name),
            (false, false) => Security::Plain,
        };
        let address = format!("{}:{port}", url_host(&host));
        let endpoint = Self {
            host,
            port,
            address,
        };
        Ok((endpoint, security))
    }

    /// Reads a URL whose host is the percent-encoded path of a socket.
    fn socket(url: &Url) -> Result<(Self, Security), String> {
        const SHAPE: &str = "an ldapi:// URL holds the percent-encoded path of a socket and nothing else, as in ldapi://%2Frun%2Fldapi";
        let has_more = !matches!(url.path(), "" | "/")
            || !url.username().is_empty()
            || url.password().is_some()
            || url.port().is_some()
            || url.query().is_some()
            || url.fragment().is_some();
        let path = percent_decode_str(url.host_str().unwrap_or_default()).decode_utf8();
        let path = path.map_err(|_| SHAPE.to_owned())?.into_owned();
        if has_more || !path.starts_with('/') || path.contains(char::is_control) {
            return Err(SHAPE.to_owned());
        }
        let endpoint = Self {
            host: String::new(),
            port: 0,
            address: path.clone(),
        };
        Ok((endpoint, Security::Local(PathBuf::from(path))))
    }

    /// The host as a URL has it.
    pub(crate) fn url_host(&self) -> Cow<'_, str> {
        url_host(&self.host)
    }
}

/// An IPv6 address stands in brackets (RFC 3986 section 3.2.2).
fn url_host(host: &str) -> Cow<'_, str> {
    if host.contains(':') {
        Cow::Owned(format!("[{host}]"))
    } else {
        Cow::Borrowed(host)
    }
}

/// RFC 4511 section 5.2.
const LDAP_PORT: u16 = 389;
/// The registry of port numbers.
const LDAPS_PORT: u16 = 636;

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(url: &str, start_tls: bool) -> Result<(Endpoint, Security), String> {
        Endpoint::new(&Url::parse(url).expect(url), start_tls)
    }

    #[test]
    fn reads_host_and_port() {
        for (url, host, port, address) in [
            ("ldap://dc1.example", "dc1.example", 389, "dc1.example:389"),
            (
                "ldaps://dc1.example/",
                "dc1.example",
                636,
                "dc1.example:636",
            ),
            (
                "ldaps://127.0.0.1:1636",
                "127.0.0.1",
                1636,
                "127.0.0.1:1636",
            ),
            ("ldaps://[::1]:1636", "::1", 1636, "[::1]:1636"),
        ] {
            let (endpoint, _) = endpoint(url, false).expect(url);
            assert_eq!(endpoint.host, host);
            assert_eq!(endpoint.port, port);
            assert_eq!(endpoint.address, address);
        }
    }

    #[test]
    fn compares_certificates_with_the_host_as_configured() {
        for (url, start_tls, expected) in [
            ("ldap://a.example", false, Security::Plain),
            (
                "ldap://a.example",
                true,
                Security::StartTls(name("a.example")),
            ),
            ("ldaps://a.example", true, Security::Tls(name("a.example"))),
            ("ldaps://10.0.0.1", false, Security::Tls(name("10.0.0.1"))),
            (
                "ldaps://[2001:db8::1]",
                false,
                Security::Tls(name("2001:db8::1")),
            ),
        ] {
            assert_eq!(endpoint(url, start_tls).expect(url).1, expected, "{url}");
        }
        assert!(matches!(name("10.0.0.1"), ServerName::IpAddress(_)));
        assert!(matches!(name("2001:db8::1"), ServerName::IpAddress(_)));
    }

    fn name(text: &'static str) -> ServerName<'static> {
        ServerName::try_from(text).expect(text)
    }

    #[test]
    fn reads_the_path_of_a_socket() {
        for is_start_tls in [true, false] {
            let (endpoint, security) =
                endpoint("ldapi://%2Frun%2fstaff%2Fldapi/", is_start_tls).expect("a socket");
            assert_eq!(endpoint.address, "/run/staff/ldapi");
            assert_eq!(security, Security::Local("/run/staff/ldapi".into()));
        }
    }

    #[test]
    fn refuses_what_names_no_server() {
        for url in [
            "http://a.example",
            "ldapi:///run/ldapi",
            "ldapi://run%2Fldapi",
            "ldapi://%2Frun%2Fldapi:1",
            "ldapi://%2Frun%2Fldapi/dc=example",
            "ldapi://%2Frun%00",
            "ldap://",
            "ldap:///dc=example",
            "ldap://user:pw@a.example",
            "ldap://a.example/dc=example",
            "ldap://a.example?cn",
            "ldap://a_%20b",
        ] {
            assert!(endpoint(url, false).is_err(), "{url}");
        }
    }
}
