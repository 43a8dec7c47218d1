//! What an operator should hear of a federation before it is saved.

use crate::translate::{Problems, TranslateError, examine};
use bridge_model::{
    dn::Dn,
    federation::{EditMode, Federation, ServiceBind},
    plan::Problem,
    policy::PolicyRules,
    ports::Policies,
    realm::PlannedFederation,
};

/// A federation that may be saved.
#[derive(Clone, Debug)]
pub struct Reviewed {
    /// With its plan.
    pub planned: PlannedFederation,
    /// What the operator should know although nothing is wrong: the notes of the plan and the host's
    /// own.
    pub warnings: Vec<Problem>,
}

/// Translates a federation by the policy of its vendor, holds the plan to what a plan may say, and
/// gathers what the operator should know.
///
/// # Errors
///
/// [`TranslateError::Problems`] in the operator's own member names (`users_dn`, `mapper[0]`), an
/// unknown vendor among them, with the warnings as far as they can be told;
/// [`TranslateError::Policy`] when the policy failed or made a plan that the host does not follow.
pub fn review(
    policies: &dyn Policies,
    federation: &Federation,
    managed_by: Option<String>,
) -> Result<Reviewed, TranslateError> {
    reviewed(policies, None, federation, managed_by)
}

/// [`review`] under the rules of the federation's realm, which say what policies may serve it: one that they
/// do not let in is among the problems.
///
/// # Errors
///
/// As [`review`].
pub fn review_under(
    policies: &dyn Policies,
    rules: &PolicyRules,
    federation: &Federation,
    managed_by: Option<String>,
) -> Result<Reviewed, TranslateError> {
    reviewed(policies, Some(rules), federation, managed_by)
}

fn reviewed(
    policies: &dyn Policies,
    rules: Option<&PolicyRules>,
    federation: &Federation,
    managed_by: Option<String>,
) -> Result<Reviewed, TranslateError> {
    let examined = examine(policies, rules, federation, managed_by)?;
    let mut errors = examined.problems;
    let mut warnings = examined.notes;
    warnings.extend(own_warnings(federation));
    for problem in errors.iter_mut().chain(&mut warnings) {
        problem.field = member(&problem.field, federation);
    }
    match examined.planned {
        Some(planned) if errors.is_empty() => Ok(Reviewed { planned, warnings }),
        _ => Err(TranslateError::Problems(Problems { errors, warnings })),
    }
}

/// Translates a federation by the policy of its vendor, and holds the plan to what a plan may say:
/// [`review`] without the warnings.
///
/// # Errors
///
/// As [`review`].
pub fn translate(
    policies: &dyn Policies,
    federation: &Federation,
    managed_by: Option<String>,
) -> Result<PlannedFederation, TranslateError> {
    review(policies, federation, managed_by).map(|reviewed| reviewed.planned)
}

/// What an operator should know of a federation that is kept, although nothing is wrong: the notes of
/// its plan and the host's own, in the operator's own member names.
pub fn warnings(planned: &PlannedFederation) -> Vec<Problem> {
    let federation = &planned.federation;
    let mut warnings = planned.plan.notes.clone();
    for mapper in &planned.plan.chained {
        warnings.extend(mapper.plan.notes.iter().cloned());
    }
    warnings.extend(own_warnings(federation));
    for problem in &mut warnings {
        problem.field = member(&problem.field, federation);
    }
    warnings
}

/// A policy names a mapper by its name, a document by its place.
fn member(field: &str, federation: &Federation) -> String {
    let Some(named) = field.strip_prefix("mapper.") else {
        return field.to_owned();
    };
    let mappers = federation.mappers.iter().enumerate();
    let found = mappers.filter_map(|(place, mapper)| {
        let rest = named.strip_prefix(mapper.name.as_str())?;
        (rest.is_empty() || rest.starts_with('.')).then_some((rest.len(), place, rest))
    });
    // Of two names the longer one is meant: the shorter leaves more over.
    match found.min() {
        Some((_, place, rest)) => format!("mapper[{place}]{rest}"),
        None => field.to_owned(),
    }
}

/// What the host itself has to say, whatever the vendor.
fn own_warnings(federation: &Federation) -> Vec<Problem> {
    let mut warnings = Vec::new();
    let mut warn = |field: &str, message: String| {
        warnings.push(Problem {
            field: field.to_owned(),
            message,
        });
    };
    if let Some(message) = foreign_bind_name(federation) {
        warn("bind_dn", message);
    }
    let connection = &federation.connection;
    let is_plain = connection.urls.iter().any(|url| url.scheme() == "ldap");
    if is_plain && !connection.start_tls {
        if connection.allow_plaintext {
            warn(
                "advanced.allow_plaintext",
                "passwords travel in clear; use ldaps:// or advanced.start_tls wherever the directory offers it"
                    .to_owned(),
            );
        } else {
            warn(
                "connection_url",
                "no password is sent over ldap:// without TLS, so nobody can sign in there; set advanced.start_tls, or use ldaps://"
                    .to_owned(),
            );
        }
    }
    if federation.sync_registration && federation.edit_mode != EditMode::Writable {
        warn(
            "sync_registration",
            "no user is created in a directory that is not written to; set edit_mode to \"WRITABLE\", or sync_registration to false"
                .to_owned(),
        );
    }
    let synchronisation = &federation.synchronisation;
    for (field, period) in [
        ("advanced.full_sync_period", synchronisation.full_period),
        (
            "advanced.changed_sync_period",
            synchronisation.changed_period,
        ),
    ] {
        if period.is_some() && !federation.import_enabled {
            warn(
                field,
                "no user is kept without import_enabled, so there is nothing to read at times; set import_enabled to true, or take it out"
                    .to_owned(),
            );
        }
    }
    warnings
}

/// A bind name may be anything that the directory takes; what is written as a DN, though, should end
/// as the users' names do, and most that do not have lost their end.
fn foreign_bind_name(federation: &Federation) -> Option<String> {
    let ServiceBind::Simple(name) = &federation.connection.bind else {
        return None;
    };
    let dn = Dn::parse(name.as_str()).ok()?;
    let users = &federation.users;
    let is_foreign =
        !users.is_empty() && !users.iter().any(|place| dn.is_in_domain_of(&place.base));
    is_foreign.then(|| {
        format!(
            "{:?} lies outside of the domain of users_dn; write the whole DN of the account, unless the directory does keep it elsewhere",
            name.as_str()
        )
    })
}

#[cfg(test)]
mod tests;
