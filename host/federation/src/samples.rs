//! A few entries of an unknown directory, by which policies may recognise it.

use crate::root_dse::{texts, without_secrets};
use bridge_model::{
    dn::Dn,
    entry::{Attribute, Entry},
    filter::Filter,
    ports::{Directory, DirectoryError},
    search::{Search, SearchScope},
};
use std::{
    collections::HashSet,
    time::{Duration, Instant},
};

/// The most naming contexts that are looked into.
const CONTEXTS_MAX: usize = 8;
/// The most containers right below each.
const CONTAINERS_MAX: u32 = 24;
/// The most people of each, and as many again who have a mail address.
const PEOPLE_MAX: u32 = 10;
/// The most groups of each.
const GROUPS_MAX: u32 = 5;
/// The most entries altogether.
const ENTRIES_MAX: usize = 100;
/// Longer values say nothing of the vendor.
const VALUE_OCTETS_MAX: usize = 1024;
/// The most values of an attribute: of a group with many members a few will do.
const VALUES_MAX: usize = 10;

/// Reads a few entries below each naming context: the context itself, what lies right below it, and
/// some people and groups, known by the classes and attributes of RFC 4519, RFC 2798 and RFC 2307.
/// What cannot be read is left out.
///
/// After `patience` no further search is begun: what was seen by then has to do. So it has where one of
/// the later searches gets no answer, as in a large directory without an index.
///
/// # Errors
///
/// When the first search gets no answer.
pub(crate) async fn samples(
    directory: &dyn Directory,
    root: &Entry,
    patience: Duration,
) -> Result<Vec<Entry>, DirectoryError> {
    let started = Instant::now();
    let is_person = || {
        Filter::Or(vec![
            Filter::equal("objectClass", "person"),
            Filter::equal("objectClass", "posixAccount"),
        ])
    };
    let with_mail = Filter::And(vec![is_person(), Filter::Present("mail".to_owned())]);
    let is_group = Filter::Or(
        ["member", "uniqueMember", "memberUid"]
            .map(|attribute| Filter::Present(attribute.to_owned()))
            .into(),
    );
    let anything = || Filter::Present("objectClass".to_owned());
    let mut samples = Vec::new();
    let mut known = HashSet::new();
    let contexts = texts(root, "namingContexts");
    let contexts = contexts.iter().filter_map(|text| Dn::parse(text).ok());
    for base in contexts.filter(|base| !base.is_root()).take(CONTEXTS_MAX) {
        for (scope, filter, size_limit) in [
            (SearchScope::Base, anything(), 1),
            (SearchScope::OneLevel, anything(), CONTAINERS_MAX),
            (SearchScope::Subtree, with_mail.clone(), PEOPLE_MAX),
            (SearchScope::Subtree, is_person(), PEOPLE_MAX),
            (SearchScope::Subtree, is_group.clone(), GROUPS_MAX),
        ] {
            let search = Search {
                base: base.clone(),
                scope,
                filter,
                attributes: vec!["*".to_owned(), "+".to_owned()],
                size_limit,
            };
            let found = match directory.search(&search).await {
                Ok(found) => found,
                Err(error) if samples.is_empty() => return Err(error),
                Err(_) => return Ok(samples),
            };
            // Whatever the result code: what is not there or not to be read is no sample.
            for entry in found.entries {
                let is_new = Dn::parse(&entry.dn).is_ok_and(|dn| known.insert(dn));
                if is_new && samples.len() < ENTRIES_MAX {
                    samples.push(shortened(entry));
                }
            }
            if started.elapsed() > patience {
                return Ok(samples);
            }
        }
    }
    Ok(samples)
}

fn shortened(mut entry: Entry) -> Entry {
    without_secrets(&mut entry);
    for attribute in &mut entry.attributes {
        attribute
            .values
            .retain(|value| value.len() <= VALUE_OCTETS_MAX);
        attribute.values.truncate(VALUES_MAX);
    }
    let has_values = |attribute: &Attribute| !attribute.values.is_empty();
    entry.attributes.retain(has_values);
    entry
}
