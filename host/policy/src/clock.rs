//! How long a call may take.

use crate::limits::Limits;
use rustix::time::{ClockId, clock_gettime};
use std::time::{Duration, Instant};
use wasmtime::UpdateDeadline;

/// Measures one call by the processor time of its thread, so that a machine which has too much to do
/// does not end calls that had no time to run.
pub(crate) struct CallClock {
    processor_start: Duration,
    start: Instant,
    deadline: Duration,
    tick: Duration,
}

/// A call that took too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Overrun {
    #[error("it used more than {} ms of processor time", .0.as_millis())]
    Processor(Duration),
    #[error("it took longer than {} ms on a machine that has too much to do", .0.as_millis())]
    Wall(Duration),
}

impl CallClock {
    /// A clock for a call about so many persons, which begins now.
    pub(crate) fn start(limits: &Limits, persons: usize) -> Self {
        Self {
            processor_start: processor_time(),
            start: Instant::now(),
            deadline: limits.deadline(persons),
            tick: Duration::from_millis(limits.tick_ms),
        }
    }

    /// After how many ticks to look at the clock for the first time.
    pub(crate) fn first_look_ticks(&self) -> u64 {
        self.ticks(self.deadline)
    }

    /// Looks at the clock: ends the call, or says when to look again.
    pub(crate) fn look(&self) -> wasmtime::Result<UpdateDeadline> {
        let left = self.left(self.used(), self.start.elapsed())?;
        Ok(UpdateDeadline::Continue(self.ticks(left)))
    }

    /// The processor time that the call has used so far.
    pub(crate) fn used(&self) -> Duration {
        processor_time().saturating_sub(self.processor_start)
    }

    /// What is left of the processor time of a call that used and took so much.
    fn left(&self, used: Duration, taken: Duration) -> Result<Duration, Overrun> {
        let wall = self.deadline.saturating_mul(WALL_FACTOR);
        match self.deadline.checked_sub(used) {
            None | Some(Duration::ZERO) => Err(Overrun::Processor(self.deadline)),
            Some(_) if taken >= wall => Err(Overrun::Wall(wall)),
            Some(left) => Ok(left),
        }
    }

    /// The tick that is running has begun already, so it does not count.
    fn ticks(&self, span: Duration) -> u64 {
        let ticks = span.as_micros().div_ceil(self.tick.as_micros().max(1));
        // Half of the range: the engine adds it to the number of ticks so far.
        u64::try_from(ticks)
            .unwrap_or(u64::MAX / 2)
            .saturating_add(1)
    }
}

fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    // Neither is ever negative, nor has a second more nanoseconds than fit.
    Duration::new(
        u64::try_from(time.tv_sec).unwrap_or(0),
        u32::try_from(time.tv_nsec).unwrap_or(0),
    )
}

/// How many times its processor time a call may take: a thread that gets less than a twentieth of a
/// processor answers nobody in time.
const WALL_FACTOR: u32 = 20;

#[cfg(test)]
mod tests {
    use super::*;

    fn clock(deadline_ms: u64, tick_ms: u64) -> CallClock {
        CallClock {
            deadline: Duration::from_millis(deadline_ms),
            tick: Duration::from_millis(tick_ms),
            ..CallClock::start(&Limits::default(), 0)
        }
    }

    #[test]
    fn processor_time_counts_and_the_clock_on_the_wall_bounds_it() {
        let ms = Duration::from_millis;
        for (used, taken, expected) in [
            (0, 0, Ok(ms(50))),
            (20, 20, Ok(ms(30))),
            (20, 999, Ok(ms(30))),
            (50, 50, Err(Overrun::Processor(ms(50)))),
            (60, 999, Err(Overrun::Processor(ms(50)))),
            (20, 1000, Err(Overrun::Wall(ms(1000)))),
        ] {
            assert_eq!(
                clock(50, 5).left(ms(used), ms(taken)),
                expected,
                "{used} {taken}"
            );
        }
    }

    #[test]
    fn ticks_are_rounded_up() {
        for (deadline_ms, tick_ms, ticks) in [(50, 5, 11), (51, 5, 12), (1, 5, 2), (0, 5, 1)] {
            assert_eq!(clock(deadline_ms, tick_ms).first_look_ticks(), ticks);
        }
    }

    #[test]
    fn a_thread_that_works_uses_processor_time() {
        let clock = clock(1, 1);
        let bound = Instant::now() + Duration::from_secs(10);
        while clock.look().is_ok() {
            assert!(Instant::now() < bound, "a millisecond was never used");
        }
    }
}
