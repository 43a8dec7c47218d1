//! The process's own settings.

mod admin;
mod outbound;
mod policies;

pub use admin::AdminConfig;
pub use policies::PoliciesConfig;

use super::{Faults, tree, understood};
use crate::{documents::section::Section, web::WebSettings};
use bridge_federation::ThrottleLimits;
use bridge_model::outbound::OutboundRules;
use ipnet::IpNet;
use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};
use url::Url;

/// The process's own settings, checked. Relative paths in the file are relative to its folder.
#[derive(Clone, Debug)]
pub struct ProcessConfig {
    /// The public address without a path: issuers begin with it. `https`, or `http` on a loopback
    /// address.
    pub base_url: Url,
    /// Where people and clients arrive.
    pub listener: ListenerConfig,
    /// Where `/health/live` and `/health/ready` are; none: on the listener.
    pub health_address: Option<SocketAddr>,
    /// The database.
    pub store: StoreConfig,
    /// Where policies come from, and what they may reach.
    pub policies: PoliciesConfig,
    /// How many failed attempts are taken.
    pub throttle: ThrottleLimits,
    /// The file that audit events are appended to; none: standard output.
    pub audit_file: Option<PathBuf>,
    /// How long audit events are kept in the database, where they can be read over the admin API.
    pub audit_keep: Duration,
    /// Where administrators arrive.
    pub admin: AdminConfig,
    /// Where the bridge may connect to.
    pub outbound: OutboundRules,
    /// The files that declare realms.
    pub apply: Vec<PathBuf>,
}

/// Where people and clients arrive.
#[derive(Clone, Debug)]
pub struct ListenerConfig {
    /// The address.
    pub address: SocketAddr,
    /// Certificate and key; none: plain HTTP.
    pub tls: Option<TlsConfig>,
    /// Whose word on the client's address is taken.
    pub trusted_proxies: Vec<IpNet>,
}

/// A certificate and its key.
#[derive(Clone, Debug)]
pub struct TlsConfig {
    /// The chain (PEM), the server's own certificate first.
    pub certificate: PathBuf,
    /// The private key (PEM).
    pub key: PathBuf,
}

/// The database.
#[derive(Clone, Debug)]
pub struct StoreConfig {
    /// The database's file.
    pub path: PathBuf,
    /// The sealing key's file, outside of the database's folder.
    pub sealing_key: PathBuf,
}

impl ProcessConfig {
    /// Reads a file.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with it.
    pub fn read(file: &Path) -> Result<Self, Faults> {
        let text = std::fs::read_to_string(file).map_err(|error| {
            Faults::of_file(
                file,
                format!("cannot be read: {error}; name another file with --config, or make one with init"),
            )
        })?;
        let folder = folder_of(file);
        understood(file, &tree(file, &text)?, |_, section| {
            root(section, &folder)
        })
    }
}

/// The folder that a file's relative paths are relative to.
pub(super) fn folder_of(file: &Path) -> PathBuf {
    let absolute = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
    absolute.parent().map(Path::to_owned).unwrap_or_default()
}

fn root(section: Section<'_>, folder: &Path) -> Option<ProcessConfig> {
    let base_url = base_url(&section);
    let listener = listener(&section, folder, base_url.as_ref());
    let health_address = section.section("health").and_then(|health| {
        let address = address(&health, "address");
        health.finish();
        address
    });
    let store = store(&section, folder);
    let policies = policies::read(section.section("policies"), folder);
    let throttle = throttle(&section);
    let (audit_file, audit_keep) = audit(section.section("audit"), folder);
    let trusts_proxies = listener
        .as_ref()
        .is_some_and(|listener| !listener.trusted_proxies.is_empty());
    let admin = admin::read(section.section("admin"), folder, trusts_proxies);
    let outbound = outbound::read(&section);
    let apply = section.texts("apply");
    section.finish();
    let store = store?;
    let beside = |name| store.path.with_file_name(name);
    Some(ProcessConfig {
        base_url: base_url?,
        listener: listener?,
        health_address,
        policies: policies.beside(|| beside("policy-cache")),
        admin: admin.beside(|| beside("admin.sock")),
        store,
        throttle,
        audit_file,
        audit_keep,
        outbound,
        apply: apply.iter().map(|(_, path)| folder.join(path)).collect(),
    })
}

