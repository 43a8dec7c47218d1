//! Faults as the port has them.

use bridge_model::ports::{DirectoryError, DirectoryFault, Facts};
use std::{error::Error, fmt::Write as _};

/// A fault of a server. No detail, a stranger's words in it included, holds what separates it from the
/// remedy.
pub(crate) fn fault(
    fault: DirectoryFault,
    server: &str,
    detail: impl Into<String>,
) -> DirectoryError {
    DirectoryError::new(fault, server, detail.into().replace("; ", ", "))
}

/// A fault of which more is known than words.
pub(crate) fn fault_with(
    kind: DirectoryFault,
    server: &str,
    detail: impl Into<String>,
    facts: Facts,
) -> DirectoryError {
    DirectoryError {
        facts,
        ..fault(kind, server, detail)
    }
}

/// A stranger's text as it may stand in a log: one line, not long.
pub(crate) fn excerpt(text: &str) -> String {
    text.chars()
        .take(EXCERPT_CHARACTERS_MAX)
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect::<String>()
        .trim()
        .to_owned()
}

/// A result code with the server's own words, where it has any.
pub(crate) fn answer(code: u32, diagnostic: &str) -> String {
    let diagnostic = excerpt(diagnostic);
    if diagnostic.is_empty() {
        format!("result code {code}")
    } else {
        format!("result code {code}: {diagnostic}")
    }
}

/// An error with what caused it, unless its text says that already.
pub(crate) fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let words = cause.to_string();
        if !text.contains(&words) {
            // Writing to a String does not fail.
            let _ = write!(text, ": {words}");
        }
        source = cause.source();
    }
    text
}

/// Diagnostic messages in the field are below this.
const EXCERPT_CHARACTERS_MAX: usize = 200;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_strangers_text_stays_on_one_short_line() {
        assert_eq!(answer(49, ""), "result code 49");
        assert_eq!(answer(49, "no\r\nmore\0"), "result code 49: no  more");
        assert_eq!(excerpt(&"ä".repeat(1000)).chars().count(), 200);
    }
}
