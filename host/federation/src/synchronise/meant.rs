//! Whom a policy means.

use super::{
    halt::Halt,
    import::{Candidate, Refused, candidate, lies_in},
    job::Job,
    seen::{Seen, Sighting},
    users,
};
use crate::{
    decide::{READS_AT_ONCE, read_all},
    subject,
};
use bridge_model::{
    changes::Whom,
    dn::Dn,
    entry::{Attribute, Entry},
    filter::Filter,
    search::{Page, Search, SearchScope},
};
use std::{collections::HashSet, mem};

/// How many entries are read one by one before they are made into users.
const READ_TOGETHER: usize = 250;
/// LDAP's result code for an entry that is not there (RFC 4511 section 4.1.9).
const NO_SUCH_OBJECT: u32 = 32;

/// Whom a policy means by what it says of a page.
pub(super) struct Meant<'a> {
    job: &'a Job,
    /// Where the page was read, if it is of users.
    place: Option<usize>,
    entries: Vec<Entry>,
}

impl<'a> Meant<'a> {
    pub(super) fn new(job: &'a Job, page: Option<(Option<usize>, Page)>) -> Self {
        let (place, page) = page.unwrap_or_default();
        Self {
            job,
            place,
            entries: page.entries.into_iter().map(|it| it.entry).collect(),
        }
    }

    /// The entries of those who changed or are new, as they are now. Who is not among the users any
    /// more is left out: the next full run sees to it.
    pub(super) async fn changed(&mut self, whom: Vec<Whom>) -> Result<Vec<Candidate>, Halt> {
        let mut found = Vec::new();
        let mut searches = Vec::new();
        let mut once = HashSet::new();
        for whom in whom {
            match (whom, self.place) {
                (Whom::Here(at), Some(place)) if once.insert(at) => {
                    let entry = mem::take(self.entry(at)?);
                    found.push((entry, Some(place)));
                }
                (Whom::Here(_), Some(_)) => {}
                (Whom::Here(at), None) => {
                    let dn = self.entry(at)?.dn.clone();
                    searches.extend(self.search_dn(&dn)?);
                }
                (Whom::Dn(dn), _) => searches.extend(self.search_dn(&dn)?),
                (Whom::Id(value), _) => searches.extend(self.search_id(&value)?),
            }
        }
        for searches in searches.chunks(READ_TOGETHER) {
            let entries = self.read(searches).await?;
            found.extend(entries.into_iter().map(|entry| (entry, None)));
        }
        Ok(self.admit(found))
    }

    /// The subjects of those who are gone, without those who were just `imported`: whoever was renamed
    /// is gone by the old name only.
    pub(super) async fn gone(
        &mut self,
        whom: Vec<Whom>,
        imported: &[String],
    ) -> Result<Vec<String>, Halt> {
        let mut subjects = Vec::new();
        for whom in whom {
            let subject = match whom {
                Whom::Id(value) => self.subject_of(value).await?,
                Whom::Dn(dn) => self.subject_at(&dn).await?,
                Whom::Here(at) => {
                    let entry = self.entry(at)?.clone();
                    match subject::identifier(&self.job.federation.planned.plan.stable_id, &entry) {
                        Ok(identifier) => self.subject(&identifier).await?,
                        Err(_) => self.subject_at(&entry.dn).await?,
                    }
                }
            };
            subjects.extend(subject.filter(|subject| !imported.contains(subject)));
        }
        subjects.sort();
        subjects.dedup();
        Ok(subjects)
    }

    fn entry(&mut self, at: u32) -> Result<&mut Entry, Halt> {
        let entries = self.entries.len();
        let place = usize::try_from(at).unwrap_or(usize::MAX);
        self.entries.get_mut(place).ok_or_else(|| {
            Halt::Failed(format!(
                "the policy means entry {at} of a page of {entries}: it is the policy that has to be corrected"
            ))
        })
    }

