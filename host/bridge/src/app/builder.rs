//! What a bridge is made of.

use super::{Bridge, BridgeError};
use crate::{
    audit::AuditFile,
    policies::{PolicySources, Restored, Rooms, built_in_policies},
    system::{OsRandom, SystemClock},
    web::{Health, WebSettings, WebState},
};
use bridge_directory::LdapDirectories;
use bridge_federation::{Accounts, Federations, Recorder, SignIns, Synchroniser, ThrottleLimits};
use bridge_model::{
    outbound::OutboundRules,
    ports::{AuditLog, Clock, Random, Store},
};
use bridge_oidc::Provider;
use bridge_policy::PolicyHost;
use ipnet::IpNet;
use std::{sync::Arc, time::Duration};
use url::Url;

/// How long the audit trail can be read back, where nobody says: as long as most look back.
const AUDIT_KEEP: Duration = Duration::from_hours(90 * 24);

/// What a bridge is made of. Everything but the address and the store has a preset.
pub struct Builder {
    base_url: Url,
    store: Arc<dyn Store>,
    audit: Arc<dyn AuditLog>,
    audit_keep: Duration,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    throttle: ThrottleLimits,
    policies: Option<Arc<PolicyHost>>,
    restored: Option<Restored>,
    trusted_proxies: Vec<IpNet>,
    outbound: OutboundRules,
    recorder: Option<Recorder>,
    serve_health: bool,
}

impl Builder {
    pub(super) fn new(base_url: Url, store: Arc<dyn Store>) -> Self {
        Self {
            base_url,
            store,
            audit: Arc::new(AuditFile::standard_output()),
            audit_keep: AUDIT_KEEP,
            clock: Arc::new(SystemClock),
            random: Arc::new(OsRandom),
            throttle: ThrottleLimits::default(),
            policies: None,
            restored: None,
            trusted_proxies: Vec::new(),
            outbound: OutboundRules::default(),
            recorder: None,
            serve_health: true,
        }
    }

    /// Where audit events go; preset: standard output.
    #[must_use]
    pub fn audit(mut self, audit: Arc<dyn AuditLog>) -> Self {
        self.audit = audit;
        self
    }

    /// How long audit events can be read back; preset: 90 days.
    #[must_use]
    pub fn audit_keep(mut self, keep: Duration) -> Self {
        self.audit_keep = keep;
        self
    }

    /// The clock; preset: the machine's.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// The randomness; preset: the operating system's.
    #[must_use]
    pub fn random(mut self, random: Arc<dyn Random>) -> Self {
        self.random = random;
        self
    }

    /// How many failed attempts are taken; preset: [`ThrottleLimits::default`].
    #[must_use]
    pub fn throttle(mut self, throttle: ThrottleLimits) -> Self {
        self.throttle = throttle;
        self
    }

    /// The policies; preset: those that are built in, compiled anew.
    #[must_use]
    pub fn policies(mut self, policies: impl Into<Arc<PolicyHost>>) -> Self {
        self.policies = Some(policies.into());
        self
    }

    /// What was restored into the policies' host before; preset: nothing, those that are built in are
    /// all.
    #[must_use]
    pub fn restored(mut self, restored: Restored) -> Self {
        self.restored = Some(restored);
        self
    }

    /// Whose word on a client's address is taken; preset: nobody's.
    #[must_use]
    pub fn trusted_proxies(mut self, proxies: Vec<IpNet>) -> Self {
        self.trusted_proxies = proxies;
        self
    }

    /// Where the bridge may connect to, for realms and to registries of policies; preset: everywhere but to special addresses
    /// ([`bridge_model::outbound::is_special`]).
    #[must_use]
    pub fn outbound(mut self, rules: OutboundRules) -> Self {
        self.outbound = rules;
        self
    }

    /// Who records sign-ins; preset: nobody.
    #[must_use]
    pub fn recorder(mut self, recorder: Option<Recorder>) -> Self {
        self.recorder = recorder;
        self
    }

    /// Keeps the probes off the router, for a listener of their own.
    #[must_use]
    pub fn health_elsewhere(mut self) -> Self {
        self.serve_health = false;
        self
    }

    /// Wires everything together and loads the policies that are built in.
    ///
    /// # Errors
    ///
    /// See [`BridgeError`].
    pub fn build(self) -> Result<Bridge, BridgeError> {
        let settings = settings(self.base_url, self.trusted_proxies, self.serve_health)?;
        let built_in = || built_in_policies(None).map(Arc::new);
        let policies = self.policies.map_or_else(built_in, Ok)?;
        let directories = Arc::new(LdapDirectories::new(self.outbound.clone()));
        let federations =
            Federations::new(self.store.clone(), policies.clone(), directories.clone());
        let federations = Arc::new(recorded(federations, self.recorder));
        let rooms = Rooms {
            host: policies.clone(),
            store: self.store.clone(),
            federations: federations.clone(),
            clock: self.clock.clone(),
            audit: self.audit.clone(),
            outbound: self.outbound,
        };
        let sign_ins = SignIns::new(
            federations.clone(),
            self.store.clone(),
            self.clock.clone(),
            self.random.clone(),
            self.audit.clone(),
            self.throttle,
        );
        let accounts = Accounts::new(
            federations.clone(),
            self.store.clone(),
            self.clock.clone(),
            self.random.clone(),
            self.audit.clone(),
            self.throttle,
        );
        let synchroniser = Synchroniser::new(
            federations.clone(),
            self.store.clone(),
            self.clock.clone(),
            self.audit.clone(),
        );
        let provider = Provider::new(
            settings.base_url().clone(),
            self.store.clone(),
            self.clock.clone(),
            self.random.clone(),
        );
        Ok(Bridge {
            web: WebState {
                provider,
                sign_ins,
                accounts: accounts.clone(),
                store: self.store.clone(),
                audit: self.audit.clone(),
                clock: self.clock.clone(),
                random: self.random.clone(),
                health: Health::new(self.store.clone()),
                settings: Arc::new(settings),
            },
            store: self.store,
            policies,
            sources: Arc::new(PolicySources::new(rooms, self.restored)),
            federations,
            accounts,
            synchroniser,
            directories,
            audit: self.audit,
            audit_keep: self.audit_keep,
            clock: self.clock,
            random: self.random,
        })
    }
}

fn settings(
    base_url: Url,
    trusted_proxies: Vec<IpNet>,
    serve_health: bool,
) -> Result<WebSettings, BridgeError> {
    let mut settings = WebSettings::new(base_url)?;
    settings.trusted_proxies = trusted_proxies;
    settings.serve_health = serve_health;
    Ok(settings)
}

fn recorded(federations: Federations, recorder: Option<Recorder>) -> Federations {
    match recorder {
        Some(recorder) => federations.with_recorder(recorder),
        None => federations,
    }
}
