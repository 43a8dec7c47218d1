//! Builds guest crates as components. Shared by path between this crate's build script and that of
//! the suites, so that hostile guests are built exactly as the shipped policies are.

use std::{
    env,
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    process::Command,
};
use wit_component::ComponentEncoder;

const TARGET: &str = "wasm32-unknown-unknown";

/// One linear stack page run costs the host real time to clear for each instance; policies need
/// little stack, and what overflows it meets the bottom of memory and traps.
const STACK_OCTETS: usize = 32 * 1024;

/// A component that was built.
pub(crate) struct Guest {
    /// The folder's name.
    pub(crate) name: String,
    /// The folder with the crate.
    pub(crate) folder: PathBuf,
    /// Where the component was written.
    pub(crate) component: PathBuf,
}

/// Builds every crate right below `parent`, but those named in `except`, and writes
/// `<name>.wasm` into `OUT_DIR`.
///
/// Errors are one line for the person who started the build.
pub(crate) fn build_all(
    workspace: &Path,
    parent: &Path,
    except: &[&str],
) -> Result<Vec<Guest>, String> {
    let out = PathBuf::from(variable("OUT_DIR")?);
    let folders = crates_below(parent, except)?;
    let modules = compile(workspace, &out, &folders)?;
    let mut guests = Vec::new();
    for (folder, module) in folders.into_iter().zip(modules) {
        let name = file_name(&folder);
        let component = out.join(format!("{name}.wasm"));
        write(&component, &encode(&module)?)?;
        guests.push(Guest {
            name,
            folder,
            component,
        });
    }
    Ok(guests)
}

/// Asks Cargo to run the build script again when something changes that a guest is made of.
pub(crate) fn watch(workspace: &Path, parent: &Path) {
    for path in ["guest/sdk", "wit", "Cargo.toml", "Cargo.lock"] {
        println!("cargo:rerun-if-changed={}", workspace.join(path).display());
    }
    println!("cargo:rerun-if-changed={}", parent.display());
}

fn crates_below(parent: &Path, except: &[&str]) -> Result<Vec<PathBuf>, String> {
    let mut folders: Vec<_> = fs::read_dir(parent)
        .map_err(|error| format!("cannot list {}: {error}", parent.display()))?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.join("Cargo.toml").is_file())
        .filter(|path| !except.contains(&file_name(path).as_str()))
        .collect();
    folders.sort();
    Ok(folders)
}

fn compile(workspace: &Path, out: &Path, folders: &[PathBuf]) -> Result<Vec<PathBuf>, String> {
    let target_dir = target_dir(out).join("guests");
    let packages = folders
        .iter()
        .map(|folder| package(folder))
        .collect::<Result<Vec<_>, _>>()?;
    let mut cargo = cargo(workspace)?;
    cargo.args([
        "build",
        "--locked",
        "--lib",
        "--profile",
        "guest",
        "--target",
        TARGET,
    ]);
    cargo
        .arg("--manifest-path")
        .arg(workspace.join("Cargo.toml"));
    cargo.arg("--target-dir").arg(&target_dir);
    for package in &packages {
        cargo.arg("-p").arg(package);
    }
    let output = cargo
        .output()
        .map_err(|error| format!("cannot start cargo: {error}"))?;
    if !output.status.success() {
        return Err(format!(
            "the guests do not build:\n{}",
            String::from_utf8_lossy(&output.stderr)
        ));
    }
    let modules = target_dir.join(TARGET).join("guest");
    Ok(packages
        .iter()
        .map(|package| modules.join(format!("{}.wasm", package.replace('-', "_"))))
        .collect())
}

fn cargo(workspace: &Path) -> Result<Command, String> {
    let mut cargo = Command::new(variable("CARGO")?);
    for (name, _) in env::vars_os() {
        if is_of_the_outer_cargo(&name) {
            cargo.env_remove(name);
        }
    }
    let flags = [
        format!("-Clink-arg=-zstack-size={STACK_OCTETS}"),
        format!("--remap-path-prefix={}=", workspace.display()),
    ];
    cargo.env("CARGO_ENCODED_RUSTFLAGS", flags.join("\u{1f}"));
    Ok(cargo)
}

fn is_of_the_outer_cargo(name: &OsString) -> bool {
    let Some(name) = name.to_str() else {
        return false;
    };
    let kept = ["CARGO_HOME", "CARGO_MAKEFLAGS"].contains(&name)
        || [
            "CARGO_HTTP_",
            "CARGO_NET_",
            "CARGO_REGISTR",
            "CARGO_SOURCE_",
            "CARGO_TERM_",
        ]
        .iter()
        .any(|prefix| name.starts_with(prefix));
    let own = ["CARGO_", "DEP_", "RUSTC"]
        .iter()
        .any(|prefix| name.starts_with(prefix))
        || [
            "RUSTFLAGS",
            "RUSTDOC",
            "RUSTDOCFLAGS",
            "TARGET",
            "HOST",
            "OUT_DIR",
            "PROFILE",
            "OPT_LEVEL",
            "DEBUG",
            "NUM_JOBS",
        ]
        .contains(&name);
    own && !kept
}

/// The folder that all of this workspace's builds share: Cargo marks it.
fn target_dir(out: &Path) -> &Path {
    out.ancestors()
        .find(|folder| folder.join("CACHEDIR.TAG").is_file())
        .unwrap_or(out)
}

fn package(folder: &Path) -> Result<String, String> {
    let manifest = folder.join("Cargo.toml");
    let text = fs::read_to_string(&manifest)
        .map_err(|error| format!("cannot read {}: {error}", manifest.display()))?;
    text.lines()
        .find_map(|line| line.strip_prefix("name = \"")?.strip_suffix('"'))
        .map(str::to_owned)
        .ok_or_else(|| format!("{} names no package", manifest.display()))
}

fn encode(module: &Path) -> Result<Vec<u8>, String> {
    let bytes =
        fs::read(module).map_err(|error| format!("cannot read {}: {error}", module.display()))?;
    ComponentEncoder::default()
        .validate(true)
        .module(&bytes)
        .and_then(|encoder| encoder.encode())
        .map_err(|error| format!("{} is no component: {error:#}", module.display()))
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), String> {
    fs::write(path, bytes).map_err(|error| format!("cannot write {}: {error}", path.display()))
}

fn file_name(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

fn variable(name: &str) -> Result<String, String> {
    env::var(name).map_err(|_| format!("{name} is not set: this runs in a build script only"))
}
