//! Reads of any length.

use super::{LdapDirectory, nobody};
use crate::{
    connection::LongRead,
    server::{Server, Unavailable},
};
use async_trait::async_trait;
use bridge_model::{
    ports::{DirectoryError, DirectoryFault, Pages},
    search::{Page, PagedSearch},
};
use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};
use tokio::{sync::OwnedSemaphorePermit, time::Instant};

impl LdapDirectory {
    /// Opens a connection of its own to the first server that gives one.
    pub(super) async fn begin_pages(
        &self,
        search: &PagedSearch,
    ) -> Result<Box<dyn Pages>, DirectoryError> {
        let deadline = self.call_deadline();
        let mut last = None;
        for place in self.order() {
            let Some(server) = self.servers.get(place) else {
                continue;
            };
            self.tell_next(last.take(), server);
            match server.long_read(deadline).await {
                Ok((connection, room)) => {
                    self.current.store(place, Ordering::Relaxed);
                    let follow_aliases = self.settings.follow_aliases;
                    return Ok(Box::new(LdapPages {
                        read: LongRead::new(connection, search.clone(), follow_aliases),
                        server: Arc::clone(server),
                        timeout: self.settings.operation_timeout,
                        _room: room,
                    }));
                }
                Err(Unavailable::Final(error)) => return Err(error),
                Err(Unavailable::TryNext(error)) => last = Some(error),
            }
        }
        Err(last.unwrap_or_else(nobody))
    }
}

/// A read under way, and its place among the few that there may be.
struct LdapPages {
    read: LongRead,
    server: Arc<Server>,
    timeout: Duration,
    _room: OwnedSemaphorePermit,
}

#[async_trait]
impl Pages for LdapPages {
    async fn next(&mut self) -> Result<Option<Page>, DirectoryError> {
        let page = self.read.next(self.timeout).await;
        match &page {
            Ok(_) => self.server.health.answered(),
            Err(error) if error.fault == DirectoryFault::Timeout => {
                self.server.health.failed(Instant::now());
            }
            Err(_) => {}
        }
        page
    }

    fn server(&self) -> &str {
        self.server.address()
    }
}
