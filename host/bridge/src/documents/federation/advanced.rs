//! The member `advanced`: what most federations can leave out.

use super::{GROUPS_DN, settings};
use crate::documents::{
    section::{Section, Switch},
    source::Source,
    words::{OnErrorWord, ReferralWord, SearchScopeWord},
};
use bridge_model::{
    dn::Dn,
    federation::{Connection, OnError, Synchronisation},
    search::{SearchScope, Setting, Subtree},
};
use rustls_pki_types::{CertificateDer, pem::PemObject as _};
use std::time::Duration;

/// The longest that connecting or an operation may be allowed to take.
const TIMEOUT_MAX: Duration = Duration::from_mins(2);
/// More than all authorities that a directory may have certificates of.
const CA_BUNDLE_OCTETS_MAX: usize = 1 << 20;

/// What is said there, or what holds where it is not.
pub(super) struct Advanced {
    pub(super) start_tls: bool,
    pub(super) allow_plaintext: bool,
    pub(super) ca_bundle: Option<String>,
    pub(super) connect_timeout: Duration,
    pub(super) operation_timeout: Duration,
    pub(super) pool_connections_max: usize,
    pub(super) search_scope: SearchScope,
    pub(super) custom_filter: Option<String>,
    pub(super) synchronisation: Synchronisation,
    pub(super) read_bases: Vec<Subtree>,
    pub(super) groups_base: Option<Dn>,
    pub(super) on_error: OnError,
    pub(super) email_verified_domains: Vec<String>,
    pub(super) subject_namespace: Option<String>,
    pub(super) settings: Vec<Setting>,
}

impl Default for Advanced {
    fn default() -> Self {
        let connection = Connection::to(Vec::new());
        Self {
            start_tls: connection.start_tls,
            allow_plaintext: connection.allow_plaintext,
            ca_bundle: connection.ca_bundle,
            connect_timeout: connection.connect_timeout,
            operation_timeout: connection.operation_timeout,
            pool_connections_max: connection.pool_connections_max,
            search_scope: SearchScope::default(),
            custom_filter: None,
            synchronisation: Synchronisation::default(),
            read_bases: Vec::new(),
            groups_base: None,
            on_error: OnError::default(),
            email_verified_domains: Vec::new(),
            subject_namespace: None,
            settings: Vec::new(),
        }
    }
}

pub(super) fn read(section: Option<Section<'_>>, source: &Source<'_>) -> Advanced {
    let preset = Advanced::default();
    let Some(section) = section else {
        return preset;
    };
    refuse_referrals(&section);
    let timeout = |key, preset| {
        let range = Duration::from_millis(10)..=TIMEOUT_MAX;
        match section.span_or_number(key, Duration::from_millis(1), range) {
            Some(Switch::Every(timeout)) => timeout,
            Some(Switch::Off) => {
                section.fault(key, "cannot be switched off; give a span such as \"5s\"");
                preset
            }
            None => preset,
        }
    };
    let connections = section.number("pool_connections_max", 16, 1..=1_000);
    let scope = section.word("search_scope", SearchScopeWord::ALL);
    let on_error = section.word("on_error", OnErrorWord::ALL);
    let mut own = section
        .section("settings")
        .map(settings)
        .unwrap_or_default();
    if own.iter().any(|setting| setting.name == GROUPS_DN) {
        let message = "is said elsewhere; write it as advanced.groups.dn";
        section.fault(&format!("settings.{GROUPS_DN}"), message);
    }
    let groups_base = groups(&section);
    own.extend(groups_base.iter().map(|base| Setting {
        name: GROUPS_DN.to_owned(),
        value: base.to_string(),
    }));
    let advanced = Advanced {
        start_tls: section.flag("start_tls", false),
        allow_plaintext: section.flag("allow_plaintext", false),
        ca_bundle: ca_bundle(&section, source),
        connect_timeout: timeout("connection_timeout", preset.connect_timeout),
        operation_timeout: timeout("read_timeout", preset.operation_timeout),
        pool_connections_max: usize::try_from(connections).unwrap_or(preset.pool_connections_max),
        search_scope: scope.unwrap_or_default(),
        custom_filter: section.filled_text("custom_user_search_filter"),
        synchronisation: synchronisation(&section),
        read_bases: read_bases(&section),
        groups_base,
        on_error: on_error.unwrap_or_default(),
        email_verified_domains: section.each("email_verified_domains", |text| domain(&text)),
        subject_namespace: subject_namespace(&section),
        settings: own,
    };
    section.finish();
    advanced
}

