//! Reads of any length, page by page.

use super::{
    Answered, Connection, Failure, Fault, guard,
    search::{Asking, Stream, start},
};
use crate::{
    ber::{Elements, Malformed, tag},
    convert,
    fault::fault,
};
use bridge_model::{
    ports::{DirectoryError, DirectoryFault, DirectoryStep},
    search::{Control, Page, PageEntry, PagedSearch},
};
use ldap3::controls::{PagedResults, RawControl};
use std::time::Duration;
use tokio::time::Instant;

/// A read under way on a connection of its own.
pub(crate) struct LongRead {
    connection: Connection,
    search: PagedSearch,
    follow_aliases: bool,
    /// A page that is cut here ends when its values take this much, as a page of a directory does.
    page_octets_max: usize,
    stream: Option<Stream>,
    state: State,
    repetition: Repetition,
}

enum State {
    /// A page can be asked for, after this cookie.
    Ready(Vec<u8>),
    /// A page was asked for and has not come.
    Waiting,
    /// The last page came.
    Over,
    /// There will be no more.
    Failed(DirectoryError),
}

impl LongRead {
    pub(crate) fn new(connection: Connection, search: PagedSearch, follow_aliases: bool) -> Self {
        let page_octets_max = connection.limits.result_octets_max;
        Self {
            connection,
            search,
            follow_aliases,
            page_octets_max,
            stream: None,
            state: State::Ready(Vec::new()),
            repetition: Repetition::default(),
        }
    }

    /// The next page; none after the last one. After an error there is that error again, never an end.
    pub(crate) async fn next(&mut self, timeout: Duration) -> Result<Option<Page>, DirectoryError> {
        let cookie = match std::mem::replace(&mut self.state, State::Waiting) {
            State::Ready(cookie) => cookie,
            State::Over => {
                self.state = State::Over;
                return Ok(None);
            }
            State::Failed(error) => {
                self.state = State::Failed(error.clone());
                return Err(error);
            }
            State::Waiting => {
                let detail = "a page was not waited for, and what was in it is lost";
                let error = fault(DirectoryFault::Protocol, &self.connection.address, detail);
                return Err(self.fail(error.at(DirectoryStep::Operation)));
            }
        };
        let deadline = Instant::now() + timeout;
        let outcome = guard(deadline, self.page(&cookie, timeout)).await;
        let outcome = outcome.map(|value| Answered {
            value,
            is_reusable: false,
        });
        match self.connection.conclude("the next page", outcome) {
            Ok(Answered { value, .. }) => {
                let (page, next) = value;
                self.state = next.map_or(State::Over, State::Ready);
                Ok(Some(page))
            }
            Err(Failure { error, .. }) => Err(self.fail(error)),
        }
    }

    fn fail(&mut self, error: DirectoryError) -> DirectoryError {
        self.state = State::Failed(error.clone());
        error
    }

    /// Reads one page, and says after which cookie the next one begins; none: there is none.
    async fn page(
        &mut self,
        cookie: &[u8],
        timeout: Duration,
    ) -> Result<(Page, Option<Vec<u8>>), Fault> {
        let mut stream = match self.stream.take() {
            Some(stream) => stream,
            None => self.ask(cookie, timeout).await?,
        };
        let size_limit = usize::try_from(self.search.search.size_limit.max(1));
        let size_limit = size_limit.unwrap_or(usize::MAX);
        let mut page = Page::default();
        let mut octets = 0;
        loop {
            let Some(item) = stream.next().await? else {
                let (page, next) = self.end(page, stream.finish().await)?;
                self.repetition.note(&page, next.as_deref())?;
                return Ok((page, next));
            };
            self.connection.wire.took();
            if item.is_ref() {
                page.references += 1;
                continue;
            }
            if item.is_intermediate() {
                let message = convert::message(item.0).map_err(Fault::Peer)?;
                octets += message.oid.len() + message.value.as_ref().map_or(0, Vec::len);
                page.messages.push(message);
            } else {
                let entry = convert::entry(item.0).map_err(Fault::Peer)?;
                octets += convert::octets(&entry);
                let controls = convert::controls(item.1);
                page.entries.push(PageEntry { entry, controls });
            }
            let is_full = page.entries.len() + page.messages.len() >= size_limit
                || octets >= self.page_octets_max;
            if is_full && !self.search.paged {
                self.stream = Some(stream);
                return Ok((page, Some(Vec::new())));
            }
        }
    }

