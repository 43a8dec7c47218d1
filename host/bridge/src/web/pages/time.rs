//! Points in time as people read them. Where the reader lives is not known, so all of them are in UTC
//! and say so.

use bridge_model::time::Timestamp;

/// A date and time such as `22 November 2026, 06:33 UTC`.
pub(super) fn in_words(time: Timestamp) -> String {
    let (year, month, day) = date(time);
    let (hour, minute) = clock(time);
    let month = MONTHS.get(month - 1).copied().unwrap_or_default();
    format!("{day} {month} {year}, {hour:02}:{minute:02} UTC")
}

/// The same for machines, as HTML's element `time` takes it: `2026-11-22T06:33Z`.
pub(super) fn for_machines(time: Timestamp) -> String {
    let (year, month, day) = date(time);
    let (hour, minute) = clock(time);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}Z")
}

/// The same to the second, for logs: `2026-11-22T06:33:05Z`.
pub(crate) fn for_logs(time: Timestamp) -> String {
    let minute = for_machines(time);
    let minute = minute.trim_end_matches('Z');
    format!("{minute}:{:02}Z", time.0 % 60)
}

/// How long ago something was: `just now`, `5 minutes ago`.
pub(super) fn ago(then: Timestamp, now: Timestamp) -> String {
    let seconds = now.0.saturating_sub(then.0);
    let (count, unit) = match seconds {
        0..=59 => return "just now".to_owned(),
        60..=3599 => (seconds / 60, "minute"),
        3600..=86_399 => (seconds / 3600, "hour"),
        _ => (seconds / 86_400, "day"),
    };
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {unit}{plural} ago")
}

fn clock(time: Timestamp) -> (u64, u64) {
    let minutes = time.0 / 60 % (24 * 60);
    (minutes / 60, minutes % 60)
}

/// Year, month from 1, and day of the Gregorian calendar.
fn date(time: Timestamp) -> (u64, usize, u64) {
    let mut days = time.0 / 86_400;
    // Whole cycles of the calendar first, so that the loop below ends soon, whatever the time is.
    let mut year = 1970 + days / CYCLE_DAYS * 400;
    days %= CYCLE_DAYS;
    while days >= year_days(year) {
        days -= year_days(year);
        year += 1;
    }
    let mut month = 1;
    while days >= month_days(year, month) {
        days -= month_days(year, month);
        month += 1;
    }
    (year, month, days + 1)
}

fn is_leap(year: u64) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

fn year_days(year: u64) -> u64 {
    if is_leap(year) { 366 } else { 365 }
}

fn month_days(year: u64, month: usize) -> u64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// The days of 400 years, after which the calendar begins anew.
const CYCLE_DAYS: u64 = 146_097;
const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_the_one_of_the_calendar() {
        for (seconds, words, machine) in [
            (0, "1 January 1970, 00:00 UTC", "1970-01-01T00:00Z"),
            (
                951_868_799,
                "29 February 2000, 23:59 UTC",
                "2000-02-29T23:59Z",
            ),
            (951_868_800, "1 March 2000, 00:00 UTC", "2000-03-01T00:00Z"),
            (
                1_798_761_599,
                "31 December 2026, 23:59 UTC",
                "2026-12-31T23:59Z",
            ),
            (
                4_107_542_400,
                "1 March 2100, 00:00 UTC",
                "2100-03-01T00:00Z",
            ),
        ] {
            assert_eq!(in_words(Timestamp(seconds)), words);
            assert_eq!(for_machines(Timestamp(seconds)), machine);
        }
        assert!(!in_words(Timestamp(u64::MAX)).is_empty());
    }

    #[test]
    fn an_age_is_rounded_down() {
        let now = Timestamp(1_000_000);
        for (seconds, words) in [
            (0, "just now"),
            (59, "just now"),
            (60, "1 minute ago"),
            (3_599, "59 minutes ago"),
            (7_200, "2 hours ago"),
            (86_400, "1 day ago"),
            (900_000, "10 days ago"),
        ] {
            assert_eq!(ago(Timestamp(now.0 - seconds), now), words);
        }
        assert_eq!(ago(Timestamp(now.0 + 5), now), "just now");
    }
}
