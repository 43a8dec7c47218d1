//! Calls of policies about persons: how many at once, where they run, and what a failure takes down.

use crate::{aside::aside, lane, member::ActiveFederation};
use bridge_model::{
    names::RealmName,
    ports::{PolicyError, PolicyFault, VendorPolicy},
    realm::PolicyRef,
};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

/// The most persons of one call: what of an answer is in memory at once.
const CALL_PERSONS_MAX: usize = 250;
/// The most persons of a call of a slow policy, for which others wait in the slow lane.
const SLOW_PERSONS_MAX: usize = 25;
/// How long what is done for many waits, all in all, for processor time of its realm. Whoever signs in does
/// not wait.
const PATIENCE: Duration = Duration::from_mins(1);
/// How long it waits until it asks again.
const PAUSE: Duration = Duration::from_millis(50);

/// A policy that is asked on behalf of a realm.
#[derive(Clone, Copy)]
pub(crate) struct Desk<'a> {
    pub(crate) realm: &'a RealmName,
    pub(crate) policy: &'a PolicyRef,
    /// Whether its calls take so long that they do not belong on a thread that others wait for.
    pub(crate) is_slow: bool,
}

/// What a policy answered about persons, in their order.
pub(crate) struct Answers<P, A> {
    pub(crate) answers: Vec<(P, Result<A, PolicyError>)>,
    /// The time spent in the calls.
    pub(crate) time: Duration,
}

