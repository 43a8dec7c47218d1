//! Recorded sign-ins: what a policy was told and what it answered, so that the same can be had again on
//! any version of it, on a server or on its author's laptop.
//!
//! ```text
//! Recording         format    what a file holds
//!   octets          octets    octets as people read them
//!   Pseudonyms      pseudonyms   values that are somebody's become nobody's
//!   redacted        redact    which values those are
//!   course          course    the calls between a policy and what was read
//!   judged          judged    what comes of them
//!   replay          replay    the same on another version
//! Recorder          recorder  from a sign-in to a file
//! ```

mod course;
mod difference;
mod format;
mod judged;
mod octets;
mod pseudonyms;
mod recorder;
mod redact;
mod replay;

pub use format::{Call, ChainedCall, FORMAT, Recorded, Recording, RecordingError, Values};
pub use recorder::{Recorder, RecorderError};
pub use replay::Replayed;

pub(crate) use course::{Course, walk};
pub(crate) use pseudonyms::Pseudonyms;
pub(crate) use recorder::Sight;

#[cfg(test)]
mod tests;
