//! What is missing on this machine to build policies, and how to get it.

use crate::{language::Language, toolchain::Compiler};
use std::{
    net::{TcpStream, ToSocketAddrs as _},
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

/// How long a registry has to take a connection.
const REGISTRY_TIMEOUT: Duration = Duration::from_secs(5);

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Its name.
    pub what: &'static str,
    /// Whether the folder's policy cannot be built without it.
    pub is_needed: bool,
    /// What was found.
    pub state: Result<String, Missing>,
}

/// Something that is not there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// What is the matter.
    pub says: String,
    /// What to do.
    pub remedy: String,
}

impl Finding {
    /// Whether it has to be seen to first.
    pub fn is_in_the_way(&self) -> bool {
        self.is_needed && self.state.is_err()
    }
}

/// Looks at what the policy in `folder` needs, by its language (Rust, where there is none yet), and at
/// what other languages need; at a registry only when one is named.
pub fn examine(folder: &Path, registry: Option<&str>) -> Vec<Finding> {
    let language = Language::of(folder).unwrap_or(Language::Rust);
    let mut findings = vec![
        program(
            "cargo",
            &["--version"],
            "install Rust from https://rustup.rs, or `apt-get install cargo`",
        ),
        Finding {
            what: "wasm target",
            is_needed: false,
            state: match Compiler::find() {
                Ok(compiler) => Ok(compiler.name().to_owned()),
                Err(remedy) => Err(missing("not found", &remedy)),
            },
        },
    ];
    for finding in &mut findings {
        finding.is_needed = language == Language::Rust;
    }
    let js = [
        program("node", &["--version"], "`apt-get install nodejs`"),
        program("npm", &["--version"], "`apt-get install npm`"),
        package(
            "componentize-js",
            &folder.join("node_modules/@bytecodealliance/componentize-js/package.json"),
            "`npm ci` or `npm install` in the policy's folder",
        ),
    ];
    let python = [
        program(
            "python3",
            &["--version"],
            "`apt-get install python3 python3-venv`",
        ),
        package(
            "componentize-py",
            &crate::language::componentize_py(folder),
            "`python3 -m venv .venv && .venv/bin/pip install -r requirements.txt` in the policy's folder",
        ),
    ];
    for (of, group) in [
        (Language::JavaScript, js.to_vec()),
        (Language::Python, python.to_vec()),
    ] {
        findings.extend(group.into_iter().map(|finding| Finding {
            is_needed: language == of,
            ..finding
        }));
    }
    findings.extend(registry.map(reachable));
    findings
}

fn missing(says: &str, remedy: &str) -> Missing {
    Missing {
        says: says.to_owned(),
        remedy: remedy.to_owned(),
    }
}

fn program(what: &'static str, arguments: &[&str], remedy: &str) -> Finding {
    let output = Command::new(what)
        .args(arguments)
        .stdin(Stdio::null())
        .output();
    let state = match output {
        Ok(output) if output.status.success() => {
            Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
        }
        Ok(output) => {
            let says = String::from_utf8_lossy(&output.stderr);
            let first = says.lines().next().unwrap_or("it fails");
            Err(missing(first, remedy))
        }
        Err(_) => Err(missing("not found", remedy)),
    };
    Finding {
        what,
        is_needed: false,
        state,
    }
}

fn package(what: &'static str, file: &Path, remedy: &str) -> Finding {
    let state = if file.is_file() {
        Ok(format!("in {}", file.display()))
    } else {
        Err(missing("not installed for this folder", remedy))
    };
    Finding {
        what,
        is_needed: false,
        state,
    }
}

/// Whether somebody takes connections there; what they speak is seen at `push` and `pull`.
fn reachable(host: &str) -> Finding {
    let address = if host.contains(':') {
        host.to_owned()
    } else {
        format!("{host}:443")
    };
    let connected = address
        .to_socket_addrs()
        .and_then(|mut addresses| {
            let first = addresses.next().ok_or(std::io::ErrorKind::NotFound)?;
            TcpStream::connect_timeout(&first, REGISTRY_TIMEOUT)
        })
        .map(|_| format!("{address} takes connections"));
    Finding {
        what: "registry",
        is_needed: true,
        state: connected.map_err(|error| {
            missing(
                &format!("{address}: {error}"),
                "check the name, the port and the way there",
            )
        }),
    }
}
