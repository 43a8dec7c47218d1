//! A clock and a source of random numbers that tests have in their hands.

use crate::opaque;
use bridge_model::{
    ports::{Clock, Random},
    time::Timestamp,
};
use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

/// A clock that is set by hand.
pub(crate) struct ManualClock(AtomicU64);

impl ManualClock {
    pub(crate) fn at(seconds: u64) -> Self {
        Self(AtomicU64::new(seconds))
    }

    pub(crate) fn advance(&self, span: Duration) {
        self.0.fetch_add(span.as_secs(), Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }
}

/// Octets that are as good as random, and the same in every run.
pub(crate) struct SeededRandom(AtomicU64);

impl SeededRandom {
    pub(crate) fn new(seed: u64) -> Self {
        Self(AtomicU64::new(seed))
    }
}

impl Random for SeededRandom {
    fn fill(&self, octets: &mut [u8]) {
        for chunk in octets.chunks_mut(32) {
            let count = self.0.fetch_add(1, Ordering::SeqCst);
            let block = opaque::sha256(&count.to_be_bytes());
            chunk.copy_from_slice(&block[..chunk.len()]);
        }
    }
}
