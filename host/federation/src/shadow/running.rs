//! One candidate of one federation, with what was counted.

use super::{Candidate, Comparison, Pair, Sides, Tally, compare::Answer, tally::Agreement};
use crate::member::ActiveFederation;
use bridge_model::{
    decision::Person,
    entry::Attribute,
    ports::Directory,
    realm::{PlannedFederation, PolicyRef, Revision},
    time::Timestamp,
};
use serde::{Deserialize, Serialize};
use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::sync::mpsc::{Receiver, Sender, channel};

/// The most sign-ins, or pages of a synchronisation, that wait to be looked at.
const WAITING_MAX: usize = 32;
/// The most people that wait in them: some megabytes.
const PEOPLE_MAX: usize = 2_000;

/// What is to run in the shadow.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ShadowWish {
    /// What could be in force.
    pub candidate: Candidate,
    /// After so many sign-ins of people who were let in or kept out by name, and not one difference, it is
    /// put in force by itself; none: somebody has to say so. One difference, and nobody else does.
    pub promote_after: Option<u64>,
    /// Whether examples show values.
    pub values: bool,
}

/// Where a shadow stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ShadowStage {
    /// It looks on.
    Running,
    /// What it found means nothing any more.
    Ended,
    /// The candidate is in force.
    Promoted,
}

/// A shadow as far as it has come.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ShadowState {
    /// Where it stands.
    pub stage: ShadowStage,
    /// Why it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When it began, in seconds since 1970-01-01T00:00:00Z.
    pub started_at: Timestamp,
    /// The policy in force.
    pub policy: PolicyRef,
    /// The candidate's.
    pub candidate: PolicyRef,
    /// Whether the candidate has another list of mappers.
    pub mappers_change: bool,
    /// What differs between the plans.
    pub plan_changes: Vec<String>,
    /// After how many sign-ins without a difference it is put in force.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub promote_after: Option<u64>,
    /// Sign-ins that were looked at.
    pub sign_ins: u64,
    /// Sign-ins of people who are known, in which nothing differed.
    pub without_difference: u64,
    /// Users of synchronisations that were looked at.
    pub synchronised: u64,
    /// What was not looked at, because there was too much at once.
    pub left_out: u64,
    /// Where the two differ.
    pub comparison: Comparison,
}

/// What sign-ins and synchronisations leave to be looked at.
pub(crate) struct Sighting {
    pub(crate) directory: Arc<dyn Directory>,
    /// With everything that was read for both, and what the policy in force asked for.
    pub(crate) persons: Vec<Person>,
    pub(crate) now: Timestamp,
    pub(crate) is_sign_in: bool,
}

/// One candidate beside one federation.
pub(crate) struct Shadow {
    pub(crate) revision: Revision,
    pub(crate) before: PolicyRef,
    pub(crate) after: Arc<PlannedFederation>,
    /// Attributes that only the candidate reads.
    pub(crate) more: Vec<String>,
    wish: ShadowWish,
    plan_changes: Vec<String>,
    started_at: Timestamp,
    queue: Sender<Sighting>,
    /// How many people wait.
    waiting: AtomicUsize,
    counted: Mutex<Counted>,
}

struct Counted {
    tally: Tally,
    sign_ins: u64,
    without_difference: u64,
    synchronised: u64,
    left_out: u64,
    has_difference: bool,
    end: Option<(ShadowStage, String)>,
}

impl Shadow {
    pub(crate) fn new(
        sides: &Sides,
        pair: &Pair,
        wish: ShadowWish,
        now: Timestamp,
    ) -> (Self, Receiver<Sighting>) {
        let (queue, taken) = channel(WAITING_MAX);
        let planned = &sides.before.planned;
        let shadow = Self {
            revision: planned.revision,
            before: planned.policy.clone(),
            after: Arc::clone(&sides.after.planned),
            more: pair.more().to_vec(),
            plan_changes: sides.plan_changes(),
            started_at: now,
            queue,
            waiting: AtomicUsize::new(0),
            counted: Mutex::new(Counted {
                tally: Tally::new(wish.values),
                sign_ins: 0,
                without_difference: 0,
                synchronised: 0,
                left_out: 0,
                has_difference: false,
                end: None,
            }),
            wish,
        };
        (shadow, taken)
    }

