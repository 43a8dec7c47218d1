//! What means harm does it a thousand times, and is held to four things each time: it ends as it should,
//! within its time, leaves nothing behind in memory, and the next one is served.

mod admission;
mod calls;
mod child;

use crate::{memory::resident_octets, stage};
use bridge_model::ports::{PolicyError, PolicyFault};
use std::{
    panic,
    thread::{self, ScopedJoinHandle},
    time::{Duration, Instant},
};

/// How often everything is done that does not say otherwise.
pub(crate) const TIMES: usize = 1_000;

/// Something that is done again and again. To be checked by who is [`alone`](crate::memory::alone).
#[derive(Clone, Copy)]
pub(crate) struct Repeated<'a> {
    /// What a failed test calls it.
    pub(crate) name: &'a str,
    /// How often, all threads together.
    pub(crate) times: usize,
    /// How many threads do it at the same time.
    pub(crate) threads: usize,
    /// How long it may take each time, by the limits that it is under.
    pub(crate) limit: Duration,
}

impl<'a> Repeated<'a> {
    /// Something that is done as often as everything, by two at the same time.
    pub(crate) fn new(name: &'a str, limit: Duration) -> Self {
        Self {
            name,
            times: TIMES,
            threads: 2,
            limit,
        }
    }

    /// A call under the limits of the stage.
    pub(crate) fn call(name: &'a str) -> Self {
        Self::new(name, stage::limits().deadline(1))
    }
}

impl Repeated<'_> {
    /// Holds it to its time and to the memory there was before. `misbehave` checks each time how it ends,
    /// and `next` that somebody who means no harm is served.
    pub(crate) fn expect_harmless(&self, misbehave: impl Fn() + Sync, next: impl Fn() + Sync) {
        // The first times make resident what is kept for every next one.
        let first = FIRST_TIMES.min(self.times.div_ceil(5));
        self.at_the_same_time(first, &misbehave, &next);
        let before = resident_octets();
        let begun = Instant::now();
        let taken = self.at_the_same_time(self.times, &misbehave, &next);
        let all = begun.elapsed();
        let grown = resident_octets().saturating_sub(before);
        let Self { name, times, .. } = self;
        // Shown with `--nocapture`.
        eprintln!(
            "{name}: {times} times in {all:.1?}, {} KiB more",
            grown >> 10
        );
        assert!(
            grown <= GROWTH_OCTETS_MAX,
            "{name}: {grown} octets more after {times} times"
        );
        self.expect_in_time(taken);
    }

    /// Does it so many times, and gives how long it took each time.
    fn at_the_same_time(
        &self,
        times: usize,
        misbehave: &(impl Fn() + Sync),
        next: &(impl Fn() + Sync),
    ) -> Vec<Duration> {
        let each = times.div_ceil(self.threads);
        let work = || {
            let mut taken = Vec::with_capacity(each);
            for time in 1..=each {
                let begun = Instant::now();
                misbehave();
                taken.push(begun.elapsed());
                if time == each || time.is_multiple_of(TIMES / 20) {
                    next();
                }
            }
            taken
        };
        thread::scope(|scope| {
            let threads: Vec<_> = (0..self.threads).map(|_| scope.spawn(work)).collect();
            let ends = threads.into_iter().map(ScopedJoinHandle::join);
            ends.flat_map(|end| end.unwrap_or_else(|panic| panic::resume_unwind(panic)))
                .collect()
        })
    }

    fn expect_in_time(&self, mut taken: Vec<Duration>) {
        taken.sort_unstable();
        let half = taken[taken.len() / 2];
        let slowest = taken[taken.len() - 1];
        assert!(
            half <= self.limit + SLACK_OF_HALF && slowest <= self.limit + SLACK,
            "{}: half took up to {half:?}, all up to {slowest:?}, and each may take {:?}",
            self.name,
            self.limit
        );
    }
}

/// How it has to end.
#[derive(Clone, Copy)]
pub(crate) enum End {
    /// With this fault, and a reason of which this is a part.
    Fault(PolicyFault, &'static str),
    /// With an answer that says no more than it may.
    Answer,
}

impl End {
    /// Checks an end that is an error.
    pub(crate) fn expect(self, name: &str, error: &PolicyError) {
        let Self::Fault(fault, part) = self else {
            panic!("{name}: {error}");
        };
        assert_eq!(error.fault, fault, "{name}: {error}");
        assert!(error.detail.contains(part), "{name}: {error}");
        assert!(
            !error.detail.contains(char::is_control),
            "{name}: {error:?}"
        );
        assert!(error.detail.len() < SENTENCE_OCTETS_MAX, "{name}: {error}");
    }
}

const FIRST_TIMES: usize = 10;
const GROWTH_OCTETS_MAX: usize = 4 << 20;
/// What a machine that has other things to do may add, at any one time.
const SLACK: Duration = Duration::from_secs(5);
/// What it may add half of the time.
const SLACK_OF_HALF: Duration = Duration::from_millis(100);
/// A reason is a sentence or two.
const SENTENCE_OCTETS_MAX: usize = 1_500;
