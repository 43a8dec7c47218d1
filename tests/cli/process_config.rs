//! The process's own settings: each mistake has one line with the file, the line, the member, and what
//! to do.

use crate::setup::Setup;
use std::{fs, os::unix::fs::PermissionsExt};

const FILE: &str = "bridge.toml";

/// Both `check` and `serve` say the same of a file that is wrong at a place.
#[track_caller]
fn assert_wrong(setup: &Setup, at: &str, field: &str, words: &[&str]) {
    let place = format!("{FILE}:{}", setup.line(FILE, at));
    let words: Vec<_> = [place.as_str(), field]
        .iter()
        .chain(words)
        .copied()
        .collect();
    setup.check().assert_says(&words);
    setup.serve().assert_says(&words);
}

/// A line of the file as `init` wrote it, replaced.
#[track_caller]
fn with_line(begin: &str, line: &str) -> Setup {
    let setup = Setup::new();
    let text = setup.read(FILE);
    let old = text
        .lines()
        .find(|line| line.starts_with(begin))
        .expect("a line to replace");
    setup.write(FILE, &text.replacen(old, line, 1));
    setup
}

#[test]
fn what_init_makes_is_fine() {
    let checked = Setup::new().check();
    assert_eq!((checked.code, checked.errors.len()), (0, 0), "{checked:?}");
    assert!(checked.printed.contains("fine"), "{checked:?}");
}

#[test]
fn an_address_that_is_none_is_refused() {
    for (line, words) in [
        ("base_url = \"id.example.com\"", &["https://"][..]),
        ("base_url = \"http://id.example.com\"", &["https"]),
        (
            "base_url = \"https://id.example.com/path\"",
            &["scheme, host and port"],
        ),
        ("base_url = \"ftp://id.example.com\"", &["https://"]),
        ("base_url = \"\"", &["empty"]),
        ("base_url = 5", &["string"]),
    ] {
        assert_wrong(&with_line("base_url", line), line, "base_url", words);
    }
}

#[test]
fn a_listener_that_cannot_be_is_refused() {
    for line in [
        "address = \"nowhere\"",
        "address = \"127.0.0.1\"",
        "address = \"127.0.0.1:99999\"",
        "address = []",
    ] {
        let setup = with_line("address", line);
        assert_wrong(&setup, line, "listener.address", &[]);
    }
}

#[test]
fn tls_is_a_certificate_with_its_key() {
    let line = "tls_certificate = \"fullchain.pem\"";
    let setup = with_line("# tls_certificate", line);
    setup.check().assert_says(&["listener.tls_key", "missing"]);
    setup.serve().assert_says(&["listener.tls_key", "missing"]);
    let both = format!("{line}\ntls_key = \"key.pem\"");
    let setup = with_line("# tls_certificate", &both);
    for ended in [setup.check(), setup.serve()] {
        ended.assert_says(&["fullchain.pem"]);
    }
    setup.write("fullchain.pem", "no certificate");
    setup.write("key.pem", "no key");
    for ended in [setup.check(), setup.serve()] {
        ended.assert_says(&["fullchain.pem"]);
    }
}

#[test]
fn tls_for_administrators_is_looked_at_as_well() {
    let both = "[admin]\naddress = \"127.0.0.1:0\"\ntls_certificate = \"admin.pem\"\ntls_key = \"admin.key\"";
    let setup = Setup::new();
    let text = setup.read(FILE);
    setup.write(FILE, &format!("{text}\n{both}\n"));
    for ended in [setup.check(), setup.serve()] {
        ended.assert_says(&["admin.pem"]);
    }
}

#[test]
fn https_needs_somebody_who_ends_tls() {
    let setup = with_line("base_url", "base_url = \"https://id.example.com\"");
    setup
        .check()
        .assert_says(&["listener.tls_certificate", "trusted_proxies"]);
    setup
        .serve()
        .assert_says(&["listener.tls_certificate", "trusted_proxies"]);
}

#[test]
fn a_member_that_nobody_knows_is_refused() {
    let line = "colour = \"blue\"";
    let setup = with_line("apply", &format!("apply = []\n{line}"));
    assert_wrong(&setup, line, "colour", &["apply", "base_url"]);
    let line = "adress = \"127.0.0.1:1\"";
    let setup = with_line("[listener]", &format!("[listener]\n{line}"));
    assert_wrong(&setup, line, "listener.adress", &["address"]);
}

#[test]
fn members_of_another_type_are_refused() {
    for (begin, line, field) in [
        ("apply", "apply = \"realms/staff.toml\"", "apply"),
        ("apply", "apply = [5]", "apply[0]"),
        ("[store]", "store = \"bridge.db\"\n[other]", "store"),
        ("path", "path = true", "store.path"),
    ] {
        let setup = with_line(begin, line);
        let ended = setup.check();
        assert_eq!(ended.code, 1, "{ended:?}");
        assert!(
            ended
                .errors
                .iter()
                .any(|error| error.contains(&format!(": {field}: "))),
            "{line}: {ended:?}"
        );
    }
}

