//! The ways directories write points in time.

/// Seconds between 1601-01-01 and 1970-01-01, the epochs of FILETIME and Unix.
const FILETIME_EPOCH: i64 = 11_644_473_600;

const FILETIME_TICKS_PER_SECOND: i64 = 10_000_000;

/// A point in time, or none ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Filetime {
    /// It never comes: 0, or the largest number.
    Never,
    /// Seconds since 1970-01-01T00:00:00Z.
    At(i64),
}

/// A FILETIME: units of 100 ns since 1601-01-01T00:00:00Z, decimal. What is left of a second is
/// dropped. None where it is no such number.
pub fn filetime(text: &str) -> Option<Filetime> {
    match text.parse::<i64>().ok()? {
        0 | i64::MAX => Some(Filetime::Never),
        ticks if ticks > 0 => Some(Filetime::At(
            ticks / FILETIME_TICKS_PER_SECOND - FILETIME_EPOCH,
        )),
        _ => None,
    }
}

/// A GeneralizedTime (RFC 4517 section 3.3.13) as seconds since 1970-01-01T00:00:00Z, before it
/// negative. What is left of a second is dropped; a leap second is the second that follows it. None where it is
/// no such time.
pub fn generalized(text: &str) -> Option<i64> {
    let mut reader = Reader(text.as_bytes());
    let (year, month, day) = (reader.number(4)?, reader.number(2)?, reader.number(2)?);
    let hour = reader.number(2)?;
    // What was written last is what a fraction divides.
    let mut unit = 3600;
    let (mut minute, mut second) = (0, 0);
    if reader.is_digit() {
        minute = reader.number(2)?;
        unit = 60;
        if reader.is_digit() {
            second = reader.number(2)?;
            unit = 1;
        }
    }
    let fraction = reader.fraction(unit)?;
    let offset = reader.zone()?;
    let is_time = hour <= 23 && minute <= 59 && second <= 60 && reader.0.is_empty();
    let is_date = (1..=12).contains(&month) && (1..=days_in(year, month)).contains(&day);
    if !is_time || !is_date {
        return None;
    }
    let seconds = hour * 3600 + minute * 60 + second + fraction - offset;
    Some(days_since_1970(year, month, day) * 86_400 + seconds)
}

/// Seconds since 1970-01-01T00:00:00Z as a GeneralizedTime of whole seconds, in UTC. Years have four
/// digits there, so what is after 9999 is its last second.
pub fn to_generalized(seconds: u64) -> String {
    const LAST: u64 = 253_402_300_799;
    const DAYS_IN_400_YEARS: u64 = 146_097;
    let seconds = seconds.min(LAST);
    let (days, time) = (seconds / 86_400, seconds % 86_400);
    // From the first of March of the year 0: a leap day is then the last day of its year.
    let days = days + 719_468;
    let (era, day) = (days / DAYS_IN_400_YEARS, days % DAYS_IN_400_YEARS);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 {
        (month + 3, 0)
    } else {
        (month - 9, 1)
    };
    let year = era * 400 + year + next;
    let (hour, minute, second) = (time / 3600, time / 60 % 60, time % 60);
    format!("{year:04}{month:02}{day:02}{hour:02}{minute:02}{second:02}Z")
}

/// A time of the contract: before 1970 is 1970.
pub fn to_contract(seconds: i64) -> u64 {
    u64::try_from(seconds).unwrap_or(0)
}

struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn is_digit(&self) -> bool {
        self.0.first().is_some_and(u8::is_ascii_digit)
    }

    fn next(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn digit(&mut self) -> Option<i64> {
        self.next()
            .filter(u8::is_ascii_digit)
            .map(|digit| i64::from(digit - b'0'))
    }

    fn number(&mut self, digits: u32) -> Option<i64> {
        (0..digits).try_fold(0, |number, _| Some(number * 10 + self.digit()?))
    }

    /// Whole seconds of a fraction of `unit` seconds. Digits that cannot matter any more are passed
    /// over.
    fn fraction(&mut self, unit: i64) -> Option<i64> {
        if !matches!(self.0.first(), Some(b'.' | b',')) {
            return Some(0);
        }
        self.next();
        let (mut numerator, mut denominator) = (self.digit()?, 10);
        while self.is_digit() {
            let digit = self.digit()?;
            if denominator < 1_000_000_000 {
                numerator = numerator * 10 + digit;
                denominator *= 10;
            }
        }
        Some(unit * numerator / denominator)
    }

    /// Seconds ahead of UTC.
    fn zone(&mut self) -> Option<i64> {
        let sign = match self.next()? {
            b'Z' => return Some(0),
            b'+' => 1,
            b'-' => -1,
            _ => return None,
        };
        let hours = self.number(2)?;
        let minutes = if self.is_digit() { self.number(2)? } else { 0 };
        (hours <= 23 && minutes <= 59).then_some(sign * (hours * 3600 + minutes * 60))
    }
}

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn days_in(year: i64, month: i64) -> i64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days of the proleptic Gregorian calendar, counted in years that begin in March so that the day
/// that comes and goes is the last.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    const DAYS_FROM_0000_03_01_TO_1970: i64 = 719_468;
    let year = if month <= 2 { year - 1 } else { year };
    let month = (month + 9) % 12;
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    year * 365 + leap_days + (month * 153 + 2) / 5 + day - 1 - DAYS_FROM_0000_03_01_TO_1970
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_generalized_time() {
        for (text, expected) in [
            ("19700101000000Z", 0),
            ("20261121120000Z", 1_795_262_400),
            ("20261121120000.0Z", 1_795_262_400),
            ("20261121120000,999999999999999999999Z", 1_795_262_400),
            ("20261121140000+0200", 1_795_262_400),
            ("20261121140000+02", 1_795_262_400),
            ("20261121093000-0230", 1_795_262_400),
            ("2026112112Z", 1_795_262_400),
            ("202611211200Z", 1_795_262_400),
            ("2026112111.5Z", 1_795_260_600),
            ("202611211159.25Z", 1_795_262_355),
            ("20240229000000Z", 1_709_164_800),
            ("20161231235960Z", 1_483_228_800),
            ("19691231235959Z", -1),
            ("16010101000000.0Z", -11_644_473_600),
            ("000001010000Z", -62_167_219_200),
        ] {
            assert_eq!(generalized(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn refuses_what_is_no_generalized_time() {
        for text in [
            "",
            "Z",
            "20261121120000",
            "20261121120000z",
            "20261121120000Z ",
            "20261321120000Z",
            "20260229120000Z",
            "20261121240000Z",
            "20261121126000Z",
            "20261121120061Z",
            "20261121120000.Z",
            "20261121120000+2",
            "20261121120000+2400",
            "2026112112000Z",
            "261121120000Z",
            "2026112112000\u{0660}Z",
            "19001900190019001900Z",
        ] {
            assert_eq!(generalized(text), None, "{text}");
        }
    }

    #[test]
    fn reads_filetime() {
        for (text, expected) in [
            ("0", Some(Filetime::Never)),
            ("9223372036854775807", Some(Filetime::Never)),
            ("116444736000000000", Some(Filetime::At(0))),
            ("134397360009999999", Some(Filetime::At(1_795_262_400))),
            ("1", Some(Filetime::At(-11_644_473_600))),
            ("-1", None),
            ("", None),
            ("12a", None),
            ("9223372036854775808", None),
        ] {
            assert_eq!(filetime(text), expected, "{text}");
        }
    }

    #[test]
    fn writes_what_it_reads() {
        let day = 86_400;
        let all = (0..4_000_000 * day)
            .step_by(37 * 86_400 + 12_345)
            .take(4000);
        for seconds in all.chain([0, 951_782_399, 951_782_400, 951_868_800, 253_402_300_799]) {
            let text = to_generalized(seconds);
            assert_eq!(generalized(&text).map(to_contract), Some(seconds), "{text}");
        }
        assert_eq!(to_generalized(951_782_400), "20000229000000Z");
        assert_eq!(to_generalized(u64::MAX), "99991231235959Z");
    }

    #[test]
    fn before_1970_is_1970() {
        assert_eq!(to_contract(-1), 0);
        assert_eq!(to_contract(7), 7);
    }
}
