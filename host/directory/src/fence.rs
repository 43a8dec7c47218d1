//! What of a peer's messages is let through to ldap3.
//!
//! ldap3 trusts its peer: it buffers a message of any announced length, parses nested elements by
//! recursion, panics on a message that is not shaped as it expects, and does not compare the kind of
//! an answer with the kind of the request. So every message is looked through before ldap3 sees it.

use crate::{
    ber::{self, Element, Elements, Malformed, tag},
    fault::answer,
    limits::Limits,
};
use std::collections::VecDeque;

/// Why a connection is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// The peer closed it, or said that it would.
    Closed(String),
    /// The peer sent what it must not.
    Violation(String),
    /// This side closed it.
    Local,
}

impl From<Malformed> for End {
    fn from(Malformed(what): Malformed) -> Self {
        Self::Violation(format!("the peer sent {what}"))
    }
}

/// Looks through what a peer sends on one connection, which does one request at a time.
#[derive(Debug)]
pub(crate) struct Fence {
    limits: Limits,
    outstanding: Option<Outstanding>,
}

/// A request that is not answered yet.
#[derive(Debug)]
struct Outstanding {
    id: u32,
    kind: Kind,
    octets: usize,
    elements: usize,
    /// For a result that is taken bit by bit: octets and elements of each message that was let through
    /// and not taken yet. Then the sums above are those of these messages.
    waiting: Option<VecDeque<(usize, usize)>>,
}

/// What was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Something that one message with this tag answers.
    Single(u8),
    Search,
}

impl Kind {
    /// Of a request with this tag; none for requests that are not made here.
    fn of(request: u8) -> Option<Self> {
        Some(Self::Single(match request {
            tag::SEARCH_REQUEST => return Some(Self::Search),
            tag::BIND_REQUEST => tag::BIND_RESPONSE,
            tag::ADD_REQUEST => tag::ADD_RESPONSE,
            tag::MODIFY_REQUEST => tag::MODIFY_RESPONSE,
            tag::MODIFY_DN_REQUEST => tag::MODIFY_DN_RESPONSE,
            tag::DELETE_REQUEST => tag::DELETE_RESPONSE,
            tag::EXTENDED_REQUEST => tag::EXTENDED_RESPONSE,
            _ => return None,
        }))
    }
}

impl Fence {
    pub(crate) fn new(limits: Limits) -> Self {
        Self {
            limits,
            outstanding: None,
        }
    }

    /// Notes the request that `octets` begin, unless one is under way: then they go on with it. What
    /// answers a long one is taken bit by bit.
    pub(crate) fn request(&mut self, octets: &[u8], is_long: bool) -> Result<(), End> {
        if self.outstanding.is_some() {
            return Ok(());
        }
        let unknown = || End::Violation("a request of an unknown kind".to_owned());
        let message = ber::header(octets)?.ok_or_else(unknown)?;
        let mut parts = octets.get(message.octets..).ok_or_else(unknown)?;
        let id = ber::header(parts)?.ok_or_else(unknown)?;
        let value = parts.get(id.octets..id.octets + id.content);
        let value = ber::unsigned(value.ok_or_else(unknown)?)?;
        parts = parts.get(id.octets + id.content..).unwrap_or_default();
        let kind = parts.first().copied().and_then(Kind::of);
        self.outstanding = Some(Outstanding {
            id: value,
            kind: kind.ok_or_else(unknown)?,
            octets: 0,
            elements: 0,
            waiting: is_long.then(VecDeque::new),
        });
        Ok(())
    }

    /// Notes that so many messages of a long result were taken.
    pub(crate) fn taken(&mut self, messages: usize) {
        let Some(request) = self.outstanding.as_mut() else {
            return;
        };
        let Some(waiting) = request.waiting.as_mut() else {
            return;
        };
        for (octets, elements) in waiting.drain(..messages.min(waiting.len())) {
            request.octets -= octets;
            request.elements -= elements;
        }
    }

    /// Whether so much of a long result waits to be taken that no more should be read.
    pub(crate) fn is_full(&self) -> bool {
        self.outstanding.as_ref().is_some_and(|request| {
            request.waiting.is_some()
                && (request.octets > self.limits.result_octets_max / WAITING_SHARE
                    || request.elements > self.limits.result_elements_max / WAITING_SHARE)
        })
    }

    /// How long the message is that `received` begins with; none while more is needed to tell.
    pub(crate) fn message_octets(&self, received: &[u8]) -> Result<Option<usize>, End> {
        message_octets(received, self.limits.message_octets_max)
    }

    /// Lets one whole message through, or says why the connection is over.
    pub(crate) fn admit(&mut self, message: &[u8]) -> Result<(), End> {
        let elements = ber::count(message, self.limits.nesting_max)?;
        let parts = Message::read(message)?;
        if parts.id == 0 {
            return Err(parts.farewell());
        }
        let Some(request) = self.outstanding.as_mut().filter(|r| r.id == parts.id) else {
            return Err(Malformed("an answer to a request that was not made").into());
        };
        request.octets += message.len();
        request.elements += elements;
        // Of a long result not the whole counts but what waits, which is_full() keeps small; a single
        // message may be large.
        let (octets, elements) = match request.waiting.as_mut() {
            Some(waiting) => {
                waiting.push_back((message.len(), elements));
                (message.len(), elements)
            }
            None => (request.octets, request.elements),
        };
        if octets > self.limits.result_octets_max {
            return Err(Malformed("a result of too many octets").into());
        }
        if elements > self.limits.result_elements_max {
            return Err(Malformed("a result of too many elements").into());
        }
        let is_last = match (request.kind, parts.operation.tag) {
            (Kind::Single(expected), tag) if tag == expected => true,
            (Kind::Search, tag::SEARCH_DONE) => true,
            (
                Kind::Search,
                tag::SEARCH_ENTRY | tag::SEARCH_REFERENCE | tag::INTERMEDIATE_RESPONSE,
            ) => false,
            _ => return Err(Malformed("an answer of another kind than the request").into()),
        };
        if is_last {
            result(parts.operation.content)?;
            self.outstanding = None;
        }
        if let Some(list) = parts.controls {
            controls(list)?;
        }
        Ok(())
    }
}

