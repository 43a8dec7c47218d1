//! The one writer: statements that wait at the same time are committed together, because a commit
//! costs more than most statements.

use super::{Statement, connections::Connections, kind};
use futures_util::TryStreamExt;
use sqlx::{
    Connection, Either, Error, Executor, SqliteConnection, error::ErrorKind, sqlite::SqliteRow,
};
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot};

/// Takes statements and gives what came of each once it is committed.
#[derive(Clone)]
pub(super) struct Writer {
    jobs: mpsc::Sender<Job>,
}

/// What came of a statement.
#[derive(Default)]
pub(super) struct Written {
    /// What it returned.
    pub(super) rows: Vec<SqliteRow>,
    /// How many rows it made, changed or deleted.
    pub(super) changed: u64,
}

/// One statement, atomic by itself: SQLite undoes all of one that fails, and nothing else.
struct Job {
    statement: Statement,
    answer: oneshot::Sender<Result<Written, Arc<Error>>>,
}

impl Writer {
    /// Starts the task that writes. It ends with the last copy of the writer.
    pub(super) fn start(connections: Arc<Connections>) -> Self {
        let (jobs, waiting) = mpsc::channel(BATCH_MAX);
        tokio::spawn(work(connections, waiting));
        Self { jobs }
    }

    /// Writes.
    ///
    /// # Errors
    ///
    /// What SQLite says of the statement, or of the commit; then nothing of it was written.
    pub(super) async fn write(&self, statement: Statement) -> Result<Written, Arc<Error>> {
        let (answer, answered) = oneshot::channel();
        let job = Job { statement, answer };
        let closed = || Arc::new(Error::PoolClosed);
        self.jobs.send(job).await.map_err(|_| closed())?;
        answered.await.map_err(|_| closed())?
    }
}

async fn work(connections: Arc<Connections>, mut waiting: mpsc::Receiver<Job>) {
    let mut batch = Vec::with_capacity(BATCH_MAX);
    while waiting.recv_many(&mut batch, BATCH_MAX).await > 0 {
        let mut connection = match connections.lease().await {
            Ok(connection) => connection,
            Err(error) => {
                fail(batch.drain(..).map(|job| job.answer), error);
                continue;
            }
        };
        if batch.len() == 1 {
            for job in batch.drain(..) {
                let written = run(&mut connection, job.statement).await;
                let _ = job.answer.send(written.map_err(Arc::new));
            }
        } else {
            commit_together(&mut connection, &mut batch).await;
        }
    }
}

/// Runs a batch in one transaction. A statement that breaks a constraint fails alone; after any
/// other error SQLite may have given the transaction up, so then all fail.
async fn commit_together(connection: &mut SqliteConnection, batch: &mut Vec<Job>) {
    let mut answers = Vec::with_capacity(batch.len());
    let committed = async {
        let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
        for job in batch.drain(..) {
            answers.push((job.answer, Ok(Written::default())));
            let written = match run(&mut transaction, job.statement).await {
                Err(error) if !is_constraint(&error) => return Err(error),
                written => written,
            };
            if let Some((_, answer)) = answers.last_mut() {
                *answer = written;
            }
        }
        transaction.commit().await
    }
    .await;
    match committed {
        Ok(()) => {
            for (answer, written) in answers {
                // Who asked may have gone; it is written all the same.
                let _ = answer.send(written.map_err(Arc::new));
            }
        }
        Err(error) => {
            let answers = answers.into_iter().map(|(answer, _)| answer);
            fail(answers.chain(batch.drain(..).map(|job| job.answer)), error);
        }
    }
}

/// Runs a statement to its very end: SQLite commits when the last row was taken, and an error of
/// that commit is told to nobody who stopped reading before.
async fn run(connection: &mut SqliteConnection, statement: Statement) -> Result<Written, Error> {
    let mut written = Written::default();
    let mut results = connection.fetch_many(statement);
    while let Some(result) = results.try_next().await? {
        match result {
            Either::Left(done) => written.changed += done.rows_affected(),
            Either::Right(row) => written.rows.push(row),
        }
    }
    Ok(written)
}

fn is_constraint(error: &Error) -> bool {
    kind(error).is_some_and(|kind| !matches!(kind, ErrorKind::Other))
}

fn fail(answers: impl Iterator<Item = oneshot::Sender<Result<Written, Arc<Error>>>>, error: Error) {
    let error = Arc::new(error);
    for answer in answers {
        let _ = answer.send(Err(Arc::clone(&error)));
    }
}

/// The most statements in one transaction: enough to make the commit cheap, few enough that the
/// first of them does not wait long for the last.
const BATCH_MAX: usize = 128;
