//! Reading what changed, as far as the policy knows how to find it.

use super::{
    halt::Halt,
    import::{self, Candidate},
    job::{Job, origin},
    meant::Meant,
    users::UserPages,
    vanished,
};
use crate::{calls, reads};
use bridge_model::{
    changes::{Advance, ChangeRead, Turn},
    decision::Context,
    ports::{Pages, PolicyError, VendorPolicy},
    search::{Page, PagedSearch, SearchScope, Subtree},
};
use std::sync::Arc;
use tracing::warn;

/// The most reads of one run.
const READS_MAX: usize = 64;
/// Longer cursors are not kept (`cursor` in `wit/policy.wit`).
const CURSOR_OCTETS_MAX: usize = 64 * 1024;

/// How a run for changes ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// Everything that changed was read.
    Done,
    /// All users have to be read.
    StartOver,
}

/// Reads what changed since `cursor`. The cursor goes forward with each page whose work is done, so
/// that a run that was interrupted goes on there.
pub(super) async fn read(job: &Job, cursor: Vec<u8>) -> Result<Outcome, Halt> {
    let mut following = Following {
        job,
        cursor: Some(cursor),
        is_mark: false,
        kept: None,
        removed: 0,
    };
    following.run().await
}

/// Where the changes begin that come from now on; none where the policy does not know.
pub(super) async fn mark(job: &Job) -> Result<Option<Vec<u8>>, Halt> {
    if job.federation.policy.offers().changes.is_none() {
        return Ok(None);
    }
    let mut following = Following {
        job,
        cursor: None,
        is_mark: true,
        kept: None,
        removed: 0,
    };
    match following.run().await {
        Ok(Outcome::Done) => Ok(following.cursor),
        Ok(Outcome::StartOver) => Ok(None),
        // All users can be read without it; then the next run reads all again.
        Err(Halt::Failed(reason) | Halt::Stopped(reason)) => {
            warn!(
                federation = %job.federation.name(),
                reason,
                "where changes begin could not be told: the next synchronisation reads all users"
            );
            Ok(None)
        }
    }
}

struct Following<'a> {
    job: &'a Job,
    cursor: Option<Vec<u8>>,
    /// Only the mark is set: nobody is read.
    is_mark: bool,
    /// How many users were kept before the first was removed.
    kept: Option<u64>,
    /// How many were removed.
    removed: u64,
}

/// What follows a page.
enum Next {
    Read(Option<ChangeRead>),
    StartOver,
}

/// The pages of a read.
enum ChangePages {
    /// Of users, place by place.
    Users(Box<UserPages>),
    /// Of something else.
    Other(Box<dyn Pages>),
}

impl ChangePages {
    /// The next page, and the place that it is of.
    async fn next(&mut self) -> Result<Option<(Option<usize>, Page)>, Halt> {
        Ok(match self {
            Self::Users(pages) => pages.next().await?.map(|it| (Some(it.place), it.page)),
            Self::Other(pages) => pages.next().await?.map(|page| (None, page)),
        })
    }
}

