//! Text as JSON (RFC 8259 section 7).

use std::fmt::Write as _;

/// A string with its quotes.
pub fn string(text: &str) -> String {
    let mut json = String::with_capacity(text.len() + 2);
    json.push('"');
    for c in text.chars() {
        match c {
            '"' => json.push_str("\\\""),
            '\\' => json.push_str("\\\\"),
            '\n' => json.push_str("\\n"),
            c if c.is_control() => {
                // Writing into a string does not fail.
                let _ = write!(json, "\\u{:04x}", u32::from(c));
            }
            c => json.push(c),
        }
    }
    json.push('"');
    json
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_end_a_string_is_escaped() {
        assert_eq!(
            string("a\"b\\c\nd\te\u{1}ü"),
            "\"a\\\"b\\\\c\\nd\\u0009e\\u0001ü\""
        );
    }
}
