//! A folder as `init` makes it, with something changed, and what a command says about it.

use crate::BRIDGE;
use std::{fs, path::PathBuf};
use suites::bridge::{free_address, run};
use tempfile::TempDir;

/// A secret of the configuration, which no command may ever print.
pub(crate) const BIND_CREDENTIAL: &str = "hunter2-of-the-bridge";

/// A folder that `init` made, with everything filled in that it leaves open.
pub(crate) struct Setup {
    folder: TempDir,
}

/// How a command ended.
#[derive(Debug)]
pub(crate) struct Ended {
    /// Its exit code.
    pub(crate) code: i32,
    /// What it printed.
    pub(crate) printed: String,
    /// The lines that say what is wrong, without their first word.
    pub(crate) errors: Vec<String>,
}

impl Setup {
    pub(crate) fn new() -> Self {
        let setup = Self {
            folder: TempDir::new().expect("a folder"),
        };
        let made = setup.command(&["init", "bridge"]);
        assert_eq!(made.code, 0, "{made:?}");
        assert_eq!(setup.data(), ["bridge.db"], "init closes the database");
        setup.change(
            "realms/staff.toml",
            "env:BRIDGE_BIND_CREDENTIAL",
            BIND_CREDENTIAL,
        );
        let address = free_address();
        setup.change(
            "bridge.toml",
            "base_url = \"http://127.0.0.1:8080\"",
            &format!("base_url = \"http://{address}\""),
        );
        setup.change(
            "bridge.toml",
            "address = \"127.0.0.1:8080\"",
            &format!("address = \"{address}\""),
        );
        setup
    }

    /// A file or folder below the one that `init` made.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join("bridge").join(name)
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).expect("a file of the configuration")
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).expect("a file of the configuration");
    }

    /// Adds a text to the end of a file.
    pub(crate) fn append(&self, name: &str, text: &str) {
        self.write(name, &format!("{}\n{text}", self.read(name)));
    }

    /// Changes a text that stands once in a file.
    #[track_caller]
    pub(crate) fn change(&self, name: &str, from: &str, to: &str) {
        let text = self.read(name);
        assert_eq!(text.matches(from).count(), 1, "{from:?} in {name}:\n{text}");
        self.write(name, &text.replace(from, to));
    }

    /// The line, counted from 1, at which a text stands first.
    #[track_caller]
    pub(crate) fn line(&self, name: &str, text: &str) -> usize {
        let file = self.read(name);
        let found = file.lines().position(|line| line.contains(text));
        found.expect("a line with this text") + 1
    }

    /// Runs a command in the folder above.
    pub(crate) fn command(&self, arguments: &[&str]) -> Ended {
        let output = run(BRIDGE, self.folder.path(), arguments);
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        let printed = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(
            !stderr.contains(BIND_CREDENTIAL) && !printed.contains(BIND_CREDENTIAL),
            "a secret is told:\n{stderr}"
        );
        assert!(!stderr.contains("panicked"), "{stderr}");
        let errors = stderr
            .lines()
            .filter_map(|line| line.strip_prefix("error: "));
        Ended {
            code: output.status.code().expect("an exit code"),
            printed,
            errors: errors.map(str::to_owned).collect(),
        }
    }

    pub(crate) fn check(&self) -> Ended {
        self.command(&["check", "--offline", "--config", "bridge/bridge.toml"])
    }

    /// Runs `check` and lets it ask the directories.
    pub(crate) fn check_online(&self) -> Ended {
        self.command(&["check", "--config", "bridge/bridge.toml"])
    }

    /// Runs `serve`, which is to fail, and must then have left nothing behind.
    #[track_caller]
    pub(crate) fn serve(&self) -> Ended {
        let before = self.data();
        let ended = self.command(&["serve", "--config", "bridge/bridge.toml"]);
        assert_eq!(ended.code, 1, "{ended:?}");
        assert_eq!(before, self.data(), "something is new, or gone");
        ended
    }

    /// What lies in the database's folder, but for compiled policies: those are whole or not there.
    fn data(&self) -> Vec<String> {
        let entries = fs::read_dir(self.path("data")).expect("the database's folder");
        let names = entries.map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .to_string_lossy()
                .into_owned()
        });
        names.filter(|name| name != "policy-cache").collect()
    }
}

impl Ended {
    /// One line, which holds all of these words.
    #[track_caller]
    pub(crate) fn assert_says(&self, words: &[&str]) {
        assert_ne!(self.code, 0, "{self:?}");
        assert_eq!(self.errors.len(), 1, "not one line: {self:#?}");
        for word in words {
            assert!(
                self.errors[0].contains(word),
                "no {word:?} in {:?}",
                self.errors[0]
            );
        }
    }
}
