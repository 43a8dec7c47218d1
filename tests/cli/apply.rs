//! What a running bridge is told from the command line: `apply`, `get`, `export`, the first credential
//! and the change of the sealing key.

use crate::BRIDGE;
use serde_json::Value;
use std::{fs, os::unix::fs::PermissionsExt, path::PathBuf};
use suites::{bridge::run, served::Served};

const CREDENTIAL: &str = "hunter2-of-the-declaration";
const SECRET: &str = "0123456789abcdef-of-the-wiki";

const TOML: &str = r#"[realm]
name = "staff"
display_name = "Staff"

[[federations]]
name = "directory"
vendor = "generic"
connection_url = "ldaps://ldap.example.com"
users_dn = "ou=people,dc=example,dc=com"
bind_dn = "cn=bridge,dc=example,dc=com"
bind_credential = "file:credential"
mapper = [{ name = "phone_number", ldap_attribute = "telephoneNumber" }]

[[clients]]
client_id = "wiki"
redirect_uris = ["https://wiki.example.com/callback"]
secrets = ["file:secret"]
"#;

const YAML: &str = r"realm:
  name: staff
  display_name: Staff
federations:
  - name: directory
    vendor: generic
    connection_url: ldaps://ldap.example.com
    users_dn: ou=people,dc=example,dc=com
    bind_dn: cn=bridge,dc=example,dc=com
    bind_credential: file:credential
    mapper:
      - {name: phone_number, ldap_attribute: telephoneNumber}
clients:
  - client_id: wiki
    redirect_uris: [https://wiki.example.com/callback]
    secrets: [file:secret]
";

/// A bridge without realms, and a folder of declarations.
struct Operator {
    served: Served,
}

/// How a command ended.
#[derive(Debug)]
struct Ended {
    code: Option<i32>,
    printed: String,
    errors: String,
}

impl Operator {
    fn new() -> Self {
        let operator = Self {
            served: Served::bare(BRIDGE),
        };
        fs::create_dir(operator.file("")).expect("a folder");
        operator.write("credential", &format!("{CREDENTIAL}\n"));
        operator.write("secret", SECRET);
        operator.write("staff.toml", TOML);
        operator
    }

    fn file(&self, name: &str) -> PathBuf {
        self.served.path("declared").join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.file(name), text).expect("written");
    }

    /// Runs a command at the bridge's socket, in the folder of declarations.
    fn command(&self, arguments: &[&str]) -> Ended {
        self.run(&[arguments, &["--config", "../bridge.toml"]].concat())
    }

    fn run(&self, arguments: &[&str]) -> Ended {
        let output = run(BRIDGE, &self.file(""), arguments);
        let ended = Ended {
            code: output.status.code(),
            printed: String::from_utf8(output.stdout).expect("UTF-8"),
            errors: String::from_utf8(output.stderr).expect("UTF-8"),
        };
        for secret in [CREDENTIAL, SECRET] {
            let told = ended.printed.contains(secret) || ended.errors.contains(secret);
            assert!(!told, "a secret is told: {ended:?}");
        }
        ended
    }

    #[track_caller]
    fn apply(&self, arguments: &[&str], code: i32) -> Ended {
        let ended = self.command(&[&["apply"], arguments].concat());
        assert_eq!(ended.code, Some(code), "{arguments:?}: {ended:?}");
        ended
    }

    #[track_caller]
    fn shown(&self, arguments: &[&str]) -> String {
        let ended = self.command(arguments);
        assert_eq!(ended.code, Some(0), "{arguments:?}: {ended:?}");
        ended.printed
    }
}

#[track_caller]
fn assert_has(text: &str, words: &[&str]) {
    for word in words {
        assert!(text.contains(word), "no {word:?} in:\n{text}");
    }
}

#[test]
fn a_file_is_applied_once_whatever_it_is_written_in() {
    let operator = Operator::new();
    let would = operator.apply(&["-f", "staff.toml", "--dry-run"], 2);
    assert_has(
        &would.printed,
        &["+ realm staff", "+ federation staff/directory"],
    );
    assert!(!operator.shown(&["get", "realms"]).contains("staff"));

    let done = operator.apply(&["-f", "staff.toml"], 0);
    assert_has(
        &done.printed,
        &["+ client staff/wiki", "applied: 3 created"],
    );
    assert_has(
        &operator.shown(&["get", "realms"]),
        &["staff", "staff.toml"],
    );
    operator.write("staff.yaml", YAML);
    for file in ["staff.toml", "staff.yaml"] {
        let again = ["-f", file, "--source", "staff.toml"];
        assert_eq!(operator.apply(&again, 0).printed, "nothing changes\n");
        operator.apply(&[&again[..], &["--dry-run"]].concat(), 0);
    }
}

