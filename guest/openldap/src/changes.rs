//! What changed, by content synchronisation (RFC 4533) where the server offers it, and else by time.
//!
//! slapd's cookie is a change sequence number of the whole database, whatever was read with it. So a
//! synchronisation of one entry gives the mark of a run, before all users are read or those that
//! changed; and where the mark is that of the last run, nothing changed at all.

mod sync;

use crate::OpenLdap;
use policy_sdk::{
    Attributes, Changes,
    changes::{Run, done, nothing, of_entry, of_users, read, refused},
    id,
    types::{Advance, ChangeRead, Page, Turn, Whom},
};
use sync::State;

impl Changes for OpenLdap {
    fn controls() -> Vec<String> {
        vec![sync::REQUEST.to_owned()]
    }

    fn start(run: Run<'_>) -> Turn {
        match run.cursor {
            None => read(of_entry(ROOT, "", &["supportedControl"], None)),
            Some(cursor) if cookie_of(cursor).is_some() => begin(run, BEGIN),
            Some(_) => run.start_by_time(),
        }
    }

    fn follow(run: Run<'_>, asked: &str, page: &Page) -> Turn {
        let known = run.cursor.and_then(cookie_of);
        match (asked.split_once('.').unwrap_or((asked, "")), known) {
            ((ROOT, _), _) if offers_sync(page) => begin(run, FIRST),
            ((ROOT, _), _) => run.mark_by_time(),
            // The control is known, but not on this database.
            ((FIRST, _), _) => match new_cookie(page) {
                Some(cookie) => done(cursor_of(&cookie)),
                None => run.mark_by_time(),
            },
            ((BEGIN, _), Some(known)) => changed_since(known, page),
            ((USERS, mark), Some(_)) => follow_users(run, mark, page),
            ((BEGIN | USERS, _), None) => Turn::StartOver,
            _ => run.follow_by_time(asked, page),
        }
    }
}

/// A synchronisation of the entry that users live below, for its cookie.
fn begin(run: Run<'_>, key: &str) -> Turn {
    match run.terms.places.first() {
        Some(place) => read(of_entry(
            key,
            place,
            &["objectClass"],
            Some(sync::request(None)),
        )),
        None => run.mark_by_time(),
    }
}

fn offers_sync(page: &Page) -> bool {
    let root = page.entries.first().map(|root| Attributes::of(&root.entry));
    let mut controls = root.map(|root| root.values("supportedControl")).into_iter();
    controls.any(|offered| offered.texts().any(|oid| oid == sync::REQUEST))
}

/// The cookie at the end of a read, where there is one that can be kept in a key.
fn new_cookie(page: &Page) -> Option<String> {
    let cookie = sync::done(&page.reply)?;
    let text = String::from_utf8(cookie.to_vec()).ok()?;
    let fits = (1..=COOKIE_OCTETS_MAX).contains(&text.len());
    (fits && page.reply.result_code == 0 && text.bytes().all(|octet| octet.is_ascii_graphic()))
        .then_some(text)
}

fn changed_since(known: &str, page: &Page) -> Turn {
    if let Some(problem) = refused(page) {
        return Turn::Failed(problem);
    }
    match new_cookie(page) {
        Some(mark) if mark == known => Turn::Advance(nothing()),
        Some(mark) => read(users(known, &mark)),
        None => Turn::StartOver,
    }
}

fn users(known: &str, mark: &str) -> ChangeRead {
    of_users(
        format!("{USERS}.{mark}"),
        "(objectClass=*)".to_owned(),
        Some(sync::request(Some(known.as_bytes()))),
    )
}

fn follow_users(run: Run<'_>, mark: &str, page: &Page) -> Turn {
    if page.reply.result_code == sync::REFRESH_REQUIRED {
        return Turn::StartOver;
    }
    if let Some(problem) = refused(page) {
        return Turn::Failed(problem);
    }
    let mut advance = nothing();
    for (at, entry) in (0..).zip(&page.entries) {
        match sync::state(&entry.controls) {
            // Without the control it is no answer to what was asked.
            None => return Turn::StartOver,
            Some((State::Present, _)) => {}
            Some((State::AddedOrModified, _)) => advance.changed.push(Whom::Here(at)),
            Some((State::Deleted, uuid)) => is_gone(run, uuid, &mut advance),
        }
    }
    for uuid in page.messages.iter().flat_map(sync::deleted) {
        is_gone(run, uuid, &mut advance);
    }
    advance.cursor = page.last.then(|| cursor_of(mark));
    Turn::Advance(advance)
}

/// One who left a place may be in another, so with several the host has to look. Where people are
/// identified by another attribute, only a read of all users finds who is gone.
fn is_gone(run: Run<'_>, uuid: &[u8], advance: &mut Advance) {
    let id = id::uuid(uuid).map(String::into_bytes).map(Whom::Id);
    let Some(id) = id.filter(|_| run.terms.stable_attribute.eq_ignore_ascii_case("entryUUID"))
    else {
        return;
    };
    if run.terms.places.len() == 1 {
        advance.gone.push(id);
    } else {
        advance.changed.push(id);
    }
}

/// Tells these cursors from those by time.
const SYNC: u8 = b's';

fn cursor_of(cookie: &str) -> Vec<u8> {
    [&[SYNC], cookie.as_bytes()].concat()
}

fn cookie_of(cursor: &[u8]) -> Option<&str> {
    let (kind, cookie) = cursor.split_first()?;
    (*kind == SYNC)
        .then(|| std::str::from_utf8(cookie).ok())
        .flatten()
}

/// The keys of the reads; behind that of users stands the cookie that the run began with.
const ROOT: &str = "root";
const FIRST: &str = "first";
const BEGIN: &str = "begin";
const USERS: &str = "users";
/// One number for each server that is written to; a key has 1,024 octets.
const COOKIE_OCTETS_MAX: usize = 1000;

#[cfg(test)]
mod tests;
