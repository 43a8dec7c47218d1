//! The operator's folder of policies, and the command line for policies of a bridge that runs.

use super::{
    BRIDGE, of_slapd,
    policies::{component, in_force, listed, sign_in},
};
use serde_json::{Value, json};
use std::{
    fs, thread,
    time::{Duration, Instant},
};
use suites::{
    admin::Admin,
    bridge::run,
    served::{OUTBOUND, Served},
    versions::{marked, reworded},
};

/// Files are looked at every two seconds, and twice; the rest is for a machine with much to do.
const SEEN_WITHIN: Duration = Duration::from_mins(1);

/// A bridge with a folder of policies, and a realm whose people are those of the suites' slapd.
fn served_with_folder() -> (Served, Admin) {
    let served = Served::bare_with(
        BRIDGE,
        &format!("\n[policies]\nfolder = \"policies\"\n\n{OUTBOUND}"),
    );
    let platform = served.operator();
    platform.create_realm("staff");
    let operator = platform.of("staff");
    operator.create("/user-federations", &of_slapd("ldap"));
    operator.create_public_client("wiki");
    (served, platform)
}

/// A policy of nobody else's names.
fn own_policy() -> Vec<u8> {
    let renamed = reworded(component("openldap"), "openldap", "ourownid");
    reworded(&renamed, "open-ldap", "our-ownid")
}

#[track_caller]
pub(super) fn wait_until(what: &str, mut done: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !done() {
        assert!(begin.elapsed() < SEEN_WITHIN, "not within a minute: {what}");
        thread::sleep(Duration::from_millis(200));
    }
}

/// Why a file is not taken.
pub(super) fn refusal(platform: &Admin, name: &str) -> Option<String> {
    let refused = platform.get("/policies/refused").json();
    let source = format!("file {name}");
    let mut refused = refused.as_array().expect("a list").iter();
    let found = refused.find(|refusal| refusal["source"] == source.as_str());
    found.map(|refusal| refusal["reason"].as_str().unwrap_or_default().to_owned())
}

#[test]
fn a_file_is_put_in_force_as_it_comes_and_a_wrong_one_leaves_the_last_good_one() {
    let (served, platform) = served_with_folder();
    let built_in = in_force(&platform, "openldap").expect("it is built in");
    wait_until("the missing folder is said", || {
        platform.get("/policies/refused").body.contains("folder ")
    });
    fs::create_dir(served.path("policies")).expect("a folder");
    let file = served.path("policies/mine.wasm");
    let put = |octets: &[u8]| {
        let ready = served.path("policies/.mine.new");
        fs::write(&ready, octets).expect("written");
        fs::rename(&ready, &file).expect("moved");
    };
    let is_other = |known: &str| in_force(&platform, "openldap").is_some_and(|now| now != known);
    put(&marked(component("openldap"), "two"));
    wait_until("the file is in force", || is_other(&built_in));
    let two = in_force(&platform, "openldap").expect("in force");
    assert_eq!(sign_in(&served).as_ref(), Some(&two));
    let shown = listed(&platform, &two).expect("it is loaded");
    assert_eq!(
        shown["origin"],
        json!({ "kind": "file", "from": "mine.wasm" })
    );

    put(b"no component");
    wait_until("the reason is shown", || {
        refusal(&platform, "mine.wasm").is_some()
    });
    let reason = refusal(&platform, "mine.wasm").expect("a reason");
    assert!(reason.contains("not admitted"), "{reason}");
    assert_eq!(sign_in(&served).as_ref(), Some(&two));
    let shown = listed(&platform, &two).expect("it is loaded");
    assert_eq!(shown["refusal"]["reason"], Value::String(reason));

    put(&marked(component("openldap"), "three"));
    wait_until("the next one is in force", || is_other(&two));
    let three = in_force(&platform, "openldap").expect("in force");
    assert_eq!(refusal(&platform, "mine.wasm"), None);

    // After a restart it is as it was; what came meanwhile is put in force then.
    let served = served.paused(BRIDGE, || {
        fs::write(&file, marked(component("openldap"), "four")).expect("written");
    });
    let platform = served.operator();
    wait_until("what came meanwhile is in force", || {
        in_force(&platform, "openldap").is_some_and(|now| now != three)
    });
    fs::remove_file(&file).expect("removed");
    wait_until("what was before is in force", || {
        in_force(&platform, "openldap").as_ref() == Some(&three)
    });
    assert_eq!(sign_in(&served), Some(three));
}

