//! Where sign-ins and synchronisations leave what they met, for whoever looks on.

use super::running::Shadow;
use crate::{
    member::ActiveFederation,
    record::{Recorder, Sight},
};
use bridge_model::{
    decision::Person, entry::Attribute, names::FederationId, realm::PlannedFederation,
    time::Timestamp,
};
use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

/// Who looks on. Cheap to clone; it outlives every reload of a realm.
#[derive(Clone, Default)]
pub(crate) struct Beside {
    shadows: Arc<RwLock<HashMap<FederationId, Arc<Shadow>>>>,
    recorder: Option<Arc<Recorder>>,
}

impl Beside {
    pub(crate) fn recording(recorder: Recorder) -> Self {
        Self {
            recorder: Some(Arc::new(recorder)),
            ..Self::default()
        }
    }

    pub(crate) fn find(&self, federation: FederationId) -> Option<Arc<Shadow>> {
        self.read().get(&federation).cloned()
    }

    pub(crate) fn put(&self, federation: FederationId, shadow: Arc<Shadow>) {
        self.write().insert(federation, shadow);
    }

    pub(crate) fn take(&self, federation: FederationId) -> Option<Arc<Shadow>> {
        self.write().remove(&federation)
    }

    /// The attributes that are to be read of users beside those that a federation needs itself.
    pub(crate) fn more(&self, planned: &PlannedFederation) -> Vec<String> {
        match self.find(planned.federation.id) {
            Some(shadow) if shadow.is_running() && shadow.fits(planned) => shadow.more.clone(),
            _ => Vec::new(),
        }
    }

    // Nothing is left half done under either lock.
    fn read(&self) -> RwLockReadGuard<'_, HashMap<FederationId, Arc<Shadow>>> {
        self.shadows.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, HashMap<FederationId, Arc<Shadow>>> {
        self.shadows.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A sign-in came to its answer. `aside` is what was read for whoever looks on alone.
pub(crate) async fn sign_in(
    federation: &ActiveFederation,
    person: &Person,
    aside: &[Attribute],
    now: Timestamp,
) {
    let beside = &federation.beside;
    if let Some(shadow) = beside.find(federation.planned.federation.id) {
        shadow.see(federation, std::iter::once((person, aside)), now, true);
    }
    if let Some(recorder) = &beside.recorder {
        // Kept from the sign-in itself.
        let shared = federation.shared(now).await.unwrap_or_default();
        recorder.take(Sight {
            planned: Arc::clone(&federation.planned),
            policy: Arc::clone(&federation.policy),
            links: federation.links.clone(),
            person: person.clone(),
            shared,
            now,
        });
    }
}

/// People of a synchronisation were made into users.
pub(crate) fn synchronised<'p>(
    federation: &ActiveFederation,
    persons: impl Iterator<Item = (&'p Person, Vec<Attribute>)>,
    now: Timestamp,
) {
    let Some(shadow) = federation.beside.find(federation.planned.federation.id) else {
        return;
    };
    let persons: Vec<_> = persons.collect();
    let persons = persons.iter().map(|(person, aside)| (*person, &**aside));
    shadow.see(federation, persons, now, false);
}
