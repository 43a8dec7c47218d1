//! Octets as text (RFC 4648 section 4): the alphabet with `+` and `/`, padded.

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// The text of these octets, without line breaks.
pub fn encode(octets: &[u8]) -> String {
    let mut text = String::with_capacity(octets.len().div_ceil(3) * 4);
    for group in octets.chunks(3) {
        let at = |place: usize| u32::from(group.get(place).copied().unwrap_or(0));
        let bits = at(0) << 16 | at(1) << 8 | at(2);
        for place in 0..4 {
            // A group of one octet fills two characters, one of two octets three.
            text.push(if place > group.len() {
                '='
            } else {
                char::from(digit(bits >> (18 - 6 * place)))
            });
        }
    }
    text
}

/// The octets of a text. None where it is no whole text of this form: another alphabet, line breaks,
/// padding that is missing, or bits in the last character that stand for nothing (RFC 4648 section 3.5).
pub fn decode(text: &str) -> Option<Vec<u8>> {
    let text = text.as_bytes();
    if !text.len().is_multiple_of(4) {
        return None;
    }
    let padding = text.iter().rev().take_while(|c| **c == b'=').count();
    let (digits, _) = text.split_at(text.len() - padding.min(2));
    let mut octets = Vec::with_capacity(text.len() / 4 * 3);
    for group in digits.chunks(4) {
        let mut bits = 0;
        for place in 0..4 {
            let value = group.get(place).map_or(Some(0), |digit| value(*digit))?;
            bits = bits << 6 | value;
        }
        let [_, group_octets @ ..] = u32::to_be_bytes(bits);
        let (kept, lost) = group_octets.split_at(group.len() - 1);
        if lost.iter().any(|octet| *octet != 0) {
            return None;
        }
        octets.extend_from_slice(kept);
    }
    Some(octets)
}

fn digit(bits: u32) -> u8 {
    let at = usize::try_from(bits & 63).unwrap_or(0);
    ALPHABET.get(at).copied().unwrap_or(b'A')
}

fn value(digit: u8) -> Option<u32> {
    let value = match digit {
        b'A'..=b'Z' => digit - b'A',
        b'a'..=b'z' => digit - b'a' + 26,
        b'0'..=b'9' => digit - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    };
    Some(value.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vectors_of_rfc_4648_come_out() {
        for (octets, text) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(encode(octets.as_bytes()), text);
            assert_eq!(decode(text).as_deref(), Some(octets.as_bytes()), "{text}");
        }
    }

    #[test]
    fn every_octet_comes_back() {
        let octets: Vec<u8> = (0..=255).collect();
        for length in 0..octets.len() {
            let part = &octets[octets.len() - length..];
            assert_eq!(decode(&encode(part)).as_deref(), Some(part));
        }
    }

    #[test]
    fn other_text_is_refused() {
        for text in [
            "Z", "Zg", "Zg=", "Zh==", "Zm9=", "=", "====", "Zg==Zg==", "Zm9v\n", "Zm-_", "Z===",
            "Zm9vZ===", "Zg= ",
        ] {
            assert_eq!(decode(text), None, "{text}");
        }
    }
}
