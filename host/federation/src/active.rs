//! The federations in force, of all realms.

use crate::{
    chain::{Fitted, Misfit, fit},
    member::{ActiveFederation, Broken, Member, takes_new_users},
    record::Recorder,
    shadow::Beside,
};
use bridge_model::{
    names::RealmName,
    policy::PolicyRules,
    ports::{Directories, Policies, Store, StoreError},
    realm::PlannedFederation,
    secret::Secret,
};
use std::{
    collections::HashMap,
    sync::{
        Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::sync::Mutex;
use tracing::{info, warn};

/// A realm that nobody signed in to for longer is forgotten until somebody does: its plans and its
/// connections are most of what an idle realm costs. The directories' own connections live about as
/// long when nobody uses them.
const IDLE_MAX: Duration = Duration::from_mins(5);
/// How often idle realms are looked for, at most.
const SWEEP_EVERY: Duration = Duration::from_secs(15);

/// The federations in force, of all realms. A realm is loaded when it is first asked for, and anew
/// after [`Federations::reload`]; a sign-in ends on what it began with.
pub struct Federations {
    store: Arc<dyn Store>,
    policies: Arc<dyn Policies>,
    directories: Arc<dyn Directories>,
    /// Who looks on at sign-ins.
    beside: Beside,
    loaded: RwLock<Loaded>,
    /// Held while a realm is loaded, so that it is loaded once.
    loading: Mutex<()>,
    started: Instant,
    idle_max: Duration,
    /// When idle realms were last looked for, in milliseconds after `started`.
    swept_at: AtomicU64,
}

#[derive(Default)]
struct Loaded {
    realms: HashMap<RealmName, Held>,
    /// How often something was forgotten on purpose: what was read from the store before that is
    /// not kept.
    reloads: u64,
}

struct Held {
    realm: Arc<ActiveRealm>,
    /// In milliseconds after [`Federations::started`].
    used_at: AtomicU64,
}

/// A realm's enabled federations, in the order in which they are asked.
pub(crate) struct ActiveRealm {
    pub(crate) subject_key: Secret,
    pub(crate) members: Vec<Member>,
    /// Whether the next who asks would find the same: not where a policy had no time just now.
    is_settled: bool,
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
            beside: Beside::default(),
            loaded: RwLock::default(),
            loading: Mutex::new(()),
            started: Instant::now(),
            idle_max: IDLE_MAX,
            swept_at: AtomicU64::new(0),
        }
    }

    /// Forgets realms after another time without use.
    #[must_use]
    pub fn with_idle_max(mut self, idle_max: Duration) -> Self {
        self.idle_max = idle_max;
        self
    }

    /// Records sign-ins.
    #[must_use]
    pub fn with_recorder(mut self, recorder: Recorder) -> Self {
        self.beside = Beside::recording(recorder);
        self
    }

    /// Forgets all realms, so that the next sign-in to each finds it as the store has it now.
    pub fn reload_all(&self) {
        let mut loaded = self.write();
        loaded.reloads += 1;
        loaded.realms = HashMap::new();
    }

    /// Forgets one realm, so that the next sign-in to it finds it as the store has it now.
    pub fn reload(&self, realm: &RealmName) {
        let mut loaded = self.write();
        loaded.reloads += 1;
        loaded.realms.remove(realm);
    }

    /// Forgets the realms that nobody has used for a while; gives how many. Done now and then by
    /// itself while realms are loaded; whoever has a clock ticking calls it too, for a bridge at rest.
    pub fn forget_idle(&self) -> usize {
        let now = self.millis();
        self.swept_at.store(now, Ordering::Relaxed);
        let mut loaded = self.write();
        let before = loaded.realms.len();
        let oldest = now.saturating_sub(millis(self.idle_max));
        loaded
            .realms
            .retain(|_, held| held.used_at.load(Ordering::Relaxed) >= oldest);
        let forgotten = before - loaded.realms.len();
        if forgotten > 0 {
            loaded.realms.shrink_to_fit();
        }
        forgotten
    }

    /// A realm as it is in force; loaded where nobody has asked for it lately.
    pub(crate) async fn realm(&self, realm: &RealmName) -> Result<Arc<ActiveRealm>, StoreError> {
        if let Some(active) = self.held(realm) {
            return Ok(active);
        }
        let _one_at_a_time = self.loading.lock().await;
        if let Some(active) = self.held(realm) {
            return Ok(active);
        }
        if self.millis() >= self.swept_at.load(Ordering::Relaxed) + millis(SWEEP_EVERY) {
            self.forget_idle();
        }
        let reloads = self.read().reloads;
        let active = Arc::new(self.load(realm).await?);
        let mut loaded = self.write();
        // What changed meanwhile may not be in it: then it serves this caller alone.
        if loaded.reloads == reloads && active.is_settled {
            let held = Held {
                realm: active.clone(),
                used_at: AtomicU64::new(self.millis()),
            };
            loaded.realms.insert(realm.clone(), held);
        }
        Ok(active)
    }

    pub(crate) fn store(&self) -> &dyn Store {
        &*self.store
    }

    pub(crate) fn beside(&self) -> &Beside {
        &self.beside
    }

    pub(crate) fn policies(&self) -> &dyn Policies {
        &*self.policies
    }

    pub(crate) fn directories(&self) -> &dyn Directories {
        &*self.directories
    }

    fn held(&self, realm: &RealmName) -> Option<Arc<ActiveRealm>> {
        let loaded = self.read();
        let held = loaded.realms.get(realm)?;
        held.used_at.store(self.millis(), Ordering::Relaxed);
        Some(held.realm.clone())
    }

    fn millis(&self) -> u64 {
        millis(self.started.elapsed())
    }

    // Nothing is left half done under either lock.
    fn read(&self) -> RwLockReadGuard<'_, Loaded> {
        self.loaded.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Loaded> {
        self.loaded.write().unwrap_or_else(PoisonError::into_inner)
    }

    async fn load(&self, realm: &RealmName) -> Result<ActiveRealm, StoreError> {
        let subject_key = self.store.subject_key(realm).await?;
        let missing = || StoreError::Missing(format!("realm {realm}"));
        let subject_key = subject_key.ok_or_else(missing)?;
        let rules = self.store.realm(realm).await?.ok_or_else(missing)?.policies;
        let time_per_second = Duration::from_millis(rules.cpu_ms_per_second.into());
        self.policies.limit_realm(realm, time_per_second);
        let mut is_settled = true;
        let off = self.store.policies_off().await?;
        let mut members = Vec::new();
        for planned in self.store.federations(realm).await? {
            if !planned.federation.enabled {
                continue;
            }
            let federation = &planned.federation;
            let mut broken = Broken {
                name: federation.name.clone(),
                id: federation.id,
                vendor: federation.vendor.clone(),
                on_error: federation.on_error,
                takes_new_users: takes_new_users(federation),
                reason: String::new(),
            };
            members.push(match self.activate(planned, &rules, &off).await {
                Ok(active) => Member::Active(Arc::new(active)),
                Err(misfit) => {
                    is_settled &= !misfit.is_busy();
                    let reason = misfit.to_string();
                    warn!(%realm, federation = %broken.name, reason, "federation cannot be put in force");
                    broken.reason = reason;
                    Member::Broken(broken)
                }
            });
        }
        Ok(ActiveRealm {
            subject_key,
            members,
            is_settled,
        })
    }

    async fn activate(
        &self,
        planned: PlannedFederation,
        rules: &PolicyRules,
        off: &[String],
    ) -> Result<ActiveFederation, Misfit> {
        let refused = |error: &dyn std::error::Error| Misfit::Refused(error.to_string());
        let Fitted {
            planned,
            policy,
            links,
            is_new,
        } = fit(self.policies(), rules, planned)?;
        let mappers = links.iter().map(|link| &link.mapper.policy);
        let mut used = std::iter::once(policy.reference()).chain(mappers);
        if let Some(policy) = used.find(|policy| off.contains(&policy.id)) {
            let reason = format!("policy {} is switched off", policy.id);
            return Err(Misfit::Refused(reason));
        }
        if is_new {
            self.save(&planned).await.map_err(|e| refused(&e))?;
        }
        let credential = self.store.bind_credential(&planned.federation).await;
        let credential = credential.map_err(|e| refused(&e))?;
        ActiveFederation::open(planned, policy, self.directories(), credential)
            .map(|federation| federation.with_links(links).with_beside(&self.beside))
            .map_err(|e| refused(&e))
    }

    /// Keeps a plan that was made anew.
    async fn save(&self, planned: &PlannedFederation) -> Result<(), StoreError> {
        let federation = &planned.federation;
        let (plan, policy) = (&planned.plan, &planned.policy);
        let saved = self
            .store
            .save_plan(federation.id, planned.revision, plan, policy)
            .await;
        match saved {
            Ok(()) => info!(
                realm = %federation.realm,
                federation = %federation.name,
                policy.digest = policy.digest,
                "federation translated anew because its policies changed"
            ),
            // Whoever changed the federation has saved the plan of what it is now, and has it read.
            Err(StoreError::Stale(_)) => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
