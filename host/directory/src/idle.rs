//! Connections that wait to be used again.

use crate::{connection::Connection, limits::Limits};
use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::{
    task::JoinHandle,
    time::{Instant, sleep_until},
};

/// The connections of all pools that wait to be used again: so many and for so long, no more. A
/// connection takes some 30 KiB and three file descriptors, so neither grows with the number of realms.
pub(crate) struct Idle {
    limits: Limits,
    shelves: AtomicU64,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// The longest unused in front.
    waiting: VecDeque<Waiting>,
    /// The task that closes connections when their time comes. There is one only while any wait, so
    /// that a bridge at rest has neither a task nor a timer.
    sweeper: Option<JoinHandle<()>>,
}

struct Waiting {
    shelf: u64,
    connection: Connection,
}

/// Where the connections of one pool wait. They are closed with it.
pub(crate) struct Shelf {
    idle: Arc<Idle>,
    number: u64,
}

impl Idle {
    pub(crate) fn new(limits: Limits) -> Self {
        Self {
            limits,
            shelves: AtomicU64::new(0),
            state: Mutex::default(),
        }
    }

    /// A place for the connections of one more pool.
    pub(crate) fn shelf(self: &Arc<Self>) -> Shelf {
        Shelf {
            idle: Arc::clone(self),
            number: self.shelves.fetch_add(1, Ordering::Relaxed),
        }
    }

    /// Closes what has waited too long, and says when to look again; none where nothing waits.
    fn sweep_once(&self) -> Option<Instant> {
        let mut state = self.state();
        state
            .waiting
            .retain(|waiting| self.is_usable(&waiting.connection));
        let next = state
            .waiting
            .front()
            .map(|w| w.connection.used + self.limits.idle_max);
        if next.is_none() {
            *state = State::default();
        }
        next
    }

    fn is_usable(&self, connection: &Connection) -> bool {
        let now = Instant::now();
        connection.is_alive()
            && now.duration_since(connection.used) < self.limits.idle_max
            && now.duration_since(connection.opened) < self.limits.age_max
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing panics while the lock is held; and if it did, the list would still be a list.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shelf {
    /// Keeps a connection to be used again; if there are too many, the longest unused of all goes.
    pub(crate) fn put(&self, mut connection: Connection) {
        connection.used = Instant::now();
        connection.uses += 1;
        let mut state = self.idle.state();
        state.waiting.push_back(Waiting {
            shelf: self.number,
            connection,
        });
        while state.waiting.len() > self.idle.limits.idle_connections_max {
            state.waiting.pop_front();
        }
        // It may also have ended with the runtime that it ran in.
        if state.sweeper.as_ref().is_none_or(JoinHandle::is_finished) {
            state.sweeper = Some(tokio::spawn(sweep(Arc::downgrade(&self.idle))));
        }
    }

    /// The connection that was used last, if there is one that can be used again.
    pub(crate) fn take(&self) -> Option<Connection> {
        let mut state = self.idle.state();
        loop {
            let place = state.waiting.iter().rposition(|w| w.shelf == self.number)?;
            let connection = state.waiting.remove(place)?.connection;
            if self.idle.is_usable(&connection) {
                return Some(connection);
            }
        }
    }

    /// How many wait that can still be used after this time.
    pub(crate) fn lasting(&self, time: Duration) -> usize {
        let state = self.idle.state();
        let lasts = |connection: &Connection| {
            self.idle.is_usable(connection)
                && connection.used.elapsed() + time < self.idle.limits.idle_max
        };
        let waiting = state.waiting.iter();
        waiting
            .filter(|w| w.shelf == self.number && lasts(&w.connection))
            .count()
    }

    /// Closes all of them.
    pub(crate) fn clear(&self) {
        let mut state = self.idle.state();
        state.waiting.retain(|waiting| waiting.shelf != self.number);
    }
}

impl Drop for Shelf {
    fn drop(&mut self) {
        self.clear();
    }
}

async fn sweep(idle: Weak<Idle>) {
    let look = || idle.upgrade()?.sweep_once();
    while let Some(next) = look() {
        sleep_until(next).await;
    }
}
