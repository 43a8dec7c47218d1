//! BER as LDAP has it (RFC 4511 section 5.1): one-octet tags, definite lengths.

/// An element that is not as RFC 4511 section 5.1 has it, or over a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Malformed(pub(crate) &'static str);

/// The beginning of an element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    /// Class, form and number in one octet.
    pub(crate) tag: u8,
    /// How many octets tag and length take.
    pub(crate) octets: usize,
    /// How many octets the content takes.
    pub(crate) content: usize,
}

/// The header that `octets` begin with; none while more are needed to tell.
pub(crate) fn header(octets: &[u8]) -> Result<Option<Header>, Malformed> {
    let [tag, rest @ ..] = octets else {
        return Ok(None);
    };
    if tag & NUMBER == NUMBER {
        return Err(Malformed("a tag of several octets"));
    }
    let [first, rest @ ..] = rest else {
        return Ok(None);
    };
    let (count, content) = match *first {
        short @ ..0x80 => (0, usize::from(short)),
        0x80 => return Err(Malformed("an indefinite length")),
        // Four octets of length are 4 GiB; some servers always use four.
        long @ 0x81..=0x84 => {
            let count = usize::from(long & 0x7f);
            let Some(length) = rest.get(..count) else {
                return Ok(None);
            };
            let length = length.iter().fold(0_u64, |sum, o| sum << 8 | u64::from(*o));
            let length = usize::try_from(length).map_err(|_| Malformed(TOO_LONG))?;
            (count, length)
        }
        _ => return Err(Malformed(TOO_LONG)),
    };
    Ok(Some(Header {
        tag: *tag,
        octets: 2 + count,
        content,
    }))
}

/// An element.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Element<'a> {
    /// Class, form and number in one octet.
    pub(crate) tag: u8,
    /// What it holds.
    pub(crate) content: &'a [u8],
}

impl Element<'_> {
    /// Whether it holds elements.
    fn is_constructed(&self) -> bool {
        self.tag & CONSTRUCTED != 0
    }
}

/// Reads elements that stand one after another.
pub(crate) struct Elements<'a>(&'a [u8]);

impl<'a> Elements<'a> {
    /// Reads from the front.
    pub(crate) fn new(octets: &'a [u8]) -> Self {
        Self(octets)
    }

    /// The next element; none at the end.
    pub(crate) fn next(&mut self) -> Result<Option<Element<'a>>, Malformed> {
        if self.0.is_empty() {
            return Ok(None);
        }
        let header = header(self.0)?.ok_or(Malformed(CUT))?;
        let content = self
            .0
            .get(header.octets..)
            .and_then(|rest| rest.get(..header.content))
            .ok_or(Malformed(CUT))?;
        self.0 = self
            .0
            .get(header.octets + header.content..)
            .unwrap_or_default();
        Ok(Some(Element {
            tag: header.tag,
            content,
        }))
    }

    /// The next element, which must be there and have this tag.
    pub(crate) fn expect(&mut self, tag: u8, wanted: &'static str) -> Result<&'a [u8], Malformed> {
        match self.next()? {
            Some(element) if element.tag == tag => Ok(element.content),
            _ => Err(Malformed(wanted)),
        }
    }
}

/// How many elements there are, with all that they hold.
///
/// # Errors
///
/// For one that is cut off by what holds it, and for more than `nesting_max` inside of each other.
pub(crate) fn count(octets: &[u8], nesting_max: usize) -> Result<usize, Malformed> {
    let mut elements = Elements::new(octets);
    let mut sum = 0;
    while let Some(element) = elements.next()? {
        sum += 1;
        if element.is_constructed() {
            let deeper = nesting_max
                .checked_sub(1)
                .ok_or(Malformed("elements that are nested too deep"))?;
            sum += count(element.content, deeper)?;
        }
    }
    Ok(sum)
}

/// An integer or an enumerated value that is not negative.
pub(crate) fn unsigned(content: &[u8]) -> Result<u32, Malformed> {
    match content {
        [first, ..] if content.len() <= 4 && first & 0x80 == 0 => {
            Ok(content.iter().fold(0, |sum, o| sum << 8 | u32::from(*o)))
        }
        _ => Err(Malformed("a number that is negative or too large")),
    }
}

