//! What a panic leaves behind: one line in the realm's log, since the trap that follows has none.

use crate::log;
use std::panic;

/// Has panics written to the log from here on. Each call of a policy may meet a fresh instance, so
/// each begins with this.
pub(crate) fn report() {
    panic::set_hook(Box::new(|info| {
        let (file, line) = info
            .location()
            .map_or(("?", 0), |location| (location.file(), location.line()));
        let message = info.payload_as_str().unwrap_or("no message");
        log::error(&format!("the policy panicked at {file}:{line}: {message}"));
    }));
}
