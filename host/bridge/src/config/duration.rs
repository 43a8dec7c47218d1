//! Spans of time with their unit.

use std::time::Duration;

/// Reads a span such as `500ms`, `30s`, `15m`, `10h` or `7d`: one number, one unit, no space.
pub(super) fn parse(text: &str) -> Option<Duration> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at_checked(digits)?;
    let number: u64 = number.parse().ok()?;
    let seconds = |each: u64| number.checked_mul(each).map(Duration::from_secs);
    match unit {
        "ms" => Some(Duration::from_millis(number)),
        "s" => seconds(1),
        "m" => seconds(60),
        "h" => seconds(3_600),
        "d" => seconds(86_400),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_a_number_with_its_unit() {
        for (text, expected) in [
            ("500ms", Some(Duration::from_millis(500))),
            ("15m", Some(Duration::from_mins(15))),
            ("7d", Some(Duration::from_hours(168))),
            ("15", None),
            ("m", None),
            ("1 m", None),
            ("-1s", None),
            ("99999999999999999999s", None),
            ("9999999999999999999d", None),
        ] {
            assert_eq!(parse(text), expected, "{text}");
        }
    }
}
