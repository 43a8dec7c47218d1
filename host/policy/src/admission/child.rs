//! The process that admits a component for this one.

use super::{
    Refused, Tools,
    wire::{self, Compiled, Terms},
};
use crate::{engine, limits::Limits};
use bridge_model::policy::WasiGrant;
use rustix::process::{Pid, Signal, kill_process_group};
use std::{
    env,
    ffi::OsString,
    io::{self, BufWriter, Read, Write},
    os::unix::process::{CommandExt, ExitStatusExt},
    path::PathBuf,
    process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, ExitStatus, Stdio},
    sync::{
        Mutex, PoisonError,
        mpsc::{self, RecvTimeoutError},
    },
    thread,
    time::Duration,
};
use wasmtime::component::Component;

/// The program that runs [`serve_admission`](crate::serve_admission). It has to be this very version of
/// the bridge.
#[derive(Clone, Debug)]
pub struct AdmissionChild {
    /// The program.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<OsString>,
}

impl AdmissionChild {
    /// This very program, run as `policy admit-component`.
    ///
    /// # Errors
    ///
    /// Where the system does not say which program this is.
    pub fn of_this_program() -> io::Result<Self> {
        Ok(Self {
            program: env::current_exe()?,
            arguments: vec!["policy".into(), "admit-component".into()],
        })
    }

    /// Has the component compiled and tried, and loads its code.
    pub(super) fn compile(
        &self,
        tools: &Tools,
        octets: &[u8],
        wasi: WasiGrant,
    ) -> Result<Component, Refused> {
        let terms = Terms {
            limits: tools.limits,
            wasi,
            compatibility: engine::compatibility(tools.engine.engine()),
        };
        let code = self.ask(&terms, octets)?;
        // SAFETY: `deserialize` asks that the octets come from `Component::serialize`. They came, in this
        // very buffer, from a process that this one started from the bridge's own program, which sent them
        // before anything of the component ran in it.
        #[expect(unsafe_code, reason = "there is no other way to load compiled code")]
        let component = unsafe { Component::deserialize(tools.engine.engine(), code) };
        component.map_err(|error| Refused::Compile(format!("{error:#}")))
    }

    fn ask(&self, terms: &Terms, octets: &[u8]) -> Result<Vec<u8>, Refused> {
        let mut command = Command::new(&self.program);
        command
            .args(&self.arguments)
            .env_clear()
            .process_group(0)
            // One processor: the others are for sign-ins.
            .env("RAYON_NUM_THREADS", "1")
            // An allocator that takes a gibibyte beforehand would have all of its memory before it begins.
            .env("MIMALLOC_ARENA_EAGER_COMMIT", "0")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|error| self.failed(&error))?;
        let (Some(to), Some(from), Some(errors)) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take())
        else {
            return Err(self.failed(&io::ErrorKind::BrokenPipe.into()));
        };
        let child = Running(Mutex::new(child));
        let limit = Duration::from_millis(terms.limits.admission_ms_max);
        let (done, is_done) = mpsc::channel::<()>();
        let (answer, is_late, last_words) = thread::scope(|scope| {
            // What it does not take, it does not want: its answer says why.
            scope.spawn(move || write_request(to, terms, octets));
            let words = scope.spawn(move || read_words(errors));
            let running = &child;
            let watch = scope.spawn(move || {
                let is_late = is_done.recv_timeout(limit) == Err(RecvTimeoutError::Timeout);
                if is_late {
                    running.kill();
                }
                is_late
            });
            let answer = read_answer(from, terms.limits.code_octets_max);
            drop(done);
            let is_late = watch.join().unwrap_or(false);
            // It has nothing more to say, or says what nobody asked for.
            child.kill();
            (answer, is_late, words.join().unwrap_or_default())
        });
        let status = child.end();
        answer.unwrap_or_else(|cut| {
            let end = End {
                cut,
                is_late,
                status,
                last_words,
            };
            tracing::debug!(target: "policy", ?end, "a component was not admitted");
            Err(end.refused(&terms.limits))
        })
    }

    fn failed(&self, error: &io::Error) -> Refused {
        Refused::Compile(format!(
            "{}, which compiles policies, does not run: {error}",
            self.program.display()
        ))
    }
}

