//! What a policy writes into `plan.memo` for its later calls.
//!
//! A compact form of this SDK's own: numbers as LEB128, texts as their length and UTF-8. Only the
//! very version of a policy that wrote a memo reads it, so the form needs no version; it is still
//! read as a stranger's, with every length checked.

use crate::mapper::MapperSet;

/// The most octets that the contract allows.
pub const OCTETS_MAX: usize = 64 * 1024;

/// What a standard policy wants to know of its federation.
#[derive(Debug)]
pub struct Memo<'a> {
    /// The attribute with the user name.
    pub username_attribute: &'a str,
    /// The mappers in force.
    pub mappers: MapperSet<'a>,
}

impl<'a> Memo<'a> {
    /// The memo as octets.
    pub fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::default();
        writer.text(self.username_attribute);
        self.mappers.encode(&mut writer);
        writer.0
    }

    /// Reads a memo, borrowing its texts. None where [`Self::encode`] did not make it.
    pub fn decode(octets: &'a [u8]) -> Option<Self> {
        let mut reader = Reader(octets);
        let memo = Self {
            username_attribute: reader.text()?,
            mappers: MapperSet::decode(&mut reader)?,
        };
        reader.0.is_empty().then_some(memo)
    }
}

/// Writes a memo.
#[derive(Debug, Default)]
pub(crate) struct Writer(Vec<u8>);

impl Writer {
    pub(crate) fn octet(&mut self, octet: u8) {
        self.0.push(octet);
    }

    pub(crate) fn number(&mut self, mut number: usize) {
        while number > 0x7f {
            self.0.push(low_bits(number) | 0x80);
            number >>= 7;
        }
        self.0.push(low_bits(number));
    }

    pub(crate) fn text(&mut self, text: &str) {
        self.octets(text.as_bytes());
    }

    pub(crate) fn octets(&mut self, octets: &[u8]) {
        self.number(octets.len());
        self.0.extend_from_slice(octets);
    }

    pub(crate) fn finish(self) -> Vec<u8> {
        self.0
    }

    /// A text that may be missing, which an empty one is too.
    pub(crate) fn option(&mut self, text: Option<&str>) {
        self.text(text.unwrap_or_default());
    }
}

/// Reads a memo.
#[derive(Debug)]
pub(crate) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) fn new(octets: &'a [u8]) -> Self {
        Self(octets)
    }

    /// What was not read yet.
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.0
    }

    pub(crate) fn octet(&mut self) -> Option<u8> {
        let (octet, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*octet)
    }

    pub(crate) fn number(&mut self) -> Option<usize> {
        let mut number = 0_usize;
        // Three octets of seven bits say more than a memo can hold.
        for shift in [0, 7, 14] {
            let octet = self.octet()?;
            number |= usize::from(octet & 0x7f) << shift;
            if octet < 0x80 {
                return Some(number);
            }
        }
        None
    }

    pub(crate) fn octets(&mut self) -> Option<&'a [u8]> {
        let length = self.number()?;
        if length > self.0.len() {
            return None;
        }
        let (octets, rest) = self.0.split_at(length);
        self.0 = rest;
        Some(octets)
    }

    pub(crate) fn text(&mut self) -> Option<&'a str> {
        std::str::from_utf8(self.octets()?).ok()
    }
}

/// What [`Writer::option`] wrote.
pub(crate) fn option(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

fn low_bits(number: usize) -> u8 {
    u8::try_from(number & 0x7f).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let mut writer = Writer::default();
        let long = "x".repeat(20_000);
        writer.number(0);
        writer.number(127);
        writer.number(128);
        writer.number(OCTETS_MAX);
        writer.text(&long);
        writer.option(None);
        writer.option(Some("ü"));
        writer.octet(255);
        let mut reader = Reader(&writer.0);
        assert_eq!(reader.number(), Some(0));
        assert_eq!(reader.number(), Some(127));
        assert_eq!(reader.number(), Some(128));
        assert_eq!(reader.number(), Some(OCTETS_MAX));
        assert_eq!(reader.text(), Some(long.as_str()));
        assert_eq!(reader.text().map(option), Some(None));
        assert_eq!(reader.text().map(option), Some(Some("ü")));
        assert_eq!(reader.octet(), Some(255));
        assert_eq!(reader.octet(), None);
    }

    #[test]
    fn what_nobody_wrote_is_refused() {
        for octets in [&[][..], &[5, b'a'], &[0x80, 0x80, 0x80, 1], &[1, 0xff]] {
            assert_eq!(Reader(octets).text(), None, "{octets:?}");
            assert!(Memo::decode(octets).is_none(), "{octets:?}");
        }
    }
}