#[test]
fn numbers_and_spans_have_bounds() {
    for (line, field) in [
        (
            "sign_in_failures_per_account_max = 0",
            "limits.sign_in_failures_per_account_max",
        ),
        (
            "sign_in_failures_per_address_max = \"many\"",
            "limits.sign_in_failures_per_address_max",
        ),
        (
            "sign_in_failures_window = \"soon\"",
            "limits.sign_in_failures_window",
        ),
        (
            "sign_in_failures_window = \"1y\"",
            "limits.sign_in_failures_window",
        ),
        (
            "sign_in_failures_window = 15",
            "limits.sign_in_failures_window",
        ),
    ] {
        let setup = Setup::new();
        let text = setup.read(FILE);
        setup.write(FILE, &format!("{text}\n[limits]\n{line}\n"));
        assert_wrong(&setup, line, field, &[]);
    }
}

#[test]
fn a_file_that_is_no_toml_is_refused_with_its_line() {
    let setup = with_line("apply", "apply = [");
    let ended = setup.check();
    ended.assert_says(&["bridge.toml:", "TOML"]);
    setup.serve().assert_says(&["bridge.toml:", "TOML"]);
}

#[test]
fn a_file_that_is_not_there_is_named_with_a_way_out() {
    let setup = Setup::new();
    for command in ["check", "serve"] {
        let ended = setup.command(&[command, "--config", "no-such.toml"]);
        ended.assert_says(&["no-such.toml", "init"]);
        assert_eq!(ended.code, 1);
    }
    let folder = setup.command(&["check", "--config", "bridge"]);
    folder.assert_says(&["bridge"]);
}

#[test]
fn the_sealing_key_lies_apart_from_the_database() {
    let line = "sealing_key = \"data/sealing.key\"";
    let setup = with_line("sealing_key", line);
    assert_wrong(&setup, line, "store.sealing_key", &["outside"]);
}

#[test]
fn without_a_sealing_key_nothing_starts() {
    let setup = Setup::new();
    let key = setup.path("secrets/sealing.key");
    let kept = fs::read(&key).expect("the key");
    let both = |words: &[&str]| {
        setup.check().assert_says(words);
        setup.serve().assert_says(words);
    };
    fs::remove_file(&key).expect("the key");
    both(&["sealing.key", "init"]);
    fs::create_dir(&key).expect("a folder in its place");
    both(&["sealing.key"]);
    fs::remove_dir(&key).expect("the folder");
    for wrong in ["", "c2hvcnQ=\n", "not base64 at all\n"] {
        fs::write(&key, wrong).expect("a file");
        fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).expect("its mode");
        both(&["sealing.key", "backup"]);
    }
    fs::write(&key, kept).expect("the key");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).expect("its mode");
    both(&["sealing.key", "chmod 600"]);
}

#[test]
fn check_says_everything_at_once() {
    let setup = with_line("base_url", "base_url = 5\ncolour = 1");
    setup.change(
        FILE,
        "[store]\npath = \"data/bridge.db\"",
        "[store]\npath = \"\"",
    );
    setup.change(FILE, "apply = [", "apply = [7, ");
    let ended = setup.check();
    assert_eq!(ended.code, 1);
    for field in ["base_url", "colour", "store.path", "apply[0]"] {
        let told = ended
            .errors
            .iter()
            .filter(|error| error.contains(&format!(": {field}: ")))
            .count();
        assert_eq!(told, 1, "{field}: {ended:#?}");
    }
    let lines: Vec<usize> = ended
        .errors
        .iter()
        .filter_map(|error| line_of(error))
        .collect();
    assert_eq!(
        lines.len(),
        ended.errors.len(),
        "a fault without its line: {ended:#?}"
    );
    assert!(
        lines.is_sorted(),
        "not in the order of the file: {ended:#?}"
    );
}

fn line_of(error: &str) -> Option<usize> {
    let (_, rest) = error.split_once("bridge.toml:")?;
    rest.split(':').next()?.parse().ok()
}

#[test]
fn what_administrators_and_realms_may_reach_is_checked() {
    for (table, line, field, words) in [
        (
            "[admin]",
            "address = \"0.0.0.0:8443\"",
            "admin.tls_certificate",
            &["clear", "loopback"][..],
        ),
        (
            "[admin]",
            "prefixes = [\"api/\"]",
            "admin.prefixes[0]",
            &["/api"],
        ),
        ("[audit]", "keep = \"1h\"", "audit.keep", &["between"]),
        (
            "[[outbound]]",
            "networks = [\"10.0.0.0/33\"]",
            "outbound[0].networks[0]",
            &["10.0.0.0/8"],
        ),
        (
            "[[outbound]]",
            "ports = [70000]",
            "outbound[0].ports[0]",
            &["65535"],
        ),
        (
            "[[outbound]]",
            "hosts = []",
            "outbound[0].hosts",
            &["leave it out"],
        ),
    ] {
        let setup = Setup::new();
        let text = setup.read(FILE);
        setup.write(FILE, &format!("{text}\n{table} # table\n{line} # wrong\n"));
        // What is missing has the line of its table.
        let at = if field == "admin.tls_certificate" {
            "# table"
        } else {
            "# wrong"
        };
        assert_wrong(&setup, at, field, words);
    }
}