/// A process that is killed and waited for, whatever happens.
struct Running(Mutex<Child>);

impl Running {
    /// With all that it may have started. Does nothing to one that has ended: it was not waited for, so
    /// nobody else has its id.
    fn kill(&self) {
        let child = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // One that has ended already is as good.
        let _ = kill_process_group(Pid::from_child(&child), Signal::KILL);
    }

    fn end(self) -> Option<ExitStatus> {
        let mut child = self.0.into_inner().unwrap_or_else(PoisonError::into_inner);
        child.wait().ok()
    }
}

/// How far the other process came before its answer broke off.
#[derive(Debug)]
enum Cut {
    Compiling(io::Error),
    Trying(io::Error),
}

/// How it ended that gave no whole answer.
#[derive(Debug)]
struct End {
    cut: Cut,
    is_late: bool,
    status: Option<ExitStatus>,
    last_words: String,
}

impl End {
    fn refused(&self, limits: &Limits) -> Refused {
        let reason = self.reason(limits);
        match self.cut {
            Cut::Compiling(_) => Refused::Compile(reason),
            Cut::Trying(_) => Refused::Trial(reason),
        }
    }

    fn reason(&self, limits: &Limits) -> String {
        let (Cut::Compiling(error) | Cut::Trying(error)) = &self.cut;
        let signal = self.status.and_then(|status| status.signal());
        if self.is_late {
            return format!("it takes longer than {} ms", limits.admission_ms_max);
        }
        if error.kind() == io::ErrorKind::FileTooLarge {
            return format!("its code has more than {} octets", limits.code_octets_max);
        }
        if signal == Some(Signal::XCPU.as_raw()) {
            let seconds = limits.admission_cpu_s_max;
            return format!("it takes more than {seconds} s of processor time");
        }
        if signal == Some(Signal::ABORT.as_raw()) || self.last_words.contains(NO_MEMORY) {
            let mebibytes = limits.admission_memory_octets_max >> 20;
            return format!("it takes more than {mebibytes} MiB of memory");
        }
        let end = self
            .status
            .map_or_else(|| "it cannot be waited for".to_owned(), |it| it.to_string());
        match self.last_words.lines().next() {
            Some(words) => format!("the process that does it ended with {end}: {words}"),
            None => format!("the process that does it ended with {end}"),
        }
    }
}

fn write_request(to: ChildStdin, terms: &Terms, octets: &[u8]) -> io::Result<()> {
    let mut to = BufWriter::new(to);
    terms.write(&mut to)?;
    wire::write_octets(&mut to, octets)?;
    to.flush()
}

fn read_answer(
    mut from: ChildStdout,
    code_octets_max: u64,
) -> Result<Result<Vec<u8>, Refused>, Cut> {
    let code = match Compiled::read(&mut from, code_octets_max).map_err(Cut::Compiling)? {
        Compiled::Code(code) => code,
        Compiled::Refused(reason) => return Ok(Err(Refused::Elsewhere(reason))),
    };
    let verdict = wire::read_verdict(&mut from).map_err(Cut::Trying)?;
    Ok(verdict.map(|()| code))
}

/// The beginning of what it complains of. The rest is read too: it must not wait for a reader.
fn read_words(mut from: ChildStderr) -> String {
    let mut words = Vec::new();
    let read = (&mut from).take(WORDS_OCTETS_MAX).read_to_end(&mut words);
    if read
        .and_then(|_| io::copy(&mut from, &mut io::sink()))
        .is_err()
    {
        words.clear();
    }
    String::from_utf8_lossy(&words).into_owned()
}

/// Of the standard library's message before it aborts.
const NO_MEMORY: &str = "memory allocation of";
/// A message and where it came from.
const WORDS_OCTETS_MAX: u64 = 2048;
