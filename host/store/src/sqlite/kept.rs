//! What each sign-in needs and what changes rarely, kept in memory: realms, clients, which federations
//! have subjects that somebody brought along, and what holds against people who signed in.
//!
//! The database has one process, so every change goes through this store.

use super::begun;
use bridge_model::{
    client::Client,
    names::{ClientId, FederationId, RealmName},
    realm::Realm,
    user::{KnownUser, Standing},
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
    people: HashMap<RealmName, HashMap<String, Person>>,
    people_count: usize,
    /// How often something was forgotten: what was read from the database before is not kept.
    changes: u64,
}

/// What was noted of somebody, and what holds against them.
struct Person {
    federation: FederationId,
    username: String,
    entry_dn: String,
    standing: Standing,
}

/// What a change makes untrue.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Forget {
    /// What is known of people.
    People,
    Everything,
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

    /// What holds against somebody of a federation; none: not known.
    pub(super) fn standing(
        &self,
        realm: &RealmName,
        federation: FederationId,
        subject: &str,
    ) -> Option<Standing> {
        let objects = self.read();
        let person = objects.people.get(realm)?.get(subject)?;
        (person.federation == federation).then_some(person.standing)
    }

    /// The same, if what was noted of them is this.
    pub(super) fn standing_as_noted(&self, user: &KnownUser) -> Option<Standing> {
        let objects = self.read();
        let person = objects.people.get(&user.realm)?.get(&user.subject)?;
        let is_as_noted = person.federation == user.federation
            && person.username == user.username
            && person.entry_dn == user.entry_dn;
        is_as_noted.then_some(person.standing)
    }

    /// As [`Kept::keep_realm`], for somebody who is noted like this. When there are many, it begins
    /// anew.
    pub(super) fn keep_person(&self, user: &KnownUser, standing: Standing, period: Period) {
        let person = Person {
            federation: user.federation,
            username: user.username.clone(),
            entry_dn: user.entry_dn.clone(),
            standing,
        };
        let mut objects = self.write();
        if Period(objects.changes) != period {
            return;
        }
        if objects.people_count >= PEOPLE_MAX {
            objects.people.clear();
            objects.people_count = 0;
        }
        let of_realm = objects.people.entry(user.realm.clone()).or_default();
        if of_realm.insert(user.subject.clone(), person).is_none() {
            objects.people_count += 1;
        }
    }

    /// To be called after every change, before anybody hears of it.
    pub(super) fn forget(&self, what: Forget) {
        let mut objects = self.write();
        objects.changes += 1;
        if what == Forget::People {
            objects.people.clear();
            objects.people_count = 0;
            return;
        }
        *objects = Objects {
            changes: objects.changes,
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

/// Each takes some 300 octets.
const PEOPLE_MAX: usize = 20_000;