#[test]
fn what_changes_is_said_member_by_member() {
    let operator = Operator::new();
    operator.apply(&["-f", "staff.toml"], 0);
    let other = TOML
        .replace("display_name = \"Staff\"", "display_name = \"People\"")
        .replace("phone_number", "telephone")
        .split("\n[[clients]]")
        .next()
        .map(str::to_owned);
    operator.write("staff.toml", &other.expect("a text"));
    let kept = operator.apply(&["-f", "staff.toml", "--dry-run"], 2);
    assert_has(
        &kept.printed,
        &[
            "~ realm staff",
            "display_name: \"Staff\" → \"People\"",
            "mapper[0].name: \"phone_number\" → \"telephone\"",
        ],
    );
    assert!(!kept.printed.contains("wiki"), "{kept:?}");
    let pruned = operator.apply(&["-f", "staff.toml", "--prune"], 0);
    assert_has(&pruned.printed, &["- client staff/wiki", "1 removed"]);
    let clients = operator.shown(&["get", "clients", "--realm", "staff"]);
    assert!(!clients.contains("wiki"), "{clients}");
}

#[test]
fn a_mistake_is_told_with_its_line_and_nothing_is_applied() {
    let operator = Operator::new();
    operator.write("wrong.yaml", &YAML.replace("generic", "nobody"));
    let wrong = operator.apply(&["-f", "wrong.yaml"], 1);
    assert_has(
        &wrong.errors,
        &["error: wrong.yaml:6: federations[0].vendor: ", "generic"],
    );
    operator.write("wrong.toml", &TOML.replace("file:secret", "file:nowhere"));
    let wrong = operator.apply(&["-f", "wrong.toml"], 1);
    assert_has(&wrong.errors, &["wrong.toml:17: clients[0].secrets[0]: "]);
    let bomb = "a: &a [x, x]\nb: *a\n";
    operator.write("bomb.yaml", bomb);
    let wrong = operator.apply(&["-f", "bomb.yaml"], 1);
    assert_has(&wrong.errors, &["bomb.yaml:1: ", "anchors"]);
    operator.write("realm.conf", TOML);
    let wrong = operator.apply(&["-f", "realm.conf"], 1);
    assert_has(&wrong.errors, &[".toml, .yaml or .json"]);
    let wrong = operator.apply(&["-f", "staff.toml", "--realm", "guests"], 1);
    assert_has(&wrong.errors, &["staff.toml:2: realm.name: "]);
    assert!(!operator.shown(&["get", "realms"]).contains("staff"));
}

#[test]
fn what_is_exported_can_be_applied_again() {
    let operator = Operator::new();
    operator.apply(&["-f", "staff.toml"], 0);
    for format in ["toml", "yaml", "json"] {
        let exported = operator.shown(&["export", "--realm", "staff", "-o", format]);
        let name = format!("export.{format}");
        operator.write(&name, &exported);
        let again = operator.apply(&["-f", &name, "--source", "staff.toml"], 0);
        assert_eq!(again.printed, "nothing changes\n", "{exported}");
    }
    // Secrets are not in it, so elsewhere the directory's has to be given.
    let elsewhere = Operator::new();
    let exported = operator.shown(&["export", "--realm", "staff"]);
    elsewhere.write("export.toml", &exported);
    let refused = elsewhere.apply(&["-f", "export.toml"], 1);
    assert_has(&refused.errors, &["bind credential"]);
}

#[test]
fn what_was_made_by_hand_is_declared_from_then_on() {
    let operator = Operator::new();
    let admin = operator.served.operator();
    admin.create_realm("staff");
    admin.of("staff").create_public_client("wiki");
    let exported = operator.shown(&["export", "--realm", "staff"]);
    operator.write("git.toml", &exported);
    let refused = operator.apply(&["-f", "git.toml"], 1);
    assert_has(&refused.errors, &["realm staff", "adopt"]);
    let adopted = operator.apply(&["-f", "git.toml", "--adopt"], 0);
    assert_has(&adopted.printed, &["~ realm staff", "~ client staff/wiki"]);
    assert_eq!(
        operator.apply(&["-f", "git.toml"], 0).printed,
        "nothing changes\n"
    );
}

