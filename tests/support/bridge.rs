//! The bridge as a process of its own, started and stopped by a test.

use crate::{browser::Browser, keeper};
use std::{
    fs::{self, File},
    net::TcpListener,
    ops::Range,
    path::Path,
    process::{self, Child, Command, ExitStatus, Output, Stdio},
    sync::{
        Mutex,
        atomic::{AtomicU32, Ordering},
    },
    thread,
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// Compiling the policies for the first time takes seconds where nothing is optimised.
const START_MAX: Duration = Duration::from_mins(2);
/// Below those that Linux gives away, and above those that servers have.
const PORTS: Range<u16> = 12_000..32_000;
/// Keeps apart the ports of two processes that run one after the other.
const STRIDE: u32 = 499;
/// A command that only reads files is done long before.
const COMMAND_MAX: Duration = Duration::from_mins(1);

/// A bridge that runs. It ends with this value, or with the test's process, whatever ends that.
pub struct Bridge {
    /// Where it is reached, without a slash at the end.
    base: String,
    /// Its own place for files, and the log.
    folder: TempDir,
    child: Mutex<Child>,
}

impl Bridge {
    /// Starts the demo on a free port. `program` is what Cargo says of `bridge-under-test`.
    pub fn demo(program: &str) -> Self {
        let address = free_address();
        let base = format!("http://{address}");
        Self::start(program, &["demo", "--listen", &address], base)
    }

    /// Starts `serve` with a configuration that listens at `base`.
    pub fn serve(program: &str, config: &Path, base: &str) -> Self {
        Self::serve_with(program, config, base, &[])
    }

    /// The same with more arguments.
    pub fn serve_with(program: &str, config: &Path, base: &str, more: &[&str]) -> Self {
        let config = config.to_str().expect("a path of a test");
        let arguments = [&["serve", "--config", config], more].concat();
        Self::start(program, &arguments, base.to_owned())
    }

    fn start(program: &str, arguments: &[&str], base: String) -> Self {
        let folder = folder(program);
        let log = File::create(folder.path().join("log")).expect("a log file");
        let child = keeper::spawn(program, |command| {
            command
                .args(arguments)
                .current_dir(folder.path())
                .env("TMPDIR", folder.path())
                .stdin(Stdio::null())
                .stdout(log.try_clone().expect("a second handle of the log"))
                .stderr(log);
        });
        let child = Mutex::new(child.expect("setpriv of util-linux"));
        let bridge = Self {
            base,
            folder,
            child,
        };
        bridge.wait_until_ready();
        bridge
    }

    fn wait_until_ready(&self) {
        let begin = Instant::now();
        let browser = Browser::new();
        // Ready is who answers for a realm; that also waits for the policies.
        let ready = self.url("/health/ready");
        while browser
            .try_get(&ready)
            .is_none_or(|page| page.status != 200)
        {
            let ended = self.child.lock().expect("the child").try_wait();
            let ended = ended.expect("the state of a child");
            assert!(
                ended.is_none() && begin.elapsed() < START_MAX,
                "the bridge does not start ({ended:?}); its log:\n{}",
                self.log()
            );
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// The address of a path that begins with `/`.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// The issuer of a realm.
    pub fn issuer(&self, realm: &str) -> String {
        format!("{}/realms/{realm}", self.base)
    }

    /// Everything it wrote so far, on both its outputs.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// The process, for what the machine knows of it.
    pub fn process_id(&self) -> u32 {
        self.child.lock().expect("the child").id()
    }

    /// How much memory it has resident (`VmRSS`), in KiB.
    pub fn resident_kib(&self) -> u64 {
        let id = self.process_id();
        let status = fs::read_to_string(format!("/proc/{id}/status")).expect("a running process");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let number = line.and_then(|line| line.split_whitespace().next());
        number
            .and_then(|number| number.parse().ok())
            .expect("a number")
    }

    /// Kills it, whatever it is doing.
    pub fn kill(&self) {
        let killed = self.child.lock().expect("the child").kill();
        killed.expect("a child that can be killed");
    }

    /// Tells it to stop, as an operator would, and waits until it has; its exit code.
    pub fn stop(self) -> Option<i32> {
        let mut child = self.child.lock().expect("the child");
        let told = Command::new("kill").arg(child.id().to_string()).status();
        assert!(told.expect("kill").success(), "the bridge has ended before");
        let ended = wait(&mut child, START_MAX);
        let ended =
            ended.unwrap_or_else(|| panic!("the bridge does not stop; its log:\n{}", self.log()));
        ended.code()
    }
}

impl Drop for Bridge {
    fn drop(&mut self) {
        let child = self.child.get_mut().expect("the child");
        // It may have ended already.
        let _ = child.kill();
        let _ = child.wait();
    }
}

/// How a child ended; none if it takes longer.
fn wait(child: &mut Child, at_most: Duration) -> Option<ExitStatus> {
    let begin = Instant::now();
    while begin.elapsed() < at_most {
        let ended = child.try_wait().expect("the state of a child");
        if ended.is_some() {
            return ended;
        }
        thread::sleep(Duration::from_millis(10));
    }
    None
}

/// A new folder beside the program, where Cargo's own tests have theirs: what a static value keeps is
/// never dropped, and stays until `cargo clean`.
pub fn folder(program: &str) -> TempDir {
    let target = Path::new(program)
        .ancestors()
        .nth(2)
        .expect("a program in the target folder");
    fs::create_dir_all(target.join("tmp")).expect("a place for folders");
    TempDir::with_prefix_in("bridge-", target.join("tmp")).expect("a folder of its own")
}

/// A loopback address with a port that nobody listens on.
pub fn free_address() -> String {
    format!("127.0.0.1:{}", free_port())
}

/// A port of `127.0.0.1` that nobody listens on, another one each time. It is none of those that Linux gives
/// to whoever asks for any (`net.ipv4.ip_local_port_range`): such a one may be gone before it is used.
pub fn free_port() -> u16 {
    static DRAWN: AtomicU32 = AtomicU32::new(0);
    let is_free = |port: &u16| TcpListener::bind(("127.0.0.1", *port)).is_ok();
    let drawn = (0..PORTS.len()).map(|_| {
        let number = process::id()
            .wrapping_mul(STRIDE)
            .wrapping_add(DRAWN.fetch_add(1, Ordering::Relaxed));
        PORTS.start + u16::try_from(number % u32::from(PORTS.end - PORTS.start)).unwrap_or(0)
    });
    let mut free = drawn.filter(is_free);
    free.next().expect("a free port")
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
    let ended = wait(&mut child, COMMAND_MAX);
    if ended.is_none() {
        child.kill().expect("the end of a child");
    }
    let output = child.wait_with_output().expect("its output");
    assert!(
        ended.is_some(),
        "{arguments:?} still runs after {COMMAND_MAX:?}: {output:?}"
    );
    output
}
