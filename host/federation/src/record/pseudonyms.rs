//! Values that are somebody's become nobody's, in the same shape.

use aws_lc_rs::hmac;
use bridge_model::{dn::Dn, write::NamePart};

/// Pseudonyms under a key: the same text, in whatever letter case, always has the same one.
pub(crate) struct Pseudonyms {
    key: hmac::Key,
    /// Names whose ends stay.
    bases: Vec<Dn>,
    /// Domains of mail addresses that stay, in lower case.
    domains: Vec<String>,
}

/// Of longer octets that are no text so many stay: they say what kind of value it is.
const HEAD_OCTETS: usize = 8;
/// Octets that are no text and no longer are replaced as a whole.
const WHOLE_OCTETS: usize = 16;

impl Pseudonyms {
    /// Pseudonyms under this key. The ends of DNs that the operator wrote (`bases`) and the domains that
    /// the operator vouches for are not people's.
    pub(crate) fn new(key: &[u8; 32], bases: Vec<Dn>, domains: &[String]) -> Self {
        Self {
            key: hmac::Key::new(hmac::HMAC_SHA256, key),
            bases,
            domains: domains.to_vec(),
        }
    }

    /// The pseudonym of a value: of a DN a DN, of a text a text, of octets octets, each as long.
    pub(crate) fn of(&self, value: &[u8]) -> Vec<u8> {
        match std::str::from_utf8(value) {
            Ok(text) if !text.chars().any(|c| c.is_control() && !c.is_whitespace()) => {
                self.of_text_or_dn(text).into_bytes()
            }
            _ => self.of_octets(value),
        }
    }

    /// The pseudonym of a text that may be a DN.
    pub(crate) fn of_text_or_dn(&self, text: &str) -> String {
        if text.contains('=')
            && let Some(dn) = self.of_dn(text)
        {
            return dn;
        }
        self.of_text(text)
    }

    /// The same DN with other values, but for the end that it shares with a base.
    pub(crate) fn of_dn(&self, text: &str) -> Option<String> {
        let dn = Dn::parse(text).ok()?;
        let rdns = split(text, ',');
        if dn.is_root() || rdns.len() != dn.depth() {
            return None;
        }
        let is_kept = |from: usize| {
            let tail = rdns.get(from..).unwrap_or_default().join(",");
            tail.is_empty()
                || Dn::parse(&tail)
                    .is_ok_and(|tail| self.bases.iter().any(|base| base.is_within(&tail)))
        };
        let kept = (0..=rdns.len()).find(|&from| is_kept(from))?;
        let (front, tail) = rdns.split_at(kept);
        let mut name = Dn::parse(&tail.join(",")).ok()?;
        for rdn in front.iter().rev() {
            let parts: Option<Vec<_>> =
                split(rdn, '+').iter().map(|part| self.part(part)).collect();
            name = Dn::named(&parts?, &name).ok()?;
        }
        Some(name.to_string())
    }

    fn part(&self, part: &str) -> Option<NamePart> {
        let (attribute, value) = part.split_once('=')?;
        let value = unescaped(value.trim())?;
        Some(NamePart {
            attribute: attribute.trim().to_owned(),
            value: self.of(&value),
        })
    }

    /// The pseudonym of a text: letters become letters, digits digits, and what is neither stays.
    pub(crate) fn of_text(&self, text: &str) -> String {
        if let Some((local, domain)) = text.rsplit_once('@') {
            let domain = if self.domains.contains(&domain.to_lowercase()) {
                domain.to_owned()
            } else {
                self.of_text(domain)
            };
            return format!("{}@{domain}", self.of_text(local));
        }
        let folded = text.to_lowercase();
        let mut stream = Stream::new(&self.key, folded.as_bytes());
        let letter = |first: u8, octet: u8| char::from(first + octet % 26);
        text.chars()
            .map(|c| match c {
                '0'..='9' => char::from(b'0' + stream.next() % 10),
                c if c.is_uppercase() => letter(b'A', stream.next()),
                c if c.is_alphabetic() => letter(b'a', stream.next()),
                c => c,
            })
            .collect()
    }

    fn of_octets(&self, value: &[u8]) -> Vec<u8> {
        let kept = if value.len() > WHOLE_OCTETS {
            HEAD_OCTETS
        } else {
            0
        };
        let (head, rest) = value.split_at(kept);
        let mut stream = Stream::new(&self.key, value);
        let rest = rest.iter().map(|_| stream.next());
        head.iter().copied().chain(rest).collect()
    }
}

/// Octets that follow from a text and a key.
struct Stream<'a> {
    key: &'a hmac::Key,
    text: &'a [u8],
    block: Vec<u8>,
    blocks: u32,
}

impl<'a> Stream<'a> {
    fn new(key: &'a hmac::Key, text: &'a [u8]) -> Self {
        Self {
            key,
            text,
            block: Vec::new(),
            blocks: 0,
        }
    }

