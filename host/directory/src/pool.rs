//! So many connections and no more.

use crate::{connection::Connection, idle::Shelf};
use std::time::Duration;
use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::{Instant, timeout_at},
};

/// The connections to one server for one purpose: so many and no more, each for one operation at a
/// time.
pub(crate) struct Pool {
    size: usize,
    slots: Semaphore,
    shelf: Shelf,
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
    pub(crate) fn new(connections_max: usize, shelf: Shelf) -> Self {
        let size = connections_max.min(Semaphore::MAX_PERMITS);
        Self {
            size,
            slots: Semaphore::new(size),
            shelf,
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

    /// Room that nobody uses; none where there is none at once.
    pub(crate) fn free_slot(&self) -> Option<Slot<'_>> {
        let permit = self.slots.try_acquire().ok()?;
        Some(Slot {
            pool: self,
            _permit: permit,
        })
    }

    /// How many connections there are that are in use or can still be used after this time.
    pub(crate) fn lasting(&self, time: Duration) -> usize {
        let in_use = self.size.saturating_sub(self.slots.available_permits());
        in_use + self.shelf.lasting(time)
    }

    /// Closes the connections that nobody uses: one was found dead, so the others may be.
    pub(crate) fn clear(&self) {
        self.shelf.clear();
    }
}

impl<'a> Slot<'a> {
    /// The connection that was used last, if there is one that can be used again.
    pub(crate) fn take(&self) -> Option<Connection> {
        self.pool.shelf.take()
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
        self.slot.pool.shelf.put(self.connection);
    }
}
