//! Searches that go on elsewhere.

use super::LdapDirectory;
use crate::{
    connection::{Answered, SIZE_LIMIT_EXCEEDED, Searched},
    referral::{Referrals, Source, Target},
    server::{Purpose, Server, Unavailable},
};
use bridge_model::{
    ports::{DirectoryError, DirectoryFault},
    search::{Found, Search},
};
use std::collections::{HashSet, VecDeque};
use tokio::time::Instant;

/// Something that is searched elsewhere.
struct Step {
    /// How many referrals led to it.
    hops: usize,
    /// Where; any of them will do.
    targets: Vec<Target>,
}

impl LdapDirectory {
    /// Follows what a search was answered with to the hosts that are listed. What leads elsewhere is
    /// left as it is; what is followed and not answered is an error, since a part would be missing.
    pub(super) async fn follow(
        &self,
        referrals: &Referrals,
        search: &Search,
        searched: Searched,
        deadline: Instant,
    ) -> Result<Found, DirectoryError> {
        let mut steps = VecDeque::new();
        let mut seen = HashSet::new();
        let mut found = take(referrals, search, searched, 1, &mut steps);
        let mut followed = 0;
        while let Some(step) = steps.pop_front() {
            let place = step.targets.first().map(place);
            if place.is_none_or(|place| !seen.insert(place)) {
                continue;
            }
            followed += 1;
            if step.hops > HOPS_MAX || followed > FOLLOWED_MAX {
                found.result_code = worse(found.result_code, LOOP_DETECTED);
                break;
            }
            let (target, more) = self.ask_one(&step.targets, deadline).await?;
            let more = take(referrals, &target.search, more, step.hops + 1, &mut steps);
            found.entries.extend(more.entries);
            found.result_code = worse(found.result_code, more.result_code);
        }
        let size_limit = usize::try_from(search.size_limit.max(1)).unwrap_or(usize::MAX);
        if found.entries.len() > size_limit {
            found.entries.truncate(size_limit);
            found.result_code = worse(found.result_code, SIZE_LIMIT_EXCEEDED);
        }
        Ok(found)
    }

    /// The answer of the first target that gives one.
    async fn ask_one<'a>(
        &self,
        targets: &'a [Target],
        deadline: Instant,
    ) -> Result<(&'a Target, Searched), DirectoryError> {
        let mut last = None;
        for target in targets {
            self.tell_next(last.take(), &target.server);
            match self.ask(&target.server, &target.search, deadline).await {
                Ok(searched) => return Ok((target, searched)),
                Err(mut error) => {
                    error.detail.insert_str(0, "following a referral: ");
                    last = Some(error);
                }
            }
        }
        Err(last.unwrap_or_else(super::nobody))
    }

    async fn ask(
        &self,
        server: &Server,
        search: &Search,
        deadline: Instant,
    ) -> Result<Searched, DirectoryError> {
        let mut was_retried = false;
        loop {
            let leased = server.lease(Purpose::Search, deadline).await;
            let mut lease = leased.map_err(|unavailable| match unavailable {
                Unavailable::TryNext(error) | Unavailable::Final(error) => error,
            })?;
            let by = self.operation_deadline(deadline);
            let follow_aliases = self.settings.follow_aliases;
            match lease.connection.search(search, follow_aliases, by).await {
                Ok(Answered { value, is_reusable }) => {
                    if is_reusable {
                        lease.give_back();
                    }
                    server.health.answered();
                    return Ok(value);
                }
                Err(failure) => {
                    drop(lease);
                    server.clear(Purpose::Search);
                    if failure.error.fault == DirectoryFault::Timeout {
                        server.health.failed(Instant::now());
                    }
                    if was_retried || !failure.is_closed {
                        return Err(failure.error);
                    }
                    was_retried = true;
                }
            }
        }
    }
}

/// Takes what was found and notes where more may be.
fn take(
    referrals: &Referrals,
    search: &Search,
    searched: Searched,
    hops: usize,
    steps: &mut VecDeque<Step>,
) -> Found {
    let Searched {
        mut found,
        references,
        referral,
    } = searched;
    let mut note = |uris: &[String], source| {
        let targets = uris.iter();
        let targets: Vec<_> = targets
            .filter_map(|uri| referrals.target(uri, search, source))
            .collect();
        let is_followed = !targets.is_empty();
        if is_followed {
            steps.push_back(Step { hops, targets });
        }
        is_followed
    };
    for uris in &references {
        note(uris, Source::Continuation);
    }
    if found.result_code == REFERRAL && note(&referral, Source::Referral) {
        found.result_code = 0;
    }
    found
}

/// What is searched and where, to see that it was searched already.
fn place(target: &Target) -> String {
    let Search {
        base,
        scope,
        filter,
        ..
    } = &target.search;
    format!("{} {base} {scope:?} {filter}", target.server.address())
}

/// The code of two results together: what went wrong first.
fn worse(one: u32, other: u32) -> u32 {
    if one == 0 { other } else { one }
}

/// RFC 4511 appendix A.2, as the next.
const REFERRAL: u32 = 10;
const LOOP_DETECTED: u32 = 54;
/// Up from one part of a tree and down to another.
const HOPS_MAX: usize = 3;
/// The most places that one search leads to.
const FOLLOWED_MAX: usize = 16;
