//! What a policy writes to the log.

use crate::{
    bindings::ldap_oidc::policy::{log, types},
    call::CallState,
    limits::Limits,
};
use std::{fmt::Write, sync::Arc};

/// Whose lines they are.
#[derive(Debug)]
pub(crate) struct Author {
    /// The policy's id; empty while it has not said it yet.
    pub(crate) policy: String,
    /// The component's digest.
    pub(crate) digest: String,
}

/// The log of one call, with its budget. Lines go to `tracing`, target `policy`.
pub(crate) struct Log {
    author: Arc<Author>,
    lines_left: u32,
    octets_left: usize,
    lines_dropped: u64,
    last_error: Option<String>,
}

impl Log {
    pub(crate) fn new(author: Arc<Author>, limits: &Limits) -> Self {
        Self {
            author,
            lines_left: limits.log_lines_max,
            octets_left: limits.log_octets_max,
            lines_dropped: 0,
            last_error: None,
        }
    }

    /// The beginning of the last line of level `error`: where a panic says what happened.
    pub(crate) fn last_error(&self) -> Option<&str> {
        self.last_error.as_deref()
    }

    /// Says how many lines were dropped, if any were.
    pub(crate) fn close(&self) {
        if self.lines_dropped > 0 {
            tracing::warn!(
                target: "policy",
                policy = self.author.policy,
                digest = self.author.digest,
                lines_dropped = self.lines_dropped,
                "lines over the log's limits were dropped"
            );
        }
    }

    fn write(&mut self, level: log::Level, message: &str) {
        if level == log::Level::Error {
            self.last_error = Some(escape(beginning(message, LAST_ERROR_OCTETS_MAX)));
        }
        let (Some(lines), Some(octets)) = (
            self.lines_left.checked_sub(1),
            self.octets_left.checked_sub(message.len()),
        ) else {
            self.lines_dropped = self.lines_dropped.saturating_add(1);
            return;
        };
        (self.lines_left, self.octets_left) = (lines, octets);
        let Author { policy, digest } = &*self.author;
        // A level is part of a call site, so each has its own. What nobody listens to is not made.
        macro_rules! event {
            ($level:ident) => {
                if tracing::enabled!(target: "policy", tracing::Level::$level) {
                    tracing::event!(
                        target: "policy",
                        tracing::Level::$level,
                        policy,
                        digest,
                        "{}",
                        escape(message)
                    );
                }
            };
        }
        match level {
            log::Level::Debug => event!(DEBUG),
            log::Level::Info => event!(INFO),
            log::Level::Warn => event!(WARN),
            log::Level::Error => event!(ERROR),
        }
    }
}

impl log::Host for CallState {
    fn write(&mut self, level: log::Level, message: String) {
        self.log.write(level, &message);
    }
}

// The interface has types and no functions.
impl types::Host for CallState {}

/// Makes characters visible that would move the cursor, break the line, or turn the direction in
/// which a line reads: a policy's text may be looked at in a terminal.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() || TURNS.contains(&character) {
            // Writing to a string cannot fail.
            let _ = write!(escaped, "{}", character.escape_unicode());
        } else {
            escaped.push(character);
        }
    }
    escaped
}

/// The text up to this many octets, on a character's border.
pub(crate) fn beginning(text: &str, octets_max: usize) -> &str {
    let mut end = octets_max.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// Line and paragraph separators, and the controls of the Unicode bidirectional algorithm (UAX 9
/// section 2).
const TURNS: [char; 13] = [
    '\u{2028}', '\u{2029}', '\u{061c}', '\u{200e}', '\u{200f}', '\u{202a}', '\u{202b}', '\u{202c}',
    '\u{202d}', '\u{202e}', '\u{2066}', '\u{2067}', '\u{2069}',
];
/// Enough for a file, a line and a sentence.
const LAST_ERROR_OCTETS_MAX: usize = 300;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_escaped() {
        for (text, expected) in [
            ("plain, and ümlaut", "plain, and ümlaut"),
            ("two\nlines\r", "two\\u{a}lines\\u{d}"),
            ("\u{1b}[31mred", "\\u{1b}[31mred"),
            ("a\u{202e}b", "a\\u{202e}b"),
        ] {
            assert_eq!(escape(text), expected);
        }
    }

    #[test]
    fn lines_over_the_budget_are_counted() {
        let author = Arc::new(Author {
            policy: "p".into(),
            digest: "d".into(),
        });
        let limits = Limits {
            log_lines_max: 2,
            log_octets_max: 10,
            ..Limits::default()
        };
        let mut log = Log::new(Arc::clone(&author), &limits);
        log.write(log::Level::Info, "12345678901");
        assert_eq!(
            (log.lines_left, log.octets_left, log.lines_dropped),
            (2, 10, 1)
        );
        log.write(log::Level::Info, "1234");
        log.write(log::Level::Error, "1234");
        log.write(log::Level::Info, "1");
        assert_eq!(
            (log.lines_left, log.octets_left, log.lines_dropped),
            (0, 2, 2)
        );
        assert_eq!(log.last_error(), Some("1234"));
    }

    #[test]
    fn a_beginning_ends_on_a_border() {
        for (text, octets, expected) in
            [("äö", 3, "ä"), ("äö", 4, "äö"), ("a", 9, "a"), ("ä", 1, "")]
        {
            assert_eq!(beginning(text, octets), expected);
        }
    }
}
