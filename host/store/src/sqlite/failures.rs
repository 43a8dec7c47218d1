//! Counts of failed attempts.

use super::{SqliteStore, database};
use crate::columns::{Columns, seconds};
use async_trait::async_trait;
use bridge_model::{
    ports::{Failures, StoreError},
    session::TokenHash,
    time::Timestamp,
};
use sqlx::{Error, query};
use std::time::Duration;

#[async_trait]
impl Failures for SqliteStore {
    async fn count_attempt(
        &self,
        key: TokenHash,
        window: Duration,
        now: Timestamp,
    ) -> Result<u32, StoreError> {
        let statement = query(COUNT)
            .bind(key.0.as_slice())
            .bind(seconds(now))
            .bind(seconds(now.plus(window)));
        let written = self.write(statement).await?;
        let row = written.rows.first();
        let row = row.ok_or_else(|| database(Error::RowNotFound))?;
        let attempts: i64 = Columns::of("failures", row).get("attempts")?;
        Ok(u32::try_from(attempts).unwrap_or(u32::MAX))
    }

    async fn take_back_attempt(&self, key: TokenHash) -> Result<(), StoreError> {
        let statement = query(TAKE_BACK).bind(key.0.as_slice());
        self.write(statement).await.map(|_| ())
    }

    async fn forget_attempts(&self, key: TokenHash) -> Result<(), StoreError> {
        let statement = query("DELETE FROM failures WHERE key = ?1").bind(key.0.as_slice());
        self.write(statement).await.map(|_| ())
    }
}

/// ?1 key, ?2 now, ?3 the end of a window that begins now.
const COUNT: &str = "
    INSERT INTO failures (key, attempts, ends_at) VALUES (?1, 1, ?3)
    ON CONFLICT (key) DO UPDATE SET
        attempts = CASE WHEN ends_at > ?2 THEN attempts + 1 ELSE 1 END,
        ends_at = CASE WHEN ends_at > ?2 THEN ends_at ELSE ?3 END
    RETURNING attempts";

/// A window with no attempt left in it is over: the next attempt begins one.
const TAKE_BACK: &str = "
    UPDATE failures SET
        attempts = max(attempts - 1, 0),
        ends_at = CASE WHEN attempts > 1 THEN ends_at ELSE 0 END
    WHERE key = ?1";