impl Following<'_> {
    async fn run(&mut self) -> Result<Outcome, Halt> {
        let cursor = self.cursor.clone();
        let turn = self
            .ask(move |policy, context| policy.start_changes(context, cursor.as_deref()))
            .await?;
        let mut next = match self.take(turn, None).await? {
            Next::StartOver => return Ok(Outcome::StartOver),
            Next::Read(next) => next,
        };
        for _ in 0..READS_MAX {
            let Some(read) = next.take() else {
                return Ok(Outcome::Done);
            };
            match self.follow(&read).await? {
                Next::StartOver => return Ok(Outcome::StartOver),
                Next::Read(following) => next = following,
            }
        }
        Err(Halt::Failed(format!(
            "the policy wants more than {READS_MAX} reads to find what changed; it is the policy that has to be corrected"
        )))
    }

    /// Does one read and takes all its pages.
    async fn follow(&mut self, read: &ChangeRead) -> Result<Next, Halt> {
        let mut pages = self.begin(read).await?;
        let mut next = None;
        while let Some((place, page)) = pages.next().await? {
            let key = read.search.key.clone();
            let cursor = self.cursor.clone();
            let (page, turn) = self
                .ask(move |policy, context| {
                    let turn = policy.follow_changes(context, cursor.as_deref(), &key, &page)?;
                    Ok((page, turn))
                })
                .await?;
            // A read of users that came to nothing did not see everybody (a policy may start over).
            if let (Some(place), Turn::Advance(_), false) = (place, &turn, page.reply.is_success())
            {
                let users = self.job.federation.planned.federation.users.get(place);
                let base = users.map_or("", |users| users.base.as_str());
                return Err(Halt::of_code(base, page.reply.result_code));
            }
            let is_last = page.is_last;
            match self.take(turn, Some((place, page))).await? {
                Next::StartOver => return Ok(Next::StartOver),
                Next::Read(following) if is_last => next = following,
                Next::Read(_) => {}
            }
        }
        Ok(Next::Read(next))
    }

    /// Begins a read, within what may be read.
    async fn begin(&self, read: &ChangeRead) -> Result<ChangePages, Halt> {
        let federation = &self.job.federation;
        let announced = federation.policy.offers().changes.unwrap_or_default();
        let mut controls = read.controls.iter();
        if let Some(control) = controls.find(|control| !announced.contains(&control.oid)) {
            return Err(Halt::Failed(format!(
                "the policy wants the control {} that it did not announce",
                control.oid
            )));
        }
        let search = &read.search;
        if read.of_users {
            let federation = Arc::clone(federation);
            let pages = UserPages::that_fit(federation, &search.filter, &search.slots)?;
            let pages = pages.with(read.controls.clone(), read.paged);
            return Ok(ChangePages::Users(Box::new(pages)));
        }
        let planned = &federation.planned.federation;
        // At or below the places where users live, however far below them users are looked for.
        let users = planned.users.iter().map(|place| Subtree {
            scope: SearchScope::Subtree,
            ..place.clone()
        });
        let readable: Vec<_> = federation.readable.iter().cloned().chain(users).collect();
        let bounds = reads::Bounds {
            readable: &readable,
            own: None,
            after_failure: false,
        };
        let search = PagedSearch {
            search: reads::admit(search, &bounds)?,
            paged: read.paged && planned.synchronisation.pagination,
            controls: read.controls.clone(),
        };
        Ok(ChangePages::Other(
            federation.directory.pages(&search).await?,
        ))
    }

    /// Does what a turn says; `page` is the page that it answers, with the place where it was read.
    async fn take(
        &mut self,
        turn: Turn,
        page: Option<(Option<usize>, Page)>,
    ) -> Result<Next, Halt> {
        let Advance {
            changed,
            gone,
            cursor,
            next,
        } = match turn {
            Turn::Advance(advance) => *advance,
            Turn::StartOver => return Ok(Next::StartOver),
            Turn::Failed(problem) => return Err(problem.into()),
        };
        if !self.is_mark {
            let mut meant = Meant::new(self.job, page);
            let imported = self.import(meant.changed(changed).await?).await?;
            let gone = meant.gone(gone, &imported).await?;
            if !self.remove(&gone).await? {
                return Ok(Next::StartOver);
            }
        }
        if let Some(cursor) = cursor {
            self.advance(cursor).await?;
        }
        Ok(Next::Read(next))
    }

    /// Imports entries; gives the subjects.
    async fn import(&self, candidates: Vec<Candidate>) -> Result<Vec<String>, Halt> {
        let users = import::make(self.job, candidates).await?;
        import::keep(self.job, &users).await?;
        Ok(users.into_iter().map(|it| it.user.subject).collect())
    }

    /// Removes users. False: they are so many with those before that it may be a mistake, which a read
    /// of all users has to tell, and nobody was removed.
    async fn remove(&mut self, subjects: &[String]) -> Result<bool, Halt> {
        if subjects.is_empty() {
            return Ok(true);
        }
        let kept = match self.kept {
            Some(kept) => kept,
            None => *self.kept.insert(vanished::count_kept(self.job).await?),
        };
        let federation = &self.job.federation.planned.federation;
        let gone = u64::try_from(subjects.len()).unwrap_or(u64::MAX);
        let gone = gone.saturating_add(self.removed);
        let most = federation.synchronisation.vanished_max_percent;
        if vanished::is_too_many(gone, kept, most) {
            warn!(
                federation = %self.job.federation.name(),
                gone,
                kept,
                "more users are gone than vanished_max_percent lets go: all users are read"
            );
            return Ok(false);
        }
        let store = &self.job.store;
        let removed = store
            .remove_users(&federation.realm, federation.id, subjects)
            .await?;
        self.removed += removed;
        self.job.ledger.note(|run| run.removed += removed);
        Ok(true)
    }

    async fn advance(&mut self, cursor: Vec<u8>) -> Result<(), Halt> {
        if cursor.len() > CURSOR_OCTETS_MAX {
            return Err(Halt::Failed(format!(
                "the policy's cursor has {} octets and may have {CURSOR_OCTETS_MAX}",
                cursor.len()
            )));
        }
        self.cursor = Some(cursor.clone());
        if self.is_mark {
            return Ok(());
        }
        let origin = origin(&self.job.federation);
        let ledger = &self.job.ledger;
        ledger.change(|state| state.cursor = Some((origin, cursor)));
        Ok(ledger.save().await?)
    }

    async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&dyn VendorPolicy, &Context) -> Result<T, PolicyError> + Send + 'static,
    ) -> Result<T, Halt> {
        let context = self.job.context().await?;
        let federation = &self.job.federation;
        let asked = calls::ask_about_page(federation, move |policy| question(policy, &context));
        Ok(asked.await?)
    }
}
