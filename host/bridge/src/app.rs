//! The wiring: the only place that knows all rooms by their concrete types.

use crate::{
    audit::{AuditFile, KeptAudit},
    config::realm_file::RealmFile,
    system::{OsRandom, SystemClock},
    web::{
        self, BaseUrlError, Health, WebSettings, WebState,
        admin::{AdminSettings, AdminState, admin_router},
    },
};
use axum::Router;
use bridge_directory::LdapDirectories;
use bridge_federation::{Federations, SignIns, ThrottleLimits};
use bridge_model::{
    audit::{AuditEvent, AuditKind, AuditOutcome},
    names::{FederationId, RealmName},
    outbound::OutboundRules,
    ports::{AuditLog, Clock, Policies, PolicyError, Precondition, Random, Store, StoreError},
    realm::{Applied, Declaration, Lifetimes, PLATFORM, Realm, RealmDeclaration, Revision},
};
use bridge_oidc::Provider;
use bridge_policy::{Cache, HostError, HostSettings, Limits, PolicyHost};
use ipnet::IpNet;
use std::sync::Arc;
use tracing::{info, warn};
use url::Url;
use uuid::Builder as UuidBuilder;

/// A bridge: its store, policies and directories, and what is served of them. Cheap to clone.
#[derive(Clone)]
pub struct Bridge {
    store: Arc<dyn Store>,
    policies: Arc<PolicyHost>,
    federations: Arc<Federations>,
    directories: Arc<LdapDirectories>,
    audit: Arc<dyn AuditLog>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    web: WebState,
}

/// What a bridge is made of. Everything but the address and the store has a preset.
pub struct Builder {
    base_url: Url,
    store: Arc<dyn Store>,
    audit: Arc<dyn AuditLog>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    throttle: ThrottleLimits,
    policies: Option<PolicyHost>,
    trusted_proxies: Vec<IpNet>,
    outbound: OutboundRules,
    serve_health: bool,
}

