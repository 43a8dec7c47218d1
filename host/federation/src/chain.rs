//! The mapper policies of a federation, which are asked after its vendor policy.
//!
//! They see a person as far as they have come, with those attributes alone that their mapper announced. The
//! host takes only what it announced too: claims are set and dropped, groups and roles dropped, bars added.

mod adjust;
mod fit;
mod plan;

pub(crate) use adjust::visible;
pub(crate) use fit::{Fitted, Misfit, admit, fit, links};
pub(crate) use plan::{Split, chained, split};

use crate::{
    calls::{self, Desk},
    claims::leave_out,
    decide::{DecideError, Judged, Verdict},
};
use bridge_model::{
    decision::{Adjustment, Candidate, Identity},
    names::RealmName,
    plan::{ChainedMapper, MapperOnError, Problem},
    ports::{MapperPolicy, PolicyError, PolicyFault},
    search::Reply,
    time::Timestamp,
};
use std::{mem, sync::Arc, time::Duration};

/// A mapper with the policy that does it.
#[derive(Clone)]
pub(crate) struct Link {
    pub(crate) mapper: ChainedMapper,
    /// The one with the digest that made the mapper's plan.
    pub(crate) policy: Arc<dyn MapperPolicy>,
}

/// A mapper that failed for a person, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MapperFailure {
    pub(crate) mapper: String,
    pub(crate) reason: String,
}

/// What a mapper policy answered of one person.
pub(crate) type Answer = Result<Result<Vec<Adjustment>, Problem>, PolicyError>;

/// Has each mapper in its turn adjust those who were identified. Gives the time spent in the calls.
///
/// Of whom a bind failed nothing more is asked: they are not let in whatever is said.
pub(crate) async fn pass(
    links: &[Link],
    realm: &RealmName,
    judged: &mut [Judged],
    now: Timestamp,
) -> Duration {
    let mut time = Duration::ZERO;
    for link in links {
        let mut passing = Vec::new();
        let mut candidates = Vec::new();
        for one in judged.iter_mut() {
            let is_bound = one.person.reply.as_ref().is_none_or(Reply::is_success);
            if is_bound && let Ok(Verdict::Identified(identity)) = &mut one.outcome {
                candidates.push(candidate(
                    link,
                    &one.person.entry,
                    mem::take(&mut **identity),
                ));
                passing.push(one);
            }
        }
        if candidates.is_empty() {
            break;
        }
        let desk = Desk {
            realm,
            policy: link.policy.reference(),
            is_slow: link.policy.is_slow(),
        };
        let (policy, memo) = (Arc::clone(&link.policy), link.mapper.plan.memo.clone());
        let call = move |candidates: &[Candidate]| policy.adjust(&memo, now, candidates);
        let asked = calls::ask(desk, candidates, call).await;
        time += asked.time;
        for (one, (candidate, answer)) in passing.into_iter().zip(asked.answers) {
            let mut identity = candidate.identity;
            let taken = take(&link.mapper, &mut identity, answer);
            let failure = match taken {
                Ok(failure) => failure,
                Err(error) => {
                    one.outcome = Err(error);
                    continue;
                }
            };
            one.failures.extend(failure);
            one.outcome = Ok(Verdict::Identified(Box::new(identity)));
        }
    }
    time
}

/// A person as a mapper's policy sees them.
pub(crate) fn candidate(
    link: &Link,
    entry: &bridge_model::entry::Entry,
    identity: Identity,
) -> Candidate {
    Candidate {
        entry: visible(&link.mapper.plan.attributes, entry),
        identity,
    }
}

/// Takes what a mapper's policy answered of a person into their identity. A failure leaves the mapper's
/// claims out, and is told; or it denies, where the operator wants that.
///
/// # Errors
///
/// Why the person cannot be let in. That the realm has no processor time left is no failure of the mapper's:
/// else it would be a matter of luck which claims somebody has.
pub(crate) fn take(
    mapper: &ChainedMapper,
    identity: &mut Identity,
    answer: Answer,
) -> Result<Option<MapperFailure>, DecideError> {
    let reason = match answer {
        Ok(Ok(adjustments)) => match adjust::adjust(&mapper.plan, identity, adjustments) {
            Ok(()) => return Ok(None),
            Err(reason) => reason,
        },
        Ok(Err(Problem { field, message })) if field.is_empty() => message,
        Ok(Err(Problem { field, message })) => format!("{field}: {message}"),
        Err(error) if error.fault == PolicyFault::Busy => return Err(error.into()),
        Err(error) => error.to_string(),
    };
    let name = &mapper.name;
    match mapper.on_error {
        MapperOnError::Deny => Err(DecideError::Failed(Problem {
            field: format!("mapper.{name}"),
            message: reason,
        })),
        MapperOnError::LeaveOut => {
            adjust::drop_claims(identity, &mapper.plan.claims);
            leave_out(identity, name);
            let mapper = name.clone();
            Ok(Some(MapperFailure { mapper, reason }))
        }
    }
}

#[cfg(test)]
mod tests;
