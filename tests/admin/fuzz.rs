//! The API held to its own description by schemathesis.

use super::staff;
use std::process::Command;
use suites::{admin, repository};

/// How many requests are tried of each operation, and with which seed: the same in every run.
const EXAMPLES: &str = "25";
const SEED: &str = "1";

#[test]
fn whatever_is_sent_the_answers_are_those_that_are_described() {
    let (served, operator) = staff();
    let secret = operator.create_administrator("ops", &["realm:admin"]);
    let token = admin::token(&served.bridge.issuer("staff"), "ops", &secret);
    let tests = repository().join("tests");
    let program = tests.join(".venv/bin/schemathesis");
    assert!(
        program.exists(),
        "{} is missing; run tests/run",
        program.display()
    );
    let base = format!("{}/api", served.admin_url());
    let output = Command::new(&program)
        .arg("run")
        .arg(format!("{base}/auth-management/v1/openapi.json"))
        .args(["--url", &base])
        .args(["--header", &format!("Authorization: Bearer {token}")])
        .args(["--max-examples", EXAMPLES, "--seed", SEED, "--no-color"])
        .args([
            "--checks",
            "not_a_server_error,status_code_conformance,content_type_conformance,\
             response_headers_conformance,response_schema_conformance,negative_data_rejection",
        ])
        .current_dir(&tests)
        .output();
    let output = output.unwrap_or_else(|error| panic!("schemathesis does not start: {error}"));
    assert!(
        output.status.success(),
        "{}{}\n{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
        served.bridge.log()
    );
}
