//! The operator's folder of policies: `NAME.wasm`, with its signatures in `NAME.wasm.sig`.

use crate::{
    config::process::PoliciesConfig,
    watch::{Mark, mark_of},
};
use bridge_model::{
    policy::{PolicyOrigin, PolicyPackage, PolicySignature, WasiGrant},
    ports::PolicyError,
    realm::PolicyRef,
};
use bridge_policy::{PolicyHost, signature};
use std::{
    collections::BTreeMap,
    fs,
    io::{self, ErrorKind, Read as _},
    path::{Path, PathBuf},
};

/// How the names of policies end.
const ENDING: &str = ".wasm";
/// How the names of their signatures end, behind that.
const SIGNATURES: &str = ".sig";
/// More than the signatures of a hundred keys have.
const SIGNATURES_OCTETS_MAX: u64 = 64 << 10;

/// A folder, as it was when it was last looked at.
pub(super) struct Folder {
    path: PathBuf,
    files: BTreeMap<String, File>,
}

/// A policy's file and that of its signatures.
type Marks = (Option<Mark>, Option<Mark>);

#[derive(Default)]
struct File {
    /// How it was at the last look.
    seen: Marks,
    /// How it was when it was taken; none: it was not yet.
    taken: Option<Marks>,
    is_missing: bool,
}

/// What became of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// It is new, or other than it was when it was last taken.
    Here(String),
    /// It is gone.
    Gone(String),
}

/// Whether files have to be alike at two looks before they are taken: whoever copies a file, or writes
/// its signatures beside it, takes a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Patience {
    /// They are taken as they are.
    None,
    /// They are.
    Settled,
}

/// A component of the folder that was admitted.
pub(super) struct Admitted {
    pub(super) policy: PolicyRef,
    pub(super) package: PolicyPackage,
}

