//! Realms, federations and clients.

use super::{SqliteStore, apply::Apply, database};
use crate::{
    columns::{Columns, json},
    declaration,
    seal::Place,
};
use async_trait::async_trait;
use bridge_model::{
    client::Client,
    federation::Federation,
    names::{ClientId, FederationId, FederationName, RealmName},
    plan::Plan,
    ports::{Realms, StoreError},
    realm::{Applied, Declaration, FederationKey, PlannedFederation, PolicyRef, Realm},
    secret::Secret,
    time::Timestamp,
};
use sqlx::{Connection, query, sqlite::SqliteRow};

#[async_trait]
impl Realms for SqliteStore {
    async fn realms(&self) -> Result<Vec<Realm>, StoreError> {
        let rows = self.rows(query(REALMS)).await?;
        rows.iter().map(realm).collect()
    }

    async fn realm(&self, name: &RealmName) -> Result<Option<Realm>, StoreError> {
        let row = self.row(query(REALM).bind(name.as_str())).await?;
        row.as_ref().map(realm).transpose()
    }

    async fn subject_key(&self, realm: &RealmName) -> Result<Option<Secret>, StoreError> {
        let statement = query("SELECT subject_key FROM realms WHERE name = ?1");
        let Some(row) = self.row(statement.bind(realm.as_str())).await? else {
            return Ok(None);
        };
        let sealed = Columns::of("realms", &row).get("subject_key")?;
        self.seal.open(&Place::subject_key(realm), sealed).map(Some)
    }

    async fn federations(&self, realm: &RealmName) -> Result<Vec<PlannedFederation>, StoreError> {
        let rows = self.rows(query(FEDERATIONS).bind(realm.as_str())).await?;
        let mut federations = rows.iter().map(federation).collect::<Result<Vec<_>, _>>()?;
        // Stable, and the rows come in the order of creation.
        federations.sort_by_key(|planned| planned.federation.priority);
        Ok(federations)
    }

    async fn federation_key(
        &self,
        realm: &RealmName,
        name: &FederationName,
    ) -> Result<Option<FederationKey>, StoreError> {
        let statement = query(FEDERATION).bind(realm.as_str()).bind(name.as_str());
        let row = self.row(statement).await?;
        let planned = row.as_ref().map(federation).transpose()?;
        Ok(planned.map(|planned| FederationKey {
            id: planned.federation.id,
            subject_namespace: planned.federation.subject_namespace,
        }))
    }

    async fn save_plan(
        &self,
        id: FederationId,
        plan: &Plan,
        policy: &PolicyRef,
    ) -> Result<(), StoreError> {
        let statement = query("UPDATE federations SET plan = ?2, policy = ?3 WHERE id = ?1")
            .bind(id.0.as_bytes().as_slice())
            .bind(json(plan)?)
            .bind(json(policy)?);
        if self.write(statement).await?.changed == 0 {
            return Err(StoreError::Conflict(format!(
                "there is no federation with the id {id}: it was deleted meanwhile"
            )));
        }
        Ok(())
    }

    async fn bind_credential(&self, federation: &Federation) -> Result<Option<Secret>, StoreError> {
        let statement = query("SELECT bind_credential FROM federations WHERE id = ?1");
        let row = self.row(statement.bind(federation.id.0.as_bytes().as_slice()));
        let Some(row) = row.await? else {
            return Ok(None);
        };
        let sealed: Option<&[u8]> = Columns::of("federations", &row).get("bind_credential")?;
        let place = Place::bind_credential(federation);
        sealed
            .map(|sealed| self.seal.open(&place, sealed))
            .transpose()
    }

    async fn client(&self, realm: &RealmName, id: &ClientId) -> Result<Option<Client>, StoreError> {
        let statement = query(CLIENT).bind(realm.as_str()).bind(id.as_str());
        let row = self.row(statement).await?;
        row.as_ref().map(client).transpose()
    }

    async fn client_secret_fits(
        &self,
        realm: &RealmName,
        id: &ClientId,
        presented: &Secret,
    ) -> Result<bool, StoreError> {
        let statement = query(CLIENT).bind(realm.as_str()).bind(id.as_str());
        let Some(row) = self.row(statement).await? else {
            return Ok(false);
        };
        let digests = client_digests(&row)?;
        Ok(digests.iter().flatten().fold(false, |fits, digest| {
            // Both are compared, so that the time does not tell which of them it was.
            fits | self.client_secrets.fits(digest, realm, id, presented)
        }))
    }

