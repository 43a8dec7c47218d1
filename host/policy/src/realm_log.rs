//! What the policies of a realm write, for the people of that realm.

use bridge_model::time::Timestamp;

/// How much a line matters; see `log.level` in `wit/policy.wit`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LineLevel {
    /// For the policy's author.
    Debug,
    /// For an operator who looks for something.
    Info,
    /// Something is odd, and was coped with.
    Warn,
    /// Something is wrong.
    Error,
}

/// One line of a realm's policy log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyLine {
    /// When it was written.
    pub at: Timestamp,
    /// How much it matters.
    pub level: LineLevel,
    /// The id of the policy that wrote it.
    pub policy: String,
    /// The policy's digest.
    pub digest: String,
    /// The line itself: control characters are escaped, and what is longer than 1,000 octets ends with an
    /// ellipsis.
    pub text: String,
}
