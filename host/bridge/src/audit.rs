//! Where audit events go: JSON lines, and the store.

mod kept;

pub use kept::KeptAudit;

use bridge_model::{audit::AuditEvent, ports::AuditLog};
use std::{
    fs::{File, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
    sync::{Mutex, PoisonError},
};
use tracing::error;

/// Writes audit events as JSON, one a line, whole lines only.
pub struct AuditOutput<W> {
    output: Mutex<W>,
}

/// Audit events in a file, or on standard output.
pub type AuditFile = AuditOutput<Box<dyn Write + Send>>;

impl AuditFile {
    /// Appends to a file, which nobody else may read (mode 0600 where it is made).
    ///
    /// # Errors
    ///
    /// When the file cannot be opened for writing.
    pub fn append(path: &Path) -> io::Result<Self> {
        let file: File = OpenOptions::new()
            .append(true)
            .create(true)
            .mode(0o600)
            .open(path)?;
        Ok(Self::new(Box::new(file)))
    }

    /// Writes to standard output.
    pub fn standard_output() -> Self {
        Self::new(Box::new(io::stdout()))
    }
}

impl<W: Write + Send> AuditOutput<W> {
    /// Writes to whatever can be written to.
    pub fn new(output: W) -> Self {
        Self {
            output: Mutex::new(output),
        }
    }
}

impl<W: Write + Send> AuditLog for AuditOutput<W> {
    fn record(&self, event: &AuditEvent) {
        let mut line = match serde_json::to_vec(event) {
            Ok(line) => line,
            Err(error) => {
                error!(%error, "an audit event could not be written as JSON");
                return;
            }
        };
        line.push(b'\n');
        let mut output = self.output.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = output.write_all(&line).and_then(|()| output.flush()) {
            error!(%error, event = %String::from_utf8_lossy(&line).trim_end(), "an audit event could not be written");
        }
    }
}
