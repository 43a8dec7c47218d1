//! The component host: admits, limits and calls policies.
//!
//! A policy is a WebAssembly component of the world `vendor-policy` (`wit/policy.wit`). It cannot be
//! trusted: every call runs in an instance of its own, which has a deadline and limits for memory,
//! stack, output and log ([`Limits`]) and is thrown away with everything in it. What a call may do to
//! the rest of the process is to take its time.
//!
//! ```
//! use bridge_model::policy::{PolicyOrigin, PolicyPackage};
//! use bridge_policy::{HostSettings, PolicyHost};
//!
//! # fn main() -> Result<(), bridge_policy::HostError> {
//! let host = PolicyHost::new(HostSettings::default())?;
//! let package = PolicyPackage::unsigned(b"no component", PolicyOrigin::Upload);
//! let refused = host.load(&package).expect_err("it is none");
//! assert!(refused.to_string().contains("not admitted"));
//! # Ok(())
//! # }
//! ```
//!
//! Threads that call policies need twice [`Limits::stack_octets_max`] of native stack.

mod admission;
mod allowance;
mod bindings;
mod bucket;
mod cache;
mod call;
mod changes;
mod clock;
mod contract;
mod digest;
mod engine;
mod fault;
mod host;
mod inspect;
mod lend;
mod limits;
mod linking;
mod log;
mod mapper;
mod meter;
mod passwords;
mod policy;
mod proposal;
mod realm;
mod realm_log;
mod registry;
pub mod signature;
mod take;
mod wasi;
mod witness;
mod world;
mod world_names;
mod writing;

pub use admission::{Admission, AdmissionChild, serve_admission};
pub use cache::{Cache, CacheError};
pub use host::{HostError, HostSettings, Listed, PolicyHost};
pub use inspect::{Inspection, NotInspected, Producer, inspect};
pub use limits::Limits;
pub use meter::{CallUse, Meter};
pub use realm::RealmUse;
pub use realm_log::{LineLevel, PolicyLine};
pub use witness::{Frames, Observers, Witness};
pub use world::PolicyKind;
