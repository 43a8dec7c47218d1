//! Realms, federations, and which policies are off.

use super::{
    SqliteStore,
    apply::Apply,
    change::Change,
    database,
    rows::{
        FEDERATION_BY_ID, FEDERATION_BY_NAME, FEDERATIONS, REALM, REALMS, bind_credential,
        federation, realm,
    },
};
use crate::{
    columns::{Columns, json, revision_number},
    declaration,
    seal::Place,
    statement::query,
};
use async_trait::async_trait;
use bridge_model::{
    federation::Federation,
    names::{FederationId, FederationName, RealmName},
    plan::Plan,
    ports::{Precondition, Realms, StoreError},
    realm::{Applied, Declaration, FederationKey, PlannedFederation, PolicyRef, Realm, Revision},
    secret::Secret,
    time::Timestamp,
};

#[async_trait]
impl Realms for SqliteStore {
    async fn realms(&self) -> Result<Vec<Realm>, StoreError> {
        let rows = self.walk(query(REALMS)).await?;
        rows.iter().map(realm).collect()
    }

    async fn realm(&self, name: &RealmName) -> Result<Option<Realm>, StoreError> {
        if let Some(kept) = self.kept.realm(name) {
            return Ok(Some(kept));
        }
        let period = self.kept.period();
        let row = self.row(query(REALM).bind(name.as_str())).await?;
        let read = row.as_ref().map(realm).transpose()?;
        if let Some(read) = &read {
            self.kept.keep_realm(read, period);
        }
        Ok(read)
    }

    async fn subject_key(&self, realm: &RealmName) -> Result<Option<Secret>, StoreError> {
        let statement = query("SELECT subject_key FROM realms WHERE name = ?1");
        let Some(row) = self.row(statement.bind(realm.as_str())).await? else {
            return Ok(None);
        };
        let sealed = Columns::of("realms", &row).get("subject_key")?;
        self.tools
            .seal
            .open(&Place::subject_key(realm), sealed)
            .map(Some)
    }

    async fn federations(&self, realm: &RealmName) -> Result<Vec<PlannedFederation>, StoreError> {
        let rows = self.rows(query(FEDERATIONS).bind(realm.as_str())).await?;
        let mut federations = rows.iter().map(federation).collect::<Result<Vec<_>, _>>()?;
        // Stable, and the rows come in the order of creation.
        federations.sort_by_key(|planned| planned.federation.priority);
        Ok(federations)
    }

    async fn importing_federations(&self) -> Result<Vec<Federation>, StoreError> {
        let rows = self.walk(query(IMPORTING)).await?;
        let definition = |row| Columns::of("federations", row).json("definition");
        rows.iter().map(definition).collect()
    }

    async fn federation(
        &self,
        realm: &RealmName,
        id: FederationId,
    ) -> Result<Option<PlannedFederation>, StoreError> {
        let statement = query(FEDERATION_BY_ID).bind(id.0.as_bytes().as_slice());
        let row = self.row(statement).await?;
        let planned = row.as_ref().map(federation).transpose()?;
        Ok(planned.filter(|planned| planned.federation.realm == *realm))
    }

    async fn federation_key(
        &self,
        realm: &RealmName,
        name: &FederationName,
    ) -> Result<Option<FederationKey>, StoreError> {
        let statement = query(FEDERATION_BY_NAME)
            .bind(realm.as_str())
            .bind(name.as_str());
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
        revision: Revision,
        plan: &Plan,
        policy: &PolicyRef,
    ) -> Result<(), StoreError> {
        let statement = query(SAVE_PLAN)
            .bind(id.0.as_bytes().as_slice())
            .bind(revision_number(revision))
            .bind(json(plan)?)
            .bind(json(policy)?);
        if self.write(statement).await?.changed == 1 {
            return Ok(());
        }
        let object = format!("federation with the id {id}");
        let statement = query("SELECT 1 FROM federations WHERE id = ?1");
        let row = self.row(statement.bind(id.0.as_bytes().as_slice()));
        Err(match row.await? {
            Some(_) => StoreError::Stale(object),
            None => StoreError::Missing(object),
        })
    }

