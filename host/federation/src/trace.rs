//! What happened in one sign-in, as it happened: nothing is put into words before somebody asks.

use crate::{member::Broken, person::Seen};
use bridge_model::{
    audit::AuditOutcome,
    client::Client,
    dn::Dn,
    entry::Attribute,
    filter::Filter,
    names::{ClientId, FederationId, FederationName, RealmName},
    realm::PlannedFederation,
    search::SearchScope,
    time::Timestamp,
    user::Standing,
};
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// The most sign-ins that are remembered of those that went well, and of those that did not.
const TRACES_MAX: usize = 1_000;
/// The most octets that either takes, about.
const OCTETS_MAX: usize = 4 * 1024 * 1024;
/// Longer values of an entry are not remembered: photographs.
const VALUE_OCTETS_MAX: usize = 4 * 1024;

/// What happened in one sign-in, or would.
#[derive(Clone, Debug)]
pub(crate) struct Trace {
    pub(crate) realm: RealmName,
    /// The request it happened in; blank where nobody signed in.
    pub(crate) request_id: String,
    pub(crate) client_id: Option<ClientId>,
    pub(crate) allowed_groups: Vec<String>,
    pub(crate) now: Timestamp,
    /// What was typed, by an administrator or by somebody who was found. Others may have typed a
    /// password into the field for names.
    pub(crate) username: Option<String>,
    pub(crate) asked: Vec<Asked>,
    pub(crate) seen: Option<Box<Seen>>,
    pub(crate) standing: Option<Standing>,
    /// What came of it, and the reason if it was no success.
    pub(crate) end: Option<(AuditOutcome, Option<String>)>,
    pub(crate) time: Duration,
}

/// A federation that was asked, or should have been.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) name: FederationName,
    pub(crate) id: FederationId,
    pub(crate) vendor: String,
    /// None: it could not be put in force.
    pub(crate) planned: Option<Arc<PlannedFederation>>,
    pub(crate) searches: Vec<Searched>,
    pub(crate) outcome: Outcome,
}

/// One search for the entry of a name.
#[derive(Clone, Debug)]
pub(crate) struct Searched {
    pub(crate) base: Dn,
    pub(crate) scope: SearchScope,
    pub(crate) filter: Arc<Filter>,
    /// Result code and number of entries, or why there was no answer.
    pub(crate) result: Result<(u32, usize), String>,
    pub(crate) time: Duration,
}

/// What a federation said of a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Nobody,
    Found,
    Several,
    PassedOver(String),
    Unavailable(String),
}

impl Asked {
    pub(crate) fn active(planned: Arc<PlannedFederation>) -> Self {
        Self {
            name: planned.federation.name.clone(),
            id: planned.federation.id,
            vendor: planned.federation.vendor.clone(),
            planned: Some(planned),
            searches: Vec::new(),
            outcome: Outcome::Nobody,
        }
    }

    pub(crate) fn broken(broken: &Broken) -> Self {
        Self {
            name: broken.name.clone(),
            id: broken.id,
            vendor: broken.vendor.clone(),
            planned: None,
            searches: Vec::new(),
            outcome: Outcome::Nobody,
        }
    }

    pub(crate) fn ended(mut self, outcome: Outcome) -> Self {
        self.outcome = outcome;
        self
    }
}

impl Trace {
    pub(crate) fn new(realm: &RealmName, client: Option<&Client>, now: Timestamp) -> Self {
        Self {
            realm: realm.clone(),
            request_id: String::new(),
            client_id: client.map(|client| client.id.clone()),
            allowed_groups: client.map_or_else(Vec::new, |client| client.allowed_groups.clone()),
            now,
            username: None,
            asked: Vec::new(),
            seen: None,
            standing: None,
            end: None,
            time: Duration::ZERO,
        }
    }

    /// Lets go of what is too long to be remembered.
    fn shorten(&mut self) {
        let Some(seen) = &mut self.seen else {
            return;
        };
        for attribute in &mut seen.entry.attributes {
            attribute
                .values
                .retain(|value| value.len() <= VALUE_OCTETS_MAX);
        }
    }

    /// About how much memory this takes.
    fn octets(&self) -> usize {
        let of_attribute = |attribute: &Attribute| {
            let values = attribute.values.iter().map(|value| value.len() + 24);
            attribute.name.len() + 48 + values.sum::<usize>()
        };
        let seen = self.seen.as_ref().map_or(0, |seen| {
            let attributes = seen.entry.attributes.iter().map(of_attribute);
            let user = seen.user.as_ref().map_or(0, |user| {
                let groups = user.group_dns.iter().map(|dn| dn.len() + 24);
                // A JSON value takes some thrice its text.
                3 * serde_json::to_string(&user.claims).map_or(0, |text| text.len())
                    + groups.sum::<usize>()
            });
            size_of::<Seen>() + attributes.sum::<usize>() + user
        });
        let searches: usize = self.asked.iter().map(|asked| asked.searches.len()).sum();
        size_of::<Self>() + self.asked.len() * size_of::<Asked>() + searches * 1024 + seen
    }
}

/// The sign-ins of a short while ago. Those that went well are kept apart: on a busy day they would
/// push out the others, which are the ones that somebody asks about.
#[derive(Default)]
pub(crate) struct Recent {
    admitted: Ring,
    kept_out: Ring,
}

impl Recent {
    pub(crate) fn add(&self, mut trace: Trace) {
        trace.shorten();
        match trace.end {
            Some((AuditOutcome::Success, _)) => self.admitted.add(trace),
            _ => self.kept_out.add(trace),
        }
    }

    /// The sign-in of this request in this realm.
    pub(crate) fn find(&self, realm: &RealmName, request_id: &str) -> Option<Trace> {
        let find = |ring: &Ring| ring.find(realm, request_id);
        find(&self.kept_out).or_else(|| find(&self.admitted))
    }
}

/// Some sign-ins. The oldest goes when there is no more room.
struct Ring {
    octets_max: usize,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    traces: VecDeque<(usize, Trace)>,
    octets: usize,
}

impl Default for Ring {
    fn default() -> Self {
        Self {
            octets_max: OCTETS_MAX,
            kept: Mutex::default(),
        }
    }
}

impl Ring {
    fn add(&self, trace: Trace) {
        let octets = trace.octets();
        if octets > self.octets_max {
            return;
        }
        let mut gone = Vec::new();
        let mut kept = self.kept();
        while kept.traces.len() >= TRACES_MAX || kept.octets + octets > self.octets_max {
            let Some((less, oldest)) = kept.traces.pop_front() else {
                break;
            };
            kept.octets -= less;
            gone.push(oldest);
        }
        kept.octets += octets;
        kept.traces.push_back((octets, trace));
        // What goes is taken apart after the lock is given back.
        drop(kept);
        drop(gone);
    }

    fn find(&self, realm: &RealmName, request_id: &str) -> Option<Trace> {
        let kept = self.kept();
        let mut traces = kept.traces.iter().rev().map(|(_, trace)| trace);
        traces
            .find(|trace| trace.realm == *realm && trace.request_id == request_id)
            .cloned()
    }

    // Nothing is left half done under the lock.
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
