//! A directory of which something is known already.

use async_trait::async_trait;
use bridge_model::{
    federation::BindName,
    ports::{Directory, DirectoryError, DirectoryFault, Pages},
    search::{Control, Found, PagedSearch, Reply, Search},
    secret::Password,
    write::{PasswordAnswer, PasswordChange, Write},
};
use std::sync::{Arc, Mutex, PoisonError};

/// A directory that answers again what it answered a sign-in, asks for what was not asked yet, and does
/// nothing else: nobody binds and nothing is written on behalf of a candidate.
pub(crate) struct KnownDirectory {
    inner: Arc<dyn Directory>,
    known: Mutex<Vec<(Search, Found)>>,
}

impl KnownDirectory {
    pub(crate) fn new(inner: Arc<dyn Directory>) -> Self {
        Self {
            inner,
            known: Mutex::default(),
        }
    }

    /// What is known from now on, and nothing else.
    pub(crate) fn set(&self, known: Vec<(Search, Found)>) {
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = known;
    }

    fn find(&self, search: &Search) -> Option<Found> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let found = known.iter().find(|(asked, _)| asked == search);
        found.map(|(_, found)| found.clone())
    }
}

fn refused<T>(what: &str) -> Result<T, DirectoryError> {
    Err(DirectoryError::new(
        DirectoryFault::Misconfigured,
        "the directory",
        format!("{what} on behalf of a candidate"),
    ))
}

#[async_trait]
impl Directory for KnownDirectory {
    async fn search(&self, search: &Search) -> Result<Found, DirectoryError> {
        match self.find(search) {
            Some(found) => Ok(found),
            None => self.inner.search(search).await,
        }
    }

    async fn bind(
        &self,
        _: &BindName,
        _: &Password,
        _: &[Control],
    ) -> Result<Reply, DirectoryError> {
        refused("nobody binds")
    }

    async fn pages(&self, _: &PagedSearch) -> Result<Box<dyn Pages>, DirectoryError> {
        refused("no users are read")
    }

    async fn write(&self, _: &Write) -> Result<Reply, DirectoryError> {
        refused("nothing is written")
    }

    async fn set_password(&self, _: &PasswordChange<'_>) -> Result<PasswordAnswer, DirectoryError> {
        refused("no password is written")
    }
}
