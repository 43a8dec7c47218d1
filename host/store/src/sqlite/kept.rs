//! What each sign-in needs and what changes rarely, kept in memory: realms, clients, and which
//! federations have subjects that somebody brought along.
//!
//! The database has one process, so every change goes through this store.

use super::begun;
use bridge_model::{
    client::Client,
    names::{ClientId, FederationId, RealmName},
    realm::Realm,
};
use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

/// What was read since the last change.
pub(super) struct Kept {
    objects: RwLock<Objects>,
    begun: Arc<begun::Table>,
}

#[derive(Default)]
struct Objects {
    realms: HashMap<RealmName, Realm>,
    clients: HashMap<RealmName, HashMap<ClientId, Client>>,
    brought: HashMap<FederationId, bool>,
    count: usize,
    /// How often everything was forgotten: what was read from the database before is not kept.
    changes: u64,
}

/// A time between two changes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Period(u64);

impl Kept {
    /// With sign-ins on their way, which are forgotten with the rest.
    pub(super) fn new(begun: Arc<begun::Table>) -> Self {
        Self {
            objects: RwLock::default(),
            begun,
        }
    }

    /// To be asked before the database is read.
    pub(super) fn period(&self) -> Period {
        Period(self.read().changes)
    }

    pub(super) fn realm(&self, name: &RealmName) -> Option<Realm> {
        self.read().realms.get(name).cloned()
    }

    pub(super) fn client(&self, realm: &RealmName, id: &ClientId) -> Option<Client> {
        self.read().clients.get(realm)?.get(id).cloned()
    }

    /// Keeps a realm that was read in a period, if that is not over. What is not there is not kept:
    /// there is no end to the names of that.
    pub(super) fn keep_realm(&self, realm: &Realm, period: Period) {
        self.keep(period, |objects| {
            objects.realms.insert(realm.name.clone(), realm.clone());
        });
    }

    /// As [`Kept::keep_realm`].
    pub(super) fn keep_client(&self, client: &Client, period: Period) {
        self.keep(period, |objects| {
            let clients = objects.clients.entry(client.realm.clone()).or_default();
            clients.insert(client.id.clone(), client.clone());
        });
    }

    /// Whether any subject was brought along to a federation; none: not known.
    pub(super) fn has_brought(&self, federation: FederationId) -> Option<bool> {
        self.read().brought.get(&federation).copied()
    }

    /// As [`Kept::keep_realm`].
    pub(super) fn keep_brought(&self, federation: FederationId, is_any: bool, period: Period) {
        self.keep(period, |objects| {
            objects.brought.insert(federation, is_any);
        });
    }

    /// To be called after every change, before anybody hears of it.
    pub(super) fn forget(&self) {
        let mut objects = self.write();
        let changes = objects.changes + 1;
        *objects = Objects {
            changes,
            ..Objects::default()
        };
        drop(objects);
        self.begun.forget();
    }

    fn keep(&self, period: Period, insert: impl FnOnce(&mut Objects)) {
        let mut objects = self.write();
        if Period(objects.changes) == period && objects.count < COUNT_MAX {
            objects.count += 1;
            insert(&mut objects);
        }
    }

    // Nothing is left half done under the lock.
    fn read(&self) -> RwLockReadGuard<'_, Objects> {
        self.objects.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Objects> {
        self.objects.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Each takes a kilobyte or so; those over it are read each time.
const COUNT_MAX: usize = 4_000;
