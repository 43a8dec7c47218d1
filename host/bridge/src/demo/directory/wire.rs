//! LDAP messages on the wire: `ldap3_proto`'s, but that filters keep values that are no text.
//!
//! `ldap3_proto` reads the values of a filter as UTF-8 and gives the whole message up where they are
//! not, yet clients look entries up by binary identifiers. So the filter is taken out of a search
//! before the rest is read, and read into the bridge's own tree.

use bridge_model::filter::{Comparison, Filter};
use bytes::{Buf as _, BytesMut};
use ldap3_lber::{
    common::TagClass,
    parse::Parser,
    structure::{PL, StructureTag},
};
use ldap3_proto::{LdapCodec, proto::LdapMsg};
use std::{io, mem};
use tokio_util::codec::{Decoder, Encoder};

/// No request is larger: the largest that is sensible is a filter with some hundred values.
const REQUEST_OCTETS_MAX: usize = 64 * 1024;
/// A filter nests at most 16 deep in the bridge (see [`Filter::DEPTH_MAX`]), below three levels of
/// message.
const DEPTH_MAX: usize = 32;
/// The tag of a search request (RFC 4511 section 4.5.1).
const SEARCH_REQUEST: u64 = 3;
/// The place of the filter among the parts of a search request.
const FILTER_AT: usize = 6;

/// Reads [`Request`]s and writes messages.
#[derive(Debug, Default)]
pub(super) struct Wire;

/// What a client sent.
#[derive(Debug)]
pub(super) struct Request {
    /// The message. The filter of a search in it means nothing.
    pub(super) message: LdapMsg,
    /// The filter of a search.
    pub(super) filter: Option<Filter>,
}

impl Decoder for Wire {
    type Item = Request;
    type Error = io::Error;

    fn decode(&mut self, buffer: &mut BytesMut) -> io::Result<Option<Request>> {
        let (mut tag, octets) = match Parser::new(DEPTH_MAX).parse(buffer) {
            Ok((rest, tag)) => (tag, buffer.len() - rest.len()),
            Err(ldap3_lber::Err::Incomplete(_)) if buffer.len() <= REQUEST_OCTETS_MAX => {
                return Ok(None);
            }
            Err(ldap3_lber::Err::Incomplete(_)) => return Err(wrong("the message is too large")),
            Err(_) => return Err(wrong("not BER")),
        };
        if octets > REQUEST_OCTETS_MAX {
            return Err(wrong("the message is too large"));
        }
        buffer.advance(octets);
        let filter = take_filter(&mut tag)?;
        let message = LdapMsg::try_from(tag).map_err(|_| wrong("not an LDAP message"))?;
        Ok(Some(Request { message, filter }))
    }
}

impl Encoder<LdapMsg> for Wire {
    type Error = io::Error;

    fn encode(&mut self, message: LdapMsg, buffer: &mut BytesMut) -> io::Result<()> {
        LdapCodec::default().encode(message, buffer)
    }
}

fn wrong(problem: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, problem)
}

fn take_filter(message: &mut StructureTag) -> io::Result<Option<Filter>> {
    let PL::C(parts) = &mut message.payload else {
        return Ok(None);
    };
    let Some(operation) = parts.get_mut(1) else {
        return Ok(None);
    };
    if operation.class != TagClass::Application || operation.id != SEARCH_REQUEST {
        return Ok(None);
    }
    let PL::C(fields) = &mut operation.payload else {
        return Ok(None);
    };
    let Some(filter) = fields.get_mut(FILTER_AT) else {
        return Ok(None);
    };
    let placeholder = StructureTag {
        class: TagClass::Context,
        id: 7,
        payload: PL::P(b"objectClass".to_vec()),
    };
    read_filter(mem::replace(filter, placeholder)).map(Some)
}

/// A filter (RFC 4511 section 4.5.1.7). How deep it nests is bounded by the parser.
fn read_filter(tag: StructureTag) -> io::Result<Filter> {
    if tag.class != TagClass::Context {
        return Err(wrong("a filter is expected"));
    }
    match (tag.id, tag.payload) {
        (0, PL::C(parts)) => Ok(Filter::And(read_filters(parts)?)),
        (1, PL::C(parts)) => Ok(Filter::Or(read_filters(parts)?)),
        (2, PL::C(parts)) => {
            let [part] = exactly(parts)?;
            Ok(Filter::Not(Box::new(read_filter(part)?)))
        }
        (3, PL::C(parts)) => compare(parts, Comparison::Equal),
        (4, PL::C(parts)) => substrings(parts),
        (5, PL::C(parts)) => compare(parts, Comparison::GreaterOrEqual),
        (6, PL::C(parts)) => compare(parts, Comparison::LessOrEqual),
        (7, PL::P(attribute)) => Ok(Filter::Present(text(attribute)?)),
        (8, PL::C(parts)) => compare(parts, Comparison::Approximate),
        (9, PL::C(parts)) => extensible(parts),
        _ => Err(wrong("a filter of an unknown kind")),
    }
}

fn read_filters(parts: Vec<StructureTag>) -> io::Result<Vec<Filter>> {
    parts.into_iter().map(read_filter).collect()
}

fn compare(parts: Vec<StructureTag>, with: Comparison) -> io::Result<Filter> {
    let [attribute, value] = exactly(parts)?;
    Ok(Filter::Compare {
        attribute: text(octets(attribute)?)?,
        with,
        value: octets(value)?,
    })
}

