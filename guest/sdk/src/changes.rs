//! What changed since the last run: reads by time, and what reads by other marks are made of.
//!
//! A run begins with a mark, which is kept as the cursor only when everything before it was seen. It
//! travels in the key of the read meanwhile, since nothing is kept between calls.

mod by_time;

use crate::{
    result_code,
    terms::Terms,
    types::{
        Advance, ChangeRead, Context, Control, Page, Problem, Search, SearchScope, Turn, Whom,
        problem,
    },
};

/// What differs between a vendor and a directory that says when an entry changed, and no more.
///
/// By itself this reads what changed by `modifyTimestamp` and `createTimestamp` (RFC 4512 section
/// 3.4.2), five minutes more than is needed, for clocks that differ. It does not see what is gone: reads
/// of all users find that.
pub trait Changes {
    /// OIDs of the controls that the reads use.
    fn controls() -> Vec<String> {
        Vec::new()
    }

    /// Begins a run; without a cursor it sets the mark before all users are read.
    fn start(run: Run<'_>) -> Turn {
        by_time::start(run)
    }

    /// Takes one page of the read with the key `asked`.
    fn follow(run: Run<'_>, asked: &str, page: &Page) -> Turn {
        by_time::follow(run, asked, page)
    }
}

/// What is known of a run.
#[derive(Clone, Copy, Debug)]
pub struct Run<'a> {
    /// What is known of the federation.
    pub terms: &'a Terms<'a>,
    /// The host's time, in seconds since 1970-01-01T00:00:00Z.
    pub now: u64,
    /// Where the last run stood.
    pub cursor: Option<&'a [u8]>,
}

impl Run<'_> {
    /// Begins a run by time, as [`Changes`] does by itself.
    pub fn start_by_time(self) -> Turn {
        by_time::start(self)
    }

    /// Goes on with a run by time.
    pub fn follow_by_time(self, asked: &str, page: &Page) -> Turn {
        by_time::follow(self, asked, page)
    }

    /// The mark of a run by time that begins now.
    pub fn mark_by_time(self) -> Turn {
        done(by_time::mark(self.now))
    }
}

/// Hands a run to a policy. A memo that is not this policy's ends it: the host keeps a cursor for the
/// very version that wrote it.
pub(crate) fn run(
    context: &Context,
    cursor: Option<&[u8]>,
    turn: impl FnOnce(Run<'_>) -> Turn,
) -> Turn {
    match Terms::of(&context.memo) {
        Some(terms) => turn(Run {
            terms: &terms,
            now: context.now,
            cursor,
        }),
        None => Turn::Failed(problem(
            "memo",
            "the plan is not this policy's; save the federation again",
        )),
    }
}

/// A read of the users that changed: this filter is laid over the federation's own.
pub fn of_users(key: String, filter: String, control: Option<Control>) -> ChangeRead {
    ChangeRead {
        search: search(key, "", SearchScope::Subtree, filter, &[]),
        of_users: true,
        // A control that says what changed does not go with the one for pages.
        paged: control.is_none(),
        controls: control.into_iter().collect(),
    }
}

/// A read of one entry: the root DSE by the empty DN.
pub fn of_entry(key: &str, dn: &str, attributes: &[&str], control: Option<Control>) -> ChangeRead {
    let filter = "(objectClass=*)".to_owned();
    ChangeRead {
        search: search(key.to_owned(), dn, SearchScope::Base, filter, attributes),
        of_users: false,
        controls: control.into_iter().collect(),
        paged: false,
    }
}

fn search(
    key: String,
    base: &str,
    scope: SearchScope,
    filter: String,
    attributes: &[&str],
) -> Search {
    Search {
        key,
        base: base.to_owned(),
        scope,
        filter,
        slots: Vec::new(),
        attributes: attributes.iter().map(|name| (*name).to_owned()).collect(),
        size_limit: PAGE_ENTRIES,
        required: true,
        more: Vec::new(),
    }
}

/// The run is done, and stands here.
pub fn done(cursor: Vec<u8>) -> Turn {
    Turn::Advance(Advance {
        cursor: Some(cursor),
        ..nothing()
    })
}

/// Next this is read.
pub fn read(next: ChangeRead) -> Turn {
    Turn::Advance(Advance {
        next: Some(next),
        ..nothing()
    })
}

/// Nothing is known yet.
pub fn nothing() -> Advance {
    Advance {
        changed: Vec::new(),
        gone: Vec::new(),
        cursor: None,
        next: None,
    }
}

/// All entries of a page, as changed.
pub fn everyone(page: &Page) -> Vec<Whom> {
    (0..)
        .zip(&page.entries)
        .map(|(at, _)| Whom::Here(at))
        .collect()
}

/// What the end of a read says, where it is no success: what is missing might have changed.
pub fn refused(page: &Page) -> Option<Problem> {
    let code = page.reply.result_code;
    (code != result_code::SUCCESS).then(|| {
        problem(
            "changes",
            format!(
                "the directory ended the read of what changed with result {code}; raise its limits for the \
                 service account, or read all users"
            ),
        )
    })
}

/// Portable: more are refused by some directories.
const PAGE_ENTRIES: u32 = 500;
