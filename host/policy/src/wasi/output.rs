//! Standard output and standard error: lines of the policy's log.

use crate::{log::Log, realm_log::LineLevel};
use bytes::Bytes;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use wasmtime_wasi::{
    async_trait,
    cli::{IsTerminal, StdoutStream},
    p2::{OutputStream, Pollable, StreamResult},
};

/// What an instance wrote, up to a number of octets of both channels together.
#[derive(Debug)]
pub(super) struct Output {
    standard: Vec<u8>,
    error: Vec<u8>,
    octets_left: usize,
    octets_dropped: u64,
}

impl Output {
    pub(super) fn new(octets_max: usize) -> Self {
        Self {
            standard: Vec::new(),
            error: Vec::new(),
            octets_left: octets_max,
            octets_dropped: 0,
        }
    }

    fn write(&mut self, to: Kind, octets: &[u8]) {
        let kept = octets.len().min(self.octets_left);
        self.octets_left -= kept;
        let dropped = u64::try_from(octets.len() - kept).unwrap_or(u64::MAX);
        self.octets_dropped = self.octets_dropped.saturating_add(dropped);
        let buffer = match to {
            Kind::Standard => &mut self.standard,
            Kind::Error => &mut self.error,
        };
        buffer.extend_from_slice(&octets[..kept]);
    }

    /// Moves it to the log, line by line. What went to standard error comes last: where a policy ended by a
    /// panic, its last line is what became of it.
    pub(super) fn drain(&mut self, log: &mut Log) {
        if self.octets_dropped > 0 {
            let dropped = self.octets_dropped;
            let note = format!("{dropped} octets of output over the log's limits were dropped");
            log.write(LineLevel::Warn, &note);
        }
        for line in lines(&self.standard) {
            log.write(LineLevel::Info, &line);
        }
        for line in lines(&self.error) {
            log.write(LineLevel::Error, &line);
        }
        self.standard.clear();
        self.error.clear();
        self.octets_dropped = 0;
    }
}

/// Lines as people read them. One that ends with a colon announces the next, as in "panicked at FILE:" of
/// Rust; how to get a backtrace is no news where there is none.
fn lines(octets: &[u8]) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for line in String::from_utf8_lossy(octets).lines() {
        if line.trim().is_empty() || line.starts_with(BACKTRACE_NOTE) {
            continue;
        }
        match lines.last_mut().filter(|last| last.ends_with(':')) {
            Some(last) => {
                last.push(' ');
                last.push_str(line);
            }
            None => lines.push(line.to_owned()),
        }
    }
    lines
}

/// Nothing is left half-done under this lock, so a panic of another thread does not matter.
pub(super) fn lock(output: &Mutex<Output>) -> MutexGuard<'_, Output> {
    output.lock().unwrap_or_else(PoisonError::into_inner)
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Standard,
    Error,
}

/// One of the two channels.
#[derive(Clone, Debug)]
pub(super) struct Channel {
    output: Arc<Mutex<Output>>,
    kind: Kind,
}

impl Channel {
    pub(super) fn standard(output: &Arc<Mutex<Output>>) -> Self {
        Self {
            output: Arc::clone(output),
            kind: Kind::Standard,
        }
    }

    pub(super) fn error(output: &Arc<Mutex<Output>>) -> Self {
        Self {
            output: Arc::clone(output),
            kind: Kind::Error,
        }
    }
}

impl IsTerminal for Channel {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for Channel {
    /// Only WASI 0.3 asks for this one, and that is not linked.
    fn async_stream(&self) -> Box<dyn tokio::io::AsyncWrite + Send + Sync> {
        Box::new(tokio::io::sink())
    }

    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }
}

#[async_trait]
impl Pollable for Channel {
    async fn ready(&mut self) {}
}

#[async_trait]
impl OutputStream for Channel {
    fn write(&mut self, octets: Bytes) -> StreamResult<()> {
        lock(&self.output).write(self.kind, &octets);
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    /// It takes everything, and keeps what fits.
    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(WRITE_OCTETS_MAX)
    }
}

/// Of the message that Rust's standard library ends a panic with.
const BACKTRACE_NOTE: &str = "note: run with `RUST_BACKTRACE";
/// What the contract of the interface promises to take at once.
const WRITE_OCTETS_MAX: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_belong_together_are_one() {
        for (text, expected) in [
            ("", &[][..]),
            ("one\ntwo\n\n", &["one", "two"]),
            ("no end", &["no end"]),
            (
                "\nthread 'main' panicked at src/lib.rs:3:5:\nboom\nnote: run with `RUST_BACKTRACE=1` environment variable to display a backtrace\n",
                &["thread 'main' panicked at src/lib.rs:3:5: boom"],
            ),
        ] {
            assert_eq!(lines(text.as_bytes()), expected);
        }
    }

    #[test]
    fn what_is_over_the_limit_is_counted() {
        let mut output = Output::new(5);
        output.write(Kind::Standard, b"1234");
        output.write(Kind::Error, b"5678");
        assert_eq!(
            (&*output.standard, &*output.error, output.octets_dropped),
            (&b"1234"[..], &b"5"[..], 3)
        );
    }
}
