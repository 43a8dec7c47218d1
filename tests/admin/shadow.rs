//! A candidate beside what is in force, on live sign-ins; and sign-ins that are recorded.

use super::{
    BRIDGE, assert_is_problem,
    policies::{component, realm_of_slapd, sign_in, uploaded},
};
use serde_json::{Value, json};
use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};
use suites::{admin::Admin, bridge::run, versions::marked};

/// A sign-in is looked at right after it; a busy machine may take longer.
const SEEN_MAX: Duration = Duration::from_mins(1);

fn shadow_of(operator: &Admin) -> String {
    let all = operator.get("/user-federations").json();
    let id = all[0]["id"].as_str().expect("an id").to_owned();
    format!("/user-federations/{id}/shadow")
}

/// The shadow once so many sign-ins were looked at, or when it has ended.
#[track_caller]
fn seen(operator: &Admin, shadow: &str, sign_ins: u64) -> Value {
    let begin = Instant::now();
    loop {
        let state = operator.get(shadow).json();
        if state["stage"] != "running" || state["sign_ins"].as_u64() >= Some(sign_ins) {
            return state;
        }
        assert!(begin.elapsed() < SEEN_MAX, "{state}");
        thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn mappers_are_tried_on_live_sign_ins_and_promoted() {
    let (served, platform) = realm_of_slapd();
    let operator = platform.of("staff");
    let shadow = shadow_of(&operator);
    assert_is_problem(&operator.get(&shadow), 404);
    let mappers = json!([{ "name": "kind", "ldap_attribute": "employeeType" }]);
    let wish = json!({ "candidate": { "mapper": mappers }, "promote_after": 1 });
    let begun = operator.post(&shadow, &wish);
    assert_eq!(begun.status, 201, "{}", begun.body);
    assert_is_problem(&operator.post(&shadow, &wish), 409);
    assert!(sign_in(&served).is_some());
    let state = seen(&operator, &shadow, 1);
    assert_eq!(state["comparison"]["people"], 1, "{state}");

    assert_eq!(operator.delete(&shadow).status, 204);
    let mappers = json!([{ "name": "given_name", "ldap_attribute": "uid" }]);
    let wish = json!({ "candidate": { "mapper": mappers }, "promote_after": 1 });
    assert_eq!(operator.post(&shadow, &wish).status, 201);
    assert!(sign_in(&served).is_some());
    let state = seen(&operator, &shadow, 1);
    assert_eq!(state["stage"], "running", "a difference: {state}");
    let difference = &state["comparison"]["differences"][0];
    assert_eq!(difference["kind"], "claim_changed", "{state}");
    assert_eq!(difference["name"], "given_name", "{state}");
    assert_eq!(difference["examples"], json!([{ "who": "ada" }]), "{state}");

    let promoted = operator.post(&format!("{shadow}/promote"), &json!({}));
    assert_eq!(promoted.status, 200, "{}", promoted.body);
    assert_eq!(promoted.json()["mapper"][0]["name"], "given_name");
    assert_is_problem(&operator.get(&shadow), 404);
    let nothing = operator.post(&format!("{shadow}/promote"), &json!({}));
    assert_is_problem(&nothing, 404);
}

#[test]
fn a_version_that_differs_in_nothing_promotes_itself_for_this_federation() {
    let (served, platform) = realm_of_slapd();
    let digest = uploaded(&platform, marked(component("openldap"), "shadow"));
    let begun = run(
        BRIDGE,
        &served.path(""),
        &[
            "policy",
            "shadow",
            "staff",
            "ldap",
            "--candidate",
            &digest,
            "--promote-after",
            "2",
            "--config",
            "bridge.toml",
        ],
    );
    assert!(begun.status.success(), "{begun:?}");
    let operator = platform.of("staff");
    let shadow = shadow_of(&operator);
    let first = sign_in(&served).expect("ada comes in");
    assert_ne!(first, digest);
    seen(&operator, &shadow, 1);
    assert_eq!(sign_in(&served), Some(first));
    let state = seen(&operator, &shadow, 3);
    assert_eq!(state["stage"], "promoted", "{state}");
    assert_eq!(sign_in(&served), Some(digest));
    let told = run(
        BRIDGE,
        &served.path(""),
        &[
            "policy",
            "shadow",
            "staff",
            "ldap",
            "--config",
            "bridge.toml",
        ],
    );
    let text = String::from_utf8_lossy(&told.stdout).into_owned();
    assert!(text.contains("promoted after 2 sign-ins"), "{text}{told:?}");
}

/// The recordings of a folder, once there are any.
#[track_caller]
pub(super) fn recordings(folder: &Path) -> Vec<PathBuf> {
    let begin = Instant::now();
    loop {
        let entries = fs::read_dir(folder).expect("the folder of the recordings");
        let files: Vec<_> = entries.map(|it| it.expect("a file").path()).collect();
        if !files.is_empty() {
            return files;
        }
        assert!(begin.elapsed() < SEEN_MAX, "nothing is recorded");
        thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_recorded_sign_in_has_nobodys_values_and_is_answered_alike_by_its_policy() {
    let (served, _) = realm_of_slapd();
    let folder = served.path("recordings");
    let named = folder.to_str().expect("a path of a test").to_owned();
    let served = served.restarted_with(BRIDGE, &["--record", &named]);
    assert!(sign_in(&served).is_some());
    let files = recordings(&folder);
    let [file] = &files[..] else {
        unreachable!("one sign-in: {files:?}");
    };
    let mode = fs::metadata(file).expect("a file").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let text = fs::read_to_string(file).expect("a recording");
    for word in ["Lovelace", "Pw-ada", "engineers", "127.0.0.1"] {
        assert!(!text.contains(word), "{word} in {text}");
    }
    let component_file = served.path("openldap.wasm");
    fs::write(&component_file, component("openldap")).expect("a file");
    let (component_file, file) = (component_file.to_string_lossy(), file.to_string_lossy());
    let arguments = ["policy", "run", &component_file, &file];
    let replayed = run(BRIDGE, &served.path(""), &arguments);
    assert!(replayed.status.success(), "{replayed:?}");
}
