//! What the policies of one realm may use of the machine, and what they have used.
//!
//! A realm's policies share an allowance of processor time: what a call used is measured on its thread
//! and taken out, more of it where the call had to be ended, since nobody has anything of that. Where nothing is left, calls are refused until
//! time has passed, so that the other realms do not notice. Calls of one realm that run at the same time
//! are bounded too, so that the instances are never all in the hands of one.

use crate::{bucket::Bucket, limits::Limits, realm_log::RealmLog};
use bridge_model::{names::RealmName, policy::PolicyRules};
use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, RwLock,
        atomic::{AtomicU32, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

/// What the policies of a realm have used since the host was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RealmUse {
    /// Processor time of all calls.
    pub processor_time: Duration,
    /// Calls that ran, whatever came of them.
    pub calls: u64,
    /// Calls that were refused: the realm had used up its time, or too many were running.
    pub refused: u64,
}

/// Every realm that was asked for.
pub(crate) struct Realms {
    by_name: RwLock<HashMap<RealmName, Arc<Realm>>>,
    calls_max: u32,
}

/// One realm.
pub(crate) struct Realm {
    name: RealmName,
    budget: Mutex<Bucket>,
    calls_max: u32,
    running: AtomicU32,
    paces: Mutex<HashMap<String, Arc<Pace>>>,
    processor_ns: AtomicU64,
    calls: AtomicU64,
    refused: AtomicU64,
    log: RealmLog,
}

/// How long calls of one policy take in one realm: a running mean for each person, in nanoseconds; 0 where
/// none was made yet.
#[derive(Default)]
pub(crate) struct Pace(AtomicU64);

/// A policy in the hands of a realm.
#[derive(Clone)]
pub(crate) struct Lease {
    realm: Arc<Realm>,
    pace: Arc<Pace>,
}

/// A call that counts as running until it goes.
pub(crate) struct Turn<'a> {
    lease: &'a Lease,
    persons: u64,
    reserved_ns: i64,
    /// What it costs, once that is known.
    cost_ns: Option<i64>,
}

/// Why a realm's call is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Busy {
    #[error(
        "the realm's policies have used their processor time, {} ms in a second; it is given anew all the time, or set policies.cpu_ms_per_second of the realm higher",
        .0.as_millis()
    )]
    Time(Duration),
    #[error(
        "{0} calls of the realm's policies are running, which is as many as one realm may have"
    )]
    Calls(u32),
}

impl Realms {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            by_name: RwLock::default(),
            calls_max: limits.instances_max.div_ceil(REALMS_AT_ONCE),
        }
    }

    /// A realm, which is known from then on.
    pub(crate) fn of(&self, name: &RealmName) -> Arc<Realm> {
        let known = self.by_name.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(realm) = known.get(name) {
            return Arc::clone(realm);
        }
        drop(known);
        let mut known = self.by_name.write().unwrap_or_else(PoisonError::into_inner);
        let made = || Arc::new(Realm::new(name.clone(), self.calls_max));
        Arc::clone(known.entry(name.clone()).or_insert_with(made))
    }

    /// A realm, where it is known.
    pub(crate) fn find(&self, name: &RealmName) -> Option<Arc<Realm>> {
        let known = self.by_name.read().unwrap_or_else(PoisonError::into_inner);
        known.get(name).cloned()
    }

    /// Forgets a realm with all that was counted and logged of it.
    pub(crate) fn forget(&self, name: &RealmName) {
        let mut known = self.by_name.write().unwrap_or_else(PoisonError::into_inner);
        known.remove(name);
    }
}

impl Realm {
    fn new(name: RealmName, calls_max: u32) -> Self {
        let preset = PolicyRules::default().cpu_ms_per_second;
        let preset = nanoseconds(Duration::from_millis(preset.into()));
        Self {
            name,
            budget: Mutex::new(Bucket::new(preset, Instant::now())),
            calls_max,
            running: AtomicU32::new(0),
            paces: Mutex::default(),
            processor_ns: AtomicU64::new(0),
            calls: AtomicU64::new(0),
            refused: AtomicU64::new(0),
            log: RealmLog::new(),
        }
    }

    pub(crate) fn name(&self) -> &str {
        self.name.as_str()
    }

    /// What its policies wrote.
    pub(crate) fn log(&self) -> &RealmLog {
        &self.log
    }

    /// What its policies have used.
    pub(crate) fn used(&self) -> RealmUse {
        RealmUse {
            processor_time: Duration::from_nanos(self.processor_ns.load(Ordering::Relaxed)),
            calls: self.calls.load(Ordering::Relaxed),
            refused: self.refused.load(Ordering::Relaxed),
        }
    }

    /// How much processor time its policies may use in a second from now on.
    pub(crate) fn limit(&self, time_per_second: Duration) {
        let per_second = nanoseconds(time_per_second);
        self.budget().resize(per_second, Instant::now());
    }

    /// Lends it the policy with this digest.
    pub(crate) fn lease(self: Arc<Self>, digest: &str) -> Lease {
        let mut paces = self.paces.lock().unwrap_or_else(PoisonError::into_inner);
        let pace = if let Some(pace) = paces.get(digest) {
            Arc::clone(pace)
        } else {
            if paces.len() >= PACES_MAX {
                paces.retain(|_, pace| Arc::strong_count(pace) > 1);
            }
            let pace = Arc::<Pace>::default();
            paces.insert(digest.to_owned(), Arc::clone(&pace));
            pace
        };
        drop(paces);
        Lease { realm: self, pace }
    }

