//! From a federation to its plan.

use crate::{
    aside::here,
    chain::{self, admit},
    claims,
    locate::LOGIN_DOMAIN,
    reads,
};
use bridge_model::{
    federation::Federation,
    filter::Slot,
    plan::{Description, PasswordWrite, Plan, Problem},
    policy::{PolicyChoice, PolicyRules},
    ports::{Policies, PolicyError, PolicyFault, VendorPolicy},
    realm::{PlannedFederation, Revision},
};
use std::fmt;

/// The member of a federation that pins its policy.
const POLICY_DIGEST: &str = "advanced.policy_digest";

/// Why a federation has no plan.
#[derive(Debug, thiserror::Error)]
pub enum TranslateError {
    /// Something is wrong with the federation; everything at once.
    #[error("{0}")]
    Problems(Problems),
    /// The policy failed.
    #[error(transparent)]
    Policy(#[from] PolicyError),
}

/// What is wrong with a federation; as an iterator, the errors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problems {
    /// What has to be corrected: at least one.
    pub errors: Vec<Problem>,
    /// What the operator should know beside that, as far as it can be told.
    pub warnings: Vec<Problem>,
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, problem) in self.errors.iter().enumerate() {
            let separator = if i == 0 { "" } else { "; " };
            write!(f, "{separator}{}: {}", problem.field, problem.message)?;
        }
        Ok(())
    }
}

impl IntoIterator for Problems {
    type Item = Problem;
    type IntoIter = std::vec::IntoIter<Problem>;
    fn into_iter(self) -> Self::IntoIter {
        self.errors.into_iter()
    }
}

/// What came of looking at a federation.
pub(crate) struct Examined {
    /// The plan, where the policy made one.
    pub(crate) planned: Option<PlannedFederation>,
    /// What is wrong.
    pub(crate) problems: Vec<Problem>,
    /// The notes of the plan.
    pub(crate) notes: Vec<Problem>,
}

/// Looks at a federation, with its policies and without; and with the rules of its realm, where it is known
/// which those are.
pub(crate) fn examine(
    policies: &dyn Policies,
    rules: Option<&PolicyRules>,
    federation: &Federation,
    managed_by: Option<String>,
) -> Result<Examined, PolicyError> {
    let mut examined = Examined {
        planned: None,
        problems: own_problems(federation),
        notes: Vec::new(),
    };
    let policy = match policies.vendor(&federation.realm, federation.policy()) {
        Ok(policy) => policy,
        Err(error) if error.fault == PolicyFault::Unknown => {
            let unknown = unknown_policy(policies, federation);
            examined.problems.push(unknown);
            return Ok(examined);
        }
        Err(error) => return Err(error),
    };
    let split = chain::split(policies, &policy.description().kinds, federation)?;
    examined.problems.extend(misplaced(
        policies,
        rules,
        federation,
        policy.as_ref(),
        &split,
    ));
    let mut told = federation.clone();
    told.read_bases = federation.readable();
    told.mappers.clone_from(&split.vendors);
    let translated = here(policy.is_slow(), || policy.translate(&told))?;
    let links = chain::chained(&split, &mut examined.problems)?;
    let mut plan = match translated {
        Ok(plan) => plan,
        Err(more) => {
            examined.problems.extend(more);
            return Ok(examined);
        }
    };
    examined.notes.clone_from(&plan.notes);
    for link in &links {
        examined
            .notes
            .extend(link.mapper.plan.notes.iter().cloned());
    }
    if !examined.problems.is_empty() {
        return Ok(examined);
    }
    check_plan(&plan, federation).map_err(|detail| PolicyError {
        policy: policy.reference().id.clone(),
        fault: PolicyFault::Contract,
        detail,
    })?;
    plan.chained = links.into_iter().map(|link| link.mapper).collect();
    if let Err(problem) = grow(&mut plan) {
        examined.problems.push(problem);
        return Ok(examined);
    }
    examined.planned = Some(PlannedFederation {
        federation: federation.clone(),
        plan,
        policy: policy.reference().clone(),
        managed_by,
        revision: Revision::default(),
    });
    Ok(examined)
}

/// What stands against the policies of a federation, whatever they make of it.
fn misplaced(
    policies: &dyn Policies,
    rules: Option<&PolicyRules>,
    federation: &Federation,
    policy: &dyn VendorPolicy,
    split: &chain::Split,
) -> Vec<Problem> {
    let mut problems = Vec::new();
    if let Err(message) = check_pin(federation, policy) {
        problems.push(Problem {
            field: POLICY_DIGEST.to_owned(),
            message,
        });
    }
    let Some(rules) = rules else {
        return problems;
    };
    if let Err(message) = admit(policies, rules, policy.reference()) {
        let field = match federation.policy() {
            PolicyChoice::InForce(_) => "vendor",
            PolicyChoice::Digest(_) => POLICY_DIGEST,
        };
        problems.push(Problem {
            field: field.to_owned(),
            message,
        });
    }
    for (mapper, policy) in &split.chained {
        if let Err(message) = admit(policies, rules, policy.reference()) {
            problems.push(Problem {
                field: format!("mapper.{}", mapper.name),
                message,
            });
        }
    }
    problems
}

