//! Attempts, counted in memory.

use super::MemoryStore;
use async_trait::async_trait;
use bridge_model::{
    ports::{Failures, StoreError},
    session::TokenHash,
    time::Timestamp,
};
use std::time::Duration;

#[async_trait]
impl Failures for MemoryStore {
    async fn count_attempt(
        &self,
        key: TokenHash,
        window: Duration,
        now: Timestamp,
    ) -> Result<u32, StoreError> {
        let mut tables = self.up()?;
        let (count, ends_at) = tables.attempts.entry(key).or_insert((0, now));
        if *ends_at <= now {
            (*count, *ends_at) = (0, now.plus(window));
        }
        *count += 1;
        Ok(*count)
    }
    async fn take_back_attempt(&self, key: TokenHash) -> Result<(), StoreError> {
        let mut tables = self.up()?;
        if let Some((count, ends_at)) = tables.attempts.get_mut(&key) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                *ends_at = Timestamp(0);
            }
        }
        Ok(())
    }
    async fn forget_attempts(&self, key: TokenHash) -> Result<(), StoreError> {
        self.up()?.attempts.remove(&key);
        Ok(())
    }
}
