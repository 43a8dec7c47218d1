//! Puts in the place of each `wit_bindgen::generate!` of a file what it makes, so that the file needs no
//! macro any more.

use std::path::Path;
use wit_bindgen_core::WorldGenerator as _;
use wit_bindgen_core::wit_parser::Resolve;
use wit_bindgen_rust::{Opts, WithOption};

const MACRO: &str = "wit_bindgen::generate!({";
const END: &str = "});";

/// The text of `source` with its macros expanded against the contract in `wit`.
pub(super) fn expand(source: &str, wit: &Path) -> Result<String, String> {
    let mut rest = source;
    let mut expanded = String::new();
    while let Some((before, after)) = rest.split_once(MACRO) {
        let (options, after) = after
            .split_once(END)
            .ok_or("bindings.rs: a generate! does not end with `});`")?;
        expanded.push_str(before);
        expanded.push_str(&generate(options, wit)?);
        rest = after;
    }
    expanded.push_str(rest);
    Ok(expanded)
}

fn generate(options: &str, wit: &Path) -> Result<String, String> {
    let (world, options) = read(options)?;
    let says = |error: &dyn std::fmt::Display| format!("bindings for {world}: {error}");
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_dir(wit).map_err(|error| says(&error))?;
    let chosen = resolve
        .select_world(&[package], Some(&world))
        .map_err(|error| says(&error))?;
    let mut files = wit_bindgen_core::Files::default();
    options
        .build()
        .generate(&mut resolve, chosen, &mut files)
        .map_err(|error| says(&error))?;
    let (_, code) = files.iter().next().ok_or_else(|| says(&"no file"))?;
    String::from_utf8(code.to_vec()).map_err(|error| says(&error))
}

/// The options of one macro, as `name: value,`, of which these are known.
fn read(text: &str) -> Result<(String, Opts), String> {
    let mut options = Opts {
        format: true,
        ..Opts::default()
    };
    let mut world = String::new();
    let mut in_with = false;
    for line in text.lines().map(|line| line.trim().trim_end_matches(',')) {
        let wrong = || format!("bindings.rs: the build script does not know the option {line}");
        match line.split_once(": ") {
            None if line.is_empty() => {}
            None if line == "}" && in_with => in_with = false,
            Some((name, value)) if in_with => {
                let with = WithOption::Path(value.to_owned());
                options.with.push((unquoted(name), with));
            }
            Some(("path", _)) => {}
            Some(("world", value)) => world = unquoted(value),
            Some(("runtime_path", value)) => options.runtime_path = Some(unquoted(value)),
            Some(("pub_export_macro", "true")) => options.pub_export_macro = true,
            Some(("export_macro_name", value)) => options.export_macro_name = Some(unquoted(value)),
            Some(("default_bindings_module", value)) => {
                options.default_bindings_module = Some(unquoted(value));
            }
            Some(("additional_derives", value)) => {
                let derives = value.trim_matches(['[', ']']).split(", ");
                options.additional_derive_attributes = derives.map(str::to_owned).collect();
            }
            Some(("with", "{")) => in_with = true,
            _ => return Err(wrong()),
        }
    }
    Ok((world, options))
}

fn unquoted(text: &str) -> String {
    text.trim_matches('"').to_owned()
}
