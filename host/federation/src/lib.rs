//! What is done with a federation: it is translated into a plan, people sign in through it, and an
//! operator looks at what it makes of somebody.
//!
//! The policy says what is to be read and what it means; the authority stays here, whatever a policy
//! answers: who somebody is ([`subject`]), what may be read ([`reads`]), and what may be said
//! ([`claims`]). Everything fails closed: an error, a trap or a missing answer lets nobody in.

pub mod claims;
pub mod reads;
pub mod subject;

mod active;
mod connection_test;
mod decide;
mod locate;
mod preview;
mod review;
mod root_dse;
mod sign_in;
mod throttle;
mod translate;

pub use active::Federations;
pub use connection_test::{
    Stage, StageReport, StageResult, TestReport, probe, test_authentication, test_connection,
};
pub use preview::{Preview, PreviewError};
pub use review::{Reviewed, review};
pub use root_dse::{Capabilities, capabilities};
pub use sign_in::{Attempt, SignInOutcome, SignIns};
pub use throttle::ThrottleLimits;
pub use translate::{Problems, TranslateError, translate};
