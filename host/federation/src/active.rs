//! Federations in force: each with its plan, its policy and its directory.

use crate::{reads, translate::translate};
use arc_swap::ArcSwap;
use bridge_model::{
    filter::Filter,
    names::{FederationName, RealmName},
    ports::{Directories, Directory, DirectoryError, Policies, Store, StoreError, VendorPolicy},
    realm::PlannedFederation,
    search::{Finding, Slot},
    secret::Secret,
    time::Timestamp,
};
use std::{collections::HashMap, sync::Arc, time::Duration};
use tokio::sync::Mutex;
use tracing::{info, warn};

/// How long reads that are alike for everyone are kept: an operator who changes the directory's rules
/// sees it within a minute.
const SHARED_KEPT: Duration = Duration::from_mins(1);

/// The federations in force, of all realms. A realm is loaded when it is first asked for, and anew
/// after [`Federations::reload_all`]; a sign-in ends on what it began with.
pub struct Federations {
    store: Arc<dyn Store>,
    policies: Arc<dyn Policies>,
    directories: Arc<dyn Directories>,
    realms: ArcSwap<HashMap<RealmName, Arc<ActiveRealm>>>,
    /// Held while a realm is loaded, so that it is loaded once.
    loading: Mutex<()>,
}

/// A realm's enabled federations, in the order in which they are asked.
pub(crate) struct ActiveRealm {
    pub(crate) subject_key: Secret,
    pub(crate) federations: Vec<Member>,
}

/// A federation answers for itself: one that cannot be put in force keeps the reason.
pub(crate) enum Member {
    Active(Box<ActiveFederation>),
    Broken {
        name: FederationName,
        reason: String,
    },
}

/// A federation that can be asked.
pub(crate) struct ActiveFederation {
    pub(crate) planned: PlannedFederation,
    pub(crate) policy: Arc<dyn VendorPolicy>,
    pub(crate) directory: Arc<dyn Directory>,
    shared: Mutex<Option<(Timestamp, Vec<Finding>)>>,
}

impl Federations {
    /// Federations of this store, translated by these policies, in these directories.
    pub fn new(
        store: Arc<dyn Store>,
        policies: Arc<dyn Policies>,
        directories: Arc<dyn Directories>,
    ) -> Self {
        Self {
            store,
            policies,
            directories,
            realms: ArcSwap::default(),
            loading: Mutex::new(()),
        }
    }

    /// Forgets all realms, so that the next sign-in to each finds it as the store has it now.
    pub fn reload_all(&self) {
        self.realms.store(Arc::default());
    }

    /// Loads a realm before anybody asks for it.
    ///
    /// # Errors
    ///
    /// When the store fails; a federation that cannot be put in force is none.
    pub async fn prepare(&self, realm: &RealmName) -> Result<(), StoreError> {
        self.realm(realm).await.map(|_| ())
    }

    pub(crate) async fn realm(&self, realm: &RealmName) -> Result<Arc<ActiveRealm>, StoreError> {
        if let Some(active) = self.realms.load().get(realm) {
            return Ok(active.clone());
        }
        let _one_at_a_time = self.loading.lock().await;
        if let Some(active) = self.realms.load().get(realm) {
            return Ok(active.clone());
        }
        let active = Arc::new(self.load(realm).await?);
        self.realms.rcu(|realms| {
            let mut realms = HashMap::clone(realms);
            realms.insert(realm.clone(), active.clone());
            realms
        });
        Ok(active)
    }

    async fn load(&self, realm: &RealmName) -> Result<ActiveRealm, StoreError> {
        let subject_key = self.store.subject_key(realm).await?;
        let subject_key = subject_key
            .ok_or_else(|| StoreError::Conflict(format!("there is no realm {realm}")))?;
        let mut federations = Vec::new();
        for planned in self.store.federations(realm).await? {
            if !planned.federation.enabled {
                continue;
            }
            let name = planned.federation.name.clone();
            federations.push(match self.activate(planned).await {
                Ok(active) => Member::Active(Box::new(active)),
                Err(reason) => {
                    warn!(%realm, federation = %name, reason, "federation cannot be put in force");
                    Member::Broken { name, reason }
                }
            });
        }
        Ok(ActiveRealm {
            subject_key,
            federations,
        })
    }

