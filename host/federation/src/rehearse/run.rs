//! All people of a directory, page by page.

use super::{Rehearsal, RehearseStage};
use crate::shadow::{Answer, Answers, Pair, Tally};
use bridge_model::{
    decision::Person,
    dn::Dn,
    entry::Entry,
    federation::Federation,
    filter::Filter,
    ports::DirectoryError,
    search::{PagedSearch, Search},
    time::Timestamp,
};
use std::{
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::time::sleep;

/// So many people are asked about together.
const TOGETHER: usize = 250;
/// How often people are asked about again of whom a policy had no time to tell.
const AGAIN_MAX: u32 = 40;
/// How long it is waited before.
const AGAIN_AFTER: Duration = Duration::from_millis(250);

/// A rehearsal that goes on.
pub(super) struct Performance {
    pub(super) pair: Pair,
    pub(super) progress: Arc<Progress>,
    pub(super) limit: u64,
    /// Milliseconds in a second that all policies of the realm may use; half of it is left to sign-ins.
    pub(super) share: u32,
    pub(super) now: Timestamp,
}

/// How far it is.
pub(super) struct Progress {
    state: Mutex<(Rehearsal, Tally)>,
}

/// Whose filter fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum FoundBy {
    Both,
    Before,
    After,
}

impl Progress {
    pub(super) fn new(rehearsal: Rehearsal, tally: Tally) -> Self {
        Self {
            state: Mutex::new((rehearsal, tally)),
        }
    }

    pub(super) fn is_running(&self) -> bool {
        self.locked().0.stage == RehearseStage::Running
    }

    pub(super) fn shown(&self) -> Rehearsal {
        let (rehearsal, tally) = &*self.locked();
        Rehearsal {
            comparison: tally.comparison(),
            ..rehearsal.clone()
        }
    }

    /// Ends it, unless it has ended.
    pub(super) fn end(&self, stage: RehearseStage, reason: Option<String>) {
        let (rehearsal, _) = &mut *self.locked();
        if rehearsal.stage == RehearseStage::Running {
            rehearsal.stage = stage;
            rehearsal.reason = reason;
        }
    }

    fn take(&self, answers: &Answers, now: Timestamp) {
        let (_, tally) = &mut *self.locked();
        for (dn, before, after) in &answers.people {
            tally.take(dn, before, after, now);
        }
        tally.time_before += answers.time_before;
        tally.time_after += answers.time_after;
    }

    // Nothing is left half done under the lock.
    fn locked(&self) -> MutexGuard<'_, (Rehearsal, Tally)> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Performance {
    /// Looks at everybody whom one of the two would find, or at as many as were asked for. One page of
    /// people is in memory at a time.
    pub(super) async fn run(&self) -> Result<(), String> {
        let mut left = self.limit;
        for (filter, found_by) in self.reads()? {
            self.read(&filter, found_by, &mut left).await?;
        }
        Ok(())
    }

    /// The reads that together give everybody once: where the plans look for users with different
    /// filters, those whom both find, and those whom only one does.
    fn reads(&self) -> Result<Vec<(Filter, FoundBy)>, String> {
        let filter = |it: &crate::member::ActiveFederation| {
            let filter = it.user_filter(&it.planned.plan.users_filter, &[]);
            filter.map_err(|error| error.to_string())
        };
        let (before, after) = (filter(&self.pair.before)?, filter(&self.pair.after)?);
        if before == after {
            return Ok(vec![(before, FoundBy::Both)]);
        }
        let not = |it: &Filter| Filter::Not(Box::new(it.clone()));
        let only_before = Filter::And(vec![before.clone(), not(&after)]);
        let only_after = Filter::And(vec![after.clone(), not(&before)]);
        Ok(vec![
            (Filter::And(vec![before, after]), FoundBy::Both),
            (only_before, FoundBy::Before),
            (only_after, FoundBy::After),
        ])
    }