    async fn bind_credential(&self, federation: &Federation) -> Result<Option<Secret>, StoreError> {
        let statement = query("SELECT bind_credential FROM federations WHERE id = ?1");
        let row = self.row(statement.bind(federation.id.0.as_bytes().as_slice()));
        let Some(row) = row.await? else {
            return Ok(None);
        };
        let place = Place::bind_credential(federation);
        bind_credential(&row)?
            .map(|sealed| self.tools.seal.open(&place, &sealed))
            .transpose()
    }

    async fn save_realm(
        &self,
        realm: &Realm,
        precondition: Precondition,
        now: Timestamp,
    ) -> Result<Realm, StoreError> {
        let realm = realm.clone();
        let work = move |change: Change<'_>| change.save_realm(&realm, precondition);
        self.change_objects(now, work).await
    }

    async fn remove_realm(
        &self,
        name: &RealmName,
        precondition: Precondition,
    ) -> Result<(), StoreError> {
        let name = name.clone();
        let work = move |change: Change<'_>| change.remove_realm(&name, precondition);
        self.change_objects(NO_TIME, work).await
    }

    async fn save_federation(
        &self,
        planned: &PlannedFederation,
        bind_credential: Option<&Secret>,
        precondition: Precondition,
        now: Timestamp,
    ) -> Result<PlannedFederation, StoreError> {
        let (planned, credential) = (planned.clone(), bind_credential.cloned());
        let work = move |change: Change<'_>| {
            change.save_federation(&planned, credential.as_ref(), precondition)
        };
        self.change_objects(now, work).await
    }

    async fn remove_federation(
        &self,
        realm: &RealmName,
        id: FederationId,
        precondition: Precondition,
    ) -> Result<(), StoreError> {
        let realm = realm.clone();
        let work = move |change: Change<'_>| change.remove_federation(&realm, id, precondition);
        self.change_objects(NO_TIME, work).await
    }

    async fn policies_off(&self) -> Result<Vec<String>, StoreError> {
        let rows = self.rows(query("SELECT id FROM policies_off ORDER BY id"));
        rows.await?
            .iter()
            .map(|row| Columns::of("policies_off", row).get("id"))
            .collect()
    }

    async fn switch_policy(&self, id: &str, on: bool) -> Result<(), StoreError> {
        let statement = if on {
            query("DELETE FROM policies_off WHERE id = ?1")
        } else {
            query("INSERT INTO policies_off (id) VALUES (?1) ON CONFLICT DO NOTHING")
        };
        let written = self.write(statement.bind(id)).await;
        written.map(|_| ())
    }

    async fn apply(
        &self,
        declaration: &Declaration,
        dry_run: bool,
        now: Timestamp,
    ) -> Result<Applied, StoreError> {
        declaration::check(declaration)?;
        let declaration = declaration.clone();
        let work = move |change: Change<'_>| {
            let connection = change.connection;
            let apply = Apply {
                change,
                source: &declaration.source,
                adopt: declaration.adopt,
                applied: Applied::default(),
            };
            if !dry_run {
                return apply.run(&declaration);
            }
            connection
                .execute_batch("SAVEPOINT dry")
                .map_err(database)?;
            let applied = apply.run(&declaration)?;
            let back = connection.execute_batch("ROLLBACK TO dry; RELEASE dry");
            back.map_err(database)?;
            Ok(applied)
        };
        self.change_objects(now, work).await
    }

    async fn sources(&self) -> Result<Vec<String>, StoreError> {
        let rows = self.walk(query(SOURCES)).await?;
        rows.iter()
            .map(|row| Columns::of("realms", row).get("managed_by"))
            .collect()
    }
}

/// What is removed leaves no time behind.
pub(super) const NO_TIME: Timestamp = Timestamp(0);

const SAVE_PLAN: &str = "
    UPDATE federations SET plan = ?3, policy = ?4 WHERE id = ?1 AND revision = ?2";

const SOURCES: &str = "
    SELECT managed_by FROM realms WHERE managed_by IS NOT NULL
    UNION SELECT managed_by FROM federations WHERE managed_by IS NOT NULL
    UNION SELECT managed_by FROM clients WHERE managed_by IS NOT NULL
    ORDER BY managed_by";

const IMPORTING: &str = "
    SELECT f.definition FROM federations AS f JOIN realms AS r ON r.name = f.realm
    WHERE r.enabled AND f.enabled AND json_extract(f.definition, '$.import_enabled')
    ORDER BY f.number";
