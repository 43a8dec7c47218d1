//! Policies that an operator brought: the protocol does not ask for them.

use super::{MemoryStore, elsewhere::unused};
use async_trait::async_trait;
use bridge_model::{
    policy::{KeptPolicy, PolicyInForce},
    ports::{PolicyPackages, StoreError},
    time::Timestamp,
};

#[async_trait]
impl PolicyPackages for MemoryStore {
    async fn keep_policy(&self, _: &KeptPolicy) -> Result<(), StoreError> {
        unused()
    }
    async fn remove_policy(&self, _: &str) -> Result<bool, StoreError> {
        unused()
    }
    async fn policies_in_force(&self) -> Result<Vec<PolicyInForce>, StoreError> {
        unused()
    }
    async fn put_policy_in_force(
        &self,
        _: &str,
        _: Option<&PolicyInForce>,
        _: Timestamp,
    ) -> Result<(), StoreError> {
        unused()
    }
}
