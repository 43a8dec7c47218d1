//! The member `advanced`: what most federations can leave out.

use super::{GROUPS_DN, certificates, settings};
use crate::documents::{
    digest,
    section::{Section, Switch},
    source::Source,
    words::{OnErrorWord, ReferralWord, SearchScopeWord, TlsVersionWord},
};
use bridge_model::{
    dn::Dn,
    federation::{Connection, OnError, Synchronisation},
    search::{SearchScope, Setting, Subtree},
};
use std::time::Duration;
use url::Host;

/// The longest that connecting or an operation may be allowed to take.
const TIMEOUT_MAX: Duration = Duration::from_mins(2);

/// What is said there, or what holds where it is not.
pub(super) struct Advanced {
    /// Without URLs and a bind.
    pub(super) connection: Connection,
    /// Where users live beside `users_dn`.
    pub(super) more_users: Vec<Dn>,
    pub(super) search_scope: SearchScope,
    pub(super) custom_filter: Option<String>,
    pub(super) synchronisation: Synchronisation,
    pub(super) read_bases: Vec<Subtree>,
    pub(super) groups_base: Option<Dn>,
    pub(super) on_error: OnError,
    pub(super) email_verified_domains: Vec<String>,
    pub(super) subject_namespace: Option<String>,
    pub(super) policy_digest: Option<String>,
    pub(super) settings: Vec<Setting>,
}

impl Default for Advanced {
    fn default() -> Self {
        Self {
            connection: Connection::to(Vec::new()),
            more_users: Vec::new(),
            search_scope: SearchScope::default(),
            custom_filter: None,
            synchronisation: Synchronisation::default(),
            read_bases: Vec::new(),
            groups_base: None,
            on_error: OnError::default(),
            email_verified_domains: Vec::new(),
            subject_namespace: None,
            policy_digest: None,
            settings: Vec::new(),
        }
    }
}

pub(super) fn read(section: Option<Section<'_>>, source: &Source<'_>) -> Advanced {
    let preset = Advanced::default();
    let Some(section) = section else {
        return preset;
    };
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
    let pinned = section.filled_text("policy_digest");
    own.extend(groups_base.iter().map(|base| Setting {
        name: GROUPS_DN.to_owned(),
        value: base.to_string(),
    }));
    let advanced = Advanced {
        connection: connection(&section, source, preset.connection),
        more_users: section.each("more_users_dn", |text| Dn::parse(&text)),
        search_scope: scope.unwrap_or_default(),
        custom_filter: section.filled_text("custom_user_search_filter"),
        synchronisation: synchronisation(&section),
        read_bases: read_bases(&section),
        groups_base,
        on_error: on_error.unwrap_or_default(),
        email_verified_domains: section.each("email_verified_domains", |text| domain(&text)),
        subject_namespace: subject_namespace(&section),
        policy_digest: section.typed("policy_digest", pinned, |text| digest(&text)),
        settings: own,
    };
    section.finish();
    advanced
}

fn connection(section: &Section<'_>, source: &Source<'_>, preset: Connection) -> Connection {
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
    let most = section.number("pool_connections_max", 16, 1..=1_000);
    let least = section.number("pool_connections_min", 0, 0..=1_000);
    if least > most && !section.is_faulty("pool_connections_max") {
        let message =
            format!("is more than pool_connections_max, which is {most}; take as many at the most");
        section.fault("pool_connections_min", message);
    }
    let tls_min = section.word("tls_min", TlsVersionWord::ALL);
    Connection {
        start_tls: section.flag("start_tls", preset.start_tls),
        allow_plaintext: section.flag("allow_plaintext", preset.allow_plaintext),
        ca_bundle: certificates::read(section, "ca_bundle", source),
        connect_timeout: timeout("connection_timeout", preset.connect_timeout),
        operation_timeout: timeout("read_timeout", preset.operation_timeout),
        pool_connections_max: usize::try_from(most).unwrap_or(preset.pool_connections_max),
        pool_connections_min: usize::try_from(least).unwrap_or(preset.pool_connections_min),
        tls_min: tls_min.unwrap_or_default(),
        referral_hosts: referral_hosts(section),
        follow_aliases: section.flag("follow_aliases", preset.follow_aliases),
        ..preset
    }
}

/// A referral may lead credentials anywhere, so it is followed to the hosts that are named, and to no
/// others.
fn referral_hosts(section: &Section<'_>) -> Vec<String> {
    let word = match section.filled_text("referral") {
        Some(_) => section.word("referral", ReferralWord::ALL),
        None => Some(false),
    };
    let hosts = section.each("referral_hosts", |text| host(&text));
    match word {
        Some(true) if !section.has("referral_hosts") || section.is_empty_list("referral_hosts") => {
            let message = "needs the hosts that referrals may lead to, since they would lead credentials anywhere; name them as referral_hosts, or write \"ignore\"";
            section.fault("referral", message);
        }
        Some(false) if !hosts.is_empty() => {
            let message = "are of no use while referrals are ignored; set referral to \"follow\", or take them out";
            section.fault("referral_hosts", message);
        }
        _ => {}
    }
    hosts
}

fn host(text: &str) -> Result<String, String> {
    let name = text.trim().trim_end_matches('.');
    let host = Host::parse(name).map(|host| host.to_string());
    host.map_err(|_| {
        format!("{text:?} is no host; write its name or its address alone, such as \"ldap2.example.com\"")
    })
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
    let vanished = i64::from(preset.vanished_max_percent);
    let vanished = section.number("vanished_max_percent", vanished, 0..=100);
    Synchronisation {
        full_period: period("full_sync_period"),
        changed_period: period("changed_sync_period"),
        pagination: section.flag("pagination", preset.pagination),
        batch_size: u32::try_from(batch).unwrap_or(preset.batch_size),
        vanished_max_percent: u8::try_from(vanished).unwrap_or(preset.vanished_max_percent),
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
