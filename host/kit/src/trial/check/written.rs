//! An entry as LDIF.

use crate::ldif::Record;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use std::fmt::Write as _;

/// An entry as LDIF (RFC 2849): in base64 what is no plain text.
pub(crate) fn ldif(record: &Record) -> String {
    let mut text = String::new();
    line(&mut text, "dn", record.dn.as_bytes());
    for value in &record.values {
        line(&mut text, &value.description, &value.value);
    }
    text
}

fn line(text: &mut String, name: &str, value: &[u8]) {
    let is_plain = value.iter().all(|octet| (0x20..0x7f).contains(octet))
        && !value.starts_with(b" ")
        && !value.ends_with(b" ")
        && !value.starts_with(b":")
        && !value.starts_with(b"<");
    // A string takes whatever is written.
    let _ = match str::from_utf8(value) {
        Ok(plain) if is_plain => writeln!(text, "{name}: {plain}"),
        _ => writeln!(text, "{name}:: {}", STANDARD.encode(value)),
    };
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ldif::read;

    #[test]
    fn what_is_written_is_read_as_it_was() {
        let text = "dn:: dWlkPcOkLG89eA==\ncn: Ada\nphoto:: //79\ncn:: IGE=\nseeAlso:\n";
        let records = read(text).expect("LDIF");
        let again = read(&ldif(&records[0])).expect("LDIF");
        assert_eq!(again[0].dn, records[0].dn);
        let values = |at: usize, of: &[Record]| of[0].values[at].value.clone();
        for at in 0..4 {
            assert_eq!(values(at, &again), values(at, &records));
        }
    }
}
