//! The machine's own clock and randomness: the only place that reads them.

use bridge_model::{
    ports::{Clock, Random},
    time::Timestamp,
};
use std::time::{SystemTime, UNIX_EPOCH};

/// The machine's clock.
#[derive(Clone, Copy, Debug)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the port's one implementation"
    )]
    fn now(&self) -> Timestamp {
        // A clock before 1970 is a machine that has not set it yet: nothing is valid then.
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        Timestamp(since.map_or(0, |since| since.as_secs()))
    }
}

/// The operating system's randomness.
#[derive(Clone, Copy, Debug)]
pub struct OsRandom;

impl Random for OsRandom {
    #[expect(
        clippy::expect_used,
        reason = "without randomness nothing here is safe, and there is nothing to fall back to"
    )]
    fn fill(&self, octets: &mut [u8]) {
        aws_lc_rs::rand::fill(octets).expect("the operating system gives random octets");
    }
}