impl Folder {
    pub(super) fn at(path: PathBuf) -> Self {
        Self {
            path,
            files: BTreeMap::new(),
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// What became of the files since the last look, by name. A folder that cannot be listed has lost
    /// nothing.
    pub(super) fn look(&mut self, patience: Patience) -> io::Result<Vec<Change>> {
        let now = marks(&self.path)?;
        let mut changes = Vec::new();
        self.files.retain(|name, file| {
            if now.contains_key(name) {
                return true;
            }
            // A file may be away for the moment in which another is put in its place.
            let is_gone = file.is_missing || patience == Patience::None;
            file.is_missing = true;
            if is_gone && file.taken.is_some() {
                changes.push(Change::Gone(name.clone()));
            }
            !is_gone
        });
        for (name, marks) in now {
            let file = self.files.entry(name.clone()).or_default();
            file.is_missing = false;
            let is_settled = patience == Patience::None || file.seen == marks;
            file.seen = marks;
            if is_settled && file.taken != Some(marks) {
                file.taken = Some(marks);
                changes.push(Change::Here(name));
            }
        }
        Ok(changes)
    }
}

/// The policies that lie in a folder now.
fn marks(folder: &Path) -> io::Result<BTreeMap<String, Marks>> {
    let mut marks = BTreeMap::new();
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name();
        let Some(name) = name.to_str() else { continue };
        // Names that begin with a dot are of files that are still written.
        if !name.ends_with(ENDING) || name.starts_with('.') {
            continue;
        }
        let of = |name: &str| mark_of(&folder.join(name));
        let mark = (of(name), of(&format!("{name}{SIGNATURES}")));
        marks.insert(name.to_owned(), mark);
    }
    Ok(marks)
}

/// Reads a file of the folder and has it admitted, with what the operator grants it. Takes as long as
/// that does.
///
/// # Errors
///
/// Why it is not taken, as "what; what to do".
pub(super) fn admit(
    host: &PolicyHost,
    config: &PoliciesConfig,
    folder: &Path,
    name: &str,
) -> Result<Admitted, String> {
    let package = PolicyPackage {
        octets: component(&folder.join(name), host.component_octets_max())?,
        signatures: signatures(&folder.join(format!("{name}{SIGNATURES}")))?,
        wasi: WasiGrant::None,
        origin: PolicyOrigin::File(name.to_owned()),
    };
    let with = |wasi| PolicyPackage {
        wasi,
        ..package.clone()
    };
    let load = |package: PolicyPackage| {
        let policy = host.load(&package)?;
        Ok(Admitted { policy, package })
    };
    let told = |error: PolicyError| error.to_string();
    if let Some(wasi) = config.granted_to_file(name) {
        return load(with(wasi)).map_err(told);
    }
    let refused = match load(with(WasiGrant::None)) {
        Ok(admitted) => return Ok(admitted),
        Err(refused) => told(refused),
    };
    if !config.grants_to_ids() {
        return Err(refused);
    }
    // A grant may name the policy by its id, and nobody knows that before it was asked.
    match load(with(WasiGrant::Minimal)) {
        Ok(admitted) if config.granted_to_id(&admitted.policy.id) == Some(WasiGrant::Minimal) => {
            Ok(admitted)
        }
        Ok(admitted) => {
            host.forget(&admitted.policy.digest);
            Err(refused)
        }
        Err(_) => Err(refused),
    }
}

fn component(path: &Path, octets_max: usize) -> Result<Vec<u8>, String> {
    let most = u64::try_from(octets_max).unwrap_or(u64::MAX);
    match read(path, most) {
        Ok(Some(octets)) => Ok(octets),
        Ok(None) => Err(format!(
            "it has more than {octets_max} octets; make it smaller"
        )),
        Err(error) => Err(format!(
            "it cannot be read: {error}; give the bridge's user the right to read it"
        )),
    }
}

fn signatures(path: &Path) -> Result<Vec<PolicySignature>, String> {
    let name = path.file_name().unwrap_or_default().display();
    let text = match read(path, SIGNATURES_OCTETS_MAX) {
        Ok(Some(octets)) => octets,
        Ok(None) => {
            return Err(format!(
                "{name} is longer than signatures are; make it anew with `policy sign`"
            ));
        }
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => {
            return Err(format!(
                "{name} cannot be read: {error}; give the bridge's user the right to read it"
            ));
        }
    };
    let text = String::from_utf8_lossy(&text);
    signature::read(&text)
        .map_err(|error| format!("{name}: {error}; make it anew with `policy sign`"))
}

/// A file's octets; none: it has more than so many.
fn read(path: &Path, most: u64) -> io::Result<Option<Vec<u8>>> {
    let file = fs::File::open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::other("it is no file"));
    }
    let mut octets = Vec::new();
    file.take(most.saturating_add(1)).read_to_end(&mut octets)?;
    let length = u64::try_from(octets.len()).unwrap_or(u64::MAX);
    Ok((length <= most).then_some(octets))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_taken_when_it_has_settled_and_gone_when_it_stays_away() {
        let place = tempfile::tempdir().expect("a folder");
        let mut folder = Folder::at(place.path().to_owned());
        let write = |name: &str, text: &str| {
            fs::write(place.path().join(name), text).expect("written");
        };
        let here = |name: &str| vec![Change::Here(name.to_owned())];
        let mut look = || folder.look(Patience::Settled).expect("a list");
        write("a.wasm", "1");
        write(".b.wasm", "1");
        write("c.txt", "1");
        assert_eq!(look(), []);
        assert_eq!(look(), here("a.wasm"));
        assert_eq!(look(), []);
        // Its signatures are a part of it.
        write("a.wasm.sig", "x");
        assert_eq!(look(), []);
        assert_eq!(look(), here("a.wasm"));
        // One that is still written is left alone.
        write("a.wasm", "22");
        assert_eq!(look(), []);
        write("a.wasm", "333");
        assert_eq!(look(), []);
        assert_eq!(look(), here("a.wasm"));
        fs::remove_file(place.path().join("a.wasm")).expect("removed");
        assert_eq!(look(), []);
        write("a.wasm", "4444");
        assert_eq!(look(), []);
        assert_eq!(look(), here("a.wasm"));
        fs::remove_file(place.path().join("a.wasm")).expect("removed");
        assert_eq!(look(), []);
        assert_eq!(look(), [Change::Gone("a.wasm".to_owned())]);
        assert_eq!(look(), []);
    }

    #[test]
    fn a_folder_that_cannot_be_listed_has_lost_nothing() {
        let place = tempfile::tempdir().expect("a folder");
        let path = place.path().join("policies");
        fs::create_dir(&path).expect("a folder");
        fs::write(path.join("a.wasm"), "1").expect("written");
        let mut folder = Folder::at(path.clone());
        assert_eq!(
            folder.look(Patience::None).ok(),
            Some(vec![Change::Here("a.wasm".to_owned())])
        );
        fs::rename(&path, place.path().join("elsewhere")).expect("moved");
        for _ in 0..3 {
            assert!(folder.look(Patience::Settled).is_err());
        }
        fs::rename(place.path().join("elsewhere"), &path).expect("moved");
        assert_eq!(folder.look(Patience::Settled).ok(), Some(Vec::new()));
    }

    #[test]
    fn what_cannot_be_a_component_is_refused_before_it_is_looked_into() {
        let place = tempfile::tempdir().expect("a folder");
        let path = place.path().join("a.wasm");
        fs::write(&path, [0; 11]).expect("written");
        assert_eq!(component(&path, 11).map(|octets| octets.len()), Ok(11));
        let refused = component(&path, 10).expect_err("too long");
        assert!(refused.contains("more than 10 octets"), "{refused}");
        let refused = component(place.path(), 10).expect_err("a folder");
        assert!(refused.contains("no file"), "{refused}");
        let missing = place.path().join("a.wasm.sig");
        assert_eq!(signatures(&missing), Ok(Vec::new()));
        fs::write(&missing, "nonsense").expect("written");
        let refused = signatures(&missing).expect_err("no signatures");
        assert!(
            refused.starts_with("a.wasm.sig") && refused.contains("; "),
            "{refused}"
        );
    }
}
