//! So many connections and no more.

use crate::{connection::Connection, idle::Shelf};
use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::{Instant, timeout_at},
};

/// The connections to one server for one purpose: so many and no more, each for one operation at a
/// time.
pub(crate) struct Pool {
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
        Self {
            slots: Semaphore::new(connections_max.min(Semaphore::MAX_PERMITS)),
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
