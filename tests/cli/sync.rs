//! `sync`: a directory's people are read into a bridge that runs.

use crate::BRIDGE;
use serde_json::json;
use std::{
    io::{BufRead as _, BufReader},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};
use suites::{
    admin::{Admin, federation_document},
    bridge::run,
    proxy::{Mode, Proxy},
    served::Served,
    slapd::Slapd,
};

/// How a command ended.
#[derive(Debug)]
struct Ended {
    code: Option<i32>,
    printed: String,
    errors: String,
}

struct Site {
    served: Served,
    operator: Admin,
    proxy: Proxy,
}

impl Site {
    /// The realm `staff` with the federations `people`, behind a proxy, and `visitors`, which imports
    /// nobody.
    fn new() -> Self {
        let served = Served::bare(BRIDGE);
        served.operator().create_realm("staff");
        let operator = served.operator().of("staff");
        let proxy = Proxy::start(&Slapd::shared().ldaps_address());
        let mut document = federation_document(&format!("ldaps://{}", proxy.address()));
        document["import_enabled"] = json!(true);
        operator.create("/user-federations", &document);
        document["name"] = json!("visitors");
        document["import_enabled"] = json!(false);
        operator.create("/user-federations", &document);
        Self {
            served,
            operator,
            proxy,
        }
    }

    fn sync(&self, arguments: &[&str]) -> Ended {
        let all = [&["sync"], arguments, &["--config", "bridge.toml"]].concat();
        let output = run(BRIDGE, &self.served.path(""), &all);
        Ended {
            code: output.status.code(),
            printed: String::from_utf8(output.stdout).expect("UTF-8"),
            errors: String::from_utf8(output.stderr).expect("UTF-8"),
        }
    }

    fn people(&self) -> usize {
        let users = self.operator.get("/users?limit=1000").json();
        users.as_array().expect("a list").len()
    }
}

#[test]
fn people_are_read_and_counted() {
    let site = Site::new();
    let all = site.sync(&["staff", "people"]);
    assert_eq!(all.code, Some(0), "{all:?}");
    let people = site.people();
    assert!(people > 10, "{people}");
    let counts =
        format!("{people} read: {people} added, 0 updated, 0 unchanged, 0 removed, 0 failed; ");
    assert!(all.printed.starts_with(&counts), "{all:?}");
    assert!(all.printed.trim_end().ends_with("entries/s"), "{all:?}");
    assert!(!all.errors.contains('\r'), "no terminal is there: {all:?}");
    let again = site.sync(&["staff", "people", "--changed"]);
    assert_eq!(again.code, Some(0), "{again:?}");
    assert!(again.printed.contains(" 0 added, 0 updated"), "{again:?}");
    let output = run(
        BRIDGE,
        &site.served.path(""),
        &[
            "get",
            "users",
            "--realm",
            "staff",
            "--config",
            "bridge.toml",
        ],
    );
    let table = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(table.lines().count(), people + 1, "{table}");
}

#[test]
fn wrong_names_are_said_with_those_that_are_there() {
    let site = Site::new();
    for (arguments, words) in [
        (
            &["staff", "poeple"][..],
            &["poeple", "people, visitors"][..],
        ),
        (&["nowhere", "people"], &["no such realm"]),
        (&["staff", "visitors"], &["import_enabled", "true"]),
    ] {
        let ended = site.sync(arguments);
        assert_eq!(ended.code, Some(1), "{ended:?}");
        assert!(ended.errors.starts_with("error: "), "{ended:?}");
        for word in words {
            assert!(ended.errors.contains(word), "no {word:?} in {ended:?}");
        }
    }
    let missing = site.sync(&["staff"]);
    assert_eq!(missing.code, Some(2), "{missing:?}");
    let help = run(BRIDGE, &site.served.path(""), &["sync", "--help"]);
    let help = String::from_utf8_lossy(&help.stdout).into_owned();
    for text in [
        "<REALM>",
        "<FEDERATION>",
        "--changed",
        "--no-wait",
        "import_enabled",
    ] {
        assert!(help.contains(text), "no {text} in:\n{help}");
    }
}

#[test]
fn a_run_that_fails_ends_the_command_with_what_to_do() {
    let site = Site::new();
    site.proxy.set_mode(Mode::Refuse);
    let ended = site.sync(&["staff", "people"]);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.printed.starts_with("0 read"), "{ended:?}");
    assert!(
        ended.errors.starts_with("error: the run could not go on: "),
        "{ended:?}"
    );
    assert!(ended.errors.contains(&site.proxy.address()), "{ended:?}");
}

#[test]
fn whoever_stops_watching_leaves_the_run_going() {
    let site = Site::new();
    let done = site.sync(&["staff", "people"]);
    assert_eq!(done.code, Some(0), "{done:?}");
    site.proxy.set_mode(Mode::Freeze);
    let begun = site.sync(&["staff", "people", "--no-wait"]);
    assert_eq!(begun.code, Some(0), "{begun:?}");
    assert!(begun.printed.contains("goes on"), "{begun:?}");
    let second = site.sync(&["staff", "people"]);
    assert_eq!(second.code, Some(1), "{second:?}");
    assert!(second.errors.contains("goes on already"), "{second:?}");
    let federations = site.operator.get("/user-federations").json();
    let id = federations[0]["id"].as_str().expect("an id");
    let sync = format!("/user-federations/{id}/sync");
    assert_eq!(site.operator.delete(&sync).status, 204);

    let mut watching = Command::new(BRIDGE)
        .args(["sync", "staff", "people", "--config", "bridge.toml"])
        .current_dir(site.served.path(""))
        .stdin(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command");
    // It watches as soon as there is a run.
    let started = Instant::now();
    while site.operator.get(&sync).json()["last"]["stage"] != "running" {
        assert!(
            started.elapsed() < Duration::from_secs(30),
            "it does not begin"
        );
        thread::sleep(Duration::from_millis(20));
    }
    thread::sleep(Duration::from_millis(300));
    let pressed = Command::new("kill")
        .args(["-INT", &watching.id().to_string()])
        .status();
    assert!(pressed.expect("kill").success());
    assert_eq!(watching.wait().expect("its end").code(), Some(130));
    let said = BufReader::new(watching.stderr.take().expect("its errors"));
    let said: Vec<_> = said.lines().map_while(Result::ok).collect();
    assert!(said.iter().any(|line| line.contains("goes on")), "{said:?}");
    assert_eq!(site.operator.get(&sync).json()["last"]["stage"], "running");
}