    /// The read of one entry, if it can be a user.
    fn search_dn(&self, dn: &str) -> Result<Option<Search>, Halt> {
        let places = &self.job.federation.planned.federation.users;
        let dn = Dn::parse(dn).ok();
        let dn = dn.filter(|dn| places.iter().any(|place| lies_in(place, dn)));
        dn.map(|base| {
            Ok(Search {
                base,
                scope: SearchScope::Base,
                filter: users::filter(&self.job.federation)?,
                attributes: self.job.federation.user_attributes(),
                size_limit: 1,
            })
        })
        .transpose()
    }

    /// The reads of one entry in all places where it can be.
    fn search_id(&self, value: &[u8]) -> Result<Vec<Search>, Halt> {
        let planned = &self.job.federation.planned;
        let all = users::filter(&self.job.federation)?;
        let it = Filter::equal(planned.plan.stable_id.attribute.as_str(), value);
        let filter = Filter::And(vec![all, it]);
        let places = planned.federation.users.iter();
        Ok(places
            .map(|place| Search {
                base: place.base.clone(),
                scope: place.scope,
                filter: filter.clone(),
                attributes: self.job.federation.user_attributes(),
                size_limit: 2,
            })
            .collect())
    }

    async fn read(&self, searches: &[Search]) -> Result<Vec<Entry>, Halt> {
        let directory = &self.job.federation.directory;
        let mut reads = read_all(directory, searches.to_vec(), READS_AT_ONCE).await;
        let mut entries = Vec::new();
        for (place, search) in searches.iter().enumerate() {
            let found = reads.take(place)?;
            match found.result_code {
                0 => entries.extend(found.entries),
                NO_SUCH_OBJECT if search.scope == SearchScope::Base => {}
                code => return Err(Halt::of_code(search.base.as_str(), code)),
            }
        }
        Ok(entries)
    }

    /// Those of the entries that lie where they should; the others are noted.
    fn admit(&self, found: Vec<(Entry, Option<usize>)>) -> Vec<Candidate> {
        let federation = &self.job.federation;
        let users = &federation.planned.federation.users;
        let mut seen = Seen::default();
        let mut candidates = Vec::new();
        for (entry, place) in found {
            self.job.ledger.note(|run| run.read += 1);
            let place = place.and_then(|place| users.get(place));
            let places = place.map_or(users.as_slice(), std::slice::from_ref);
            let candidate = match candidate(federation, places, entry) {
                Ok(candidate) => candidate,
                Err(refused) => {
                    self.job.ledger.fail(&refused.failure);
                    continue;
                }
            };
            match seen.note(&candidate.identifier, &candidate.dn) {
                Sighting::First => candidates.push(candidate),
                Sighting::Again => {}
                Sighting::Twin => {
                    let reason = "another entry has the same identifier";
                    let refused = Refused::new(&candidate.entry, reason);
                    self.job.ledger.fail(&refused.failure);
                }
            }
        }
        candidates
    }

    /// The subject of whoever had this value of the stable attribute; nobody for one that identifies
    /// nobody.
    async fn subject_of(&self, value: Vec<u8>) -> Result<Option<String>, Halt> {
        let id = &self.job.federation.planned.plan.stable_id;
        let entry = Entry {
            dn: String::new(),
            attributes: vec![Attribute {
                name: id.attribute.clone(),
                values: vec![value],
            }],
        };
        match subject::identifier(id, &entry) {
            Ok(identifier) => self.subject(&identifier).await,
            Err(_) => Ok(None),
        }
    }

    /// The subject that somebody was imported with. One that is only derived may be somebody else's:
    /// of a federation with the same namespace.
    async fn subject(&self, identifier: &[u8]) -> Result<Option<String>, Halt> {
        let id = self.job.federation.planned.federation.id;
        let store = &self.job.store;
        Ok(store.imported_by_identifier(id, identifier).await?)
    }

    async fn subject_at(&self, dn: &str) -> Result<Option<String>, Halt> {
        let id = self.job.federation.planned.federation.id;
        Ok(self.job.store.imported_by_dn(id, dn).await?)
    }
}