    async fn apply(
        &self,
        declaration: &Declaration,
        now: Timestamp,
    ) -> Result<Applied, StoreError> {
        declaration::check(declaration)?;
        let mut connection = self.writing.lease().await.map_err(database)?;
        let begin = connection.begin_with("BEGIN IMMEDIATE");
        let mut transaction = begin.await.map_err(database)?;
        let applied = Apply {
            connection: &mut transaction,
            seal: &self.seal,
            client_secrets: &self.client_secrets,
            random: &*self.random,
            source: &declaration.source,
            now,
            applied: Applied::default(),
        }
        .run(&declaration.realms)
        .await?;
        transaction.commit().await.map_err(database)?;
        Ok(applied)
    }

    async fn sources(&self) -> Result<Vec<String>, StoreError> {
        let rows = self.rows(query(SOURCES)).await?;
        rows.iter()
            .map(|row| Columns::of("realms", row).get("managed_by"))
            .collect()
    }
}

pub(super) fn realm(row: &SqliteRow) -> Result<Realm, StoreError> {
    let columns = Columns::of("realms", row);
    Ok(Realm {
        name: columns.name::<RealmName>("name")?,
        display_name: columns.get("display_name")?,
        enabled: columns.get("enabled")?,
        lifetimes: columns.json("lifetimes")?,
        managed_by: columns.get("managed_by")?,
    })
}

pub(super) fn federation(row: &SqliteRow) -> Result<PlannedFederation, StoreError> {
    let columns = Columns::of("federations", row);
    let federation: Federation = columns.json("definition")?;
    // What a row is found by and what stands in it are written together and have to agree.
    if federation.id.0 != columns.uuid("id")?
        || federation.realm != columns.name::<RealmName>("realm")?
        || federation.name != columns.name::<FederationName>("name")?
    {
        return Err(columns.error("definition", "it is of another federation"));
    }
    Ok(PlannedFederation {
        federation,
        plan: columns.json("plan")?,
        policy: columns.json("policy")?,
        managed_by: columns.get("managed_by")?,
    })
}

pub(super) fn client(row: &SqliteRow) -> Result<Client, StoreError> {
    let columns = Columns::of("clients", row);
    let client: Client = columns.json("definition")?;
    if client.realm != columns.name::<RealmName>("realm")?
        || client.id != columns.name::<ClientId>("id")?
    {
        return Err(columns.error("definition", "it is of another client"));
    }
    Ok(Client {
        managed_by: columns.get("managed_by")?,
        ..client
    })
}

/// The digests of a client's secrets.
pub(super) fn client_digests(row: &SqliteRow) -> Result<[Option<Vec<u8>>; 2], StoreError> {
    let columns = Columns::of("clients", row);
    Ok([
        columns.get("first_secret_digest")?,
        columns.get("second_secret_digest")?,
    ])
}

const REALMS: &str = "
    SELECT name, display_name, enabled, lifetimes, managed_by FROM realms ORDER BY name";

const REALM: &str = "
    SELECT name, display_name, enabled, lifetimes, managed_by FROM realms WHERE name = ?1";

const FEDERATIONS: &str = "
    SELECT id, realm, name, definition, plan, policy, managed_by FROM federations
    WHERE realm = ?1 ORDER BY number";

pub(super) const FEDERATION: &str = "
    SELECT id, realm, name, definition, plan, policy, managed_by, bind_credential FROM federations
    WHERE realm = ?1 AND name = ?2";

pub(super) const CLIENT: &str = "
    SELECT realm, id, definition, managed_by, first_secret_digest, second_secret_digest
    FROM clients WHERE realm = ?1 AND id = ?2";

const SOURCES: &str = "
    SELECT managed_by FROM realms WHERE managed_by IS NOT NULL
    UNION SELECT managed_by FROM federations WHERE managed_by IS NOT NULL
    UNION SELECT managed_by FROM clients WHERE managed_by IS NOT NULL
    ORDER BY managed_by";
