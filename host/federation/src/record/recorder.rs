//! From a sign-in to a file.

use super::{
    Pseudonyms, Recording, Values,
    format::FORMAT,
    judged::judged,
    redact::{Redaction, bases},
    walk,
};
use crate::{aside::aside, chain::Link};
use bridge_model::{
    decision::{Context, Person},
    federation::{Connection, Federation},
    ports::{Random, VendorPolicy},
    realm::PlannedFederation,
    search::Finding,
    time::Timestamp,
};
use std::{
    fs::{self, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};
use tokio::sync::mpsc::{Receiver, Sender, channel, error::TrySendError};
use tracing::{info, warn};

/// The most recordings of a folder: whoever records and forgets it does not fill a disk.
const FILES_MAX: usize = 1_000;
/// The most sign-ins that wait to be written.
const WAITING_MAX: usize = 64;

/// Writes sign-ins to a folder, each to a file of its own that only this user reads, a thousand at the
/// most. No sign-in waits for it: what it cannot keep up with is not recorded.
pub struct Recorder {
    values: Values,
    waiting: Sender<Sight>,
    left_out: AtomicUsize,
}

/// Why nothing can be recorded.
#[derive(Debug, thiserror::Error)]
#[error("cannot record to {folder}: {error}")]
pub struct RecorderError {
    folder: PathBuf,
    error: io::Error,
}

/// A sign-in as it was seen.
pub(crate) struct Sight {
    pub(crate) planned: Arc<PlannedFederation>,
    pub(crate) policy: Arc<dyn VendorPolicy>,
    /// The mapper policies of the plan.
    pub(crate) links: Vec<Link>,
    /// With everything that was found.
    pub(crate) person: Person,
    pub(crate) shared: Vec<Finding>,
    pub(crate) now: Timestamp,
}

struct Writer {
    folder: PathBuf,
    values: Values,
    key: [u8; 32],
    files: usize,
}

impl Recorder {
    /// Records to this folder, which is made where it is not there. Has to be called on a runtime.
    ///
    /// # Errors
    ///
    /// When the folder cannot be made or read.
    pub fn start(
        folder: &Path,
        values: Values,
        random: &dyn Random,
    ) -> Result<Self, RecorderError> {
        let failed = |error| RecorderError {
            folder: folder.to_owned(),
            error,
        };
        let mut maker = fs::DirBuilder::new();
        maker.recursive(true).mode(0o700);
        maker.create(folder).map_err(failed)?;
        let entries = fs::read_dir(folder).map_err(failed)?;
        let names = entries.filter_map(|entry| Some(entry.ok()?.path()));
        let files = names.filter(|path| path.extension().is_some_and(|it| it == "json"));
        let mut key = [0; 32];
        random.fill(&mut key);
        let writer = Writer {
            folder: folder.to_owned(),
            values,
            key,
            files: files.count(),
        };
        let (waiting, taken) = channel(WAITING_MAX);
        tokio::spawn(write_all(writer, taken));
        Ok(Self {
            values,
            waiting,
            left_out: AtomicUsize::new(0),
        })
    }

    /// What becomes of people's values.
    pub fn values(&self) -> Values {
        self.values
    }

    /// How many sign-ins were not recorded, because too many came at once or the folder is full.
    pub fn left_out(&self) -> usize {
        self.left_out.load(Ordering::Relaxed)
    }

    /// Takes a sign-in. Returns at once.
    pub(crate) fn take(&self, sight: Sight) {
        if let Err(TrySendError::Full(_) | TrySendError::Closed(_)) = self.waiting.try_send(sight) {
            self.left_out.fetch_add(1, Ordering::Relaxed);
        }
    }
}

async fn write_all(mut writer: Writer, mut taken: Receiver<Sight>) {
    while let Some(sight) = taken.recv().await {
        if writer.files >= FILES_MAX {
            warn!(
                folder = %writer.folder.display(),
                files = writer.files,
                "the folder has as many recordings as it may; sign-ins are not recorded any more"
            );
            return;
        }
        writer = aside(move || {
            match writer.write(&sight) {
                Ok(path) => info!(file = %path.display(), "a sign-in was recorded"),
                Err(error) => warn!(%error, "a sign-in could not be recorded"),
            }
            writer
        })
        .await;
    }
}

impl Writer {
    fn write(&mut self, sight: &Sight) -> Result<PathBuf, Box<dyn std::error::Error>> {
        let recording = recording(sight, self.values, &self.key);
        let text = recording.write()?;
        let federation = &recording.federation;
        loop {
            let name = format!(
                "{}-{}-{}-{:04}.json",
                federation.realm, federation.name, recording.recorded_at.0, self.files
            );
            let path = self.folder.join(name);
            let mut options = OpenOptions::new();
            options.write(true).create_new(true).mode(0o600);
            self.files += 1;
            match options.open(&path) {
                Ok(mut file) => {
                    file.write_all(text.as_bytes())?;
                    return Ok(path);
                }
                // Of another process, or of one before.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                    if self.files >= FILES_MAX {
                        return Err(error.into());
                    }
                }
                Err(error) => return Err(error.into()),
            }
        }
    }
}

/// The recording of a sign-in. Its answers are those of the policy to what stands in it, so that they
/// can be had again.
pub(super) fn recording(sight: &Sight, values: Values, key: &[u8; 32]) -> Recording {
    let planned = &*sight.planned;
    let federation = &planned.federation;
    let pseudonyms = match values {
        Values::Kept => None,
        Values::Replaced => {
            let domains = &federation.email_verified_domains;
            Some(Pseudonyms::new(key, bases(planned), domains))
        }
    };
    let redaction = Redaction::new(planned, pseudonyms.as_ref());
    let person = Person {
        entry: redaction.person(&sight.person.entry),
        reply: sight
            .person
            .reply
            .as_ref()
            .map(|reply| redaction.reply(reply, &sight.person.entry)),
        findings: Vec::new(),
    };
    let shared = sight.shared.iter().map(|it| redaction.finding(it));
    let context = Context {
        memo: planned.plan.memo.clone(),
        now: sight.now,
        shared: shared.collect(),
        more: Vec::new(),
    };
    let found = sight.person.findings.iter();
    let mut found: Vec<_> = found.map(|it| redaction.finding(it)).collect();
    let course = walk(&*sight.policy, &context, &person, |wish| {
        // In the order in which the policy asked for them.
        let at = found.iter().position(|it| it.key == wish.key)?;
        Some(found.remove(at))
    });
    let (chained, verdict) = judged(planned, &context, &person, &course, &sight.links);
    Recording {
        format: FORMAT,
        recorded_at: sight.now,
        values,
        federation: without_way(federation),
        policy: planned.policy.clone(),
        plan: planned.plan.clone(),
        now: sight.now,
        shared: context.shared,
        more: context.more,
        entry: person.entry,
        reply: person.reply,
        calls: course.calls,
        chained,
        verdict,
    }
}

/// A federation without the way to its directory, which no policy sees.
fn without_way(federation: &Federation) -> Federation {
    Federation {
        connection: Connection::to(Vec::new()),
        ..federation.clone()
    }
}
