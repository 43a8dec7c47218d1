//! Where administrators arrive.

use super::{TlsConfig, address, tls};
use crate::{
    documents::section::Section,
    web::admin::{AdminRates, Prefixes, Rate},
};
use std::{
    net::SocketAddr,
    num::NonZeroU32,
    path::{Path, PathBuf},
};

/// Where administrators arrive.
#[derive(Clone, Debug)]
pub struct AdminConfig {
    /// The address of the admin API's listener; none: the socket alone.
    pub address: Option<SocketAddr>,
    /// Its certificate and key; none: plain HTTP.
    pub tls: Option<TlsConfig>,
    /// The Unix socket for whoever runs the bridge: no token is asked for there.
    pub socket: PathBuf,
    /// What stands before the API's paths.
    pub prefixes: Prefixes,
    /// How many requests are taken.
    pub rates: AdminRates,
}

/// As read: the socket's place follows from the database's where it is not named.
pub(super) struct Read {
    address: Option<SocketAddr>,
    tls: Option<TlsConfig>,
    socket: Option<PathBuf>,
    prefixes: Prefixes,
    rates: AdminRates,
}

impl Read {
    /// With a place for the socket where none is named.
    pub(super) fn beside(self, socket: impl FnOnce() -> PathBuf) -> AdminConfig {
        AdminConfig {
            address: self.address,
            tls: self.tls,
            socket: self.socket.unwrap_or_else(socket),
            prefixes: self.prefixes,
            rates: self.rates,
        }
    }
}

pub(super) fn read(section: Option<Section<'_>>, folder: &Path, trusts_proxies: bool) -> Read {
    let Some(section) = section else {
        return Read {
            address: None,
            tls: None,
            socket: None,
            prefixes: Prefixes::default(),
            rates: AdminRates::default(),
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
        prefixes: prefixes(&section),
        rates: rates(&section),
    };
    section.finish();
    read
}

/// Bursts stay as many times the rate as they are by preset.
fn rates(section: &Section<'_>) -> AdminRates {
    let preset = AdminRates::default();
    let rate = |key, preset: Rate| {
        let number = section.number(key, i64::from(preset.per_second.get()), 1..=1_000_000);
        let per_second = u32::try_from(number).ok().and_then(NonZeroU32::new);
        let per_second = per_second.unwrap_or(preset.per_second);
        let times = NonZeroU32::new(preset.burst.get() / preset.per_second.get());
        Rate {
            burst: per_second.saturating_mul(times.unwrap_or(NonZeroU32::MIN)),
            per_second,
        }
    };
    AdminRates {
        requests: rate("requests_per_second", preset.requests),
        directory_requests: rate("directory_requests_per_second", preset.directory_requests),
        failures: rate("failures_per_second", preset.failures),
    }
}

fn prefixes(section: &Section<'_>) -> Prefixes {
    let texts = section.each("prefixes", |text| Prefixes::new([&text]).map(|_| text));
    let named = section.has("prefixes").then(|| Prefixes::new(texts));
    named.and_then(Result::ok).unwrap_or_default()
}
