//! A mapper policy's project, from `policy new` through all that it is tried with, and what is said where it
//! fails.

use crate::policy::Desk;
use std::fs;

const PROJECT: &str = "initials";
const COMPONENT: &str = "target/initials.wasm";
const FEDERATION: [&str; 2] = ["--federation", "tests/federation.toml"];
const ADA: [&str; 2] = ["--entry", "tests/ada.ldif"];

fn begun() -> Desk {
    let desk = Desk::new();
    desk.well("", &["new", PROJECT, "--from", "mapper"]);
    desk.well(PROJECT, &["build"]);
    desk
}

/// Builds it anew with the names of its functions, and with one that panics about whoever has no number for a name.
fn break_it(desk: &Desk) {
    let change = |file: &str, was: &str, is: &str| {
        let path = desk.path(PROJECT).join(file);
        let text = fs::read_to_string(&path).expect("a file of the project");
        assert!(text.contains(was), "{was} in {file}");
        fs::write(&path, text.replace(was, is)).expect("written");
    };
    change("Cargo.toml", "strip = true", "strip = \"debuginfo\"");
    change(
        "src/lib.rs",
        "    let letter = text.chars().next()?;\n",
        "    let letter = first_digit(text);\n",
    );
    change(
        "src/lib.rs",
        "policy_sdk::export_mapper!",
        "#[inline(never)]\nfn first_digit(text: &str) -> char {\n    \
         text.chars().find(|c| c.is_ascii_digit()).expect(\"nobody is a number\")\n}\n\n\
         policy_sdk::export_mapper!",
    );
    desk.well(PROJECT, &["build"]);
}

#[test]
fn a_mapper_is_tried_by_every_command_and_what_it_fails_at_is_said() {
    let desk = begun();
    let with = |command: &str, more: &[&'static str]| {
        let mut arguments = vec![command.to_owned()];
        if command != "test" {
            arguments.push(COMPONENT.to_owned());
        }
        arguments.extend(more.iter().map(|it| (*it).to_owned()));
        arguments
    };
    let well = |command: &str, more: &[&'static str]| {
        let arguments = with(command, more);
        let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
        desk.well(PROJECT, &arguments)
    };
    let text = well("test", &[]);
    assert!(text.contains("2 as expected"), "{text}");
    let text = well("run", &[FEDERATION, ADA].concat());
    for part in ["then asks", "initial: L", "may come in"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let text = well("bench", &FEDERATION);
    for part in ["calls 2", "an entry of a batch", "fuel of a sign-in"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(!text.contains("left out"), "{text}");
    for more in [&[][..], &FEDERATION] {
        let text = well("check", &[&["--cases", "200"], more].concat());
        assert!(text.contains("nothing found"), "{text}");
    }
    let text = desk.wrong(PROJECT, &["bench", COMPONENT]);
    for part in ["--federation", "ldap_attribute"] {
        assert!(text.contains(part), "{part}: {text}");
    }

    break_it(&desk);
    expect_words(&desk);
    expect_frames(&desk);
}

/// What every command says of whom the mapper fails for: who, which mapper, which policy, and why.
fn expect_words(desk: &Desk) {
    let ada = "uid=ada,ou=people,dc=example,dc=test";
    let text = desk.wrong(PROJECT, &["test"]);
    for part in [
        "FAILED   ada",
        "ok       grace",
        &format!("{ada}: mapper initial was left out: policy initials: trapped: in adjust"),
        "nobody is a number",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    expect_no_frames(&text);
    let run = [&["run", COMPONENT][..], &ADA, &FEDERATION].concat();
    let text = desk.well(PROJECT, &run);
    for part in [
        ada,
        "mapper initial failed: policy initials: trapped: in adjust",
        "may come in",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    expect_no_frames(&text);
    let bench = [&["bench", COMPONENT][..], &FEDERATION].concat();
    let text = desk.well(PROJECT, &bench);
    let part = "mapper initial was left out: policy initials: trapped: in adjust";
    assert!(text.contains(part), "{text}");
    expect_no_frames(&text);
    let check = [&["check", COMPONENT][..], &FEDERATION].concat();
    let text = desk.wrong(PROJECT, &check);
    assert!(text.contains("never-a-trap does not hold"), "{text}");
    expect_no_frames(&text);
}

fn expect_no_frames(text: &str) {
    for part in ["innermost", "first_digit", "wasm function"] {
        assert!(!text.contains(part), "{part}: {text}");
    }
}

/// Where in the policy's code it was, for who asks for it.
fn expect_frames(desk: &Desk) {
    let [entry, federation] = [&ADA[..], &FEDERATION];
    for (code, arguments) in [
        (1, vec!["test"]),
        (0, [&["run", COMPONENT], entry, federation].concat()),
        (0, [&["bench", COMPONENT], federation].concat()),
        (1, [&["check", COMPONENT], federation].concat()),
    ] {
        let arguments = [&arguments[..], &["--verbose"]].concat();
        let output = desk.policy(PROJECT, &arguments);
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {text}");
        let said = "where adjust ended, the innermost first:";
        assert_eq!(text.matches(said).count(), 1, "{arguments:?}: {text}");
        assert!(text.contains("initials::first_digit"), "{text}");
        let frames = text.lines().skip_while(|line| *line != said).skip(1);
        assert!(frames.count() <= 12, "{text}");
    }
}
