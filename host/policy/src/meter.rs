//! What calls use, for whoever measures a policy.

use std::{
    mem,
    sync::{Mutex, PoisonError},
    time::Duration,
};

/// More calls than are looked at together; what comes then is not noted.
const USES_MAX: usize = 1 << 20;

/// Notes what every call of a host uses. A host that serves has none: it costs a little each call.
#[derive(Debug, Default)]
pub struct Meter {
    counts_fuel: bool,
    uses: Mutex<Vec<CallUse>>,
}

/// What one call used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallUse {
    /// The policy's digest.
    pub digest: String,
    /// The function of the contract.
    pub function: &'static str,
    /// How many persons it was about.
    pub persons: usize,
    /// Processor time, from the instance's beginning to its end.
    pub time: Duration,
    /// Octets of memory that its instance had at the end, which is the most that it had.
    pub memory_octets: usize,
    /// Units of work (about one for each instruction of WebAssembly); none: they are not counted.
    pub fuel: Option<u64>,
}

impl Meter {
    /// A meter. Counting units of work makes all calls of the host slower.
    pub fn new(counts_fuel: bool) -> Self {
        Self {
            counts_fuel,
            uses: Mutex::default(),
        }
    }

    /// What was noted since this was last asked, in the order in which calls ended.
    pub fn take(&self) -> Vec<CallUse> {
        let mut uses = self.uses.lock().unwrap_or_else(PoisonError::into_inner);
        mem::take(&mut *uses)
    }

    pub(crate) fn counts_fuel(&self) -> bool {
        self.counts_fuel
    }

    pub(crate) fn note(&self, used: CallUse) {
        let mut noted = self.uses.lock().unwrap_or_else(PoisonError::into_inner);
        if noted.len() < USES_MAX {
            noted.push(used);
        }
    }
}