    fn next(&mut self) -> u8 {
        if let Some(octet) = self.block.pop() {
            return octet;
        }
        let mut context = hmac::Context::with_key(self.key);
        context.update(&self.blocks.to_be_bytes());
        context.update(self.text);
        self.blocks += 1;
        self.block = context.sign().as_ref().to_vec();
        self.block.pop().unwrap_or_default()
    }
}

/// The parts of a name between these, as far as they are not escaped (RFC 4514 section 2.4).
fn split(text: &str, separator: char) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut begin = 0;
    let mut is_escaped = false;
    for (at, c) in text.char_indices() {
        if is_escaped {
            is_escaped = false;
        } else if c == '\\' {
            is_escaped = true;
        } else if c == separator {
            parts.push(text.get(begin..at).unwrap_or_default());
            begin = at + c.len_utf8();
        }
    }
    parts.push(text.get(begin..).unwrap_or_default());
    parts
}

/// The octets of a value of a name; none where they cannot be read.
fn unescaped(value: &str) -> Option<Vec<u8>> {
    if value.starts_with('#') {
        return None;
    }
    let mut octets = Vec::with_capacity(value.len());
    let mut rest = value.bytes();
    while let Some(octet) = rest.next() {
        if octet != b'\\' {
            octets.push(octet);
            continue;
        }
        let digit = |octet: u8| char::from(octet).to_digit(16);
        let first = rest.next()?;
        match digit(first) {
            Some(high) => {
                let low = digit(rest.next()?)?;
                octets.push(u8::try_from(high << 4 | low).ok()?);
            }
            None => octets.push(first),
        }
    }
    Some(octets)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pseudonyms() -> Pseudonyms {
        let base = Dn::parse("ou=people,dc=example,dc=test").expect("a DN");
        Pseudonyms::new(&[7; 32], vec![base], &["corp.example".to_owned()])
    }

    #[test]
    fn a_pseudonym_has_the_shape_of_what_it_stands_for_and_is_always_the_same() {
        let pseudonyms = pseudonyms();
        let ada = pseudonyms.of_text("Ada Lovelace-7");
        let shape = |text: &str| -> String {
            let kind = |c: char| match c {
                c if c.is_uppercase() => 'A',
                c if c.is_lowercase() => 'a',
                c if c.is_ascii_digit() => '0',
                c => c,
            };
            text.chars().map(kind).collect()
        };
        assert_eq!(shape(&ada), "Aaa Aaaaaaaa-0");
        assert_ne!(ada, "Ada Lovelace-7");
        assert_eq!(ada.to_lowercase(), pseudonyms.of_text("ada lovelace-7"));
        let other = Pseudonyms::new(&[8; 32], Vec::new(), &[]);
        assert_ne!(ada, other.of_text("Ada Lovelace-7"));
        let mail = pseudonyms.of_text("ada@Corp.Example");
        assert!(mail.ends_with("@Corp.Example") && !mail.starts_with("ada"));
        assert!(!pseudonyms.of_text("ada@else.example").contains("else"));
    }

    #[test]
    fn a_name_keeps_what_the_operator_wrote_and_fits_the_values_beside_it() {
        let pseudonyms = pseudonyms();
        let uid = pseudonyms.of_text("ada");
        let dn = pseudonyms.of_dn("uid=ada,OU=People, dc=example,dc=test");
        assert_eq!(dn, Some(format!("uid={uid},OU=People, dc=example,dc=test")));
        // What is not below a base keeps the end that it shares with one.
        let group = pseudonyms.of_dn("cn=Wheel\\, all,ou=groups,dc=example,dc=test");
        let group = Dn::parse(&group.expect("a DN")).expect("a DN");
        assert!(group.has_value(&pseudonyms.of_text("Wheel, all")));
        assert!(group.is_within(&Dn::parse("dc=example,dc=test").expect("a DN")));
        assert!(!group.has_value("groups"));
        let stranger = pseudonyms.of_dn("cn=a,o=else").expect("a DN");
        assert!(!stranger.contains("else"), "{stranger}");
        assert_eq!(
            pseudonyms.of_dn("a=b"),
            Some(format!("a={}", pseudonyms.of_text("b")))
        );
        assert_eq!(pseudonyms.of_dn("no name"), None);
    }

    #[test]
    fn octets_are_as_long_and_long_ones_keep_their_head() {
        let pseudonyms = pseudonyms();
        let short = pseudonyms.of(&[0xff; 16]);
        assert_eq!(short.len(), 16);
        assert_ne!(short, [0xff; 16]);
        let long = pseudonyms.of(&[0xfe; 28]);
        assert_eq!((long.len(), long.get(..8)), (28, Some(&[0xfe; 8][..])));
        assert_ne!(long.get(8..), Some(&[0xfe; 20][..]));
    }
}
