//! Declared clients.

use super::Apply;
use crate::{
    columns::{json, seconds},
    sqlite::{
        database,
        realms::{CLIENT, client, client_digests},
    },
};
use bridge_model::{client::Client, ports::StoreError, realm::ClientDeclaration};
use sqlx::query;

impl Apply<'_> {
    pub(super) async fn put_client(
        &mut self,
        declared: &ClientDeclaration,
    ) -> Result<(), StoreError> {
        let Client { realm, id, .. } = &declared.client;
        let object = format!("client {realm}/{id}");
        let wanted = Client {
            managed_by: Some(self.source.to_owned()),
            ..declared.client.clone()
        };
        let mut secrets = declared.secrets.iter();
        let wanted_digests = [secrets.next(), secrets.next()]
            .map(|secret| secret.map(|secret| self.client_secrets.digest(realm, id, secret)));
        let row = self.find(CLIENT, [realm.as_str(), id.as_str()]).await?;
        if let Some(row) = &row {
            let existing = client(row)?;
            self.check_owner(&object, existing.managed_by.as_deref())?;
            if existing == wanted && client_digests(row)? == wanted_digests {
                return Ok(());
            }
        }
        let [first, second] = wanted_digests;
        let statement = query(PUT_CLIENT)
            .bind(realm.as_str())
            .bind(id.as_str())
            .bind(json(&wanted)?)
            .bind(self.source)
            .bind(first)
            .bind(second)
            .bind(seconds(self.now));
        let written = statement.execute(&mut *self.connection).await;
        written.map_err(database)?;
        match row {
            Some(_) => self.applied.changed.push(object),
            None => self.applied.created.push(object),
        }
        Ok(())
    }
}

const PUT_CLIENT: &str = "
    INSERT INTO clients (realm, id, definition, managed_by, first_secret_digest,
        second_secret_digest, changed_at)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
    ON CONFLICT (realm, id) DO UPDATE SET definition = ?3, managed_by = ?4,
        first_secret_digest = ?5, second_secret_digest = ?6, changed_at = ?7";