/// Asks about persons. One is asked about on this very thread, since that takes some ten microseconds;
/// many on another, and by a slow policy on one that gives way to all others.
///
/// Where a call fails, one of its persons is at fault, who is found by halves, and the others get their
/// answer. That a realm has no processor time left is nobody's fault: many wait for it, one does not.
pub(crate) async fn ask<P, A, F>(desk: Desk<'_>, persons: Vec<P>, call: F) -> Answers<P, A>
where
    P: Send + 'static,
    A: Send + 'static,
    F: Fn(&[P]) -> Result<Vec<A>, PolicyError> + Send + Sync + 'static,
{
    let call = Arc::new(call);
    let policy = Arc::new(desk.policy.clone());
    let is_many = persons.len() > 1;
    let mut all = Answers {
        answers: Vec::with_capacity(persons.len()),
        time: Duration::ZERO,
    };
    let mut patience = if is_many { PATIENCE } else { Duration::ZERO };
    let most = if desk.is_slow {
        SLOW_PERSONS_MAX
    } else {
        CALL_PERSONS_MAX
    };
    let mut left = persons.into_iter();
    loop {
        let mut part: Vec<P> = left.by_ref().take(most).collect();
        if part.is_empty() {
            return all;
        }
        let answers = loop {
            if desk.is_slow && !lane::has_room(desk.realm) {
                let busy = no_room(&policy);
                break part.iter().map(|_| Err(busy.clone())).collect();
            }
            let (call, policy) = (Arc::clone(&call), Arc::clone(&policy));
            let work = move || {
                let started = Instant::now();
                let mut answers = Vec::with_capacity(part.len());
                let done = add_answers(&*call, &policy, &part, &mut answers);
                (part, done.map(|()| answers), started.elapsed())
            };
            let time;
            let done;
            (part, done, time) = if desk.is_slow {
                lane::run(desk.realm, work).await
            } else if is_many {
                aside(work).await
            } else {
                work()
            };
            all.time += time;
            match done {
                Ok(answers) => break answers,
                Err(busy) if patience.is_zero() => {
                    break part.iter().map(|_| Err(busy.clone())).collect();
                }
                Err(_) => {
                    tokio::time::sleep(PAUSE).await;
                    patience = patience.saturating_sub(PAUSE);
                }
            }
        };
        all.answers.extend(part.into_iter().zip(answers));
    }
}

/// Asks the vendor policy of a federation one thing that somebody waits for: on this very thread, or in the slow
/// lane where its calls take long.
pub(crate) async fn ask_once<T, F>(
    federation: &ActiveFederation,
    question: F,
) -> Result<T, PolicyError>
where
    T: Send + 'static,
    F: FnOnce(&dyn VendorPolicy) -> Result<T, PolicyError> + Send + 'static,
{
    let policy = Arc::clone(&federation.policy);
    if policy.is_slow() {
        in_lane(federation, question).await
    } else {
        question(&*policy)
    }
}

/// The same about a page of people, on another thread at any rate.
pub(crate) async fn ask_about_page<T, F>(
    federation: &ActiveFederation,
    question: F,
) -> Result<T, PolicyError>
where
    T: Send + 'static,
    F: FnOnce(&dyn VendorPolicy) -> Result<T, PolicyError> + Send + 'static,
{
    let policy = Arc::clone(&federation.policy);
    if policy.is_slow() {
        in_lane(federation, question).await
    } else {
        aside(move || question(&*policy)).await
    }
}

async fn in_lane<T, F>(federation: &ActiveFederation, question: F) -> Result<T, PolicyError>
where
    T: Send + 'static,
    F: FnOnce(&dyn VendorPolicy) -> Result<T, PolicyError> + Send + 'static,
{
    let realm = &federation.planned.federation.realm;
    let policy = Arc::clone(&federation.policy);
    if !lane::has_room(realm) {
        return Err(no_room(policy.reference()));
    }
    lane::run(realm, move || question(&*policy)).await
}

/// Adds one answer for each person; else the realm has no processor time for all of them.
fn add_answers<P, A, F>(
    call: &F,
    policy: &PolicyRef,
    persons: &[P],
    answers: &mut Vec<Result<A, PolicyError>>,
) -> Result<(), PolicyError>
where
    F: Fn(&[P]) -> Result<Vec<A>, PolicyError>,
{
    match complete(call(persons), policy, persons.len()) {
        Ok(answer) => answers.extend(answer.into_iter().map(Ok)),
        Err(error) if error.fault == PolicyFault::Busy => return Err(error),
        Err(error) if persons.len() <= 1 => answers.push(Err(error)),
        Err(_) => {
            let (first, second) = persons.split_at(persons.len() / 2);
            add_answers(call, policy, first, answers)?;
            add_answers(call, policy, second, answers)?;
        }
    }
    Ok(())
}

fn no_room(policy: &PolicyRef) -> PolicyError {
    PolicyError {
        policy: policy.id.clone(),
        fault: PolicyFault::Busy,
        detail: "too many calls of the realm's slow policies wait".to_owned(),
    }
}

fn complete<A>(
    answer: Result<Vec<A>, PolicyError>,
    policy: &PolicyRef,
    persons: usize,
) -> Result<Vec<A>, PolicyError> {
    let answer = answer?;
    if answer.len() == persons {
        return Ok(answer);
    }
    Err(PolicyError {
        policy: policy.id.clone(),
        fault: PolicyFault::Contract,
        detail: format!("{} answers for {persons} persons", answer.len()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    fn desk<'a>(realm: &'a RealmName, policy: &'a PolicyRef, is_slow: bool) -> Desk<'a> {
        Desk {
            realm,
            policy,
            is_slow,
        }
    }

    fn named(id: &str) -> PolicyRef {
        PolicyRef {
            id: id.to_owned(),
            version: "1".to_owned(),
            digest: "sha256:1".to_owned(),
        }
    }

    fn fault(fault: PolicyFault) -> PolicyError {
        PolicyError {
            policy: "p".to_owned(),
            fault,
            detail: String::new(),
        }
    }

    #[tokio::test]
    async fn many_wait_for_processor_time_and_one_does_not() {
        let (realm, policy) = (RealmName::new("a").expect("a name"), named("p"));
        let calls = Arc::new(AtomicUsize::new(0));
        let busy_twice = |calls: &Arc<AtomicUsize>| {
            let calls = Arc::clone(calls);
            move |persons: &[u8]| match calls.fetch_add(1, Ordering::SeqCst) {
                0 | 1 => Err(fault(PolicyFault::Busy)),
                _ => Ok(persons.to_vec()),
            }
        };
        let many = ask(
            desk(&realm, &policy, false),
            vec![1, 2, 3],
            busy_twice(&calls),
        )
        .await;
        let answered: Vec<_> = many.answers.into_iter().map(|(_, it)| it.ok()).collect();
        assert_eq!(answered, [Some(1), Some(2), Some(3)]);
        assert_eq!(calls.swap(0, Ordering::SeqCst), 3, "no halves were tried");
        let one = ask(desk(&realm, &policy, false), vec![1], busy_twice(&calls)).await;
        let error = one.answers[0].1.clone().expect_err("no time");
        assert_eq!(error.fault, PolicyFault::Busy);
        assert_eq!(calls.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn a_slow_policy_is_asked_on_a_thread_that_gives_way() {
        let (realm, policy) = (RealmName::new("a").expect("a name"), named("p"));
        let here = std::thread::current().id();
        for is_slow in [true, false] {
            let asked = ask(desk(&realm, &policy, is_slow), vec![()], move |_| {
                Ok(vec![std::thread::current().id()])
            });
            let thread = asked.await.answers[0].1.clone().expect("an answer");
            assert_eq!(thread != here, is_slow);
        }
    }
}
