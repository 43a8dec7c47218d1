//! Servers that take long to make: one is kept below Cargo's `target` folder, and each test gets a copy.

use aws_lc_rs::digest::{SHA256, digest};
use std::{
    env,
    fmt::Write as _,
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// Copies the template `kind` into `folder`, and makes it first where there is none, or one of other
/// `parts`. `build` is given the empty folder that becomes the template.
pub fn copy(kind: &str, parts: &[&str], folder: &Path, build: impl FnOnce(&Path)) {
    let kept = kept_folder(kind);
    fs::create_dir_all(&kept).expect("a folder below Cargo's");
    let lock = File::create(kept.join("lock")).expect("a file in a folder of one's own");
    // Other tests, also of other suites, wait here: a template is made once, and not while it is copied.
    lock.lock().expect("a lock");
    let template = kept.join(key(parts));
    if !template.exists() {
        for entry in fs::read_dir(&kept).expect("a folder of one's own") {
            let path = entry.expect("an entry").path();
            // Of other versions, or half-made when somebody stopped the tests.
            if path.is_dir() {
                fs::remove_dir_all(path).expect("a folder of one's own");
            }
        }
        let made = template.with_extension("partial");
        fs::create_dir(&made).expect("a folder in one's own");
        build(&made);
        fs::rename(&made, &template).expect("a folder in one's own");
    }
    let mut copy = Command::new("cp");
    copy.args(["-a", "--sparse=always"])
        .arg(template.join("."))
        .arg(folder);
    finish(&mut copy);
}

/// Below the `target` folder that this very program was built in.
fn kept_folder(kind: &str) -> PathBuf {
    let program = env::current_exe().expect("the path of this program");
    // target/debug/deps/suite
    let target = program.ancestors().nth(3).expect("Cargo's folders");
    target.join("tmp").join(kind)
}

/// What a template depends on.
fn key(parts: &[&str]) -> String {
    let digest = digest(&SHA256, parts.concat().as_bytes());
    let octets = digest.as_ref().iter().take(8);
    octets.fold(String::new(), |mut name, octet| {
        write!(name, "{octet:02x}").expect("a string");
        name
    })
}

/// Runs a program to its end, which has to be a good one; gives what it wrote.
pub fn finish(command: &mut Command) -> String {
    let output = command
        .stdin(Stdio::null())
        .output()
        .expect("a program of the system");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "{command:?}: {}\n{text}{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    text
}
