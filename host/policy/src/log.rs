//! What a policy writes to the log.

use crate::{
    bindings::ldap_oidc::policy::{log, types},
    call::CallState,
    fault::Fault,
    limits::Limits,
    realm::{Busy, Realm},
    realm_log::{LINES_PER_SECOND, LineLevel},
    witness::Frames,
};
use std::{
    fmt::Write,
    sync::{Arc, OnceLock},
    time::{Duration, Instant},
};

/// Whose lines they are.
#[derive(Debug)]
pub(crate) struct Author {
    /// The policy's id, once it has said it.
    policy: OnceLock<String>,
    pub(crate) digest: String,
}

impl Author {
    /// The author of a component that has not said yet what it is.
    pub(crate) fn nameless(digest: String) -> Self {
        Self {
            policy: OnceLock::new(),
            digest,
        }
    }

    /// Names it, once.
    pub(crate) fn name(&self, policy: &str) {
        self.policy.get_or_init(|| policy.to_owned());
    }

    fn policy(&self) -> &str {
        self.policy.get().map_or("", String::as_str)
    }
}

/// The log of one call, with its budget. Lines go to `tracing`, target `policy`, and to the realm.
pub(crate) struct Log {
    author: Arc<Author>,
    /// None while it is loaded.
    realm: Option<Arc<Realm>>,
    lines_left: u32,
    octets_left: usize,
    lines_dropped: u64,
    last_error: Option<String>,
}

impl Log {
    pub(crate) fn new(author: Arc<Author>, realm: Option<Arc<Realm>>, limits: &Limits) -> Self {
        Self {
            author,
            realm,
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

    /// Ends it: says how many lines were dropped, if any were, and what became of the call.
    pub(crate) fn close(&self, outcome: &Outcome<'_>) {
        let Author { digest, .. } = &*self.author;
        let (realm, policy) = (self.realm_name(), self.author.policy());
        let lines_dropped = self.lines_dropped;
        if lines_dropped > 0 {
            tracing::warn!(
                target: "policy",
                realm,
                policy,
                digest,
                lines_dropped,
                "lines over the log's limits were dropped"
            );
            self.keep(
                LineLevel::Warn,
                &format!("lines of a call dropped: {lines_dropped}; it may write less"),
            );
        }
        if let Some(fault) = outcome.fault {
            self.say(LineLevel::Error, &fault.detail);
        }
        tracing::trace!(
            target: "policy",
            realm,
            policy,
            digest,
            function = outcome.function,
            persons = outcome.persons,
            processor_us = u64::try_from(outcome.used.as_micros()).unwrap_or(u64::MAX),
            fault = outcome.fault.map(|fault| tracing::field::display(fault.kind)),
            "call"
        );
    }

    /// Says that the realm's call was refused, once in a second.
    pub(crate) fn refused(&self, busy: &Busy) {
        let Some(realm) = &self.realm else { return };
        if let Some(calls) = realm.log().refused(Instant::now()) {
            let text = format!("calls refused: {calls}; {busy}");
            self.emit(LineLevel::Warn, &text);
            self.keep(LineLevel::Warn, &text);
        }
    }

    /// Says where the policy was when it ended, for its author.
    pub(crate) fn frames(&self, frames: &Frames) {
        tracing::debug!(
            target: "policy",
            realm = self.realm_name(),
            policy = self.author.policy(),
            digest = self.author.digest,
            function = frames.function,
            "error while executing:\n{}",
            frames.lines.join("\n")
        );
    }

    /// Writes a line of the policy's, within what the call may write.
    pub(crate) fn write(&mut self, level: impl Into<LineLevel>, message: &str) {
        let level = level.into();
        if level == LineLevel::Error {
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
        self.say(level, message);
    }

    /// Writes a line, where the realm may still write one.
    fn say(&self, level: LineLevel, text: &str) {
        let verdict = self
            .realm
            .as_ref()
            .map(|realm| realm.log().judge(Instant::now()));
        if verdict.is_none_or(|verdict| verdict.is_kept) {
            self.emit(level, text);
            self.keep(level, text);
        }
        if let Some(lines) = verdict.and_then(|verdict| verdict.dropped) {
            let text = format!(
                "lines dropped: {lines}; a realm's policies may write {LINES_PER_SECOND} in a second"
            );
            self.emit(LineLevel::Warn, &text);
            self.keep(LineLevel::Warn, &text);
        }
    }

    fn keep(&self, level: LineLevel, text: &str) {
        if let Some(realm) = &self.realm {
            let Author { digest, .. } = &*self.author;
            realm.log().keep(level, self.author.policy(), digest, text);
        }
    }

    fn emit(&self, level: LineLevel, text: &str) {
        let Author { digest, .. } = &*self.author;
        let (realm, policy) = (self.realm_name(), self.author.policy());
        // A level is part of a call site, so each has its own. What nobody listens to is not made.
        macro_rules! event {
            ($level:ident) => {
                if tracing::enabled!(target: "policy", tracing::Level::$level) {
                    tracing::event!(
                        target: "policy",
                        tracing::Level::$level,
                        realm,
                        policy,
                        digest,
                        "{}",
                        escape(text)
                    );
                }
            };
        }
        match level {
            LineLevel::Debug => event!(DEBUG),
            LineLevel::Info => event!(INFO),
            LineLevel::Warn => event!(WARN),
            LineLevel::Error => event!(ERROR),
        }
    }

    fn realm_name(&self) -> Option<&str> {
        self.realm.as_ref().map(|realm| realm.name())
    }
}

impl From<log::Level> for LineLevel {
    fn from(level: log::Level) -> Self {
        match level {
            log::Level::Debug => Self::Debug,
            log::Level::Info => Self::Info,
            log::Level::Warn => Self::Warn,
            log::Level::Error => Self::Error,
        }
    }
}

/// What became of a call.
pub(crate) struct Outcome<'a> {
    /// What was called.
    pub(crate) function: &'static str,
    /// About how many persons.
    pub(crate) persons: usize,
    /// How much processor time it used.
    pub(crate) used: Duration,
    /// Why there is no answer, where there is none.
    pub(crate) fault: Option<&'a Fault>,
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
        let author = Arc::new(Author::nameless("d".into()));
        let limits = Limits {
            log_lines_max: 2,
            log_octets_max: 10,
            ..Limits::default()
        };
        let mut log = Log::new(author, None, &limits);
        log.write(LineLevel::Info, "12345678901");
        assert_eq!(
            (log.lines_left, log.octets_left, log.lines_dropped),
            (2, 10, 1)
        );
        log.write(LineLevel::Info, "1234");
        log.write(LineLevel::Error, "1234");
        log.write(LineLevel::Info, "1");
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