fn substrings(parts: Vec<StructureTag>) -> io::Result<Filter> {
    let [attribute, parts] = exactly(parts)?;
    let PL::C(parts) = parts.payload else {
        return Err(wrong("the parts of a text are expected"));
    };
    let (mut initial, mut any, mut last) = (Vec::new(), Vec::new(), Vec::new());
    for part in parts {
        match part.id {
            0 => initial = octets(part)?,
            1 => any.push(octets(part)?),
            2 => last = octets(part)?,
            _ => return Err(wrong("a part of a text of an unknown kind")),
        }
    }
    Ok(Filter::Substrings {
        attribute: text(octets(attribute)?)?,
        initial,
        any,
        last,
    })
}

fn extensible(parts: Vec<StructureTag>) -> io::Result<Filter> {
    let (mut attribute, mut rule, mut asserted, mut dn_attributes) = (None, None, None, false);
    for part in parts {
        match part.id {
            1 => rule = Some(text(octets(part)?)?),
            2 => attribute = Some(text(octets(part)?)?),
            3 => asserted = Some(octets(part)?),
            4 => dn_attributes = octets(part)? != [0],
            _ => return Err(wrong("a part of a matching rule of an unknown kind")),
        }
    }
    Ok(Filter::Extensible {
        attribute,
        rule,
        dn_attributes,
        value: asserted.ok_or_else(|| wrong("an assertion value is expected"))?,
    })
}

fn exactly<const N: usize>(parts: Vec<StructureTag>) -> io::Result<[StructureTag; N]> {
    parts
        .try_into()
        .map_err(|_| wrong("a filter with too many or too few parts"))
}

fn octets(tag: StructureTag) -> io::Result<Vec<u8>> {
    tag.expect_primitive()
        .ok_or_else(|| wrong("an octet string is expected"))
}

fn text(octets: Vec<u8>) -> io::Result<String> {
    String::from_utf8(octets).map_err(|_| wrong("an attribute's name is expected"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ldap3_proto::{
        LdapFilter, LdapSearchScope, parse_ldap_filter_str,
        proto::{LdapBindCred, LdapBindRequest, LdapDerefAliases, LdapOp, LdapSearchRequest},
    };

    fn encoded(operation: LdapOp) -> BytesMut {
        let mut buffer = BytesMut::new();
        LdapCodec::default()
            .encode(LdapMsg::new(7, operation), &mut buffer)
            .expect("encodes");
        buffer
    }

    fn search(filter: LdapFilter) -> BytesMut {
        encoded(LdapOp::SearchRequest(LdapSearchRequest {
            base: "dc=example".to_owned(),
            scope: LdapSearchScope::Subtree,
            aliases: LdapDerefAliases::Never,
            sizelimit: 3,
            timelimit: 0,
            typesonly: false,
            filter,
            attrs: vec!["cn".to_owned()],
        }))
    }

    fn decode(buffer: &mut BytesMut) -> Option<Request> {
        Wire.decode(buffer).expect("well formed")
    }

    #[test]
    fn reads_every_kind_of_filter() {
        for text in [
            "(cn=*)",
            "(cn=a)",
            "(cn>=a)",
            "(cn<=a)",
            "(cn~=a)",
            "(cn=a*b*c)",
            "(cn=*b*)",
            "(cn:1.2.3:=a)",
            "(cn:dn:1.2.3:=a)",
            "(&(|(a=b)(c=d))(!(e=f)))",
        ] {
            let sent = parse_ldap_filter_str(text).expect(text);
            let request = decode(&mut search(sent)).expect("whole");
            assert_eq!(request.filter, Filter::parse(text, &[]).ok(), "{text}");
            assert_eq!(request.message.msgid, 7);
        }
    }

    #[test]
    fn keeps_values_that_are_no_text() {
        let mut buffer = search(LdapFilter::Equality("id".to_owned(), "xyz".to_owned()));
        let at = buffer.windows(3).position(|w| w == b"xyz").expect("there");
        buffer[at..at + 3].copy_from_slice(&[0xff, 0xfe, 0x00]);
        let request = decode(&mut buffer).expect("whole");
        assert_eq!(
            request.filter,
            Some(Filter::equal("id", [0xff, 0xfe, 0x00]))
        );
    }

    #[test]
    fn waits_for_the_rest_and_keeps_what_follows() {
        let bind = encoded(LdapOp::BindRequest(LdapBindRequest {
            version: 3,
            dn: "cn=x".to_owned(),
            cred: LdapBindCred::Simple("y".to_owned()),
        }));
        let mut buffer = BytesMut::from(&bind[..bind.len() - 1]);
        assert!(decode(&mut buffer).is_none());
        buffer.extend_from_slice(&bind[bind.len() - 1..]);
        buffer.extend_from_slice(&bind);
        assert!(decode(&mut buffer).expect("whole").filter.is_none());
        assert!(decode(&mut buffer).is_some());
        assert!(buffer.is_empty());
    }

    #[test]
    fn refuses_what_is_too_large_too_deep_or_no_ldap() {
        let mut too_large = search(LdapFilter::Present("x".repeat(REQUEST_OCTETS_MAX)));
        assert!(Wire.decode(&mut too_large).is_err());
        let mut never_whole = BytesMut::from(&[0x30, 0x84, 0x7f, 0xff, 0xff, 0xff][..]);
        assert!(matches!(Wire.decode(&mut never_whole), Ok(None)));
        never_whole.resize(REQUEST_OCTETS_MAX + 1, 0);
        assert!(Wire.decode(&mut never_whole).is_err());
        let mut too_deep = search(
            (0..40).fold(LdapFilter::Present("x".to_owned()), |inner, _| {
                LdapFilter::Not(Box::new(inner))
            }),
        );
        assert!(Wire.decode(&mut too_deep).is_err());
        let mut http = BytesMut::from(&b"GET / HTTP/1.1\r\n\r\n"[..]);
        let outcome = Wire.decode(&mut http);
        assert!(!matches!(outcome, Ok(Some(_))), "{outcome:?}");
    }
}