    /// Takes what a federation met, unless it means nothing to the candidate. Returns at once.
    pub(crate) fn see<'p>(
        &self,
        federation: &ActiveFederation,
        mut persons: impl Iterator<Item = (&'p Person, &'p [Attribute])>,
        now: Timestamp,
        is_sign_in: bool,
    ) {
        if !self.is_running() || !self.fits(&federation.planned) {
            return;
        }
        // Read before the candidate's attributes were asked for.
        if self.more.iter().any(|name| !federation.more.contains(name)) {
            return;
        }
        let whole = |(person, aside): (&Person, &[Attribute])| {
            let mut person = person.clone();
            person.entry.attributes.extend_from_slice(aside);
            person
        };
        if let Ok(place) = self.queue.try_reserve() {
            let room = PEOPLE_MAX.saturating_sub(self.waiting.load(Ordering::Relaxed));
            let persons: Vec<_> = persons.by_ref().take(room).map(whole).collect();
            if !persons.is_empty() {
                self.waiting.fetch_add(persons.len(), Ordering::Relaxed);
                place.send(Sighting {
                    directory: Arc::clone(&federation.directory),
                    persons,
                    now,
                    is_sign_in,
                });
            }
        }
        let left = persons.count();
        if left > 0 {
            self.locked().left_out += u64::try_from(left).unwrap_or(u64::MAX);
        }
    }

    /// So many people do not wait any more.
    pub(crate) fn looked_at(&self, people: usize) {
        self.waiting.fetch_sub(people, Ordering::Relaxed);
    }

    /// Whether a federation is still the one that the candidate is compared with; ends the shadow if not.
    pub(crate) fn fits(&self, planned: &PlannedFederation) -> bool {
        let reason = if planned.policy.digest != self.before.digest {
            "the policy in force is another now"
        } else if planned.revision != self.revision {
            "the federation was changed"
        } else {
            return true;
        };
        self.end(reason);
        false
    }

    /// Counts what the two made of somebody. Gives the number of sign-ins after which the candidate is to
    /// be put in force, when that is now.
    pub(crate) fn count(
        &self,
        dn: &str,
        before: &Answer,
        after: &Answer,
        sighting: (Timestamp, bool),
    ) -> Option<u64> {
        let (now, is_sign_in) = sighting;
        let mut counted = self.locked();
        if counted.end.is_some() {
            return None;
        }
        let agreement = counted.tally.take(dn, before, after, now);
        counted.has_difference |= agreement == Agreement::Different;
        if !is_sign_in {
            counted.synchronised += 1;
            return None;
        }
        counted.sign_ins += 1;
        // A wrong password says nothing of a candidate.
        if agreement == Agreement::Same && before.user().is_some() {
            counted.without_difference += 1;
        }
        let enough = self.wish.promote_after?;
        let is_enough = counted.without_difference >= enough && !counted.has_difference;
        is_enough.then_some(counted.without_difference)
    }

    pub(crate) fn add_time(&self, before: Duration, after: Duration) {
        let mut counted = self.locked();
        counted.tally.time_before += before;
        counted.tally.time_after += after;
    }

    pub(crate) fn is_running(&self) -> bool {
        self.locked().end.is_none()
    }

    pub(crate) fn ended(&self) -> Option<String> {
        let counted = self.locked();
        counted.end.as_ref().map(|(_, reason)| reason.clone())
    }

    pub(crate) fn end(&self, reason: &str) {
        let end = (ShadowStage::Ended, reason.to_owned());
        self.locked().end.get_or_insert(end);
    }

    pub(crate) fn promoted(&self, sign_ins: u64) {
        let reason = format!("it was promoted after {sign_ins} sign-ins without a difference");
        // That the federation is another now may have been noticed before.
        self.locked().end = Some((ShadowStage::Promoted, reason));
    }

    pub(crate) fn state(&self) -> ShadowState {
        let counted = self.locked();
        let end = counted.end.as_ref();
        ShadowState {
            stage: end.map_or(ShadowStage::Running, |(stage, _)| *stage),
            reason: end.map(|(_, reason)| reason.clone()),
            started_at: self.started_at,
            policy: self.before.clone(),
            candidate: self.after.policy.clone(),
            mappers_change: self.wish.candidate.mappers.is_some(),
            plan_changes: self.plan_changes.clone(),
            promote_after: self.wish.promote_after,
            sign_ins: counted.sign_ins,
            without_difference: counted.without_difference,
            synchronised: counted.synchronised,
            left_out: counted.left_out,
            comparison: counted.tally.comparison(),
        }
    }

    // Nothing is left half done under the lock.
    fn locked(&self) -> MutexGuard<'_, Counted> {
        self.counted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