    /// No number is left half-written under this lock, so a panic of another thread does not matter.
    fn budget(&self) -> MutexGuard<'_, Bucket> {
        self.budget.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sets time aside for a call, as much as such a call takes.
    fn reserve(&self, persons: usize, expected_ns: i64) -> Result<(), Busy> {
        let mut budget = self.budget();
        let left = budget.left(Instant::now());
        // What is done for many at once leaves half to those who sign in meanwhile.
        let kept_back = if persons > 1 { budget.size() / 2 } else { 0 };
        if left <= kept_back {
            return Err(Busy::Time(duration(budget.size())));
        }
        budget.take(expected_ns);
        Ok(())
    }
}

impl Lease {
    /// Whose it is.
    pub(crate) fn realm(&self) -> &Arc<Realm> {
        &self.realm
    }

    /// Whether a call about one person could be made.
    pub(crate) fn ready(&self) -> Result<(), Busy> {
        let mut budget = self.realm.budget();
        if budget.left(Instant::now()) <= 0 {
            let per_second = duration(budget.size());
            drop(budget);
            self.realm.refused.fetch_add(1, Ordering::Relaxed);
            return Err(Busy::Time(per_second));
        }
        Ok(())
    }

    /// See [`VendorPolicy::is_slow`](bridge_model::ports::VendorPolicy::is_slow).
    pub(crate) fn is_slow(&self) -> bool {
        self.pace.is_slow()
    }

    /// Begins a call about so many persons.
    pub(crate) fn begin(&self, persons: usize) -> Result<Turn<'_>, Busy> {
        let turn = self.turn(persons);
        if turn.is_err() {
            self.realm.refused.fetch_add(1, Ordering::Relaxed);
        }
        turn
    }

    fn turn(&self, persons: usize) -> Result<Turn<'_>, Busy> {
        let realm = &*self.realm;
        let weight = u64::try_from(persons.max(1)).unwrap_or(u64::MAX);
        let expected = weight.saturating_mul(self.pace.nanoseconds());
        let reserved_ns = i64::try_from(expected).unwrap_or(i64::MAX);
        realm.reserve(persons, reserved_ns)?;
        if realm.running.fetch_add(1, Ordering::AcqRel) >= realm.calls_max {
            realm.running.fetch_sub(1, Ordering::AcqRel);
            realm.budget().take(reserved_ns.saturating_neg());
            return Err(Busy::Calls(realm.calls_max));
        }
        Ok(Turn {
            lease: self,
            persons: weight,
            reserved_ns,
            cost_ns: None,
        })
    }
}

impl Turn<'_> {
    /// Ends the call, which used so much processor time; `was_cut` where its time was over.
    pub(crate) fn end(mut self, used: Duration, was_cut: bool) {
        let factor = if was_cut { CUT_FACTOR } else { 1 };
        self.cost_ns = Some(nanoseconds(used).saturating_mul(factor));
        let realm = &self.lease.realm;
        let nanoseconds = u64::try_from(used.as_nanos()).unwrap_or(u64::MAX);
        realm.processor_ns.fetch_add(nanoseconds, Ordering::Relaxed);
        realm.calls.fetch_add(1, Ordering::Relaxed);
        self.lease.pace.count(nanoseconds / self.persons);
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let realm = &self.lease.realm;
        realm.running.fetch_sub(1, Ordering::AcqRel);
        // A call that ended in a panic of the host's pays what was set aside for it.
        if let Some(cost) = self.cost_ns {
            realm.budget().take(cost.saturating_sub(self.reserved_ns));
        }
    }
}

impl Pace {
    fn nanoseconds(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    fn is_slow(&self) -> bool {
        self.nanoseconds() > SLOW_NS
    }

    /// Of two calls that end in the same moment one may not count: it is a mean.
    fn count(&self, nanoseconds: u64) {
        let mean = match self.nanoseconds() {
            0 => nanoseconds,
            mean => mean - mean / MEAN_OF + nanoseconds / MEAN_OF,
        };
        self.0.store(mean, Ordering::Relaxed);
    }
}

fn nanoseconds(span: Duration) -> i64 {
    i64::try_from(span.as_nanos()).unwrap_or(i64::MAX)
}

fn duration(nanoseconds: i64) -> Duration {
    Duration::from_nanos(u64::try_from(nanoseconds).unwrap_or(0))
}

/// How many realms there have to be to use up all instances.
const REALMS_AT_ONCE: u32 = 2;
/// How many times what it used a call costs that had to be ended. It has kept a processor busy from
/// beginning to end, which whoever is served by the same one notices.
const CUT_FACTOR: i64 = 4;
/// Some twenty times as long as the calls of a sign-in take with a policy in Rust.
const SLOW_NS: u64 = 1_000_000;
/// Versions that come and go in one realm before those that nobody has any more are forgotten.
const PACES_MAX: usize = 64;
/// How many calls the mean looks back over, more or less.
const MEAN_OF: u64 = 8;

#[cfg(test)]
#[path = "realm_tests.rs"]
mod tests;
