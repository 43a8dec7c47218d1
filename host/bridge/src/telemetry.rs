//! Logs: structured lines on standard error.

use std::io::{self, IsTerminal};
use tracing_subscriber::EnvFilter;

/// How much a command says where `RUST_LOG` says nothing. ldap3 tells at `warn` what the directory's
/// room reports itself.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Verbosity {
    /// A server: what it does.
    Server,
    /// A command whose output is its answer: only what went wrong.
    Command,
}

/// Starts the log: for people on a terminal, else JSON lines for machines.
pub(crate) fn start(verbosity: Verbosity) {
    let preset = match verbosity {
        Verbosity::Server => "info,ldap3=error",
        Verbosity::Command => "warn,ldap3=error",
    };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(preset));
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr);
    // A program that embeds the bridge may have a log of its own already.
    let _ = if io::stderr().is_terminal() {
        log.try_init()
    } else {
        log.json()
            .flatten_event(true)
            .with_span_list(false)
            .try_init()
    };
}