#[test]
fn a_policy_whose_only_file_is_removed_lets_nobody_in_and_says_so() {
    let (served, platform) = served_with_folder();
    fs::create_dir(served.path("policies")).expect("a folder");
    let file = served.path("policies/own.wasm");
    fs::write(&file, own_policy()).expect("written");
    wait_until("the file is in force", || {
        in_force(&platform, "ourownid").is_some()
    });
    let operator = platform.of("staff");
    let list = operator.get("/user-federations").json();
    let path = format!(
        "/user-federations/{}",
        list[0]["id"].as_str().expect("an id")
    );
    let page = operator.patch(&path, &json!({ "vendor": "ourownid" }));
    assert_eq!(page.status, 200, "{}", page.body);
    assert_eq!(sign_in(&served), in_force(&platform, "ourownid"));
    fs::remove_file(&file).expect("removed");
    wait_until("nothing is in force", || {
        in_force(&platform, "ourownid").is_none()
    });
    assert_eq!(sign_in(&served), None);
    fs::write(&file, own_policy()).expect("written");
    wait_until("the file is in force", || {
        in_force(&platform, "ourownid").is_some()
    });
    assert_eq!(sign_in(&served), in_force(&platform, "ourownid"));
}

#[test]
fn the_command_line_installs_swaps_lists_and_rolls_back() {
    let (served, platform) = super::policies::realm_of_slapd();
    let built_in = in_force(&platform, "openldap").expect("it is built in");
    fs::write(
        served.path("two.wasm"),
        marked(component("openldap"), "two"),
    )
    .expect("written");
    let command = |arguments: &[&str]| {
        let place = ["--config", "bridge.toml"];
        let output = run(
            BRIDGE,
            &served.path(""),
            &[&["policy"], arguments, &place].concat(),
        );
        let printed = String::from_utf8_lossy(&output.stdout).into_owned();
        let complained = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.success(), printed, complained)
    };
    let (is_well, printed, complained) = command(&["install", "two.wasm"]);
    assert!(is_well, "{complained}");
    assert!(
        printed.contains("openldap") && printed.contains("not in force yet"),
        "{printed}"
    );
    assert_eq!(in_force(&platform, "openldap").as_ref(), Some(&built_in));
    let (is_well, printed, complained) = command(&["install", "two.wasm", "--swap"]);
    assert!(is_well, "{complained}");
    assert!(
        printed.contains("is in force") && printed.contains("staff/ldap"),
        "{printed}"
    );
    let two = in_force(&platform, "openldap").expect("in force");
    assert_ne!(two, built_in);
    let (is_well, printed, _) = command(&["list"]);
    assert!(
        is_well && printed.contains(&two) && printed.contains("upload"),
        "{printed}"
    );
    let (is_well, printed, _) = command(&["swap", "openldap", &built_in, "--dry-run"]);
    assert!(
        is_well && printed.contains("would be in force"),
        "{printed}"
    );
    assert_eq!(in_force(&platform, "openldap").as_ref(), Some(&two));
    let (is_well, _, complained) = command(&["roll-back", "openldap"]);
    assert!(is_well, "{complained}");
    assert_eq!(in_force(&platform, "openldap").as_ref(), Some(&built_in));
    let (is_well, _, complained) = command(&["install", "bridge.toml"]);
    assert!(
        !is_well && complained.contains("not admitted"),
        "{complained}"
    );
    let (is_well, printed, _) = command(&["log", "staff"]);
    assert!(is_well && printed.is_empty(), "{printed}");
}

#[test]
fn check_reads_the_folder_too() {
    let (served, _) = served_with_folder();
    fs::create_dir(served.path("policies")).expect("a folder");
    fs::write(
        served.path("policies/good.wasm"),
        marked(component("openldap"), "two"),
    )
    .expect("written");
    let check = || {
        run(
            BRIDGE,
            &served.path(""),
            &["check", "--offline", "--config", "bridge.toml"],
        )
    };
    let output = check();
    assert!(output.status.success(), "{output:?}");
    fs::write(served.path("policies/wrong.wasm"), "nonsense").expect("written");
    let output = check();
    let complained = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "{complained}");
    assert!(
        complained.contains("policies/wrong.wasm") && complained.contains("not admitted"),
        "{complained}"
    );
    assert!(!complained.contains("good.wasm"), "{complained}");
}
