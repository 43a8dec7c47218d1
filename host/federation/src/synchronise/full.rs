//! Reading all users.

use super::{
    changed,
    halt::Halt,
    import,
    job::Job,
    seen::{Seen, Sighting},
    users::{UserPage, UserPages},
    vanished::{self, Unidentified},
    writer::Writer,
};
use bridge_model::{synchronisation::SyncFailure, time::Timestamp, user::ImportedUser};
use std::sync::Arc;
use tokio::join;

/// Reads all users into the store and removes those who are gone. Gives where the changes begin that
/// come after it, where the policy knows.
///
/// Two pages of entries are in memory at the most: one is read while the one before it is made into
/// users. The users of some pages are written while the next are made.
pub(super) async fn read(job: &Job, began: Timestamp) -> Result<Option<Vec<u8>>, Halt> {
    // What changes while users are read is read again after it.
    let mark = changed::mark(job).await?;
    let mut seen = Seen::default();
    let mut unidentified = Unidentified::default();
    let mut writer = Writer::new(job);
    let read = read_pages(job, &mut seen, &mut unidentified, &mut writer).await;
    // What was made until something failed stays.
    let written = writer.finish().await;
    read?;
    written?;
    is_any_imported(job)?;
    vanished::remove(job, &seen, &unidentified, began).await?;
    Ok(mark)
}

async fn read_pages(
    job: &Job,
    seen: &mut Seen,
    unidentified: &mut Unidentified,
    writer: &mut Writer,
) -> Result<(), Halt> {
    let mut pages = UserPages::all(Arc::clone(&job.federation))?;
    let mut page = pages.next().await?;
    while let Some(current) = page.take() {
        let (next, made) = join!(pages.next(), make(job, current, seen, unidentified));
        writer.add(made?).await?;
        page = next?;
    }
    Ok(())
}

/// That not one of the entries can be imported is no fault of the entries.
fn is_any_imported(job: &Job) -> Result<(), Halt> {
    let Some(run) = job.ledger.run() else {
        return Ok(());
    };
    match run.failures.first() {
        Some(first) if run.failed >= run.read => Err(Halt::Failed(format!(
            "none of {} entries could be imported, and nobody was removed; the first is {}: {}",
            run.read, first.dn, first.reason
        ))),
        _ => Ok(()),
    }
}

/// The users of a page.
async fn make(
    job: &Job,
    page: UserPage,
    seen: &mut Seen,
    unidentified: &mut Unidentified,
) -> Result<Vec<ImportedUser>, Halt> {
    let UserPage { place, page } = page;
    if !page.reply.is_success() {
        let users = job.federation.planned.federation.users.get(place);
        let base = users.map_or("", |users| users.base.as_str());
        return Err(Halt::of_code(base, page.reply.result_code));
    }
    unidentified.note_references(page.references);
    let read = u64::try_from(page.entries.len()).unwrap_or(u64::MAX);
    job.ledger.note(|run| run.read += read);
    let entries = page.entries.into_iter().map(|it| it.entry).collect();
    let mut candidates = Vec::new();
    for admitted in import::admit(job, place, entries).await {
        match admitted {
            Ok(candidate) => match seen.note(&candidate.identifier, &candidate.dn) {
                Sighting::First => candidates.push(candidate),
                Sighting::Again => {}
                Sighting::Twin => job.ledger.fail(&SyncFailure {
                    dn: candidate.entry.dn,
                    reason: "another entry has the same identifier".to_owned(),
                }),
            },
            Err(refused) => {
                unidentified.note(job, &refused.failure.dn).await?;
                job.ledger.fail(&refused.failure);
            }
        }
    }
    import::make(job, candidates).await
}
