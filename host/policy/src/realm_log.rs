//! What the policies of a realm write, for the people of that realm.
//!
//! Lines go to `tracing`, target `policy`, with the realm as a field, and into a ring that keeps the last
//! of them. How many a realm may write in a second is bounded: what is over is dropped, counted, and said
//! once a second.

use crate::{
    bucket::Bucket,
    log::{beginning, escape},
};
use bridge_model::time::Timestamp;
use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant, SystemTime},
};

/// How much a line matters; see `log.level` in `wit/policy.wit`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LineLevel {
    /// For the policy's author.
    Debug,
    /// For an operator who looks for something.
    Info,
    /// Something is odd, and was coped with.
    Warn,
    /// Something is wrong.
    Error,
}

/// One line of a realm's policy log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyLine {
    /// When it was written.
    pub at: Timestamp,
    /// How much it matters.
    pub level: LineLevel,
    /// The id of the policy that wrote it, or of which the host says something.
    pub policy: String,
    /// The policy's digest.
    pub digest: String,
    /// The line itself: control characters are escaped, and what is longer than 1,000 octets ends with an
    /// ellipsis.
    pub text: String,
}

/// The lines of one realm.
pub(crate) struct RealmLog(Mutex<State>);

struct State {
    lines: VecDeque<PolicyLine>,
    /// In thousandths of a line, so that it fills evenly.
    budget: Bucket,
    dropped: Tally,
    refused: Tally,
}

/// What is counted, and said once a second.
#[derive(Default)]
struct Tally {
    count: u64,
    said_at: Option<Instant>,
}

/// What becomes of a line that a policy wants to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// Whether it may be written.
    pub(crate) is_kept: bool,
    /// So many lines were dropped since that was said last; none: nothing is to be said now.
    pub(crate) dropped: Option<u64>,
}

impl RealmLog {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(State {
            lines: VecDeque::new(),
            budget: Bucket::new(LINES_PER_SECOND * LINE, Instant::now()),
            dropped: Tally::default(),
            refused: Tally::default(),
        }))
    }

    /// Counts a line that a policy wants to write.
    pub(crate) fn judge(&self, now: Instant) -> Verdict {
        let mut state = self.state();
        let is_kept = state.budget.left(now) >= LINE;
        if is_kept {
            state.budget.take(LINE);
        }
        let dropped = state.dropped.add(u64::from(!is_kept), now);
        Verdict { is_kept, dropped }
    }

    /// Counts a refused call; how many there were, where that is to be said now.
    pub(crate) fn refused(&self, now: Instant) -> Option<u64> {
        self.state().refused.add(1, now)
    }

    /// Keeps a line, in place of the oldest where there are too many.
    pub(crate) fn keep(&self, level: LineLevel, policy: &str, digest: &str, text: &str) {
        let line = PolicyLine {
            at: now(),
            level,
            policy: policy.to_owned(),
            digest: digest.to_owned(),
            text: shown(text),
        };
        let mut state = self.state();
        if state.lines.len() == LINES_KEPT {
            state.lines.pop_front();
        }
        state.lines.push_back(line);
    }

    /// The last lines, the oldest first.
    pub(crate) fn lines(&self) -> Vec<PolicyLine> {
        self.state().lines.iter().cloned().collect()
    }

    /// A line is there or not under this lock, so a panic of another thread does not matter.
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tally {
    /// Counts so many more; what has come together, where it is time to say it.
    fn add(&mut self, more: u64, now: Instant) -> Option<u64> {
        self.count = self.count.saturating_add(more);
        let is_time = self
            .said_at
            .is_none_or(|at| now.saturating_duration_since(at) >= SAID_EVERY);
        if self.count == 0 || !is_time {
            return None;
        }
        self.said_at = Some(now);
        Some(std::mem::take(&mut self.count))
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "nothing is decided by it: it is when a line was written, as in every log"
)]
fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    Timestamp(since.unwrap_or_default().as_secs())
}

fn shown(text: &str) -> String {
    let mut escaped = escape(beginning(text, TEXT_OCTETS_MAX));
    let kept = beginning(&escaped, TEXT_OCTETS_MAX).len();
    if kept < escaped.len() || text.len() > TEXT_OCTETS_MAX {
        escaped.truncate(kept);
        escaped.push('…');
    }
    escaped
}

/// What somebody can still read. One call may write more than half of it.
pub(crate) const LINES_PER_SECOND: i64 = 100;
/// A line, in units of the bucket.
const LINE: i64 = 1_000;
/// What a page of a console shows, and what happened before the last fault.
const LINES_KEPT: usize = 500;
/// With [`LINES_KEPT`], half a megabyte for a realm at the most.
const TEXT_OCTETS_MAX: usize = 1_000;
const SAID_EVERY: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_over_the_budget_are_dropped_and_said_once_a_second() {
        let log = RealmLog::new();
        let start = Instant::now() + Duration::from_secs(1);
        let at = |ms: u64| start + Duration::from_millis(ms);
        for line in 0..LINES_PER_SECOND {
            let verdict = log.judge(at(0));
            assert!(verdict.is_kept && verdict.dropped.is_none(), "{line}");
        }
        let verdict = |ms, is_kept, dropped| {
            assert_eq!(log.judge(at(ms)), Verdict { is_kept, dropped }, "{ms}");
        };
        verdict(1, false, Some(1));
        verdict(2, false, None);
        verdict(3, false, None);
        // A hundred lines a second: the next one after ten milliseconds.
        verdict(11, true, None);
        verdict(12, false, None);
        verdict(1_001, true, Some(3));
        verdict(2_500, true, None);
    }

    #[test]
    fn the_last_lines_are_kept() {
        let log = RealmLog::new();
        for number in 0..LINES_KEPT + 2 {
            log.keep(LineLevel::Info, "p", "d", &number.to_string());
        }
        let lines = log.lines();
        assert_eq!(lines.len(), LINES_KEPT);
        assert_eq!(lines[0].text, "2");
        assert_eq!(lines[LINES_KEPT - 1].text, "501");
        assert!(lines[0].at > Timestamp(1_700_000_000));
    }

    #[test]
    fn a_long_line_is_cut_and_no_line_moves_a_cursor() {
        for (text, expected) in [
            ("plain".to_owned(), "plain".to_owned()),
            ("a\nb".to_owned(), "a\\u{a}b".to_owned()),
            ("x".repeat(1_000), "x".repeat(1_000)),
            ("x".repeat(1_001), "x".repeat(1_000) + "…"),
            ("\n".repeat(999), "\\u{a}".repeat(200) + "…"),
        ] {
            assert_eq!(shown(&text), expected);
        }
    }

    #[test]
    fn refused_calls_are_said_once_a_second() {
        let log = RealmLog::new();
        let start = Instant::now();
        assert_eq!(log.refused(start), Some(1));
        assert_eq!(log.refused(start + Duration::from_millis(10)), None);
        assert_eq!(log.refused(start + Duration::from_millis(1_010)), Some(2));
    }
}
