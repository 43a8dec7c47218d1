//! What `build.rs` wrote down.

/// A file that is written into a new folder.
#[derive(Clone, Copy, Debug)]
pub(super) struct File {
    /// Where, relative to the folder that it belongs to.
    pub(super) path: &'static str,
    /// What is in it.
    pub(super) text: &'static str,
}

include!(concat!(env!("OUT_DIR"), "/embedded.rs"));

/// The SDK, with its bindings generated.
pub(super) fn sdk() -> impl Iterator<Item = &'static File> {
    SDK.iter().filter(|file| file.path.starts_with("src/"))
}

/// The contract.
pub(super) fn contract() -> &'static [File] {
    CONTRACT
}

/// The files of a template, relative to its folder.
pub(super) fn template(folder: &str) -> impl Iterator<Item = File> {
    TEMPLATES.iter().filter_map(move |file| {
        let path = file.path.strip_prefix(folder)?.strip_prefix('/')?;
        Some(File { path, ..*file })
    })
}

/// The text of one file of the templates; empty where there is none, which a test excludes.
pub(super) fn text(path: &str) -> &'static str {
    let found = TEMPLATES.iter().find(|file| file.path == path);
    found.map_or("", |file| file.text)
}

/// The vendor policies that one can begin from.
pub(super) fn vendors() -> &'static [(&'static str, &'static [File])] {
    STARTING_POINTS
}
