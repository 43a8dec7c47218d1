//! The process of a directory server.

use crate::keeper;
use std::{
    fs::{self, File},
    net::{SocketAddr, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

/// It ends with this value, or with the test's process, whatever ends that.
pub(crate) struct Process {
    name: &'static str,
    addresses: Vec<SocketAddr>,
    child: Option<Child>,
}

impl Process {
    /// One that does not run yet and listens at these addresses once it is ready.
    pub(crate) fn new(name: &'static str, addresses: impl Into<Vec<SocketAddr>>) -> Self {
        Self {
            name,
            addresses: addresses.into(),
            child: None,
        }
    }

    /// Starts it in the foreground and says whether it is ready. What it says goes into the file `output`
    /// of a folder, and the end of it to whoever runs the tests where it does not start.
    pub(crate) fn run(
        &mut self,
        folder: &Path,
        program: &str,
        arguments: impl FnOnce(&mut Command),
    ) -> bool {
        assert!(self.child.is_none(), "{} still runs", self.name);
        let output = folder.join("output");
        let said = File::options().create(true).append(true).open(&output);
        let said = said.expect("a file in a folder of its own");
        let child = keeper::spawn(program, |command| {
            arguments(command);
            command
                .stdin(Stdio::null())
                .stdout(said.try_clone().expect("a second handle of the file"))
                .stderr(said);
        });
        self.child = Some(child.expect("setpriv of util-linux"));
        let is_ready = self.is_ready_in_time();
        if !is_ready {
            self.kill();
            let said = fs::read_to_string(&output).unwrap_or_default();
            let lines: Vec<_> = said.lines().collect();
            for line in &lines[lines.len().saturating_sub(LINES_MAX)..] {
                eprintln!("{} said: {line}", self.name);
            }
        }
        is_ready
    }

    /// Ends it as a crash would.
    pub(crate) fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().expect("a signal to a child");
            child.wait().expect("the end of a child");
        }
    }

    /// What the machine knows it by.
    pub(crate) fn id(&self) -> u32 {
        self.child.as_ref().expect("it runs").id()
    }

    fn is_ready_in_time(&mut self) -> bool {
        let begin = Instant::now();
        while begin.elapsed() < START_MAX {
            let listens = |address: &SocketAddr| TcpStream::connect(address).is_ok();
            if self.addresses.iter().all(listens) {
                return true;
            }
            let child = self.child.as_mut().expect("it was started");
            if child.try_wait().expect("the state of a child").is_some() {
                return false;
            }
            thread::sleep(Duration::from_millis(5));
        }
        false
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Starts a server, more than once where it has to be: an address that was free a moment ago may be
/// somebody else's now.
pub(crate) fn started<T>(name: &str, start: impl FnMut() -> Option<T>) -> T {
    std::iter::repeat_with(start)
        .take(STARTS_MAX)
        .find_map(|server| server)
        .unwrap_or_else(|| panic!("{name} does not start; what it said stands above"))
}

const STARTS_MAX: usize = 3;
/// It takes half a second; a busy machine may take longer.
pub(crate) const START_MAX: Duration = Duration::from_mins(1);
/// Enough for why it does not start, and less than 389 Directory Server says of itself.
const LINES_MAX: usize = 40;
