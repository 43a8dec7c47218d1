//! Points in time as people write them.

use bridge_model::time::Timestamp;

const DAY_SECONDS: u64 = 86_400;

/// Reads a point in time: `2026-11-22T12:00:00Z` (RFC 3339, UTC), `2026-11-22`, or seconds since 1970.
pub fn timestamp(text: &str) -> Option<Timestamp> {
    if let Ok(seconds) = text.parse() {
        return Some(Timestamp(seconds));
    }
    let (date, time) = match text.split_once('T') {
        Some((date, time)) => (date, time.strip_suffix('Z')?),
        None => (text, "00:00:00"),
    };
    let [year, month, day] = numbers(date, '-')?;
    let [hour, minute, second] = numbers(time, ':')?;
    let is_date = (1970..=9999).contains(&year) && (1..=12).contains(&month);
    if !is_date || !(1..=days_of(year, month)).contains(&day) {
        return None;
    }
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let days = days_before(year, month) + day - 1;
    Some(Timestamp(
        days * DAY_SECONDS + hour * 3600 + minute * 60 + second,
    ))
}

/// Writes a point in time (RFC 3339, UTC); one beyond the year 9999 as seconds.
pub fn rfc3339(at: Timestamp) -> String {
    let (mut days, rest) = (at.0 / DAY_SECONDS, at.0 % DAY_SECONDS);
    if at.0 >= days_before(10_000, 1) * DAY_SECONDS {
        return at.0.to_string();
    }
    let mut year = 1970;
    while days >= days_before(year + 1, 1) - days_before(year, 1) {
        days -= days_before(year + 1, 1) - days_before(year, 1);
        year += 1;
    }
    let mut month = 1;
    while days >= days_of(year, month) {
        days -= days_of(year, month);
        month += 1;
    }
    let (hour, minute, second) = (rest / 3600, rest / 60 % 60, rest % 60);
    let day = days + 1;
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

fn numbers(text: &str, separator: char) -> Option<[u64; 3]> {
    let numbers: Option<Vec<u64>> = text.split(separator).map(|it| it.parse().ok()).collect();
    numbers?.try_into().ok()
}

fn is_leap(year: u64) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

fn days_of(year: u64, month: u64) -> u64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from 1970 to the first of a month. Years are from 1970 on.
fn days_before(year: u64, month: u64) -> u64 {
    let leaps = |year: u64| (year - 1) / 4 - (year - 1) / 100 + (year - 1) / 400;
    let years = (year - 1970) * 365 + leaps(year) - leaps(1970);
    years + (1..month).map(|month| days_of(year, month)).sum::<u64>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_they_are_written() {
        for (text, seconds) in [
            ("1970-01-01T00:00:00Z", 0),
            ("2000-02-29T23:59:59Z", 951_868_799),
            ("2026-11-22T12:00:00Z", 1_795_348_800),
            ("2100-03-01T00:00:00Z", 4_107_542_400),
            ("9999-12-31T23:59:59Z", 253_402_300_799),
        ] {
            assert_eq!(timestamp(text), Some(Timestamp(seconds)), "{text}");
            assert_eq!(rfc3339(Timestamp(seconds)), text);
        }
        assert_eq!(timestamp("2026-11-22"), timestamp("2026-11-22T00:00:00Z"));
        assert_eq!(timestamp("12345"), Some(Timestamp(12_345)));
        assert_eq!(rfc3339(Timestamp(253_402_300_800)), "253402300800");
    }

    #[test]
    fn what_is_no_time_is_none() {
        for text in [
            "",
            "now",
            "2026-13-01",
            "2026-02-29",
            "2026-00-10",
            "1969-12-31",
            "2026-11-22T24:00:00Z",
            "2026-11-22T12:00:00",
            "2026-11-22T12:00Z",
        ] {
            assert_eq!(timestamp(text), None, "{text}");
        }
    }
}
