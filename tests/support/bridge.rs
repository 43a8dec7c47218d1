//! The bridge as a process of its own, started and stopped by a test.

use crate::browser::Browser;
use std::{
    fs::{self, File},
    net::TcpListener,
    path::Path,
    process::{Child, ChildStdin, Command, Output, Stdio},
    thread,
    time::{Duration, Instant},
};
use tempfile::TempDir;
use url::Url;

/// Compiling four policies for the first time takes seconds where nothing is optimised.
const START_MAX: Duration = Duration::from_mins(2);
/// A command that only reads files is done long before.
const COMMAND_MAX: Duration = Duration::from_mins(1);

/// A bridge that runs. It ends with this value, or with the test's process, whatever ends that.
pub struct Bridge {
    /// Where it is reached, without a slash at the end.
    base: String,
    /// Its own place for files, and the log.
    folder: TempDir,
    /// Open as long as the bridge may run.
    stdin: Option<ChildStdin>,
    shell: Child,
}

/// Starts a program, and ends it when standard input ends: no bridge outlives its test, not even where
/// a static value is never dropped.
const KEEPER: &str = r#""$@" & pid=$!; cat >/dev/null; kill "$pid" 2>/dev/null; wait "$pid""#;

impl Bridge {
    /// Starts the demo on a free port. `program` is what Cargo says of `bridge-under-test`.
    pub fn demo(program: &str) -> Self {
        let address = free_address();
        let base = format!("http://{address}");
        Self::start(program, &["demo", "--listen", &address], base)
    }

    /// Starts `serve` with a configuration that listens at `base`.
    pub fn serve(program: &str, config: &Path, base: &str) -> Self {
        let config = config.to_str().expect("a path of a test");
        Self::start(program, &["serve", "--config", config], base.to_owned())
    }

    fn start(program: &str, arguments: &[&str], base: String) -> Self {
        let folder = TempDir::new().expect("a folder of its own");
        let log = File::create(folder.path().join("log")).expect("a log file");
        let mut shell = Command::new("sh")
            .args(["-c", KEEPER, "sh", program])
            .args(arguments)
            .current_dir(folder.path())
            .env("TMPDIR", folder.path())
            .stdin(Stdio::piped())
            .stdout(log.try_clone().expect("a second handle of the log"))
            .stderr(log)
            .spawn()
            .expect("a shell");
        let stdin = shell.stdin.take();
        let bridge = Self {
            base,
            folder,
            stdin,
            shell,
        };
        bridge.wait_until_ready();
        bridge
    }

    fn wait_until_ready(&self) {
        let begin = Instant::now();
        let browser = Browser::new();
        while begin.elapsed() < START_MAX {
            // Ready is who answers for a realm; that also waits for the policies.
            if browser
                .try_get(&self.url("/health/ready"))
                .is_some_and(|page| page.status == 200)
            {
                return;
            }
            thread::sleep(Duration::from_millis(20));
        }
        panic!(
            "the bridge is not ready after {START_MAX:?}; its log:\n{}",
            self.log()
        );
    }

    /// The address of a path that begins with `/`.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// The issuer of a realm.
    pub fn issuer(&self, realm: &str) -> String {
        format!("{}/realms/{realm}", self.base)
    }

    /// The address with its parts.
    pub fn base(&self) -> Url {
        Url::parse(&self.base).expect("the bridge's address")
    }

    /// Everything it wrote so far.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

impl Drop for Bridge {
    fn drop(&mut self) {
        drop(self.stdin.take());
        let ended = self.shell.wait();
        if !thread::panicking() {
            ended.expect("the keeper of the bridge ends");
        }
    }
}

/// A loopback address with a port that nobody listens on.
pub fn free_address() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("the port").to_string()
}

/// Runs a command of the bridge to its end, in a folder.
pub fn run(program: &str, folder: &Path, arguments: &[&str]) -> Output {
    let mut child = Command::new(program)
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the bridge under test");
    let begin = Instant::now();
    while child.try_wait().expect("the state of a child").is_none() {
        if begin.elapsed() > COMMAND_MAX {
            child.kill().expect("the end of a child");
            let output = child.wait_with_output().expect("its output");
            panic!("{arguments:?} still runs after {COMMAND_MAX:?}: {output:?}");
        }
        thread::sleep(Duration::from_millis(10));
    }
    child.wait_with_output().expect("its output")
}
