//! The component host against components that mean harm, and against those that are shipped.
//!
#![expect(
    clippy::panic,
    reason = "a test that cannot go on ends here, with what it saw"
)]

mod admission;
mod cache;
mod hostile;
mod isolation;
mod memory;
mod names;
mod optional;
mod recognition;
mod shipped;
mod stage;
mod versions;
