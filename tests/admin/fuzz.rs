//! The API held to its own description by schemathesis.

use super::BRIDGE;
use serde_json::json;
use std::{fs, path::Path, process::Command};
use suites::{
    admin::{self, Admin, federation_document},
    repository,
    served::Served,
};

/// How many requests are tried of each operation, and with which seed: the same in every run.
const EXAMPLES: &str = "20";
const SEED: &str = "1";
/// What every answer has to be, whatever was sent.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,\
    response_headers_conformance,response_schema_conformance,negative_data_rejection";

#[test]
fn whatever_is_sent_the_answers_are_those_that_are_described() {
    let served = Served::bare_and_unhurried(BRIDGE);
    let notes = tempfile::tempdir().expect("a folder");
    let (_, token) = realm(&served, "staff");
    let phases = "examples,coverage,fuzzing,stateful";
    fuzz(&served, &token, notes.path(), phases);

    // Made-up ids lead nowhere; with real ones the requests reach what is there. In a realm of its own:
    // what was there may be gone.
    let (operator, token) = realm(&served, "guests");
    operator.create_public_client("wiki");
    let mut federation = federation_document("ldaps://ldap.example");
    federation["bind_type"] = json!("none");
    federation["import_enabled"] = json!(true);
    let federation = operator.create("/user-federations", &federation);
    let ids = format!(
        "[parameters]\n\"path.id\" = {}\n\"path.client_id\" = \"wiki\"\n\"path.realm\" = \"guests\"\n",
        federation["id"]
    );
    fs::write(notes.path().join("schemathesis.toml"), ids).expect("its configuration");
    fuzz(&served, &token, notes.path(), "fuzzing");
    let kept = served.administrator(&token).get("/clients");
    assert_eq!(kept.status, 200, "the token did not last: {}", kept.body);
}

/// A realm, whoever runs the bridge there, and the token of an administrator.
fn realm(served: &Served, name: &str) -> (Admin, String) {
    served.operator().create_realm(name);
    let operator = served.operator().of(name);
    let secret = operator.create_administrator("ops", &["realm:admin"]);
    let token = admin::token(&served.bridge.issuer(name), "ops", &secret);
    (operator, token)
}

/// Runs it in a folder where it finds its configuration and keeps its notes.
fn fuzz(served: &Served, token: &str, folder: &Path, phases: &str) {
    let program = repository().join("tests/.venv/bin/schemathesis");
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
        .args(["--phases", phases, "--checks", CHECKS])
        .args(["--max-examples", EXAMPLES, "--seed", SEED, "--no-color"])
        .current_dir(folder)
        .output()
        .expect("schemathesis");
    let (told, complained) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(output.status.success(), "{told}{complained}");
    // A run that was kept out by a limit or an old token has held nothing to anything.
    let log = served.bridge.log();
    assert!(!log.contains("\"status\":429"), "requests were throttled");
}
