//! Clients and their secrets.

use super::{
    SqliteStore, begin, commit_objects, database,
    realms::NO_TIME,
    rows::{CLIENT, CLIENT_SECRETS, CLIENTS, KeptSecret, client},
};
use async_trait::async_trait;
use bridge_model::{
    client::{Client, ClientSecret},
    names::{ClientId, RealmName},
    ports::{Clients, Precondition, StoreError},
    secret::Secret,
    time::Timestamp,
};
use sqlx::query;
use uuid::Uuid;

#[async_trait]
impl Clients for SqliteStore {
    async fn clients(&self, realm: &RealmName) -> Result<Vec<Client>, StoreError> {
        let rows = self.rows(query(CLIENTS).bind(realm.as_str())).await?;
        rows.iter().map(client).collect()
    }

    async fn client(&self, realm: &RealmName, id: &ClientId) -> Result<Option<Client>, StoreError> {
        if let Some(kept) = self.kept.client(realm, id) {
            return Ok(Some(kept));
        }
        let period = self.kept.period();
        let statement = query(CLIENT).bind(realm.as_str()).bind(id.as_str());
        let row = self.row(statement).await?;
        let read = row.as_ref().map(client).transpose()?;
        if let Some(read) = &read {
            self.kept.keep_client(read, period);
        }
        Ok(read)
    }

    async fn save_client(
        &self,
        client: &Client,
        precondition: Precondition,
        now: Timestamp,
    ) -> Result<Client, StoreError> {
        let mut lease = self.writing.lease().await.map_err(database)?;
        let mut transaction = begin(&mut lease).await?;
        let mut change = self.change(&mut transaction, now);
        let kept = change.save_client(client, precondition).await?;
        commit_objects(&self.kept, transaction).await?;
        Ok(kept)
    }

    async fn remove_client(
        &self,
        realm: &RealmName,
        id: &ClientId,
        precondition: Precondition,
    ) -> Result<(), StoreError> {
        let mut lease = self.writing.lease().await.map_err(database)?;
        let mut transaction = begin(&mut lease).await?;
        let mut change = self.change(&mut transaction, NO_TIME);
        change.remove_client(realm, id, precondition).await?;
        commit_objects(&self.kept, transaction).await
    }

    async fn client_secrets(
        &self,
        realm: &RealmName,
        id: &ClientId,
    ) -> Result<Vec<ClientSecret>, StoreError> {
        let kept = self.kept_secrets(realm, id).await?;
        Ok(kept.into_iter().map(|kept| kept.about).collect())
    }

    async fn add_client_secret(
        &self,
        realm: &RealmName,
        id: &ClientId,
        secret: &Secret,
        about: &ClientSecret,
    ) -> Result<(), StoreError> {
        let mut lease = self.writing.lease().await.map_err(database)?;
        let mut transaction = begin(&mut lease).await?;
        let mut change = self.change(&mut transaction, about.created_at);
        change.add_client_secret(realm, id, secret, about).await?;
        commit_objects(&self.kept, transaction).await
    }

    async fn remove_client_secret(
        &self,
        realm: &RealmName,
        id: &ClientId,
        secret: Uuid,
    ) -> Result<bool, StoreError> {
        let mut lease = self.writing.lease().await.map_err(database)?;
        let mut transaction = begin(&mut lease).await?;
        let mut change = self.change(&mut transaction, NO_TIME);
        let is_removed = change.remove_client_secret(realm, id, secret).await?;
        commit_objects(&self.kept, transaction).await?;
        Ok(is_removed)
    }

    async fn client_secret_fits(
        &self,
        realm: &RealmName,
        id: &ClientId,
        presented: &Secret,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let kept = self.kept_secrets(realm, id).await?;
        let mut lasting = false;
        let mut single = None;
        for kept in &kept {
            // All are compared, so that the time does not tell which of them it was.
            let fits = self.digests.secret_fits(&kept.digest, realm, id, presented);
            if fits && !kept.is_over(now) {
                lasting |= !kept.about.single_use;
                single = kept.about.single_use.then_some(kept.number).or(single);
            }
        }
        match single {
            Some(number) if !lasting => {
                let statement = query("DELETE FROM client_secrets WHERE number = ?1");
                let written = self.write(statement.bind(number)).await?;
                Ok(written.changed == 1)
            }
            _ => Ok(lasting),
        }
    }
}

impl SqliteStore {
    async fn kept_secrets(
        &self,
        realm: &RealmName,
        id: &ClientId,
    ) -> Result<Vec<KeptSecret>, StoreError> {
        let statement = query(CLIENT_SECRETS).bind(realm.as_str()).bind(id.as_str());
        let rows = self.rows(statement).await?;
        rows.iter().map(KeptSecret::of).collect()
    }
}
