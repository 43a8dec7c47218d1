//! The same sign-in on another version of its policy.

use super::{
    Call, ChainedCall, Course, Recorded, Recording,
    difference::{json, of_call},
    judged::{judged, links},
    walk,
};
use bridge_model::{
    decision::{Context, Person, Step},
    plan::{MapperPlan, Plan},
    ports::{MapperPolicy, VendorPolicy},
    realm::{PlannedFederation, Revision},
    search::{Finding, PolicySearch},
};
use std::{sync::Arc, time::Duration};

/// What a recorded sign-in came to on a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replayed {
    /// Whether every answer is the one that was recorded, to the octet.
    pub same: bool,
    /// Where it differs first: one sentence with what was recorded and what is answered now.
    pub first_difference: Option<String>,
    /// The plan that was used; none: the policy made none.
    pub plan: Option<Plan>,
    /// Attributes that the policy asks for and that were not recorded, since the policy of the recording
    /// did not ask for them.
    pub missing_attributes: Vec<String>,
    /// The calls of the vendor policy, in order.
    pub calls: Vec<Call>,
    /// The calls of mapper policies after it, in order.
    pub chained: Vec<ChainedCall>,
    /// What came of it.
    pub verdict: Recorded,
    /// The time spent in the vendor policy's calls that decide.
    pub policy_time: Duration,
}

impl Recording {
    /// Has a policy, and the mapper policies among `mappers` that the recording names, answer what was
    /// recorded. The policy of the recording itself has to answer what it answered; another version
    /// translates the recorded federation anew first, and may ask only for reads that were recorded.
    pub fn replay(&self, policy: &dyn VendorPolicy, mappers: &[Arc<dyn MapperPolicy>]) -> Replayed {
        let plan = match self.translated(policy) {
            Ok(plan) => plan,
            Err(reason) => return Self::without_plan(reason),
        };
        let is_own = policy.reference().digest == self.policy.digest;
        let plan_differs = is_own && plan != self.plan;
        let context = Context {
            memo: plan.memo.clone(),
            now: self.now,
            shared: self.shared.clone(),
            more: self.more.clone(),
        };
        let person = Person {
            entry: self.entry.clone(),
            reply: self.reply.clone(),
            findings: Vec::new(),
        };
        let known = self.reads();
        let course = walk(policy, &context, &person, |wish| {
            let mut known = known.iter();
            let (_, found) = known.find(|(asked, _)| is_alike(asked, wish))?;
            Some(Finding {
                key: wish.key.clone(),
                ..(*found).clone()
            })
        });
        let planned = PlannedFederation {
            federation: self.federation.clone(),
            plan,
            policy: policy.reference().clone(),
            managed_by: None,
            revision: Revision::default(),
        };
        let (chained, verdict) = match links(&planned, mappers) {
            Ok(links) => judged(&planned, &context, &person, &course, &links),
            Err(reason) => (Vec::new(), Recorded::Failed(reason)),
        };
        let first_difference = if plan_differs {
            Some("the plan: the policy makes another of the same federation now".to_owned())
        } else {
            self.difference(&course, &chained, &verdict)
        };
        Replayed {
            same: first_difference.is_none(),
            first_difference,
            missing_attributes: self.missing(&planned.plan),
            plan: Some(planned.plan),
            calls: course.calls,
            chained,
            verdict,
            policy_time: course.time,
        }
    }

    /// What a policy makes of the recorded federation.
    fn translated(&self, policy: &dyn VendorPolicy) -> Result<Plan, String> {
        let mut told = self.federation.clone();
        told.read_bases = told.readable();
        let is_chained = |name: &str| self.plan.chained.iter().any(|it| it.name == name);
        told.mappers.retain(|mapper| !is_chained(&mapper.name));
        let mut plan = match policy.translate(&told) {
            Err(error) => return Err(error.to_string()),
            Ok(Err(problems)) => {
                let problems = problems.iter();
                let texts = problems.map(|it| format!("{}: {}", it.field, it.message));
                return Err(texts.collect::<Vec<_>>().join("; "));
            }
            Ok(Ok(plan)) => plan,
        };
        // What mapper policies add to a plan is the host's own, and not the vendor policy's.
        plan.chained.clone_from(&self.plan.chained);
        for mapper in &self.plan.chained {
            let MapperNeeds { attributes, claims } = MapperNeeds::of(&mapper.plan);
            add_missing(&mut plan.attributes, attributes);
            add_missing(&mut plan.claims, claims);
        }
        Ok(plan)
    }

