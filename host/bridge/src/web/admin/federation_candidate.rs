//! What could be in force of a federation, as requests name it, and how it differs from what is.

use super::{
    AdminState,
    problem::{Kind, Problem},
};
use crate::documents::read_mappers;
use bridge_federation::{CandidateError, Comparison, ShadowCandidate};
use bridge_model::{
    ports::{DirectoryError, PolicyFault},
    realm::PolicyRef,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

/// What could be in force: at least one of the two.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CandidateDocument {
    /// The digest of a policy that is loaded; left out: the one that the federation has.
    #[schema(example = "sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae")]
    pub(super) digest: Option<String>,
    /// The whole list of mappers, as a federation has it; left out: those that the federation has.
    #[schema(value_type = Option<Vec<Object>>)]
    pub(super) mapper: Option<Value>,
}

/// A policy, to the octet.
#[derive(Serialize, ToSchema)]
#[schema(as = PolicyReference)]
pub(super) struct ReferenceView {
    /// Its id.
    id: String,
    /// Its own version.
    version: String,
    /// `sha256:` and the hexadecimal digest of the component.
    digest: String,
}

impl From<PolicyRef> for ReferenceView {
    fn from(policy: PolicyRef) -> Self {
        Self {
            id: policy.id,
            version: policy.version,
            digest: policy.digest,
        }
    }
}

/// Where a candidate and what is in force differ, in people.
#[derive(Serialize, ToSchema)]
#[schema(as = Comparison)]
pub(super) struct ComparisonView {
    /// How many people, or sign-ins, were looked at.
    people: u64,
    /// For how many of them anything differs.
    different: u64,
    /// Each difference: `kind`, `name`, `people`, and up to twenty `examples`.
    #[schema(value_type = Vec<Object>)]
    differences: Value,
    /// How often something differs that is not counted apart, because there is too much.
    further: u64,
    /// About how many what is in force could not tell who they are.
    failed_before: u64,
    /// The same of the candidate.
    failed_after: u64,
    /// About how many one of the two had no time to tell.
    not_told: u64,
    /// The time that what is in force took in its policy's calls, in microseconds.
    time_before_us: u64,
    /// The same of the candidate.
    time_after_us: u64,
}

impl From<Comparison> for ComparisonView {
    fn from(comparison: Comparison) -> Self {
        Self {
            people: comparison.people,
            different: comparison.different,
            differences: serde_json::to_value(&comparison.differences).unwrap_or_default(),
            further: comparison.further,
            failed_before: comparison.failed_before,
            failed_after: comparison.failed_after,
            not_told: comparison.not_told,
            time_before_us: comparison.time_before_us,
            time_after_us: comparison.time_after_us,
        }
    }
}

/// Understands a candidate.
pub(super) fn candidate(
    state: &AdminState,
    document: CandidateDocument,
) -> Result<ShadowCandidate, Problem> {
    let policies = state.policies.as_ref();
    let mappers = document.mapper.as_ref();
    let mappers = mappers
        .map(|list| read_mappers(list, policies))
        .transpose()?;
    Ok(ShadowCandidate {
        digest: document.digest,
        mappers,
    })
}

impl From<CandidateError> for Problem {
    fn from(error: CandidateError) -> Self {
        match error {
            CandidateError::Nothing => Self::of_member(
                "digest",
                "is missing; name a policy by its digest, or give a list as mapper",
            ),
            CandidateError::Missing => Self::missing("user federation"),
            CandidateError::NotInForce(reason) => Self::new(
                Kind::Conflict,
                format!("the federation cannot be asked: {reason}"),
            ),
            CandidateError::Rules(reason) => Self::of_member("digest", reason),
            CandidateError::Problems(problems) => {
                Self::of_members(problems.errors.iter().map(Into::into).collect())
            }
            CandidateError::Policy(error) if error.fault == PolicyFault::Unknown => {
                Self::of_member("digest", "is of no policy that is loaded; load it first")
            }
            CandidateError::Policy(error) => Self::new(Kind::Unavailable, error.to_string()),
            CandidateError::Directory(error) => unreachable(&error),
            CandidateError::Store(error) => error.into(),
        }
    }
}

fn unreachable(error: &DirectoryError) -> Problem {
    Problem::new(Kind::Unavailable, error.to_string())
}
