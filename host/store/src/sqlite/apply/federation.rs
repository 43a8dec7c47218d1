//! Declared federations.

use super::Apply;
use crate::{
    columns::{Columns, json, seconds},
    seal::Place,
    sqlite::{
        database,
        realms::{FEDERATION, federation},
    },
};
use bridge_model::{
    federation::{Federation, ServiceBind},
    ports::StoreError,
    realm::{FederationDeclaration, PlannedFederation},
    secret::Secret,
};
use sqlx::{error::ErrorKind, query};

impl Apply<'_> {
    pub(super) async fn put_federation(
        &mut self,
        declared: &FederationDeclaration,
    ) -> Result<(), StoreError> {
        let declared_federation = &declared.planned.federation;
        let (realm, name) = (&declared_federation.realm, &declared_federation.name);
        let object = format!("federation {realm}/{name}");
        let row = self.find(FEDERATION, [realm.as_str(), name.as_str()]);
        let row = row.await?;
        let existing = row.as_ref().map(federation).transpose()?;
        let mut wanted = PlannedFederation {
            managed_by: Some(self.source.to_owned()),
            ..declared.planned.clone()
        };
        let mut sealed: Option<Vec<u8>> = None;
        if let (Some(existing), Some(row)) = (&existing, &row) {
            self.check_owner(&object, existing.managed_by.as_deref())?;
            // Who people are hangs on these two; whatever the declaration says, they stay.
            wanted.federation.id = existing.federation.id;
            let namespace = &existing.federation.subject_namespace;
            wanted.federation.subject_namespace.clone_from(namespace);
            sealed = Columns::of("federations", row).get("bind_credential")?;
        }
        let credential = declared.bind_credential.as_ref();
        let kept = self.credential_to_keep(&wanted.federation, sealed.as_deref(), credential)?;
        if existing.as_ref() == Some(&wanted) && kept == sealed {
            return Ok(());
        }
        self.write_federation(&wanted, kept, &object).await?;
        match existing {
            Some(_) => self.applied.changed.push(object),
            None => self.applied.created.push(object),
        }
        Ok(())
    }

    /// The sealed credential that belongs to a federation as it is wanted: the one that is there, if
    /// it is still tied to the same servers and name and no other is given; else the one given.
    fn credential_to_keep(
        &self,
        wanted: &Federation,
        sealed: Option<&[u8]>,
        given: Option<&Secret>,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        if wanted.connection.bind == ServiceBind::None {
            return Ok(None);
        }
        let place = Place::bind_credential(wanted);
        let opened = sealed.and_then(|sealed| self.seal.open(&place, sealed).ok());
        match (opened, given) {
            (Some(opened), Some(given)) if opened == *given => Ok(sealed.map(<[u8]>::to_vec)),
            (_, Some(given)) => Ok(Some(self.seal.seal(&place, given))),
            (Some(_), None) => Ok(sealed.map(<[u8]>::to_vec)),
            (None, None) => Err(StoreError::Conflict(format!(
                "federation {}/{} needs its bind credential: give it, as with every change of the URLs, the TLS settings or the bind name that it is tied to",
                wanted.realm, wanted.name
            ))),
        }
    }

    async fn write_federation(
        &mut self,
        wanted: &PlannedFederation,
        sealed: Option<Vec<u8>>,
        object: &str,
    ) -> Result<(), StoreError> {
        let federation = &wanted.federation;
        let statement = query(PUT_FEDERATION)
            .bind(federation.id.0.as_bytes().as_slice())
            .bind(federation.realm.as_str())
            .bind(federation.name.as_str())
            .bind(json(federation)?)
            .bind(json(&wanted.plan)?)
            .bind(json(&wanted.policy)?)
            .bind(self.source)
            .bind(sealed)
            .bind(seconds(self.now));
        let written = statement.execute(&mut *self.connection).await;
        written.map_err(|error| match error.as_database_error() {
            Some(cause) if cause.kind() == ErrorKind::UniqueViolation => {
                StoreError::Conflict(format!(
                    "{object} has the id of another federation: declare it with an id of its own"
                ))
            }
            _ => database(error),
        })?;
        Ok(())
    }
}

const PUT_FEDERATION: &str = "
    INSERT INTO federations (id, realm, name, definition, plan, policy, managed_by,
        bind_credential, changed_at)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
    ON CONFLICT (realm, name) DO UPDATE SET definition = ?4, plan = ?5, policy = ?6,
        managed_by = ?7, bind_credential = ?8, changed_at = ?9";
