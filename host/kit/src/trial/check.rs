//! A policy held to the contract's invariants, by entries and federations that are drawn by lot.
//!
//! ```text
//! Shape      shapes     what people look like in a directory: of samples, and of the policy's own plan
//! Draw       draw       the lot: the same seed gives the same cases
//! hostile    hostile    what nobody hopes to find in an entry
//! evaluate   person     one person: what has to hold of the answers
//! evaluate   federation one federation: what has to hold of the plan
//! evaluate   mapper     one mapper of a mapper policy
//! smallest   shrink     the smallest case that still shows it
//! ```

mod draw;
mod federation;
mod hostile;
mod mapper;
mod person;
mod shapes;
mod shrink;
mod written;

use super::{
    case::CaseError,
    directory::LdifDirectory,
    stage::{Stage, StageError},
};
use bridge_federation::{PreviewError, Trial};
use bridge_model::{
    entry::Entry,
    ports::{PolicyError, PolicyFault},
    realm::PlannedFederation,
};
use draw::Draw;
use std::fmt;

/// How a policy is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CheckSettings {
    /// What the cases are drawn by.
    pub seed: u64,
    /// How many.
    pub cases: u32,
}

/// What has to hold, whatever a policy is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Invariant {
    /// The same input gives the same output.
    SameInputSameOutput,
    /// Who is renamed or moved stays who they are.
    RenameKeepsTheSubject,
    /// No two persons have the same subject.
    TwoPersonsTwoSubjects,
    /// A batch is answered as its persons are singly.
    BatchIsSingleCalls,
    /// Nobody whose bind did not succeed is identified as free.
    FailedBindLetsNobodyIn,
    /// Only a bind is rejected.
    OnlyBindsAreRejected,
    /// No claim is one of the protocol's or of the host's own.
    NoReservedClaim,
    /// Claims have names that the plan announces, once each, and values that are what they are said to be.
    SoundClaims,
    /// Nothing is read outside of what may be read.
    NoBaseOutside,
    /// No attribute that holds secrets is asked for.
    NoSecretAttribute,
    /// A policy never ends in a trap.
    NeverATrap,
    /// A policy stays within its limits.
    WithinLimits,
    /// Answers have the shapes and sizes of the contract.
    AnswersFitTheContract,
    /// Every federation has a plan, or problems that say what is wrong.
    TranslateIsTotal,
}

impl Invariant {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::SameInputSameOutput => "same-input-same-output",
            Self::RenameKeepsTheSubject => "rename-keeps-the-subject",
            Self::TwoPersonsTwoSubjects => "two-persons-two-subjects",
            Self::BatchIsSingleCalls => "batch-is-single-calls",
            Self::FailedBindLetsNobodyIn => "failed-bind-lets-nobody-in",
            Self::OnlyBindsAreRejected => "only-binds-are-rejected",
            Self::NoReservedClaim => "no-reserved-claim",
            Self::SoundClaims => "sound-claims",
            Self::NoBaseOutside => "no-base-outside",
            Self::NoSecretAttribute => "no-secret-attribute",
            Self::NeverATrap => "never-a-trap",
            Self::WithinLimits => "within-limits",
            Self::AnswersFitTheContract => "answers-fit-the-contract",
            Self::TranslateIsTotal => "translate-is-total",
        }
    }
}

impl fmt::Display for Invariant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// An invariant that a policy does not keep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Which.
    pub invariant: Invariant,
    /// What the policy did, in words.
    pub detail: String,
    /// The number of the case, from 0: with the seed it finds the case again.
    pub case: u32,
    /// The smallest case that shows it, as LDIF or JSON.
    pub smallest: String,
}

/// What came of a check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// How many people, federations and mappers were tried.
    pub cases: u32,
    /// The kinds of people that were: by the names of the samples.
    pub shapes: Vec<String>,
    /// The first invariant that does not hold.
    pub violation: Option<Violation>,
}

/// A directory to take people from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SampleDirectory<'a> {
    /// What it is called.
    pub name: &'a str,
    /// Its entries (RFC 2849).
    pub ldif: &'a str,
}

