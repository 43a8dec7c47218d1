//! `policy`: what an author does with the binary alone, in a fresh folder without a network.

use crate::BRIDGE;
use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::PathBuf,
    process::{Command, Output, Stdio},
};
use suites::repository;
use tempfile::TempDir;

/// An address where nobody listens, for whoever would go to the network all the same.
const NOWHERE: &str = "http://127.0.0.1:9";

/// A fresh folder, and in it a `CARGO_HOME` with nothing in it.
pub(crate) struct Desk {
    folder: TempDir,
}

impl Desk {
    pub(crate) fn new() -> Self {
        let folder = TempDir::new().expect("a folder");
        fs::create_dir(folder.path().join("cargo-home")).expect("a folder");
        Self { folder }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A program as an author without a network has it.
    pub(crate) fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        for (name, _) in std::env::vars_os() {
            let of_cargo = name.to_str().is_some_and(|name| name.starts_with("CARGO"));
            if of_cargo {
                command.env_remove(name);
            }
        }
        command
            .env("CARGO_HOME", self.path("cargo-home"))
            .env("CARGO_NET_OFFLINE", "true")
            .env("DOCKER_CONFIG", self.path("docker"))
            .envs(["http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy"].map(|it| (it, NOWHERE)))
            .env("no_proxy", "127.0.0.1,localhost")
            .env_remove("RUSTFLAGS")
            .current_dir(self.folder.path())
            .stdin(Stdio::null());
        command
    }

    pub(crate) fn policy(&self, folder: &str, arguments: &[&str]) -> Output {
        let mut command = self.command(BRIDGE);
        command.arg("policy").args(arguments);
        command.current_dir(self.path(folder));
        command.output().expect("the bridge under test")
    }

    /// What a command says that has to go well.
    pub(crate) fn well(&self, folder: &str, arguments: &[&str]) -> String {
        let output = self.policy(folder, arguments);
        assert!(output.status.success(), "{arguments:?}: {}", both(&output));
        String::from_utf8(output.stdout).expect("UTF-8")
    }

    /// What a command says that has to go wrong.
    pub(crate) fn wrong(&self, folder: &str, arguments: &[&str]) -> String {
        let output = self.policy(folder, arguments);
        assert_eq!(
            output.status.code(),
            Some(1),
            "{arguments:?}: {}",
            both(&output)
        );
        both(&output)
    }
}

fn both(output: &Output) -> String {
    let text = |octets: &[u8]| String::from_utf8_lossy(octets).into_owned();
    text(&output.stdout) + &text(&output.stderr)
}

