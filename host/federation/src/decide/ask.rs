//! Asking a policy about persons.

use crate::aside::aside;
use bridge_model::{
    decision::{Context, Person, Step},
    ports::{PolicyError, PolicyFault, VendorPolicy},
};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

/// The most persons of one call: what of an answer is in memory at once.
const CALL_PERSONS_MAX: usize = 250;

/// What a policy answered.
pub(super) struct Answers {
    pub(super) steps: Vec<(Person, Result<Step, PolicyError>)>,
    /// The time spent in the calls.
    pub(super) time: Duration,
}

/// Asks about persons; about many on a thread of its own, since that takes as long as many sign-ins.
pub(super) async fn ask(
    policy: &Arc<dyn VendorPolicy>,
    context: &Arc<Context>,
    persons: Vec<Person>,
) -> Answers {
    if persons.len() <= 1 {
        return answers(&**policy, context, persons);
    }
    let (policy, context) = (Arc::clone(policy), Arc::clone(context));
    aside(move || answers(&*policy, &context, persons)).await
}

fn answers(policy: &dyn VendorPolicy, context: &Context, persons: Vec<Person>) -> Answers {
    let started = Instant::now();
    let mut steps = Vec::with_capacity(persons.len());
    for part in persons.chunks(CALL_PERSONS_MAX) {
        add_steps(policy, context, part, &mut steps);
    }
    Answers {
        time: started.elapsed(),
        steps: persons.into_iter().zip(steps).collect(),
    }
}

/// Adds one step for each person. Where a call fails, one of its persons is at fault, who is found by
/// halves, and the others get their answer.
fn add_steps(
    policy: &dyn VendorPolicy,
    context: &Context,
    persons: &[Person],
    steps: &mut Vec<Result<Step, PolicyError>>,
) {
    match call(policy, context, persons) {
        Ok(answer) => steps.extend(answer.into_iter().map(Ok)),
        Err(error) if persons.len() <= 1 => steps.push(Err(error)),
        Err(_) => {
            let (first, second) = persons.split_at(persons.len() / 2);
            add_steps(policy, context, first, steps);
            add_steps(policy, context, second, steps);
        }
    }
}

fn call(
    policy: &dyn VendorPolicy,
    context: &Context,
    persons: &[Person],
) -> Result<Vec<Step>, PolicyError> {
    let steps = policy.decide(context, persons)?;
    if steps.len() == persons.len() {
        return Ok(steps);
    }
    Err(PolicyError {
        policy: policy.reference().id.clone(),
        fault: PolicyFault::Contract,
        detail: format!("{} steps for {} persons", steps.len(), persons.len()),
    })
}
