//! The connections of a store: one that writes, and a few that read beside it and are lent out one by
//! one. A database in memory has one for both.
//!
//! A read of a row or a few takes some microseconds, less than the way to another thread and back: it
//! is done where it is asked for.

use super::fault::Fault;
use crate::statement::{Row, Statement};
use rusqlite::Connection;
use std::{
    ops::Deref,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    task::spawn_blocking,
};

/// The connection that writes; none: it is closed.
pub(super) struct Writing(Mutex<Option<Connection>>);

impl Writing {
    pub(super) fn new(connection: Connection) -> Self {
        Self(Mutex::new(Some(connection)))
    }

    // A transaction that was left open is rolled back by whoever writes next.
    pub(super) fn lock(&self) -> MutexGuard<'_, Option<Connection>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Closes the connection, which moves what is in the write-ahead log into the file if it is the
    /// last one.
    pub(super) fn close(&self) {
        // What could not be closed is closed with the process; nothing is lost by it.
        drop(self.lock().take());
    }
}

/// What is read with.
pub(super) enum Reading {
    /// The connection that writes.
    Same(Arc<Writing>),
    /// Others.
    Beside(Arc<Connections>),
}

impl Reading {
    /// Reads one row.
    ///
    /// # Errors
    ///
    /// [`Fault`].
    pub(super) async fn row(&self, statement: Statement) -> Result<Option<Row>, Fault> {
        self.with(|connection| statement.row(connection)).await
    }

    /// Reads the few rows that there are.
    ///
    /// # Errors
    ///
    /// [`Fault`].
    pub(super) async fn rows(&self, statement: Statement) -> Result<Vec<Row>, Fault> {
        self.with(|connection| statement.rows(connection)).await
    }

    async fn with<T>(
        &self,
        read: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, Fault> {
        match self {
            Self::Same(writing) => {
                let connection = writing.lock();
                Ok(read(connection.as_ref().ok_or(Fault::Closed)?)?)
            }
            Self::Beside(connections) => Ok(read(&*connections.lease().await?)?),
        }
    }

    /// Reads rows that may be many, or far apart, on a thread that nobody waits for.
    ///
    /// # Errors
    ///
    /// [`Fault`].
    pub(super) async fn walk(&self, statement: Statement) -> Result<Vec<Row>, Fault> {
        let Self::Beside(connections) = self else {
            return self.rows(statement).await;
        };
        let lease = connections.lease().await?;
        let walked = spawn_blocking(move || statement.rows(&lease)).await;
        // Only a runtime that ends gives up what it has begun.
        Ok(walked.map_err(|_| Fault::Closed)??)
    }

    /// Waits until all connections are back, and closes them.
    pub(super) async fn close(&self) {
        if let Self::Beside(connections) = self {
            connections.close().await;
        }
    }
}

/// Connections to one database, alike.
pub(super) struct Connections {
    idle: Mutex<Vec<Connection>>,
    free: Arc<Semaphore>,
    count: u32,
}

impl Connections {
    /// Makes `count` connections.
    ///
    /// # Errors
    ///
    /// What making one gave.
    pub(super) fn new<E>(
        count: u32,
        connect: impl Fn() -> Result<Connection, E>,
    ) -> Result<Self, E> {
        let idle = (0..count)
            .map(|_| connect())
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Self {
            free: Arc::new(Semaphore::new(idle.len())),
            idle: Mutex::new(idle),
            count,
        })
    }

    /// Waits for a connection; first come, first served.
    async fn lease(self: &Arc<Self>) -> Result<Lease, Fault> {
        let permit = Arc::clone(&self.free).acquire_owned().await;
        let permit = permit.map_err(|_| Fault::Closed)?;
        let connection = self.idle().pop().ok_or(Fault::Closed)?;
        Ok(Lease {
            connection: Some(connection),
            home: Arc::clone(self),
            _permit: permit,
        })
    }

    async fn close(&self) {
        let Ok(_all) = self.free.acquire_many(self.count).await else {
            return;
        };
        self.free.close();
        self.idle().clear();
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection that goes back when it is dropped.
struct Lease {
    connection: Option<Connection>,
    home: Arc<Connections>,
    _permit: OwnedSemaphorePermit,
}

impl Deref for Lease {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.connection.as_ref().expect(LENT)
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        // Before the permit, which goes after this: who has a permit finds a connection.
        self.home.idle().extend(self.connection.take());
    }
}

const LENT: &str = "a lease has its connection until it is dropped";
