//! Children that end with the test's process, whatever ends that.

use std::{
    io,
    process::{Child, Command},
    sync::{LazyLock, Mutex, PoisonError, mpsc},
    thread,
};

/// Starts a program that is killed when this process ends.
///
/// The kernel sends that signal when the *thread* ends that started the child. A test's thread ends
/// before a server that several tests share, so all children are started by one thread that lives as
/// long as the process.
pub fn spawn(program: &str, prepare: impl FnOnce(&mut Command)) -> io::Result<Child> {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL", program]);
    prepare(&mut command);
    let (answer, child) = mpsc::channel();
    KEEPER
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .send((command, answer))
        .expect("the keeper lives as long as the process");
    child.recv().expect("the keeper answers")
}

type Order = (Command, mpsc::Sender<io::Result<Child>>);

static KEEPER: LazyLock<Mutex<mpsc::Sender<Order>>> = LazyLock::new(|| {
    let (sender, orders) = mpsc::channel::<Order>();
    thread::spawn(move || {
        for (mut command, answer) in orders {
            // Whoever asked waits for it.
            let _ = answer.send(command.spawn());
        }
    });
    Mutex::new(sender)
});
