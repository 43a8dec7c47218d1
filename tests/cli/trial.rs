//! `policy test`, `run` and `bench`: a policy tried without a server.

use crate::BRIDGE;
use bridge_components::components;
use std::{fs, path::PathBuf};
use suites::bridge::run;
use tempfile::TempDir;

const DIRECTORY: &str = "dn: dc=example,dc=test
objectClass: domain
dc: example

dn: cn=staff,ou=groups,dc=example,dc=test
objectClass: groupOfNames
cn: staff
member: uid=ada,ou=people,dc=example,dc=test
";

const ADA: &str = "dn: uid=ada,ou=people,dc=example,dc=test
objectClass: top
objectClass: person
objectClass: organizationalPerson
objectClass: inetOrgPerson
uid: ada
cn: Ada Lovelace
givenName: Ada
sn: Lovelace
mail: ada@example.test
entryUUID: 0189d2a4-7c3e-4234-8abc-00112233445f
";

/// A folder as a policy's author has it: a component in `target`, cases in `tests`.
pub(crate) struct Author {
    folder: TempDir,
}

impl Author {
    pub(crate) fn of(component: &[u8]) -> Self {
        let author = Self {
            folder: TempDir::new().expect("a folder"),
        };
        author.write_octets("target/policy.wasm", component);
        author
    }

    fn generic() -> Self {
        let mut generic = components().iter().filter(|it| it.name == "generic");
        let author = Self::of(generic.next().expect("it is built in").bytes);
        author.write("tests/directory.ldif", DIRECTORY);
        author.write("tests/ada.ldif", ADA);
        author
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        self.write_octets(name, text.as_bytes());
    }

    fn write_octets(&self, name: &str, octets: &[u8]) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("it is made");
        fs::write(path, octets).expect("it is written");
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).expect("it is there")
    }

    /// The exit code, and all that is printed.
    pub(crate) fn policy(&self, arguments: &[&str]) -> (i32, String) {
        let arguments = [&["policy"], arguments].concat();
        let output = run(BRIDGE, self.folder.path(), &arguments);
        let printed = [output.stdout, output.stderr].concat();
        let text = String::from_utf8_lossy(&printed).into_owned();
        (output.status.code().expect("it ended by itself"), text)
    }
}

#[test]
fn what_comes_of_a_case_is_written_and_then_expected() {
    let author = Author::generic();
    let (code, text) = author.policy(&["test"]);
    assert_eq!(code, 1, "nobody has said what should come of it: {text}");
    assert!(
        text.contains("FAILED   ada") && text.contains("--bless"),
        "{text}"
    );
    let (code, text) = author.policy(&["test", "--bless"]);
    assert_eq!(code, 0, "{text}");
    let expected = author.read("tests/ada.json");
    for part in [
        "\"username\": \"ada\"",
        "\"stable_id\": \"entryUUID=0189d2a47c3e42348abc00112233445f\"",
        "\"email\": \"ada@example.test\"",
        "\"comes_in\": true",
    ] {
        assert!(expected.contains(part), "{part} in {expected}");
    }
    let (code, text) = author.policy(&["test"]);
    assert_eq!(code, 0, "{text}");
    assert!(
        text.contains("ok       ada") && text.contains("1 as expected"),
        "{text}"
    );
}

#[test]
fn a_difference_is_shown_line_by_line_and_ends_in_1() {
    let author = Author::generic();
    author.policy(&["test", "--bless"]);
    author.write(
        "tests/ada.ldif",
        &ADA.replace("ada@example.test", "countess@example.test"),
    );
    let (code, text) = author.policy(&["test"]);
    assert_eq!(code, 1, "{text}");
    assert!(
        text.contains("-          \"email\": \"ada@example.test\""),
        "{text}"
    );
    assert!(
        text.contains("+          \"email\": \"countess@example.test\""),
        "{text}"
    );
}

#[test]
fn a_broken_case_is_named_and_ends_in_2() {
    let author = Author::generic();
    author.write(
        "tests/broken.ldif",
        "dn: uid=x,dc=example,dc=test\nno colon\n",
    );
    author.write(
        "tests/hasty.ldif",
        "#: bind soon\ndn: uid=y,dc=example,dc=test\nuid: y\n",
    );
    let (code, text) = author.policy(&["test", "--bless"]);
    assert_eq!(code, 2, "{text}");
    assert!(
        text.contains("BROKEN   broken:") && text.contains("line 2"),
        "{text}"
    );
    assert!(
        text.contains("BROKEN   hasty:") && text.contains("line 1"),
        "{text}"
    );
    assert!(text.contains("written  ada"), "{text}");
}

#[test]
fn a_case_says_what_the_bind_is_answered_and_what_time_it_is() {
    let author = Author::generic();
    author.write(
        "tests/ada.ldif",
        &format!("#: now 2030-01-01\n#: bind 49 wrong\n{ADA}"),
    );
    author.policy(&["test", "--bless"]);
    let expected = author.read("tests/ada.json");
    assert!(
        expected.contains("\"reason\": \"bad_credentials\""),
        "{expected}"
    );
    assert!(expected.contains("\"comes_in\": false"), "{expected}");
}

