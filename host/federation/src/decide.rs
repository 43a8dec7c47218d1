//! The rounds between a policy and the directory until it knows who somebody is: for one person who
//! signs in, or for the persons of a page.

mod read;

pub(crate) use read::{READS_AT_ONCE, read_all};

use crate::{
    calls::{self, Desk},
    chain::{self, MapperFailure},
    member::{ActiveFederation, SharedError},
    reads::ReadError,
};
use bridge_model::{
    decision::{Context, Identity, Person, Rejection, Step},
    entry::Entry,
    plan::Problem,
    ports::{DirectoryError, PolicyError, PolicyFault},
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
    /// Mappers that a mapper policy does and that failed.
    pub(crate) failures: Vec<MapperFailure>,
    /// The time spent in the policy's calls.
    pub(crate) policy_time: Duration,
}

/// A person of several, with what was read of them, and what came of it.
pub(crate) struct Judged {
    pub(crate) person: Person,
    pub(crate) outcome: Result<Verdict, DecideError>,
    /// Mappers that a mapper policy does and that failed.
    pub(crate) failures: Vec<MapperFailure>,
}

impl Judged {
    fn new(person: Person, outcome: Result<Verdict, DecideError>) -> Self {
        Self {
            person,
            outcome,
            failures: Vec::new(),
        }
    }
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

impl DecideError {
    /// Whether the realm's policies had no processor time left.
    pub(crate) fn is_busy(&self) -> bool {
        matches!(self, Self::Policy(error) if error.fault == PolicyFault::Busy)
    }
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
        failures: judged.failures,
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
        let answers = ask(federation, &context, mem::take(&mut persons)).await;
        policy_time += answers.time;
        let mut waiting = Vec::new();
        for (place, (person, step)) in mem::take(&mut places).into_iter().zip(answers.answers) {
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
            judged.push((place, Judged::new(person, outcome)));
        }
        for (place, person, done) in read::read(federation, waiting).await {
            match done {
                Ok(()) => {
                    places.push(place);
                    persons.push(person);
                }
                Err(error) => {
                    let outcome = Err(error);
                    judged.push((place, Judged::new(person, outcome)));
                }
            }
        }
    }
    for (place, person) in places.into_iter().zip(persons) {
        let outcome = Err(DecideError::TooMuch("rounds"));
        judged.push((place, Judged::new(person, outcome)));
    }
    judged.sort_by_key(|(place, _)| *place);
    let judged = judged.into_iter().map(|(_, judged)| judged);
    let mut judged: Vec<_> = judged.collect();
    policy_time += adjust_all(federation, &mut judged, context.now).await;
    (judged, policy_time)
}

/// Asks the vendor policy about persons, once.
async fn ask(
    federation: &ActiveFederation,
    context: &Arc<Context>,
    persons: Vec<Person>,
) -> calls::Answers<Person, Step> {
    let desk = Desk {
        realm: &federation.planned.federation.realm,
        policy: federation.policy.reference(),
        is_slow: federation.policy.is_slow(),
    };
    let (policy, context) = (Arc::clone(&federation.policy), Arc::clone(context));
    let call = move |persons: &[Person]| policy.decide(&context, persons);
    calls::ask(desk, persons, call).await
}

/// Has the mapper policies adjust those who were identified.
async fn adjust_all(
    federation: &ActiveFederation,
    judged: &mut [Judged],
    now: Timestamp,
) -> Duration {
    let (links, planned) = (&federation.links, &federation.planned);
    if links.len() != planned.plan.chained.len() {
        // Nobody is let in with less than the plan says.
        for one in judged {
            one.outcome = Err(DecideError::Failed(Problem {
                field: "mapper".to_owned(),
                message: "the mapper policies of the federation are not at hand".to_owned(),
            }));
        }
        return Duration::ZERO;
    }
    chain::pass(links, &planned.federation.realm, judged, now).await
}

#[cfg(test)]
mod tests;
