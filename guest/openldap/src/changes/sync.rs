//! Content synchronisation on the wire (RFC 4533 section 2).

use policy_sdk::{
    ber::{self, Reader},
    types::{Control, Message, Reply},
};

/// The request.
pub(super) const REQUEST: &str = "1.3.6.1.4.1.4203.1.9.1.1";
const STATE: &str = "1.3.6.1.4.1.4203.1.9.1.2";
const DONE: &str = "1.3.6.1.4.1.4203.1.9.1.3";
const INFO: &str = "1.3.6.1.4.1.4203.1.9.1.4";

/// e-syncRefreshRequired: the cookie is of no use.
pub(super) const REFRESH_REQUIRED: u32 = 4096;

const BOOLEAN: u8 = 0x01;
const OCTET_STRING: u8 = 0x04;
const ENUMERATED: u8 = 0x0a;
const SET: u8 = 0x31;
/// `syncIdSet`, which is [3].
const ID_SET: u8 = 0xa3;
const REFRESH_ONLY: u8 = 1;

/// Asks for what changed since the cookie, and for no more than that.
pub(super) fn request(cookie: Option<&[u8]>) -> Control {
    let mut content = vec![ENUMERATED, 1, REFRESH_ONLY];
    if let Some(cookie) = cookie {
        element(OCTET_STRING, cookie, &mut content);
    }
    let mut value = Vec::new();
    element(ber::SEQUENCE, &content, &mut value);
    Control {
        oid: REQUEST.to_owned(),
        critical: true,
        value: Some(value),
    }
}

fn element(tag: u8, content: &[u8], into: &mut Vec<u8>) {
    into.push(tag);
    // A cookie and its frame have less than 64 KiB.
    let [.., high, low] = content.len().to_be_bytes();
    match content.len() {
        0..=0x7f => into.push(low),
        0x80..=0xff => into.extend([0x81, low]),
        _ => into.extend([0x82, high, low]),
    }
    into.extend_from_slice(content);
}

/// What became of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Present,
    AddedOrModified,
    Deleted,
}

/// What the control beside an entry says, and the entry's UUID.
pub(super) fn state(controls: &[Control]) -> Option<(State, &[u8])> {
    let mut parts = sequence(value(controls, STATE)?)?;
    let state = parts.next().filter(|part| part.tag == ENUMERATED)?;
    let state = match state.integer()? {
        0 => State::Present,
        1 | 2 => State::AddedOrModified,
        3 => State::Deleted,
        _ => return None,
    };
    let uuid = parts.next().filter(|part| part.tag == OCTET_STRING)?;
    Some((state, uuid.content))
}

/// The cookie at the end of a read.
pub(super) fn done(reply: &Reply) -> Option<&[u8]> {
    let mut parts = sequence(value(&reply.controls, DONE)?)?;
    let cookie = parts.next().filter(|part| part.tag == OCTET_STRING)?;
    Some(cookie.content)
}

/// The UUIDs that a message says are gone. One that names those that are still there says nothing of
/// the kind.
pub(super) fn deleted(message: &Message) -> Vec<&[u8]> {
    ids(message).unwrap_or_default()
}

fn ids(message: &Message) -> Option<Vec<&[u8]>> {
    let value = message.value.as_deref().filter(|_| message.oid == INFO)?;
    let set = Reader::new(value).next().filter(|set| set.tag == ID_SET)?;
    let mut are_gone = false;
    let mut ids = Vec::new();
    for part in Reader::new(set.content) {
        match part.tag {
            BOOLEAN => are_gone = part.content != [0],
            SET => ids.extend(Reader::new(part.content).map(|id| id.content)),
            _ => {}
        }
    }
    are_gone.then_some(ids)
}

fn value<'a>(controls: &'a [Control], oid: &str) -> Option<&'a [u8]> {
    let control = controls.iter().find(|control| control.oid == oid)?;
    control.value.as_deref()
}

fn sequence(value: &[u8]) -> Option<Reader<'_>> {
    let outer = Reader::new(value).next()?;
    (outer.tag == ber::SEQUENCE).then(|| Reader::new(outer.content))
}
