//! Scripts for node, with the packages that `tests/package.json` pins.

use crate::repository;
use serde_json::Value;
use std::process::Command;

/// Runs a script below `tests/` with its settings as JSON, and gives what it printed as JSON.
///
/// # Panics
///
/// Where node or the packages are missing, or the script fails: with what it said.
#[track_caller]
pub fn run(script: &str, settings: &Value) -> Value {
    let tests = repository().join("tests");
    assert!(
        tests.join("node_modules").is_dir(),
        "tests/node_modules is missing; run tests/run"
    );
    let output = Command::new("node")
        .arg(tests.join(script))
        .arg(settings.to_string())
        .current_dir(&tests)
        .output()
        .unwrap_or_else(|error| panic!("cannot start node ({error}); run tests/run"));
    let (stdout, stderr) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(
        output.status.success(),
        "{script} failed:\n{stdout}{stderr}"
    );
    serde_json::from_str(&stdout)
        .unwrap_or_else(|error| panic!("{script} printed no JSON ({error}):\n{stdout}{stderr}"))
}