#[test]
fn a_federation_of_the_folder_is_the_one_that_is_tried() {
    let author = Author::generic();
    author.write(
        "tests/federation.toml",
        "bind_credential = \"env:NOT_SET\"\n\n[[mapper]]\nname = \"department\"\nldap_attribute = \"ou\"\n",
    );
    author.write("tests/ada.ldif", &format!("{ADA}ou: Engines\n"));
    let (code, text) = author.policy(&["test", "--bless"]);
    assert_eq!(code, 0, "{text}");
    assert!(
        author
            .read("tests/ada.json")
            .contains("\"department\": \"Engines\"")
    );
    author.write("tests/federation.toml", "vendor = \"somebody else\"\n");
    let (code, text) = author.policy(&["test"]);
    assert_eq!(code, 2, "{text}");
    assert!(
        text.contains("federation.toml") && text.contains("somebody else"),
        "{text}"
    );
}

#[test]
fn mappers_of_other_policies_of_the_bridge_are_tried_with_it() {
    let author = Author::generic();
    let federation = r#"
[[mapper]]
name = "greeting"
kind = "cel"
claim = "greeting"
settings = { expression = "'Dear ' + entry.givenName[0]" }

[[mapper]]
name = "house"
kind = "regex"
ldap_attribute = "mail"
claim = "house"
settings = { pattern = "^.*@", replacement = "" }
"#;
    author.write("tests/federation.toml", federation);
    let (code, text) = author.policy(&["test", "--bless"]);
    assert_eq!(code, 0, "{text}");
    let expected = author.read("tests/ada.json");
    for part in ["\"greeting\": \"Dear Ada\"", "\"house\": \"example.test\""] {
        assert!(expected.contains(part), "{part}: {expected}");
    }
    let bench = ["bench", "target/policy.wasm"];
    let bench = [&bench[..], &["--federation", "tests/federation.toml"]].concat();
    let (code, text) = author.policy(&bench);
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("calls 3"), "{text}");
}

#[test]
fn one_entry_is_shown_with_plan_verdict_and_claims() {
    let author = Author::generic();
    let run = |more: &[&str]| {
        let arguments = ["run", "target/policy.wasm", "--entry", "tests/ada.ldif"];
        author.policy(&[&arguments, more].concat())
    };
    let (code, text) = run(&[]);
    assert_eq!(code, 0, "{text}");
    for part in [
        "login filter",
        "identified by",
        "entry uid=ada",
        "email: ada@example.test",
        "may come in",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
    let (code, text) = run(&["--reply", "49:wrong"]);
    assert_eq!(code, 0, "{text}");
    assert!(
        text.contains("bad_credentials") && text.contains("is kept out"),
        "{text}"
    );
    let (code, text) = run(&["--json"]);
    assert_eq!(code, 0, "{text}");
    let json: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(json["people"][0]["outcome"]["comes_in"], true);
    let (code, text) = run(&["--reply", "soon"]);
    assert_eq!(code, 1, "{text}");
    assert!(text.contains("--reply soon"), "{text}");
}

#[test]
fn what_is_no_recording_is_refused_with_words() {
    let author = Author::generic();
    author.write("sign-in.json", "{\"format\": 7}");
    let (code, text) = author.policy(&["run", "target/policy.wasm", "sign-in.json"]);
    assert_eq!(code, 1, "{text}");
    assert!(
        text.contains("sign-in.json") && text.contains("format 7"),
        "{text}"
    );
}

#[test]
fn what_a_policy_costs_stands_beside_what_it_may() {
    let author = Author::generic();
    let (code, text) = author.policy(&["bench", "target/policy.wasm"]);
    assert_eq!(code, 0, "{text}");
    for part in [
        "a sign-in",
        "an entry of a batch",
        "p99",
        "fuel of a sign-in",
        "memory",
        "of 64.0 MiB",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
    assert!(!text.contains("fuel of a sign-in    0 units"), "{text}");
}

#[test]
fn people_of_samples_live_where_a_federation_says() {
    let is_it = |name: &str| components().iter().find(|it| it.name == name);
    let author = Author::of(is_it("active-directory").expect("it is built in").bytes);
    let federation = "users_dn = \"OU=People,DC=acme,DC=example\"\n";
    author.write("federation.toml", federation);
    let bench = ["bench", "target/policy.wasm"];
    let bench = [&bench[..], &["--federation", "federation.toml"]].concat();
    let (code, text) = author.policy(&bench);
    assert_eq!(code, 0, "{text}");
    let people = "with people as in active-directory";
    assert!(text.contains(people), "{text}");
    assert!(!text.contains("an answer            0 octets"), "{text}");
}