    async fn activate(&self, planned: PlannedFederation) -> Result<ActiveFederation, String> {
        let text = |error: &dyn std::error::Error| error.to_string();
        let policy = self
            .policies
            .vendor(&planned.federation.vendor)
            .map_err(|e| text(&e))?;
        let planned = self.with_plan_of(policy.as_ref(), planned).await?;
        let credential = self
            .store
            .bind_credential(&planned.federation)
            .await
            .map_err(|e| text(&e))?;
        let directory = self
            .directories
            .open(&planned.federation, credential)
            .map_err(|e| text(&e))?;
        Ok(ActiveFederation {
            planned,
            policy,
            directory,
            shared: Mutex::new(None),
        })
    }

    /// A plan belongs to the digest that made it: another one translates the federation anew.
    async fn with_plan_of(
        &self,
        policy: &dyn VendorPolicy,
        planned: PlannedFederation,
    ) -> Result<PlannedFederation, String> {
        if planned.policy.digest == policy.reference().digest {
            return Ok(planned);
        }
        let PlannedFederation {
            federation,
            managed_by,
            revision,
            ..
        } = planned;
        let mut planned = translate(self.policies.as_ref(), &federation, managed_by)
            .map_err(|error| error.to_string())?;
        planned.revision = revision;
        self.store
            .save_plan(federation.id, revision, &planned.plan, &planned.policy)
            .await
            .map_err(|error| error.to_string())?;
        info!(
            realm = %federation.realm,
            federation = %federation.name,
            policy.digest = planned.policy.digest,
            "federation translated anew because its policy changed"
        );
        Ok(planned)
    }
}

impl ActiveFederation {
    /// A filter for users: the plan's own, with the object classes and the operator's filter laid
    /// over it.
    pub(crate) fn user_filter(
        &self,
        text: &str,
        slots: &[Slot],
    ) -> Result<Filter, reads::ReadError> {
        let plan = &self.planned.plan;
        let mut parts: Vec<_> = plan
            .user_object_classes
            .iter()
            .map(|class| Filter::equal("objectClass", class.as_str()))
            .collect();
        parts.push(reads::check_filter(text, slots)?);
        if let Some(custom) = &self.planned.federation.custom_filter {
            parts.push(reads::check_filter(custom, &[])?);
        }
        Ok(Filter::And(parts))
    }

    /// The reads that are alike for everyone, at most [`SHARED_KEPT`] old.
    pub(crate) async fn shared(&self, now: Timestamp) -> Result<Vec<Finding>, SharedError> {
        if self.planned.plan.shared.is_empty() {
            return Ok(Vec::new());
        }
        let mut shared = self.shared.lock().await;
        if let Some((read_at, findings)) = shared.as_ref()
            && now < read_at.plus(SHARED_KEPT)
        {
            return Ok(findings.clone());
        }
        let bounds = reads::Bounds {
            readable: &self.planned.federation.read_bases,
            own: None,
            after_failure: false,
        };
        let mut findings = Vec::new();
        for wish in &self.planned.plan.shared {
            let found = self.directory.search(&reads::admit(wish, &bounds)?).await?;
            if wish.required && found.result_code != 0 {
                return Err(SharedError::Required(wish.key.clone(), found.result_code));
            }
            findings.push(Finding {
                key: wish.key.clone(),
                result_code: found.result_code,
                entries: found.entries,
            });
        }
        *shared = Some((now, findings.clone()));
        Ok(findings)
    }
}

/// Why the reads that are alike for everyone are not there.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SharedError {
    #[error(transparent)]
    Read(#[from] reads::ReadError),
    #[error(transparent)]
    Directory(#[from] DirectoryError),
    #[error("the read {0:?} ended with result code {1}")]
    Required(String, u32),
}
