//! Connections that are opened ahead.

use super::LdapDirectory;
use crate::server::{Purpose, Unavailable};
use std::sync::{Mutex, PoisonError, Weak};
use tokio::{task::JoinHandle, time::sleep};

/// Keeps connections open, once the directory was used, for as long as it is there.
pub(super) struct Warmth {
    /// How many of each pool.
    connections: usize,
    directory: Weak<LdapDirectory>,
    task: Mutex<Option<JoinHandle<()>>>,
}

impl Warmth {
    pub(super) fn new(connections: usize, directory: Weak<LdapDirectory>) -> Self {
        Self {
            connections,
            directory,
            task: Mutex::default(),
        }
    }

    /// Sees to it that somebody keeps the connections open, if there are to be any.
    pub(super) fn begin(&self) {
        if self.connections == 0 {
            return;
        }
        // Nothing panics while the lock is held.
        let mut task = self.task.lock().unwrap_or_else(PoisonError::into_inner);
        // It may also have ended with the runtime that it ran in.
        if task.as_ref().is_none_or(JoinHandle::is_finished) {
            let (directory, connections) = (self.directory.clone(), self.connections);
            *task = Some(tokio::spawn(keep(directory, connections)));
        }
    }
}

impl Drop for Warmth {
    fn drop(&mut self) {
        let task = self.task.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Some(task) = task {
            task.abort();
        }
    }
}

async fn keep(directory: Weak<LdapDirectory>, connections: usize) {
    loop {
        // The directory is not kept only since its connections are.
        let Some(kept) = directory.upgrade() else {
            return;
        };
        let pause = kept.settings.limits.idle_max / LOOKS;
        kept.open_ahead(connections).await;
        drop(kept);
        sleep(pause).await;
    }
}

impl LdapDirectory {
    /// Opens what is missing of so many connections of each pool, to the server that is asked first,
    /// before those that wait have waited for too long.
    async fn open_ahead(&self, connections: usize) {
        let first = self.order().first().copied();
        let Some(server) = first.and_then(|place| self.servers.get(place)) else {
            return;
        };
        let time = self.settings.limits.idle_max / LOOKS;
        for purpose in [Purpose::Search, Purpose::SignIn] {
            let opened = server.open_ahead(purpose, connections, time).await;
            if let Err(Unavailable::TryNext(error) | Unavailable::Final(error)) = opened {
                tracing::debug!(
                    federation = self.settings.federation,
                    %error,
                    "no connection could be opened ahead"
                );
            }
        }
    }
}

/// How often the connections are looked at in the time for which one may wait.
const LOOKS: u32 = 3;
