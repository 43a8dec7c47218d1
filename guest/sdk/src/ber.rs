//! A reader of BER as LDAP uses it (RFC 4511 section 5.1): definite lengths, tags of one octet.

/// The elements of an encoding, one after another. It ends at the end, and at the first octet that is
/// no BER; [`Reader::is_spent`] tells which.
#[derive(Clone, Debug)]
pub struct Reader<'a>(&'a [u8]);

/// One element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Element<'a> {
    /// Class, form and number in one octet, as in the encoding.
    pub tag: u8,
    /// What is in it.
    pub content: &'a [u8],
}

/// The tag of a SEQUENCE.
pub const SEQUENCE: u8 = 0x30;

impl<'a> Reader<'a> {
    /// Reads these octets.
    pub fn new(octets: &'a [u8]) -> Self {
        Self(octets)
    }

    /// Whether everything was read.
    pub fn is_spent(&self) -> bool {
        self.0.is_empty()
    }
}

impl<'a> Iterator for Reader<'a> {
    type Item = Element<'a>;

    fn next(&mut self) -> Option<Element<'a>> {
        /// Set in all the bits of a tag whose number goes on in the next octet.
        const LONG_TAG: u8 = 0x1f;

        let (tag, rest) = self.0.split_first()?;
        let (length, rest) = length(rest)?;
        if tag & LONG_TAG == LONG_TAG || length > rest.len() {
            return None;
        }
        let (content, rest) = rest.split_at(length);
        self.0 = rest;
        Some(Element { tag: *tag, content })
    }
}

impl Element<'_> {
    /// The content as an INTEGER or ENUMERATED; None where it is empty or does not fit.
    pub fn integer(self) -> Option<i64> {
        let first = *self.content.first()?;
        if self.content.len() > 8 {
            return None;
        }
        let start = if first & 0x80 == 0 { 0 } else { -1 };
        Some(
            self.content
                .iter()
                .fold(start, |number, octet| number << 8 | i64::from(*octet)),
        )
    }
}

fn length(octets: &[u8]) -> Option<(usize, &[u8])> {
    let (first, rest) = octets.split_first()?;
    if *first < 0x80 {
        return Some((usize::from(*first), rest));
    }
    // 0x80 alone is the indefinite form; nothing of a gigabyte was ever meant.
    let count = usize::from(*first & 0x7f);
    if !(1..=4).contains(&count) || count > rest.len() {
        return None;
    }
    let (length, rest) = rest.split_at(count);
    let length = length
        .iter()
        .fold(0_u32, |length, octet| length << 8 | u32::from(*octet));
    Some((usize::try_from(length).ok()?, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(octets: &[u8]) -> (Vec<(u8, Vec<u8>)>, bool) {
        let mut reader = Reader::new(octets);
        let found = reader
            .by_ref()
            .map(|element| (element.tag, element.content.to_vec()))
            .collect();
        (found, reader.is_spent())
    }

    #[test]
    fn reads_elements_to_the_end() {
        assert_eq!(all(&[]), (vec![], true));
        assert_eq!(
            all(&[0x80, 1, 5, 0x30, 0x81, 2, 7, 8, 4, 0]),
            (vec![(0x80, vec![5]), (0x30, vec![7, 8]), (4, vec![])], true)
        );
    }

    #[test]
    fn stops_at_what_is_no_ber() {
        for octets in [
            &[0x30][..],
            &[0x30, 2, 1],
            &[0x30, 0x80, 0, 0],
            &[0x30, 0x84, 0xff, 0xff, 0xff, 0xff, 0],
            &[0x30, 0x85, 0, 0, 0, 0, 1, 0],
            &[0x30, 0x82, 1],
            &[0x1f, 1, 0],
        ] {
            assert_eq!(all(octets), (vec![], false), "{octets:?}");
        }
    }

    #[test]
    fn reads_integers() {
        for (content, expected) in [
            (&[0][..], Some(0)),
            (&[0x7f], Some(127)),
            (&[0x80], Some(-128)),
            (&[0, 0x80], Some(128)),
            (&[0x7f, 255, 255, 255, 255, 255, 255, 255], Some(i64::MAX)),
            (&[], None),
            (&[0; 9], None),
        ] {
            assert_eq!(
                Element { tag: 2, content }.integer(),
                expected,
                "{content:?}"
            );
        }
    }
}
