//! How long a call may take.

use crate::limits::Limits;
use rustix::time::{ClockId, clock_gettime};
use std::time::{Duration, Instant};
use wasmtime::UpdateDeadline;

/// Measures one call by the processor time of its thread, so that a machine which has too much to do
/// does not end calls that had no time to run. It is looked at with every second tick, and no look alone
/// uses up the deadline: whoever runs the machine may take its processor away for as long, and to the
/// machine that is time which the thread used.
pub(crate) struct CallClock {
    processor_start: Duration,
    /// What counts of the processor time until the last look, and what it was.
    counted: Duration,
    seen: Duration,
    start: Instant,
    deadline: Duration,
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
            counted: Duration::ZERO,
            seen: Duration::ZERO,
            start: Instant::now(),
            deadline: limits.deadline(persons),
        }
    }

    /// Looks at the clock: ends the call, or says when to look again.
    pub(crate) fn look(&mut self) -> wasmtime::Result<UpdateDeadline> {
        self.left(self.used(), self.start.elapsed())?;
        Ok(UpdateDeadline::Continue(LOOK_TICKS))
    }

    /// The processor time that the call has used so far.
    pub(crate) fn used(&self) -> Duration {
        processor_time().saturating_sub(self.processor_start)
    }

    /// What is left of the processor time of a call that used and took so much.
    fn left(&mut self, used: Duration, taken: Duration) -> Result<Duration, Overrun> {
        let most = self.deadline / 4 * 3;
        self.counted += used.saturating_sub(self.seen).min(most);
        self.seen = used;
        let wall = self.deadline.saturating_mul(WALL_FACTOR);
        match self.deadline.checked_sub(self.counted) {
            None | Some(Duration::ZERO) => Err(Overrun::Processor(self.deadline)),
            Some(_) if taken >= wall => Err(Overrun::Wall(wall)),
            Some(left) => Ok(left),
        }
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

/// How many ticks there are between two looks: the one that is running has begun already.
pub(crate) const LOOK_TICKS: u64 = 2;

/// How many times its processor time a call may take: a thread that gets less than a twentieth of a
/// processor answers nobody in time.
const WALL_FACTOR: u32 = 20;

#[cfg(test)]
mod tests {
    use super::*;

    fn clock(deadline_ms: u64) -> CallClock {
        CallClock {
            deadline: Duration::from_millis(deadline_ms),
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
            let mut clock = clock(50);
            clock.left(ms(used / 2), ms(0)).expect("half is left");
            assert_eq!(clock.left(ms(used), ms(taken)), expected, "{used} {taken}");
        }
    }

    #[test]
    fn what_passes_between_two_looks_does_not_use_up_the_deadline_alone() {
        let ms = Duration::from_millis;
        let mut clock = clock(100);
        for (used, left) in [(5, 95), (15, 85), (300, 10), (300, 10), (305, 5), (700, 0)] {
            let expected = if left > 0 {
                Ok(ms(left))
            } else {
                Err(Overrun::Processor(ms(100)))
            };
            assert_eq!(clock.left(ms(used), ms(used)), expected, "{used}");
        }
    }

    #[test]
    fn a_thread_that_works_uses_processor_time() {
        let mut clock = clock(1);
        let bound = Instant::now() + Duration::from_secs(10);
        while clock.look().is_ok() {
            assert!(Instant::now() < bound, "a millisecond was never used");
        }
    }
}
