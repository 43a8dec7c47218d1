//! Octets for these tests.

use bridge_model::ports::Random;
use std::sync::atomic::{AtomicU64, Ordering};

/// Octets that never come twice; good enough to be told apart.
#[derive(Default)]
pub(crate) struct Numbers(AtomicU64);

impl Numbers {
    /// Others than those of another start.
    pub(crate) fn starting_at(number: u64) -> Self {
        Self(AtomicU64::new(number))
    }
}

impl Random for Numbers {
    fn fill(&self, octets: &mut [u8]) {
        for chunk in octets.chunks_mut(8) {
            let number = self.0.fetch_add(1, Ordering::Relaxed).wrapping_add(1);
            let mixed = number.wrapping_mul(0x9E37_79B9_7F4A_7C15).to_be_bytes();
            chunk.copy_from_slice(&mixed[..chunk.len()]);
        }
    }
}
