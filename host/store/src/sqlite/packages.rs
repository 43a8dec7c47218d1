//! Policies that an operator brought.

use super::SqliteStore;
use crate::{
    columns::{Columns, json, seconds},
    statement::{Row, query},
};
use async_trait::async_trait;
use bridge_model::{
    policy::{KeptPolicy, PolicyInForce, PolicyPackage},
    ports::{PolicyPackages, StoreError},
    time::Timestamp,
};

#[async_trait]
impl PolicyPackages for SqliteStore {
    async fn keep_policy(&self, kept: &KeptPolicy) -> Result<(), StoreError> {
        let package = &kept.package;
        let statement = query(KEEP)
            .bind(kept.policy.digest.clone())
            .bind(json(&kept.policy)?)
            .bind(package.octets.clone())
            .bind(json(&package.signatures)?)
            .bind(json(&package.wasi)?)
            .bind(json(&package.origin)?)
            .bind(seconds(kept.kept_at));
        self.write(statement).await.map(|_| ())
    }

    async fn remove_policy(&self, digest: &str) -> Result<bool, StoreError> {
        if self
            .row(query(IN_USE).bind(digest.to_owned()))
            .await?
            .is_some()
        {
            return Err(StoreError::Conflict(format!(
                "policy {digest} is in force, or would be again after a roll back; put others in force first"
            )));
        }
        let statement = query("DELETE FROM policies WHERE digest = ?1").bind(digest.to_owned());
        Ok(self.write(statement).await?.changed > 0)
    }

    async fn policies_in_force(&self) -> Result<Vec<PolicyInForce>, StoreError> {
        let rows = self.rows(query(IN_FORCE)).await?;
        rows.iter().map(in_force).collect()
    }

    async fn put_policy_in_force(
        &self,
        id: &str,
        in_force: Option<&PolicyInForce>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let statement = match in_force {
            None => query("DELETE FROM policies_in_force WHERE id = ?1").bind(id.to_owned()),
            Some(in_force) => query(PUT_IN_FORCE)
                .bind(id.to_owned())
                .bind(in_force.digest.clone())
                .bind(in_force.before.clone())
                .bind(seconds(now)),
        };
        self.write(statement).await.map(|_| ())
    }
}

pub(super) fn kept(row: &Row) -> Result<KeptPolicy, StoreError> {
    let columns = Columns::of("policies", row);
    Ok(KeptPolicy {
        policy: columns.json("policy")?,
        package: PolicyPackage {
            octets: columns.get("octets")?,
            signatures: columns.json("signatures")?,
            wasi: columns.json("wasi")?,
            origin: columns.json("origin")?,
        },
        kept_at: columns.time("kept_at")?,
    })
}

pub(super) fn in_force(row: &Row) -> Result<PolicyInForce, StoreError> {
    let columns = Columns::of("policies_in_force", row);
    Ok(PolicyInForce {
        id: columns.get("id")?,
        digest: columns.get("digest")?,
        before: columns.get("before")?,
    })
}

const KEEP: &str = "
    INSERT INTO policies (digest, policy, octets, signatures, wasi, origin, kept_at)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
    ON CONFLICT (digest) DO UPDATE SET signatures = ?4, wasi = ?5, origin = ?6";

pub(super) const KEPT: &str = "
    SELECT digest, policy, octets, signatures, wasi, origin, kept_at FROM policies ORDER BY number";

pub(super) const IN_FORCE: &str = "SELECT id, digest, before FROM policies_in_force ORDER BY id";

/// ?1 digest.
const IN_USE: &str = "SELECT 1 FROM policies_in_force WHERE digest = ?1 OR before = ?1";

const PUT_IN_FORCE: &str = "
    INSERT INTO policies_in_force (id, digest, before, changed_at) VALUES (?1, ?2, ?3, ?4)
    ON CONFLICT (id) DO UPDATE SET digest = ?2, before = ?3, changed_at = ?4";