    /// Asks for a page, or for everything where there are none.
    async fn ask(&mut self, cookie: &[u8], timeout: Duration) -> Result<Stream, Fault> {
        let mut controls = self.search.controls.clone();
        if self.search.paged {
            self.connection.wire.begin();
            let raw: RawControl = PagedResults {
                size: i32::try_from(self.search.search.size_limit.max(1)).unwrap_or(i32::MAX),
                cookie: cookie.to_vec(),
            }
            .into();
            controls.push(Control {
                oid: raw.ctype,
                critical: true,
                value: raw.val,
            });
        } else {
            self.connection.wire.begin_long();
        }
        let asking = Asking {
            size_limit: None,
            // What is read as a whole takes as long as whoever takes it.
            time_limit: self.search.paged.then_some(timeout),
            follow_aliases: self.follow_aliases,
            controls: &controls,
        };
        start(&mut self.connection.ldap, &self.search.search, &asking).await
    }

    fn end(
        &self,
        mut page: Page,
        result: ldap3::LdapResult,
    ) -> Result<(Page, Option<Vec<u8>>), Fault> {
        page.reply = convert::reply(result);
        let mut next = None;
        if self.search.paged {
            let controls = &mut page.reply.controls;
            if let Some(place) = controls.iter().position(|control| control.oid == PAGED) {
                let value = controls.remove(place).value.unwrap_or_default();
                let cookie = cookie(&value)
                    .map_err(|_| Fault::Peer("a page whose control is not shaped as one"))?;
                next = Some(cookie.to_vec()).filter(|cookie| !cookie.is_empty());
            }
        }
        if !page.reply.is_success() {
            next = None;
        }
        page.is_last = next.is_none();
        Ok((page, next))
    }
}

/// Notices a peer whose pages never end.
#[derive(Default)]
struct Repetition {
    /// How many pages in a row were empty.
    empty: usize,
    /// The cookie after the last page, and the names in it.
    last: Option<(Vec<u8>, Vec<String>)>,
}

impl Repetition {
    fn note(&mut self, page: &Page, next: Option<&[u8]>) -> Result<(), Fault> {
        let Some(next) = next else {
            return Ok(());
        };
        if page.entries.is_empty() && page.messages.is_empty() {
            self.empty += 1;
            if self.empty > EMPTY_PAGES_MAX {
                return Err(Fault::Peer("one empty page after another"));
            }
            return Ok(());
        }
        self.empty = 0;
        let names: Vec<_> = page.entries.iter().map(|e| e.entry.dn.clone()).collect();
        // Some directories give the same cookie all the time, but none the same page.
        let this = Some((next.to_vec(), names)).filter(|(_, names)| !names.is_empty());
        if this.is_some() && this == self.last {
            return Err(Fault::Peer("the same page twice"));
        }
        self.last = this;
        Ok(())
    }
}

/// The cookie in the value of RFC 2696 section 2; the estimate beside it is not looked at.
fn cookie(value: &[u8]) -> Result<&[u8], Malformed> {
    const SHAPE: &str = "a control of pages";
    let mut outer = Elements::new(value);
    let mut parts = Elements::new(outer.expect(tag::SEQUENCE, SHAPE)?);
    parts.expect(tag::INTEGER, SHAPE)?;
    parts.expect(tag::OCTET_STRING, SHAPE)
}

/// RFC 2696.
const PAGED: &str = "1.2.840.113556.1.4.319";
/// A page may be empty since nothing in it may be seen (RFC 2696 section 3), but not this many in a row.
const EMPTY_PAGES_MAX: usize = 32;

#[cfg(test)]
mod tests;
