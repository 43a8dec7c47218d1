//! Builds the vendor policies and writes what embeds them.

mod guest_build;

use std::{env, fmt::Write as _, fs, path::Path, process::ExitCode};

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
        .ancestors()
        .nth(2)
        .ok_or("this crate stands two folders below the workspace")?;
    let parent = workspace.join("guest");
    guest_build::watch(workspace, &parent);
    let guests = guest_build::build_all(workspace, &parent, &["sdk"])?;

    let mut code = String::from("const COMPONENTS: &[Component] = &[\n");
    for guest in &guests {
        let _ = writeln!(
            code,
            "    Component {{ name: {:?}, bytes: include_bytes!({:?}) }},",
            guest.name, guest.component
        );
    }
    code.push_str("];\n\nconst SAMPLES: &[Sample] = &[\n");
    for guest in &guests {
        let samples = guest.folder.join("samples");
        if samples.is_dir() {
            let _ = writeln!(
                code,
                "    Sample {{ name: {:?}, directory_ldif: include_str!({:?}), realm_toml: include_str!({:?}) }},",
                guest.name,
                samples.join("directory.ldif"),
                samples.join("realm.toml"),
            );
        }
    }
    code.push_str("];\n");
    let out = env::var("OUT_DIR").map_err(|_| "OUT_DIR is not set")?;
    fs::write(Path::new(&out).join("embedded.rs"), code).map_err(|error| error.to_string())
}
