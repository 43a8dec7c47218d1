//! Components that somebody else built.

use sha2::{Digest as _, Sha256};
use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

/// The file with the digests, in the form of `sha256sum`.
const DIGESTS: &str = "SHA256SUMS";

/// The component `<name>.wasm` in a folder, where `SHA256SUMS` has to hold its digest.
///
/// Errors are texts for the person who started the build.
pub(crate) fn component(folder: &Path, name: &str) -> Result<PathBuf, String> {
    let unreadable = |path: &Path, error| format!("cannot read {}: {error}", path.display());
    let digests = folder.join(DIGESTS);
    let digests = fs::read_to_string(&digests).map_err(|error| unreadable(&digests, error))?;
    let file = format!("{name}.wasm");
    let expected = digest_of(&digests, &file).ok_or_else(|| {
        format!("{DIGESTS} has no line for {file}; add what sha256sum says of it")
    })?;
    let component = folder.join(&file);
    let bytes = fs::read(&component).map_err(|error| unreadable(&component, error))?;
    if hex(&bytes).eq_ignore_ascii_case(expected) {
        Ok(component)
    } else {
        Err(format!(
            "{} is not what {DIGESTS} says; take both from the same place",
            component.display()
        ))
    }
}

/// The digest in a line of `sha256sum`: hexadecimal, a space, a space or `*`, the name.
fn digest_of<'a>(digests: &'a str, name: &str) -> Option<&'a str> {
    digests.lines().find_map(|line| {
        let (digest, file) = line.split_once(' ')?;
        let file = file.strip_prefix([' ', '*'])?;
        (file.trim_end() == name).then_some(digest)
    })
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::new();
    for octet in Sha256::digest(bytes) {
        let _ = write!(text, "{octet:02x}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `sha256sum` of the five octets `abcde`.
    const DIGEST: &str = "36bbe50ed96841d10443bcb670d6554f0a34b761be67ec9c4a8ad2c0c44ca42c";

    fn outcome(name: &str, digests: Option<&str>, bytes: Option<&str>) -> Result<PathBuf, String> {
        let folder =
            Path::new(env!("OUT_DIR")).join(format!("ready-made-{}-{name}", std::process::id()));
        fs::create_dir_all(&folder).expect("a folder");
        for (file, content) in [(DIGESTS, digests), ("ada.wasm", bytes)] {
            if let Some(content) = content {
                fs::write(folder.join(file), content).expect("a file");
            }
        }
        let outcome = component(&folder, "ada");
        fs::remove_dir_all(&folder).expect("the folder");
        outcome
    }

    #[test]
    fn a_component_is_taken_by_its_digest() {
        for (name, digests) in [
            ("text", format!("{DIGEST}  ada.wasm\n")),
            (
                "binary",
                format!("00  eve.wasm\r\n{} *ada.wasm\r\n", DIGEST.to_uppercase()),
            ),
        ] {
            let component = outcome(name, Some(&digests), Some("abcde")).expect(name);
            assert!(component.ends_with("ada.wasm"));
        }
    }

    #[test]
    fn anything_else_is_refused() {
        let digests = format!("{DIGEST}  ada.wasm\n");
        for (name, digests, bytes, expected) in [
            ("no-digests", None, Some("abcde"), "cannot read"),
            ("no-component", Some(digests.as_str()), None, "cannot read"),
            (
                "no-line",
                Some("00  eve.wasm\n"),
                Some("abcde"),
                "no line for ada.wasm",
            ),
            (
                "changed",
                Some(&digests),
                Some("abcdf"),
                "is not what SHA256SUMS says",
            ),
            (
                "empty-digest",
                Some("  ada.wasm\n"),
                Some("abcde"),
                "is not what SHA256SUMS says",
            ),
        ] {
            let error = outcome(name, digests, bytes).expect_err(name);
            assert!(error.contains(expected), "{name}: {error}");
        }
    }
}
