//! Builds the policies, or takes them ready-made from `POLICY_COMPONENTS`, and writes the code
//! that embeds them.

#[expect(
    dead_code,
    reason = "the suites build a guest for WASI, which policies of ours are not"
)]
mod guest_build;
mod ready_made;

use guest_build::Guest;
use std::{
    env,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

/// A folder of components with their digests, to be used in place of a build.
const READY_MADE: &str = "POLICY_COMPONENTS";

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
    let here = PathBuf::from(guest_build::variable("CARGO_MANIFEST_DIR")?);
    let workspace = here
        .ancestors()
        .nth(2)
        .ok_or("this crate stands two folders below its workspace")?;
    let parent = workspace.join("guest");
    println!("cargo:rerun-if-env-changed={READY_MADE}");
    for own in ["build.rs", "ready_made.rs"] {
        println!("cargo:rerun-if-changed={own}");
    }
    guest_build::watch(workspace, &parent);

    let folders = guest_build::crates_below(&parent, &["sdk"])?;
    let guests = match env::var_os(READY_MADE).filter(|folder| !folder.is_empty()) {
        Some(folder) => take(&workspace.join(folder), folders)?,
        None => guest_build::build(workspace, folders)?,
    };
    let out = PathBuf::from(guest_build::variable("OUT_DIR")?).join("embedded.rs");
    fs::write(&out, code(&guests)?)
        .map_err(|error| format!("cannot write {}: {error}", out.display()))
}

/// The component of each crate, from a folder of ready-made ones.
fn take(from: &Path, folders: Vec<PathBuf>) -> Result<Vec<Guest>, String> {
    println!("cargo:rerun-if-changed={}", from.display());
    let guest = |folder: PathBuf| {
        let name = guest_build::file_name(&folder);
        let component =
            ready_made::component(from, &name).map_err(|error| format!("{READY_MADE}: {error}"))?;
        Ok(Guest {
            name,
            folder,
            component,
        })
    };
    folders.into_iter().map(guest).collect()
}

fn code(guests: &[Guest]) -> Result<String, String> {
    let mut code = String::new();
    for (list, interface) in [("VENDORS", "vendor"), ("MAPPERS", "claim-mapper")] {
        let _ = writeln!(code, "const {list}: &[Component] = &[");
        for Guest {
            name, component, ..
        } in guests
        {
            if exports(component, interface)? {
                let _ = writeln!(
                    code,
                    "    Component {{ name: {name:?}, bytes: include_bytes!({}) }},",
                    literal(component)
                );
            }
        }
        code.push_str("];\n\n");
    }
    code.push_str("const SAMPLES: &[Sample] = &[\n");
    for Guest { name, folder, .. } in guests {
        let samples = folder.join("samples");
        if samples.is_dir() {
            let _ = writeln!(
                code,
                "    Sample {{ name: {name:?}, directory_ldif: include_str!({}), realm_toml: include_str!({}) }},",
                literal(&samples.join("directory.ldif")),
                literal(&samples.join("realm.toml")),
            );
        }
    }
    code.push_str("];\n");
    Ok(code)
}

/// Whether a component has an interface, which stands in it by its full name.
fn exports(component: &Path, interface: &str) -> Result<bool, String> {
    let octets = fs::read(component)
        .map_err(|error| format!("cannot read {}: {error}", component.display()))?;
    let name = format!("ldap-oidc:policy/{interface}@");
    Ok(octets
        .windows(name.len())
        .any(|part| part == name.as_bytes()))
}

fn literal(path: &Path) -> String {
    format!("{:?}", path.to_string_lossy())
}
