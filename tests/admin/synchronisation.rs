//! Reading all people of a directory, over the API.

use super::{assert_is_problem, of_slapd, staff};
use serde_json::{Value, json};
use std::{
    thread,
    time::{Duration, Instant},
};
use suites::{
    admin::{self, Admin},
    proxy::{Mode, Proxy},
    slapd::Slapd,
};

/// A few hundred entries take a second at the most; a busy machine may take longer.
const RUN_MAX: Duration = Duration::from_mins(1);

/// Reads all people of a federation, which has to go well; the run.
#[track_caller]
pub(super) fn synchronised(operator: &Admin, federation: &str) -> Value {
    let page = operator.post(&resource(federation), &json!({}));
    assert_eq!(page.status, 202, "{}", page.body);
    let run = over(operator, federation);
    assert_eq!(run["stage"], "done", "{run}");
    assert_eq!(run["failed"], 0, "{run}");
    run
}

/// The last run, when it is over.
#[track_caller]
fn over(operator: &Admin, federation: &str) -> Value {
    let begin = Instant::now();
    loop {
        let page = operator.get(&resource(federation));
        assert_eq!(page.status, 200, "{}", page.body);
        let run = page.json()["last"].clone();
        if run["stage"] != "running" {
            return run;
        }
        assert!(begin.elapsed() < RUN_MAX, "it still goes on: {run}");
        thread::sleep(Duration::from_millis(50));
    }
}

fn resource(federation: &str) -> String {
    format!("/user-federations/{federation}/sync")
}

fn id(made: &Value) -> String {
    made["id"].as_str().expect("an id").to_owned()
}

#[test]
fn a_run_goes_on_by_itself_and_one_at_a_time_until_it_is_ended() {
    let (served, operator) = staff();
    let proxy = Proxy::start(&Slapd::shared().ldaps_address());
    let mut document = of_slapd("people");
    document["connection_url"] = json!(format!("ldaps://{}", proxy.address()));
    document["import_enabled"] = json!(true);
    let federation = id(&operator.create("/user-federations", &document));
    let sync = resource(&federation);
    assert_eq!(
        operator.get(&sync).json(),
        json!({}),
        "nothing was read yet"
    );
    let first = synchronised(&operator, &federation);
    assert!(first["added"].as_u64() > Some(10), "{first}");
    assert_eq!(first["read"], first["added"], "{first}");
    let state = operator.get(&sync).json();
    assert_eq!(state["full_at"], first["started_at"], "{state}");

    proxy.set_mode(Mode::Freeze);
    let begun = operator.post(&sync, &json!({}));
    assert_eq!(begun.status, 202, "{}", begun.body);
    assert_eq!(begun.json()["stage"], "running");
    let second = operator.post(&format!("{sync}?kind=changed"), &json!({}));
    let problem = assert_is_problem(&second, 409);
    assert_eq!(problem["run"]["stage"], "running", "{problem}");
    assert_eq!(problem["run"]["kind"], "full", "{problem}");
    assert_eq!(operator.delete(&sync).status, 204);
    assert_eq!(over(&operator, &federation)["stage"], "interrupted");
    assert_eq!(operator.delete(&sync).status, 204, "none goes on");

    proxy.set_mode(Mode::Pass);
    let again = synchronised(&operator, &federation);
    assert_eq!(again["unchanged"], first["added"], "{again}");
    let outcomes: Vec<_> = served
        .audited()
        .into_iter()
        .filter(|event| event["event"] == "synchronised")
        .map(|event| event["outcome"].clone())
        .collect();
    assert_eq!(outcomes.len(), 3, "{outcomes:?}");
    assert_eq!(
        (&outcomes[0], &outcomes[2]),
        (&json!("success"), &json!("success"))
    );
    assert_ne!(outcomes[1], "success");
}

