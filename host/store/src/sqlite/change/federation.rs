//! Federations.

use super::{Change, State, check, next, realm::check_present};
use crate::statement::{Row, query};
use crate::{
    columns::{json, revision_number, seconds},
    seal::Place,
    sqlite::rows::{FEDERATION_BY_ID, FEDERATION_BY_NAME, bind_credential, federation},
};
use bridge_model::{
    federation::Federation,
    names::{FederationId, FederationName, RealmName},
    ports::{Precondition, StoreError},
    realm::PlannedFederation,
    secret::Secret,
};

/// A federation as it is kept.
pub(in crate::sqlite) struct KeptFederation {
    pub(in crate::sqlite) planned: PlannedFederation,
    /// Its bind credential.
    sealed: Option<Vec<u8>>,
}

impl KeptFederation {
    fn of(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            planned: federation(row)?,
            sealed: bind_credential(row)?,
        })
    }

    fn state(&self) -> State<'_> {
        State {
            managed_by: self.planned.managed_by.as_deref(),
            revision: self.planned.revision,
        }
    }
}

impl Change<'_> {
    pub(in crate::sqlite) fn kept_federation(
        &self,
        realm: &RealmName,
        name: &FederationName,
    ) -> Result<Option<KeptFederation>, StoreError> {
        let statement = query(FEDERATION_BY_NAME)
            .bind(realm.as_str())
            .bind(name.as_str());
        let row = self.row(statement)?;
        row.as_ref().map(KeptFederation::of).transpose()
    }

    pub(in crate::sqlite) fn federation_with_id(
        &self,
        id: FederationId,
    ) -> Result<Option<KeptFederation>, StoreError> {
        let statement = query(FEDERATION_BY_ID).bind(id.0.as_bytes().as_slice());
        let row = self.row(statement)?;
        row.as_ref().map(KeptFederation::of).transpose()
    }

    /// As [`bridge_model::ports::Realms::save_federation`].
    pub(in crate::sqlite) fn save_federation(
        &self,
        wanted: &PlannedFederation,
        credential: Option<&Secret>,
        precondition: Precondition,
    ) -> Result<PlannedFederation, StoreError> {
        let Federation {
            id, realm, name, ..
        } = &wanted.federation;
        let object = object(realm, name);
        if self.kept_realm(realm)?.is_none() {
            return Err(StoreError::Missing(format!("realm {realm}")));
        }
        let existing = self.federation_with_id(*id)?;
        if let Some(other) = &existing
            && other.planned.federation.realm != *realm
        {
            // Whoever may not know of the other realm learns nothing of it.
            return Err(match precondition {
                Precondition::Absent => {
                    StoreError::Duplicate(format!("federation with the id {id}"))
                }
                _ => StoreError::Missing(object),
            });
        }
        check(
            &object,
            existing.as_ref().map(KeptFederation::state),
            precondition,
        )?;
        let namesake = self.kept_federation(realm, name)?;
        if namesake.is_some_and(|namesake| namesake.planned.federation.id != *id) {
            return Err(StoreError::Duplicate(object));
        }
        if !wanted.federation.connection.bind.has_credential() && credential.is_some() {
            return Err(StoreError::Conflict(format!(
                "{object} has a bind credential and no bind name: give both, or neither"
            )));
        }
        let wanted = PlannedFederation {
            managed_by: None,
            ..wanted.clone()
        };
        self.put_federation(existing, wanted, credential)
    }

    /// Writes a federation, unless it is as wanted; gives it as it is kept.
    pub(in crate::sqlite) fn put_federation(
        &self,
        existing: Option<KeptFederation>,
        mut wanted: PlannedFederation,
        credential: Option<&Secret>,
    ) -> Result<PlannedFederation, StoreError> {
        let sealed = existing.as_ref().and_then(|kept| kept.sealed.as_deref());
        let to_keep = self.credential_to_keep(&wanted.federation, sealed, credential)?;
        let is_new = existing.is_none();
        if let Some(KeptFederation { planned, sealed }) = existing {
            wanted.revision = planned.revision;
            if planned == wanted && sealed == to_keep {
                return Ok(planned);
            }
            wanted.revision = next(planned.revision);
        } else {
            let object = past_object(wanted.federation.id);
            wanted.revision = self.first_revision(&object)?;
        }
        let federation = &wanted.federation;
        let statement = query(if is_new { INSERT } else { UPDATE })
            .bind(federation.id.0.as_bytes().as_slice())
            .bind(federation.realm.as_str())
            .bind(federation.name.as_str())
            .bind(federation.enabled)
            .bind(json(federation)?)
            .bind(json(&wanted.plan)?)
            .bind(json(&wanted.policy)?)
            .bind(&wanted.managed_by)
            .bind(to_keep)
            .bind(revision_number(wanted.revision))
            .bind(seconds(self.now));
        self.run(statement)?;
        Ok(wanted)
    }

    /// The sealed credential that belongs to a federation as it is wanted: the one that is there, if
    /// it is still tied to the same servers and name and no other is given; else the one given.
    fn credential_to_keep(
        &self,
        wanted: &Federation,
        sealed: Option<&[u8]>,
        given: Option<&Secret>,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        if !wanted.connection.bind.has_credential() {
            return Ok(None);
        }
        let place = Place::bind_credential(wanted);
        let opened = sealed.and_then(|sealed| self.seal.open(&place, sealed).ok());
        match (opened, given) {
            (Some(opened), Some(given)) if opened == *given => Ok(sealed.map(<[u8]>::to_vec)),
            (_, Some(given)) => Ok(Some(self.seal.seal(&place, given))),
            (Some(_), None) => Ok(sealed.map(<[u8]>::to_vec)),
            (None, None) => Err(StoreError::NeedsCredential(object(
                &wanted.realm,
                &wanted.name,
            ))),
        }
    }

    /// As [`bridge_model::ports::Realms::remove_federation`].
    pub(in crate::sqlite) fn remove_federation(
        &self,
        realm: &RealmName,
        id: FederationId,
        precondition: Precondition,
    ) -> Result<(), StoreError> {
        let existing = self.federation_with_id(id)?;
        let existing = existing.filter(|kept| kept.planned.federation.realm == *realm);
        let object = match &existing {
            Some(kept) => object(realm, &kept.planned.federation.name),
            None => format!("federation with the id {id} in the realm {realm}"),
        };
        check_present(
            &object,
            existing.as_ref().map(KeptFederation::state),
            precondition,
        )?;
        self.drop_federation(realm, id)
    }

    /// Removes a federation that is there, whoever declares it; the users known through it, their
    /// sessions, and what was granted to them.
    pub(in crate::sqlite) fn drop_federation(
        &self,
        realm: &RealmName,
        id: FederationId,
    ) -> Result<(), StoreError> {
        let past = past_object(id);
        let statement = query(KEEP_REVISION)
            .bind(past)
            .bind(id.0.as_bytes().as_slice());
        self.run(statement)?;
        for sql in DROP {
            let statement = query(sql)
                .bind(realm.as_str())
                .bind(id.0.as_bytes().as_slice());
            self.run(statement)?;
        }
        Ok(())
    }
}

fn object(realm: &RealmName, name: &FederationName) -> String {
    format!("federation {realm}/{name}")
}

/// A federation is its id, whatever it is named.
fn past_object(id: FederationId) -> String {
    format!("federation {}", id.0.simple())
}

/// The same values in the same order as [`UPDATE`].
const INSERT: &str = "
    INSERT INTO federations (id, realm, name, enabled, definition, plan, policy, managed_by,
        bind_credential, revision, changed_at)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";

const UPDATE: &str = "
    UPDATE federations SET name = ?3, enabled = ?4, definition = ?5, plan = ?6, policy = ?7,
        managed_by = ?8, bind_credential = ?9, revision = ?10, changed_at = ?11
    WHERE id = ?1 AND realm = ?2";

const KEEP_REVISION: &str = "
    INSERT OR REPLACE INTO past_revisions (object, revision)
    SELECT ?1, revision FROM federations WHERE id = ?2";

/// Users and imported subjects go with the federation that they refer to.
const DROP: [&str; 3] = [
    "DELETE FROM sessions WHERE realm = ?1 AND federation = ?2",
    "UPDATE grants SET stage = 2 WHERE realm = ?1 AND federation = ?2",
    "DELETE FROM federations WHERE realm = ?1 AND id = ?2",
];