/// Why a policy cannot be checked.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// It cannot be tried at all.
    #[error(transparent)]
    Stage(#[from] StageError),
    /// It cannot be asked.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// A federation cannot be tried.
    #[error(transparent)]
    Trial(#[from] PreviewError),
    /// A case cannot be tried.
    #[error(transparent)]
    Case(#[from] CaseError),
    /// The policy has no answer for somebody of whom it is measured.
    #[error("{dn}: {reason}")]
    NoAnswer {
        /// Their entry.
        dn: String,
        /// What happened.
        reason: String,
    },
}

/// What a case broke, before it is known how small it can be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Broken {
    invariant: Invariant,
    detail: String,
}

impl Broken {
    fn new(invariant: Invariant, detail: impl Into<String>) -> Self {
        Self {
            invariant,
            detail: detail.into(),
        }
    }

    /// What a failure of the policy itself breaks.
    fn of(error: &PolicyError) -> Self {
        let invariant = match error.fault {
            PolicyFault::Deadline | PolicyFault::Memory | PolicyFault::Output => {
                Invariant::WithinLimits
            }
            PolicyFault::Contract => Invariant::AnswersFitTheContract,
            _ => Invariant::NeverATrap,
        };
        Self::new(invariant, error.to_string())
    }
}

/// The first directory in which the policy finds people, with their entries as they are read of users.
///
/// # Errors
///
/// When it cannot be tried.
pub(crate) async fn first_people(
    stage: &Stage,
    samples: &[SampleDirectory<'_>],
    planned: Option<&PlannedFederation>,
) -> Result<(String, Trial, Vec<Entry>), CheckError> {
    let mut shapes = shapes::shapes(stage, samples, planned).await?.into_iter();
    // A sample of the policy's own tells more than any other.
    let (own, others): (Vec<_>, Vec<_>) = shapes
        .by_ref()
        .partition(|shape| shape.name == stage.policy().id);
    let shape = own.into_iter().chain(others).next();
    let shape = shape.ok_or_else(|| {
        StageError::NotUsed(
            "it is a mapper policy; give a federation with such a mapper".to_owned(),
        )
    })?;
    let entries = shape
        .people
        .iter()
        .map(|it| person::entry(it, &shape.planned));
    let entries = entries.collect();
    let directory = LdifDirectory::new(shape.records, None)
        .map_err(|error| StageError::NotUsed(error.to_string()))?;
    let trial = Trial::open(shape.planned, stage.host(), &directory)?;
    Ok((shape.name, trial, entries))
}

/// Checks a policy: with the people of these samples, as far as the policy takes them for people, and
/// with people made of its own plan. `planned` is a federation to check it with; none: presets.
///
/// # Errors
///
/// When it cannot be checked at all. An invariant that does not hold is no error.
pub async fn check(
    stage: &Stage,
    samples: &[SampleDirectory<'_>],
    planned: Option<&PlannedFederation>,
    settings: CheckSettings,
) -> Result<Checked, CheckError> {
    let CheckSettings { seed, cases } = settings;
    let mut checked = Checked {
        cases: 0,
        shapes: Vec::new(),
        violation: None,
    };
    let tenth = (cases / 10).max(1);
    checked.violation = if stage.is_mapper() {
        mapper::check(stage, planned, seed, cases, &mut checked.cases)?
    } else {
        federation::check(stage, planned, seed, tenth, &mut checked.cases)?
    };
    if checked.violation.is_some() {
        return Ok(checked);
    }
    let shapes = shapes::shapes(stage, samples, planned).await?;
    checked.shapes = shapes.iter().map(|shape| shape.name.clone()).collect();
    for case in 0..cases {
        checked.cases += 1;
        let mut draw = Draw::of(seed, case);
        let Some(shape) = draw.pick(&shapes) else {
            break;
        };
        let drawn = person::Case::draw(shape, &mut draw);
        if let Some(broken) = drawn.evaluate(stage, shape).await? {
            let smallest = shrink::smallest(stage, shape, drawn, broken).await?;
            checked.violation = Some(Violation { case, ..smallest });
            break;
        }
    }
    Ok(checked)
}
