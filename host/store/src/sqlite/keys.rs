//! Signing keys.

use super::SqliteStore;
use crate::{
    columns::{Columns, seconds},
    seal::{Place, Seal},
    statement::{Row, query},
};
use async_trait::async_trait;
use bridge_model::{
    keys::{SigningAlgorithm, SigningKey},
    names::RealmName,
    ports::{Keys, StoreError},
};

#[async_trait]
impl Keys for SqliteStore {
    async fn signing_keys(&self, realm: &RealmName) -> Result<Vec<SigningKey>, StoreError> {
        let rows = self.rows(query(ALL).bind(realm.as_str())).await?;
        rows.iter()
            .map(|row| signing_key(row, &self.tools.seal))
            .collect()
    }

    async fn add_first_signing_key(&self, key: &SigningKey) -> Result<SigningKey, StoreError> {
        let algorithm = key.algorithm.to_string();
        let place = Place::signing_key(&key.realm, &key.kid, &algorithm);
        let statement = query(ADD_FIRST)
            .bind(key.realm.as_str())
            .bind(key.kid.as_str())
            .bind(algorithm.as_str())
            .bind(self.tools.seal.seal(&place, &key.private))
            .bind(seconds(key.created_at));
        let what = format!("a signing key {}", key.kid);
        self.add(statement, &what, &key.realm).await?;
        // Keys are never taken away, so the one that won is still there.
        let newest = query(NEWEST)
            .bind(key.realm.as_str())
            .bind(algorithm.as_str());
        signing_key(&self.one(newest).await?, &self.tools.seal)
    }
}

fn signing_key(row: &Row, seal: &Seal) -> Result<SigningKey, StoreError> {
    let columns = Columns::of("signing_keys", row);
    let realm = columns.name::<RealmName>("realm")?;
    let kid: String = columns.get("kid")?;
    let algorithm = columns.parsed("algorithm", |name: &str| match name {
        "RS256" => Ok(SigningAlgorithm::RS256),
        "ES256" => Ok(SigningAlgorithm::ES256),
        _ => Err("no algorithm of this name is known"),
    })?;
    let place = Place::signing_key(&realm, &kid, &algorithm.to_string());
    Ok(SigningKey {
        private: seal.open(&place, columns.get("private")?)?,
        created_at: columns.time("created_at")?,
        realm,
        kid,
        algorithm,
    })
}

const ALL: &str = "
    SELECT realm, kid, algorithm, private, created_at FROM signing_keys
    WHERE realm = ?1 ORDER BY created_at DESC, number DESC";

const NEWEST: &str = "
    SELECT realm, kid, algorithm, private, created_at FROM signing_keys
    WHERE realm = ?1 AND algorithm = ?2 ORDER BY created_at DESC, number DESC LIMIT 1";

const ADD_FIRST: &str = "
    INSERT INTO signing_keys (realm, kid, algorithm, private, created_at)
    SELECT ?1, ?2, ?3, ?4, ?5
    WHERE NOT EXISTS (SELECT 1 FROM signing_keys WHERE realm = ?1 AND algorithm = ?3)";