/// Why there is no bridge.
#[derive(Debug, thiserror::Error)]
pub enum BridgeError {
    /// The public address cannot be one.
    #[error(transparent)]
    BaseUrl(#[from] BaseUrlError),
    /// The host of the policies cannot run here.
    #[error(transparent)]
    PolicyHost(#[from] HostError),
    /// A policy that is built in cannot be loaded.
    #[error(transparent)]
    Policy(#[from] PolicyError),
}

/// Why a file was not applied. Nothing of it is in force then.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// The store refused or failed.
    #[error("{source_file}: {error}")]
    Store {
        /// The file.
        source_file: String,
        /// Why.
        #[source]
        error: StoreError,
    },
}

impl Bridge {
    /// A bridge that browsers and clients reach at `base_url` and that keeps everything in `store`.
    pub fn builder(base_url: Url, store: Arc<dyn Store>) -> Builder {
        Builder {
            base_url,
            store,
            audit: Arc::new(AuditFile::standard_output()),
            clock: Arc::new(SystemClock),
            random: Arc::new(OsRandom),
            throttle: ThrottleLimits::default(),
            policies: None,
            trusted_proxies: Vec::new(),
            outbound: OutboundRules::default(),
            serve_health: true,
        }
    }

    /// The policies in force.
    pub fn policies(&self) -> &dyn Policies {
        &*self.policies
    }

    /// What people and clients meet.
    pub fn router(&self) -> Router {
        web::router(self.web.clone())
    }

    /// What administrators meet. `trail` is the audit log of this bridge, if it is one that can be read
    /// back: then they see what has just happened.
    pub fn admin_router(&self, trail: Option<KeptAudit>, settings: AdminSettings) -> Router {
        admin_router(AdminState::new(
            self.web.clone(),
            self.federations.clone(),
            self.policies.clone(),
            self.directories.clone(),
            trail,
            settings,
        ))
    }

    /// What probes are told.
    pub fn health(&self) -> &Health {
        &self.web.health
    }

    /// Who checks passwords.
    pub fn sign_ins(&self) -> &SignIns {
        &self.web.sign_ins
    }

    /// Where everything is kept.
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    /// Puts in force what a file declares, whole or not at all. Sign-ins on their way end on what
    /// they began with; the next ones find the new state.
    ///
    /// # Errors
    ///
    /// See [`ApplyError`].
    pub async fn apply(&self, file: &RealmFile) -> Result<Applied, ApplyError> {
        let failed = |error| ApplyError::Store {
            source_file: file.source.clone(),
            error,
        };
        let declaration = self
            .with_ids(&file.source, file.declared.clone(), true)
            .await
            .map_err(failed)?;
        self.put_in_force(&declaration).await.map_err(failed)
    }

    /// Withdraws what was declared by files other than these: their federations and clients are
    /// removed, their realms switched off. Has to come before [`Bridge::apply`], or a file that was
    /// renamed is in the way of itself.
    ///
    /// # Errors
    ///
    /// See [`ApplyError`].
    pub async fn withdraw_all_but(&self, files: &[RealmFile]) -> Result<(), ApplyError> {
        let failed = |source_file: &str, error| ApplyError::Store {
            source_file: source_file.to_owned(),
            error,
        };
        let sources = self.store.sources().await;
        for source in sources.map_err(|error| failed("the database", error))? {
            if files.iter().any(|file| file.source == source) {
                continue;
            }
            let nothing = Declaration {
                source: source.clone(),
                realms: Vec::new(),
                prune: true,
            };
            let withdrawn = self.put_in_force(&nothing).await;
            withdrawn.map_err(|error| failed(&source, error))?;
        }
        Ok(())
    }

    async fn put_in_force(&self, declaration: &Declaration) -> Result<Applied, StoreError> {
        let now = self.clock.now();
        let applied = self.store.apply(declaration, false, now).await?;
        self.federations.reload_all();
        for (kind, objects) in [
            (AuditKind::Created, &applied.created),
            (AuditKind::Changed, &applied.changed),
            (AuditKind::Removed, &applied.removed),
        ] {
            for object in objects {
                let mut event = AuditEvent::new(now, kind, AuditOutcome::Success);
                event.object = Some(object.clone());
                event.actor = Some(format!("file {}", declaration.source));
                self.audit.record(&event);
            }
        }
        Ok(applied)
    }

    /// Federations keep their ids over every change; new ones get theirs here.
    pub(crate) async fn with_ids(
        &self,
        source: &str,
        mut realm: RealmDeclaration,
        prune: bool,
    ) -> Result<Declaration, StoreError> {
        for declared in &mut realm.federations {
            let federation = &mut declared.planned.federation;
            let known = self
                .store
                .federation_key(&federation.realm, &federation.name)
                .await?;
            if let Some(key) = known {
                federation.id = key.id;
                federation.subject_namespace = key.subject_namespace;
            } else {
                federation.id = self.new_federation_id();
            }
        }
        Ok(Declaration {
            source: source.to_owned(),
            realms: vec![realm],
            prune,
        })
    }

    pub(crate) fn new_federation_id(&self) -> FederationId {
        let mut octets = [0; 16];
        self.random.fill(&mut octets);
        FederationId(UuidBuilder::from_random_bytes(octets).into_uuid())
    }

    /// Makes the realm whose administrators administer all realms, where it is missing.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub async fn ensure_platform(&self) -> Result<(), StoreError> {
        let name = RealmName::new(PLATFORM).expect("the name follows the rule of realms' names");
        if self.store.realm(&name).await?.is_some() {
            return Ok(());
        }
        let realm = Realm {
            name,
            display_name: None,
            enabled: true,
            lifetimes: Lifetimes::default(),
            admin_groups: Vec::new(),
            managed_by: None,
            revision: Revision::default(),
        };
        let now = self.clock.now();
        match self
            .store
            .save_realm(&realm, Precondition::Absent, now)
            .await
        {
            // Another node was faster.
            Ok(_) | Err(StoreError::Duplicate(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Lets the probes hear that requests are welcome. Whatever a realm needs beyond the store, keys,
    /// plans and connections, is made when it is first needed: a thousand idle realms cost nothing.
    pub fn ready(&self) {
        self.web.health.set_serving(true);
    }

    /// Removes what is over: sessions, grants, sign-ins that nobody finished.
    pub async fn sweep(&self) {
        match self.store.remove_expired(self.clock.now()).await {
            Ok(0) => {}
            Ok(rows) => info!(rows, "removed what was over"),
            Err(error) => warn!(%error, "what is over could not be removed"),
        }
    }
}

impl Builder {
    /// Where audit events go; preset: standard output.
    #[must_use]
    pub fn audit(mut self, audit: Arc<dyn AuditLog>) -> Self {
        self.audit = audit;
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
    pub fn policies(mut self, policies: PolicyHost) -> Self {
        self.policies = Some(policies);
        self
    }

    /// Whose word on a client's address is taken; preset: nobody's.
    #[must_use]
    pub fn trusted_proxies(mut self, proxies: Vec<IpNet>) -> Self {
        self.trusted_proxies = proxies;
        self
    }

    /// Where realms may connect to; preset: everywhere but to special addresses
    /// ([`bridge_model::outbound::is_special`]).
    #[must_use]
    pub fn outbound(mut self, rules: OutboundRules) -> Self {
        self.outbound = rules;
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
        let mut settings = WebSettings::new(self.base_url)?;
        settings.trusted_proxies = self.trusted_proxies;
        settings.serve_health = self.serve_health;
        let policies = match self.policies {
            Some(policies) => policies,
            None => built_in_policies(None)?,
        };
        let policies = Arc::new(policies);
        let directories = Arc::new(LdapDirectories::new(self.outbound));
        let federations = Arc::new(Federations::new(
            self.store.clone(),
            policies.clone(),
            directories.clone(),
        ));
        let sign_ins = SignIns::new(
            federations.clone(),
            self.store.clone(),
            self.clock.clone(),
            self.random.clone(),
            self.audit.clone(),
            self.throttle,
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
                store: self.store.clone(),
                audit: self.audit.clone(),
                clock: self.clock.clone(),
                random: self.random.clone(),
                health: Health::new(self.store.clone()),
                settings: Arc::new(settings),
            },
            store: self.store,
            policies,
            federations,
            directories,
            audit: self.audit,
            clock: self.clock,
            random: self.random,
        })
    }
}

/// The host of policies with those that are built in, compiled or from the cache.
///
/// # Errors
///
/// See [`BridgeError`].
pub fn built_in_policies(cache: Option<Cache>) -> Result<PolicyHost, BridgeError> {
    let host = PolicyHost::new(HostSettings {
        limits: Limits::default(),
        cache,
    })?;
    for component in bridge_components::components() {
        host.load(component.bytes)?;
    }
    Ok(host)
}
