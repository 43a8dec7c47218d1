//! Finds a compiler that can build guests.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// What guests are compiled for: pure code, no WASI.
pub(super) const TARGET: &str = "wasm32-unknown-unknown";

/// What builds the guests.
pub(super) enum Toolchain {
    /// The one that builds everything else: it has the target's standard library.
    Own { cargo: PathBuf },
    /// The distribution's compiler builds that library from the distribution's sources, with the linker of
    /// the own toolchain.
    Distribution { linker: PathBuf },
}

const DISTRIBUTION_CARGO: &str = "/usr/bin/cargo";
const DISTRIBUTION_RUSTC: &str = "/usr/bin/rustc";

const REMEDY: &str = "the standard library of wasm32-unknown-unknown is missing, which policies are built \
    for; run `rustup target add wasm32-unknown-unknown` or `apt-get install rustc-web cargo-web \
    rust-web-src`";

impl Toolchain {
    /// Looks for the target's library, has rustup fetch it once where it is missing, and looks for the
    /// distribution's way where that is in vain.
    pub(super) fn find() -> Result<Self, String> {
        let rustc = rustc();
        if !has_target(&rustc, TARGET) {
            rustup_adds(TARGET);
        }
        Self::present(&rustc)
    }

    /// Takes what is on this machine.
    pub(super) fn present(rustc: &Path) -> Result<Self, String> {
        if has_target(rustc, TARGET) {
            let cargo = PathBuf::from(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
            return Ok(Self::Own { cargo });
        }
        match linker(rustc) {
            Some(linker) if distribution_has_sources() => Ok(Self::Distribution { linker }),
            _ => Err(REMEDY.to_owned()),
        }
    }

    pub(super) fn cargo(&self) -> &Path {
        match self {
            Self::Own { cargo } => cargo,
            Self::Distribution { .. } => Path::new(DISTRIBUTION_CARGO),
        }
    }

    /// What the nested cargo is told of it, in its environment and as arguments.
    pub(super) fn set_up(&self, cargo: &mut Command) {
        if let Self::Distribution { linker } = self {
            cargo
                .env("RUSTC", DISTRIBUTION_RUSTC)
                // Building the standard library is an unstable feature.
                .env("RUSTC_BOOTSTRAP", "1")
                .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker);
        }
    }

    /// What its cargo is told beside what every cargo is told.
    pub(super) fn arguments(&self) -> &'static [&'static str] {
        match self {
            Self::Own { .. } => &[],
            Self::Distribution { .. } => &["-Zbuild-std=std,panic_abort"],
        }
    }
}

/// The compiler that builds everything else.
pub(super) fn rustc() -> PathBuf {
    PathBuf::from(env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()))
}

/// Whether the compiler has a target's standard library.
pub(super) fn has_target(rustc: &Path, target: &str) -> bool {
    let folder = printed(rustc, &["--print", "target-libdir", "--target", target]);
    folder
        .and_then(|folder| fs::read_dir(folder).ok())
        .is_some_and(|entries| {
            entries
                .flatten()
                .any(|entry| entry.file_name().to_string_lossy().starts_with("libstd-"))
        })
}

/// Has rustup fetch a target's standard library. Whether that was of use is seen afterwards.
pub(super) fn rustup_adds(target: &str) {
    let _ = Command::new("rustup")
        .args(["target", "add", target])
        .stdin(Stdio::null())
        .output();
}

fn distribution_has_sources() -> bool {
    let sysroot = printed(Path::new(DISTRIBUTION_RUSTC), &["--print", "sysroot"]);
    Path::new(DISTRIBUTION_CARGO).is_file()
        && sysroot.is_some_and(|sysroot| {
            Path::new(&sysroot)
                .join("lib/rustlib/src/rust/library/Cargo.lock")
                .is_file()
        })
}

/// The linker that comes with a rustup toolchain.
fn linker(rustc: &Path) -> Option<PathBuf> {
    let sysroot = printed(rustc, &["--print", "sysroot"])?;
    let targets = fs::read_dir(Path::new(&sysroot).join("lib/rustlib")).ok()?;
    let mut linkers = targets
        .flatten()
        .map(|target| target.path().join("bin/rust-lld"));
    linkers.find(|linker| linker.is_file())
}

fn printed(program: &Path, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}
