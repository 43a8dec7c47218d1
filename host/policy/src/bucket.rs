//! A token bucket: so much in a second, and what was saved up to a second before.

use std::time::{Duration, Instant};

/// So many units in a second. What is left may be less than nothing: what was used and not known
/// beforehand is paid back before anything more is given.
#[derive(Debug)]
pub(crate) struct Bucket {
    per_second: i64,
    left: i64,
    at: Instant,
}

impl Bucket {
    /// A full one.
    pub(crate) fn new(per_second: i64, now: Instant) -> Self {
        Self {
            per_second,
            left: per_second,
            at: now,
        }
    }

    /// What it holds.
    pub(crate) fn left(&mut self, now: Instant) -> i64 {
        let passed = now.saturating_duration_since(self.at);
        let gained = i128::from(self.per_second).saturating_mul(nanoseconds(passed)) / NANOSECONDS;
        // Of a moment too short for one unit nothing is lost: it counts from where it began.
        if gained > 0 {
            let filled = i128::from(self.left).saturating_add(gained);
            self.left = i64::try_from(filled).map_or(self.per_second, |it| it.min(self.per_second));
            self.at = now;
        }
        self.left
    }

    /// What it can hold.
    pub(crate) fn size(&self) -> i64 {
        self.per_second
    }

    /// Takes out so much, or puts back where it is less than nothing.
    pub(crate) fn take(&mut self, units: i64) {
        self.left = self.left.saturating_sub(units).min(self.per_second);
    }

    /// Gives so much in a second from now on.
    pub(crate) fn resize(&mut self, per_second: i64, now: Instant) {
        self.left(now);
        // A full one stays full, and a debt stays one.
        self.left = match self.left.saturating_sub(self.per_second) {
            0 => per_second,
            _ => self.left.min(per_second),
        };
        self.per_second = per_second;
    }
}

fn nanoseconds(span: Duration) -> i128 {
    i128::try_from(span.as_nanos()).unwrap_or(i128::MAX)
}

const NANOSECONDS: i128 = 1_000_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn it_fills_up_to_what_a_second_gives() {
        let start = Instant::now();
        let mut bucket = Bucket::new(100, start);
        bucket.take(100);
        for (after, left) in [(0, 0), (5, 0), (10, 1), (500, 50), (5_000, 100)] {
            assert_eq!(bucket.left(start + ms(after)), left, "after {after} ms");
        }
    }

    #[test]
    fn moments_too_short_for_one_unit_add_up() {
        let start = Instant::now();
        let mut bucket = Bucket::new(10, start);
        bucket.take(10);
        let seen = (0..=100).map(|at| bucket.left(start + ms(at))).last();
        assert_eq!(seen, Some(1));
    }

    #[test]
    fn a_debt_is_paid_back_first() {
        let start = Instant::now();
        let mut bucket = Bucket::new(100, start);
        bucket.take(250);
        for (after, left) in [(0, -150), (1_000, -50), (1_500, 0), (2_000, 50)] {
            assert_eq!(bucket.left(start + ms(after)), left, "after {after} ms");
        }
        bucket.take(-100);
        assert_eq!(bucket.left(start + ms(2_000)), 100);
    }

    #[test]
    fn another_size_holds_from_then_on() {
        let start = Instant::now();
        let mut bucket = Bucket::new(100, start);
        bucket.resize(10, start);
        assert_eq!((bucket.left(start), bucket.size()), (10, 10));
        bucket.resize(50, start);
        assert_eq!(bucket.left(start), 50);
        bucket.take(80);
        bucket.resize(200, start);
        assert_eq!(bucket.left(start), -30);
        assert_eq!(bucket.left(start + ms(1_000)), 170);
        bucket.resize(0, start + ms(1_000));
        assert_eq!(bucket.left(start + ms(60_000)), 0);
    }

    #[test]
    fn time_that_runs_backwards_gives_nothing() {
        let start = Instant::now();
        let mut bucket = Bucket::new(100, start + ms(1_000));
        bucket.take(100);
        assert_eq!(bucket.left(start), 0);
    }
}
