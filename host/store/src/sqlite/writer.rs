//! The one writer: a thread that takes what waits at the same time and commits it together, because a
//! commit costs more than most statements, and a way between threads more than that.

mod job;

use super::{
    connections::Writing,
    fault::Fault,
    kept::{Forget, Kept},
    log::Log,
};
use crate::statement::{Statement, Written};
use bridge_model::ports::StoreError;
use job::{Job, One, Several, Share};
use rusqlite::Connection;
use std::{
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    thread,
};
use tokio::sync::{mpsc, oneshot};

/// Takes what is to be written and gives what came of it once it is committed.
#[derive(Clone)]
pub(super) struct Writer {
    orders: mpsc::Sender<Order>,
}

enum Order {
    Write(Box<dyn Job>),
    /// Close the connection, after what came before, and say so.
    Close(oneshot::Sender<()>),
}

impl Writer {
    /// Starts the thread that writes. It ends with the last copy of the writer, or when it is closed.
    ///
    /// # Errors
    ///
    /// There are too many threads.
    pub(super) fn start(writing: Arc<Writing>, log: Option<Log>) -> Result<Self, io::Error> {
        let (orders, ordered) = mpsc::channel(BATCH_MAX);
        let work = Work { writing, log };
        let thread = thread::Builder::new().name("store-writer".into());
        thread.spawn(move || work.run(ordered))?;
        Ok(Self { orders })
    }

    /// Writes.
    ///
    /// # Errors
    ///
    /// What SQLite says of the statement, or of the commit; then nothing of it was written.
    pub(super) async fn write(&self, statement: Statement) -> Result<Written, Arc<Fault>> {
        let (answer, answered) = oneshot::channel();
        self.order(Box::new(One::new(statement, answer))).await?;
        answered.await.map_err(|_| Arc::new(Fault::Closed))?
    }

    /// Does something of several statements, whole or not at all, together with others.
    ///
    /// # Errors
    ///
    /// Those of `work`, and [`StoreError::Database`]; then nothing of it was written.
    pub(super) async fn together<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.several(Share::Together, None, work).await
    }

    /// As [`Writer::together`] for what takes long or touches much, in a transaction of its own. What
    /// of it is kept in memory is forgotten before anybody hears that it was changed.
    ///
    /// # Errors
    ///
    /// As [`Writer::together`].
    pub(super) async fn alone<T: Send + 'static>(
        &self,
        forget: Option<(Arc<Kept>, Forget)>,
        work: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.several(Share::Alone, forget, work).await
    }

    /// Waits for what is under way, and closes the connection.
    pub(super) async fn close(&self) {
        let (closed, is_closed) = oneshot::channel();
        if self.orders.send(Order::Close(closed)).await.is_ok() {
            // If not, it was closed before.
            let _ = is_closed.await;
        }
    }

    async fn several<T: Send + 'static>(
        &self,
        share: Share,
        forget: Option<(Arc<Kept>, Forget)>,
        work: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (answer, answered) = oneshot::channel();
        let job = Several::new(share, forget, work, answer);
        self.order(Box::new(job)).await.map_err(super::database)?;
        let closed = |_| super::database(Fault::Closed);
        answered.await.map_err(closed)?
    }

    async fn order(&self, job: Box<dyn Job>) -> Result<(), Arc<Fault>> {
        let sent = self.orders.send(Order::Write(job)).await;
        sent.map_err(|_| Arc::new(Fault::Closed))
    }
}

/// What the thread works with.
struct Work {
    writing: Arc<Writing>,
    log: Option<Log>,
}

impl Work {
    fn run(mut self, mut ordered: mpsc::Receiver<Order>) {
        let mut orders = Vec::with_capacity(BATCH_MAX);
        let mut batch = Vec::with_capacity(BATCH_MAX);
        while ordered.blocking_recv_many(&mut orders, BATCH_MAX) > 0 {
            for order in orders.drain(..) {
                match order {
                    Order::Write(job) if job.share() == Share::Alone => {
                        self.commit(&mut batch);
                        batch.push(job);
                        self.commit(&mut batch);
                    }
                    Order::Write(job) => batch.push(job),
                    Order::Close(closed) => {
                        self.commit(&mut batch);
                        self.close();
                        // Who asked may have gone; whatever waits after it learns that it is closed.
                        let _ = closed.send(());
                        return;
                    }
                }
            }
            self.commit(&mut batch);
        }
        self.close();
    }

    fn close(&mut self) {
        self.log = None;
        self.writing.close();
    }

    /// Writes all of a batch, or nothing of it, and says so.
    fn commit(&mut self, batch: &mut Vec<Box<dyn Job>>) {
        if batch.is_empty() {
            return;
        }
        let writing = self.writing.lock();
        let committed = match &*writing {
            None => Err(Fault::Closed),
            Some(connection) => {
                let jobs = batch.as_mut_slice();
                // What panics takes its batch with it, and not whatever is asked of the store later.
                let committed = catch_unwind(AssertUnwindSafe(|| commit(connection, jobs)));
                let committed = committed.unwrap_or(Err(Fault::GivenUp));
                if !connection.is_autocommit() {
                    // What came of it is told already, and the next batch finds out what is wrong.
                    let _ = command(connection, "ROLLBACK");
                }
                committed
            }
        };
        let lost = committed.err().map(Arc::new);
        for job in batch.drain(..) {
            job.answer(lost.as_ref());
        }
        if let (Some(connection), Some(log)) = (&*writing, &mut self.log) {
            log.tend(connection);
        }
    }
}

/// Runs jobs in one transaction. A statement that breaks a constraint fails alone, and so does work of
/// several statements that refuses; after any other error SQLite may have given the transaction up, so
/// then all fail.
fn commit(connection: &Connection, batch: &mut [Box<dyn Job>]) -> Result<(), Fault> {
    if let [job] = batch {
        return commit_one(connection, &mut **job);
    }
    command(connection, "BEGIN IMMEDIATE")?;
    for job in batch {
        if job.share() == Share::Statement {
            job.run(connection)?;
            continue;
        }
        command(connection, "SAVEPOINT job")?;
        if !job.run(connection)? {
            if connection.is_autocommit() {
                return Err(Fault::GivenUp);
            }
            command(connection, "ROLLBACK TO job")?;
        }
        command(connection, "RELEASE job")?;
    }
    command(connection, "COMMIT")
}

/// Runs a job that is its own transaction, without what it takes to undo it among others.
fn commit_one(connection: &Connection, job: &mut dyn Job) -> Result<(), Fault> {
    if job.share() == Share::Statement {
        return job.run(connection).map(|_| ());
    }
    command(connection, "BEGIN IMMEDIATE")?;
    let is_done = job.run(connection)?;
    command(connection, if is_done { "COMMIT" } else { "ROLLBACK" })
}

fn command(connection: &Connection, sql: &str) -> Result<(), Fault> {
    connection.prepare_cached(sql)?.execute([])?;
    Ok(())
}

/// The most jobs in one transaction: enough to make the commit cheap, few enough that the first of them
/// does not wait long for the last.
const BATCH_MAX: usize = 128;

#[cfg(test)]
mod tests;
