//! The calls between a policy and what was read, without a directory.

use super::Call;
use bridge_model::{
    decision::{Context, Person, Step},
    ports::VendorPolicy,
    search::{Finding, PolicySearch},
};
use std::time::{Duration, Instant};

/// As many rounds as a sign-in has.
const ROUNDS_MAX: usize = 8;

/// A policy's calls about one person.
pub(crate) struct Course {
    pub(crate) calls: Vec<Call>,
    /// What was read, and what for.
    pub(crate) reads: Vec<(PolicySearch, Finding)>,
    /// Why it came to no verdict although the policy did not fail.
    pub(crate) stuck: Option<String>,
    /// The time spent in the calls.
    pub(crate) time: Duration,
}

impl Course {
    /// What the policy said in the end.
    pub(crate) fn last(&self) -> Option<&Call> {
        self.calls.last()
    }

    /// The person as the last call met them.
    pub(crate) fn findings(&self) -> Vec<Finding> {
        let findings = self.calls.iter().flat_map(|call| &call.findings);
        findings.cloned().collect()
    }
}

/// Asks a policy about a person until it knows. Each search that it wants is answered by `read`; where
/// that has none, the course ends.
pub(crate) fn walk(
    policy: &dyn VendorPolicy,
    context: &Context,
    person: &Person,
    mut read: impl FnMut(&PolicySearch) -> Option<Finding>,
) -> Course {
    let mut course = Course {
        calls: Vec::new(),
        reads: Vec::new(),
        stuck: None,
        time: Duration::ZERO,
    };
    let mut person = Person {
        findings: Vec::new(),
        ..person.clone()
    };
    let mut findings = Vec::new();
    for _ in 0..ROUNDS_MAX {
        let (call, time) = call(policy, context, &person, findings);
        course.time += time;
        let wishes = match &call.step {
            Some(Step::Read(wishes)) => wishes.clone(),
            _ => Vec::new(),
        };
        course.calls.push(call);
        if wishes.is_empty() {
            return course;
        }
        findings = Vec::with_capacity(wishes.len());
        for wish in wishes {
            let Some(finding) = read(&wish) else {
                course.stuck = Some(format!(
                    "the read {:?} below {:?} for {} was not recorded",
                    wish.key, wish.base, wish.filter
                ));
                return course;
            };
            findings.push(finding.clone());
            course.reads.push((wish, finding));
        }
        person.findings.extend(findings.iter().cloned());
    }
    course.stuck = Some("the policy asked for too much: rounds".to_owned());
    course
}

fn call(
    policy: &dyn VendorPolicy,
    context: &Context,
    person: &Person,
    findings: Vec<Finding>,
) -> (Call, Duration) {
    let started = Instant::now();
    let answer = policy.decide(context, std::slice::from_ref(person));
    let time = started.elapsed();
    let (step, failure) = match answer {
        Ok(steps) if steps.len() == 1 => (steps.into_iter().next(), None),
        Ok(steps) => (None, Some(format!("{} steps for 1 person", steps.len()))),
        Err(error) => (None, Some(error.to_string())),
    };
    let call = Call {
        findings,
        step,
        failure,
    };
    (call, time)
}
