//! Comparing, after the answer was given.

use super::{
    Shadowing, Sides,
    compare::Answer,
    known::KnownDirectory,
    pair::{Answers, Pair},
    running::{Shadow, Sighting},
};
use crate::{aside::aside, decide, reads, record::walk};
use bridge_model::{
    decision::Person,
    dn::Dn,
    ports::{Directory, Store, StoreError},
    search::{Found, Search},
    time::Timestamp,
};
use std::{
    sync::{Arc, Weak},
    time::{Duration, Instant},
};
use tokio::{runtime::Handle, sync::mpsc::Receiver, time::sleep};
use tracing::warn;

/// A shadow rests this many times as long as it worked, so that sign-ins have the processor, and the
/// realm's share of it.
const REST: u32 = 3;
/// Shorter rests are added up.
const REST_MIN: Duration = Duration::from_millis(5);

/// A pair over a directory.
struct Open {
    directory: Arc<dyn Directory>,
    known: Arc<KnownDirectory>,
    pair: Pair,
}

/// Looks at what comes, one after the other, until nobody is interested any more.
pub(super) async fn work(
    shadowing: Shadowing,
    shadow: Weak<Shadow>,
    sides: Sides,
    mut queue: Receiver<Sighting>,
) {
    let mut open: Option<Arc<Open>> = None;
    let mut owed = Duration::ZERO;
    while let Some(sighting) = queue.recv().await {
        let Some(shadow) = shadow.upgrade() else {
            return;
        };
        let is_open = |it: &&Arc<Open>| Arc::ptr_eq(&it.directory, &sighting.directory);
        let pair = match open.as_ref().filter(is_open) {
            Some(open) => Arc::clone(open),
            None => Arc::new(Open::new(&sides, &sighting.directory, shadowing.store())),
        };
        open = Some(Arc::clone(&pair));
        let began = Instant::now();
        let Sighting {
            persons,
            now,
            is_sign_in,
            ..
        } = sighting;
        shadow.looked_at(persons.len());
        for person in persons {
            if !shadow.is_running() {
                break;
            }
            let answers = compared(&pair, person, now).await;
            let answers = match answers {
                Ok(answers) => answers,
                Err(error) => {
                    warn!(%error, "a candidate could not be compared");
                    continue;
                }
            };
            shadow.add_time(answers.time_before, answers.time_after);
            let enough =
                answers
                    .people
                    .iter()
                    .find_map(|(dn, before, after): &(String, Answer, Answer)| {
                        shadow.count(dn, before, after, (now, is_sign_in))
                    });
            if let Some(sign_ins) = enough {
                shadowing.promote_itself(&shadow, sign_ins).await;
            }
        }
        drop(shadow);
        owed += began.elapsed() * REST;
        if owed >= REST_MIN {
            sleep(owed.min(Duration::from_secs(2))).await;
            owed = Duration::ZERO;
        }
    }
}

impl Open {
    fn new(sides: &Sides, directory: &Arc<dyn Directory>, store: &Arc<dyn Store>) -> Self {
        let known = Arc::new(KnownDirectory::new(Arc::clone(directory)));
        let over: Arc<dyn Directory> = Arc::clone(&known) as Arc<dyn Directory>;
        Self {
            directory: Arc::clone(directory),
            pair: sides.open(&over, store),
            known,
        }
    }
}

/// What the two make of a person, on a thread of its own: nobody waits for a candidate.
async fn compared(open: &Arc<Open>, person: Person, now: Timestamp) -> Result<Answers, StoreError> {
    let open = Arc::clone(open);
    let handle = Handle::current();
    aside(move || {
        handle.block_on(async {
            let known = known(&open.pair, &person, now).await;
            open.known.set(known);
            open.pair.ask(vec![person], now).await
        })
    })
    .await
}

/// What the directory answered the policy in force, as far as that policy asks for it again.
async fn known(pair: &Pair, person: &Person, now: Timestamp) -> Vec<(Search, Found)> {
    let federation = &pair.before;
    let Ok(context) = decide::context(federation, now).await else {
        return Vec::new();
    };
    let mut found = person.findings.clone();
    let seen = pair.seen_by_before(person);
    let course = walk(&*federation.policy, &context, &seen, |wish| {
        let at = found.iter().position(|it| it.key == wish.key)?;
        Some(found.remove(at))
    });
    let own = Dn::parse(&person.entry.dn).ok();
    let bounds = reads::Bounds {
        readable: &federation.readable,
        own: own.as_ref(),
        after_failure: person.reply.as_ref().is_some_and(|it| !it.is_success()),
    };
    let reads = course.reads.into_iter().filter_map(|(wish, finding)| {
        let search = reads::admit(&wish, &bounds).ok()?;
        let found = Found {
            result_code: finding.result_code,
            entries: finding.entries,
        };
        Some((search, found))
    });
    reads.collect()
}
