//! What means harm does it a thousand times, and is held to four things each time: it ends as it should,
//! within its time, leaves nothing behind in memory, and the next one is served.

mod admission;
mod calls;
mod child;

use crate::{memory::resident_octets, stage};
use bridge_model::ports::{PolicyError, PolicyFault};
use std::time::{Duration, Instant};

/// How often everything is done that does not say otherwise.
pub(crate) const TIMES: usize = 1_000;

/// Something that is done again and again. To be checked by who is [`alone`](crate::memory::alone).
pub(crate) struct Repeated<'a> {
    /// What a failed test calls it.
    pub(crate) name: &'a str,
    /// How often.
    pub(crate) times: usize,
    /// How long it may take each time, by the limits that it is under.
    pub(crate) limit: Duration,
}

impl<'a> Repeated<'a> {
    /// A call under the limits of the stage.
    pub(crate) fn call(name: &'a str) -> Self {
        Self {
            name,
            times: TIMES,
            limit: stage::limits().deadline(1),
        }
    }
}

impl Repeated<'_> {
    /// Holds it to its time and to the memory there was before. `misbehave` checks each time how it ends,
    /// and `next` that somebody who means no harm is served.
    pub(crate) fn expect_harmless(&self, misbehave: impl Fn(), next: impl Fn()) {
        // The first times make resident what is kept for every next one.
        for _ in 0..FIRST_TIMES {
            misbehave();
            next();
        }
        let before = resident_octets();
        let mut taken = Vec::with_capacity(self.times);
        for time in 1..=self.times {
            let begun = Instant::now();
            misbehave();
            taken.push(begun.elapsed());
            if time == self.times || time.is_multiple_of(TIMES / 20) {
                next();
            }
        }
        self.expect_in_time(taken);
        let grown = resident_octets().saturating_sub(before);
        assert!(
            grown <= GROWTH_OCTETS_MAX,
            "{}: {grown} octets more after {} times",
            self.name,
            self.times
        );
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
        assert!(!error.detail.contains(char::is_control), "{name}: {error:?}");
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
