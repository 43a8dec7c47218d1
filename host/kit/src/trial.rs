//! A policy tried without a server: on entries from LDIF, by the very code of a sign-in.
//!
//! A [`Stage`] has the policy loaded as a bridge has it. An [`LdifDirectory`] stands where a directory
//! would. What stands between the two (translation, bounded reads, the rounds of questions, mapper
//! policies, claims, identifiers) is `bridge_federation`, nothing is done anew here.

mod bench;
mod case;
mod check;
mod directory;
mod guess;
mod name;
mod outcome;
mod stage;
mod time;

pub use bench::{BATCH_PERSONS, Benched, Cost, bench, fuel};
pub use case::{Answered, Case, CaseError, CaseFile, Compared, Directives, Folder, folders};
pub use check::{CheckError, CheckSettings, Checked, Invariant, SampleDirectory, Violation, check};
pub use directory::LdifDirectory;
pub use guess::{NoSuffix, suffix};
pub use outcome::{canonical, outcome};
pub use stage::{Stage, StageError};
pub use time::{rfc3339, timestamp};
