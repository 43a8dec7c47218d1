//! Spans of time with their unit.

use std::time::Duration;

/// Units from the largest to the smallest, with their milliseconds.
const UNITS: [(&str, u64); 5] = [
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1_000),
    ("ms", 1),
];

/// Reads a span such as `500ms`, `30s`, `15m`, `10h` or `7d`: one number, one unit, no space.
pub(crate) fn parse(text: &str) -> Option<Duration> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at_checked(digits)?;
    let number: u64 = number.parse().ok()?;
    let (_, each) = UNITS.into_iter().find(|(name, _)| *name == unit)?;
    number.checked_mul(each).map(Duration::from_millis)
}

/// Writes a span in the largest unit that it is a multiple of; what is below a millisecond is cut.
pub(crate) fn write(span: Duration) -> String {
    let whole = u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
    let fits = |each: &u64| whole.is_multiple_of(*each);
    match UNITS.iter().find(|(_, each)| fits(each)) {
        Some((unit, each)) if whole > 0 => format!("{}{unit}", whole / each),
        _ => "0s".to_owned(),
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

    #[test]
    fn what_is_written_reads_the_same() {
        for text in ["0s", "1ms", "1500ms", "5s", "90s", "15m", "36h", "7d"] {
            let span = parse(text).expect("a span");
            assert_eq!(write(span), text);
        }
    }
}