/// A component that is pinned has to answer to the federation's vendor: else a digest would say something
/// else than the name beside it.
pub(crate) fn check_pin(federation: &Federation, policy: &dyn VendorPolicy) -> Result<(), String> {
    let (Description { id, aliases, .. }, vendor) = (policy.description(), &federation.vendor);
    let is_named = |name: &String| name.to_lowercase() == vendor.to_lowercase();
    if federation.policy_digest.is_none() || is_named(id) || aliases.iter().any(is_named) {
        return Ok(());
    }
    Err(format!(
        "this component is the policy {id}, which does not answer to the vendor {vendor:?}; name another digest, or another vendor"
    ))
}

/// Lays what mapper policies need and yield over a vendor policy's plan.
fn grow(plan: &mut Plan) -> Result<(), Problem> {
    for mapper in &plan.chained {
        for attribute in &mapper.plan.attributes {
            let mut known = plan.attributes.iter();
            if !known.any(|it| it.eq_ignore_ascii_case(attribute)) {
                plan.attributes.push(attribute.clone());
            }
        }
        for claim in &mapper.plan.claims {
            if !plan.claims.contains(claim) {
                plan.claims.push(claim.clone());
            }
        }
    }
    reads::check_attributes(&plan.attributes).map_err(|error| Problem {
        field: "mapper".to_owned(),
        message: format!("{error}; take out mappers that read many attributes"),
    })
}

fn unknown_policy(policies: &dyn Policies, federation: &Federation) -> Problem {
    if let PolicyChoice::Digest(digest) = federation.policy() {
        return Problem {
            field: POLICY_DIGEST.to_owned(),
            message: format!(
                "no vendor policy with the digest {digest} is loaded; install it first, or leave the digest out"
            ),
        };
    }
    let vendor = &federation.vendor;
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
            "there is no place where users live; name at least one DN".to_owned(),
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
        wrong(
            "advanced.custom_user_search_filter",
            format!("{error}; write a filter as RFC 4515 has it, such as (employeeType=staff)"),
        );
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

/// What a profile change writes holds no secrets, nor does what names entries, and what a password is
/// written to is never read.
fn check_writes(plan: &Plan) -> Result<(), String> {
    reads::check_attributes(&plan.writes).map_err(|error| format!("writes: {error}"))?;
    if reads::is_secret(&plan.rdn_attribute) {
        let name = &plan.rdn_attribute;
        return Err(format!(
            "rdn-attribute: {name} holds secrets and names no entries"
        ));
    }
    match &plan.password_write {
        PasswordWrite::Exchange(attribute) | PasswordWrite::Replace(attribute)
            if !reads::is_secret(&attribute.name) =>
        {
            Err(format!(
                "password-write: {:?} is not known as an attribute that holds secrets",
                attribute.name
            ))
        }
        _ => Ok(()),
    }
}

fn check_plan(plan: &Plan, federation: &Federation) -> Result<(), String> {
    for claim in &plan.claims {
        claims::check_name(claim).map_err(|error| error.to_string())?;
    }
    reads::check_attributes(&plan.attributes).map_err(|error| error.to_string())?;
    check_writes(plan)?;
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
    let readable = federation.readable();
    let bounds = reads::Bounds {
        readable: &readable,
        own: None,
        after_failure: false,
    };
    for search in &plan.shared {
        reads::admit(search, &bounds).map_err(|error| format!("shared {}: {error}", search.key))?;
    }
    let mut unknown = plan.more.iter().filter(|more| more.name != LOGIN_DOMAIN);
    match unknown.next() {
        Some(setting) => Err(format!(
            "the plan has {:?}, which this host does not know",
            setting.name
        )),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{federation, plan};
    use bridge_model::plan::{PasswordAttribute, PasswordEncoding};

    #[test]
    fn a_plan_writes_passwords_to_secrets_and_nothing_else_to_them() {
        let staff = federation("a", "staff");
        assert_eq!(check_plan(&plan(), &staff), Ok(()));
        for name in ["cn", "description", "userPasswordHint"] {
            let attribute = PasswordAttribute {
                name: name.to_owned(),
                encoding: PasswordEncoding::Utf8,
            };
            for way in [
                PasswordWrite::Replace(attribute.clone()),
                PasswordWrite::Exchange(attribute),
            ] {
                let mut plan = plan();
                plan.password_write = way;
                assert!(check_plan(&plan, &staff).is_err(), "{name}");
            }
        }
        for name in ["userPassword", "*", "mail;range=0-1*;x y"] {
            let mut plan = plan();
            plan.writes.push(name.to_owned());
            assert!(check_plan(&plan, &staff).is_err(), "{name}");
        }
        let mut plan = plan();
        plan.rdn_attribute = "USERPASSWORD;x".to_owned();
        assert!(check_plan(&plan, &staff).is_err());
    }
}
