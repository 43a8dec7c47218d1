//! The component host against components that mean harm, and against those that are shipped.
//!
#![expect(
    clippy::panic,
    reason = "a test that cannot go on ends here, with what it saw"
)]

mod admission;
mod admission_child;
mod admission_modules;
mod admission_samples;
mod admission_wasi;
mod cache;
mod compatibility;
mod hostile;
mod isolation;
mod kinds;
mod languages;
mod mapper;
mod memory;
mod names;
mod optional;
mod realm;
mod recognition;
mod repeated;
mod shipped;
mod signature;
mod stage;
mod versions;
