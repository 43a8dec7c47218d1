//! What is there when a bridge starts: what is built in, what was kept, and what lies in the folder.

use super::{
    Files, Refusals, file_name,
    folder::{self, Change, Folder, Patience},
    folder_name, in_force_beside,
    listed::Refusal,
};
use crate::config::{Fault, process::PoliciesConfig};
use bridge_model::{
    policy::{KeptPolicy, PolicyInForce, PolicyOrigin},
    ports::Policies as _,
    time::Timestamp,
};
use bridge_policy::PolicyHost;
use bridge_store::KeptPolicies;
use std::{collections::BTreeMap, panic, path::Path, sync::Arc};
use tokio::task::spawn_blocking;
use tracing::{error, warn};

/// The policies that are there when a bridge starts, admitted, and as far as that is known in force.
#[derive(Default)]
pub struct Restored {
    pub(super) config: PoliciesConfig,
    pub(super) built_in: BTreeMap<String, String>,
    pub(super) files: Files,
    pub(super) refusals: Refusals,
}

impl Restored {
    /// Those that are built in, which `host` has in force already, and no others.
    pub fn built_in(host: &PolicyHost) -> Self {
        let loaded = host.listed().into_iter();
        let built_in = loaded.filter(|known| known.provenance.origin == PolicyOrigin::BuiltIn);
        Self {
            built_in: built_in
                .map(|known| (known.reference.id, known.reference.digest))
                .collect(),
            ..Self::default()
        }
    }

    /// With those of the folder, and those that were kept and put in force before. Whatever is not
    /// admitted is noted and passed over.
    pub async fn all(
        host: &Arc<PolicyHost>,
        config: PoliciesConfig,
        database: KeptPolicies,
        now: Timestamp,
    ) -> Self {
        let mut restored = Self {
            config,
            ..Self::built_in(host)
        };
        let mut kept_before = Vec::new();
        let choices = database.in_force;
        for kept in database.kept {
            kept_before.push(kept.policy.digest.clone());
            restored.load(host, kept, now).await;
        }
        restored.choose(host, &choices);
        restored.read_folder(host, now).await;
        restored.take_files(host, &choices, &kept_before, now);
        restored
    }

    /// Why files of the folder, or the folder itself, are not taken.
    pub(crate) fn faults(&self) -> Vec<Fault> {
        let folder = self.config.folder.as_deref().unwrap_or(Path::new(""));
        let refusals = self.refusals.values().map(|refusal| {
            let file = match refusal.source.strip_prefix("file ") {
                Some(name) => folder.join(name),
                None => folder.to_owned(),
            };
            Fault {
                file,
                line: 0,
                field: String::new(),
                message: refusal.reason.clone(),
            }
        });
        refusals.collect()
    }

    async fn load(&mut self, host: &Arc<PolicyHost>, kept: KeptPolicy, now: Timestamp) {
        let host = host.clone();
        let loaded = aside(move || host.load(&kept.package)).await;
        if let Err(error) = loaded {
            let source = kept.policy.digest;
            refuse(&mut self.refusals, &source, error.to_string(), now);
        }
    }

    /// Puts in force what the operator chose, as far as it is there.
    fn choose(&mut self, host: &PolicyHost, choices: &[PolicyInForce]) {
        for choice in choices {
            if let Err(error) = host.put_in_force(&choice.digest) {
                let built_in = self.built_in.get(&choice.id);
                warn!(
                    policy = choice.id,
                    digest = choice.digest,
                    %error,
                    instead = built_in.map_or("nothing", String::as_str),
                    "the policy that was in force is not there any more"
                );
            }
        }
    }

    async fn read_folder(&mut self, host: &Arc<PolicyHost>, now: Timestamp) {
        let Some(path) = self.config.folder.clone() else {
            return;
        };
        let mut folder = Folder::at(path.clone());
        match folder.look(Patience::None) {
            Err(error) => {
                let reason = format!(
                    "it cannot be read: {error}; make it, or give the bridge's user the right to read it"
                );
                let source = folder_name(&path.display().to_string());
                refuse(&mut self.refusals, &source, reason, now);
            }
            Ok(changes) => {
                for change in changes {
                    let Change::Here(name) = change else { continue };
                    let admitted = self.admit(host, &path, &name).await;
                    if let Err(reason) = admitted {
                        refuse(&mut self.refusals, &file_name(&name), reason, now);
                    }
                }
            }
        }
        self.files.folder = Some(folder);
    }

    async fn admit(
        &mut self,
        host: &Arc<PolicyHost>,
        folder: &Path,
        name: &str,
    ) -> Result<(), String> {
        let (host, config) = (host.clone(), self.config.clone());
        let (folder, file) = (folder.to_owned(), name.to_owned());
        let admitted = aside(move || folder::admit(&host, &config, &folder, &file)).await?;
        self.files.check_alone(name, &admitted.policy)?;
        let folder::Admitted { policy, package } = admitted;
        self.files.unkept.push((policy.clone(), package));
        self.files.taken.insert(name.to_owned(), policy);
        Ok(())
    }

    /// Puts the folder's policies in force where nobody chose another. Where somebody did, one that is
    /// new waits for a swap, and one that was kept before was there when they chose.
    fn take_files(
        &mut self,
        host: &PolicyHost,
        chosen: &[PolicyInForce],
        kept: &[String],
        now: Timestamp,
    ) {
        let taken: Vec<_> = self.files.taken.clone().into_iter().collect();
        for (name, policy) in taken {
            let digest = &policy.digest;
            let in_force = in_force_beside(host, &policy).map(|known| known.digest);
            let is_chosen = |choice: &PolicyInForce| {
                choice.id == policy.id && Some(&choice.digest) == in_force.as_ref()
            };
            if chosen.iter().any(is_chosen) {
                if in_force.as_ref() != Some(digest) && !kept.contains(digest) {
                    self.files.pending.push(policy.digest);
                }
                continue;
            }
            match host.put_in_force(digest) {
                Ok(_) => self.files.pending.push(policy.digest),
                Err(error) => {
                    refuse(
                        &mut self.refusals,
                        &file_name(&name),
                        error.to_string(),
                        now,
                    );
                }
            }
        }
    }
}

/// Notes why something is not taken; said in the log once.
pub(super) fn refuse(refusals: &mut Refusals, source: &str, reason: String, at: Timestamp) {
    let is_known = |known: &Refusal| known.reason == reason;
    if !refusals.get(source).is_some_and(is_known) {
        error!(
            source,
            reason, "a policy is not taken; the last good one stays"
        );
    }
    let source = source.to_owned();
    let refusal = Refusal {
        source: source.clone(),
        reason,
        at,
    };
    refusals.insert(source, refusal);
}

/// Does work that keeps a processor busy on a thread of its own.
pub(crate) async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => match error.try_into_panic() {
            Ok(payload) => panic::resume_unwind(payload),
            // The runtime is going down, and whoever waits here with it.
            Err(_) => std::future::pending().await,
        },
    }
}
