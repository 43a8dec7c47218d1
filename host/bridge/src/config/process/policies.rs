//! Where policies come from, and what they may reach.

use crate::documents::section::Section;
use bridge_model::policy::WasiGrant;
use std::path::{Path, PathBuf};

/// Where policies come from beside those that are built in, and what they may reach.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PoliciesConfig {
    /// The folder for compiled policies, which only the bridge may write.
    pub cache: PathBuf,
    /// The folder whose `*.wasm` files are policies, with their signatures beside them; none: there is none.
    pub folder: Option<PathBuf>,
    /// What policies of the folder may reach beside the log, by the file's name or by the policy's id.
    /// Those that are not here may reach nothing.
    pub wasi: Vec<(String, WasiGrant)>,
}

impl PoliciesConfig {
    /// What a file of the folder may reach, where it is named.
    pub fn granted_to_file(&self, name: &str) -> Option<WasiGrant> {
        let mut grants = self.wasi.iter();
        let found = grants.find(|(named, _)| named == name);
        found.map(|(_, grant)| *grant)
    }

    /// Whether something is granted to policies by their ids.
    pub fn grants_to_ids(&self) -> bool {
        self.wasi
            .iter()
            .any(|(name, _)| Path::new(name).extension().is_none_or(|end| end != "wasm"))
    }

    /// What a policy may reach, where its id is named.
    pub fn granted_to_id(&self, id: &str) -> Option<WasiGrant> {
        let mut grants = self.wasi.iter();
        let found = grants.find(|(named, _)| named.eq_ignore_ascii_case(id));
        found.map(|(_, grant)| *grant)
    }
}

/// As read: the cache's place follows from the database's where it is not named.
#[derive(Default)]
pub(super) struct Read {
    cache: Option<PathBuf>,
    folder: Option<PathBuf>,
    wasi: Vec<(String, WasiGrant)>,
}

impl Read {
    /// With a place for the cache where none is named.
    pub(super) fn beside(self, cache: impl FnOnce() -> PathBuf) -> PoliciesConfig {
        PoliciesConfig {
            cache: self.cache.unwrap_or_else(cache),
            folder: self.folder,
            wasi: self.wasi,
        }
    }
}

pub(super) fn read(section: Option<Section<'_>>, folder: &Path) -> Read {
    let Some(section) = section else {
        return Read::default();
    };
    let path = |key| section.filled_text(key).map(|path| folder.join(path));
    let read = Read {
        cache: path("cache"),
        folder: path("folder"),
        wasi: section
            .section("wasi")
            .as_ref()
            .map(grants)
            .unwrap_or_default(),
    };
    if read.folder.is_some() && read.folder == read.cache {
        let message = "is the folder for compiled policies too; give the policies one of their own";
        section.fault("folder", message);
    }
    if read.folder.is_none() && !read.wasi.is_empty() {
        let message = "grants something to policies of a folder that is not named; name it as policies.folder";
        section.fault("wasi", message);
    }
    section.finish();
    read
}

fn grants(section: &Section<'_>) -> Vec<(String, WasiGrant)> {
    let words = [("none", WasiGrant::None), ("minimal", WasiGrant::Minimal)];
    let mut grants = Vec::new();
    for (name, word) in section.members() {
        let mut words = words.iter();
        match words.find(|(known, _)| known.eq_ignore_ascii_case(&word)) {
            Some((_, grant)) => grants.push((name, *grant)),
            None => section.fault(
                &name,
                format!("{word:?} is none of none, minimal; write one of these"),
            ),
        }
    }
    grants
}
