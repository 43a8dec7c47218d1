//! The page "write a policy in fifteen minutes", followed to the letter.
//!
//! Blocks of `sh` are run one after the other in one folder; `sh serve` runs until the end. A block of
//! `text` after one is what it says: each line has to come, where `…` stands for anything.

use crate::policy::Desk;
use std::{
    fs::{self, File},
    io::Read as _,
    os::unix::fs::symlink,
    process::{Child, Stdio},
    thread,
    time::{Duration, Instant},
};
use suites::{bridge::free_address, keeper, repository};

const START_MAX: Duration = Duration::from_mins(1);
/// Where the page has the bridge listen.
const ADDRESS: &str = "127.0.0.1:8080";

struct Block {
    kind: String,
    text: String,
}

fn blocks(page: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        if let Some(kind) = line.strip_prefix("```") {
            let inside = lines.by_ref().take_while(|line| *line != "```");
            blocks.push(Block {
                kind: kind.to_owned(),
                text: inside.flat_map(|line| [line, "\n"]).collect(),
            });
        }
    }
    blocks
}

/// Whether a line is what the page shows.
fn is_shown(shown: &str, line: &str) -> bool {
    let mut rest = line;
    shown
        .split('…')
        .all(|part| match rest.split_once(part.trim()) {
            Some((_, after)) => {
                rest = after;
                true
            }
            None => false,
        })
}

/// A bridge of the page's own words.
struct Serving(Child);

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn serve(desk: &Desk, script: &str, address: &str) -> Serving {
    let log = File::create(desk.path("serve.log")).expect("a file");
    let folder = desk.path("");
    // The shell becomes the bridge, so that its end is the bridge's.
    let script = format!("exec {script}");
    let path = path(desk);
    let child = keeper::spawn("bash", |command| {
        command
            .args(["-ec", &script])
            .env("PATH", path)
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a second handle"))
            .stderr(log);
    });
    let mut serving = Serving(child.expect("bash and setpriv of util-linux"));
    let began = Instant::now();
    while std::net::TcpStream::connect(address).is_err() {
        let mut text = String::new();
        let log =
            File::open(desk.path("serve.log")).and_then(|mut log| log.read_to_string(&mut text));
        let ended = serving.0.try_wait().expect("the state of a child");
        assert!(
            ended.is_none() && began.elapsed() < START_MAX,
            "it does not serve: {ended:?} {log:?}\n{text}"
        );
        thread::sleep(Duration::from_millis(100));
    }
    serving
}

fn path(desk: &Desk) -> String {
    let path = std::env::var("PATH").unwrap_or_default();
    format!("{}:{path}", desk.path("bin").display())
}

#[test]
fn the_page_can_be_followed_to_the_letter() {
    let page = fs::read_to_string(repository().join("docs/policies/guide.md")).expect("the page");
    let desk = Desk::new();
    fs::create_dir(desk.path("bin")).expect("a folder");
    symlink(crate::BRIDGE, desk.path("bin/ldap-oidc-bridge")).expect("a link");
    let address = free_address();
    let (mut output, mut serving, mut followed) = (String::new(), None, 0);
    for Block { kind, text } in blocks(&page) {
        match kind.as_str() {
            "sh" => {
                let run = desk
                    .command("bash")
                    .args(["-ec", &text])
                    .env("PATH", path(&desk))
                    .output()
                    .expect("bash");
                let said = |octets: &[u8]| String::from_utf8_lossy(octets).into_owned();
                output = said(&run.stdout) + &said(&run.stderr);
                assert!(run.status.success(), "{text}\n{output}");
                followed += 1;
            }
            "sh serve" => {
                // The one thing that is not as on the page: the port may be somebody else's here.
                let config = desk.path("bridge/bridge.toml");
                let changed = fs::read_to_string(&config).expect("the configuration");
                fs::write(&config, changed.replace(ADDRESS, &address)).expect("the configuration");
                serving = Some(serve(&desk, text.trim(), &address));
            }
            "text" => {
                for shown in text.lines().filter(|line| !line.trim().is_empty()) {
                    let is_there = output.lines().any(|line| is_shown(shown, line));
                    assert!(is_there, "`{shown}` does not come:\n{output}");
                }
            }
            other => assert_eq!(other, "rust", "a block that nobody follows"),
        }
    }
    assert!(serving.is_some(), "nothing is served");
    assert!(followed > 8, "the page has only {followed} steps");
}
