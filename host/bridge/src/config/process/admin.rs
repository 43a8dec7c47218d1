//! Where administrators arrive.

use super::{TlsConfig, address, tls};
use crate::documents::section::Section;
use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

/// The prefixes that hold where none are named: the bridge's own, and those of a well-known
/// predecessor.
const PREFIXES: [&str; 3] = ["/api", "/tcsa/api", "/{host}/tcsa/api"];

/// Where administrators arrive.
#[derive(Clone, Debug)]
pub struct AdminConfig {
    /// The address of the admin API's listener; none: the socket alone.
    pub address: Option<SocketAddr>,
    /// Its certificate and key; none: plain HTTP.
    pub tls: Option<TlsConfig>,
    /// The Unix socket for whoever runs the bridge: no token is asked for there.
    pub socket: PathBuf,
    /// What stands before the API's paths; `{host}` is any one segment.
    pub prefixes: Vec<String>,
}

/// As read: the socket's place follows from the database's where it is not named.
pub(super) struct Read {
    address: Option<SocketAddr>,
    tls: Option<TlsConfig>,
    socket: Option<PathBuf>,
    prefixes: Vec<String>,
}

impl Read {
    /// With a place for the socket where none is named.
    pub(super) fn beside(self, socket: impl FnOnce() -> PathBuf) -> AdminConfig {
        AdminConfig {
            address: self.address,
            tls: self.tls,
            socket: self.socket.unwrap_or_else(socket),
            prefixes: self.prefixes,
        }
    }
}

pub(super) fn read(section: Option<Section<'_>>, folder: &Path, trusts_proxies: bool) -> Read {
    let prefixes = PREFIXES.map(str::to_owned).to_vec();
    let Some(section) = section else {
        return Read {
            address: None,
            tls: None,
            socket: None,
            prefixes,
        };
    };
    let address = address(&section, "address");
    let tls = tls(&section, folder);
    if let Some(address) = address
        && !address.ip().is_loopback()
        && tls.is_none()
        && !trusts_proxies
    {
        let message = "is missing: tokens would travel in clear; name tls_certificate and tls_key, listen on a loopback address, or name the proxies that end TLS in listener.trusted_proxies";
        section.fault("tls_certificate", message);
    }
    let read = Read {
        address,
        tls,
        socket: section.text("socket").map(|path| folder.join(path)),
        prefixes: if section.has("prefixes") {
            section.each("prefixes", prefix)
        } else {
            prefixes
        },
    };
    section.finish();
    read
}

fn prefix(text: String) -> Result<String, String> {
    let is_segment = |segment: &str| {
        segment == "{host}"
            || !segment.is_empty()
                && !matches!(segment, "." | ".." | "realms")
                && segment
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b"-._~".contains(&b))
    };
    match text.strip_prefix('/') {
        Some(rest) if rest.split('/').all(is_segment) => Ok(text),
        _ => Err(format!(
            "{text:?} is no prefix; write it as \"/api\", with a slash before each segment and none at the end"
        )),
    }
}
