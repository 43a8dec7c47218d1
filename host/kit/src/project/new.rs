//! `policy new`: a folder that builds.

use super::{
    embedded::{self, File},
    rename::Names,
};
use crate::Language;
use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// The starting point that is no vendor's: one kind of mapper.
const MAPPER: &str = "mapper";
/// What mapper policies are tried with, whatever they are written in.
const MAPPER_TESTS: &str = "mapper-tests";
/// The longest name.
const NAME_OCTETS_MAX: usize = 48;

/// What is to be made.
#[derive(Clone, Debug)]
pub struct NewProject {
    /// The folder; its last part is the policy's id, and it is not there yet.
    pub folder: PathBuf,
    /// One of [`starting_points`].
    pub from: String,
    /// What it is written in.
    pub language: Language,
}

/// Why no folder was made; nothing of it is left.
#[derive(Debug, thiserror::Error)]
pub enum NewError {
    /// The folder's name cannot be a policy's id, which is a crate's name too.
    #[error(
        "`{0}` cannot be the name of a policy: lower-case letters, digits and hyphens, a letter first, at most {NAME_OCTETS_MAX}, and no word of Rust's"
    )]
    Name(String),
    /// It is the id of a policy that is built in.
    #[error("`{0}` is the name of a policy that is built in; choose another")]
    Taken(String),
    /// Something is there.
    #[error("{0} is there already; nothing that exists is changed: choose another name")]
    Exists(PathBuf),
    /// There is no such starting point in this language.
    #[error("there is no starting point `{from}` in {}; choose one of: {choices}", .language.name())]
    From {
        /// What was asked for.
        from: String,
        /// In what.
        language: Language,
        /// What there is.
        choices: String,
    },
    /// The disk.
    #[error("cannot write {path}: {error}")]
    Write {
        /// Where.
        path: PathBuf,
        /// What happened.
        error: io::Error,
    },
}

/// What one can begin from in a language.
pub fn starting_points(language: Language) -> Vec<&'static str> {
    match language {
        Language::Rust => embedded::vendors()
            .iter()
            .map(|(name, _)| *name)
            .chain([MAPPER])
            .collect(),
        Language::JavaScript | Language::Python => vec![MAPPER],
    }
}

/// Makes the folder; gives the policy's id.
///
/// # Errors
///
/// [`NewError`]; what was written by then is removed.
pub fn create(project: &NewProject) -> Result<String, NewError> {
    let NewProject {
        folder,
        from,
        language,
    } = project;
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    if !is_name(&name) {
        return Err(NewError::Name(name.into_owned()));
    }
    if embedded::vendors().iter().any(|(taken, _)| *taken == name) {
        return Err(NewError::Taken(name.into_owned()));
    }
    let choices = starting_points(*language);
    if !choices.contains(&from.as_str()) {
        return Err(NewError::From {
            from: from.clone(),
            language: *language,
            choices: choices.join(", "),
        });
    }
    if folder.symlink_metadata().is_ok() {
        return Err(NewError::Exists(folder.clone()));
    }
    let files = match language {
        Language::Rust => rust(&name, from),
        Language::JavaScript | Language::Python => scripted(&name, from, *language),
    };
    write(folder, &files).inspect_err(|_| {
        // All of it was made here.
        let _ = fs::remove_dir_all(folder);
    })?;
    Ok(name.into_owned())
}

/// Paths with texts.
type Files = Vec<(String, String)>;

fn rust(name: &str, from: &str) -> Files {
    let mut files = vec![
        (
            "Cargo.toml".to_owned(),
            filled("rust/Cargo.toml", name, from),
        ),
        ("README.md".to_owned(), filled("rust/README.md", name, from)),
        (
            "sdk/Cargo.toml".to_owned(),
            filled("rust/sdk.toml", name, from),
        ),
    ];
    files.extend(common(name, from));
    files.extend(embedded::sdk().map(|file| (format!("sdk/{}", file.path), file.text.to_owned())));
    let vendor = embedded::vendors()
        .iter()
        .find(|(vendor, _)| *vendor == from);
    if let Some((id, source)) = vendor {
        files.extend(copied(name, id, source));
    } else {
        files.extend(template(MAPPER, name, from));
        files.extend(template(MAPPER_TESTS, name, from));
    }
    files
}

/// A project in a language that is put into a component with its interpreter.
fn scripted(name: &str, from: &str, language: Language) -> Files {
    let mut files = common(name, from);
    files.extend(template(language.name(), name, from));
    files.extend(template(MAPPER_TESTS, name, from));
    files
}

/// What all projects have.
fn common(name: &str, from: &str) -> Files {
    let ignored = (".gitignore".to_owned(), filled("gitignore", name, from));
    let contract = embedded::contract().iter();
    contract
        .map(|file| (format!("wit/{}", file.path), file.text.to_owned()))
        .chain([ignored])
        .collect()
}

fn template(folder: &str, name: &str, from: &str) -> Files {
    embedded::template(folder)
        .map(|file| (file.path.to_owned(), fill(file.text, name, from)))
        .collect()
}