/// How long the message is that `received` begins with; none while more is needed to tell.
pub(crate) fn message_octets(received: &[u8], octets_max: usize) -> Result<Option<usize>, End> {
    let Some(header) = ber::header(received)? else {
        return Ok(None);
    };
    if header.tag != tag::SEQUENCE {
        return Err(Malformed("what is no LDAP message").into());
    }
    let octets = header.octets.saturating_add(header.content);
    if octets > octets_max {
        return Err(End::Violation(format!(
            "the peer announced a message of {octets} octets, more than the {octets_max} allowed"
        )));
    }
    Ok(Some(octets))
}

/// An LDAP message (RFC 4511 section 4.1.1).
pub(crate) struct Message<'a> {
    pub(crate) id: u32,
    pub(crate) operation: Element<'a>,
    controls: Option<&'a [u8]>,
}

impl<'a> Message<'a> {
    /// Reads one whole message.
    pub(crate) fn read(octets: &'a [u8]) -> Result<Self, Malformed> {
        const SHAPE: Malformed = Malformed("a message that is not shaped as one");
        let mut outer = Elements::new(octets);
        let mut parts = Elements::new(outer.expect(tag::SEQUENCE, "what is no LDAP message")?);
        let id = ber::unsigned(parts.expect(tag::INTEGER, "a message without an id")?)?;
        let operation = parts.next()?.ok_or(SHAPE)?;
        // Some servers put the name of an unsolicited notification (id 0) behind the operation.
        let controls = match parts.next()? {
            None => None,
            Some(element) if element.tag == tag::CONTROLS => Some(element.content),
            Some(_) if id == 0 => None,
            Some(_) => return Err(SHAPE),
        };
        if parts.next()?.is_some() {
            return Err(SHAPE);
        }
        Ok(Self {
            id,
            operation,
            controls,
        })
    }

    /// What an unsolicited notification means. The ones there are say that the connection or what
    /// was under way on it is over (RFC 4511 section 4.4, RFC 5805 section 3.1.1).
    pub(crate) fn farewell(&self) -> End {
        let words = result(self.operation.content)
            .map_or_else(|_| "no reason".to_owned(), |r| answer(r.code, r.diagnostic));
        End::Closed(format!("the peer ended the connection with {words}"))
    }
}

/// An LDAP result (RFC 4511 section 4.1.9).
pub(crate) struct LdapResult<'a> {
    pub(crate) code: u32,
    pub(crate) diagnostic: &'a str,
}

/// Reads an LDAP result and checks what may follow it in a bind or an extended response.
pub(crate) fn result(content: &[u8]) -> Result<LdapResult<'_>, Malformed> {
    const SHAPE: &str = "a result that is not shaped as one";
    let mut parts = Elements::new(content);
    let code = ber::unsigned(parts.expect(tag::ENUMERATED, SHAPE)?)?;
    ber::text(parts.expect(tag::OCTET_STRING, SHAPE)?)?;
    let diagnostic = ber::text(parts.expect(tag::OCTET_STRING, SHAPE)?)?;
    while let Some(more) = parts.next()? {
        match more.tag {
            tag::REFERRAL => {
                let mut references = Elements::new(more.content);
                while let Some(reference) = references.next()? {
                    if reference.tag != tag::OCTET_STRING {
                        return Err(Malformed(SHAPE));
                    }
                    ber::text(reference.content)?;
                }
            }
            tag::RESPONSE_NAME => {
                ber::text(more.content)?;
            }
            tag::SASL_CREDENTIALS | tag::RESPONSE_VALUE => {}
            // ldap3 looks at the number alone and takes another class or form for one of these.
            other if matches!(other & ber::NUMBER, 3 | 7 | 10 | 11) => {
                return Err(Malformed(SHAPE));
            }
            _ => {}
        }
    }
    Ok(LdapResult { code, diagnostic })
}

/// Checks a list of controls (RFC 4511 section 4.1.11).
fn controls(list: &[u8]) -> Result<(), Malformed> {
    const SHAPE: &str = "a control that is not shaped as one";
    let mut list = Elements::new(list);
    while let Some(control) = list.next()? {
        if control.tag != tag::SEQUENCE {
            return Err(Malformed(SHAPE));
        }
        let mut parts = Elements::new(control.content);
        ber::text(parts.expect(tag::OCTET_STRING, SHAPE)?)?;
        let mut next = parts.next()?;
        if next.is_some_and(|e| e.tag == tag::BOOLEAN && e.content.len() == 1) {
            next = parts.next()?;
        }
        let is_value = next.is_none_or(|e| e.tag == tag::OCTET_STRING);
        if !is_value || parts.next()?.is_some() {
            return Err(Malformed(SHAPE));
        }
    }
    Ok(())
}

/// This much of what a whole result may have waits to be taken of a long one.
const WAITING_SHARE: usize = 16;

#[cfg(test)]
mod tests;
