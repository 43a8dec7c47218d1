//! Which mappers of a federation mapper policies do, and what those make of them.

use super::Link;
use crate::{aside::here, claims, reads};
use bridge_model::{
    federation::Federation,
    names::RealmName,
    plan::{ChainedMapper, KindHelp, Mapper, MapperOnError, MapperPlan, Problem},
    policy::PolicyChoice,
    ports::{MapperPolicy, Policies, PolicyError, PolicyFault},
};
use std::sync::Arc;

/// The most mappers of a federation that mapper policies do: each is a call for each sign-in.
const CHAINED_MAX: usize = 50;
/// The setting that says what a failure does.
const ON_ERROR: &str = "on_error";

/// The mappers of a federation, by who does them.
pub(crate) struct Split {
    /// Those that the vendor policy is told of.
    pub(crate) vendors: Vec<Mapper>,
    /// Those that a mapper policy does.
    pub(crate) chained: Vec<(Mapper, Arc<dyn MapperPolicy>)>,
}

/// Who does which mapper: the vendor policy those of its own `kinds`; a mapper policy in force those of its
/// kind; and the vendor policy has the rest, of which it says what is wrong.
pub(crate) fn split(
    policies: &dyn Policies,
    kinds: &[KindHelp],
    federation: &Federation,
) -> Result<Split, PolicyError> {
    let mut split = Split {
        vendors: Vec::new(),
        chained: Vec::new(),
    };
    for mapper in &federation.mappers {
        let is_vendors = kinds
            .iter()
            .any(|known| known.kind.eq_ignore_ascii_case(&mapper.kind));
        let found = if is_vendors {
            None
        } else {
            in_force(policies, &federation.realm, &mapper.kind)?
        };
        match found {
            Some(policy) => split.chained.push((mapper.clone(), policy)),
            None => split.vendors.push(mapper.clone()),
        }
    }
    Ok(split)
}

/// The mapper policy in force that does a kind.
pub(super) fn in_force(
    policies: &dyn Policies,
    realm: &RealmName,
    kind: &str,
) -> Result<Option<Arc<dyn MapperPolicy>>, PolicyError> {
    match policies.mapper(realm, PolicyChoice::InForce(kind)) {
        Ok(policy) => Ok(Some(policy)),
        Err(error) if error.fault == PolicyFault::Unknown => Ok(None),
        Err(error) => Err(error),
    }
}

/// What mapper policies make of the mappers that they do. What is wrong is added to `problems`.
pub(crate) fn chained(
    split: &Split,
    problems: &mut Vec<Problem>,
) -> Result<Vec<Link>, PolicyError> {
    if split.chained.len() > CHAINED_MAX {
        problems.push(Problem {
            field: "mapper".to_owned(),
            message: format!(
                "mapper policies do {} of them, and may do {CHAINED_MAX}; take some out",
                split.chained.len()
            ),
        });
        return Ok(Vec::new());
    }
    let mut links = Vec::with_capacity(split.chained.len());
    for (place, (mapper, policy)) in split.chained.iter().enumerate() {
        let before = split.chained.iter().take(place).map(|(mapper, _)| mapper);
        let is_repeated = split
            .vendors
            .iter()
            .chain(before)
            .any(|other| other.name == mapper.name);
        if is_repeated {
            let message = "two mappers have this name; give one of them another";
            problems.push(at(mapper, "", message.to_owned()));
            continue;
        }
        let mut found = Vec::new();
        let on_error = on_error(mapper, &mut found);
        match check(mapper, policy.as_ref()) {
            Err(error) if error.fault == PolicyFault::Busy => return Err(error),
            Err(error) => {
                let message = format!("{error}; correct the mapper, or ask the policy's author");
                found.push(at(mapper, "", message));
            }
            Ok(Err(wrong)) => found.extend(wrong),
            Ok(Ok(plan)) => links.push(Link {
                mapper: ChainedMapper {
                    name: mapper.name.clone(),
                    policy: policy.reference().clone(),
                    plan,
                    on_error,
                },
                policy: Arc::clone(policy),
            }),
        }
        problems.extend(found);
    }
    Ok(links)
}

/// What the policy makes of a mapper, held to what a plan may say.
fn check(
    mapper: &Mapper,
    policy: &dyn MapperPolicy,
) -> Result<Result<MapperPlan, Vec<Problem>>, PolicyError> {
    let placed = |problems: Vec<Problem>| {
        let problems = problems.into_iter();
        let placed = problems.map(|problem| at(mapper, &problem.field, problem.message));
        placed.collect::<Vec<_>>()
    };
    let mut plan = match here(policy.is_slow(), || policy.check(mapper))? {
        Ok(plan) => plan,
        Err(problems) => return Ok(Err(placed(problems))),
    };
    plan.notes = placed(plan.notes);
    let mut problems = Vec::new();
    for claim in &plan.claims {
        if let Err(error) = claims::check_name(claim) {
            problems.push(at(mapper, "", format!("{error}; name another claim")));
        }
    }
    for attribute in &plan.attributes {
        if let Err(error) = reads::check_attributes(std::slice::from_ref(attribute)) {
            problems.push(at(mapper, "", format!("{error}; read another attribute")));
        }
    }
    Ok(if problems.is_empty() {
        Ok(plan)
    } else {
        Err(problems)
    })
}

fn on_error(mapper: &Mapper, problems: &mut Vec<Problem>) -> MapperOnError {
    let mut settings = mapper.settings.iter();
    let setting = settings.find(|setting| setting.name == ON_ERROR);
    match setting.map_or("", |setting| setting.value.trim()) {
        "" | "leave_out" => MapperOnError::LeaveOut,
        "deny" => MapperOnError::Deny,
        other => {
            let message = format!(
                "{other:?} is no value of the setting {ON_ERROR}; choose one of leave_out, deny"
            );
            problems.push(at(mapper, "", message));
            MapperOnError::Deny
        }
    }
}

/// A problem of a mapper, under the mapper's name whatever its policy calls the field.
fn at(mapper: &Mapper, field: &str, message: String) -> Problem {
    let own = format!("mapper.{}", mapper.name);
    let rest = match field.strip_prefix(&own) {
        Some(rest) if rest.is_empty() || rest.starts_with('.') => rest.to_owned(),
        _ if field.is_empty() => String::new(),
        _ => format!(".{field}"),
    };
    Problem {
        field: format!("{own}{rest}"),
        message,
    }
}
