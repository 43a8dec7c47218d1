//! `policy build`: a folder becomes a component.

use crate::{
    Language,
    language::componentize_py,
    toolchain::{Compiler, TARGET},
};
use bridge_policy::inspect;
use serde::Deserialize;
use std::{
    env, fs, io,
    path::{Path, PathBuf},
    process::{Command, ExitStatus, Stdio},
};
use wit_component::ComponentEncoder;

/// The host clears an instance's stack again after every call, so it costs time; a policy needs little,
/// and what overflows it meets the bottom of memory and traps.
const STACK_OCTETS: usize = 32 * 1024;
/// Memory that an instance has from the start: asking for more in a call is dear.
const HEAP_OCTETS: usize = 128 * 1024;

/// A component that was built.
#[derive(Clone, Debug)]
pub struct Built {
    /// The policy's name: its folder's, as the language's tools know it.
    pub name: String,
    /// The file.
    pub file: PathBuf,
    /// The component.
    pub component: Vec<u8>,
    /// What it was built from.
    pub language: Language,
}

/// Why nothing was built. What a tool had to say it said itself, on the standard error.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The folder has none of the files that the languages' tools go by.
    #[error(
        "{0} holds no policy: there is no Cargo.toml, package.json or requirements.txt; `policy new` makes a folder"
    )]
    NoProject(PathBuf),
    /// Something that compiles is missing.
    #[error("{0}")]
    Toolchain(String),
    /// A program is missing.
    #[error("cannot start {program}: {error}; `policy doctor` says what is missing")]
    Start {
        /// Which.
        program: String,
        /// What happened.
        error: io::Error,
    },
    /// A tool found something wrong.
    #[error("{program} ended with {status}; what it says above is the reason")]
    Failed {
        /// Which.
        program: &'static str,
        /// How.
        status: ExitStatus,
    },
    /// The crate is not one of a policy.
    #[error("{manifest}: {says}")]
    Crate {
        /// Its manifest.
        manifest: PathBuf,
        /// What is wrong, and what to do.
        says: String,
    },
    /// The package that makes components is not there.
    #[error("{what} is not installed for this folder; {remedy}")]
    Package {
        /// Which.
        what: &'static str,
        /// What to do.
        remedy: &'static str,
    },
    /// What was compiled cannot become a component.
    #[error("what was compiled becomes no policy: {0}")]
    Encode(String),
    /// It is a component, but none of the contract's worlds.
    #[error("what was built is no policy: {0}")]
    NoPolicy(String),
    /// The disk.
    #[error("{path}: {error}")]
    File {
        /// Where.
        path: PathBuf,
        /// What happened.
        error: io::Error,
    },
}

/// Builds the policy in `folder` into `target/NAME.wasm` there. Tools speak for themselves on the standard
/// error.
///
/// # Errors
///
/// [`BuildError`].
pub fn build(folder: &Path) -> Result<Built, BuildError> {
    let language = Language::of(folder).ok_or_else(|| BuildError::NoProject(folder.to_owned()))?;
    let folder = fs::canonicalize(folder).map_err(|error| at(folder, error))?;
    let (name, component) = match language {
        Language::Rust => rust(&folder)?,
        Language::JavaScript => javascript(&folder)?,
        Language::Python => python(&folder)?,
    };
    let inspection =
        inspect(&component).map_err(|error| BuildError::NoPolicy(error.to_string()))?;
    if let Err(reason) = inspection.kind {
        return Err(BuildError::NoPolicy(reason));
    }
    let file = output(&folder, &name)?;
    fs::write(&file, &component).map_err(|error| at(&file, error))?;
    Ok(Built {
        name,
        file,
        component,
        language,
    })
}

fn at(path: &Path, error: io::Error) -> BuildError {
    BuildError::File {
        path: path.to_owned(),
        error,
    }
}

fn output(folder: &Path, name: &str) -> Result<PathBuf, BuildError> {
    let target = folder.join("target");
    fs::create_dir_all(&target).map_err(|error| at(&target, error))?;
    Ok(target.join(format!("{name}.wasm")))
}

fn run(command: &mut Command, program: &'static str) -> Result<(), BuildError> {
    let status = command
        .stdin(Stdio::null())
        .status()
        .map_err(|error| BuildError::Start {
            program: program.to_owned(),
            error,
        })?;
    if status.success() {
        Ok(())
    } else {
        Err(BuildError::Failed { program, status })
    }
}

/// What `cargo metadata` says, as far as it is needed.
#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    target_directory: PathBuf,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    manifest_path: PathBuf,
    targets: Vec<Target>,
}

#[derive(Deserialize)]
struct Target {
    name: String,
    crate_types: Vec<String>,
}

