//! Telephone numbers as E.164 has them, where that is certain.

/// A telephone number: in the form of E.164, with its extension as RFC 3966 has it, where the text leaves no
/// doubt; else as it stands. None where it is no number at all.
///
/// `country` is a calling code in digits, by which national numbers are understood.
pub(super) fn read(text: &str, country: Option<&str>) -> Option<String> {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    if digits < 3 {
        return None;
    }
    Some(certain(text, country).unwrap_or_else(|| text.to_owned()))
}

/// Whether a text is a calling code, with or without its plus sign.
pub(super) fn calling_code(text: &str) -> Option<&str> {
    let code = text.strip_prefix('+').unwrap_or(text);
    let is_code = (1..=3).contains(&code.len())
        && code.bytes().all(|c| c.is_ascii_digit())
        && !code.starts_with('0');
    is_code.then_some(code)
}

fn certain(text: &str, country: Option<&str>) -> Option<String> {
    let (number, extension) = without_extension(text);
    let is_written = |c: char| c.is_ascii_digit() || " +-./()\u{a0}".contains(c);
    if !number.chars().all(is_written) {
        return None;
    }
    let digits = match number.strip_prefix('+') {
        Some(international) => international_digits(international)?,
        None => national_digits(&only_digits(number)?, country?)?,
    };
    let fits = (7..=15).contains(&digits.len()) && !digits.starts_with('0');
    let extension = extension.map_or(String::new(), |extension| format!(";ext={extension}"));
    fits.then(|| format!("+{digits}{extension}"))
}

/// What stands before and after the word for an extension.
fn without_extension(text: &str) -> (&str, Option<&str>) {
    for marker in [";ext=", "extension", "ext.", "ext", "x"] {
        let at = text.to_ascii_lowercase().rfind(marker);
        let parts = at.and_then(|at| {
            let (number, rest) = text.split_at_checked(at)?;
            Some((number.trim(), rest.get(marker.len()..)?.trim()))
        });
        if let Some((number, extension)) = parts
            && (1..=8).contains(&extension.len())
            && extension.bytes().all(|c| c.is_ascii_digit())
        {
            return (number, Some(extension));
        }
    }
    (text, None)
}

fn only_digits(text: &str) -> Option<String> {
    (!text.contains('+')).then(|| text.chars().filter(char::is_ascii_digit).collect())
}

/// `(0)` behind the calling code is dialled within the country alone, but in Italy.
fn international_digits(text: &str) -> Option<String> {
    match text.split_once("(0)") {
        Some((code, rest)) if only_digits(code)? != ITALY => {
            Some(only_digits(code)? + &only_digits(rest)?)
        }
        _ => only_digits(text),
    }
}

/// A number as it is dialled within its country. A number that might lack its area is not certain.
fn national_digits(digits: &str, country: &str) -> Option<String> {
    let international = |rest: &str| Some(format!("{country}{rest}"));
    let trunk = |sign: &str| digits.strip_prefix(sign);
    match country {
        NORTH_AMERICA => {
            let rest = digits.strip_prefix('1').unwrap_or(digits);
            (rest.len() == 10).then(|| format!("1{rest}"))
        }
        RUSSIA => trunk("8")
            .filter(|rest| rest.len() == 10)
            .and_then(international),
        ITALY if digits.starts_with("00") => trunk("00").map(str::to_owned),
        ITALY => trunk("0").and_then(|_| international(digits)),
        _ => {
            if let Some((_, length)) = WITHOUT_TRUNK.iter().find(|(code, _)| *code == country) {
                return match trunk("00") {
                    Some(rest) => Some(rest.to_owned()),
                    None if digits.len() == *length => international(digits),
                    None => None,
                };
            }
            if !TRUNK_ZERO.contains(&country) {
                return None;
            }
            match trunk("00") {
                Some(rest) => Some(rest.to_owned()),
                None => trunk("0").and_then(international),
            }
        }
    }
}

const NORTH_AMERICA: &str = "1";
const RUSSIA: &str = "7";
const ITALY: &str = "39";

/// Countries in which all numbers are dialled in full and have this many digits.
const WITHOUT_TRUNK: &[(&str, usize)] = &[
    ("30", 10),
    ("34", 9),
    ("45", 8),
    ("47", 8),
    ("48", 9),
    ("351", 9),
    ("420", 9),
];

/// Countries in which a 0 before the area stands for the calling code.
const TRUNK_ZERO: &[&str] = &[
    "20", "27", "31", "32", "33", "40", "41", "43", "44", "46", "49", "61", "64", "90", "91",
    "212", "353", "355", "358", "359", "380", "381", "385", "386", "387", "389", "421", "972",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_begins_with_a_plus_sign_is_certain() {
        for (text, expected) in [
            ("+44 20 7946 0110", "+442079460110"),
            ("+1 (604) 555-1234 ext. 5678", "+16045551234;ext=5678"),
            ("+1-604-555-1234;ext=5678", "+16045551234;ext=5678"),
            ("+49 (0)30 555.0128", "+49305550128"),
            ("+39 (0)6 1234567", "+39061234567"),
            ("+49 30 555 ask", "+49 30 555 ask"),
            ("+49 30+555", "+49 30+555"),
            ("+12", "+12"),
            ("+0 123 456 789", "+0 123 456 789"),
            ("+1234567890123456", "+1234567890123456"),
        ] {
            let expected = (text != "+12").then_some(expected);
            assert_eq!(read(text, Some("49")).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn a_national_number_needs_its_country() {
        for (text, country, expected) in [
            ("030 5550128", None, "030 5550128"),
            ("030 5550128", Some("49"), "+49305550128"),
            ("0049 30 5550128", Some("43"), "+49305550128"),
            ("5550128", Some("49"), "5550128"),
            ("06 1234567", Some("39"), "+39061234567"),
            ("(202) 555-0143", Some("1"), "+12025550143"),
            ("1 202 555 0143", Some("1"), "+12025550143"),
            ("555-0143", Some("1"), "555-0143"),
            ("8 495 123 45 67", Some("7"), "+74951234567"),
            ("912 345 678", Some("34"), "+34912345678"),
            ("12345", Some("34"), "12345"),
            ("0123 4567", Some("999"), "0123 4567"),
        ] {
            assert_eq!(
                read(text, country).as_deref(),
                Some(expected),
                "{text} {country:?}"
            );
        }
        for text in ["", "n/a", "12"] {
            assert_eq!(read(text, Some("49")), None, "{text}");
        }
    }

    #[test]
    fn knows_calling_codes() {
        assert_eq!(calling_code("+49"), Some("49"));
        assert_eq!(calling_code("351"), Some("351"));
        for bad in ["", "+", "DE", "0", "+1234"] {
            assert_eq!(calling_code(bad), None, "{bad}");
        }
    }
}