    fn without_plan(reason: String) -> Replayed {
        Replayed {
            same: false,
            first_difference: Some(format!("the plan: {reason}")),
            plan: None,
            missing_attributes: Vec::new(),
            calls: Vec::new(),
            chained: Vec::new(),
            verdict: Recorded::Failed(reason),
            policy_time: Duration::ZERO,
        }
    }

    /// The searches that were answered, with the answers.
    fn reads(&self) -> Vec<(&PolicySearch, &Finding)> {
        let pairs = self.calls.iter().zip(self.calls.iter().skip(1));
        let reads = pairs.flat_map(|(call, next)| {
            let wishes = match &call.step {
                Some(Step::Read(wishes)) => wishes.as_slice(),
                _ => &[],
            };
            wishes.iter().zip(&next.findings)
        });
        reads.collect()
    }

    fn missing(&self, plan: &Plan) -> Vec<String> {
        let is_recorded = |name: &String| {
            let mut recorded = self.plan.attributes.iter();
            recorded.any(|it| it.eq_ignore_ascii_case(name))
                || self.plan.stable_id.attribute.eq_ignore_ascii_case(name)
        };
        let asked = plan.attributes.iter();
        asked.filter(|name| !is_recorded(name)).cloned().collect()
    }

    fn difference(
        &self,
        course: &Course,
        chained: &[ChainedCall],
        verdict: &Recorded,
    ) -> Option<String> {
        for (at, was) in self.calls.iter().enumerate() {
            match course.calls.get(at) {
                None => {
                    let stuck = course
                        .stuck
                        .as_deref()
                        .unwrap_or("the policy was done before");
                    return Some(format!("call {}: {stuck}", at + 1));
                }
                Some(is) if is != was => return Some(of_call(at + 1, was, is)),
                Some(_) => {}
            }
        }
        if course.calls.len() > self.calls.len() || course.stuck.is_some() {
            let at = self.calls.len() + 1;
            let stuck = course
                .stuck
                .as_deref()
                .unwrap_or("one more than were recorded");
            return Some(format!("call {at}: {stuck}"));
        }
        for (at, was) in self.chained.iter().enumerate() {
            if chained.get(at) != Some(was) {
                let (was, is) = (json(was), chained.get(at).map_or_else(String::new, json));
                let mapper = self.chained.get(at).map_or("", |it| it.mapper.as_str());
                return Some(format!("mapper {mapper}: recorded {was}, now {is}"));
            }
        }
        (*verdict != self.verdict).then(|| {
            format!(
                "the verdict: recorded {}, now {}",
                json(&self.verdict),
                json(verdict)
            )
        })
    }
}

struct MapperNeeds<'a> {
    attributes: &'a [String],
    claims: &'a [String],
}

impl<'a> MapperNeeds<'a> {
    fn of(plan: &'a MapperPlan) -> Self {
        Self {
            attributes: &plan.attributes,
            claims: &plan.claims,
        }
    }
}

fn add_missing(names: &mut Vec<String>, more: &[String]) {
    for name in more {
        if !names.iter().any(|known| known.eq_ignore_ascii_case(name)) {
            names.push(name.clone());
        }
    }
}

/// Whether two searches give the same, whatever they are called.
fn is_alike(one: &PolicySearch, other: &PolicySearch) -> bool {
    one.base == other.base
        && one.scope == other.scope
        && one.filter == other.filter
        && one.slots == other.slots
        && one.attributes == other.attributes
        && one.size_limit == other.size_limit
}
