//! As much of a certificate (RFC 5280 section 4.1) as names whom it is for. Nothing is verified here.

use crate::ber::{Element, Reader, SEQUENCE};
use std::fmt::Write as _;

const SET: u8 = 0x31;
const OID: u8 = 0x06;
const OCTETS: u8 = 0x04;
const INTEGER: u8 = 0x02;
const UTF8: u8 = 0x0c;
const NUMERIC: u8 = 0x12;
const PRINTABLE: u8 = 0x13;
const TELETEX: u8 = 0x14;
const IA5: u8 = 0x16;
const VISIBLE: u8 = 0x1a;
const UNIVERSAL: u8 = 0x1c;
const BMP: u8 = 0x1e;
/// A context tag with a whole element in it.
const EXPLICIT_0: u8 = 0xa0;
const EXPLICIT_3: u8 = 0xa3;
const OTHER_NAME: u8 = 0xa0;
const EMAIL: u8 = 0x81;
const HOST: u8 = 0x82;
const URI: u8 = 0x86;

/// 2.5.29.17, subjectAltName.
const ALTERNATIVE_NAMES: &[u8] = &[0x55, 0x1d, 0x11];
/// 1.3.6.1.4.1.311.20.2.3, a user principal name.
const PRINCIPAL: &[u8] = &[0x2b, 6, 1, 4, 1, 0x82, 0x37, 0x14, 2, 3];

/// The attribute types that have a name in a DN's text (RFC 4514 section 3), and the address of PKCS #9.
const TYPES: &[(&[u8], &str)] = &[
    (&[0x55, 4, 3], "CN"),
    (&[0x55, 4, 7], "L"),
    (&[0x55, 4, 8], "ST"),
    (&[0x55, 4, 10], "O"),
    (&[0x55, 4, 11], "OU"),
    (&[0x55, 4, 6], "C"),
    (&[0x55, 4, 9], "STREET"),
    (&[9, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 100, 1, 25], "DC"),
    (&[9, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 100, 1, 1], "UID"),
];

/// A certificate, its parts not yet read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Certificate<'a> {
    serial: &'a [u8],
    issuer: &'a [u8],
    subject: &'a [u8],
    /// The names of subjectAltName; empty where there are none.
    names: &'a [u8],
}

impl<'a> Certificate<'a> {
    /// None where these octets are no certificate.
    pub(crate) fn read(octets: &'a [u8]) -> Option<Self> {
        let certificate = whole(octets, SEQUENCE)?;
        let to_be_signed = of(Reader::new(certificate).next()?, SEQUENCE)?;
        let mut fields = Reader::new(to_be_signed);
        let mut first = fields.next()?;
        if first.tag == EXPLICIT_0 {
            first = fields.next()?;
        }
        let serial = of(first, INTEGER)?;
        let _algorithm = of(fields.next()?, SEQUENCE)?;
        let issuer = of(fields.next()?, SEQUENCE)?;
        let _validity = of(fields.next()?, SEQUENCE)?;
        let subject = of(fields.next()?, SEQUENCE)?;
        let _key = of(fields.next()?, SEQUENCE)?;
        let extensions = fields.by_ref().find(|field| field.tag == EXPLICIT_3);
        let names = match extensions {
            Some(extensions) => alternative_names(extensions.content)?,
            None => &[],
        };
        fields.is_spent().then_some(Self {
            serial,
            issuer,
            subject,
            names,
        })
    }

    /// The serial number in hexadecimal digits, without zeros in front.
    pub(crate) fn serial(&self) -> String {
        let mut text = String::new();
        for octet in self.serial {
            // Writing into a string does not fail.
            let _ = write!(text, "{octet:02x}");
        }
        match text.trim_start_matches('0') {
            "" => "0".to_owned(),
            digits => digits.to_owned(),
        }
    }

    /// The subject as a DN.
    pub(crate) fn subject(&self) -> Option<String> {
        name(self.subject)
    }

    /// The issuer as a DN.
    pub(crate) fn issuer(&self) -> Option<String> {
        name(self.issuer)
    }

    pub(crate) fn emails(&self) -> Option<Vec<String>> {
        self.names(EMAIL)
    }

    pub(crate) fn hosts(&self) -> Option<Vec<String>> {
        self.names(HOST)
    }

    pub(crate) fn uris(&self) -> Option<Vec<String>> {
        self.names(URI)
    }

