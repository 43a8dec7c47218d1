//! Connections that are kept to be used again.

use crate::{connection::Connection, limits::Limits};
use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
};
use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::{Instant, timeout_at},
};

/// The connections to one server for one purpose: so many and no more, each for one operation at a
/// time.
pub(crate) struct Pool {
    slots: Semaphore,
    /// The longest unused in front.
    idle: Mutex<VecDeque<Connection>>,
    limits: Limits,
}

/// Room for one connection.
pub(crate) struct Slot<'a> {
    pool: &'a Pool,
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
            idle: Mutex::new(VecDeque::new()),
            limits,
        }
    }

    /// Waits for room; none when the deadline comes first.
    pub(crate) async fn slot(&self, deadline: Instant) -> Option<Slot<'_>> {
        let permit = timeout_at(deadline, self.slots.acquire()).await.ok()?;
        Some(Slot {
            pool: self,
            _permit: permit.ok()?,
        })
    }

    /// Closes the connections that nobody uses: one was found dead, so the others may be.
    pub(crate) fn clear(&self) {
        let closed = std::mem::take(&mut *self.idle());
        drop(closed);
    }

    fn take(&self) -> Option<Connection> {
        let now = Instant::now();
        let mut idle = self.idle();
        idle.retain(|connection| {
            connection.is_alive()
                && now.duration_since(connection.used) < self.limits.idle_max
                && now.duration_since(connection.opened) < self.limits.age_max
        });
        idle.pop_back()
    }

    fn idle(&self) -> MutexGuard<'_, VecDeque<Connection>> {
        // Nothing panics while the lock is held; and if it did, the list would still be a list.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
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
        slot.pool.idle().push_back(connection);
    }
}
