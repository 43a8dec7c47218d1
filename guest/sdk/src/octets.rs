//! Octets looked through several at a time, since a component's loops take an instruction for each step.

/// Whether an octet is in a text.
pub(crate) fn contains(text: &str, octet: u8) -> bool {
    let text = text.as_bytes();
    let sought = u64::from(octet) * ONES;
    let is_in = |word: &[u8; 8]| {
        // An octet that is the sought one becomes zero, which is where taking one away borrows.
        let differ = u64::from_le_bytes(*word) ^ sought;
        differ.wrapping_sub(ONES) & !differ & (ONES << 7) != 0
    };
    match text.last_chunk() {
        // What is left of the last word is looked at with its predecessor's end.
        Some(last) => is_in(last) || text.as_chunks().0.iter().any(is_in),
        None => text.contains(&octet),
    }
}

const ONES: u64 = u64::from_le_bytes([1; 8]);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_octet_is_found_wherever_it_stands() {
        for length in 0..20 {
            let text = "Ã:<\x01\u{ff}z".repeat(4);
            let text: String = text.chars().take(length).collect();
            assert!(!contains(&text, b';'), "{text:?}");
            for at in 0..=length {
                let at = text.char_indices().nth(at).map_or(text.len(), |(at, _)| at);
                let (before, after) = text.split_at(at);
                assert!(contains(&format!("{before};{after}"), b';'));
            }
        }
    }
}
