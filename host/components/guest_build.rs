//! Builds guest crates as components. Shared by path between this crate's build script and that of
//! the suites, so that hostile guests are built exactly as the shipped policies are.
//!
//! Errors are texts for the person who started the build.

#[path = "guest_toolchain.rs"]
mod guest_toolchain;

use guest_toolchain::{TARGET, Toolchain};
use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};
use wit_component::ComponentEncoder;

/// The host clears an instance's stack again after every call, so it costs time; a policy needs
/// little, and what overflows it meets the bottom of memory and traps.
const STACK_OCTETS: usize = 32 * 1024;

/// Memory that an instance has from the start. Asking for more costs as much time as a third of a
/// sign-in, and this is enough for a person in a few hundred groups.
const HEAP_OCTETS: usize = 128 * 1024;

/// What a guest is compiled for whose standard library imports WASI. Its linker makes the component.
const WASI_TARGET: &str = "wasm32-wasip2";

/// A component that was built.
pub(crate) struct Guest {
    /// The folder's name.
    pub(crate) name: String,
    /// The folder with the crate.
    pub(crate) folder: PathBuf,
    /// Where the component is.
    pub(crate) component: PathBuf,
}

/// The crates right below `parent`, but those named in `except`, in the order of their names.
pub(crate) fn crates_below(parent: &Path, except: &[&str]) -> Result<Vec<PathBuf>, String> {
    let mut folders: Vec<_> = fs::read_dir(parent)
        .map_err(|error| format!("cannot list {}: {error}", parent.display()))?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.join("Cargo.toml").is_file())
        .filter(|path| !except.contains(&file_name(path).as_str()))
        .collect();
    folders.sort();
    Ok(folders)
}

/// Builds the crates in these folders, members of `workspace`, and writes `<name>.wasm` of each into
/// `OUT_DIR`.
pub(crate) fn build(workspace: &Path, folders: Vec<PathBuf>) -> Result<Vec<Guest>, String> {
    let out = PathBuf::from(variable("OUT_DIR")?);
    let mut flags = vec![
        format!("-Clink-arg=-zstack-size={STACK_OCTETS}"),
        format!("-Clink-arg=--initial-heap={HEAP_OCTETS}"),
    ];
    flags.extend(remapped(workspace));
    let build = Build {
        workspace,
        out: &out,
        toolchain: Toolchain::find()?,
        target: TARGET,
        flags,
    };
    let modules = build.compile(&folders)?;
    let mut guests = Vec::new();
    for (folder, module) in folders.into_iter().zip(modules) {
        let name = file_name(&folder);
        let component = out.join(format!("{name}.wasm"));
        let bytes = encode(&module)?;
        fs::write(&component, bytes)
            .map_err(|error| format!("cannot write {}: {error}", component.display()))?;
        guests.push(Guest {
            name,
            folder,
            component,
        });
    }
    Ok(guests)
}

/// Builds the crate in this folder for WASI 0.2, and writes `<name>.wasm` into `OUT_DIR`.
pub(crate) fn build_for_wasi(workspace: &Path, folder: PathBuf) -> Result<Guest, String> {
    let out = PathBuf::from(variable("OUT_DIR")?);
    let build = Build {
        workspace,
        out: &out,
        toolchain: toolchain_for_wasi()?,
        target: WASI_TARGET,
        flags: remapped(workspace),
    };
    let files = build.compile(std::slice::from_ref(&folder))?;
    let name = file_name(&folder);
    let component = out.join(format!("{name}.wasm"));
    for file in files {
        fs::copy(&file, &component)
            .map_err(|error| format!("cannot copy {}: {error}", file.display()))?;
    }
    Ok(Guest {
        name,
        folder,
        component,
    })
}

/// What builds everything else, where it has the library of that target or rustup can fetch it: the
/// distribution has no sources for it.
fn toolchain_for_wasi() -> Result<Toolchain, String> {
    let rustc = guest_toolchain::rustc();
    if !guest_toolchain::has_target(&rustc, WASI_TARGET) {
        guest_toolchain::rustup_adds(WASI_TARGET);
    }
    if guest_toolchain::has_target(&rustc, WASI_TARGET) {
        let cargo = PathBuf::from(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        Ok(Toolchain::Own { cargo })
    } else {
        Err(format!(
            "the standard library of {WASI_TARGET} is missing, which the suites build a guest for that imports \
             WASI; run `rustup target add {WASI_TARGET}`"
        ))
    }
}

/// Asks Cargo to run the build script again when something changes that the guests below `parent` are
/// made of.
pub(crate) fn watch(workspace: &Path, parent: &Path) {
    for path in ["guest/sdk", "wit", "Cargo.toml", "Cargo.lock"] {
        println!("cargo:rerun-if-changed={}", workspace.join(path).display());
    }
    println!("cargo:rerun-if-changed={}", parent.display());
    // The two files of this code; whichever build script includes it lists its own itself.
    for file in ["guest_build.rs", "guest_toolchain.rs"] {
        let path = workspace.join("host/components").join(file);
        println!("cargo:rerun-if-changed={}", path.display());
    }
}

/// One run of the nested cargo.
struct Build<'a> {
    workspace: &'a Path,
    out: &'a Path,
    toolchain: Toolchain,
    target: &'static str,
    flags: Vec<String>,
}

