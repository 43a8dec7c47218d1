//! Policies that are begun in other languages than Rust, with the tools that the test run installs.

use crate::policy::Desk;
use std::{os::unix::fs::symlink, process::Command};
use suites::repository;

/// A project whose tools lie where its README has them put, built and tried on the people in it.
#[track_caller]
fn expect_project(lang: &str, installed: &str, tools: &str) {
    let desk = Desk::new();
    let name = format!("initial-{lang}");
    desk.well("", &["new", &name, "--lang", lang]);
    // What there is one of need not be named.
    let named = Desk::new();
    named.well("", &["new", &name, "--from", "mapper", "--lang", lang]);
    let projects = [&desk, &named].map(|it| it.path(&name));
    let differ = Command::new("diff").arg("-r").args(projects).output();
    let differ = differ.expect("diff");
    assert!(differ.status.success(), "{differ:?}");
    let tools = repository().join("tests").join(tools);
    assert!(
        tools.exists(),
        "{} is missing; run tests/run",
        tools.display()
    );
    symlink(tools, desk.path(&name).join(installed)).expect("a link");
    let built = desk.well(&name, &["build"]);
    assert!(built.contains("world   mapper-policy"), "{built}");
    let tried = desk.well(&name, &["test"]);
    assert!(tried.contains("2 as expected"), "{tried}");
    let doctor = desk.well(&name, &["doctor"]);
    assert!(doctor.contains("nothing is in the way"), "{doctor}");
}

#[test]
fn a_project_in_javascript_builds_and_makes_of_people_what_it_says() {
    expect_project("js", "node_modules", "languages/node_modules");
}

#[test]
fn a_project_in_python_builds_and_makes_of_people_what_it_says() {
    expect_project("python", ".venv", ".venv");
}
