//! What the process that admits components does.

use std::process::ExitCode;

/// Admits the component of the request on the standard input, and answers on the standard output.
pub fn serve_admission() -> ExitCode {
    ExitCode::FAILURE
}
