//! What ended a call, in the words of the model.

use crate::{
    allowance::Exceeded,
    clock::Overrun,
    contract::Breach,
    limits::Limits,
    log::{Log, beginning, escape},
    realm::Busy,
    witness::Frames,
};
use bridge_model::ports::PolicyFault;
use wasmtime::{PoolConcurrencyLimitError, Trap, WasmBacktrace};
use wasmtime_wasi::I32Exit;

/// Why a call gave no answer: the kind and a sentence.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) kind: PolicyFault,
    pub(crate) detail: String,
}

impl Fault {
    /// Reads what the engine says of a call of `function` for so many persons.
    pub(crate) fn of(
        error: &wasmtime::Error,
        function: &str,
        persons: usize,
        limits: &Limits,
    ) -> Self {
        let (kind, what) = if let Some(exceeded) = error.downcast_ref::<Exceeded>() {
            (PolicyFault::Memory, exceeded.to_string())
        } else if let Some(overrun) = error.downcast_ref::<Overrun>() {
            (PolicyFault::Deadline, overrun.to_string())
        } else if let Some(trap) = error.downcast_ref::<Trap>() {
            of_trap(*trap, limits)
        } else if let Some(I32Exit(status)) = error.downcast_ref::<I32Exit>() {
            (
                PolicyFault::Trap,
                format!("it ended itself with status {status}"),
            )
        } else if error.is::<PoolConcurrencyLimitError>() {
            let instances = limits.instances_max;
            (
                PolicyFault::Busy,
                format!("all {instances} instances are in use"),
            )
        } else {
            of_text(error, persons, limits)
        };
        Self {
            kind,
            detail: sentence(&format!("in {function}: {what}")),
        }
    }

    /// A component that does not come in.
    pub(crate) fn not_admitted(reason: &str) -> Self {
        Self {
            kind: PolicyFault::NotAdmitted,
            detail: sentence(reason),
        }
    }

    /// A call that the realm may not make now.
    pub(crate) fn busy(busy: &Busy) -> Self {
        Self {
            kind: PolicyFault::Busy,
            detail: busy.to_string(),
        }
    }

    /// A call of an interface that the policy does not export.
    pub(crate) fn not_offered(interface: &str) -> Self {
        Self {
            kind: PolicyFault::NotOffered,
            detail: format!("it does not export `{interface}`"),
        }
    }

    /// An answer that breaks the contract.
    pub(crate) fn of_breach(breach: &Breach, function: &str) -> Self {
        Self {
            kind: PolicyFault::Contract,
            detail: sentence(&format!("in {function}: {breach}")),
        }
    }

    /// Adds what the policy itself said last, which for a panic is where and why.
    pub(crate) fn with_last_words(mut self, log: &Log) -> Self {
        if let (PolicyFault::Trap, Some(words)) = (self.kind, log.last_error()) {
            self.detail.push_str("; its last words: ");
            self.detail.push_str(words);
        }
        self
    }
}

/// One line of bounded length from a text that may hold what a policy's author wrote.
pub(crate) fn sentence(text: &str) -> String {
    let line = text.lines().map(str::trim).collect::<Vec<_>>().join("; ");
    let mut sentence = escape(beginning(&line, SENTENCE_OCTETS_MAX));
    if line.len() > SENTENCE_OCTETS_MAX {
        sentence.push('…');
    }
    sentence
}

/// The frames of the policy where it ended, for its author; none where it did not run.
pub(crate) fn frames(error: &wasmtime::Error, function: &'static str) -> Option<Frames> {
    let backtrace = error.downcast_ref::<WasmBacktrace>()?;
    let innermost = backtrace.frames().first();
    let has_names = innermost.is_some_and(|frame| frame.func_name().is_some());
    let text = backtrace.to_string();
    // The heading, and what the engine remarks on itself, are no frames.
    let lines = text.lines().skip(1);
    let lines: Vec<_> = lines
        .filter(|line| !line.starts_with("note:"))
        .take(FRAME_LINES_MAX)
        .map(frame)
        .collect();
    (!lines.is_empty()).then_some(Frames {
        function,
        lines,
        has_names,
    })
}

/// A line of bounded length that does nothing to a terminal: functions are called what their author likes.
fn frame(line: &str) -> String {
    let mut frame = escape(beginning(line, FRAME_OCTETS_MAX));
    if line.len() > FRAME_OCTETS_MAX {
        frame.push('…');
    }
    frame
}

