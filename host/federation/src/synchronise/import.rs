//! From entries to users that are kept.

use super::{halt::Halt, job::Job};
use crate::{
    active::ActiveRealm,
    claims,
    decide::{DecideError, Judged, READS_AT_ONCE, Verdict, decide_all},
    member::ActiveFederation,
    person::user_of,
    shadow::beside,
    subject,
};
use bridge_model::{
    decision::Person,
    dn::Dn,
    entry::Entry,
    search::{SearchScope, Subtree},
    synchronisation::SyncFailure,
    user::ImportedUser,
};
use std::collections::HashMap;
use tracing::warn;

/// An entry that lies where it was looked for, with what identifies it.
pub(super) struct Candidate {
    pub(super) identifier: Vec<u8>,
    pub(super) dn: Dn,
    pub(super) entry: Entry,
}

/// An entry that is not imported.
pub(super) struct Refused {
    pub(super) failure: SyncFailure,
}

impl Refused {
    pub(super) fn new(entry: &Entry, reason: impl Into<String>) -> Self {
        Self {
            failure: SyncFailure {
                dn: entry.dn.clone(),
                reason: reason.into(),
            },
        }
    }
}

/// Checks entries that were read in one place where users live.
pub(super) async fn admit(
    job: &Job,
    place: usize,
    entries: Vec<Entry>,
) -> Vec<Result<Candidate, Refused>> {
    job.aside(move |_, federation| {
        let users = federation.planned.federation.users.get(place);
        let places = users.map(std::slice::from_ref).unwrap_or_default();
        let admitted = entries.into_iter();
        admitted
            .map(|entry| candidate(federation, places, entry))
            .collect()
    })
    .await
}

/// Checks an entry that has to lie in one of these places: a directory's word is not enough.
pub(super) fn candidate(
    federation: &ActiveFederation,
    places: &[Subtree],
    entry: Entry,
) -> Result<Candidate, Refused> {
    let Ok(dn) = Dn::parse(&entry.dn) else {
        return Err(Refused::new(&entry, "its name is not a DN"));
    };
    if !places.iter().any(|place| lies_in(place, &dn)) {
        return Err(Refused::new(&entry, "it lies outside of the searched base"));
    }
    match subject::identifier(&federation.planned.plan.stable_id, &entry) {
        Ok(identifier) => Ok(Candidate {
            identifier,
            dn,
            entry,
        }),
        Err(error) => Err(Refused::new(&entry, error.to_string())),
    }
}

/// Whether a name lies in a place where users live.
pub(crate) fn lies_in(place: &Subtree, dn: &Dn) -> bool {
    let below = dn.depth().checked_sub(place.base.depth());
    dn.is_within(&place.base)
        && match place.scope {
            SearchScope::Base => below == Some(0),
            SearchScope::OneLevel => below == Some(1),
            SearchScope::Subtree => true,
        }
}

/// What the policy makes of entries. Those that it can make nothing of are noted, each with the
/// reason.
pub(super) async fn make(job: &Job, candidates: Vec<Candidate>) -> Result<Vec<ImportedUser>, Halt> {
    if candidates.is_empty() {
        return Ok(Vec::new());
    }
    let mut identifiers = Vec::with_capacity(candidates.len());
    let mut persons = Vec::with_capacity(candidates.len());
    let mut aside = Vec::with_capacity(candidates.len());
    for mut candidate in candidates {
        identifiers.push(candidate.identifier);
        aside.push(job.federation.set_aside(&mut candidate.entry));
        persons.push(Person {
            entry: candidate.entry,
            reply: None,
            findings: Vec::new(),
        });
    }
    let planned = &job.federation.planned.federation;
    let brought = job
        .store
        .imported_subjects(&planned.realm, planned.id, &identifiers)
        .await?;
    let context = job.context().await?;
    let now = context.now;
    let (judged, _) = decide_all(&job.federation, context, persons).await;
    let persons = judged.iter().map(|it| &it.person).zip(aside);
    beside::synchronised(&job.federation, persons, now);
    is_answering(&judged)?;
    let (made, left_out) = job
        .aside(move |realm, federation| {
            let left_out = left_out(&judged);
            let judged = identifiers.into_iter().zip(judged);
            let users = judged
                .map(|(identifier, judged)| user(realm, federation, &brought, identifier, judged));
            (users.collect::<Vec<_>>(), left_out)
        })
        .await;
    for (mapper, users) in left_out {
        warn!(
            counter.mappers_left_out = users,
            realm = %planned.realm,
            federation = %planned.name,
            mapper,
            "a mapper failed for users of a page and was left out"
        );
    }
    let mut users = Vec::with_capacity(made.len());
    for made in made {
        match made {
            Ok(user) => users.push(user),
            Err(refused) => job.ledger.fail(&refused.failure),
        }
    }
    Ok(users)
}

