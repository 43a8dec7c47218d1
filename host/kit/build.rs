//! Writes down what `policy new` writes out: the SDK with its bindings generated, the contract, the
//! vendor policies as starting points, and the templates.
//!
//! No vendor is named here: whatever folder stands under `guest/` and needs no crate but the SDK is a
//! starting point by its name.

#[path = "build/bindings.rs"]
mod bindings;

use std::{
    env,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

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
    let here = PathBuf::from(variable("CARGO_MANIFEST_DIR")?);
    let out = PathBuf::from(variable("OUT_DIR")?);
    let workspace = here
        .ancestors()
        .nth(2)
        .ok_or("this crate stands two folders below its workspace")?;
    let (guests, wit) = (workspace.join("guest"), workspace.join("wit"));
    let templates = here.join("templates");
    for watched in [&guests, &wit, &templates, &here.join("build")] {
        println!("cargo:rerun-if-changed={}", watched.display());
    }
    println!("cargo:rerun-if-changed=build.rs");

    let sdk = guests.join("sdk");
    let mut sdk_files = files(&sdk, &sdk.join("src"))?;
    let source = read(&sdk.join("src/bindings.rs"))?;
    let generated = out.join("bindings.rs");
    write(&generated, &bindings::expand(&source, &wit)?)?;
    for (name, path) in &mut sdk_files {
        if name == "src/bindings.rs" {
            path.clone_from(&generated);
        }
    }

    let mut code = String::new();
    table(&mut code, "SDK", &sdk_files);
    table(&mut code, "CONTRACT", &files(&wit, &wit)?);
    table(&mut code, "TEMPLATES", &files(&templates, &templates)?);
    code.push_str("const STARTING_POINTS: &[(&str, &[File])] = &[\n");
    for folder in entries(&guests)? {
        if folder == sdk || !needs_the_sdk_alone(&folder)? {
            continue;
        }
        let name = file_name(&folder);
        let _ = writeln!(code, "    ({name:?}, &[");
        for file in &files(&folder, &folder)? {
            row(&mut code, file);
        }
        code.push_str("    ]),\n");
    }
    code.push_str("];\n");
    write(&out.join("embedded.rs"), &code)
}

/// Whether a folder is a crate that can be built where there is no registry.
fn needs_the_sdk_alone(folder: &Path) -> Result<bool, String> {
    let manifest = folder.join("Cargo.toml");
    if !manifest.is_file() {
        return Ok(false);
    }
    let text = read(&manifest)?;
    let mut dependencies = text
        .lines()
        .skip_while(|line| *line != "[dependencies]")
        .skip(1)
        .take_while(|line| !line.starts_with('['))
        .filter(|line| !line.trim().is_empty());
    Ok(dependencies.all(|line| line.starts_with("policy-sdk")))
}

/// The files below `folder`, with their paths relative to `root`, in the order of these.
fn files(root: &Path, folder: &Path) -> Result<Vec<(String, PathBuf)>, String> {
    let mut found = Vec::new();
    for path in entries(folder)? {
        if path.is_dir() {
            found.extend(files(root, &path)?);
        } else {
            let relative = path.strip_prefix(root).map_err(|error| error.to_string())?;
            found.push((relative.to_string_lossy().into_owned(), path));
        }
    }
    Ok(found)
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let listed = fs::read_dir(folder)
        .map_err(|error| format!("cannot list {}: {error}", folder.display()))?;
    let mut paths: Vec<_> = listed
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| !matches!(file_name(path).as_str(), "target" | "Cargo.lock"))
        .collect();
    paths.sort();
    Ok(paths)
}

fn table(code: &mut String, name: &str, files: &[(String, PathBuf)]) {
    let _ = writeln!(code, "const {name}: &[File] = &[");
    for file in files {
        row(code, file);
    }
    code.push_str("];\n\n");
}

fn row(code: &mut String, (name, path): &(String, PathBuf)) {
    let _ = writeln!(
        code,
        "    File {{ path: {name:?}, text: include_str!({:?}) }},",
        path.display().to_string()
    );
}

fn file_name(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

fn read(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| format!("cannot read {}: {error}", path.display()))
}

fn write(path: &Path, text: &str) -> Result<(), String> {
    fs::write(path, text).map_err(|error| format!("cannot write {}: {error}", path.display()))
}

fn variable(name: &str) -> Result<String, String> {
    env::var(name).map_err(|_| format!("{name} is not set: only Cargo runs this"))
}
