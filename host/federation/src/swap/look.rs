//! What a swap means to one federation.

use super::{FederationSwap, PlannedFederation, Policies, PolicyFault, Problem, overlay::Overlay};
use crate::{Reviewed, TranslateError, review_under, shadow::plan_changes};
use bridge_model::{
    plan::{Plan, StableId},
    policy::PolicyRules,
};
use std::{
    thread,
    time::{Duration, Instant},
};

/// How long a federation is waited for whose realm has no processor time left.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long until it is asked again.
const PAUSE: Duration = Duration::from_millis(50);

/// What a swap means to a federation, and the federation as it would be.
pub(super) struct Looked {
    pub(super) swap: FederationSwap,
    pub(super) planned: Option<PlannedFederation>,
}

/// Translates a federation by what is in force and by what would be. Takes some milliseconds, or longer where
/// its realm has no time left: not for a thread that others wait for.
pub(super) fn look(overlay: &Overlay, rules: &PolicyRules, kept: &PlannedFederation) -> Looked {
    let before = translated(overlay.present(), rules, kept);
    let after = translated(overlay, rules, kept);
    let was = before.as_ref().map_or(&kept.plan, |before| &before.plan);
    let mut looked = Looked {
        swap: FederationSwap {
            realm: kept.federation.realm.clone(),
            id: kept.federation.id,
            name: kept.federation.name.clone(),
            enabled: kept.federation.enabled,
            problems: Vec::new(),
            refuses: false,
            differences: Vec::new(),
        },
        planned: None,
    };
    match after {
        Ok(after) => {
            looked.swap.differences = differences(was, &after.plan);
            looked.swap.problems = same_people(&was.stable_id, &after.plan.stable_id);
            looked.swap.refuses = !looked.swap.problems.is_empty();
            looked.planned = Some(after);
        }
        Err(problems) => {
            looked.swap.problems = problems;
            looked.swap.refuses = before.is_ok();
        }
    }
    looked
}

fn translated(
    policies: &dyn Policies,
    rules: &PolicyRules,
    kept: &PlannedFederation,
) -> Result<PlannedFederation, Vec<Problem>> {
    let started = Instant::now();
    loop {
        let reviewed = review_under(policies, rules, &kept.federation, kept.managed_by.clone());
        match reviewed {
            Ok(Reviewed { planned, .. }) => {
                return Ok(PlannedFederation {
                    revision: kept.revision,
                    ..planned
                });
            }
            Err(TranslateError::Problems(problems)) => return Err(problems.errors),
            Err(TranslateError::Policy(error))
                if error.fault == PolicyFault::Busy && started.elapsed() < PATIENCE =>
            {
                thread::sleep(PAUSE);
            }
            Err(TranslateError::Policy(error)) => {
                return Err(vec![Problem {
                    field: "vendor".to_owned(),
                    message: format!("{error}; ask the policy's author"),
                }]);
            }
        }
    }
}

/// People who are identified otherwise are somebody else to every application.
fn same_people(was: &StableId, is: &StableId) -> Vec<Problem> {
    if was.attribute.eq_ignore_ascii_case(&is.attribute) && was.form == is.form {
        return Vec::new();
    }
    vec![Problem {
        field: "uuid_ldap_attribute".to_owned(),
        message: format!(
            "everybody would be somebody else to applications: people are identified by {} now, and would be by {}, read otherwise; write the attribute that identifies them now, or pin the version in advanced.policy_digest",
            was.attribute, is.attribute
        ),
    }]
}

/// What differs between two plans, in words.
fn differences(was: &Plan, is: &Plan) -> Vec<String> {
    let mut lines = plan_changes(was, is);
    let mappers = |plan: &Plan| -> Vec<String> {
        let own = plan
            .mappers
            .iter()
            .map(|it| format!("{} ({})", it.name, it.kind));
        let chained = plan
            .chained
            .iter()
            .map(|it| format!("{} ({})", it.name, it.policy.id));
        own.chain(chained).collect()
    };
    lines.extend(added_and_removed("mappers", &mappers(was), &mappers(is)));
    lines.extend(added_and_removed("writes", &was.writes, &is.writes));
    if was.password_write != is.password_write {
        lines.push("new passwords would be written another way".to_owned());
    }
    if was.group_form != is.group_form {
        lines.push("the claim groups would have another form".to_owned());
    }
    lines
}

fn added_and_removed(what: &str, was: &[String], is: &[String]) -> Vec<String> {
    let without = |names: &[String], others: &[String]| -> Vec<String> {
        let names = names.iter().filter(|name| !others.contains(name));
        names.cloned().collect()
    };
    let lines = [
        ("no more", without(was, is)),
        ("now also", without(is, was)),
    ];
    let lines = lines.into_iter().filter(|(_, names)| !names.is_empty());
    lines
        .map(|(verb, names)| format!("{what}: {verb} {}", names.join(", ")))
        .collect()
}
