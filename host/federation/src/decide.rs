//! The rounds between a policy and the directory until it knows who somebody is: for one person who
//! signs in, or for the persons of a page.

mod ask;
mod read;

pub(crate) use read::{READS_AT_ONCE, read_all};

use crate::{
    member::{ActiveFederation, SharedError},
    reads::ReadError,
};
use bridge_model::{
    decision::{Context, Identity, Person, Rejection, Step},
    entry::Entry,
    plan::Problem,
    ports::{DirectoryError, PolicyError},
    search::PolicySearch,
    time::Timestamp,
};
use std::{mem, sync::Arc, time::Duration};

/// The most times a policy may ask for more about one person: three levels of groups and what goes
/// with them.
const ROUNDS_MAX: usize = 8;

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

/// A person of several, with what was read of them, and what came of it.
pub(crate) struct Judged {
    pub(crate) person: Person,
    pub(crate) outcome: Result<Verdict, DecideError>,
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

/// A person who waits for reads.
struct Waiting {
    place: usize,
    person: Person,
    wishes: Vec<PolicySearch>,
}

/// Asks the policy about one person, and reads what it asks for, until it knows. What was read is
/// left with the person, also where there is no verdict.
pub(crate) async fn decide(
    federation: &ActiveFederation,
    person: &mut Person,
    now: Timestamp,
) -> Result<Decided, DecideError> {
    let context = context(federation, now).await?;
    let blank = Person {
        entry: Entry::default(),
        reply: None,
        findings: Vec::new(),
    };
    let persons = vec![mem::replace(person, blank)];
    let (judged, policy_time) = decide_all(federation, context, persons).await;
    let Some(judged) = judged.into_iter().next() else {
        return Err(DecideError::TooMuch("a person for nobody"));
    };
    *person = judged.person;
    Ok(Decided {
        verdict: judged.outcome?,
        policy_time,
    })
}

/// What is alike for all persons of a call.
pub(crate) async fn context(
    federation: &ActiveFederation,
    now: Timestamp,
) -> Result<Context, SharedError> {
    Ok(Context {
        memo: federation.planned.plan.memo.clone(),
        now,
        shared: federation.shared(now).await?,
        more: Vec::new(),
    })
}

/// Asks the policy about persons, all that are undecided in one call, and reads what it asks for:
/// what several ask for alike is read once. One person's fault is no other's. Gives the persons in
/// their order, and the time spent in the policy's calls.
pub(crate) async fn decide_all(
    federation: &ActiveFederation,
    context: Context,
    mut persons: Vec<Person>,
) -> (Vec<Judged>, Duration) {
    let context = Arc::new(context);
    let mut places: Vec<_> = (0..persons.len()).collect();
    let mut judged = Vec::with_capacity(persons.len());
    let mut policy_time = Duration::ZERO;
    for _ in 0..ROUNDS_MAX {
        if persons.is_empty() {
            break;
        }
        let answers = ask::ask(&federation.policy, &context, mem::take(&mut persons)).await;
        policy_time += answers.time;
        let mut waiting = Vec::new();
        for (place, (person, step)) in mem::take(&mut places).into_iter().zip(answers.steps) {
            let outcome = match step {
                Ok(Step::Read(wishes)) => {
                    waiting.push(Waiting {
                        place,
                        person,
                        wishes,
                    });
                    continue;
                }
                Ok(Step::Identified(identity)) => Ok(Verdict::Identified(Box::new(identity))),
                Ok(Step::Rejected(rejection)) => Ok(Verdict::Rejected(rejection)),
                Ok(Step::Failed(problem)) => Err(DecideError::Failed(problem)),
                Err(error) => Err(error.into()),
            };
            judged.push((place, Judged { person, outcome }));
        }
        for (place, person, done) in read::read(federation, waiting).await {
            match done {
                Ok(()) => {
                    places.push(place);
                    persons.push(person);
                }
                Err(error) => {
                    let outcome = Err(error);
                    judged.push((place, Judged { person, outcome }));
                }
            }
        }
    }
    for (place, person) in places.into_iter().zip(persons) {
        let outcome = Err(DecideError::TooMuch("rounds"));
        judged.push((place, Judged { person, outcome }));
    }
    judged.sort_by_key(|(place, _)| *place);
    let judged = judged.into_iter().map(|(_, judged)| judged).collect();
    (judged, policy_time)
}

#[cfg(test)]
mod tests;
