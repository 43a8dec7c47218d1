//! Makes the database agree with what a file declares.

mod client;
mod federation;

use super::{database, realms::realm};
use crate::{
    columns::{Columns, json, seconds},
    seal::{ClientSecrets, Place, Seal},
};
use bridge_model::{
    names::RealmName,
    ports::{Random, StoreError},
    realm::{Applied, Realm, RealmDeclaration},
    secret::Secret,
    time::Timestamp,
};
use sqlx::{SqliteConnection, query, sqlite::SqliteRow};
use std::collections::HashSet;
use zeroize::Zeroizing;

/// One declaration on its way into the database, within one transaction.
pub(super) struct Apply<'a> {
    pub(super) connection: &'a mut SqliteConnection,
    pub(super) seal: &'a Seal,
    pub(super) client_secrets: &'a ClientSecrets,
    pub(super) random: &'a dyn Random,
    pub(super) source: &'a str,
    pub(super) now: Timestamp,
    pub(super) applied: Applied,
}

impl Apply<'_> {
    /// Applies; the caller commits, or drops the transaction after an error.
    pub(super) async fn run(mut self, realms: &[RealmDeclaration]) -> Result<Applied, StoreError> {
        self.remove_undeclared(realms).await?;
        for declared in realms {
            self.put_realm(&declared.realm).await?;
            for federation in &declared.federations {
                self.put_federation(federation).await?;
            }
            for client in &declared.clients {
                self.put_client(client).await?;
            }
        }
        Ok(self.applied)
    }

    /// Removes what the source declared before and no longer does.
    async fn remove_undeclared(&mut self, realms: &[RealmDeclaration]) -> Result<(), StoreError> {
        let federations = realms.iter().flat_map(|declared| &declared.federations);
        let federations = federations.map(|declared| {
            let federation = &declared.planned.federation;
            (federation.realm.as_str(), federation.name.as_str())
        });
        self.remove(&FEDERATIONS, &federations.collect()).await?;
        let clients = realms.iter().flat_map(|declared| &declared.clients);
        let clients = clients.map(|declared| {
            let client = &declared.client;
            (client.realm.as_str(), client.id.as_str())
        });
        self.remove(&CLIENTS, &clients.collect()).await?;
        let realms = realms.iter().map(|declared| &declared.realm.name);
        self.release_realms(&realms.collect()).await
    }

    async fn remove(
        &mut self,
        kind: &Kind,
        declared: &HashSet<(&str, &str)>,
    ) -> Result<(), StoreError> {
        let rows = query(kind.select)
            .bind(self.source)
            .fetch_all(&mut *self.connection)
            .await
            .map_err(database)?;
        for row in &rows {
            let columns = Columns::of(kind.table, row);
            let (realm, name): (&str, &str) = (columns.get("realm")?, columns.get("name")?);
            if declared.contains(&(realm, name)) {
                continue;
            }
            query(kind.delete)
                .bind(columns.get::<i64>("number")?)
                .execute(&mut *self.connection)
                .await
                .map_err(database)?;
            let object = format!("{} {realm}/{name}", kind.word);
            self.applied.removed.push(object);
        }
        Ok(())
    }

    /// Switches off what realms the source no longer declares. They keep their keys, and whatever
    /// file declares them again has them.
    async fn release_realms(&mut self, declared: &HashSet<&RealmName>) -> Result<(), StoreError> {
        let rows = query("SELECT name FROM realms WHERE managed_by = ?1 ORDER BY name")
            .bind(self.source)
            .fetch_all(&mut *self.connection)
            .await
            .map_err(database)?;
        for row in &rows {
            let name = Columns::of("realms", row).name::<RealmName>("name")?;
            if declared.contains(&name) {
                continue;
            }
            query(RELEASE_REALM)
                .bind(name.as_str())
                .bind(seconds(self.now))
                .execute(&mut *self.connection)
                .await
                .map_err(database)?;
            self.applied.removed.push(format!("realm {name}"));
        }
        Ok(())
    }

    async fn put_realm(&mut self, declared: &Realm) -> Result<(), StoreError> {
        let object = format!("realm {}", declared.name);
        let wanted = Realm {
            managed_by: Some(self.source.to_owned()),
            ..declared.clone()
        };
        let Some(row) = self.find(REALM, [declared.name.as_str(), ""]).await? else {
            self.insert_realm(&wanted).await?;
            self.applied.created.push(object);
            return Ok(());
        };
        let is_released: bool = Columns::of("realms", &row).get("released")?;
        let existing = realm(&row)?;
        if !is_released {
            self.check_owner(&object, existing.managed_by.as_deref())?;
        }
        if existing == wanted {
            return Ok(());
        }
        let statement = query(UPDATE_REALM)
            .bind(wanted.name.as_str())
            .bind(&wanted.display_name)
            .bind(wanted.enabled)
            .bind(json(&wanted.lifetimes)?)
            .bind(self.source)
            .bind(seconds(self.now));
        let updated = statement.execute(&mut *self.connection).await;
        updated.map_err(database)?;
        self.applied.changed.push(object);
        Ok(())
    }

    async fn insert_realm(&mut self, wanted: &Realm) -> Result<(), StoreError> {
        let mut subject_key = Zeroizing::new([0; SUBJECT_KEY_OCTETS]);
        self.random.fill(&mut *subject_key);
        let place = Place::subject_key(&wanted.name);
        let statement = query(INSERT_REALM)
            .bind(wanted.name.as_str())
            .bind(&wanted.display_name)
            .bind(wanted.enabled)
            .bind(json(&wanted.lifetimes)?)
            .bind(self.source)
            .bind(self.seal.seal(&place, &Secret::new(*subject_key)))
            .bind(seconds(self.now));
        let inserted = statement.execute(&mut *self.connection).await;
        inserted.map_err(database)?;
        Ok(())
    }

    /// Whether the source may change an object that is there.
    fn check_owner(&self, object: &str, managed_by: Option<&str>) -> Result<(), StoreError> {
        let source = self.source;
        match managed_by {
            Some(owner) if owner == source => Ok(()),
            Some(owner) => Err(StoreError::Conflict(format!(
                "{object} is declared by {owner} and cannot be declared by {source} too: take it out of one of the two"
            ))),
            None => Err(StoreError::Conflict(format!(
                "{object} was not made by a file and cannot be declared by {source}: give it another name, or delete what is there"
            ))),
        }
    }

    /// The row with these two keys.
    async fn find(
        &mut self,
        sql: &'static str,
        [first, second]: [&str; 2],
    ) -> Result<Option<SqliteRow>, StoreError> {
        let statement = query(sql).bind(first).bind(second);
        let row = statement.fetch_optional(&mut *self.connection).await;
        row.map_err(database)
    }
}