/// Mappers that failed and were left out, and for how many persons.
fn left_out(judged: &[Judged]) -> HashMap<String, u64> {
    let mut left_out = HashMap::new();
    for judged in judged {
        if let Ok(Verdict::Identified(identity)) = &judged.outcome {
            for mapper in claims::left_out(identity) {
                *left_out.entry(mapper).or_default() += 1;
            }
        }
    }
    left_out
}

/// One entry whose reads come to nothing is that entry's fault. So many at once, or all, are the
/// directory's: then the run ends, and is repeated.
fn is_answering(judged: &[Judged]) -> Result<(), Halt> {
    let is_busy = |judged: &Judged| matches!(&judged.outcome, Err(error) if error.is_busy());
    if judged.iter().any(is_busy) {
        return Err(Halt::Failed(
            "the policies of the realm had no processor time left for a minute: it is tried again with the next run; set policies.cpu_ms_per_second of the realm higher"
                .to_owned(),
        ));
    }
    let mut faults = judged.iter().filter_map(|judged| match &judged.outcome {
        Err(DecideError::Directory(fault)) => Some(fault),
        _ => None,
    });
    let most = READS_AT_ONCE.min(judged.len());
    match faults.nth(most.saturating_sub(1)) {
        Some(fault) => Err(fault.clone().into()),
        None => Ok(()),
    }
}

fn user(
    realm: &ActiveRealm,
    federation: &ActiveFederation,
    brought: &HashMap<Vec<u8>, String>,
    identifier: Vec<u8>,
    judged: Judged,
) -> Result<ImportedUser, Refused> {
    let Judged {
        person, outcome, ..
    } = judged;
    let identity = match &outcome {
        Ok(Verdict::Identified(identity)) => identity,
        Ok(Verdict::Rejected(_)) => {
            let reason = "the policy rejected a bind that nobody made";
            return Err(Refused::new(&person.entry, reason));
        }
        Err(error) => return Err(Refused::new(&person.entry, error.to_string())),
    };
    let subject = match brought.get(&identifier) {
        Some(subject) => subject.clone(),
        None => derived(realm, federation, &identifier),
    };
    match user_of(subject, federation, identity, &person) {
        Ok(user) => Ok(ImportedUser { identifier, user }),
        Err(error) => Err(Refused::new(&person.entry, error.to_string())),
    }
}

/// The subject of somebody who brought none along.
pub(super) fn derived(
    realm: &ActiveRealm,
    federation: &ActiveFederation,
    identifier: &[u8],
) -> String {
    let planned = &federation.planned;
    let namespace = &planned.federation.subject_namespace;
    subject::derive(
        &realm.subject_key,
        namespace,
        &planned.plan.stable_id,
        identifier,
    )
}

/// Writes users, those only that are new or another.
pub(super) async fn keep(job: &Job, users: &[ImportedUser]) -> Result<(), Halt> {
    if users.is_empty() {
        return Ok(());
    }
    let planned = &job.federation.planned.federation;
    let now = job.ledger.now();
    let counts = job
        .store
        .import_users(&planned.realm, planned.id, users, now)
        .await?;
    job.ledger.count(counts);
    Ok(())
}
