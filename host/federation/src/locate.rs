//! Finding the one entry that a typed name means.

use crate::{course::POLICY_BUSY, member::ActiveFederation, reads::ReadError, trace::Searched};
use bridge_model::{
    dn::Dn,
    entry::Entry,
    filter::{Filter, Slot},
    ports::{DirectoryError, PolicyError, PolicyFault},
    search::Search,
};
use std::{sync::Arc, time::Instant};

/// LDAP's result code for a base that is not there (RFC 4511 section 4.1.9).
const NO_SUCH_OBJECT: u32 = 32;
/// LDAP's result code for more entries than were asked for.
const SIZE_LIMIT_EXCEEDED: u32 = 4;

/// In `plan.more`: a domain that may be typed with the local part of a name; without any, all may.
pub(crate) const LOGIN_DOMAIN: &str = "login_domain";

/// What a typed name means in one directory.
pub(crate) enum Located {
    /// This one.
    One(Box<Entry>),
    /// Nobody.
    Nobody,
    /// Several: which of them is the person? Nobody.
    Several,
}

/// Why it could not be told.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LocateError {
    #[error(transparent)]
    Directory(#[from] DirectoryError),
    #[error("the login filter: {0}")]
    Filter(#[from] ReadError),
    #[error("the search for a user below {base} ended with result code {code}")]
    Result { base: String, code: u32 },
    #[error(transparent)]
    Policy(#[from] PolicyError),
    #[error("the directory answered with {0}, which lies outside of the searched base")]
    Outside(String),
}

/// Finds the entry of a typed name: one search in each place where users live. What was searched is
/// added to `searched`.
pub(crate) async fn locate(
    federation: &ActiveFederation,
    username: &str,
    searched: &mut Vec<Searched>,
) -> Result<Located, LocateError> {
    let plan = &federation.planned.plan;
    let domains = plan.more.iter().filter(|more| more.name == LOGIN_DOMAIN);
    let domains: Vec<_> = domains.map(|more| more.value.as_str()).collect();
    let slots = [
        ("username", Some(username)),
        ("local", local_part(username, &domains)),
    ];
    let slots = slots.map(|(name, value)| Slot {
        name: name.to_owned(),
        values: value
            .map(|value| value.as_bytes().to_vec())
            .into_iter()
            .collect(),
    });
    let filter = Arc::new(federation.user_filter(&plan.login_filter, &slots)?);
    let mut one: Option<(Dn, Entry)> = None;
    for users in &federation.planned.federation.users {
        let search = Search {
            base: users.base.clone(),
            scope: users.scope,
            filter: Filter::clone(&filter),
            attributes: federation.user_attributes(),
            // Two are enough to know that the name is ambiguous.
            size_limit: 2,
        };
        let started = Instant::now();
        let found = federation.directory.search(&search).await;
        searched.push(Searched {
            base: search.base,
            scope: search.scope,
            filter: Arc::clone(&filter),
            result: match &found {
                Ok(found) => Ok((found.result_code, found.entries.len())),
                Err(error) => Err(error.to_string()),
            },
            time: started.elapsed(),
        });
        let found = found?;
        match found.result_code {
            0 => {}
            SIZE_LIMIT_EXCEEDED => return Ok(Located::Several),
            code => {
                let base = users.base.to_string();
                return Err(LocateError::Result { base, code });
            }
        }
        for entry in found.entries {
            let dn = Dn::parse(&entry.dn).map_err(|_| LocateError::Outside(entry.dn.clone()))?;
            if !dn.is_within(&users.base) {
                return Err(LocateError::Outside(entry.dn));
            }
            match &one {
                // Places may overlap: the same entry twice is one.
                Some((known, _)) if *known == dn => {}
                Some(_) => return Ok(Located::Several),
                None => one = Some((dn, entry)),
            }
        }
    }
    Ok(one.map_or(Located::Nobody, |(_, entry)| Located::One(Box::new(entry))))
}

/// What stands after the first `\` or before the last `@`, else all. None where what stands on the other
/// side is none of the domains, if there are any.
fn local_part<'n>(username: &'n str, domains: &[&str]) -> Option<&'n str> {
    let parts = username.split_once('\\').or_else(|| {
        let (local, domain) = username.rsplit_once('@')?;
        Some((domain, local))
    });
    let Some((domain, local)) = parts else {
        return Some(username);
    };
    let is_here = domains.is_empty() || domains.iter().any(|own| own.eq_ignore_ascii_case(domain));
    is_here.then_some(local)
}

impl LocateError {
    /// The reason in the audit trail.
    pub(crate) fn reason(&self) -> String {
        match self {
            Self::Policy(error) if error.fault == PolicyFault::Busy => POLICY_BUSY.to_owned(),
            error => error.to_string(),
        }
    }

    /// Whether the configuration is at fault, rather than the directory's present state.
    pub(crate) fn is_misconfigured(&self) -> bool {
        match self {
            Self::Result { code, .. } => *code == NO_SUCH_OBJECT,
            Self::Filter(_) => true,
            Self::Directory(_) | Self::Policy(_) | Self::Outside(_) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_the_local_part_of_a_name() {
        for (typed, local) in [
            ("ada", "ada"),
            ("CORP\\ada", "ada"),
            ("ada@corp.example", "ada"),
            ("a@b@c", "a@b"),
            ("CORP\\a@b", "a@b"),
            ("@", ""),
        ] {
            assert_eq!(local_part(typed, &[]), Some(local), "{typed}");
        }
    }

    #[test]
    fn a_name_of_another_domain_has_no_local_part() {
        let own = ["CORP", "corp.example"];
        for (typed, local) in [
            ("ada", Some("ada")),
            ("corp\\ada", Some("ada")),
            ("ada@Corp.Example", Some("ada")),
            ("LAB\\ada", None),
            ("ada@lab.example", None),
            ("ada@", None),
            ("CORP\\ada@lab.example", Some("ada@lab.example")),
        ] {
            assert_eq!(local_part(typed, &own), local, "{typed}");
        }
    }
}
