//! For the tests of mapper policies.

use super::ldif;
use crate::{
    ClaimMapper,
    types::{Adjustment, Candidate, Identity, Mapper, Problem, Setting},
};

/// A mapper as an operator would have written it: its settings are names and values.
pub fn mapper(
    name: &str,
    kind: &str,
    ldap_attribute: Option<&str>,
    settings: &[(&str, &str)],
) -> Mapper {
    let setting = |(name, value): &(&str, &str)| Setting {
        name: (*name).to_owned(),
        value: (*value).to_owned(),
    };
    Mapper {
        name: name.to_owned(),
        kind: kind.to_owned(),
        ldap_attribute: ldap_attribute.map(str::to_owned),
        settings: settings.iter().map(setting).collect(),
    }
}

/// The person of the first entry of an LDIF file, of whom the vendor policy said no more than a user name,
/// which is the DN.
///
/// # Errors
///
/// As [`ldif`]; line 0 where there is no entry.
pub fn candidate(text: &str) -> Result<Candidate, String> {
    let mut entries = ldif(text)?.into_iter();
    let entry = entries
        .next()
        .ok_or_else(|| "line 0 is no content record of LDIF".to_owned())?;
    let identity = Identity {
        username: entry.dn.clone(),
        claims: Vec::new(),
        groups: Vec::new(),
        roles: Vec::new(),
        bars: Vec::new(),
        notices: Vec::new(),
        changed_at: None,
        more: Vec::new(),
    };
    Ok(Candidate { entry, identity })
}

/// What a mapper makes of a person: it is checked, and its plan's memo read. Attributes that the plan does
/// not name are taken from the entry before, as a host does.
///
/// # Errors
///
/// The first problem.
pub fn adjust<M: ClaimMapper>(
    mapper: &Mapper,
    candidate: &Candidate,
    now: u64,
) -> Result<Vec<Adjustment>, Problem> {
    let plan = M::check(mapper).map_err(|mut problems| problems.remove(0))?;
    let mut candidate = candidate.clone();
    candidate.entry.attributes.retain(|attribute| {
        let is_wanted = |wanted: &String| base(wanted).eq_ignore_ascii_case(base(&attribute.name));
        plan.attributes.iter().any(is_wanted)
    });
    let rule = M::rule(&plan.memo)?;
    M::adjust(&rule, now, &candidate)
}

/// An attribute's name without its options.
fn base(description: &str) -> &str {
    description.split(';').next().unwrap_or_default()
}