/// The policies that are built in and need no crate but the SDK, by their folders.
fn starting_points() -> Vec<String> {
    let listed = fs::read_dir(repository().join("guest")).expect("guest/");
    let folders = listed.flatten().map(|entry| entry.path());
    let names = folders.filter(|folder| folder.join("cases").is_dir());
    let mut names: Vec<_> = names
        .map(|folder| {
            folder
                .file_name()
                .expect("a name")
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    names.sort();
    names
}

/// The digest that a command printed.
fn digest(text: &str) -> &str {
    let line = text.lines().find(|line| line.contains("digest"));
    line.expect(text)
        .split_whitespace()
        .last()
        .expect("a digest")
}

#[test]
fn a_policy_is_begun_built_tried_signed_and_verified_without_a_network() {
    let desk = Desk::new();
    let made = desk.well("", &["new", "acme", "--from", "generic"]);
    assert!(
        made.contains("cd acme\n  ldap-oidc-bridge policy build"),
        "{made}"
    );
    let built = desk.well("acme", &["build"]);
    assert!(built.contains("world   vendor-policy"), "{built}");
    let cache = fs::read_dir(desk.path("cargo-home/registry"));
    assert!(cache.is_err(), "something was fetched");

    let tried = desk.well("acme", &["test"]);
    assert!(tried.contains("2 as expected"), "{tried}");

    let file = "target/acme.wasm";
    let inspected = desk.well("acme", &["inspect", file]);
    for said in [
        "vendor-policy 0.1.0",
        digest(&built),
        "signed by nobody",
        "not needed",
        "✓ acme 0.1.0: a bridge takes it",
    ] {
        assert!(inspected.contains(said), "{said}: {inspected}");
    }

    let text = desk.wrong("acme", &["verify", file]);
    assert!(text.contains("there is no signature"), "{text}");
    let made = desk.well("acme", &["key", "mine.pem"]);
    let key = made.lines().last().expect("a key").to_owned();
    let permissions = fs::metadata(desk.path("acme/mine.pem"))
        .expect("a file")
        .permissions();
    assert_eq!(permissions.mode() & 0o777, 0o600);
    let again = desk.wrong("acme", &["key", "mine.pem"]);
    assert!(again.contains("is there already"), "{again}");
    let signed = desk.well("acme", &["sign", file, "--key", "mine.pem"]);
    assert!(
        signed.contains(&key) && signed.contains("target/acme.wasm.sig"),
        "{signed}"
    );
    for arguments in [&["verify", file][..], &["verify", file, "--key", &key]] {
        let text = desk.well("acme", arguments);
        assert!(text.contains("as it was signed"), "{text}");
    }
    let other = format!("ed25519:{}", "a".repeat(64));
    let text = desk.wrong("acme", &["verify", file, "--key", &other]);
    assert!(text.contains("no signature that counts"), "{text}");
    let inspected = desk.well("acme", &["inspect", file]);
    assert!(
        inspected.contains(&format!("signed by ✓ {key}")),
        "{inspected}"
    );

    // The same sources elsewhere are the same policy, to the octet.
    fs::create_dir(desk.path("elsewhere")).expect("a folder");
    desk.well("elsewhere", &["new", "acme", "--from", "generic"]);
    let rebuilt = desk.well("elsewhere/acme", &["build"]);
    assert_eq!(digest(&built), digest(&rebuilt));

    // One octet is another one, and the signature says so.
    let path = desk.path("acme/target/acme.wasm");
    let mut octets = fs::read(&path).expect("the component");
    octets.extend([0, 2, 1, b'x']);
    fs::write(&path, octets).expect("the component");
    let text = desk.wrong("acme", &["verify", file]);
    assert!(text.contains("not of this file"), "{text}");
}

#[test]
fn every_starting_point_builds_and_makes_of_people_what_it_says() {
    let desk = Desk::new();
    let points = starting_points();
    assert!(points.len() >= 4, "{points:?}");
    for from in points.iter().map(String::as_str).chain(["mapper"]) {
        let name = format!("my-{from}");
        desk.well("", &["new", &name, "--from", from]);
        let mut cargo = desk.command("cargo");
        cargo
            .args(["test", "--quiet"])
            .env("CARGO_TARGET_DIR", desk.path("native"))
            .current_dir(desk.path(&name));
        let tested = cargo.output().expect("cargo");
        assert!(tested.status.success(), "{from}: {}", both(&tested));
        assert!(both(&tested).contains("test result: ok"), "{from}");

        let mut build = desk.command(BRIDGE);
        build
            .args(["policy", "build", &name])
            // The SDK is compiled once for all of them.
            .env("CARGO_TARGET_DIR", desk.path("wasm"));
        let output = build.output().expect("the bridge under test");
        assert!(output.status.success(), "{from}: {}", both(&output));
        let tried = desk.well("", &["test", &name]);
        assert!(
            tried.contains("as expected") && !tried.contains("FAILED"),
            "{from}: {tried}"
        );
        let inspected = desk.well("", &["inspect", &format!("{name}/target/{name}.wasm")]);
        assert!(
            inspected.contains(&format!("✓ {name} 0.1.0")),
            "{inspected}"
        );
    }
}

#[test]
fn what_cannot_be_begun_is_said_and_leaves_nothing() {
    let desk = Desk::new();
    for (arguments, says) in [
        (&["new", "acme"][..], "--from and one of"),
        (&["new", "acme", "--from", "nobody"], "choose one of"),
        (
            &["new", "acme", "--from", "generic", "--lang", "js"],
            "choose one of: mapper",
        ),
        (&["new", "Acme", "--from", "generic"], "lower-case letters"),
        (&["new", "generic", "--from", "generic"], "built in"),
        (&["new", "match", "--from", "generic"], "no word of Rust's"),
        (
            &["new", "cargo-home", "--from", "generic"],
            "is there already",
        ),
    ] {
        let text = desk.wrong("", arguments);
        assert!(text.contains(says), "{arguments:?}: {text}");
    }
    assert!(!desk.path("acme").exists());
}

#[test]
fn what_cannot_be_built_says_why_and_what_to_do() {
    let desk = Desk::new();
    let text = desk.wrong("", &["build"]);
    assert!(
        text.contains("no Cargo.toml") && text.contains("policy new"),
        "{text}"
    );

    desk.well("", &["new", "acme", "--from", "mapper"]);
    let library = desk.path("acme/src/lib.rs");
    let source = fs::read_to_string(&library).expect("a file");
    fs::write(
        &library,
        source.replace("Some(ClaimValue::Text", "None::<Nothing"),
    )
    .expect("a file");
    let text = desk.wrong("acme", &["build"]);
    assert!(
        text.contains("src/lib.rs:") && text.contains("what it says above"),
        "{text}"
    );

    fs::write(&library, "pub fn nothing() {}\n").expect("a file");
    let text = desk.wrong("acme", &["build"]);
    assert!(text.contains("no policy"), "{text}");

    let manifest = desk.path("acme/Cargo.toml");
    let crates = fs::read_to_string(&manifest).expect("a file");
    fs::write(&manifest, crates.replace("\"cdylib\", ", "")).expect("a file");
    let text = desk.wrong("acme", &["build"]);
    assert!(text.contains("crate-type"), "{text}");

    for (lang, says) in [("js", "npm install"), ("python", "pip install -r")] {
        desk.well("", &["new", lang, "--from", "mapper", "--lang", lang]);
        let text = desk.wrong(lang, &["build"]);
        assert!(
            text.contains("not installed") && text.contains(says),
            "{text}"
        );
        let text = desk.wrong(lang, &["doctor"]);
        assert!(
            text.contains("✗ componentize-") && text.contains(says),
            "{text}"
        );
    }
}

#[test]
fn what_is_no_policy_is_not_taken_for_one() {
    let desk = Desk::new();
    fs::write(desk.path("a.txt"), "text").expect("a file");
    desk.well("", &["key", "mine.pem"]);
    for (arguments, says) in [
        (&["inspect", "a.txt"][..], "a.txt"),
        (&["inspect", "gone.wasm"], "gone.wasm"),
        (&["sign", "a.txt", "--key", "mine.pem"], "no WebAssembly"),
        (&["sign", "a.txt", "--key", "a.txt"], "chmod 600"),
        (
            &["push", "a.txt", "localhost:9/a:1"],
            "only policies are pushed",
        ),
    ] {
        let text = desk.wrong("", arguments);
        assert!(text.contains(says), "{arguments:?}: {text}");
    }
    let output = desk.policy("", &["verify", "a.txt", "--key", "rsa"]);
    assert_eq!(output.status.code(), Some(2), "{}", both(&output));
}

#[test]
fn the_doctor_looks_at_what_this_folder_needs() {
    let desk = Desk::new();
    let text = desk.well("", &["doctor"]);
    for what in ["✓ cargo", "✓ wasm target", "nothing is in the way"] {
        assert!(text.contains(what), "{what}: {text}");
    }
    let text = desk.wrong("", &["doctor", "--registry", "127.0.0.1:9"]);
    assert!(text.contains("✗ registry"), "{text}");

    // Without a compiler on the path.
    let empty = desk.path("empty");
    fs::create_dir(&empty).expect("a folder");
    let mut doctor = desk.command(BRIDGE);
    let output = doctor
        .args(["policy", "doctor"])
        .env("PATH", &empty)
        .env_remove("CARGO")
        .env_remove("RUSTC")
        .output()
        .expect("the bridge under test");
    let text = both(&output);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(
        text.contains("✗ cargo") && text.contains("https://rustup.rs"),
        "{text}"
    );
}
