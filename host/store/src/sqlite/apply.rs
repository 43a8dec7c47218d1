//! Makes the database agree with what a file declares.

use super::{
    change::Change,
    rows::{client, federation},
};
use crate::columns::Columns;
use crate::statement::query;
use bridge_model::{
    client::{Client, ClientAuthentication},
    names::RealmName,
    ports::StoreError,
    realm::{
        Applied, ClientDeclaration, Declaration, FederationDeclaration, PLATFORM,
        PlannedFederation, Prune, Realm, RealmDeclaration, Revision,
    },
};
use std::collections::HashSet;

/// One declaration on its way into the database, within one transaction.
pub(super) struct Apply<'a> {
    pub(super) change: Change<'a>,
    pub(super) source: &'a str,
    pub(super) adopt: bool,
    pub(super) applied: Applied,
}

impl Apply<'_> {
    /// Applies; the caller commits, or drops the transaction after an error.
    pub(super) fn run(mut self, declaration: &Declaration) -> Result<Applied, StoreError> {
        if declaration.prune != Prune::Nothing {
            let in_all = declaration.prune == Prune::AllRealms;
            self.remove_undeclared(&declaration.realms, in_all)?;
        }
        for declared in &declaration.realms {
            self.put_realm(&declared.realm)?;
            for federation in &declared.federations {
                self.put_federation(federation)?;
            }
            for client in &declared.clients {
                self.put_client(client)?;
            }
        }
        Ok(self.applied)
    }

    /// Removes what the source declared before and no longer does.
    fn remove_undeclared(
        &mut self,
        realms: &[RealmDeclaration],
        in_all: bool,
    ) -> Result<(), StoreError> {
        let names: HashSet<_> = realms.iter().map(|declared| &declared.realm.name).collect();
        let is_looked_at = |realm: &RealmName| in_all || names.contains(realm);
        let federations = realms.iter().flat_map(|declared| &declared.federations);
        let federations = federations.map(|declared| {
            let federation = &declared.planned.federation;
            (&federation.realm, &federation.name)
        });
        let federations: HashSet<_> = federations.collect();
        let rows = self.change.rows(query(FEDERATIONS).bind(self.source))?;
        for row in &rows {
            let kept = federation(row)?.federation;
            if is_looked_at(&kept.realm) && !federations.contains(&(&kept.realm, &kept.name)) {
                self.change.drop_federation(&kept.realm, kept.id)?;
                let object = format!("federation {}/{}", kept.realm, kept.name);
                self.applied.removed.push(object);
            }
        }
        let clients = realms.iter().flat_map(|declared| &declared.clients);
        let clients = clients.map(|declared| (&declared.client.realm, &declared.client.id));
        let clients: HashSet<_> = clients.collect();
        let rows = self.change.rows(query(CLIENTS).bind(self.source))?;
        for row in &rows {
            let kept = client(row)?;
            if is_looked_at(&kept.realm) && !clients.contains(&(&kept.realm, &kept.id)) {
                self.change.drop_client(&kept.realm, &kept.id)?;
                let object = format!("client {}/{}", kept.realm, kept.id);
                self.applied.removed.push(object);
            }
        }
        let rows = self.change.rows(query(REALMS).bind(self.source))?;
        for row in &rows {
            let name = Columns::of("realms", row).name::<RealmName>("name")?;
            if is_looked_at(&name) && !names.contains(&name) {
                self.change.release_realm(&name)?;
                self.applied.removed.push(format!("realm {name}"));
            }
        }
        Ok(())
    }

    fn put_realm(&mut self, declared: &Realm) -> Result<(), StoreError> {
        let object = format!("realm {}", declared.name);
        let wanted = Realm {
            managed_by: Some(self.source.to_owned()),
            ..declared.clone()
        };
        let existing = self.change.kept_realm(&declared.name)?;
        // The platform's realm is made by the bridge itself, so that it is there before any file.
        let is_platform = declared.name.as_str() == PLATFORM;
        if let Some(existing) = &existing
            && !existing.is_released
            && !(is_platform && existing.realm.managed_by.is_none())
        {
            self.check_owner(&object, existing.realm.managed_by.as_deref())?;
        }
        let existing = existing.map(|kept| kept.realm);
        let before = existing.as_ref().map(|existing| existing.revision);
        let kept = self.change.put_realm(existing, wanted)?;
        self.note(object, before, kept.revision);
        Ok(())
    }

    fn put_federation(&mut self, declared: &FederationDeclaration) -> Result<(), StoreError> {
        let federation = &declared.planned.federation;
        let object = format!("federation {}/{}", federation.realm, federation.name);
        let existing = self
            .change
            .kept_federation(&federation.realm, &federation.name)?;
        let mut wanted = PlannedFederation {
            managed_by: Some(self.source.to_owned()),
            ..declared.planned.clone()
        };
        if let Some(existing) = &existing {
            self.check_owner(&object, existing.planned.managed_by.as_deref())?;
            // Who people are hangs on these two; whatever the declaration says, they stay.
            let existing = &existing.planned.federation;
            wanted.federation.id = existing.id;
            let namespace = &existing.subject_namespace;
            wanted.federation.subject_namespace.clone_from(namespace);
        } else if self.change.federation_with_id(federation.id)?.is_some() {
            return Err(StoreError::Conflict(format!(
                "{object} has the id of another federation: declare it with an id of its own"
            )));
        }
        let before = existing.as_ref().map(|existing| existing.planned.revision);
        let credential = declared.bind_credential.as_ref();
        let kept = self.change.put_federation(existing, wanted, credential);
        let kept = kept.map_err(|error| match error {
            StoreError::NeedsCredential(_) => StoreError::Conflict(error.to_string()),
            error => error,
        })?;
        self.note(object, before, kept.revision);
        Ok(())
    }

    fn put_client(&mut self, declared: &ClientDeclaration) -> Result<(), StoreError> {
        let Client { realm, id, .. } = &declared.client;
        let object = format!("client {realm}/{id}");
        let wanted = Client {
            managed_by: Some(self.source.to_owned()),
            ..declared.client.clone()
        };
        let existing = self.change.kept_client(realm, id)?;
        if let Some(existing) = &existing {
            self.check_owner(&object, existing.managed_by.as_deref())?;
        }
        let kept_secrets = self.change.kept_secrets(realm, id)?;
        let digests = declared.secrets.iter();
        let digests = digests.map(|secret| self.change.digests.of_secret(realm, id, secret));
        let mut digests: Vec<_> = digests.collect();
        digests.dedup();
        // A declaration that tells none of a client's secrets leaves it those that it has.
        let is_silent = digests.is_empty() && wanted.authentication == ClientAuthentication::Secret;
        let are_secrets_new = !is_silent
            && (kept_secrets.len() != digests.len()
                || kept_secrets
                    .iter()
                    .any(|kept| !digests.contains(&kept.digest)));
        let before = existing.as_ref().map(|existing| existing.revision);
        let kept = self.change.put_client(existing, wanted, are_secrets_new)?;
        if are_secrets_new {
            self.change
                .replace_secrets(&kept, &kept_secrets, &digests)?;
        }
        self.note(object, before, kept.revision);
        Ok(())
    }

    /// Notes what became of an object.
    fn note(&mut self, object: String, before: Option<Revision>, after: Revision) {
        match before {
            None => self.applied.created.push(object),
            Some(before) if before != after => self.applied.changed.push(object),
            Some(_) => {}
        }
    }

    /// Whether the source may change an object that is there.
    fn check_owner(&self, object: &str, managed_by: Option<&str>) -> Result<(), StoreError> {
        let source = self.source;
        match managed_by {
            Some(owner) if owner == source => Ok(()),
            None if self.adopt => Ok(()),
            Some(owner) => Err(StoreError::Conflict(format!(
                "{object} is declared by {owner} and cannot be declared by {source} too: take it out of one of the two"
            ))),
            None => Err(StoreError::Conflict(format!(
                "{object} was not made by a file and cannot be declared by {source}: say adopt to take it over, or give it another name"
            ))),
        }
    }
}

const FEDERATIONS: &str = "
    SELECT id, realm, name, enabled, definition, plan, policy, managed_by, revision
    FROM federations WHERE managed_by = ?1 ORDER BY realm, name";

const CLIENTS: &str = "
    SELECT realm, id, definition, managed_by, revision FROM clients
    WHERE managed_by = ?1 ORDER BY realm, id";

const REALMS: &str = "SELECT name FROM realms WHERE managed_by = ?1 ORDER BY name";
