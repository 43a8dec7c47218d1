//! Rows of realms, federations and clients, and what reads them.

use crate::columns::Columns;
use crate::statement::Row;
use bridge_model::{
    client::{Client, ClientSecret},
    federation::Federation,
    names::{ClientId, FederationName, RealmName},
    ports::StoreError,
    realm::{PlannedFederation, Realm},
    time::Timestamp,
};

pub(super) fn realm(row: &Row) -> Result<Realm, StoreError> {
    let columns = Columns::of("realms", row);
    Ok(Realm {
        name: columns.name::<RealmName>("name")?,
        display_name: columns.get("display_name")?,
        enabled: columns.get("enabled")?,
        lifetimes: columns.json("lifetimes")?,
        admin_groups: columns.json("admin_groups")?,
        policies: columns.json("policies")?,
        managed_by: columns.get("managed_by")?,
        revision: columns.revision("revision")?,
    })
}

pub(super) fn federation(row: &Row) -> Result<PlannedFederation, StoreError> {
    let columns = Columns::of("federations", row);
    let federation: Federation = columns.json("definition")?;
    // What a row is found by and what stands in it are written together and have to agree.
    if federation.id.0 != columns.uuid("id")?
        || federation.realm != columns.name::<RealmName>("realm")?
        || federation.name != columns.name::<FederationName>("name")?
        || federation.enabled != columns.get::<bool>("enabled")?
    {
        return Err(columns.error("definition", "it is of another federation"));
    }
    Ok(PlannedFederation {
        federation,
        plan: columns.json("plan")?,
        policy: columns.json("policy")?,
        managed_by: columns.get("managed_by")?,
        revision: columns.revision("revision")?,
    })
}

/// The sealed bind credential of a federation.
pub(super) fn bind_credential(row: &Row) -> Result<Option<Vec<u8>>, StoreError> {
    Columns::of("federations", row).get("bind_credential")
}

pub(super) fn client(row: &Row) -> Result<Client, StoreError> {
    let columns = Columns::of("clients", row);
    let client: Client = columns.json("definition")?;
    if client.realm != columns.name::<RealmName>("realm")?
        || client.id != columns.name::<ClientId>("id")?
    {
        return Err(columns.error("definition", "it is of another client"));
    }
    Ok(Client {
        managed_by: columns.get("managed_by")?,
        revision: columns.revision("revision")?,
        ..client
    })
}

/// A client's secret as it is kept.
pub(super) struct KeptSecret {
    pub(super) number: i64,
    pub(super) digest: Vec<u8>,
    pub(super) about: ClientSecret,
}

impl KeptSecret {
    pub(super) fn of(row: &Row) -> Result<Self, StoreError> {
        let columns = Columns::of("client_secrets", row);
        let expires_at: Option<i64> = columns.get("expires_at")?;
        let expires_at = expires_at.map(|_| columns.time("expires_at"));
        Ok(Self {
            number: columns.get("number")?,
            digest: columns.get("digest")?,
            about: ClientSecret {
                id: columns.uuid("id")?,
                created_at: columns.time("created_at")?,
                expires_at: expires_at.transpose()?,
                single_use: columns.get("single_use")?,
            },
        })
    }

    /// Whether it holds no more.
    pub(super) fn is_over(&self, now: Timestamp) -> bool {
        self.about.expires_at.is_some_and(|end| end <= now)
    }
}

pub(super) const REALMS: &str = "
    SELECT name, display_name, enabled, lifetimes, admin_groups, policies, managed_by, revision
    FROM realms ORDER BY name";

/// ?1 name.
pub(super) const REALM: &str = "
    SELECT name, display_name, enabled, lifetimes, admin_groups, policies, managed_by, revision,
        released
    FROM realms WHERE name = ?1";

/// ?1 realm.
pub(super) const FEDERATIONS: &str = "
    SELECT id, realm, name, enabled, definition, plan, policy, managed_by, revision
    FROM federations WHERE realm = ?1 ORDER BY number";

/// ?1 realm, ?2 name.
pub(super) const FEDERATION_BY_NAME: &str = "
    SELECT id, realm, name, enabled, definition, plan, policy, managed_by, revision, bind_credential
    FROM federations WHERE realm = ?1 AND name = ?2";

/// ?1 id.
pub(super) const FEDERATION_BY_ID: &str = "
    SELECT id, realm, name, enabled, definition, plan, policy, managed_by, revision, bind_credential
    FROM federations WHERE id = ?1";

/// ?1 realm.
pub(super) const CLIENTS: &str = "
    SELECT realm, id, definition, managed_by, revision FROM clients WHERE realm = ?1 ORDER BY id";

/// ?1 realm, ?2 id.
pub(super) const CLIENT: &str = "
    SELECT realm, id, definition, managed_by, revision FROM clients WHERE realm = ?1 AND id = ?2";

/// ?1 realm, ?2 client.
pub(super) const CLIENT_SECRETS: &str = "
    SELECT number, id, digest, created_at, expires_at, single_use FROM client_secrets
    WHERE realm = ?1 AND client = ?2 ORDER BY number";
