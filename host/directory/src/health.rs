//! Whether a server is worth asking.

use crate::limits::Limits;
use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::time::Instant;

/// Whether a server is worth asking.
///
/// A server that does not answer rests, each time twice as long. After that one call asks it again, and
/// while that one waits it still rests for all others.
pub(crate) struct Health {
    limits: Limits,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// How often in a row it was found not to answer.
    failures: u32,
    /// Until then it rests.
    until: Option<Instant>,
    /// Whether one call is finding out.
    is_probed: bool,
}

impl Health {
    pub(crate) fn new(limits: Limits) -> Self {
        Self {
            limits,
            state: Mutex::default(),
        }
    }

    /// Whether it answered last, or was never asked.
    pub(crate) fn is_sound(&self) -> bool {
        self.state().failures == 0
    }

    /// Whether others should be asked first.
    pub(crate) fn is_resting(&self, now: Instant) -> bool {
        self.state().until.is_some_and(|until| now < until)
    }

    /// Whether this call may ask the server first. If it has rested, only one may, and has so long to
    /// find out.
    pub(crate) fn take_turn(&self, now: Instant, longest: Duration) -> bool {
        let mut state = self.state();
        match state.until {
            None => true,
            Some(until) if now < until => false,
            Some(_) => {
                state.until = Some(now + longest);
                state.is_probed = true;
                true
            }
        }
    }

    /// It did not answer.
    pub(crate) fn failed(&self, now: Instant) {
        let mut state = self.state();
        let is_known = state.until.is_some_and(|until| now < until);
        if is_known && !state.is_probed {
            // The calls that were under way when it went all find out, and count as one.
            return;
        }
        let Limits {
            back_off,
            back_off_max,
            ..
        } = self.limits;
        let doubled = back_off.saturating_mul(1 << state.failures.min(DOUBLINGS_MAX));
        *state = State {
            failures: state.failures.saturating_add(1),
            until: Some(now + doubled.min(back_off_max)),
            is_probed: false,
        };
    }

    /// It answered.
    pub(crate) fn answered(&self) {
        *self.state() = State::default();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing panics while the lock is held.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Beyond any sensible back-off.
const DOUBLINGS_MAX: u32 = 16;

#[cfg(test)]
mod tests {
    use super::*;

    const LONGEST: Duration = Duration::from_secs(15);

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn rests_longer_each_time_up_to_a_limit() {
        let health = Health::new(Limits::default());
        let mut now = Instant::now();
        for expected in [5, 10, 20, 40, 60, 60] {
            assert!(health.take_turn(now, LONGEST), "before {expected}");
            health.failed(now);
            assert!(health.is_resting(now + seconds(expected - 1)));
            assert!(!health.is_resting(now + seconds(expected)), "{expected}");
            now += seconds(expected);
        }
        health.answered();
        assert!(health.is_sound() && !health.is_resting(now));
        health.failed(now);
        assert!(!health.is_resting(now + seconds(5)));
    }

    #[test]
    fn those_who_fail_together_count_once() {
        let health = Health::new(Limits::default());
        let now = Instant::now();
        for _ in 0..100 {
            health.failed(now);
        }
        assert!(!health.is_resting(now + seconds(5)));
    }

    #[test]
    fn one_call_finds_out_whether_it_is_back() {
        let health = Health::new(Limits::default());
        let now = Instant::now();
        health.failed(now);
        let rested = now + seconds(5);
        assert!(!health.take_turn(now, LONGEST));
        assert!(health.take_turn(rested, LONGEST));
        assert!(!health.take_turn(rested, LONGEST));
        assert!(health.is_resting(rested));
        // It was dropped without a word.
        assert!(health.take_turn(rested + LONGEST, LONGEST));
    }
}