#[test]
fn what_there_is_is_shown_as_table_and_document() {
    let operator = Operator::new();
    operator.apply(&["-f", "staff.toml"], 0);
    let of =
        |arguments: &[&str]| operator.shown(&[&["get"], arguments, &["--realm", "staff"]].concat());
    let table = of(&["federations"]);
    assert_has(&table, &["NAME", "VENDOR", "directory", "generic"]);
    let list: Value = serde_json::from_str(&of(&["federations", "-o", "json"])).expect("JSON");
    assert_eq!(list[0]["name"], "directory");
    let one: Value = serde_json::from_str(&of(&["clients", "wiki", "-o", "json"])).expect("JSON");
    assert_eq!(one["client_id"], "wiki");
    assert_has(
        &of(&["clients", "wiki", "-o", "yaml"]),
        &["client_id: wiki\n"],
    );
    assert_has(&of(&["federations", "-o", "toml"]), &["[[federations]]\n"]);
    assert_has(&of(&["users"]), &["USERNAME"]);
    let missing = operator.command(&["get", "clients", "blog", "--realm", "staff"]);
    assert_eq!(missing.code, Some(1), "{missing:?}");
    let nowhere = operator.command(&["get", "clients", "--realm", "nowhere"]);
    assert_eq!(nowhere.code, Some(1), "{nowhere:?}");
}

#[test]
fn the_first_credential_is_good_once() {
    let operator = Operator::new();
    let file = operator.served.path("secrets/first-credential");
    let mode = fs::metadata(&file).expect("a file").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let file = file.to_str().expect("a path");
    let at = [
        "--server",
        operator.served.admin_url(),
        "--credentials",
        file,
    ];
    let once = operator.run(&[&["get", "realms"][..], &at].concat());
    assert_eq!(once.code, Some(0), "{once:?}");
    assert_has(&once.printed, &["platform"]);
    let twice = operator.run(&[&["get", "realms"][..], &at].concat());
    assert_eq!(twice.code, Some(1), "{twice:?}");
    assert_has(&twice.errors, &["first-credential", "invalid_client"]);
}

#[test]
fn who_cannot_be_asked_is_named() {
    let operator = Operator::new();
    for (arguments, words) in [
        (
            &["--socket", "nowhere.sock"][..],
            &["nowhere.sock", "runs"][..],
        ),
        (
            &["--server", "http://192.0.2.1:1", "--token-file", "secret"],
            &["https://"],
        ),
        (
            &["--server", "http://127.0.0.1:1", "--token-file", "secret"],
            &["127.0.0.1:1"],
        ),
        (
            &["--server", "http://127.0.0.1:1"],
            &["LDAP_OIDC_BRIDGE_TOKEN"],
        ),
    ] {
        let ended = operator.run(&[&["get", "realms"][..], arguments].concat());
        assert_eq!(ended.code, Some(1), "{ended:?}");
        assert_has(&ended.errors, words);
    }
    let wrong = [
        "--server",
        operator.served.admin_url(),
        "--token-file",
        "secret",
    ];
    let ended = operator.run(&[&["get", "realms"][..], &wrong].concat());
    assert_eq!(ended.code, Some(1), "{ended:?}");
}

#[test]
fn the_sealing_key_changes_while_the_bridge_stands_still() {
    let operator = Operator::new();
    operator.apply(&["-f", "staff.toml"], 0);
    let key = operator.served.path("secrets/sealing.key");
    let before = fs::read(&key).expect("the key");
    let rotate = ["rotate-key", "--config", "../bridge.toml"];
    let busy = operator.run(&rotate);
    assert_eq!(busy.code, Some(1), "{busy:?}");
    assert_has(&busy.errors, &["in use"]);
    let folder = operator.file("");
    let mut rotated = None;
    let served = operator.served.paused(BRIDGE, || {
        rotated = Some(run(BRIDGE, &folder, &rotate));
    });
    let rotated = rotated.expect("it ran");
    assert!(rotated.status.success(), "{rotated:?}");
    assert_ne!(fs::read(&key).expect("the key"), before);
    let operator = Operator { served };
    assert_eq!(
        operator.apply(&["-f", "staff.toml"], 0).printed,
        "nothing changes\n"
    );
}