/// A kind of object that goes when its file no longer declares it.
struct Kind {
    word: &'static str,
    table: &'static str,
    select: &'static str,
    delete: &'static str,
}

const FEDERATIONS: Kind = Kind {
    word: "federation",
    table: "federations",
    select: "SELECT number, realm, name FROM federations WHERE managed_by = ?1
        ORDER BY realm, name",
    delete: "DELETE FROM federations WHERE number = ?1",
};

const CLIENTS: Kind = Kind {
    word: "client",
    table: "clients",
    select: "SELECT number, realm, id AS name FROM clients WHERE managed_by = ?1
        ORDER BY realm, id",
    delete: "DELETE FROM clients WHERE number = ?1",
};

/// As [`bridge_model::ports::Realms::subject_key`] promises.
const SUBJECT_KEY_OCTETS: usize = 32;

const REALM: &str = "
    SELECT name, display_name, enabled, lifetimes, managed_by, released FROM realms
    WHERE name = ?1";

const INSERT_REALM: &str = "
    INSERT INTO realms (name, display_name, enabled, lifetimes, managed_by, released, subject_key,
        changed_at)
    VALUES (?1, ?2, ?3, ?4, ?5, 0, ?6, ?7)";

const UPDATE_REALM: &str = "
    UPDATE realms SET display_name = ?2, enabled = ?3, lifetimes = ?4, managed_by = ?5,
        released = 0, changed_at = ?6
    WHERE name = ?1";

const RELEASE_REALM: &str = "
    UPDATE realms SET enabled = 0, managed_by = NULL, released = 1, changed_at = ?2
    WHERE name = ?1";