impl Build<'_> {
    /// Compiles the crates in these folders; gives what was linked of each.
    fn compile(&self, folders: &[PathBuf]) -> Result<Vec<PathBuf>, String> {
        let target_dir = target_dir(self.out).join("guests");
        let packages = folders
            .iter()
            .map(|folder| package(folder))
            .collect::<Result<Vec<_>, _>>()?;
        let mut cargo = Command::new(self.toolchain.cargo());
        for (name, _) in env::vars_os() {
            if name.to_str().is_some_and(is_of_the_outer_build) {
                cargo.env_remove(name);
            }
        }
        self.toolchain.set_up(&mut cargo);
        cargo
            .env("CARGO_ENCODED_RUSTFLAGS", self.flags.join("\u{1f}"))
            .args(["build", "--locked", "--lib", "--profile", "guest"])
            .args(["--target", self.target])
            .args(self.toolchain.arguments())
            .arg("--manifest-path")
            .arg(self.workspace.join("Cargo.toml"))
            .arg("--target-dir")
            .arg(&target_dir)
            .args(packages.iter().flat_map(|package| ["-p", package]));
        let program = self.toolchain.cargo().display();
        let output = cargo
            .output()
            .map_err(|error| format!("cannot start {program}: {error}"))?;
        if !output.status.success() {
            let text = String::from_utf8_lossy(&output.stderr);
            return Err(format!("the guests do not build:\n{text}"));
        }
        let linked = target_dir.join(self.target).join("guest");
        Ok(packages
            .iter()
            .map(|package| linked.join(format!("{}.wasm", package.replace('-', "_"))))
            .collect())
    }
}

/// Paths of this machine are cut from what panics say, so that the same sources give the same digest
/// wherever they lie.
fn remapped(workspace: &Path) -> Vec<String> {
    let mut flags = vec![format!("--remap-path-prefix={}=", workspace.display())];
    let home = env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| Some(env::home_dir()?.join(".cargo")));
    let registries = home.and_then(|home| fs::read_dir(home.join("registry/src")).ok());
    let mut folders: Vec<_> = registries
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .collect();
    folders.sort();
    flags.extend(
        folders
            .iter()
            .map(|folder| format!("--remap-path-prefix={}=", folder.display())),
    );
    flags
}

/// Whether a variable was set for the outer build alone, or would make of the guests something else
/// than of the host: flags, wrappers, profiles, and what Cargo tells build scripts.
fn is_of_the_outer_build(name: &str) -> bool {
    const KEPT: [&str; 6] = [
        "CARGO_HOME",
        "CARGO_HTTP_*",
        "CARGO_MAKEFLAGS",
        "CARGO_NET_*",
        "CARGO_REGISTR*",
        "CARGO_SOURCE_*",
    ];
    const DROPPED: [&str; 12] = [
        "CARGO*",
        "DEBUG",
        "DEP_*",
        "HOST",
        "NUM_JOBS",
        "OPT_LEVEL",
        "OUT_DIR",
        "PROFILE",
        "RUSTC*",
        "RUSTDOC*",
        "RUSTFLAGS",
        "TARGET",
    ];
    let is_one_of = |patterns: &[&str]| {
        patterns
            .iter()
            .any(|pattern| match pattern.strip_suffix('*') {
                Some(start) => name.starts_with(start),
                None => name == *pattern,
            })
    };
    is_one_of(&DROPPED) && !is_one_of(&KEPT)
}

/// The folder that all builds of this workspace share, which Cargo marks.
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
        .and_then(ComponentEncoder::encode)
        .map_err(|error| format!("{} becomes no component: {error:#}", module.display()))
}

/// The last part of a path.
pub(crate) fn file_name(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

/// A variable that Cargo sets for build scripts.
pub(crate) fn variable(name: &str) -> Result<String, String> {
    env::var(name).map_err(|_| format!("{name} is not set: only Cargo runs this"))
}
