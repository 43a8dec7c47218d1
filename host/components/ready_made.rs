//! Components that somebody else built.

use super::guest_build::{Guest, file_name};
use sha2::{Digest as _, Sha256};
use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

/// The file with the digests, in the form of `sha256sum`.
const DIGESTS: &str = "SHA256SUMS";

/// Takes `<name>.wasm` for each of these folders from `from`, where `SHA256SUMS` has to hold the digest
/// of each.
///
/// Errors are texts for the person who started the build.
pub(crate) fn take(from: &Path, folders: Vec<PathBuf>) -> Result<Vec<Guest>, String> {
    let digests = from.join(DIGESTS);
    println!("cargo:rerun-if-changed={}", digests.display());
    let digests = fs::read_to_string(&digests).map_err(|error| {
        format!(
            "POLICY_COMPONENTS: cannot read {}: {error}",
            digests.display()
        )
    })?;
    let mut guests = Vec::new();
    for folder in folders {
        let name = file_name(&folder);
        let component = from.join(format!("{name}.wasm"));
        println!("cargo:rerun-if-changed={}", component.display());
        let bytes = fs::read(&component).map_err(|error| {
            format!(
                "POLICY_COMPONENTS: cannot read {}: {error}",
                component.display()
            )
        })?;
        let expected = digest_of(&digests, &format!("{name}.wasm")).ok_or_else(|| {
            format!("POLICY_COMPONENTS: {DIGESTS} has no line for {name}.wasm; add the output of sha256sum")
        })?;
        if !hex(&bytes).eq_ignore_ascii_case(expected) {
            return Err(format!(
                "POLICY_COMPONENTS: {} is not what {DIGESTS} says; take both from the same place",
                component.display()
            ));
        }
        guests.push(Guest {
            name,
            folder,
            component,
        });
    }
    Ok(guests)
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
