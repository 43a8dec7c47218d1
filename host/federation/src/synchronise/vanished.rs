//! Users who are gone from their directory.

use super::{halt::Halt, job::Job, seen::Seen};
use bridge_model::time::Timestamp;
use std::collections::HashSet;

/// How many kept users are looked at in one step.
const STEP: u32 = 1_000;

/// The users behind entries that could not be identified: they are not gone.
#[derive(Default)]
pub(super) struct Unidentified {
    entries: usize,
    subjects: HashSet<String>,
    /// Continuation references, which nobody follows: who lives there was not seen.
    references: u64,
}

impl Unidentified {
    /// With more of them, who is gone cannot be told.
    const MAX: usize = 1_000;

    /// Notes continuation references of a page.
    pub(super) fn note_references(&mut self, references: u64) {
        self.references = self.references.saturating_add(references);
    }

    /// Notes an entry of which only the DN is known.
    pub(super) async fn note(&mut self, job: &Job, dn: &str) -> Result<(), Halt> {
        self.entries += 1;
        if self.entries > Self::MAX {
            return Ok(());
        }
        let id = job.federation.planned.federation.id;
        let subject = job.store.imported_by_dn(id, dn).await?;
        self.subjects.extend(subject);
        Ok(())
    }
}

/// Removes users whom a full run did not see, unless there are so many of them that it must be a
/// mistake.
///
/// # Errors
///
/// [`Halt::Stopped`]: nobody was removed.
pub(super) async fn remove(
    job: &Job,
    seen: &Seen,
    unidentified: &Unidentified,
    began: Timestamp,
) -> Result<(), Halt> {
    let gone = Gone { seen, unidentified };
    let (kept, vanished) = gone.count(job).await?;
    if vanished == 0 {
        return Ok(());
    }
    let planned = &job.federation.planned.federation;
    let most = planned.synchronisation.vanished_max_percent;
    if unidentified.references > 0 && !planned.connection.referral_hosts.is_empty() {
        return Err(Halt::Stopped(format!(
            "the directory points to other servers {} times, where users may live that were not read, and {vanished} of {kept} users were not seen: nobody was removed; let users_dn name bases without such references, or connect to a server that holds all users",
            unidentified.references
        )));
    }
    let remedy =
        "check users_dn, the filters, the identifier and what the service account may read";
    if seen.is_empty() {
        return Err(Halt::Stopped(format!(
            "the directory has no users any more, and {kept} are kept: nobody was removed; {remedy}, or remove the federation if they are really gone"
        )));
    }
    if is_too_many(vanished, kept, most) {
        return Err(Halt::Stopped(format!(
            "{vanished} of {kept} users are gone from the directory, more than the {most} % of vanished_max_percent: nobody was removed; {remedy}, and if they are really gone, raise vanished_max_percent for one run"
        )));
    }
    if unidentified.entries > Unidentified::MAX {
        return Err(Halt::Stopped(format!(
            "{} entries could not be identified, so that who is gone cannot be told: nobody was removed; {remedy}",
            unidentified.entries
        )));
    }
    gone.remove(job, began).await
}

/// Whether so many gone of so many kept users must be a mistake.
pub(super) fn is_too_many(gone: u64, kept: u64, most_percent: u8) -> bool {
    gone.saturating_mul(100) > kept.saturating_mul(u64::from(most_percent))
}

/// How many imported users of the federation are kept.
pub(super) async fn count_kept(job: &Job) -> Result<u64, Halt> {
    let (mut kept, mut after) = (0, None);
    while let Some(step) = step(job, &mut after).await? {
        kept += count(step.len());
    }
    Ok(kept)
}

struct Gone<'a> {
    seen: &'a Seen,
    unidentified: &'a Unidentified,
}

impl Gone<'_> {
    /// How many users are kept, and how many of them are gone.
    async fn count(&self, job: &Job) -> Result<(u64, u64), Halt> {
        let (mut kept, mut vanished) = (0, 0);
        let mut after = None;
        while let Some(step) = step(job, &mut after).await? {
            kept += count(step.len());
            let gone = step
                .iter()
                .filter(|(id, subject)| self.is_gone(id, subject));
            vanished += count(gone.count());
        }
        Ok((kept, vanished))
    }

    async fn remove(&self, job: &Job, began: Timestamp) -> Result<(), Halt> {
        let federation = &job.federation.planned.federation;
        let (realm, id) = (&federation.realm, federation.id);
        let mut after = None;
        while let Some(step) = step(job, &mut after).await? {
            let mut subjects = Vec::new();
            for (identifier, subject) in step {
                if !self.is_gone(&identifier, &subject) {
                    continue;
                }
                // Whoever signed in for the first time meanwhile came after the page was read that
                // they would have been on.
                let stored = job.store.stored_user(realm, &subject).await?;
                let imported_at = stored.and_then(|stored| stored.imported_at);
                if imported_at.is_none_or(|at| at <= began) {
                    subjects.push(subject);
                }
            }
            if !subjects.is_empty() {
                let removed = job.store.remove_users(realm, id, &subjects).await?;
                job.ledger.note(|run| run.removed += removed);
            }
        }
        Ok(())
    }

    fn is_gone(&self, identifier: &[u8], subject: &str) -> bool {
        !self.seen.has(identifier) && !self.unidentified.subjects.contains(subject)
    }
}

/// The next kept users; none after the last.
async fn step(
    job: &Job,
    after: &mut Option<Vec<u8>>,
) -> Result<Option<Vec<(Vec<u8>, String)>>, Halt> {
    let id = job.federation.planned.federation.id;
    let step = job
        .store
        .imported_identifiers(id, after.as_deref(), STEP)
        .await?;
    let Some((last, _)) = step.last() else {
        return Ok(None);
    };
    *after = Some(last.clone());
    Ok(Some(step))
}

fn count(many: usize) -> u64 {
    u64::try_from(many).unwrap_or(u64::MAX)
}