fn rust(folder: &Path) -> Result<(String, Vec<u8>), BuildError> {
    let compiler = Compiler::find().map_err(BuildError::Toolchain)?;
    let manifest = folder.join("Cargo.toml");
    // Where nothing has to be fetched, nothing is asked for.
    let offline = metadata(&compiler, &manifest, true);
    let is_offline = offline.is_ok();
    let metadata = match offline {
        Ok(metadata) => metadata,
        Err(_) => metadata(&compiler, &manifest, false)?,
    };
    let wrong = |says: &str| BuildError::Crate {
        manifest: manifest.clone(),
        says: says.to_owned(),
    };
    let package = metadata
        .packages
        .iter()
        .find(|package| package.manifest_path == manifest)
        .ok_or_else(|| wrong("it names no package; build the folder of the policy's own crate"))?;
    let is_library = |target: &&Target| target.crate_types.iter().any(|kind| kind == "cdylib");
    let library = package.targets.iter().find(is_library).ok_or_else(|| {
        wrong("the crate is no `cdylib`; add to it: [lib] crate-type = [\"cdylib\", \"rlib\"]")
    })?;
    let mut cargo = compiler.cargo("build");
    compiler.target(&mut cargo);
    cargo
        .args(["--release", "--lib", "--package", &package.name])
        .arg("--manifest-path")
        .arg(&manifest)
        .args(["--config", &flags(folder)])
        // Flags for this machine's own programs; they would go before those of the line above.
        .env_remove("RUSTFLAGS")
        .env_remove("CARGO_ENCODED_RUSTFLAGS");
    if is_offline {
        cargo.arg("--offline");
    }
    run(&mut cargo, "cargo")?;
    let module = metadata
        .target_directory
        .join(TARGET)
        .join("release")
        .join(format!("{}.wasm", library.name.replace('-', "_")));
    let octets = fs::read(&module).map_err(|error| at(&module, error))?;
    let component = ComponentEncoder::default()
        .validate(true)
        .module(&octets)
        .and_then(ComponentEncoder::encode)
        .map_err(|error| BuildError::Encode(format!("{error:#}")))?;
    Ok((package.name.clone(), component))
}

fn metadata(
    compiler: &Compiler,
    manifest: &Path,
    is_offline: bool,
) -> Result<Metadata, BuildError> {
    let mut cargo = compiler.cargo("metadata");
    cargo
        .args(["--format-version", "1", "--quiet", "--manifest-path"])
        .arg(manifest)
        .stdin(Stdio::null());
    if is_offline {
        // What it misses is said by the attempt with a network.
        cargo.arg("--offline").stderr(Stdio::null());
    } else {
        cargo.stderr(Stdio::inherit());
    }
    let output = cargo.output().map_err(|error| BuildError::Start {
        program: "cargo".to_owned(),
        error,
    })?;
    if !output.status.success() {
        return Err(BuildError::Failed {
            program: "cargo",
            status: output.status,
        });
    }
    serde_json::from_slice(&output.stdout).map_err(|error| BuildError::Crate {
        manifest: manifest.to_owned(),
        says: format!("cargo describes it in a way that is not understood: {error}"),
    })
}

/// How policies are linked. Paths of this machine are cut from what panics say, so that the same sources
/// give the same digest wherever they lie.
fn flags(folder: &Path) -> String {
    let mut flags = vec![
        format!("-Clink-arg=-zstack-size={STACK_OCTETS}"),
        format!("-Clink-arg=--initial-heap={HEAP_OCTETS}"),
        format!("--remap-path-prefix={}=", folder.display()),
    ];
    let home = env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| Some(env::home_dir()?.join(".cargo")));
    if let Some(home) = home {
        flags.push(format!("--remap-path-prefix={}=cargo", home.display()));
    }
    let quoted: Vec<_> = flags
        .iter()
        .map(|flag| serde_json::Value::from(flag.as_str()).to_string())
        .collect();
    format!("target.{TARGET}.rustflags=[{}]", quoted.join(","))
}

#[derive(Deserialize)]
struct NodePackage {
    name: String,
}

fn javascript(folder: &Path) -> Result<(String, Vec<u8>), BuildError> {
    let manifest = folder.join("package.json");
    let text = fs::read(&manifest).map_err(|error| at(&manifest, error))?;
    let package: NodePackage =
        serde_json::from_slice(&text).map_err(|error| BuildError::Crate {
            manifest: manifest.clone(),
            says: error.to_string(),
        })?;
    if !folder
        .join("node_modules/@bytecodealliance/componentize-js")
        .is_dir()
    {
        return Err(BuildError::Package {
            what: "the package @bytecodealliance/componentize-js",
            remedy: "run `npm install` in it",
        });
    }
    let name = file_name(&package.name);
    let made = made_file(folder, &name)?;
    let mut node = Command::new("node");
    node.arg("componentize.mjs").arg(&made).current_dir(folder);
    run(&mut node, "node")?;
    taken(&made).map(|component| (name, component))
}

fn python(folder: &Path) -> Result<(String, Vec<u8>), BuildError> {
    let program = componentize_py(folder);
    if !program.is_file() {
        return Err(BuildError::Package {
            what: "the package componentize-py",
            remedy: "run `python3 -m venv .venv && .venv/bin/pip install -r requirements.txt` in it",
        });
    }
    let name = file_name(&folder.file_name().unwrap_or_default().to_string_lossy());
    let made = made_file(folder, &name)?;
    let mut python = Command::new(program);
    python
        .args([
            "-d",
            "wit",
            "-w",
            WORLD,
            "componentize",
            "--stub-wasi",
            "policy",
            "-o",
        ])
        .arg(&made)
        .current_dir(folder);
    run(&mut python, "componentize-py")?;
    taken(&made).map(|component| (name, component))
}

/// The world of policies in these languages' templates.
const WORLD: &str = "mapper-policy";

/// What a tool is to write; what was there before is no answer of it.
fn made_file(folder: &Path, name: &str) -> Result<PathBuf, BuildError> {
    let file = output(folder, name)?;
    match fs::remove_file(&file) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(at(&file, error)),
        _ => Ok(file),
    }
}

fn taken(file: &Path) -> Result<Vec<u8>, BuildError> {
    fs::read(file).map_err(|error| at(file, error))
}

/// A name as a file's: what would lead elsewhere is taken out.
fn file_name(name: &str) -> String {
    let last = name.rsplit('/').next().unwrap_or_default();
    let plain = last
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || "-_.".contains(*c));
    plain.collect()
}