#[test]
fn a_run_is_seen_to_come_forward() {
    let (_served, operator) = staff();
    let proxy = Proxy::start(&Slapd::shared().ldaps_address());
    let mut document = of_slapd("people");
    document["connection_url"] = json!(format!("ldaps://{}", proxy.address()));
    document["import_enabled"] = json!(true);
    document["advanced"]["batch_size"] = json!(3);
    let federation = id(&operator.create("/user-federations", &document));
    proxy.set_mode(Mode::Delay(Duration::from_millis(100)));
    let sync = resource(&federation);
    assert_eq!(operator.post(&sync, &json!({})).status, 202);
    let mut seen = Vec::new();
    let begin = Instant::now();
    let run = loop {
        let run = operator.get(&sync).json()["last"].clone();
        if run["stage"] != "running" {
            break run;
        }
        seen.push(run["read"].as_u64().expect("a number"));
        assert!(begin.elapsed() < RUN_MAX, "it still goes on: {run}");
        thread::sleep(Duration::from_millis(20));
    };
    assert_eq!(run["stage"], "done", "{run}");
    let all = run["read"].as_u64().expect("a number");
    assert!(seen.is_sorted(), "{seen:?}");
    assert!(seen.iter().any(|read| (1..all).contains(read)), "{seen:?}");
}

#[test]
fn what_is_due_is_read_without_being_asked_for() {
    let (served, operator) = staff();
    let mut document = of_slapd("people");
    document["import_enabled"] = json!(true);
    document["advanced"]["full_sync_period"] = json!("1h");
    let federation = id(&operator.create("/user-federations", &document));
    let begin = Instant::now();
    while operator.get(&resource(&federation)).json()["full_at"].is_null() {
        assert!(begin.elapsed() < RUN_MAX, "{}", served.bridge.log());
        thread::sleep(Duration::from_millis(200));
    }
    let users = operator.get("/users").json();
    assert!(users.as_array().is_some_and(|users| users.len() > 10));
}

#[test]
fn a_run_that_cannot_begin_says_why() {
    let (served, operator) = staff();
    let federation = id(&operator.create("/user-federations", &of_slapd("people")));
    let sync = resource(&federation);
    let problem = assert_is_problem(&operator.post(&sync, &json!({})), 400);
    assert_eq!(super::members(&problem, "errors"), ["import_enabled"]);
    assert_is_problem(&operator.post(&format!("{sync}?kind=all"), &json!({})), 400);
    let nowhere = resource("00000000-0000-4000-8000-000000000000");
    assert_is_problem(&operator.get(&nowhere), 404);
    assert_is_problem(&operator.post(&nowhere, &json!({})), 404);
    assert_is_problem(&operator.delete(&nowhere), 404);

    let secret = operator.create_administrator("reader", &["federation:read"]);
    let token = admin::token(&served.bridge.issuer("staff"), "reader", &secret);
    let reader = served.administrator(&token);
    assert_eq!(reader.get(&sync).status, 200);
    assert_is_problem(&reader.post(&sync, &json!({})), 403);
    assert_is_problem(&reader.delete(&sync), 403);
}

#[test]
fn a_directory_that_does_not_answer_fails_the_run_with_what_to_do() {
    let (_served, operator) = staff();
    let mut document = of_slapd("people");
    let nobody = suites::bridge::free_address();
    document["connection_url"] = json!(format!("ldaps://{nobody}"));
    document["import_enabled"] = json!(true);
    let federation = id(&operator.create("/user-federations", &document));
    let begun = operator.post(&resource(&federation), &json!({}));
    assert_eq!(begun.status, 202, "{}", begun.body);
    let run = over(&operator, &federation);
    assert_eq!(run["stage"], "failed", "{run}");
    let reason = run["reason"].as_str().expect("a reason");
    assert!(reason.contains(';'), "nothing to do: {reason}");
}

#[test]
fn a_bridge_that_stops_interrupts_its_runs_and_begins_them_again_later() {
    let (served, operator) = staff();
    let proxy = Proxy::start(&Slapd::shared().ldaps_address());
    let mut document = of_slapd("people");
    document["connection_url"] = json!(format!("ldaps://{}", proxy.address()));
    document["import_enabled"] = json!(true);
    let federation = id(&operator.create("/user-federations", &document));
    synchronised(&operator, &federation);
    proxy.set_mode(Mode::Freeze);
    let begun = operator.post(&resource(&federation), &json!({}));
    assert_eq!(begun.status, 202, "{}", begun.body);
    // It comes to an end in spite of the directory.
    let served = served.paused(super::BRIDGE, || proxy.set_mode(Mode::Pass));
    let operator = served.operator().of("staff");
    let events = served.audited();
    let last = events
        .iter()
        .rfind(|event| event["event"] == "synchronised");
    assert_ne!(last.expect("a line")["outcome"], "success");
    let run = over(&operator, &federation);
    assert!(
        matches!(run["stage"].as_str(), Some("interrupted" | "done")),
        "{run}"
    );
}
