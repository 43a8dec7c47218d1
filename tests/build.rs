//! Builds the hostile guests and writes the list of them, against which the suite `policy` is
//! compiled: a guest without tests does not compile. One that means no harm is built for WASI.

#[path = "../host/components/guest_build.rs"]
#[expect(
    dead_code,
    reason = "the other build script needs a guest's folder too"
)]
mod guest_build;

use std::{env, fmt::Write as _, fs, path::Path, process::ExitCode};

/// The guest that is built for WASI.
const WASI: &str = "wasip2";

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), String> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let workspace = here
        .parent()
        .ok_or("this crate stands one folder below the workspace")?;
    let parent = here.join("guests");
    guest_build::watch(workspace, &parent);
    let shared = here.join("support/hostile_guest.rs");
    println!("cargo:rerun-if-changed={}", shared.display());
    println!("cargo:rerun-if-changed=build.rs");
    let wasi = guest_build::build_for_wasi(workspace, parent.join(WASI))?;
    let folders = guest_build::crates_below(&parent, &[WASI])?;
    let guests = guest_build::build(workspace, folders)?;

    let mut table = String::new();
    let mut modules = String::new();
    for guest in &guests {
        let _ = writeln!(
            table,
            "    ({:?}, include_bytes!({:?})),",
            guest.name,
            guest.component.display().to_string()
        );
        let _ = write!(modules, " {}", guest.name.replace('-', "_"));
    }
    let code = format!(
        "/// The guests under `tests/guests`, by their folders' names.\n\
         pub const GUESTS: &[(&str, &[u8])] = &[\n{table}];\n\n\
         /// The guest whose standard library imports WASI.\n\
         pub const WASI_GUEST: &[u8] = include_bytes!({:?});\n\n\
         /// Expands a macro with the names of all guests, as modules are named.\n\
         #[macro_export]\n\
         macro_rules! for_each_guest {{\n    ($each:ident) => {{ $each! {{{modules} }} }};\n}}\n",
        wasi.component.display().to_string()
    );
    let out = env::var("OUT_DIR").map_err(|_| "OUT_DIR is not set")?;
    fs::write(Path::new(&out).join("guests.rs"), code).map_err(|error| error.to_string())
}
