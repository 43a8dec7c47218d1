//! What a file holds.

use super::octets;
use bridge_model::{
    decision::{Adjustment, Rejection, Step},
    entry::Entry,
    federation::Federation,
    plan::{Plan, Problem},
    realm::PolicyRef,
    search::{Finding, Reply, Setting},
    time::Timestamp,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The format that is written, and the only one that is read.
pub const FORMAT: u32 = 1;

/// A sign-in as its policy met it. As JSON, octets that are text stand as `{"$text": …}`, others as
/// `{"$base64": …}`.
///
/// There is no secret in it: no password, no credential, no address of a server, no attribute that holds
/// secrets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recording {
    /// [`FORMAT`].
    pub format: u32,
    /// When.
    pub recorded_at: Timestamp,
    /// What became of people's values.
    pub values: Values,
    /// As the operator wrote it, without the way to the directory.
    pub federation: Federation,
    /// The policy that answered.
    pub policy: PolicyRef,
    /// What it had made of the federation.
    pub plan: Plan,
    /// The host's time in every call.
    pub now: Timestamp,
    /// What the plan's shared reads gave.
    pub shared: Vec<Finding>,
    /// The context's `more`.
    #[serde(default)]
    pub more: Vec<Setting>,
    /// The entry that was found, as far as the plan asks for it.
    pub entry: Entry,
    /// What the directory answered to the bind; none where the password was proved otherwise.
    pub reply: Option<Reply>,
    /// The calls of the vendor policy, in order.
    pub calls: Vec<Call>,
    /// The calls of mapper policies after it, in order.
    #[serde(default)]
    pub chained: Vec<ChainedCall>,
    /// What came of it.
    pub verdict: Recorded,
}

/// What became of people's values in a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Values {
    /// They were replaced by pseudonyms of the same shape, and the answers are those to the pseudonyms.
    Replaced,
    /// They are here.
    Kept,
}

/// A call of a vendor policy for one person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    /// What was read since the call before, one for each search of its step.
    pub findings: Vec<Finding>,
    /// What the policy answered; none: it failed.
    pub step: Option<Step>,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
}

/// A call of a mapper policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChainedCall {
    /// The mapper's name.
    pub mapper: String,
    /// The policy that answered.
    pub policy: PolicyRef,
    /// What it answered; none: it failed.
    pub adjustments: Option<Vec<Adjustment>>,
    /// What it said is wrong, or why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<Problem>,
}

/// What came of a sign-in as far as policies have a say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Recorded {
    /// A person.
    Identified {
        /// The user name.
        username: String,
        /// All claims, groups and roles among them, as the host lets them through.
        claims: Map<String, Value>,
        /// The reasons of bars, whenever they hold.
        bars: Vec<String>,
    },
    /// The bind failed, and this is why.
    Rejected(Rejection),
    /// There is nobody to let in: a policy or the host's own rules say why.
    Failed(String),
}

/// Why a text is no recording.
#[derive(Debug, thiserror::Error)]
pub enum RecordingError {
    /// Not JSON, or JSON of another shape.
    #[error("it is not a recording of a sign-in: {0}")]
    Shape(#[from] serde_json::Error),
    /// Another format.
    #[error(
        "it is a recording of format {0}, and this program reads format {FORMAT}; take one of the same age"
    )]
    Format(u64),
}

impl Recording {
    /// Reads a file's text.
    ///
    /// # Errors
    ///
    /// See [`RecordingError`].
    pub fn read(text: &str) -> Result<Self, RecordingError> {
        let mut value: Value = serde_json::from_str(text)?;
        match value.get("format").and_then(Value::as_u64) {
            Some(format) if format != u64::from(FORMAT) => {
                return Err(RecordingError::Format(format));
            }
            _ => {}
        }
        octets::from_readable(&mut value);
        Ok(serde_json::from_value(value)?)
    }

    /// A file's text: JSON that people can read, with a line's end.
    ///
    /// # Errors
    ///
    /// None that is known: everything in it can be JSON.
    pub fn write(&self) -> Result<String, RecordingError> {
        let mut value = serde_json::to_value(self)?;
        octets::to_readable(&mut value);
        Ok(serde_json::to_string_pretty(&value)? + "\n")
    }
}
