//! Octets looked through eight at a time: in a component each step of a loop asks whether its time is
//! over, too.

/// How many octets stand before the first of these signs; all, where there is none.
pub(crate) fn before<const N: usize>(text: &[u8], signs: [u8; N]) -> usize {
    let found = |word: &[u8; 8]| {
        let marks = signs.map(|sign| marks(*word, sign));
        let marks = marks.into_iter().fold(0, |all, one| all | one);
        (marks != 0).then_some(marks.trailing_zeros() as usize / 8)
    };
    for (at, word) in text.as_chunks().0.iter().enumerate() {
        if let Some(within) = found(word) {
            return at * 8 + within;
        }
    }
    match text.last_chunk() {
        // What is left of the last word is looked at with its predecessor's end, where no sign is.
        Some(last) => found(last).map_or(text.len(), |within| text.len() - 8 + within),
        None => text
            .iter()
            .position(|octet| signs.contains(octet))
            .unwrap_or(text.len()),
    }
}

/// The lowest bit that is set is the highest of the first octet that is the sign.
fn marks(word: [u8; 8], sign: u8) -> u64 {
    const ONES: u64 = u64::from_le_bytes([1; 8]);
    // The sign becomes zero, which is where taking one away borrows.
    let differ = u64::from_le_bytes(word) ^ (u64::from(sign) * ONES);
    differ.wrapping_sub(ONES) & !differ & (ONES << 7)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_sign_is_found_wherever_it_stands() {
        for length in 0..20 {
            let text = "Ã:<\x01\u{ff}z-*]".repeat(3);
            let text: String = text.chars().take(length).collect();
            assert_eq!(
                before(text.as_bytes(), [b';', b'\\']),
                text.len(),
                "{text:?}"
            );
            let places = text.char_indices().map(|(at, _)| at).chain([text.len()]);
            for at in places {
                let (start, end) = text.split_at(at);
                for signs in [";", "\\", ";;", "\\;", ";\\"] {
                    let text = format!("{start}{signs}{end}");
                    assert_eq!(before(text.as_bytes(), [b';', b'\\']), at, "{text:?}");
                }
            }
        }
    }
}
