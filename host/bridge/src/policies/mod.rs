//! Where policies come from: they are built in, lie in the operator's folder, were sent over the admin
//! API, or were fetched from a registry.
//!
//! Whatever is not built in is kept in the store from when it was admitted until nobody needs it any
//! more, so that it is there after a restart and can be rolled back to. Under each id one is in force.
//! What puts another in its place is always a swap, which translates every federation that uses it
//! first; what is refused leaves the last good one, and the reason is kept to be shown.

mod built_in;
mod changes;
mod files;
mod folder;
mod listed;
mod restored;

pub use built_in::built_in_policies;
pub(crate) use built_in::guarded_policies;
pub use changes::{PolicyChangeError, PullError};
pub use listed::{ListedPolicy, PolicyUser, Refusal};
pub use restored::Restored;

use crate::config::process::PoliciesConfig;
use bridge_federation::{Federations, Swaps};
use bridge_model::{
    names::RealmName,
    outbound::OutboundRules,
    policy::{KeptPolicy, PolicyInForce, PolicyPackage},
    ports::{AuditLog, Clock, Policies as _, PolicyError, Store, StoreError},
    realm::PolicyRef,
};
use bridge_policy::{PolicyHost, PolicyLine};
use folder::{Change, Folder, Patience};
pub(crate) use restored::aside;
use restored::refuse;
use std::{
    collections::BTreeMap,
    io,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::time::Instant;
use tracing::{error, info, warn};

/// Whoever acts on behalf of the folder.
const FOLDER_ACTOR: &str = "policy folder";

/// How long after a policy of the folder could not be put in force it is tried again: federations that
/// were in its way may have been corrected.
const TRY_AGAIN_AFTER: Duration = Duration::from_mins(1);

/// The policies of a bridge, and where they come from.
pub struct PolicySources {
    host: Arc<PolicyHost>,
    store: Arc<dyn Store>,
    federations: Arc<Federations>,
    swaps: Swaps,
    clock: Arc<dyn Clock>,
    /// Where registries may be.
    outbound: OutboundRules,
    config: PoliciesConfig,
    /// The digests of those that are built in, by id.
    built_in: BTreeMap<String, String>,
    refusals: Mutex<Refusals>,
    /// Held while something is changed: one thing comes after the other.
    changing: tokio::sync::Mutex<Files>,
}

/// What is refused at present, by what it is: `file a.wasm`, or a digest.
type Refusals = BTreeMap<String, Refusal>;

/// The folder, with the policies that its files hold.
#[derive(Default)]
struct Files {
    folder: Option<Folder>,
    /// By the file's name. What was refused is not here.
    taken: BTreeMap<String, PolicyRef>,
    /// What was admitted before there was a store to keep it in.
    unkept: Vec<(PolicyRef, PolicyPackage)>,
    /// The digests that are not yet in force with all that belongs to it: they came while the bridge did
    /// not run, or federations were in the way.
    pending: Vec<String>,
    /// When those were tried last.
    tried_at: Option<Instant>,
}

/// What [`PolicySources`] is made of beside what was restored.
pub struct Rooms {
    /// The component host.
    pub host: Arc<PolicyHost>,
    /// Where components are kept.
    pub store: Arc<dyn Store>,
    /// Whose plans follow from policies.
    pub federations: Arc<Federations>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Where swaps are written down.
    pub audit: Arc<dyn AuditLog>,
    /// Where registries may be.
    pub outbound: OutboundRules,
}

impl PolicySources {
    /// The policies that were restored, or those that are built in alone, from now on kept up with.
    pub fn new(rooms: Rooms, restored: Option<Restored>) -> Self {
        let Rooms {
            host,
            store,
            federations,
            clock,
            audit,
            outbound,
        } = rooms;
        let restored = restored.unwrap_or_else(|| Restored::built_in(&host));
        let swaps = Swaps::new(
            federations.clone(),
            store.clone(),
            host.clone(),
            clock.clone(),
            audit,
        );
        Self {
            host,
            store,
            federations,
            swaps,
            clock,
            outbound,
            config: restored.config,
            built_in: restored.built_in,
            refusals: Mutex::new(restored.refusals),
            changing: tokio::sync::Mutex::new(restored.files),
        }
    }

    /// The most octets of a component.
    pub fn component_octets_max(&self) -> usize {
        self.host.component_octets_max()
    }

    /// Lets go of what belonged to a realm that is removed, so that another of its name begins anew.
    pub fn forget_realm(&self, realm: &RealmName) {
        self.host.forget_realm(realm);
    }

    /// What the policies of a realm wrote last, the oldest first.
    pub fn log_of(&self, realm: &RealmName) -> Vec<PolicyLine> {
        self.host.log_of(realm)
    }

    /// Looks what became of the folder, and does what follows from it. To be called every few seconds.
    pub async fn look(&self) {
        let mut files = self.changing.lock().await;
        let Some(folder) = &mut files.folder else {
            return;
        };
        let changes = match folder.look(Patience::Settled) {
            Ok(changes) => changes,
            Err(error) => {
                let path = folder.path().display().to_string();
                self.refuse_folder(&path, &error);
                return;
            }
        };
        let path = folder.path().to_owned();
        self.refusals()
            .remove(&folder_name(&path.display().to_string()));
        self.keep_all(&mut files).await;
        let mut wanted = files.due();
        for change in changes {
            match change {
                Change::Here(name) => match self.take(&mut files, &path, &name).await {
                    Ok(policy) => {
                        wanted.retain(|digest| *digest != policy.digest);
                        wanted.push(policy.digest);
                    }
                    Err(reason) => self.refuse(&file_name(&name), reason),
                },
                Change::Gone(name) => self.withdraw(&mut files, &name).await,
            }
        }
        for digest in wanted {
            if !self.put_in_force(&files, &digest).await {
                files.pending.push(digest);
            }
        }
    }

    /// Admits a file of the folder and keeps it.
    async fn take(
        &self,
        files: &mut Files,
        folder: &Path,
        name: &str,
    ) -> Result<PolicyRef, String> {
        let (host, config) = (self.host.clone(), self.config.clone());
        let (folder, file) = (folder.to_owned(), name.to_owned());
        let admitted = aside(move || folder::admit(&host, &config, &folder, &file)).await?;
        let folder::Admitted { policy, package } = admitted;
        files.check_alone(name, &policy)?;
        self.keep(&policy, package)
            .await
            .map_err(|error| format!("it could not be kept: {error}"))?;
        let before = files.taken.insert(name.to_owned(), policy.clone());
        if let Some(before) = before.filter(|before| before.id != policy.id) {
            warn!(
                file = name,
                before = before.id,
                now = policy.id,
                "the file of a policy holds another one now"
            );
        }
        Ok(policy)
    }

    /// Keeps what was admitted before there was a store.
    async fn keep_all(&self, files: &mut Files) {
        while let Some((policy, package)) = files.unkept.pop() {
            if let Err(error) = self.keep(&policy, package.clone()).await {
                error!(policy = policy.id, %error, "a policy of the folder could not be kept");
                files.unkept.push((policy, package));
                return;
            }
        }
    }

    /// Has a policy of the folder in the place of the one in force, or says why not; false: it is to be
    /// tried again.
    async fn put_in_force(&self, files: &Files, digest: &str) -> bool {
        let mut taken = files.taken.iter();
        let Some((name, policy)) = taken.find(|(_, policy)| policy.digest == digest) else {
            return true;
        };
        let in_force = self.in_force_beside(policy);
        let done = if in_force.is_some_and(|now| now.digest == digest) {
            self.choose(policy).await.map_err(|error| error.to_string())
        } else {
            let swapped = self.swaps.swap(digest, FOLDER_ACTOR).await;
            swapped.map(|_| ()).map_err(|error| error.to_string())
        };
        match done {
            Ok(()) => {
                self.refusals().remove(&file_name(name));
                info!(
                    file = name,
                    policy = policy.id,
                    digest,
                    "a policy of the folder is in force"
                );
                self.let_go(files).await;
                true
            }
            Err(reason) => {
                self.refuse(&file_name(name), reason);
                false
            }
        }
    }

    /// Notes that a policy is in force, so that it is after a restart, whatever lies in the folder then.
    async fn choose(&self, policy: &PolicyRef) -> Result<(), StoreError> {
        let chosen = self.store.policies_in_force().await?;
        if chosen.iter().any(|known| known.digest == policy.digest) {
            return Ok(());
        }
        let choice = PolicyInForce {
            id: policy.id.clone(),
            digest: policy.digest.clone(),
            before: self.built_in.get(&policy.id).cloned(),
        };
        let now = self.clock.now();
        self.store
            .put_policy_in_force(&policy.id, Some(&choice), now)
            .await
    }

    /// Puts in force what was there before a file that is gone, or takes its policy out of force.
    async fn withdraw(&self, files: &mut Files, name: &str) {
        let source = file_name(name);
        self.refusals().remove(&source);
        let Some(policy) = files.taken.remove(name) else {
            return;
        };
        let in_force = self.in_force_beside(&policy);
        if in_force.is_some_and(|now| now.digest == policy.digest) {
            let done = match self.instead_of(&policy).await {
                Ok(Some(other)) => self
                    .swaps
                    .swap(&other, FOLDER_ACTOR)
                    .await
                    .map(|_| ())
                    .map_err(|error| error.to_string()),
                Ok(None) => self
                    .take_out_of_force(&policy)
                    .await
                    .map_err(|error| error.to_string()),
                Err(error) => Err(error.to_string()),
            };
            match done {
                Ok(()) => info!(file = name, policy = policy.id, "the file of a policy is gone"),
                Err(error) => self.refuse(
                    &source,
                    format!("the file is gone, and its policy stays in force, since what was before it cannot be put in its place: {error}"),
                ),
            }
        }
        self.let_go(files).await;
    }

    /// What is to be in force where a policy no longer is: the one before it, or the one that is built in.
    async fn instead_of(&self, policy: &PolicyRef) -> Result<Option<String>, StoreError> {
        let all = self.store.policies_in_force().await?;
        let known = all.into_iter().find(|known| known.id == policy.id);
        let before = known.and_then(|known| known.before);
        let built_in = self.built_in.get(&policy.id).cloned();
        let is_loaded =
            |digest: &String| *digest != policy.digest && self.host.provenance(digest).is_some();
        Ok(before.filter(is_loaded).or(built_in.filter(is_loaded)))
    }

    async fn take_out_of_force(&self, policy: &PolicyRef) -> Result<(), StoreError> {
        let now = self.clock.now();
        self.store
            .put_policy_in_force(&policy.id, None, now)
            .await?;
        self.host.withdraw(&policy.digest);
        self.federations.reload_all();
        warn!(
            policy = policy.id,
            digest = policy.digest,
            "no policy is in force under this id any more: its federations let nobody in"
        );
        Ok(())
    }

    /// The policy that answers to the id of one that is loaded.
    fn in_force_beside(&self, policy: &PolicyRef) -> Option<PolicyRef> {
        in_force_beside(&self.host, policy)
    }

    /// Keeps a component in the store.
    async fn keep(&self, policy: &PolicyRef, package: PolicyPackage) -> Result<(), StoreError> {
        let kept = KeptPolicy {
            policy: policy.clone(),
            package,
            kept_at: self.clock.now(),
        };
        self.store.keep_policy(&kept).await
    }

    /// Loads a component aside of whoever waits for the network.
    async fn load(
        &self,
        package: PolicyPackage,
    ) -> Result<(PolicyRef, PolicyPackage), PolicyError> {
        let host = self.host.clone();
        aside(move || {
            let policy = host.load(&package)?;
            Ok((policy, package))
        })
        .await
    }

    fn refuse_folder(&self, path: &str, error: &io::Error) {
        let reason = format!(
            "it cannot be read: {error}; make it, or give the bridge's user the right to read it"
        );
        self.refuse(&folder_name(path), reason);
    }

    /// Notes why something is not taken; said in the log once.
    fn refuse(&self, source: &str, reason: String) {
        refuse(&mut self.refusals(), source, reason, self.clock.now());
    }

    fn refusals(&self) -> MutexGuard<'_, Refusals> {
        // Nothing is left half-done under this lock.
        self.refusals.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The policy that answers to the id of one that is loaded.
fn in_force_beside(host: &PolicyHost, policy: &PolicyRef) -> Option<PolicyRef> {
    host.in_force(host.kind_of(&policy.digest)?, &policy.id)
}

/// What a file of the folder is called where it is spoken of.
fn file_name(name: &str) -> String {
    format!("file {name}")
}

/// What the folder is called.
fn folder_name(path: &str) -> String {
    format!("folder {path}")
}