fn of_trap(trap: Trap, limits: &Limits) -> (PolicyFault, String) {
    match trap {
        Trap::StackOverflow => (
            PolicyFault::Memory,
            format!(
                "it wanted more than the {} octets of stack that it may have",
                limits.stack_octets_max
            ),
        ),
        Trap::AllocationTooLarge => (
            PolicyFault::Memory,
            "it wanted too much memory at once".into(),
        ),
        // A policy keeps its own stack at the low end of its memory: running over it is this trap.
        Trap::MemoryOutOfBounds => (
            PolicyFault::Trap,
            "it reached outside of its memory: its stack ran over, or a pointer went astray".into(),
        ),
        Trap::UnreachableCodeReached => (
            PolicyFault::Trap,
            "it gave up: it panicked, or reached what it takes for unreachable".into(),
        ),
        trap => {
            let text = trap.to_string();
            let words = text.strip_prefix(TRAP_HEAD).unwrap_or(&text);
            (PolicyFault::Trap, words.to_owned())
        }
    }
}

/// What is neither a trap nor one of our own errors is an answer that the engine could not read. Two
/// limits have no type of their own to know them by; the suite notices if their words change.
fn of_text(error: &wasmtime::Error, persons: usize, limits: &Limits) -> (PolicyFault, String) {
    let text = error.root_cause().to_string();
    if text.contains(OUTPUT_WORDS) {
        let octets = limits.output_octets(persons);
        (
            PolicyFault::Output,
            format!("its answer, or one line for the log, has more than {octets} octets"),
        )
    } else if text.contains(HANDLE_WORDS) || text.contains(COUNT_WORDS) {
        (PolicyFault::Memory, text)
    } else {
        (
            PolicyFault::Contract,
            format!("its answer cannot be read: {text}"),
        )
    }
}

/// What the engine begins with where it names a trap.
const TRAP_HEAD: &str = "wasm trap: ";
/// Of the engine's error for an exhausted budget of octets.
const OUTPUT_WORDS: &str = "fuel allocated for hostcalls has been exhausted";
/// Of the engine's error for too many handles.
const HANDLE_WORDS: &str = "handle limit exceeded";
/// Of the engine's error for too many instances, memories or tables.
const COUNT_WORDS: &str = "resource limit exceeded";
/// Longer ones are read by nobody; the innermost reason of an engine's error comes last.
const SENTENCE_OCTETS_MAX: usize = 1000;
/// The innermost frames say enough.
const FRAME_LINES_MAX: usize = 12;
/// Names of generic functions go on for ever.
const FRAME_OCTETS_MAX: usize = 160;

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_sentence_is_one_line_of_bounded_length() {
        for (text, expected) in [
            ("a: b", "a: b"),
            ("a\n  b\n", "a; b"),
            ("a\u{1b}b", "a\\u{1b}b"),
        ] {
            assert_eq!(sentence(text), expected);
        }
        let long = sentence(&"ä".repeat(2000));
        assert_eq!(long.chars().count(), 501);
    }

    #[test]
    fn a_frame_is_one_short_line_whatever_the_function_is_called() {
        assert_eq!(
            frame("    0: 0x12 - m!f\u{1b}[2J\u{202e}"),
            "    0: 0x12 - m!f\\u{1b}[2J\\u{202e}"
        );
        let long = frame(&"f".repeat(100_000));
        assert_eq!(long.chars().count(), FRAME_OCTETS_MAX + 1);
    }

    #[test]
    fn every_end_has_its_kind() {
        let limits = Limits::default();
        let check = |error: wasmtime::Error, kind, part: &str| {
            let fault = Fault::of(&error, "decide", 1, &limits);
            assert_eq!(fault.kind, kind, "{}", fault.detail);
            assert!(fault.detail.starts_with("in decide: "), "{}", fault.detail);
            assert!(fault.detail.contains(part), "{}", fault.detail);
        };
        check(
            Overrun::Processor(Duration::from_millis(21)).into(),
            PolicyFault::Deadline,
            "more than 21 ms of processor time",
        );
        check(
            Trap::StackOverflow.into(),
            PolicyFault::Memory,
            "262144 octets of stack",
        );
        check(
            Trap::UnreachableCodeReached.into(),
            PolicyFault::Trap,
            "unreachable",
        );
        check(
            Trap::IntegerDivisionByZero.into(),
            PolicyFault::Trap,
            "in decide: integer divide by zero",
        );
        check(
            Trap::MemoryOutOfBounds.into(),
            PolicyFault::Trap,
            "stack ran over",
        );
        check(
            Exceeded::Memory(7).into(),
            PolicyFault::Memory,
            "7 octets of memory",
        );
        let error = wasmtime::Error::msg("store handle limit exceeded");
        check(error, PolicyFault::Memory, "handle");
        let error = wasmtime::Error::msg("invalid utf-8 sequence");
        check(error, PolicyFault::Contract, "invalid utf-8");
    }
}
