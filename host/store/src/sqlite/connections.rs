//! A few connections that are lent out one by one.
//!
//! sqlx's own pool asks a connection whether it lives each time one comes back, from a task of its
//! own. For a server across a network that is well spent; here it trebled the time of a read.

use sqlx::{Connection, Error, SqliteConnection};
use std::{
    ops::{Deref, DerefMut},
    sync::{Mutex, MutexGuard, PoisonError},
};
use tokio::sync::{Semaphore, SemaphorePermit};

/// Connections to one database, alike.
pub(super) struct Connections {
    idle: Mutex<Vec<SqliteConnection>>,
    free: Semaphore,
    count: u32,
}

impl Connections {
    /// Makes `count` connections.
    ///
    /// # Errors
    ///
    /// What making one gave.
    pub(super) async fn new(
        count: u32,
        connect: impl AsyncFn() -> Result<SqliteConnection, Error>,
    ) -> Result<Self, Error> {
        let mut idle = Vec::new();
        for _ in 0..count {
            idle.push(connect().await?);
        }
        Ok(Self {
            free: Semaphore::new(idle.len()),
            idle: Mutex::new(idle),
            count,
        })
    }

    /// Waits for a connection; first come, first served.
    ///
    /// # Errors
    ///
    /// [`Error::PoolClosed`].
    pub(super) async fn lease(&self) -> Result<Lease<'_>, Error> {
        let permit = self.free.acquire().await.map_err(|_| Error::PoolClosed)?;
        let connection = self.idle().pop().ok_or(Error::PoolClosed)?;
        Ok(Lease {
            connection: Some(connection),
            home: self,
            _permit: permit,
        })
    }

    /// Waits until all connections are back, and closes them.
    pub(super) async fn close(&self) {
        let Ok(_all) = self.free.acquire_many(self.count).await else {
            return;
        };
        self.free.close();
        let idle: Vec<_> = self.idle().drain(..).collect();
        for connection in idle {
            // What could not be closed is closed with the process; nothing is lost by it.
            let _ = connection.close().await;
        }
    }

    fn idle(&self) -> MutexGuard<'_, Vec<SqliteConnection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection that goes back when it is dropped. A statement or a transaction that was not seen
/// to its end is ended before the next begins: a connection works its commands off in order.
pub(super) struct Lease<'a> {
    connection: Option<SqliteConnection>,
    home: &'a Connections,
    _permit: SemaphorePermit<'a>,
}

impl Deref for Lease<'_> {
    type Target = SqliteConnection;

    fn deref(&self) -> &SqliteConnection {
        self.connection.as_ref().expect(LENT)
    }
}

impl DerefMut for Lease<'_> {
    fn deref_mut(&mut self) -> &mut SqliteConnection {
        self.connection.as_mut().expect(LENT)
    }
}

impl Drop for Lease<'_> {
    fn drop(&mut self) {
        // Before the permit, which goes after this: who has a permit finds a connection.
        self.home.idle().extend(self.connection.take());
    }
}

const LENT: &str = "a lease has its connection until it is dropped";
