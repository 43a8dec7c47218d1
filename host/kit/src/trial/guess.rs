//! Where the people of some entries live, where nobody says so.

use super::name::parent;
use crate::ldif::Record;
use bridge_model::dn::Dn;

/// Entries that have no place in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the entries have no suffix in common; say in a federation where users live (users_dn)")]
pub struct NoSuffix;

/// The place that all entries lie below: the first of the root DSE's naming contexts, or what all
/// names end in. The root DSE itself does not count.
///
/// # Errors
///
/// [`NoSuffix`].
pub fn suffix(records: &[Record]) -> Result<Dn, NoSuffix> {
    let entries = records.iter().filter(|record| !record.dn.trim().is_empty());
    let names: Vec<(Dn, &str)> = entries
        .filter_map(|record| Some((Dn::parse(&record.dn).ok()?, record.dn.as_str())))
        .collect();
    if let Some(context) = naming_context(records)
        && names.iter().any(|(dn, _)| dn.is_within(&context))
    {
        return Ok(context);
    }
    let highest = names.iter().min_by_key(|(dn, _)| dn.depth());
    let (_, mut text) = *highest.ok_or(NoSuffix)?;
    // An entry is a place for others only where there are others in it.
    if names.len() == 1 {
        text = parent(text);
    }
    loop {
        let place = Dn::parse(text).map_err(|_| NoSuffix)?;
        if place.is_root() {
            return Err(NoSuffix);
        }
        if names.iter().all(|(dn, _)| dn.is_within(&place)) {
            return Ok(place);
        }
        text = parent(text);
    }
}

fn naming_context(records: &[Record]) -> Option<Dn> {
    let root = records.iter().find(|record| record.dn.trim().is_empty())?;
    let contexts = root
        .values
        .iter()
        .filter(|value| value.description.eq_ignore_ascii_case("namingContexts"))
        .filter_map(|value| Dn::parse(str::from_utf8(&value.value).ok()?).ok());
    let mut contexts = contexts.filter(|context| !context.is_root());
    contexts.next()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ldif::read;

    fn guessed(ldif: &str) -> Result<String, NoSuffix> {
        suffix(&read(ldif).expect("LDIF")).map(|dn| dn.to_string())
    }

    #[test]
    fn the_suffix_is_what_all_names_end_in() {
        for (ldif, expected) in [
            ("dn: uid=ada,ou=people,o=x\nuid: ada", "ou=people,o=x"),
            (
                "dn: o=x\no: x\n\ndn: uid=ada,ou=people,o=x\nuid: ada",
                "o=x",
            ),
            (
                "dn: uid=a,ou=people,o=x\nuid: a\n\ndn: cn=g,ou=groups,o=x\ncn: g",
                "o=x",
            ),
            (
                "dn:\nnamingContexts: dc=b,dc=c\n\ndn: uid=a,ou=p,dc=b,dc=c\nuid: a",
                "dc=b,dc=c",
            ),
        ] {
            assert_eq!(guessed(ldif).as_deref(), Ok(expected));
        }
        for ldif in [
            "dn: o=x\no: x",
            "dn: o=x\no: x\n\ndn: o=y\no: y",
            "dn:\nvendorName: x",
        ] {
            assert_eq!(guessed(ldif), Err(NoSuffix), "{ldif}");
        }
    }
}
