//! The rounds between a policy and the directory until it knows who somebody is.

use crate::{
    member::{ActiveFederation, SharedError},
    reads::{self, ReadError},
};
use bridge_model::{
    decision::{Context, Identity, Person, Rejection, Step},
    dn::Dn,
    plan::Problem,
    ports::{DirectoryError, PolicyError, PolicyFault},
    search::{Finding, PolicySearch},
    time::Timestamp,
};
use std::time::{Duration, Instant};

/// The most times a policy may ask for more about one person: three levels of groups and what goes
/// with them.
const ROUNDS_MAX: usize = 8;
/// The most reads for one person.
const READS_MAX: usize = 64;
/// The most entries that those reads may give.
const ENTRIES_MAX: usize = 10_000;

/// What a policy made of a person.
pub(crate) enum Verdict {
    Identified(Box<Identity>),
    Rejected(Rejection),
}

/// A verdict, and how long the policy took.
pub(crate) struct Decided {
    pub(crate) verdict: Verdict,
    /// The time spent in the policy's calls.
    pub(crate) policy_time: Duration,
}

/// Why there is no verdict.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DecideError {
    #[error(transparent)]
    Policy(#[from] PolicyError),
    #[error(transparent)]
    Directory(#[from] DirectoryError),
    #[error("the read {key:?}: {error}")]
    Read { key: String, error: ReadError },
    #[error("the read {key:?} ended with result code {code}")]
    Required { key: String, code: u32 },
    #[error("a read that is alike for everyone: {0}")]
    Shared(#[from] SharedError),
    #[error("{}: {}", .0.field, .0.message)]
    Failed(Problem),
    #[error("the policy asked for too much: {0}")]
    TooMuch(&'static str),
}

/// Asks the policy about one person, and reads what it asks for, until it knows. What was read is
/// left with the person, also where there is no verdict.
pub(crate) async fn decide(
    federation: &ActiveFederation,
    person: &mut Person,
    now: Timestamp,
) -> Result<Decided, DecideError> {
    let context = Context {
        memo: federation.planned.plan.memo.clone(),
        now,
        shared: federation.shared(now).await?,
        more: Vec::new(),
    };
    let mut policy_time = Duration::ZERO;
    for _ in 0..ROUNDS_MAX {
        let started = Instant::now();
        let steps = federation
            .policy
            .decide(&context, std::slice::from_ref(person))?;
        policy_time += started.elapsed();
        let verdict = match one(federation, steps)? {
            Step::Read(wishes) => {
                read(federation, person, &wishes).await?;
                continue;
            }
            Step::Identified(identity) => Verdict::Identified(Box::new(identity)),
            Step::Rejected(rejection) => Verdict::Rejected(rejection),
            Step::Failed(problem) => return Err(DecideError::Failed(problem)),
        };
        return Ok(Decided {
            verdict,
            policy_time,
        });
    }
    Err(DecideError::TooMuch("rounds"))
}

fn one(federation: &ActiveFederation, steps: Vec<Step>) -> Result<Step, PolicyError> {
    let [step] = <[Step; 1]>::try_from(steps).map_err(|steps| PolicyError {
        policy: federation.policy.reference().id.clone(),
        fault: PolicyFault::Contract,
        detail: format!("{} steps for one person", steps.len()),
    })?;
    Ok(step)
}

async fn read(
    federation: &ActiveFederation,
    person: &mut Person,
    wishes: &[PolicySearch],
) -> Result<(), DecideError> {
    if wishes.is_empty() {
        return Err(DecideError::TooMuch("a read of nothing"));
    }
    if person.findings.len() + wishes.len() > READS_MAX {
        return Err(DecideError::TooMuch("reads"));
    }
    let own = Dn::parse(&person.entry.dn).ok();
    let bounds = reads::Bounds {
        readable: &federation.readable,
        own: own.as_ref(),
        after_failure: person
            .reply
            .as_ref()
            .is_some_and(|reply| !reply.is_success()),
    };
    for wish in wishes {
        let key = || wish.key.clone();
        let search =
            reads::admit(wish, &bounds).map_err(|error| DecideError::Read { key: key(), error })?;
        let found = federation.directory.search(&search).await?;
        if wish.required && found.result_code != 0 {
            return Err(DecideError::Required {
                key: key(),
                code: found.result_code,
            });
        }
        person.findings.push(Finding {
            key: key(),
            result_code: found.result_code,
            entries: found.entries,
        });
    }
    let entries: usize = person.findings.iter().map(|f| f.entries.len()).sum();
    if entries > ENTRIES_MAX {
        return Err(DecideError::TooMuch("entries"));
    }
    Ok(())
}
