//! Clients and their secrets.

use super::{
    SqliteStore,
    change::Change,
    realms::NO_TIME,
    rows::{CLIENT, CLIENT_SECRETS, CLIENTS, KeptSecret, client},
};
use crate::statement::query;
use async_trait::async_trait;
use bridge_model::{
    client::{Client, ClientSecret},
    names::{ClientId, RealmName},
    ports::{Clients, Precondition, StoreError},
    secret::Secret,
    time::Timestamp,
};
use uuid::Uuid;

#[async_trait]
impl Clients for SqliteStore {
    async fn clients(&self, realm: &RealmName) -> Result<Vec<Client>, StoreError> {
        let rows = self.walk(query(CLIENTS).bind(realm.as_str())).await?;
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
        let client = client.clone();
        let work = move |change: Change<'_>| change.save_client(&client, precondition);
        self.change_objects(now, work).await
    }

    async fn remove_client(
        &self,
        realm: &RealmName,
        id: &ClientId,
        precondition: Precondition,
    ) -> Result<(), StoreError> {
        let (realm, id) = (realm.clone(), id.clone());
        let work = move |change: Change<'_>| change.remove_client(&realm, &id, precondition);
        self.change_objects(NO_TIME, work).await
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
        let (realm, id) = (realm.clone(), id.clone());
        let (secret, about) = (secret.clone(), *about);
        let now = about.created_at;
        let work = move |change: Change<'_>| change.add_client_secret(&realm, &id, &secret, &about);
        self.change_objects(now, work).await
    }

    async fn remove_client_secret(
        &self,
        realm: &RealmName,
        id: &ClientId,
        secret: Uuid,
    ) -> Result<bool, StoreError> {
        let (realm, id) = (realm.clone(), id.clone());
        let work = move |change: Change<'_>| change.remove_client_secret(&realm, &id, secret);
        self.change_objects(NO_TIME, work).await
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
            let fits = self
                .tools
                .digests
                .secret_fits(&kept.digest, realm, id, presented);
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
