//! Clients and their secrets.

use super::{Change, State, check, next, realm::check_present};
use crate::statement::query;
use crate::{
    columns::{json, revision_number, seconds},
    sqlite::rows::{CLIENT, CLIENT_SECRETS, KeptSecret, client},
};
use bridge_model::{
    client::{Client, ClientSecret},
    names::{ClientId, RealmName},
    ports::{Precondition, StoreError},
    secret::Secret,
};
use uuid::Uuid;

/// The most secrets a client has that are not over: the new one, and the old one until everybody has
/// the new one.
const SECRETS_MAX: usize = 2;

impl Change<'_> {
    pub(in crate::sqlite) fn kept_client(
        &self,
        realm: &RealmName,
        id: &ClientId,
    ) -> Result<Option<Client>, StoreError> {
        let statement = query(CLIENT).bind(realm.as_str()).bind(id.as_str());
        let row = self.row(statement)?;
        row.as_ref().map(client).transpose()
    }

    /// As [`bridge_model::ports::Clients::save_client`].
    pub(in crate::sqlite) fn save_client(
        &self,
        wanted: &Client,
        precondition: Precondition,
    ) -> Result<Client, StoreError> {
        let Client { realm, id, .. } = wanted;
        if self.kept_realm(realm)?.is_none() {
            return Err(StoreError::Missing(format!("realm {realm}")));
        }
        let existing = self.kept_client(realm, id)?;
        check(
            &object(realm, id),
            existing.as_ref().map(state),
            precondition,
        )?;
        let wanted = Client {
            managed_by: None,
            ..wanted.clone()
        };
        self.put_client(existing, wanted, false)
    }

    /// Writes a client, unless it is as wanted and so are its secrets; gives it as it is kept.
    pub(in crate::sqlite) fn put_client(
        &self,
        existing: Option<Client>,
        mut wanted: Client,
        are_secrets_new: bool,
    ) -> Result<Client, StoreError> {
        let is_new = existing.is_none();
        if let Some(existing) = existing {
            wanted.revision = existing.revision;
            if existing == wanted && !are_secrets_new {
                return Ok(existing);
            }
            wanted.revision = next(existing.revision);
        } else {
            let object = object(&wanted.realm, &wanted.id);
            wanted.revision = self.first_revision(&object)?;
        }
        let statement = query(if is_new { INSERT } else { UPDATE })
            .bind(wanted.realm.as_str())
            .bind(wanted.id.as_str())
            .bind(json(&wanted)?)
            .bind(&wanted.managed_by)
            .bind(revision_number(wanted.revision))
            .bind(seconds(self.now));
        self.run(statement)?;
        Ok(wanted)
    }

    /// As [`bridge_model::ports::Clients::remove_client`].
    pub(in crate::sqlite) fn remove_client(
        &self,
        realm: &RealmName,
        id: &ClientId,
        precondition: Precondition,
    ) -> Result<(), StoreError> {
        let existing = self.kept_client(realm, id)?;
        let object = object(realm, id);
        check_present(&object, existing.as_ref().map(state), precondition)?;
        self.drop_client(realm, id)
    }

    /// Removes a client that is there, whoever declares it, with its secrets; what was issued to it is
    /// dead.
    pub(in crate::sqlite) fn drop_client(
        &self,
        realm: &RealmName,
        id: &ClientId,
    ) -> Result<(), StoreError> {
        if let Some(existing) = self.kept_client(realm, id)? {
            self.keep_revision(&object(realm, id), existing.revision)?;
        }
        for sql in DROP {
            let statement = query(sql).bind(realm.as_str()).bind(id.as_str());
            self.run(statement)?;
        }
        Ok(())
    }

    /// As [`bridge_model::ports::Clients::add_client_secret`].
    pub(in crate::sqlite) fn add_client_secret(
        &self,
        realm: &RealmName,
        id: &ClientId,
        secret: &Secret,
        about: &ClientSecret,
    ) -> Result<(), StoreError> {
        let existing = self.kept_client(realm, id)?;
        let object = object(realm, id);
        check_present(&object, existing.as_ref().map(state), Precondition::Present)?;
        let kept = self.kept_secrets(realm, id)?;
        if kept.iter().any(|kept| kept.about.id == about.id) {
            return Err(StoreError::Duplicate(format!(
                "secret {} of {object}",
                about.id
            )));
        }
        let holding = kept.iter().filter(|kept| !kept.is_over(about.created_at));
        if holding.count() >= SECRETS_MAX {
            return Err(StoreError::Conflict(format!(
                "{object} has two secrets: remove one first"
            )));
        }
        let digest = self.digests.of_secret(realm, id, secret);
        self.insert_secret(realm, id, &digest, about)
    }

    /// As [`bridge_model::ports::Clients::remove_client_secret`].
    pub(in crate::sqlite) fn remove_client_secret(
        &self,
        realm: &RealmName,
        id: &ClientId,
        secret: Uuid,
    ) -> Result<bool, StoreError> {
        let Some(existing) = self.kept_client(realm, id)? else {
            return Ok(false);
        };
        let object = object(realm, id);
        check(&object, Some(state(&existing)), Precondition::Present)?;
        let kept = self.kept_secrets(realm, id)?;
        let Some(kept) = kept.iter().find(|kept| kept.about.id == secret) else {
            return Ok(false);
        };
        self.drop_secret(kept.number)?;
        Ok(true)
    }

    pub(in crate::sqlite) fn kept_secrets(
        &self,
        realm: &RealmName,
        id: &ClientId,
    ) -> Result<Vec<KeptSecret>, StoreError> {
        let statement = query(CLIENT_SECRETS).bind(realm.as_str()).bind(id.as_str());
        let rows = self.rows(statement)?;
        rows.iter().map(KeptSecret::of).collect()
    }

    /// Leaves a client these secrets only: those it has stay as they are, and of those it has not the
    /// last is the oldest.
    pub(in crate::sqlite) fn replace_secrets(
        &self,
        client: &Client,
        kept: &[KeptSecret],
        wanted: &[Vec<u8>],
    ) -> Result<(), StoreError> {
        for kept in kept {
            if !wanted.contains(&kept.digest) {
                self.drop_secret(kept.number)?;
            }
        }
        for digest in wanted.iter().rev() {
            if kept.iter().any(|kept| kept.digest == *digest) {
                continue;
            }
            let about = ClientSecret {
                id: self.random.uuid(),
                created_at: self.now,
                expires_at: None,
                single_use: false,
            };
            self.insert_secret(&client.realm, &client.id, digest, &about)?;
        }
        Ok(())
    }

    fn insert_secret(
        &self,
        realm: &RealmName,
        id: &ClientId,
        digest: &[u8],
        about: &ClientSecret,
    ) -> Result<(), StoreError> {
        let statement = query(INSERT_SECRET)
            .bind(about.id.as_bytes().as_slice())
            .bind(realm.as_str())
            .bind(id.as_str())
            .bind(digest)
            .bind(seconds(about.created_at))
            .bind(about.expires_at.map(seconds))
            .bind(about.single_use);
        self.run(statement).map(|_| ())
    }

    fn drop_secret(&self, number: i64) -> Result<(), StoreError> {
        let statement = query("DELETE FROM client_secrets WHERE number = ?1").bind(number);
        self.run(statement).map(|_| ())
    }
}

fn state(client: &Client) -> State<'_> {
    State {
        managed_by: client.managed_by.as_deref(),
        revision: client.revision,
    }
}

fn object(realm: &RealmName, id: &ClientId) -> String {
    format!("client {realm}/{id}")
}

/// The same values in the same order as [`UPDATE`].
const INSERT: &str = "
    INSERT INTO clients (realm, id, definition, managed_by, revision, changed_at)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6)";

const UPDATE: &str = "
    UPDATE clients SET definition = ?3, managed_by = ?4, revision = ?5, changed_at = ?6
    WHERE realm = ?1 AND id = ?2";

/// Secrets go with the client that they refer to.
const DROP: [&str; 2] = [
    "UPDATE grants SET stage = 2 WHERE realm = ?1 AND client = ?2",
    "DELETE FROM clients WHERE realm = ?1 AND id = ?2",
];

const INSERT_SECRET: &str = "
    INSERT INTO client_secrets (id, realm, client, digest, created_at, expires_at, single_use)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