    async fn read(&self, filter: &Filter, found_by: FoundBy, left: &mut u64) -> Result<(), String> {
        let federation = &self.pair.before.planned.federation;
        for (place, users) in federation.users.iter().enumerate() {
            if *left == 0 {
                return Ok(());
            }
            let search = PagedSearch {
                search: Search {
                    base: users.base.clone(),
                    scope: users.scope,
                    filter: filter.clone(),
                    attributes: self.pair.attributes(),
                    size_limit: federation.synchronisation.batch_size.max(1),
                },
                paged: federation.synchronisation.pagination,
                controls: Vec::new(),
            };
            let broken = |error: DirectoryError| error.to_string();
            let directory = &self.pair.before.directory;
            let mut pages = directory.pages(&search).await.map_err(broken)?;
            while let Some(page) = pages.next().await.map_err(broken)? {
                if !page.reply.is_success() {
                    let (base, code) = (&users.base, page.reply.result_code);
                    return Err(format!(
                        "the search below {base} ended with result code {code}"
                    ));
                }
                let entries = page.entries.into_iter().map(|it| it.entry);
                let entries = entries.filter(|it| is_first_met(federation, place, it));
                let most = usize::try_from(*left).unwrap_or(usize::MAX);
                let mut entries: Vec<_> = entries.take(most).collect();
                *left -= u64::try_from(entries.len()).unwrap_or(*left);
                while !entries.is_empty() {
                    let rest = entries.split_off(entries.len().min(TOGETHER));
                    let part = mem::replace(&mut entries, rest);
                    self.compare(part, found_by).await?;
                }
                if page.is_last || *left == 0 {
                    break;
                }
            }
        }
        Ok(())
    }

    /// Compares what the two make of entries, and rests as long as the realm's sign-ins need it.
    async fn compare(&self, entries: Vec<Entry>, found_by: FoundBy) -> Result<(), String> {
        let person = |entry| Person {
            entry,
            reply: None,
            findings: Vec::new(),
        };
        let mut persons: Vec<_> = entries.into_iter().map(person).collect();
        for round in 0..=AGAIN_MAX {
            let asked = self.pair.ask(persons.clone(), self.now).await;
            let mut asked = asked.map_err(|error| error.to_string())?;
            self.rest(asked.time_before + asked.time_after).await;
            let is_busy = |(_, before, after): &(String, Answer, Answer)| {
                matches!(before, Answer::Busy) || matches!(after, Answer::Busy)
            };
            let mut again = Vec::new();
            if round < AGAIN_MAX {
                let busy: Vec<_> = asked.people.iter().map(is_busy).collect();
                let waiting = mem::take(&mut persons).into_iter().zip(&busy);
                again.extend(waiting.filter(|(_, busy)| **busy).map(|(it, _)| it));
                asked.people.retain(|it| !is_busy(it));
            }
            for (_, before, after) in &mut asked.people {
                match found_by {
                    FoundBy::Both => {}
                    FoundBy::Before => *after = Answer::NotFound,
                    FoundBy::After => *before = Answer::NotFound,
                }
            }
            self.progress.take(&asked, self.now);
            if again.is_empty() {
                return Ok(());
            }
            persons = again;
            sleep(AGAIN_AFTER).await;
        }
        Ok(())
    }

    /// Leaves half of the realm's processor time for policies to those who sign in.
    async fn rest(&self, worked: Duration) {
        let share = (self.share / 2).max(1);
        let idle = 1_000_u32.saturating_sub(share);
        sleep(worked * idle / share).await;
    }
}

/// Whether an entry lies in this place and in none that was read before: places may overlap, and a
/// directory's word is not enough.
fn is_first_met(federation: &Federation, place: usize, entry: &Entry) -> bool {
    let Ok(dn) = Dn::parse(&entry.dn) else {
        return false;
    };
    let lies_in = |it: &bridge_model::search::Subtree| crate::synchronise::lies_in(it, &dn);
    let mut before = federation.users.iter().take(place);
    federation.users.get(place).is_some_and(lies_in) && !before.any(lies_in)
}
