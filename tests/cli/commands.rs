//! The commands themselves: help, `init`, `serve` and `demo` from start to end.

use crate::{BRIDGE, setup::Setup};
use std::{fs, net::TcpListener, os::unix::fs::PermissionsExt, path::Path};
use suites::{
    bridge::{Bridge, run},
    browser::Browser,
};
use tempfile::TempDir;

#[test]
fn help_says_what_each_command_does() {
    let folder = TempDir::new().expect("a folder");
    let help = |arguments: &[&str]| {
        let output = run(BRIDGE, folder.path(), arguments);
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {output:?}");
        String::from_utf8(output.stdout).expect("UTF-8")
    };
    let all = help(&["--help"]);
    for command in [
        "init",
        "serve",
        "check",
        "apply",
        "get",
        "export",
        "sync",
        "rotate-key",
        "demo",
    ] {
        let line = all
            .lines()
            .find(|line| line.trim_start().starts_with(&format!("{command} ")));
        assert!(
            line.is_some_and(|line| line.trim().len() > command.len() + 10),
            "nothing about {command}:\n{all}"
        );
    }
    assert!(help(&["serve", "--help"]).contains("--config <FILE>"));
    assert!(help(&["check", "--help"]).contains("--config <FILE>"));
    assert!(help(&["demo", "--help"]).contains("127.0.0.1:8080"));
    assert!(help(&["--version"]).contains(env!("CARGO_PKG_VERSION")));
}

#[test]
fn a_command_that_is_not_there_is_refused_with_a_hint() {
    let folder = TempDir::new().expect("a folder");
    for (arguments, hint) in [
        (&["sevre"][..], "serve"),
        (&[], "Usage"),
        (&["serve"], "--config"),
        (&["check", "--confg", "x"], "--config"),
        (&["demo", "--listen", "nowhere"], "--listen"),
    ] {
        let output = run(BRIDGE, folder.path(), arguments);
        let text = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {text}");
        assert!(text.contains(hint), "{arguments:?}: {text}");
    }
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("a file").permissions().mode() & 0o777
}

#[test]
fn init_makes_a_key_that_only_its_owner_can_read() {
    let setup = Setup::new();
    assert_eq!(mode(&setup.path("secrets/sealing.key")), 0o600);
    assert_eq!(mode(&setup.path("secrets")), 0o700);
    assert_eq!(mode(&setup.path("data")), 0o700);
    assert_ne!(
        setup.read("secrets/sealing.key"),
        Setup::new().read("secrets/sealing.key")
    );
}

#[test]
fn init_changes_nothing_that_is_there() {
    let setup = Setup::new();
    let key = setup.read("secrets/sealing.key");
    setup
        .command(&["init", "bridge"])
        .assert_says(&["bridge.toml", "another folder"]);
    assert_eq!(setup.read("secrets/sealing.key"), key);
    // One part alone stands in the way too.
    let folder = TempDir::new().expect("a folder");
    fs::create_dir(folder.path().join("data")).expect("a folder");
    let output = run(BRIDGE, folder.path(), &["init", "."]);
    assert_eq!(output.status.code(), Some(1));
    let left: Vec<_> = fs::read_dir(folder.path()).expect("the folder").collect();
    assert_eq!(left.len(), 1, "something half-made stays: {left:?}");
}

#[test]
fn init_where_there_can_be_no_folder_leaves_nothing() {
    let folder = TempDir::new().expect("a folder");
    fs::write(folder.path().join("file"), "").expect("a file");
    let output = run(BRIDGE, folder.path(), &["init", "file/bridge"]);
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(
        text.starts_with("error: ") && text.contains("file/bridge"),
        "{text}"
    );
}

#[test]
fn a_taken_port_is_named_and_nothing_is_written() {
    let setup = Setup::new();
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("its address").to_string();
    let text = setup.read("bridge.toml");
    let line = text
        .lines()
        .find(|line| line.starts_with("address = "))
        .expect("an address")
        .to_owned();
    setup.change("bridge.toml", &line, &format!("address = \"{address}\""));
    setup.serve().assert_says(&[&address, "taken", "another"]);
    let demo = setup.command(&["demo", "--listen", &address]);
    demo.assert_says(&[&address, "taken", "another"]);
}

#[test]
fn serve_answers_until_it_is_told_to_stop() {
    let setup = Setup::new();
    let text = setup.read("bridge.toml");
    let base = text
        .lines()
        .find_map(|line| line.strip_prefix("base_url = \""))
        .expect("an address");
    let base = base.trim_end_matches('"').to_owned();
    let bridge = Bridge::serve(BRIDGE, &setup.path("bridge.toml"), &base);
    let document = Browser::new().get(bridge.url("/realms/staff/.well-known/openid-configuration"));
    assert_eq!(document.json()["issuer"], format!("{base}/realms/staff"));
    assert_eq!(bridge.stop(), Some(0), "SIGTERM is an ordinary end");
}

#[test]
fn demo_says_where_it_is_and_who_can_be_tried() {
    let demo = Bridge::demo(BRIDGE);
    let printed = demo.log();
    for text in [
        &demo.url(""),
        "active-directory",
        "rhds",
        "openldap",
        "ada",
        "grace",
        "alan",
        "bridge-demo",
        "cli",
    ] {
        assert!(printed.contains(text), "no {text} in:\n{printed}");
    }
}

#[test]
fn demo_listens_on_loopback_only() {
    let folder = TempDir::new().expect("a folder");
    for address in ["0.0.0.0:0", "[::]:0", "192.0.2.1:8080"] {
        let output = run(BRIDGE, folder.path(), &["demo", "--listen", address]);
        let text = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{address}: {text}");
        assert!(
            text.contains("loopback") || text.contains("127.0.0.1"),
            "{address}: {text}"
        );
    }
}