fn audit(section: Option<Section<'_>>, folder: &Path) -> (Option<PathBuf>, Duration) {
    let preset = Duration::from_hours(24 * 90);
    let Some(audit) = section else {
        return (None, preset);
    };
    let file = audit.text("file").map(|path| folder.join(path));
    let longest = Duration::from_hours(24 * 3_650);
    let keep = audit.span("keep", preset, Duration::from_hours(24)..=longest);
    audit.finish();
    (file, keep)
}

fn base_url(section: &Section<'_>) -> Option<Url> {
    let key = "base_url";
    let text = section.required_text(key)?;
    let Ok(url) = Url::parse(&text) else {
        section.fault(
            key,
            format!("{text:?} is not a URL; write it as https://id.example.com"),
        );
        return None;
    };
    match WebSettings::new(url.clone()) {
        Ok(_) => Some(url),
        Err(error) => {
            section.fault(key, error.to_string());
            None
        }
    }
}

fn listener(
    section: &Section<'_>,
    folder: &Path,
    base_url: Option<&Url>,
) -> Option<ListenerConfig> {
    let Some(listener) = section.section("listener") else {
        section.fault(
            "listener",
            "is missing; say at least where to listen: address = \"127.0.0.1:8080\"",
        );
        return None;
    };
    let address = listener
        .required_text("address")
        .and_then(|_| address(&listener, "address"));
    let tls = tls(&listener, folder);
    let trusted_proxies = listener.each("trusted_proxies", |text| network(&text));
    let needs_tls = base_url.is_some_and(|url| url.scheme() == "https");
    if needs_tls && tls.is_none() && trusted_proxies.is_empty() {
        listener.fault(
            "tls_certificate",
            "is missing: base_url is https, so either name tls_certificate and tls_key, or the trusted_proxies that end TLS",
        );
    }
    listener.finish();
    Some(ListenerConfig {
        address: address?,
        tls,
        trusted_proxies,
    })
}

fn address(section: &Section<'_>, key: &'static str) -> Option<SocketAddr> {
    section.parsed(
        key,
        "an address with a port, such as \"127.0.0.1:8080\" or \"[::]:8443\"",
    )
}

/// A network, or a single address.
fn network(text: &str) -> Result<IpNet, String> {
    let single = text.parse::<std::net::IpAddr>().map(IpNet::from);
    text.parse::<IpNet>()
        .or(single)
        .map_err(|_| format!("{text:?} is not an address or a network; write it as \"10.0.0.0/8\""))
}

fn tls(section: &Section<'_>, folder: &Path) -> Option<TlsConfig> {
    let certificate = section
        .text("tls_certificate")
        .map(|path| folder.join(path));
    let key = section.text("tls_key").map(|path| folder.join(path));
    match (certificate, key) {
        (Some(certificate), Some(key)) => Some(TlsConfig { certificate, key }),
        (None, None) => None,
        (Some(_), None) => {
            section.fault("tls_key", "is missing beside tls_certificate; name both");
            None
        }
        (None, Some(_)) => {
            section.fault("tls_certificate", "is missing beside tls_key; name both");
            None
        }
    }
}

fn store(section: &Section<'_>, folder: &Path) -> Option<StoreConfig> {
    let Some(store) = section.section("store") else {
        section.fault("store", "is missing; it names path and sealing_key");
        return None;
    };
    let path = store.required_text("path").map(|path| folder.join(path));
    let sealing_key = store
        .required_text("sealing_key")
        .map(|path| folder.join(path));
    if let (Some(path), Some(key)) = (&path, &sealing_key)
        && path.parent() == key.parent()
    {
        store.fault("sealing_key", "has to be outside of the database's folder, so that a copy of the one does not carry the other");
    }
    store.finish();
    Some(StoreConfig {
        path: path?,
        sealing_key: sealing_key?,
    })
}

fn throttle(section: &Section<'_>) -> ThrottleLimits {
    let preset = ThrottleLimits::default();
    let Some(limits) = section.section("limits") else {
        return preset;
    };
    let count = |key, preset: u32| {
        let number = limits.number(key, i64::from(preset), 1..=1_000_000);
        u32::try_from(number).unwrap_or(preset)
    };
    let throttle = ThrottleLimits {
        per_account_max: count("sign_in_failures_per_account_max", preset.per_account_max),
        per_address_max: count("sign_in_failures_per_address_max", preset.per_address_max),
        window: limits.span(
            "sign_in_failures_window",
            preset.window,
            Duration::from_secs(1)..=Duration::from_hours(24),
        ),
    };
    limits.finish();
    throttle
}
