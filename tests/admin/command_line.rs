//! `connect` and `explain`, as whoever runs the bridge uses them.

use super::{BRIDGE, staff};
use serde_json::{Value, json};
use std::fs;
use suites::{
    application::{Application, decode},
    authority::Authority,
    bridge::run,
    browser::Browser,
    served::Served,
    slapd::{SERVICE_DN, SERVICE_PASSWORD, SUFFIX, Slapd},
};

/// How a command ended: whether well, and what it said.
struct Ended {
    is_well: bool,
    printed: String,
    complained: String,
}

fn command(served: &Served, arguments: &[&str]) -> Ended {
    let folder = served.path("");
    let output = run(
        BRIDGE,
        &folder,
        &[arguments, &["--config", "bridge.toml"]].concat(),
    );
    Ended {
        is_well: output.status.success(),
        printed: String::from_utf8_lossy(&output.stdout).into_owned(),
        complained: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

fn wiki(served: &Served) -> Application {
    let issuer = served.bridge.issuer("staff");
    Application::public(&issuer, "wiki", "http://127.0.0.1:49152/callback")
}

/// Connects the realm to the suites' directory by its address alone.
fn connect(served: &Served, more: &[&str]) -> Ended {
    let files = [
        ("svc.password", SERVICE_PASSWORD),
        ("ca.pem", &Authority::shared().ca),
    ];
    for (name, text) in files {
        fs::write(served.path(name), text).expect("a file");
    }
    let url = format!("ldaps://{}", Slapd::shared().ldaps_address());
    let arguments = [
        "connect",
        &url,
        "--realm",
        "staff",
        "--bind-dn",
        SERVICE_DN,
        "--bind-credential",
        "file:svc.password",
        "--ca-bundle",
        "ca.pem",
    ];
    command(served, &[&arguments[..], more].concat())
}

#[test]
fn an_address_and_a_yes_are_enough_for_people_to_sign_in() {
    let (served, operator) = staff();
    operator.create_public_client("wiki");
    let looked = connect(&served, &[]);
    assert!(
        !looked.is_well,
        "nobody was there to confirm:\n{}",
        looked.printed
    );
    assert!(looked.complained.contains("--yes"), "{}", looked.complained);
    assert_eq!(operator.get("/user-federations").json(), json!([]));

    let saved = connect(&served, &["--yes", "--name", "people"]);
    assert!(saved.is_well, "{}{}", saved.printed, saved.complained);
    for text in [
        "policy openldap",
        "users_dn",
        SUFFIX,
        "name: Ada Lovelace",
        "saved as the federation people",
    ] {
        assert!(
            saved.printed.contains(text),
            "no {text:?} in:\n{}",
            saved.printed
        );
    }
    assert!(!saved.printed.contains(SERVICE_PASSWORD));
    let tokens = wiki(&served).tokens(&Browser::new(), "ada", "Pw-ada");
    let (_, claims) = decode(tokens["id_token"].as_str().expect("an ID token"));
    assert_eq!(claims["email"], "ada@example.test");
}

#[test]
fn a_directory_that_is_not_there_is_said_with_its_stage() {
    let (served, _) = staff();
    let nobody = suites::bridge::free_address();
    let ended = command(
        &served,
        &[
            "connect",
            &format!("ldaps://{nobody}"),
            "--realm",
            "staff",
            "--yes",
        ],
    );
    assert!(!ended.is_well);
    assert!(
        ended.complained.contains("connection_url"),
        "{}",
        ended.complained
    );
    assert!(ended.complained.contains(&nobody), "{}", ended.complained);
}

#[test]
fn a_sign_in_is_explained_to_the_rule_that_kept_somebody_out() {
    let (served, operator) = staff();
    operator.create_public_client("wiki");
    assert!(connect(&served, &["--yes"]).is_well);
    let explain = |more: &[&str]| {
        let ended = command(&served, &[&["explain", "--realm", "staff"], more].concat());
        assert!(ended.is_well, "{}", ended.complained);
        ended.printed
    };
    let told = explain(&["ada"]);
    for text in [
        "(uid=ada)",
        "entry uid=ada,",
        "policy openldap",
        "entryUUID",
        "may come in",
    ] {
        assert!(told.contains(text), "no {text:?} in:\n{told}");
    }
    assert!(!told.contains("userPassword"), "{told}");
    let told = explain(&["nobody-of-this-name"]);
    assert!(told.contains("kept out: unknown_user"), "{told}");

    // An application for few, and somebody who is not one of them.
    let page = operator.patch("/clients/wiki", &json!({ "allowed_groups": ["nobodys"] }));
    assert_eq!(page.status, 200, "{}", page.body);
    let told = explain(&["ada", "--client", "wiki"]);
    assert!(told.contains("kept out: not_in_allowed_groups"), "{told}");
    let page = wiki(&served).submit(&Browser::new(), &wiki(&served).attempt(), "ada", "Pw-ada");
    assert_eq!(page.answer()["error"], "access_denied");

    let refused = served.audited_sign_ins().pop().expect("a sign-in");
    assert_eq!(refused["reason"], "not_in_allowed_groups");
    let request = refused["request_id"].as_str().expect("an id");
    let told = explain(&["--request", request]);
    assert!(told.contains("bind: result 0"), "{told}");
    assert!(told.contains("kept out: not_in_allowed_groups"), "{told}");
    let told: Value =
        serde_json::from_str(&explain(&["--request", request, "--json"])).expect("JSON");
    assert_eq!(told["client_id"], "wiki");
}
