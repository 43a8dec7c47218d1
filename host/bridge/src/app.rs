//! The wiring: the only place that knows all rooms by their concrete types.

mod builder;
mod runs;

pub use builder::Builder;

use crate::{
    audit::KeptAudit,
    config::realm_file::RealmFile,
    policies::PolicySources,
    web::{
        self, BaseUrlError, Health, WebState,
        admin::{AdminRooms, AdminSettings, AdminState, admin_router},
    },
};
use axum::Router;
use bridge_directory::LdapDirectories;
use bridge_federation::{Accounts, Federations, SignIns, Synchroniser, subject_effect};
use bridge_model::{
    audit::{AuditEvent, AuditKind, AuditOutcome},
    federation::Federation,
    names::{FederationId, RealmName},
    ports::{AuditLog, Clock, Policies, PolicyError, Precondition, Random, Store, StoreError},
    realm::{Applied, Declaration, PLATFORM, PlannedFederation, Prune, Realm},
};
use bridge_policy::{HostError, PolicyHost};
use std::{io, path::Path, sync::Arc, time::Duration};
use tracing::{info, warn};
use url::Url;

/// A bridge: its store, policies and directories, and what is served of them. Cheap to clone.
#[derive(Clone)]
pub struct Bridge {
    store: Arc<dyn Store>,
    policies: Arc<PolicyHost>,
    sources: Arc<PolicySources>,
    federations: Arc<Federations>,
    accounts: Accounts,
    synchroniser: Synchroniser,
    directories: Arc<LdapDirectories>,
    audit: Arc<dyn AuditLog>,
    audit_keep: Duration,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    web: WebState,
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
    /// The program that admits components is this one, and the system does not say where it is.
    #[error(
        "the program that runs cannot be found: {0}; policies are admitted by another process of it"
    )]
    Program(#[source] io::Error),
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
        Builder::new(base_url, store)
    }

    /// The policies in force.
    pub fn policies(&self) -> &dyn Policies {
        &*self.policies
    }

    /// Where the policies come from. They have to be looked at every few seconds
    /// ([`PolicySources::look`]).
    pub fn policy_sources(&self) -> &PolicySources {
        &self.sources
    }

    /// What people and clients meet.
    pub fn router(&self) -> Router {
        web::router(self.web.clone())
    }

    /// What administrators meet. `trail` is the audit log of this bridge, if it is one that can be read
    /// back: then they see what has just happened.
    pub fn admin_router(&self, trail: Option<KeptAudit>, settings: AdminSettings) -> Router {
        let rooms = AdminRooms {
            federations: self.federations.clone(),
            accounts: self.accounts.clone(),
            synchroniser: self.synchroniser.clone(),
            policies: self.policies.clone(),
            sources: self.sources.clone(),
            directories: self.directories.clone(),
        };
        admin_router(&AdminState::new(self.web.clone(), rooms, trail, settings))
    }

    /// What probes are told.
    pub fn health(&self) -> &Health {
        &self.web.health
    }

    /// Who checks passwords.
    pub fn sign_ins(&self) -> &SignIns {
        &self.web.sign_ins
    }

    /// Who makes, changes and removes people.
    pub fn accounts(&self) -> &Accounts {
        &self.accounts
    }

    /// Who reads all people of a directory. It has to be asked for what is due every quarter of a
    /// minute or so ([`Synchroniser::start_due`]).
    pub fn synchroniser(&self) -> &Synchroniser {
        &self.synchroniser
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
        let declaration = self.with_ids(file).await.map_err(failed)?;
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
            // What has no absolute path came over the admin API.
            let is_file = Path::new(&source).is_absolute();
            if !is_file || files.iter().any(|file| file.source == source) {
                continue;
            }
            let nothing = Declaration {
                source: source.clone(),
                realms: Vec::new(),
                prune: Prune::AllRealms,
                adopt: false,
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
                event.realm = realm_of(object);
                event.object = Some(object.clone());
                event.actor = Some(format!("file {}", declaration.source));
                self.audit.record(&event);
            }
        }
        Ok(applied)
    }

    /// Federations keep their ids over every change, and what their subjects are derived under, unless
    /// the file says another; new ones get their ids here.
    async fn with_ids(&self, file: &RealmFile) -> Result<Declaration, StoreError> {
        let mut realm = file.declared.clone();
        for declared in &mut realm.federations {
            let federation = &mut declared.planned.federation;
            let known = self
                .store
                .federation_key(&federation.realm, &federation.name)
                .await?;
            let said = file.subject_namespaces.get(federation.name.as_str());
            if let Some(key) = known {
                federation.id = key.id;
                federation.subject_namespace = said.cloned().unwrap_or(key.subject_namespace);
                self.warn_of_strangers(&declared.planned).await?;
            } else {
                federation.id = FederationId(self.random.uuid());
            }
        }
        Ok(Declaration {
            source: file.source.clone(),
            realms: vec![realm],
            prune: Prune::AllRealms,
            adopt: false,
        })
    }

    /// Says how many people a file makes into others: the admin API asks first, a file cannot be asked.
    async fn warn_of_strangers(&self, declared: &PlannedFederation) -> Result<(), StoreError> {
        let Federation {
            id, realm, name, ..
        } = &declared.federation;
        let Some(current) = self.store.federation(realm, *id).await? else {
            return Ok(());
        };
        let users = subject_effect(self.store.as_ref(), &current, declared).await?;
        if users > 0 {
            warn!(
                %realm,
                federation = %name,
                users,
                "these people are others to all applications from now on, since what they are identified by has changed; take the change back, or import their subjects"
            );
        }
        Ok(())
    }

    /// Makes the realm whose administrators administer all realms, where it is missing.
    ///
    /// # Errors
    ///
    /// When the store fails.
    #[expect(
        clippy::missing_panics_doc,
        reason = "the constant follows the rule of realms' names"
    )]
    pub async fn ensure_platform(&self) -> Result<(), StoreError> {
        let name = RealmName::new(PLATFORM).expect("the name follows the rule of realms' names");
        if self.store.realm(&name).await?.is_some() {
            return Ok(());
        }
        let realm = Realm::new(name);
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

    /// Removes what is over: sessions, grants, sign-ins that nobody finished, events of long ago; and
    /// lets go of what nobody uses. To be called every few minutes.
    pub async fn sweep(&self) {
        let now = self.clock.now();
        for removed in [
            self.store.remove_expired(now).await,
            self.store.remove_events(now.minus(self.audit_keep)).await,
        ] {
            match removed {
                Ok(0) => {}
                Ok(rows) => info!(rows, "removed what was over"),
                Err(error) => warn!(%error, "what is over could not be removed"),
            }
        }
        self.federations.forget_idle();
    }
}

/// The realm of an object such as `federation staff/ldap`.
fn realm_of(object: &str) -> Option<String> {
    let (_, name) = object.split_once(' ')?;
    let (realm, _) = name.split_once('/').unwrap_or((name, ""));
    Some(realm.to_owned())
}