/// A referral may lead credentials anywhere, so none is followed.
fn refuse_referrals(section: &Section<'_>) {
    if let Some(text) = section.filled_text("referral")
        && text.eq_ignore_ascii_case("follow")
    {
        let message = "referrals are not followed, since they may lead credentials anywhere; write \"ignore\", and name every server in connection_url";
        section.fault("referral", message);
    } else if section.filled_text("referral").is_some() {
        section.word("referral", ReferralWord::ALL);
    }
}

fn ca_bundle(section: &Section<'_>, source: &Source<'_>) -> Option<String> {
    let text = section.filled_text("ca_bundle")?;
    let bundle = section.typed("ca_bundle", Some(text), |text| source.certificates(text))?;
    if bundle.len() > CA_BUNDLE_OCTETS_MAX {
        section.fault("ca_bundle", "is longer than 1 MiB; name fewer authorities");
        return None;
    }
    // What is kept of it is shown and written down; a key would be, too.
    if bundle.contains("PRIVATE KEY-----") {
        let message = "has a private key in it, which is nobody's to have but the server's; take it out, and change it";
        section.fault("ca_bundle", message);
        return None;
    }
    let mut certificates = 0;
    for certificate in CertificateDer::pem_slice_iter(bundle.as_bytes()) {
        if let Err(error) = certificate {
            let message =
                format!("not PEM: {error}; give certificates as BEGIN CERTIFICATE blocks");
            section.fault("ca_bundle", message);
            return None;
        }
        certificates += 1;
    }
    if certificates == 0 {
        let message = "there is no certificate in it; give them as BEGIN CERTIFICATE blocks (PEM)";
        section.fault("ca_bundle", message);
        return None;
    }
    Some(bundle)
}

fn synchronisation(section: &Section<'_>) -> Synchronisation {
    let preset = Synchronisation::default();
    let period = |key| {
        let range = Duration::from_mins(1)..=Duration::from_hours(24 * 365);
        match section.span_or_number(key, Duration::from_secs(1), range)? {
            Switch::Every(period) => Some(period),
            Switch::Off => None,
        }
    };
    let batch = section.number("batch_size", i64::from(preset.batch_size), 1..=10_000);
    Synchronisation {
        full_period: period("full_sync_period"),
        changed_period: period("changed_sync_period"),
        pagination: section.flag("pagination", preset.pagination),
        batch_size: u32::try_from(batch).unwrap_or(preset.batch_size),
    }
}

fn read_bases(section: &Section<'_>) -> Vec<Subtree> {
    section.each("read_bases", |text| {
        Dn::parse(&text).map(|base| Subtree {
            base,
            scope: SearchScope::Subtree,
        })
    })
}

fn groups(section: &Section<'_>) -> Option<Dn> {
    let groups = section.section("groups")?;
    let text = groups.filled_text("dn");
    let base = groups.typed("dn", text, |text| Dn::parse(&text));
    if base.as_ref().is_some_and(Dn::is_root) {
        groups.fault("dn", "the root is not a place where groups live; name a DN");
    }
    groups.finish();
    base
}

fn domain(text: &str) -> Result<String, String> {
    let domain = text.trim().trim_end_matches('.').to_lowercase();
    let is_name =
        |label: &str| !label.is_empty() && label.chars().all(|c| c.is_alphanumeric() || c == '-');
    if domain.len() <= 253 && domain.split('.').all(is_name) {
        Ok(domain)
    } else {
        Err(format!(
            "{text:?} is not a domain; write the part after the @, such as \"example.com\""
        ))
    }
}

fn subject_namespace(section: &Section<'_>) -> Option<String> {
    let namespace = section.filled_text("subject_namespace")?;
    if namespace.len() > 256 || namespace.chars().any(char::is_control) {
        let message = "is longer than 256 octets, or has control characters; take a name";
        section.fault("subject_namespace", message);
        return None;
    }
    Some(namespace)
}
