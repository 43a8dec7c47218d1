//! Policies in other languages than Rust: the sources in `tests/languages`, made components by the tools of
//! those languages that `tests/languages/package.json` and `tests/requirements.txt` pin.
//!
//! It takes half a minute, so a component is kept in `target/tmp/languages` under the digest of all that it
//! is made of.

use crate::repository;
use aws_lc_rs::digest::{Context, SHA256};
use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::{self, Command},
    sync::{Mutex, PoisonError},
};

/// A language in which policies can be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// With `componentize-js`.
    JavaScript,
    /// With `componentize-py`.
    Python,
}

impl Language {
    /// The id of the policy, which its folder is called too.
    pub fn id(self) -> &'static str {
        match self {
            Self::JavaScript => "javascript",
            Self::Python => "python",
        }
    }

    /// What pins the tool, below `tests/`.
    fn pins(self) -> &'static str {
        match self {
            Self::JavaScript => "languages/package.json",
            Self::Python => "requirements.txt",
        }
    }

    /// The tool, below `tests/`.
    fn tool(self) -> &'static str {
        match self {
            Self::JavaScript => "languages/node_modules/@bytecodealliance/componentize-js",
            Self::Python => ".venv/bin/componentize-py",
        }
    }

    /// The policy of this language in `tests/languages`.
    ///
    /// # Panics
    ///
    /// Where the tool is missing, with the remedy, or says that something is wrong.
    pub fn policy(self) -> Vec<u8> {
        static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
        // Whoever failed has left nothing half-done.
        let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
        let tests = repository().join("tests");
        let folder = tests.join("languages").join(self.id());
        let kept = repository().join("target/tmp/languages");
        fs::create_dir_all(&kept).expect("target/ can be written");
        let sources = [
            folder.clone(),
            repository().join("wit"),
            tests.join(self.pins()),
        ];
        let out = kept.join(format!("{}-{}.wasm", self.id(), digest(&sources)));
        if !out.is_file() {
            let tool = tests.join(self.tool());
            assert!(
                tool.exists(),
                "{} is missing, which makes policies in {self:?}; run tests/run",
                tool.display()
            );
            let unfinished = kept.join(format!("{}-{}", self.id(), process::id()));
            self.build(&tests, &folder, &unfinished);
            fs::rename(&unfinished, &out).expect("both are in one folder");
        }
        fs::read(&out).expect("it was just there")
    }

    fn build(self, tests: &Path, folder: &Path, out: &Path) {
        let wit = repository().join("wit");
        let mut command = match self {
            Self::JavaScript => {
                let mut node = Command::new("node");
                node.arg("componentize.mjs").args([&wit, out]);
                node
            }
            Self::Python => {
                let mut componentize = Command::new(tests.join(self.tool()));
                componentize
                    // Without a cache of its own beside the sources.
                    .env("PYTHONDONTWRITEBYTECODE", "1")
                    .arg("-d")
                    .arg(&wit)
                    .args(["-w", "ldap-oidc:policy/vendor-policy", "componentize"])
                    .args(["--stub-wasi", "policy", "-o"])
                    .arg(out);
                componentize
            }
        };
        let output = command
            .current_dir(folder)
            .output()
            .unwrap_or_else(|error| panic!("cannot start {command:?} ({error}); run tests/run"));
        assert!(
            output.status.success(),
            "{command:?} failed:\n{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
    }
}

/// The digest of files, and of those right in folders, in hexadecimal digits.
fn digest(sources: &[PathBuf]) -> String {
    let mut context = Context::new(&SHA256);
    for source in sources {
        let mut files = vec![source.clone()];
        if source.is_dir() {
            let entries = fs::read_dir(source).expect("a folder of the repository");
            files = entries
                .map(|entry| entry.expect("an entry of it").path())
                .filter(|path| path.is_file())
                .collect();
            files.sort();
        }
        for file in files {
            let octets = fs::read(&file).expect("a file of the repository");
            context.update(&octets.len().to_le_bytes());
            context.update(&octets);
        }
    }
    let mut text = String::new();
    for octet in context.finish().as_ref().iter().take(8) {
        let _ = write!(text, "{octet:02x}");
    }
    text
}
