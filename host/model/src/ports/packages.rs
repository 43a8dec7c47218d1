//! Policies that an operator brought, as the store keeps them.

use super::StoreError;
use crate::{
    policy::{KeptPolicy, PolicyInForce},
    time::Timestamp,
};
use async_trait::async_trait;

/// The components that came over the admin API or from a registry, and which ones the operator put in
/// force. What is built in or lies in a folder is not here.
#[async_trait]
pub trait PolicyPackages: Send + Sync {
    /// Keeps a component, under its digest. To keep the same one again replaces what goes with it.
    async fn keep_policy(&self, kept: &KeptPolicy) -> Result<(), StoreError>;

    /// Removes one; false: it is not there. One that is in force, or is the one before, stays.
    ///
    /// # Errors
    ///
    /// [`StoreError::Conflict`] for one that is in use.
    async fn remove_policy(&self, digest: &str) -> Result<bool, StoreError>;

    /// What the operator put in force, in the order of ids.
    async fn policies_in_force(&self) -> Result<Vec<PolicyInForce>, StoreError>;

    /// Keeps what is in force under an id; none: what is built in or lies in the folder.
    async fn put_policy_in_force(
        &self,
        id: &str,
        in_force: Option<&PolicyInForce>,
        now: Timestamp,
    ) -> Result<(), StoreError>;
}
