//! Connections that are kept to be used again.

use crate::{connection::Connection, limits::Limits};
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
};
use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::{Instant, sleep_until, timeout_at},
};

/// The connections to one server for one purpose: so many and no more, each for one operation at a
/// time.
pub(crate) struct Pool {
    slots: Semaphore,
    idle: Mutex<Idle>,
    limits: Limits,
}

#[derive(Default)]
struct Idle {
    /// The longest unused in front.
    connections: VecDeque<Connection>,
    /// Whether a task sees to it that they do not wait too long.
    is_swept: bool,
}

/// Room for one connection.
pub(crate) struct Slot<'a> {
    pool: &'a Arc<Pool>,
    _permit: SemaphorePermit<'a>,
}

/// A connection for one operation. Unless it is given back it is closed, so whoever fails or is
/// dropped in the middle leaves the pool sound.
pub(crate) struct Lease<'a> {
    slot: Slot<'a>,
    pub(crate) connection: Connection,
}

impl Pool {
    pub(crate) fn new(connections_max: usize, limits: Limits) -> Self {
        Self {
            slots: Semaphore::new(connections_max.min(Semaphore::MAX_PERMITS)),
            idle: Mutex::default(),
            limits,
        }
    }

    /// Waits for room; none when the deadline comes first.
    pub(crate) async fn slot(self: &Arc<Self>, deadline: Instant) -> Option<Slot<'_>> {
        let permit = timeout_at(deadline, self.slots.acquire()).await.ok()?;
        Some(Slot {
            pool: self,
            _permit: permit.ok()?,
        })
    }

    /// Closes the connections that nobody uses: one was found dead, so the others may be.
    pub(crate) fn clear(&self) {
        self.idle().connections.clear();
    }

    fn take(&self) -> Option<Connection> {
        let mut idle = self.idle();
        self.close_stale(&mut idle.connections);
        idle.connections.pop_back()
    }

    fn close_stale(&self, connections: &mut VecDeque<Connection>) {
        let now = Instant::now();
        connections.retain(|connection| {
            connection.is_alive()
                && now.duration_since(connection.used) < self.limits.idle_max
                && now.duration_since(connection.opened) < self.limits.age_max
        });
    }

    /// Keeps a connection to be used again, for a while.
    fn keep(self: &Arc<Self>, connection: Connection) {
        let mut idle = self.idle();
        idle.connections.push_back(connection);
        if !idle.is_swept {
            idle.is_swept = true;
            tokio::spawn(sweep(Arc::downgrade(self)));
        }
    }

    /// Closes what has waited too long, and says when to look again; none where nothing waits.
    fn sweep_once(&self) -> Option<Instant> {
        let mut idle = self.idle();
        self.close_stale(&mut idle.connections);
        let next = idle
            .connections
            .front()
            .map(|c| c.used + self.limits.idle_max);
        if next.is_none() {
            idle.connections = VecDeque::new();
            idle.is_swept = false;
        }
        next
    }

    fn idle(&self) -> MutexGuard<'_, Idle> {
        // Nothing panics while the lock is held; and if it did, the list would still be a list.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Closes idle connections when their time comes. There is such a task for a pool only while
/// connections wait in it, so that a pool at rest has neither a task nor a timer.
async fn sweep(pool: Weak<Pool>) {
    let look = || pool.upgrade()?.sweep_once();
    while let Some(next) = look() {
        sleep_until(next).await;
    }
}

impl<'a> Slot<'a> {
    /// The connection that was used last, if there is one that can be used again.
    pub(crate) fn take(&self) -> Option<Connection> {
        self.pool.take()
    }

    /// Puts a connection in.
    pub(crate) fn lease(self, connection: Connection) -> Lease<'a> {
        Lease {
            slot: self,
            connection,
        }
    }
}

impl Lease<'_> {
    /// Gives the connection back to be used again.
    pub(crate) fn give_back(self) {
        let Self {
            slot,
            mut connection,
        } = self;
        connection.used = Instant::now();
        slot.pool.keep(connection);
    }
}
