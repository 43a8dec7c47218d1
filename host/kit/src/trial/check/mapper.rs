//! One mapper of a mapper policy: it is checked or refused with a reason, and what is adjusted is what
//! was announced.

use super::{Broken, CheckError, Invariant, Violation, draw::Draw, federation, hostile};
use crate::trial::stage::Stage;
use bridge_federation::{claims, reads};
use bridge_model::{
    decision::{Adjustment, Candidate, Claim, ClaimValue, Group, Identity},
    entry::{Attribute, Entry},
    plan::{Mapper, MapperPlan},
    ports::{MapperPolicy, Policies as _},
    realm::PlannedFederation,
    time::Timestamp,
};
use std::sync::Arc;

const NOW: Timestamp = Timestamp(1_795_348_800);
/// People of one call.
const BATCH: usize = 3;

/// Checks what a mapper policy makes of mappers, and of people.
pub(crate) fn check(
    stage: &Stage,
    planned: Option<&PlannedFederation>,
    seed: u64,
    cases: u32,
    count: &mut u32,
) -> Result<Option<Violation>, CheckError> {
    let policy = stage.host().mapper(stage.realm(), stage.choice())?;
    let id = &stage.policy().id;
    let own: Vec<Mapper> = planned
        .into_iter()
        .flat_map(|planned| &planned.federation.mappers)
        .filter(|mapper| mapper.kind.eq_ignore_ascii_case(id))
        .cloned()
        .collect();
    for case in 0..cases {
        *count += 1;
        let mut draw = Draw::of(seed ^ 0x3a99, case);
        let mapper = match draw.pick(&own) {
            Some(own) if draw.happens(70) => own.clone(),
            _ => Mapper {
                kind: id.clone(),
                ..federation::mapper(stage, &mut draw)
            },
        };
        if let Some((broken, smallest)) = evaluate(&policy, &mapper, &mut draw) {
            return Ok(Some(Violation {
                invariant: broken.invariant,
                detail: broken.detail,
                case,
                smallest,
            }));
        }
    }
    Ok(None)
}

fn evaluate(
    policy: &Arc<dyn MapperPolicy>,
    mapper: &Mapper,
    draw: &mut Draw,
) -> Option<(Broken, String)> {
    let of_mapper = |broken| Some((broken, format!("{mapper:#?}\n")));
    let total = |detail: &str| Broken::new(Invariant::TranslateIsTotal, detail);
    let plan = match policy.check(mapper) {
        Err(error) => return of_mapper(total(&error.to_string())),
        Ok(Err(problems)) if problems.is_empty() => {
            return of_mapper(total("it refuses the mapper and does not say why"));
        }
        Ok(Err(_)) => return None,
        Ok(Ok(plan)) => plan,
    };
    if policy
        .check(mapper)
        .is_ok_and(|again| again.as_ref() != Ok(&plan))
    {
        let detail = "asked again about the same mapper it answered something else";
        return of_mapper(Broken::new(Invariant::SameInputSameOutput, detail));
    }
    if let Some(broken) = of_plan(&plan) {
        return of_mapper(broken);
    }
    let people: Vec<Candidate> = (0..BATCH).map(|at| candidate(at, &plan, draw)).collect();
    of_people(policy, &plan, &people).map(|(broken, at)| {
        let person = people.get(at);
        (broken, format!("{mapper:#?}\n{person:#?}\n"))
    })
}

fn of_plan(plan: &MapperPlan) -> Option<Broken> {
    if let Err(error) = reads::check_attributes(&plan.attributes) {
        let invariant = match error {
            reads::ReadError::SecretAttribute(_) => Invariant::NoSecretAttribute,
            _ => Invariant::TranslateIsTotal,
        };
        return Some(Broken::new(invariant, error.to_string()));
    }
    let mut errors = plan
        .claims
        .iter()
        .filter_map(|name| claims::check_name(name).err());
    errors.next().map(|error| of_name(&error))
}

fn of_name(error: &claims::ClaimError) -> Broken {
    let invariant = match error {
        claims::ClaimError::Reserved(_) => Invariant::NoReservedClaim,
        _ => Invariant::SoundClaims,
    };
    Broken::new(invariant, error.to_string())
}

fn of_people(
    policy: &Arc<dyn MapperPolicy>,
    plan: &MapperPlan,
    people: &[Candidate],
) -> Option<(Broken, usize)> {
    let mut singly = Vec::new();
    for (at, person) in people.iter().enumerate() {
        let one = std::slice::from_ref(person);
        let answered = match policy.adjust(&plan.memo, NOW, one) {
            Err(error) => return Some((Broken::of(&error), at)),
            Ok(answered) => answered,
        };
        if policy
            .adjust(&plan.memo, NOW, one)
            .is_ok_and(|again| again != answered)
        {
            let detail = "asked again about the same person it answered something else";
            return Some((Broken::new(Invariant::SameInputSameOutput, detail), at));
        }
        for adjustment in answered.iter().flatten().flatten() {
            if let Some(broken) = of_adjustment(adjustment, plan) {
                return Some((broken, at));
            }
        }
        singly.extend(answered);
    }
    match policy.adjust(&plan.memo, NOW, people) {
        Err(error) => Some((Broken::of(&error), 0)),
        Ok(together) if together != singly => {
            let detail = "of several people in one call it says something else than of each alone";
            Some((Broken::new(Invariant::BatchIsSingleCalls, detail), 0))
        }
        Ok(_) => None,
    }
}

fn of_adjustment(adjustment: &Adjustment, plan: &MapperPlan) -> Option<Broken> {
    let name = match adjustment {
        Adjustment::SetClaim(claim) => claim.name.split('#').next().unwrap_or_default(),
        Adjustment::DropClaim(name) => name,
        _ => return None,
    };
    if let Err(error) = claims::check_name(name) {
        return Some(of_name(&error));
    }
    let is_planned = plan.claims.iter().any(|planned| planned == name);
    (!is_planned).then(|| {
        let detail = format!("the claim {name:?} is not in the mapper's plan");
        Broken::new(Invariant::SoundClaims, detail)
    })
}

fn candidate(at: usize, plan: &MapperPlan, draw: &mut Draw) -> Candidate {
    let mut attributes = Vec::new();
    for name in &plan.attributes {
        if draw.happens(80) {
            let values = (0..=draw.below(3)).map(|_| {
                if draw.happens(50) {
                    format!("some {name}").into_bytes()
                } else {
                    hostile::value(draw)
                }
            });
            attributes.push(Attribute {
                name: name.clone(),
                values: values.collect(),
            });
        }
    }
    let claim = |name: &str, value: &str| Claim {
        name: name.to_owned(),
        value: ClaimValue::Text(value.to_owned()),
    };
    Candidate {
        entry: Entry {
            dn: format!("uid=person{at},ou=people,dc=example,dc=test"),
            attributes,
        },
        identity: Identity {
            username: format!("person{at}"),
            claims: vec![
                claim("name", "Some Body"),
                claim("email", "somebody@example.test"),
            ],
            groups: vec![Group {
                dn: "cn=all,dc=example,dc=test".to_owned(),
                name: "all".to_owned(),
                id: None,
                parents: Vec::new(),
            }],
            ..Identity::default()
        },
    }
}
