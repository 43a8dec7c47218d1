//! Realms.

use super::{Change, State, check, next};
use crate::statement::query;
use crate::{
    columns::{Columns, json, revision_number, seconds},
    seal::Place,
    sqlite::rows::{REALM, realm},
};
use bridge_model::{
    names::RealmName,
    ports::{Precondition, StoreError},
    realm::Realm,
    secret::Secret,
};
use zeroize::Zeroizing;

/// A realm as it is kept.
pub(in crate::sqlite) struct KeptRealm {
    pub(in crate::sqlite) realm: Realm,
    /// Its file no longer declares it, and any file may take it up again.
    pub(in crate::sqlite) is_released: bool,
}

impl KeptRealm {
    fn state(&self) -> State<'_> {
        State {
            managed_by: self.realm.managed_by.as_deref(),
            revision: self.realm.revision,
        }
    }
}

impl Change<'_> {
    pub(in crate::sqlite) fn kept_realm(
        &self,
        name: &RealmName,
    ) -> Result<Option<KeptRealm>, StoreError> {
        let Some(row) = self.row(query(REALM).bind(name.as_str()))? else {
            return Ok(None);
        };
        Ok(Some(KeptRealm {
            realm: realm(&row)?,
            is_released: Columns::of("realms", &row).get("released")?,
        }))
    }

    /// As [`bridge_model::ports::Realms::save_realm`].
    pub(in crate::sqlite) fn save_realm(
        &self,
        wanted: &Realm,
        precondition: Precondition,
    ) -> Result<Realm, StoreError> {
        let existing = self.kept_realm(&wanted.name)?;
        let state = existing.as_ref().map(KeptRealm::state);
        check(&object(&wanted.name), state, precondition)?;
        let wanted = Realm {
            managed_by: None,
            ..wanted.clone()
        };
        self.put_realm(existing.map(|kept| kept.realm), wanted)
    }

    /// Writes a realm, unless it is as wanted; gives it as it is kept.
    pub(in crate::sqlite) fn put_realm(
        &self,
        existing: Option<Realm>,
        mut wanted: Realm,
    ) -> Result<Realm, StoreError> {
        let Some(existing) = existing else {
            wanted.revision = self.first_revision(&object(&wanted.name))?;
            self.insert_realm(&wanted)?;
            return Ok(wanted);
        };
        wanted.revision = existing.revision;
        if existing == wanted {
            return Ok(existing);
        }
        wanted.revision = next(existing.revision);
        let statement = query(UPDATE)
            .bind(wanted.name.as_str())
            .bind(&wanted.display_name)
            .bind(wanted.enabled)
            .bind(json(&wanted.lifetimes)?)
            .bind(json(&wanted.admin_groups)?)
            .bind(&wanted.managed_by)
            .bind(revision_number(wanted.revision))
            .bind(seconds(self.now))
            .bind(json(&wanted.policies)?);
        self.run(statement)?;
        Ok(wanted)
    }

    fn insert_realm(&self, wanted: &Realm) -> Result<(), StoreError> {
        let mut subject_key = Zeroizing::new([0; SUBJECT_KEY_OCTETS]);
        self.random.fill(&mut *subject_key);
        let place = Place::subject_key(&wanted.name);
        let statement = query(INSERT)
            .bind(wanted.name.as_str())
            .bind(&wanted.display_name)
            .bind(wanted.enabled)
            .bind(json(&wanted.lifetimes)?)
            .bind(json(&wanted.admin_groups)?)
            .bind(&wanted.managed_by)
            .bind(revision_number(wanted.revision))
            .bind(seconds(self.now))
            .bind(self.seal.seal(&place, &Secret::new(*subject_key)))
            .bind(json(&wanted.policies)?);
        self.run(statement).map(|_| ())
    }

    /// Switches a realm off that its file no longer declares. It keeps its keys, and whatever file
    /// declares it again has them.
    pub(in crate::sqlite) fn release_realm(&self, name: &RealmName) -> Result<(), StoreError> {
        let statement = query(RELEASE).bind(name.as_str()).bind(seconds(self.now));
        self.run(statement).map(|_| ())
    }

    /// As [`bridge_model::ports::Realms::remove_realm`].
    pub(in crate::sqlite) fn remove_realm(
        &self,
        name: &RealmName,
        precondition: Precondition,
    ) -> Result<(), StoreError> {
        let object = object(name);
        let existing = self.kept_realm(name)?;
        check_present(
            &object,
            existing.as_ref().map(KeptRealm::state),
            precondition,
        )?;
        if let Some(row) = self.row(query(DECLARED_IN).bind(name.as_str()))? {
            let columns = Columns::of("realms", &row);
            return Err(StoreError::Managed {
                object: columns.get("object")?,
                source_name: columns.get("managed_by")?,
            });
        }
        self.run(query(KEEP_REVISIONS).bind(name.as_str()))?;
        for sql in REMOVE {
            self.run(query(sql).bind(name.as_str()))?;
        }
        Ok(())
    }
}

/// As [`check`], for what is to go: there is nothing to remove where nothing is.
pub(super) fn check_present(
    object: &str,
    existing: Option<State<'_>>,
    precondition: Precondition,
) -> Result<(), StoreError> {
    if existing.is_none() {
        return Err(StoreError::Missing(object.to_owned()));
    }
    check(object, existing, precondition)
}

fn object(name: &RealmName) -> String {
    format!("realm {name}")
}

/// As [`bridge_model::ports::Realms::subject_key`] promises.
const SUBJECT_KEY_OCTETS: usize = 32;

const INSERT: &str = "
    INSERT INTO realms (name, display_name, enabled, lifetimes, admin_groups, managed_by, revision,
        changed_at, subject_key, policies, released)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, 0)";

const UPDATE: &str = "
    UPDATE realms SET display_name = ?2, enabled = ?3, lifetimes = ?4, admin_groups = ?5,
        managed_by = ?6, revision = ?7, changed_at = ?8, policies = ?9, released = 0
    WHERE name = ?1";

const RELEASE: &str = "
    UPDATE realms SET enabled = 0, managed_by = NULL, released = 1, revision = revision + 1,
        changed_at = ?2
    WHERE name = ?1";

const DECLARED_IN: &str = "
    SELECT 'federation ' || realm || '/' || name AS object, managed_by FROM federations
    WHERE realm = ?1 AND managed_by IS NOT NULL
    UNION ALL SELECT 'client ' || realm || '/' || id, managed_by FROM clients
    WHERE realm = ?1 AND managed_by IS NOT NULL
    LIMIT 1";

/// Named as where [`Change::first_revision`] is asked for.
const KEEP_REVISIONS: &str = "
    INSERT OR REPLACE INTO past_revisions (object, revision)
    SELECT 'realm ' || name, revision FROM realms WHERE name = ?1
    UNION ALL SELECT 'federation ' || lower(hex(id)), revision FROM federations WHERE realm = ?1
    UNION ALL SELECT 'client ' || realm || '/' || id, revision FROM clients WHERE realm = ?1";

/// In an order in which nothing refers to what is gone already.
const REMOVE: [&str; 9] = [
    "DELETE FROM interactions WHERE realm = ?1",
    "DELETE FROM sessions WHERE realm = ?1",
    "DELETE FROM grants WHERE realm = ?1",
    "DELETE FROM signing_keys WHERE realm = ?1",
    "DELETE FROM users WHERE realm = ?1",
    "DELETE FROM imported_subjects WHERE realm = ?1",
    "DELETE FROM clients WHERE realm = ?1",
    "DELETE FROM federations WHERE realm = ?1",
    "DELETE FROM realms WHERE name = ?1",
];
