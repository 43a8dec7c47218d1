//! What is written: nothing left for later, nothing of one machine, nothing that is not there.

use crate::tree::{Source, assert_none, files};
use regex::Regex;
use suites::repository;

fn lines_with(pattern: &Regex, sources: &[Source]) -> Vec<String> {
    let mut findings = Vec::new();
    for file in sources {
        for (number, line) in file
            .text
            .lines()
            .enumerate()
            .filter(|(_, line)| pattern.is_match(line))
        {
            findings.push(format!("{}:{}: {}", file.path, number + 1, line.trim()));
        }
    }
    findings
}

#[test]
fn nothing_is_left_for_later() {
    // Put together here, or this file would hold the words.
    let pattern = Regex::new(&[r"\b(TO", r"DO|FIX", r"ME|XX", r"X|HA", r"CK)\b"].concat())
        .expect("a pattern");
    assert!(pattern.is_match(&["// TO", "DO: later"].concat()));
    let mut sources = files(".");
    // The full text of a licence and the integrity values of a lock file are no prose of ours.
    sources.retain(|file| {
        !file.path.ends_with("package-lock.json") && !file.path.starts_with("LICENSE")
    });
    assert_none(
        &lines_with(&pattern, &sources),
        "do it now, or say in an issue why not:",
    );
}

#[test]
fn nothing_names_a_place_on_one_machine() {
    let pattern = Regex::new(r#"(^|[\s"'`(=:,])/(work|home|root|Users)/"#).expect("a pattern");
    assert!(pattern.is_match(&["see \"/ho", "me/ada/src\""].concat()));
    assert!(!pattern.is_match("https://app.example/home/page"));
    assert_none(
        &lines_with(&pattern, &files(".")),
        "another machine has no such place:",
    );
}

#[test]
fn lock_files_name_no_registry_of_one_machine() {
    let pattern = Regex::new(r#""resolved"|^source = "registry\+https?://"#).expect("a pattern");
    let usual = r#"source = "registry+https://github.com/rust-lang/crates.io-index""#;
    let mut findings = lines_with(
        &pattern,
        &files("tests")
            .into_iter()
            .filter(is_npm_lock)
            .collect::<Vec<_>>(),
    );
    let cargo = std::fs::read_to_string(repository().join("Cargo.lock")).expect("Cargo.lock");
    findings.extend(
        cargo
            .lines()
            .filter(|line| pattern.is_match(line) && *line != usual)
            .map(str::to_owned),
    );
    assert_none(&findings, "a lock file works with any registry:");
}

fn is_npm_lock(file: &Source) -> bool {
    file.path.ends_with("package-lock.json")
}

#[test]
fn links_between_the_documents_lead_somewhere() {
    let link = Regex::new(r"\]\(([^)#:\s]+)(#[^)]*)?\)").expect("a pattern");
    let mut findings = Vec::new();
    for file in files(".").iter().filter(|file| file.is("md")) {
        let folder = repository()
            .join(&file.path)
            .parent()
            .expect("a file's folder")
            .to_owned();
        for target in link
            .captures_iter(&file.text)
            .map(|found| found[1].to_owned())
        {
            if !folder.join(&target).exists() {
                findings.push(format!("{}: {target}", file.path));
            }
        }
    }
    assert_none(&findings, "a link that leads nowhere:");
}
