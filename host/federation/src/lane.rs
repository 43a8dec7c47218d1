//! The slow lane: threads of low priority for policies whose calls take long.

use bridge_model::names::RealmName;
use std::{
    any::Any,
    collections::{HashMap, VecDeque},
    panic::{self, AssertUnwindSafe},
    sync::{
        Condvar, LazyLock, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};
use tokio::sync::oneshot;

/// How far the lane's threads step back behind all others (`setpriority`, from 0 to 19).
#[cfg(target_os = "linux")]
const NICE: i32 = 10;

/// The most jobs of one realm that wait: more would only wait longer.
const JOBS_MAX: usize = 64;

type Job = Box<dyn FnOnce() + Send>;

/// What waits, by realm: each realm in its turn has one job done, so that a queue of one is no queue of
/// another.
#[derive(Default)]
struct Waiting {
    jobs: HashMap<RealmName, VecDeque<Job>>,
    /// The realms that have jobs, the next one first.
    turns: VecDeque<RealmName>,
}

struct Lane {
    waiting: Mutex<Waiting>,
    arrived: Condvar,
    is_served: AtomicBool,
}

static LANE: LazyLock<&'static Lane> = LazyLock::new(Lane::open);

/// Whether one more job of a realm may wait.
pub(crate) fn has_room(realm: &RealmName) -> bool {
    let waiting = LANE.waiting();
    let jobs = waiting.jobs.get(realm).map_or(0, VecDeque::len);
    jobs < JOBS_MAX && LANE.is_served.load(Ordering::Relaxed)
}

/// Does work in the slow lane on behalf of a realm. Whoever goes away before its turn takes it along.
pub(crate) async fn run<T: Send + 'static>(
    realm: &RealmName,
    work: impl FnOnce() -> T + Send + 'static,
) -> T {
    let (done, result) = oneshot::channel::<Result<T, Box<dyn Any + Send>>>();
    let job = move || {
        if !done.is_closed() {
            // Whoever waited may have gone meanwhile.
            let _ = done.send(panic::catch_unwind(AssertUnwindSafe(work)));
        }
    };
    LANE.add(realm, Box::new(job));
    match result.await {
        Ok(Ok(done)) => done,
        Ok(Err(payload)) => panic::resume_unwind(payload),
        // The threads end with the process, and whoever waits here with it.
        Err(_) => std::future::pending().await,
    }
}

impl Lane {
    fn open() -> &'static Self {
        let lane: &Self = Box::leak(Box::new(Self {
            waiting: Mutex::default(),
            arrived: Condvar::new(),
            is_served: AtomicBool::new(false),
        }));
        let processors = thread::available_parallelism().map_or(1, usize::from);
        for number in 0..processors.div_ceil(2) {
            let thread = thread::Builder::new().name(format!("slow-policy-{number}"));
            match thread.spawn(|| lane.serve()) {
                Ok(_) => lane.is_served.store(true, Ordering::Relaxed),
                Err(error) => {
                    tracing::error!(%error, "a thread for slow policies cannot be started");
                }
            }
        }
        lane
    }

    fn add(&self, realm: &RealmName, job: Job) {
        let mut waiting = self.waiting();
        let jobs = waiting.jobs.entry(realm.clone()).or_default();
        jobs.push_back(job);
        if jobs.len() == 1 {
            waiting.turns.push_back(realm.clone());
        }
        drop(waiting);
        self.arrived.notify_one();
    }

    fn serve(&self) {
        step_back();
        loop {
            let mut waiting = self.waiting();
            let job = loop {
                if let Some(job) = waiting.next() {
                    break job;
                }
                let woken = self.arrived.wait(waiting);
                waiting = woken.unwrap_or_else(PoisonError::into_inner);
            };
            drop(waiting);
            job();
        }
    }

    // Nothing is left half done under the lock.
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    fn next(&mut self) -> Option<Job> {
        let realm = self.turns.pop_front()?;
        let jobs = self.jobs.get_mut(&realm)?;
        let job = jobs.pop_front();
        if jobs.is_empty() {
            self.jobs.remove(&realm);
        } else {
            self.turns.push_back(realm);
        }
        job
    }
}

/// Lets all other threads go first.
fn step_back() {
    // Of the calling thread alone, which is what Linux makes of it.
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::setpriority_process(None, NICE) {
        tracing::warn!(%error, "the threads for slow policies have the priority of all others");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn realms_take_turns_however_many_jobs_one_has() {
        let mut waiting = Waiting::default();
        let order = std::sync::Arc::new(Mutex::new(Vec::new()));
        for name in ["a", "a", "a", "b", "c", "b"] {
            let order = std::sync::Arc::clone(&order);
            let realm = RealmName::new(name).expect("a name");
            let jobs = waiting.jobs.entry(realm.clone()).or_default();
            jobs.push_back(Box::new(move || order.lock().expect("no panic").push(name)));
            if jobs.len() == 1 {
                waiting.turns.push_back(realm);
            }
        }
        while let Some(job) = waiting.next() {
            job();
        }
        assert_eq!(
            *order.lock().expect("no panic"),
            ["a", "b", "c", "a", "b", "a"]
        );
        assert!(waiting.jobs.is_empty());
    }

    #[tokio::test]
    async fn who_waits_gets_the_answer_and_the_others_see_no_panic() {
        let realm = RealmName::new("a").expect("a name");
        assert_eq!(run(&realm, || 7).await, 7);
        let gone = run(&realm, || ());
        drop(gone);
        let panicked = tokio::spawn(async move {
            let realm = RealmName::new("a").expect("a name");
            run(&realm, || assert_eq!(1, 2, "as the test wants it")).await;
        });
        assert!(panicked.await.is_err());
        assert_eq!(run(&realm, || 8).await, 8);
    }

    #[tokio::test]
    async fn no_more_of_a_realm_wait_than_may() {
        let [full, other] = ["full", "other"].map(|it| RealmName::new(it).expect("a name"));
        let (open, gate) = std::sync::mpsc::channel::<()>();
        let gate = std::sync::Arc::new(Mutex::new(gate));
        let mut waiting = Vec::new();
        while has_room(&full) {
            let (realm, gate) = (full.clone(), std::sync::Arc::clone(&gate));
            let run = tokio::spawn(async move {
                run(&realm, move || {
                    gate.lock().expect("no panic").recv().is_err()
                })
                .await
            });
            waiting.push(run);
            tokio::task::yield_now().await;
        }
        assert!(waiting.len() >= JOBS_MAX, "{}", waiting.len());
        assert!(has_room(&other));
        drop(open);
        for run in waiting {
            assert!(run.await.expect("no panic"));
        }
        assert!(has_room(&full));
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn its_threads_have_a_lower_priority() {
        let realm = RealmName::new("a").expect("a name");
        let nice = run(&realm, || rustix::process::getpriority_process(None)).await;
        assert_eq!(nice.expect("a priority"), NICE);
        assert_eq!(
            rustix::process::getpriority_process(None).expect("a priority"),
            0
        );
    }
}
