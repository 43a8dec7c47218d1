//! What comes of a policy's answers: the mapper policies after it, and what the host lets through.

use super::{ChainedCall, Course, Recorded};
use crate::{
    chain::{self, Link},
    claims,
};
use bridge_model::{
    decision::{Context, Identity, Person, Step},
    plan::Problem,
    ports::{MapperPolicy, PolicyError, PolicyFault},
    realm::{PlannedFederation, PolicyRef},
    search::Reply,
};
use std::sync::Arc;

/// What comes of the last call: the mapper policies' calls, and what the host lets through.
pub(super) fn judged(
    planned: &PlannedFederation,
    context: &Context,
    person: &Person,
    course: &Course,
    links: &[Link],
) -> (Vec<ChainedCall>, Recorded) {
    let failed = |reason: String| (Vec::new(), Recorded::Failed(reason));
    if let Some(stuck) = &course.stuck {
        return failed(stuck.clone());
    }
    let Some(call) = course.last() else {
        return failed("the policy was not asked".to_owned());
    };
    let identity = match &call.step {
        Some(Step::Identified(identity)) => identity.clone(),
        Some(Step::Rejected(rejection)) => {
            return (Vec::new(), Recorded::Rejected(rejection.clone()));
        }
        Some(Step::Failed(Problem { field, message })) => {
            return failed(format!("{field}: {message}"));
        }
        Some(Step::Read(_)) => return failed("a read of nothing".to_owned()),
        None => return failed(call.failure.clone().unwrap_or_default()),
    };
    let person = Person {
        findings: course.findings(),
        ..person.clone()
    };
    let mut calls = Vec::with_capacity(links.len());
    let mut identity = identity;
    // Of whom a bind failed nothing more is asked.
    let is_bound = person.reply.as_ref().is_none_or(Reply::is_success);
    for link in links.iter().filter(|_| is_bound) {
        let (call, adjusted) = adjusted(link, context, &person, identity);
        calls.push(call);
        match adjusted {
            Ok(adjusted) => identity = adjusted,
            Err(reason) => return (calls, Recorded::Failed(reason)),
        }
    }
    (calls, said(planned, &identity, &person))
}

/// What a mapper's policy answers, and the identity after it.
fn adjusted(
    link: &Link,
    context: &Context,
    person: &Person,
    identity: Identity,
) -> (ChainedCall, Result<Identity, String>) {
    let candidate = chain::candidate(link, &person.entry, identity);
    let memo = &link.mapper.plan.memo;
    let asked = link
        .policy
        .adjust(memo, context.now, std::slice::from_ref(&candidate));
    let answer = asked.and_then(|answers| {
        let one = <[_; 1]>::try_from(answers).map_err(|answers| PolicyError {
            policy: link.policy.reference().id.clone(),
            fault: PolicyFault::Contract,
            detail: format!("{} answers for 1 person", answers.len()),
        });
        one.map(|[answer]| answer)
    });
    let (adjustments, problem) = match &answer {
        Ok(Ok(adjustments)) => (Some(adjustments.clone()), None),
        Ok(Err(problem)) => (None, Some(problem.clone())),
        Err(error) => (
            None,
            Some(Problem {
                field: String::new(),
                message: error.to_string(),
            }),
        ),
    };
    let call = ChainedCall {
        mapper: link.mapper.name.clone(),
        policy: link.policy.reference().clone(),
        adjustments,
        problem,
    };
    let mut identity = candidate.identity;
    let taken = chain::take(&link.mapper, &mut identity, answer);
    let taken = taken.map(|_| identity).map_err(|error| error.to_string());
    (call, taken)
}

/// The mapper policies of a plan among these: by digest, or else by id.
pub(super) fn links(
    planned: &PlannedFederation,
    mappers: &[Arc<dyn MapperPolicy>],
) -> Result<Vec<Link>, String> {
    let chained = planned.plan.chained.iter();
    let links = chained.map(|mapper| {
        let is_it = |it: &&Arc<dyn MapperPolicy>| it.reference().digest == mapper.policy.digest;
        let same = mappers.iter().find(is_it);
        if let Some(policy) = same {
            return Ok(Link {
                mapper: mapper.clone(),
                policy: Arc::clone(policy),
            });
        }
        let PolicyRef { id, digest, .. } = &mapper.policy;
        let policy = mappers.iter().find(|it| it.reference().id == *id);
        let policy = policy.ok_or_else(|| {
            format!(
                "mapper {}: the policy {id} ({digest}) is not here",
                mapper.name
            )
        })?;
        let written = planned.federation.mappers.iter();
        let written = written.into_iter().find(|it| it.name == mapper.name);
        let written = written.ok_or_else(|| format!("mapper {} is not there", mapper.name))?;
        let mut mapper = mapper.clone();
        mapper.policy = policy.reference().clone();
        mapper.plan = match policy.check(written) {
            Ok(Ok(plan)) => plan,
            Ok(Err(problems)) => {
                let problems = problems.iter();
                let texts = problems.map(|it| format!("{}: {}", it.field, it.message));
                return Err(texts.collect::<Vec<_>>().join("; "));
            }
            Err(error) => return Err(error.to_string()),
        };
        Ok(Link {
            mapper,
            policy: Arc::clone(policy),
        })
    });
    links.collect()
}

/// What the host lets through.
fn said(planned: &PlannedFederation, identity: &Identity, person: &Person) -> Recorded {
    let mappers = &planned.federation.mappers;
    match claims::assemble(identity, &planned.plan, mappers, person) {
        Ok(said) => Recorded::Identified {
            username: identity.username.clone(),
            claims: said.claims,
            bars: identity
                .bars
                .iter()
                .map(|bar| bar.reason.reason().to_owned())
                .collect(),
        },
        Err(error) => Recorded::Failed(error.to_string()),
    }
}
