//! From a federation to its plan.

use crate::{claims, reads};
use bridge_model::{
    federation::Federation,
    plan::{Plan, Problem},
    ports::{Policies, PolicyError, PolicyFault},
    realm::{PlannedFederation, Revision},
    search::Slot,
};

/// Why a federation has no plan.
#[derive(Debug, thiserror::Error)]
pub enum TranslateError {
    /// Something is wrong with the federation; everything at once.
    #[error("{}", .0.iter().map(|p| format!("{}: {}", p.field, p.message)).collect::<Vec<_>>().join("; "))]
    Problems(Vec<Problem>),
    /// The policy failed.
    #[error(transparent)]
    Policy(#[from] PolicyError),
}

/// Translates a federation by the policy of its vendor, and holds the plan to what a plan may say.
///
/// # Errors
///
/// [`TranslateError::Problems`] in the operator's own field names, an unknown vendor among them;
/// [`TranslateError::Policy`] when the policy failed or made a plan that the host does not follow.
pub fn translate(
    policies: &dyn Policies,
    federation: &Federation,
    managed_by: Option<String>,
) -> Result<PlannedFederation, TranslateError> {
    let mut problems = own_problems(federation);
    let policy = match policies.vendor(&federation.vendor) {
        Ok(policy) => policy,
        Err(error) if error.fault == PolicyFault::Unknown => {
            problems.push(unknown_vendor(policies, &federation.vendor));
            return Err(TranslateError::Problems(problems));
        }
        Err(error) => return Err(error.into()),
    };
    let plan = match policy.translate(federation)? {
        Ok(plan) if problems.is_empty() => plan,
        Ok(_) => return Err(TranslateError::Problems(problems)),
        Err(more) => {
            problems.extend(more);
            return Err(TranslateError::Problems(problems));
        }
    };
    check_plan(&plan, federation).map_err(|detail| PolicyError {
        policy: policy.reference().id.clone(),
        fault: PolicyFault::Contract,
        detail,
    })?;
    Ok(PlannedFederation {
        federation: federation.clone(),
        plan,
        policy: policy.reference().clone(),
        managed_by,
        revision: Revision::default(),
    })
}

fn unknown_vendor(policies: &dyn Policies, vendor: &str) -> Problem {
    let known: Vec<_> = policies
        .vendors()
        .into_iter()
        .map(|(_, description)| description.id)
        .collect();
    Problem {
        field: "vendor".to_owned(),
        message: format!(
            "no policy is called {vendor:?}; there are {}",
            known.join(", ")
        ),
    }
}

/// What the host itself checks, whatever the vendor.
fn own_problems(federation: &Federation) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut wrong = |field: &str, message: String| {
        problems.push(Problem {
            field: field.to_owned(),
            message,
        });
    };
    if federation.users.is_empty() {
        wrong(
            "users_dn",
            "name at least one place where users live".to_owned(),
        );
    }
    for subtree in &federation.users {
        if subtree.base.is_root() {
            wrong(
                "users_dn",
                "the root is not a place where users live; name a DN".to_owned(),
            );
        }
    }
    if let Some(filter) = &federation.custom_filter
        && let Err(error) = reads::check_filter(filter, &[])
    {
        wrong("advanced.custom_user_search_filter", error.to_string());
    }
    for mapper in &federation.mappers {
        if let Some(attribute) = &mapper.ldap_attribute
            && reads::is_secret(attribute)
        {
            let message =
                format!("{attribute} holds secrets and is never read; map another attribute");
            wrong(&format!("mapper.{}", mapper.name), message);
        }
    }
    problems
}

fn check_plan(plan: &Plan, federation: &Federation) -> Result<(), String> {
    for claim in &plan.claims {
        claims::check_name(claim).map_err(|error| error.to_string())?;
    }
    reads::check_attributes(&plan.attributes).map_err(|error| error.to_string())?;
    let slots = ["username", "local"].map(|name| Slot {
        name: name.to_owned(),
        values: vec![b"x".to_vec()],
    });
    let filter = |name: &str, text: &str, slots: &[Slot]| {
        reads::check_filter(text, slots)
            .map(|_| ())
            .map_err(|error| format!("{name}: {error}"))
    };
    filter("login-filter", &plan.login_filter, &slots)?;
    filter("users-filter", &plan.users_filter, &[])?;
    let bounds = reads::Bounds {
        readable: &federation.read_bases,
        own: None,
        after_failure: false,
    };
    for search in &plan.shared {
        reads::admit(search, &bounds).map_err(|error| format!("shared {}: {error}", search.key))?;
    }
    match plan.more.first() {
        Some(setting) => Err(format!(
            "the plan has {:?}, which this host does not know",
            setting.name
        )),
        None => Ok(()),
    }
}
