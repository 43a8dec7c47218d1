//! What whoever writes policies wants to see of calls, beside their answers.

use crate::meter::Meter;
use std::sync::{Arc, Mutex, PoisonError};

/// Who looks on as policies are called. A host that serves has nobody.
#[derive(Clone, Debug, Default)]
pub struct Observers {
    /// Notes what every call uses.
    pub meter: Option<Arc<Meter>>,
    /// Keeps where the last call ended that has no answer.
    pub witness: Option<Arc<Witness>>,
}

/// Keeps where in its own code a policy was when a call ended without an answer: of the last such call.
#[derive(Debug, Default)]
pub struct Witness(Mutex<Option<Frames>>);

/// Where a policy was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frames {
    /// The function of the contract that was called.
    pub function: &'static str,
    /// One line a frame, the innermost first: few, short, and without control characters.
    pub lines: Vec<String>,
    /// Whether the component says what its functions are called.
    pub has_names: bool,
}

impl Witness {
    /// What was kept since this was last asked.
    pub fn take(&self) -> Option<Frames> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    pub(crate) fn keep(&self, frames: Frames) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(frames);
    }
}