    /// User principal names.
    pub(crate) fn principals(&self) -> Option<Vec<String>> {
        let mut found = Vec::new();
        for other in Reader::new(self.names).filter(|name| name.tag == OTHER_NAME) {
            let mut parts = Reader::new(other.content);
            if of(parts.next()?, OID)? == PRINCIPAL {
                let value = of(parts.next()?, EXPLICIT_0)?;
                found.push(text(Reader::new(value).next()?)?);
            }
        }
        Some(found)
    }

    fn names(&self, tag: u8) -> Option<Vec<String>> {
        Reader::new(self.names)
            .filter(|name| name.tag == tag)
            .map(|name| ascii(name.content))
            .collect()
    }
}

fn of(element: Element<'_>, tag: u8) -> Option<&[u8]> {
    (element.tag == tag).then_some(element.content)
}

/// The content of the only element.
fn whole(octets: &[u8], tag: u8) -> Option<&[u8]> {
    let mut reader = Reader::new(octets);
    let content = of(reader.next()?, tag)?;
    reader.is_spent().then_some(content)
}

fn alternative_names(extensions: &[u8]) -> Option<&[u8]> {
    for extension in Reader::new(whole(extensions, SEQUENCE)?) {
        let mut parts = Reader::new(of(extension, SEQUENCE)?);
        if of(parts.next()?, OID)? == ALTERNATIVE_NAMES {
            let value = parts.find(|part| part.tag == OCTETS)?;
            return whole(value.content, SEQUENCE);
        }
    }
    Some(&[])
}

/// A Name as RFC 4514 writes it: the last part first.
fn name(parts: &[u8]) -> Option<String> {
    let mut rdns = Vec::new();
    for set in Reader::new(parts) {
        let mut rdn = Vec::new();
        for pair in Reader::new(of(set, SET)?) {
            let mut pair = Reader::new(of(pair, SEQUENCE)?);
            let (kind, value) = (of(pair.next()?, OID)?, pair.next()?);
            let kind = match TYPES.iter().find(|(oid, _)| *oid == kind) {
                Some((_, name)) => (*name).to_owned(),
                None => dotted(kind)?,
            };
            rdn.push(format!("{kind}={}", escaped(&text(value)?)));
        }
        rdns.push(rdn.join("+"));
    }
    rdns.reverse();
    Some(rdns.join(","))
}

/// RFC 4514 section 2.4.
fn escaped(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    let last = value.chars().count().saturating_sub(1);
    for (at, c) in value.chars().enumerate() {
        let at_an_end = (at == 0 && (c == ' ' || c == '#')) || (at == last && c == ' ');
        if at_an_end || "\"+,;<>\\".contains(c) {
            text.push('\\');
        }
        if c == '\0' {
            text.push_str("\\00");
        } else {
            text.push(c);
        }
    }
    text
}

fn dotted(oid: &[u8]) -> Option<String> {
    let mut arcs: Vec<u64> = Vec::new();
    let mut arc = 0_u64;
    for octet in oid {
        arc = arc.checked_mul(128)? + u64::from(octet & 0x7f);
        if *octet < 0x80 {
            if arcs.is_empty() {
                let top = (arc / 40).min(2);
                arcs.extend([top, arc - top * 40]);
            } else {
                arcs.push(arc);
            }
            arc = 0;
        }
    }
    let arcs: Vec<_> = arcs.iter().map(u64::to_string).collect();
    (!arcs.is_empty()).then(|| arcs.join("."))
}

fn ascii(octets: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(octets).ok()?;
    text.is_ascii().then(|| text.to_owned())
}

fn text(element: Element<'_>) -> Option<String> {
    let octets = element.content;
    match element.tag {
        UTF8 => String::from_utf8(octets.to_vec()).ok(),
        PRINTABLE | IA5 | NUMERIC | VISIBLE => ascii(octets),
        // In practice Latin-1.
        TELETEX => Some(octets.iter().copied().map(char::from).collect()),
        BMP => {
            let units = octets.chunks(2).map(|pair| match pair {
                [high, low] => Some(u16::from_be_bytes([*high, *low])),
                _ => None,
            });
            String::from_utf16(&units.collect::<Option<Vec<_>>>()?).ok()
        }
        UNIVERSAL => octets
            .chunks(4)
            .map(|four| char::from_u32(u32::from_be_bytes(four.try_into().ok()?)))
            .collect(),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
