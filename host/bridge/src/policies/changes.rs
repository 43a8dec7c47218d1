//! What administrators do with policies.

use super::{Files, PolicySources, aside};
use bridge_federation::{SwapError, SwapReport};
use bridge_kit::registry::{self, Credentials, CredentialsError, Reference, RegistryError};
use bridge_model::{
    policy::{PolicyOrigin, PolicyPackage},
    ports::{PolicyError, StoreError},
    realm::PolicyRef,
};
use tracing::error;

/// Why a policy was not changed. Everything is as it was.
#[derive(Debug, thiserror::Error)]
pub enum PolicyChangeError {
    /// It is not admitted.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// The swap is refused.
    #[error(transparent)]
    Swap(#[from] SwapError),
    /// There is no such policy.
    #[error("there is no such policy")]
    Missing,
    /// A policy of another id has the digest.
    #[error("{digest} is policy {id}; name it so")]
    OtherId {
        /// The digest.
        digest: String,
        /// Its policy.
        id: String,
    },
    /// Something needs it.
    #[error("{0}")]
    InUse(String),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why nothing came from a registry.
#[derive(Debug, thiserror::Error)]
pub enum PullError {
    /// It is not known who asks.
    #[error(transparent)]
    Credentials(#[from] CredentialsError),
    /// The registry, or the way there.
    #[error(transparent)]
    Registry(#[from] RegistryError),
}

impl PolicySources {
    /// Fetches a component from a registry, where the operator's outbound rules let the bridge go there.
    ///
    /// # Errors
    ///
    /// [`PullError`].
    pub async fn pull(&self, reference: &Reference) -> Result<PolicyPackage, PullError> {
        let asked = reference.clone();
        let credentials = aside(move || Credentials::find(&asked)).await?;
        Ok(registry::pull_by(&self.outbound, reference, &credentials).await?)
    }

    /// Admits a component and keeps it. It is not in force yet.
    ///
    /// # Errors
    ///
    /// [`PolicyChangeError::Policy`] with the reason in its author's words, or when the store fails.
    pub async fn bring(&self, package: PolicyPackage) -> Result<PolicyRef, PolicyChangeError> {
        let files = self.changing.lock().await;
        let (policy, package) = self.load(package).await?;
        let is_there = self
            .built_in
            .values()
            .any(|digest| *digest == policy.digest)
            || files
                .taken
                .values()
                .any(|known| known.digest == policy.digest);
        if !is_there && let Err(error) = self.keep(&policy, package).await {
            self.host.forget(&policy.digest);
            return Err(error.into());
        }
        self.refusals().remove(&policy.digest);
        Ok(policy)
    }

    /// What a swap would do to the federations that use the policy.
    ///
    /// # Errors
    ///
    /// [`PolicyChangeError::Missing`], [`PolicyChangeError::OtherId`], or why it cannot be told.
    pub async fn consider(&self, id: &str, digest: &str) -> Result<SwapReport, PolicyChangeError> {
        self.check_id(id, digest)?;
        Ok(self.swaps.consider(digest).await?)
    }

    /// Puts another digest in force under an id, once every federation that uses it was translated anew.
    ///
    /// # Errors
    ///
    /// As [`PolicySources::consider`], and [`SwapError`] where there are new problems.
    pub async fn swap(
        &self,
        id: &str,
        digest: &str,
        actor: &str,
    ) -> Result<SwapReport, PolicyChangeError> {
        let files = self.changing.lock().await;
        self.check_id(id, digest)?;
        let report = self.swaps.swap(digest, actor).await?;
        self.let_go(&files).await;
        Ok(report)
    }

    /// Puts the digest that was in force before in force again.
    ///
    /// # Errors
    ///
    /// As [`PolicySources::swap`].
    pub async fn roll_back(&self, id: &str, actor: &str) -> Result<SwapReport, PolicyChangeError> {
        let files = self.changing.lock().await;
        let report = self.swaps.roll_back(id, actor).await?;
        self.let_go(&files).await;
        Ok(report)
    }

    /// Removes a component that nobody uses.
    ///
    /// # Errors
    ///
    /// [`PolicyChangeError::InUse`] with whoever uses it, and [`PolicyChangeError::Missing`].
    pub async fn remove(&self, digest: &str) -> Result<PolicyRef, PolicyChangeError> {
        let files = self.changing.lock().await;
        let policy = self.loaded(digest).ok_or(PolicyChangeError::Missing)?;
        let digest = policy.digest.as_str();
        if self.built_in.values().any(|built_in| built_in == digest) {
            let message = "it is built in; put another in force in its place";
            return Err(PolicyChangeError::InUse(message.to_owned()));
        }
        let mut taken = files.taken.iter();
        if let Some((name, _)) = taken.find(|(_, policy)| policy.digest == digest) {
            return Err(PolicyChangeError::InUse(format!(
                "it lies in the folder; remove {name} there"
            )));
        }
        if let Some(users) = self.users(None).await?.get(digest) {
            let names: Vec<_> = users
                .iter()
                .take(NAMED_MAX)
                .map(|user| format!("{}/{}", user.realm, user.federation))
                .collect();
            return Err(PolicyChangeError::InUse(format!(
                "{} federations use it, {} among them; have them use another first",
                users.len(),
                names.join(", ")
            )));
        }
        self.store
            .remove_policy(digest)
            .await
            .map_err(|error| match error {
                StoreError::Conflict(message) => PolicyChangeError::InUse(message),
                other => other.into(),
            })?;
        self.host.forget(digest);
        Ok(policy)
    }

    /// Lets go of what came from files that are other now, where nobody needs it any more.
    pub(super) async fn let_go(&self, files: &Files) {
        if let Err(error) = self.let_go_of_files(files).await {
            error!(%error, "policies that nobody needs any more could not be removed");
        }
    }

    async fn let_go_of_files(&self, files: &Files) -> Result<(), StoreError> {
        let of_folder = self.host.listed().into_iter().filter(|known| {
            matches!(known.provenance.origin, PolicyOrigin::File(_))
                && !known.is_in_force
                && !files
                    .taken
                    .values()
                    .any(|policy| policy.digest == known.reference.digest)
        });
        let idle: Vec<_> = of_folder.map(|known| known.reference.digest).collect();
        if idle.is_empty() {
            return Ok(());
        }
        let users = self.users(None).await?;
        for digest in idle.iter().filter(|digest| !users.contains_key(*digest)) {
            match self.store.remove_policy(digest).await {
                Ok(_) => drop(self.host.forget(digest)),
                // A roll back would need it.
                Err(StoreError::Conflict(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn loaded(&self, digest: &str) -> Option<PolicyRef> {
        let mut loaded = self.host.listed().into_iter();
        let found = loaded.find(|known| known.reference.digest.eq_ignore_ascii_case(digest));
        found.map(|known| known.reference)
    }

    fn check_id(&self, id: &str, digest: &str) -> Result<(), PolicyChangeError> {
        let policy = self.loaded(digest).ok_or(PolicyChangeError::Missing)?;
        if policy.id == id {
            return Ok(());
        }
        Err(PolicyChangeError::OtherId {
            digest: policy.digest,
            id: policy.id,
        })
    }
}

/// How many federations are named where many are meant.
const NAMED_MAX: usize = 5;
