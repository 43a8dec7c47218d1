//! What is done with a federation: it is translated into a plan, people sign in through it, and an
//! operator tests it, looks at what it makes of somebody, and asks why somebody was kept out.
//!
//! The policy says what is to be read and what it means; the authority stays here, whatever a policy
//! answers: who somebody is ([`subject`]), what may be read ([`reads`]), and what may be said
//! ([`claims`]). Everything fails closed: an error, a trap or a missing answer lets nobody in.

pub mod claims;
pub mod reads;
pub mod subject;

mod accounts;
mod active;
mod aside;
mod calls;
mod capabilities;
mod chain;
mod connect;
mod connection_test;
mod course;
mod decide;
mod explain;
mod lane;
mod local;
mod locate;
mod member;
mod parts;
mod password;
mod person;
mod preview;
mod proof;
mod record;
mod rehearse;
mod remedy;
mod review;
mod root_dse;
mod samples;
mod seek;
mod shadow;
mod shown;
mod sign_in;
mod swap;
mod synchronise;
mod throttle;
mod trace;
mod translate;
mod trial;

pub use accounts::{AccountError, Accounts, NewUser, ProfileUpdate};
pub use active::Federations;
pub use capabilities::{Capabilities, capabilities};
pub use connect::{Address, Connected, Proposed, connect};
pub use connection_test::{
    Stage, StageReport, StageResult, TestReport, probe, test_authentication, test_connection,
};
pub use explain::{Explanation, FederationView, KeptOutView, SearchView, StandingView};
pub use local::{lay_claims, with_local};
pub use password::{PasswordAttempt, PasswordOutcome};
pub use preview::{People, Preview, PreviewError, Whom};
pub use record::{
    Call, ChainedCall, FORMAT as RECORDING_FORMAT, Recorded, Recorder, RecorderError, Recording,
    RecordingError, Replayed, Values,
};
pub use rehearse::{Rehearsal, Rehearsals, RehearseError, RehearseStage, RehearseWish};
pub use remedy::CertificateView;
pub use review::{Reviewed, review, review_under, translate, warnings};
pub use shadow::{
    Candidate as ShadowCandidate, CandidateError, Comparison, DifferenceCount, DifferenceExample,
    DifferenceKind, Promoted, ShadowError, ShadowStage, ShadowState, ShadowWish, Shadowing,
};
pub use shown::{
    AttributeView, BarView, BindView, EntryView, IdentityView, MapperView, PersonView, PlanView,
    ReadView,
};
pub use sign_in::{Attempt, SignInOutcome, SignIns};
pub use subject::subject_effect;
pub use swap::{FederationSwap, SwapError, SwapReport, Swaps};
pub use synchronise::{SyncError, Synchroniser};
pub use throttle::ThrottleLimits;
pub use translate::{Problems, TranslateError};
pub use trial::{Candidate, Trial, TrialFault, Tried, TriedIdentity, TriedVerdict};

#[cfg(test)]
mod testing;