/// A vendor policy under another id, with its cases as tests: they need its sample directory and the
/// federation of its sample realm.
fn copied(name: &str, id: &str, source: &[File]) -> Files {
    let library = source.iter().find(|file| file.path == "src/lib.rs");
    let names = Names::of(id, library.map_or("", |file| file.text));
    let mut files = Files::new();
    for File { path, text } in source {
        let text = names.replace(text, name);
        match path.split_once('/') {
            None if *path == "Cargo.toml" => {}
            Some(("cases", case)) => files.push((format!("tests/{case}"), text)),
            Some(("samples", "directory.ldif")) => {
                files.push(("tests/directory.ldif".to_owned(), text.clone()));
                files.push(((*path).to_owned(), text));
            }
            Some(("samples", "realm.toml")) => {
                files.push(("tests/federation.toml".to_owned(), federation(&text)));
            }
            _ => files.push(((*path).to_owned(), text)),
        }
    }
    files
}

/// The federation of a realm's file, alone.
fn federation(realm: &str) -> String {
    let first = realm.find("[[federations]]").unwrap_or_default();
    let rest = realm.get(first..).unwrap_or_default();
    let end = rest.find("[[clients]]").unwrap_or(rest.len());
    let text = rest.get(..end).unwrap_or_default().trim_end();
    format!(
        "# The federation that the cases of this folder are tried with, as a realm's file has it.\n\n{text}\n"
    )
}

fn filled(template: &str, name: &str, from: &str) -> String {
    fill(embedded::text(template), name, from)
}

fn fill(text: &str, name: &str, from: &str) -> String {
    text.replace("{name}", name)
        .replace("{from}", from)
        .replace("{sdk_version}", env!("CARGO_PKG_VERSION"))
}

fn write(folder: &Path, files: &Files) -> Result<(), NewError> {
    for (path, text) in files {
        let path = folder.join(path);
        let made = path
            .parent()
            .map_or(Ok(()), fs::create_dir_all)
            .and_then(|()| fs::write(&path, text));
        made.map_err(|error| NewError::Write { path, error })?;
    }
    Ok(())
}

/// Whether it can be the name of a crate and of a policy.
fn is_name(name: &str) -> bool {
    // Names that Cargo or the compiler refuse for a crate.
    const WORDS: [&str; 50] = [
        "abstract",
        "alloc",
        "as",
        "async",
        "await",
        "become",
        "box",
        "break",
        "build",
        "const",
        "continue",
        "core",
        "crate",
        "deps",
        "do",
        "dyn",
        "else",
        "enum",
        "examples",
        "extern",
        "false",
        "final",
        "fn",
        "for",
        "gen",
        "if",
        "impl",
        "in",
        "incremental",
        "let",
        "loop",
        "macro",
        "match",
        "mod",
        "move",
        "mut",
        "override",
        "policy-sdk",
        "priv",
        "proc-macro",
        "pub",
        "ref",
        "return",
        "self",
        "static",
        "std",
        "struct",
        "super",
        "test",
        "trait",
    ];
    const MORE: [&str; 13] = [
        "true", "try", "type", "typeof", "union", "unsafe", "unsized", "use", "virtual", "where",
        "while", "yield", "log",
    ];
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    name.len() <= NAME_OCTETS_MAX
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && !name.ends_with('-')
        && name.chars().all(is_plain)
        && !WORDS.contains(&name)
        && !MORE.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_good_for_a_crate_and_a_policy() {
        for (name, is_good) in [
            ("acme", true),
            ("acme-2", true),
            ("a", true),
            ("", false),
            ("2a", false),
            ("Acme", false),
            ("acme_x", false),
            ("acme-", false),
            ("match", false),
            ("policy-sdk", false),
            ("../x", false),
        ] {
            assert_eq!(is_name(name), is_good, "{name}");
        }
        assert!(!is_name(&"a".repeat(NAME_OCTETS_MAX + 1)));
    }

    #[test]
    fn every_starting_point_is_there_with_its_texts() {
        assert!(starting_points(Language::Rust).len() > 2);
        for language in [Language::Rust, Language::JavaScript, Language::Python] {
            let folder = tempfile::tempdir().expect("a folder");
            for from in starting_points(language) {
                let project = NewProject {
                    folder: folder.path().join(format!("my-{from}")),
                    from: from.to_owned(),
                    language,
                };
                assert_eq!(create(&project).expect("a folder"), format!("my-{from}"));
                assert_eq!(Language::of(&project.folder), Some(language));
                for file in ["README.md", ".gitignore", "wit/policy.wit"] {
                    let text = fs::read_to_string(project.folder.join(file)).expect(file);
                    assert!(
                        !text.is_empty() && !text.contains("{name}"),
                        "{from} {file}"
                    );
                }
                assert!(matches!(create(&project), Err(NewError::Exists(_))));
            }
        }
    }

    #[test]
    fn the_written_bindings_need_no_macro() {
        let bindings = embedded::sdk().find(|file| file.path == "src/bindings.rs");
        let text = bindings.expect("bindings").text;
        assert!(text.contains("crate::rt"), "they stand on the SDK's own");
        assert!(!text.contains("generate!("));
        assert!(!text.contains("wit_bindgen::rt"));
    }
}
