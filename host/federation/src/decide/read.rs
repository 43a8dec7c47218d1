//! Reading what a policy asked for about persons.

use super::{DecideError, Waiting};
use crate::{member::ActiveFederation, reads};
use bridge_model::{
    decision::Person,
    dn::Dn,
    ports::{Directory, DirectoryError, DirectoryFault},
    search::{Finding, Found, PolicySearch, Search},
};
use futures_util::{StreamExt as _, stream};
use std::{collections::HashMap, sync::Arc};

/// The most reads for one person.
const READS_MAX: usize = 64;
/// The most entries that those reads may give.
const ENTRIES_MAX: usize = 10_000;
/// How many reads for the persons of a page go on at the same time: half of the connections that a
/// federation has by default, so that sign-ins find one too.
pub(crate) const READS_AT_ONCE: usize = 8;

/// A person's place, the person, and whether everything was read.
type Done = (usize, Person, Result<(), DecideError>);

/// Reads what persons wait for; what several of them wait for alike is read once.
pub(super) async fn read(federation: &ActiveFederation, waiting: Vec<Waiting>) -> Vec<Done> {
    // One who signs in is read for as before: one after the other, and nothing after a fault.
    let at_once = if waiting.len() == 1 { 1 } else { READS_AT_ONCE };
    let mut searches = Vec::new();
    let mut places: HashMap<PolicySearch, usize> = HashMap::new();
    let mut wanted = Vec::new();
    for one in &waiting {
        let admitted = admit(federation, one);
        wanted.push(admitted.map(|admitted| {
            let admitted = one.wishes.iter().zip(admitted);
            let places = admitted.map(|(wish, search)| {
                *places.entry(alike(wish)).or_insert_with(|| {
                    searches.push(search);
                    searches.len() - 1
                })
            });
            places.collect::<Vec<_>>()
        }));
    }
    let mut uses = vec![0; searches.len()];
    for place in wanted.iter().flatten().flatten() {
        if let Some(uses) = uses.get_mut(*place) {
            *uses += 1;
        }
    }
    let mut reads = read_all(&federation.directory, searches, at_once).await;
    let waiting = waiting.into_iter().zip(wanted);
    let done = waiting.map(|(mut one, places)| {
        let done = places.and_then(|places| {
            let wishes = one.wishes.into_iter().zip(places);
            take(&mut one.person, wishes, &mut reads, &mut uses)
        });
        (one.place, one.person, done)
    });
    done.collect()
}

/// The reads that a person waits for, if the policy may have them all.
fn admit(federation: &ActiveFederation, one: &Waiting) -> Result<Vec<Search>, DecideError> {
    let Waiting { person, wishes, .. } = one;
    if wishes.is_empty() {
        return Err(DecideError::TooMuch("a read of nothing"));
    }
    if person.findings.len() + wishes.len() > READS_MAX {
        return Err(DecideError::TooMuch("reads"));
    }
    let own = Dn::parse(&person.entry.dn).ok();
    let bounds = reads::Bounds {
        readable: &federation.readable,
        own: own.as_ref(),
        after_failure: person
            .reply
            .as_ref()
            .is_some_and(|reply| !reply.is_success()),
    };
    let searches = wishes.iter().map(|wish| {
        let key = || wish.key.clone();
        reads::admit(wish, &bounds).map_err(|error| DecideError::Read { key: key(), error })
    });
    searches.collect()
}

/// A wish without what says nothing of the read.
fn alike(wish: &PolicySearch) -> PolicySearch {
    PolicySearch {
        key: String::new(),
        required: false,
        more: Vec::new(),
        ..wish.clone()
    }
}

fn take(
    person: &mut Person,
    wishes: impl Iterator<Item = (PolicySearch, usize)>,
    reads: &mut Reads,
    uses: &mut [usize],
) -> Result<(), DecideError> {
    for (wish, place) in wishes {
        let is_last_use = uses.get_mut(place).is_none_or(|uses| {
            *uses = uses.saturating_sub(1);
            *uses == 0
        });
        let found = if is_last_use {
            reads.take(place)
        } else {
            reads.copy(place)
        }?;
        if wish.required && found.result_code != 0 {
            return Err(DecideError::Required {
                key: wish.key,
                code: found.result_code,
            });
        }
        person.findings.push(Finding {
            key: wish.key,
            result_code: found.result_code,
            entries: found.entries,
        });
    }
    let entries: usize = person.findings.iter().map(|f| f.entries.len()).sum();
    if entries > ENTRIES_MAX {
        return Err(DecideError::TooMuch("entries"));
    }
    Ok(())
}

/// What reads gave, by place.
pub(crate) struct Reads {
    found: Vec<Option<Result<Found, DirectoryError>>>,
    /// What kept the directory from answering, where it did not.
    fault: Option<DirectoryError>,
}

impl Reads {
    /// What a read gave, which is not here any more after that.
    pub(crate) fn take(&mut self, place: usize) -> Result<Found, DirectoryError> {
        let found = self.found.get_mut(place).and_then(Option::take);
        found.unwrap_or_else(|| self.undone())
    }

    fn copy(&self, place: usize) -> Result<Found, DirectoryError> {
        let found = self.found.get(place).cloned().flatten();
        found.unwrap_or_else(|| self.undone())
    }

    /// What was not read was not read because of a fault.
    fn undone(&self) -> Result<Found, DirectoryError> {
        Err(self.fault.clone().unwrap_or_else(|| {
            let detail = "it was not asked";
            DirectoryError::new(DirectoryFault::Protocol, "the directory", detail)
        }))
    }
}

/// Does reads, `at_once` of them at the same time. After as many faults the directory is asked
/// nothing more: what is left over has the last fault for an answer.
pub(crate) async fn read_all(
    directory: &Arc<dyn Directory>,
    searches: Vec<Search>,
    at_once: usize,
) -> Reads {
    let mut reads = Reads {
        found: vec![None; searches.len()],
        fault: None,
    };
    let mut faults = 0;
    let searches = searches.into_iter().enumerate().map(|(place, search)| {
        let directory = Arc::clone(directory);
        async move { (place, directory.search(&search).await) }
    });
    let mut answers = stream::iter(searches).buffer_unordered(at_once);
    while let Some((place, found)) = answers.next().await {
        if let Err(fault) = &found {
            reads.fault = Some(fault.clone());
            faults += 1;
        }
        if let Some(kept) = reads.found.get_mut(place) {
            *kept = Some(found);
        }
        if faults >= at_once {
            break;
        }
    }
    reads
}
