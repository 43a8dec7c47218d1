//! Mapper policies of a bridge that runs: they are swapped as vendor policies are, and what they write is
//! followed.

use super::{
    BRIDGE,
    policies::{in_force, listed, realm_of_slapd, sign_in, uploaded},
};
use serde_json::{Value, json};
use std::{
    io::{BufRead as _, BufReader},
    process::{Child, Stdio},
    sync::mpsc::{self, Receiver, RecvTimeoutError},
    thread,
    time::Duration,
};
use suites::{admin::Admin, bridge::run, keeper, policy::guest, served::Served, versions::marked};

/// It is asked every second; the rest is for a machine with much to do.
const SAID_WITHIN: Duration = Duration::from_secs(30);
/// Long enough for a line to be said again, if that is what happens.
const SAID_AGAIN: Duration = Duration::from_secs(3);

/// A mapper policy that writes a line for everybody whom it adjusts, and a realm that uses it.
fn realm_with_mapper() -> (Served, Admin, String) {
    let (served, platform) = realm_of_slapd();
    let digest = uploaded(&platform, guest("false-mapper").to_vec());
    swap(&platform, &digest);
    let operator = platform.of("staff");
    let list = operator.get("/user-federations").json();
    let path = format!(
        "/user-federations/{}",
        list[0]["id"].as_str().expect("an id")
    );
    let mapper = json!([
        { "name": "seen", "kind": "false-mapper", "settings": { "how": "kept" } },
    ]);
    let page = operator.patch(&path, &json!({ "mapper": mapper }));
    assert_eq!(page.status, 200, "{}", page.body);
    (served, platform, digest)
}

#[track_caller]
fn swap(platform: &Admin, digest: &str) -> Value {
    let wanted = json!({ "digest": digest });
    let page = platform.post("/policies/false-mapper/swap", &wanted);
    assert_eq!(page.status, 200, "{}", page.body);
    page.json()
}

/// Has ada sign in; the digest of the mapper policy that adjusted her.
#[track_caller]
fn adjusted_by(served: &Served) -> String {
    let log = || served.operator().get("/realms/staff/policy-log").json();
    let before = log().as_array().expect("a list").len();
    assert!(sign_in(served).is_some(), "ada comes in");
    let log = log();
    let lines = &log.as_array().expect("a list")[before..];
    assert_eq!(lines.len(), 1, "one line for one person: {log}");
    assert_eq!(lines[0]["policy"], "false-mapper", "{log}");
    lines[0]["digest"].as_str().expect("a digest").to_owned()
}

#[test]
fn a_mapper_policy_is_swapped_and_rolled_back_for_those_who_use_its_kind() {
    let (served, platform, one) = realm_with_mapper();
    assert_eq!(adjusted_by(&served), one);
    let two = uploaded(&platform, marked(guest("false-mapper"), "two"));
    assert_eq!(adjusted_by(&served), one, "it is not in force yet");
    let swapped = swap(&platform, &two);
    assert_eq!(swapped["before"], json!(one));
    let federations = swapped["federations"].as_array().expect("a list");
    assert_eq!(federations.len(), 1, "{swapped}");
    assert_eq!(federations[0]["federation"], "staff/ldap");
    assert_eq!(federations[0]["problems"], json!([]), "{swapped}");
    assert_eq!(adjusted_by(&served), two);
    let shown = listed(&platform, &two).expect("it is loaded");
    assert_eq!(shown["world"], "mapper-policy");
    assert_eq!(shown["users"], json!(["staff/ldap"]));
    let used = platform.delete(&format!("/policies/packages/{two}"));
    assert_eq!(used.status, 409, "{}", used.body);

    let served = served.restarted(BRIDGE);
    assert_eq!(adjusted_by(&served), two);
    let back = run(
        BRIDGE,
        &served.path(""),
        &[
            "policy",
            "roll-back",
            "false-mapper",
            "--config",
            "bridge.toml",
        ],
    );
    assert!(back.status.success(), "{back:?}");
    assert_eq!(
        in_force(&served.operator(), "false-mapper").as_ref(),
        Some(&one)
    );
    assert_eq!(adjusted_by(&served), one);
}

/// `policy log --follow`, which ends with this value.
struct Follower {
    child: Child,
    lines: Receiver<String>,
}

impl Follower {
    fn start(served: &Served) -> Self {
        let folder = served.path("");
        let child = keeper::spawn(BRIDGE, |command| {
            command
                .args([
                    "policy",
                    "log",
                    "staff",
                    "--follow",
                    "--config",
                    "bridge.toml",
                ])
                .current_dir(folder)
                .stdin(Stdio::null())
                .stdout(Stdio::piped())
                .stderr(Stdio::null());
        });
        let mut child = child.expect("setpriv of util-linux");
        let out = BufReader::new(child.stdout.take().expect("its output"));
        let (sender, lines) = mpsc::channel();
        thread::spawn(move || {
            for line in out.lines().map_while(Result::ok) {
                // Whoever asked may have seen enough.
                let _ = sender.send(line);
            }
        });
        Self { child, lines }
    }

    #[track_caller]
    fn next(&self) -> String {
        self.lines.recv_timeout(SAID_WITHIN).expect("a line")
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn what_policies_write_is_followed_line_by_line_and_no_line_is_said_twice() {
    let (served, _, digest) = realm_with_mapper();
    assert!(sign_in(&served).is_some());
    let follower = Follower::start(&served);
    let is_of_ada = |line: &str| {
        assert!(
            line.contains("info") && line.contains("false-mapper"),
            "{line}"
        );
        assert!(line.contains(&digest[..19]), "{line}");
        assert!(
            line.ends_with("kept: uid=ada,ou=people,dc=example,dc=test"),
            "{line}"
        );
    };
    is_of_ada(&follower.next());
    assert!(sign_in(&served).is_some());
    is_of_ada(&follower.next());
    let more = follower.lines.recv_timeout(SAID_AGAIN);
    assert_eq!(more, Err(RecvTimeoutError::Timeout));
    // A bridge that stops is said, and not waited for.
    drop(served);
    let mut follower = follower;
    let ended = follower.child.wait().expect("the state of a child");
    assert_eq!(ended.code(), Some(1));
}