/// A text.
pub(crate) fn text(content: &[u8]) -> Result<&str, Malformed> {
    std::str::from_utf8(content).map_err(|_| Malformed("a text that is not UTF-8"))
}

/// The tags of RFC 4511 that are looked at here.
pub(crate) mod tag {
    pub(crate) const BOOLEAN: u8 = 0x01;
    pub(crate) const INTEGER: u8 = 0x02;
    pub(crate) const OCTET_STRING: u8 = 0x04;
    pub(crate) const ENUMERATED: u8 = 0x0a;
    pub(crate) const SEQUENCE: u8 = 0x30;
    pub(crate) const CONTROLS: u8 = 0xa0;
    pub(crate) const REFERRAL: u8 = 0xa3;
    pub(crate) const SASL_CREDENTIALS: u8 = 0x87;
    pub(crate) const RESPONSE_NAME: u8 = 0x8a;
    pub(crate) const RESPONSE_VALUE: u8 = 0x8b;
    pub(crate) const BIND_REQUEST: u8 = 0x60;
    pub(crate) const BIND_RESPONSE: u8 = 0x61;
    pub(crate) const SEARCH_REQUEST: u8 = 0x63;
    pub(crate) const SEARCH_ENTRY: u8 = 0x64;
    pub(crate) const SEARCH_DONE: u8 = 0x65;
    pub(crate) const SEARCH_REFERENCE: u8 = 0x73;
    pub(crate) const MODIFY_REQUEST: u8 = 0x66;
    pub(crate) const MODIFY_RESPONSE: u8 = 0x67;
    pub(crate) const ADD_REQUEST: u8 = 0x68;
    pub(crate) const ADD_RESPONSE: u8 = 0x69;
    pub(crate) const DELETE_REQUEST: u8 = 0x4a;
    pub(crate) const DELETE_RESPONSE: u8 = 0x6b;
    pub(crate) const MODIFY_DN_REQUEST: u8 = 0x6c;
    pub(crate) const MODIFY_DN_RESPONSE: u8 = 0x6d;
    pub(crate) const EXTENDED_REQUEST: u8 = 0x77;
    pub(crate) const EXTENDED_RESPONSE: u8 = 0x78;
    pub(crate) const INTERMEDIATE_RESPONSE: u8 = 0x79;
}

/// The bits of a tag that hold its number.
pub(crate) const NUMBER: u8 = 0x1f;
const CONSTRUCTED: u8 = 0x20;
const CUT: &str = "an element that is cut off";
const TOO_LONG: &str = "a length of more than four octets";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_a_header_as_soon_as_it_is_there() {
        for (octets, expected) in [
            (&b""[..], Ok(None)),
            (&b"\x30"[..], Ok(None)),
            (&b"\x30\x82\x01"[..], Ok(None)),
            (&b"\x30\x05"[..], Ok(Some((2, 5)))),
            (&b"\x30\x84\xff\xff\xff\xff"[..], Ok(Some((6, 0xffff_ffff)))),
            (&b"\x30\x84\x00\x00\x00\x07"[..], Ok(Some((6, 7)))),
            (&b"\x30\x80"[..], Err(Malformed("an indefinite length"))),
            (&b"\x30\x85"[..], Err(Malformed(TOO_LONG))),
            (&b"\x30\xff"[..], Err(Malformed(TOO_LONG))),
            (&b"\x3f\x05"[..], Err(Malformed("a tag of several octets"))),
        ] {
            let read = header(octets).map(|h| h.map(|h| (h.octets, h.content)));
            assert_eq!(read, expected, "{octets:x?}");
        }
    }

    #[test]
    fn counts_what_is_nested_up_to_a_depth() {
        assert_eq!(count(b"\x30\x05\x02\x01\x01\x04\x00", 1), Ok(3));
        assert_eq!(count(b"\x30\x02\x30\x00", 2), Ok(2));
        assert!(count(b"\x30\x02\x30\x00", 1).is_err());
        assert!(count(b"\x30\x02\x04\x05", 5).is_err(), "cut off");
    }
}
