//! What the documents tell a reader to type.

use crate::BRIDGE;
use std::{collections::BTreeSet, fs, process::Command};
use suites::repository;

/// Programs that a README may tell a reader to call, besides the project's own.
const COMMON_PROGRAMS: &[&str] = &[
    "apt-get",
    "cd",
    "curl",
    "git",
    "ldapsearch",
    "openssl",
    "rustup",
    "sudo",
];

/// The lines of a document's shell blocks, continued lines joined, comments and prompts gone.
fn commands(markdown: &str) -> Vec<String> {
    let mut inside = false;
    let mut lines = Vec::new();
    for line in markdown.lines() {
        if line.starts_with("```") {
            inside = !inside && matches!(line.trim_start_matches('`'), "sh" | "bash" | "console");
        } else if inside {
            let line = line.split(" #").next().unwrap_or_default();
            lines.push(line.trim_start_matches("$ ").trim().to_owned());
        }
    }
    let text = lines.join("\n").replace("\\\n", " ");
    text.lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(str::to_owned)
        .collect()
}

#[test]
fn commands_in_the_documents_exist() {
    let documents = ["README.md", "CONTRIBUTING.md"];
    let mut findings = Vec::new();
    let mut seen = 0;
    for document in documents {
        let text = fs::read_to_string(repository().join(document)).expect("a document");
        for command in commands(&text) {
            seen += 1;
            if let Err(why) = check_command(&command) {
                findings.push(format!("{document}: {command}: {why}"));
            }
        }
    }
    assert!(seen >= 3, "only {seen} commands: are the documents read?");
    assert!(
        findings.is_empty(),
        "a reader who types this is disappointed:\n{}",
        findings.join("\n")
    );
}

fn check_command(command: &str) -> Result<(), String> {
    let words: Vec<&str> = command.split_whitespace().collect();
    let (program, arguments) = words.split_first().ok_or("nothing to run")?;
    match *program {
        "cargo" => check_cargo(arguments),
        "ldap-oidc-bridge" => check_bridge(arguments),
        path if path.contains('/') && repository().join(path).is_file() => Ok(()),
        program if COMMON_PROGRAMS.contains(&program) => Ok(()),
        _ => Err(format!("{program} is neither ours nor common")),
    }
}

fn check_cargo(arguments: &[&str]) -> Result<(), String> {
    let value_of = |flag: &str| {
        arguments
            .iter()
            .skip_while(|word| **word != flag)
            .nth(1)
            .copied()
    };
    let root = repository();
    if let Some(package) = value_of("-p") {
        let lock = fs::read_to_string(root.join("Cargo.lock")).expect("Cargo.lock");
        if !lock.contains(&format!("name = \"{package}\"\n")) {
            return Err(format!("no package {package}"));
        }
    }
    for (flag, folder) in [
        ("--example", "examples"),
        ("--bench", "benches"),
        ("--test", "tests"),
    ] {
        let bridge = root.join("host/bridge").join(folder);
        let suites = root.join("tests");
        if let Some(name) = value_of(flag)
            && !bridge.join(format!("{name}.rs")).is_file()
            && !suites.join(name).join("main.rs").is_file()
        {
            return Err(format!("nothing for {flag} {name}"));
        }
    }
    match arguments.iter().position(|word| *word == "--") {
        Some(at) if arguments.first() == Some(&"run") && value_of("--example").is_none() => {
            check_bridge(&arguments[at + 1..])
        }
        _ => Ok(()),
    }
}

/// Whether the command line has this subcommand with these flags.
fn check_bridge(arguments: &[&str]) -> Result<(), String> {
    let subcommands: Vec<&str> = arguments
        .iter()
        .take_while(|word| !word.starts_with('-'))
        .copied()
        .take(1)
        .collect();
    let output = Command::new(BRIDGE)
        .args(&subcommands)
        .arg("--help")
        .output();
    let output = output.map_err(|error| error.to_string())?;
    if !output.status.success() {
        return Err(format!("no subcommand {subcommands:?}"));
    }
    let help = String::from_utf8_lossy(&output.stdout);
    let known: BTreeSet<&str> = help
        .split(|c: char| !(c.is_alphanumeric() || c == '-'))
        .collect();
    match arguments
        .iter()
        .filter(|word| word.starts_with("--"))
        .find(|flag| !known.contains(*flag))
    {
        Some(flag) => Err(format!("no flag {flag}")),
        None => Ok(()),
    }
}

#[test]
fn commands_are_read_from_shell_blocks_only() {
    let text = "```sh\n$ one --a \\\n  b\n# not this\ntwo # nor this\n```\ntext\n```rust\nfn no() {}\n```\n";
    assert_eq!(commands(text), ["one --a  b", "two"]);
    assert!(check_command("tests/no-such-file").is_err());
    assert!(check_command("cargo run -p no-such-package").is_err());
    assert!(check_command("no-such-program").is_err());
}
