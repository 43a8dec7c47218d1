//! What the writer is asked to do.

use super::super::{
    fault::Fault,
    kept::{Forget, Kept},
};
use crate::statement::{Statement, Written};
use bridge_model::ports::StoreError;
use rusqlite::Connection;
use std::sync::Arc;
use tokio::sync::oneshot;

/// How a job shares a transaction with others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Share {
    /// One statement, atomic by itself: SQLite undoes all of one that fails, and nothing else.
    Statement,
    /// Several statements.
    Together,
    /// Several statements in a transaction with no others.
    Alone,
}

/// Something to be written, and who asked for it.
pub(super) trait Job: Send {
    fn share(&self) -> Share;

    /// Does it. False: it is refused, and what was done of it is to be undone.
    ///
    /// # Errors
    ///
    /// Whatever may have taken the transaction with it.
    fn run(&mut self, connection: &Connection) -> Result<bool, Fault>;

    /// Tells whoever asked, who may have gone, what came of it, or why it was lost.
    fn answer(self: Box<Self>, lost: Option<&Arc<Fault>>);
}

type Answer<T> = oneshot::Sender<T>;

/// One statement.
pub(super) struct One {
    statement: Option<Statement>,
    came: Result<Written, Fault>,
    answer: Answer<Result<Written, Arc<Fault>>>,
}

impl One {
    pub(super) fn new(statement: Statement, answer: Answer<Result<Written, Arc<Fault>>>) -> Self {
        Self {
            statement: Some(statement),
            came: Err(Fault::GivenUp),
            answer,
        }
    }
}

impl Job for One {
    fn share(&self) -> Share {
        Share::Statement
    }

    fn run(&mut self, connection: &Connection) -> Result<bool, Fault> {
        let statement = self.statement.take().ok_or(Fault::GivenUp)?;
        match statement.run(connection).map_err(Fault::from) {
            Err(fault) if fault.constraint().is_none() => return Err(fault),
            came => self.came = came,
        }
        Ok(self.came.is_ok())
    }

    fn answer(self: Box<Self>, lost: Option<&Arc<Fault>>) {
        let came = match lost {
            Some(fault) => Err(Arc::clone(fault)),
            None => self.came.map_err(Arc::new),
        };
        let _ = self.answer.send(came);
    }
}

/// Several statements.
pub(super) struct Several<W, T> {
    share: Share,
    forget: Option<(Arc<Kept>, Forget)>,
    work: Option<W>,
    came: Option<Result<T, StoreError>>,
    answer: Answer<Result<T, StoreError>>,
}

impl<W, T> Several<W, T> {
    pub(super) fn new(
        share: Share,
        forget: Option<(Arc<Kept>, Forget)>,
        work: W,
        answer: Answer<Result<T, StoreError>>,
    ) -> Self {
        Self {
            share,
            forget,
            work: Some(work),
            came: None,
            answer,
        }
    }
}

impl<W, T> Job for Several<W, T>
where
    W: FnOnce(&Connection) -> Result<T, StoreError> + Send,
    T: Send,
{
    fn share(&self) -> Share {
        self.share
    }

    fn run(&mut self, connection: &Connection) -> Result<bool, Fault> {
        let work = self.work.take().ok_or(Fault::GivenUp)?;
        let came = self.came.insert(work(connection));
        Ok(came.is_ok())
    }

    fn answer(self: Box<Self>, lost: Option<&Arc<Fault>>) {
        if let Some((kept, what)) = self.forget {
            // Also after an error: who knows what was committed.
            kept.forget(what);
        }
        let came = match (self.came, lost) {
            (Some(Err(refused)), _) => Err(refused),
            (Some(done), None) => done,
            (_, Some(fault)) => Err(StoreError::Database(Box::new(Arc::clone(fault)))),
            (None, None) => Err(StoreError::Database(Box::new(Fault::GivenUp))),
        };
        let _ = self.answer.send(came);
    }
}
