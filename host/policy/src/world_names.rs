//! The names by which a component asks and offers: the first thing that is held against the contract,
//! and what its author is told of when they do not fit.

use crate::world::{CLAIM_MAPPER, LOG, NotInWorld, PolicyKind, TYPES, VENDOR};
use bridge_model::policy::WasiGrant;
use semver::Version;
use wasmparser::{BinaryReaderError, Parser, Payload};

/// What a component imports and exports itself; components and modules inside it have imports and exports
/// of their own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Names {
    pub(crate) imports: Vec<String>,
    pub(crate) exports: Vec<String>,
}

impl Names {
    /// Reads them, which takes no compiling.
    pub(crate) fn of(component: &[u8]) -> Result<Self, BinaryReaderError> {
        let mut names = Self::default();
        let mut depth = 0_u32;
        for payload in Parser::new(0).parse_all(component) {
            match payload? {
                Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
                Payload::End(_) => depth = depth.saturating_sub(1),
                Payload::ComponentImportSection(section) if depth == 0 => {
                    for import in section {
                        names.imports.push(import?.name.name.to_owned());
                    }
                }
                Payload::ComponentExportSection(section) if depth == 0 => {
                    for export in section {
                        names.exports.push(export?.name.name.to_owned());
                    }
                }
                _ => {}
            }
        }
        Ok(names)
    }

    /// What a component with these names is. Exports that nobody asks for are no reason to refuse it: some
    /// toolchains add their own.
    pub(crate) fn judge(&self, wasi: WasiGrant) -> Result<PolicyKind, NotInWorld> {
        for import in &self.imports {
            judge_import(import, wasi)?;
        }
        match (self.exports(VENDOR), self.exports(CLAIM_MAPPER)) {
            (true, false) => Ok(PolicyKind::Vendor),
            (false, true) => Ok(PolicyKind::Mapper),
            (true, true) => Err(NotInWorld::BothExports),
            (false, false) => Err(self.lack()),
        }
    }

    /// The versions of the contract that the names are of, each once.
    pub(crate) fn contract_versions(&self) -> Vec<String> {
        let names = self.imports.iter().chain(&self.exports);
        let mut versions: Vec<String> = names
            .filter_map(|name| name.strip_prefix(PACKAGE)?.split_once('@'))
            .map(|(_, version)| version.to_owned())
            .collect();
        versions.sort();
        versions.dedup();
        versions
    }

    /// Whether it imports anything of WASI.
    pub(crate) fn needs_wasi(&self) -> bool {
        self.imports.iter().any(|name| name.starts_with(WASI))
    }

    fn exports(&self, interface: &str) -> bool {
        let mut exports = self.exports.iter();
        exports.any(|name| is_same_interface(interface, name))
    }

    /// Why it is no policy: the wrong version of one is a better reason than that there is none.
    fn lack(&self) -> NotInWorld {
        let of_another_version = self.exports.iter().find_map(|name| {
            let ours = [VENDOR, CLAIM_MAPPER];
            let ours = ours.into_iter().find(|ours| base(ours) == base(name))?;
            Some(other_version(name, ours))
        });
        of_another_version.unwrap_or_else(|| {
            NotInWorld::Export(if self.exports.is_empty() {
                "it exports nothing".to_owned()
            } else {
                format!("it exports `{}`", self.exports.join("`, `"))
            })
        })
    }
}

fn judge_import(import: &str, wasi: WasiGrant) -> Result<(), NotInWorld> {
    let ours = [LOG, TYPES];
    if ours
        .iter()
        .any(|granted| is_same_interface(granted, import))
    {
        return Ok(());
    }
    if let Some(ours) = ours.into_iter().find(|ours| base(ours) == base(import)) {
        return Err(other_version(import, ours));
    }
    let import = import.to_owned();
    if import.starts_with(PACKAGE) {
        return Err(NotInWorld::NewerImport(import));
    }
    if !import.starts_with(WASI) {
        return Err(NotInWorld::Import(import));
    }
    match wasi {
        _ if !is_minimal(&import) => Err(NotInWorld::NeverGranted(import)),
        WasiGrant::None => Err(NotInWorld::NeedsWasi(import)),
        WasiGrant::Minimal => Ok(()),
    }
}

/// Whether it is one of the interfaces of the grant `minimal`.
fn is_minimal(import: &str) -> bool {
    let rest = import.strip_prefix(WASI).unwrap_or_default();
    rest.split_once('@').is_some_and(|(name, version)| {
        MINIMAL.contains(&name) && is_compatible(&MINIMAL_VERSION, version)
    })
}

fn other_version(theirs: &str, ours: &'static str) -> NotInWorld {
    let version = |name: &str| {
        let (_, version) = name.split_once('@')?;
        Version::parse(version).ok()
    };
    let advice = match (version(theirs), version(ours)) {
        (Some(their), Some(our)) if their > our => {
            "update the bridge, or build the policy with the SDK of the bridge's version"
        }
        _ => "build the policy anew with the SDK of the bridge's version",
    };
    NotInWorld::Version {
        wanted: theirs.to_owned(),
        offered: ours,
        advice,
    }
}

/// The name of an interface without its version.
fn base(name: &str) -> &str {
    name.split_once('@').map_or(name, |(base, _)| base)
}

/// Whether a component's name means an interface of ours: the same name, and a version that is
/// compatible by the rule of semantic versioning.
fn is_same_interface(ours: &str, theirs: &str) -> bool {
    let (Some((our_name, our_version)), Some((their_name, their_version))) =
        (ours.split_once('@'), theirs.split_once('@'))
    else {
        return false;
    };
    let our = Version::parse(our_version);
    our_name == their_name && our.is_ok_and(|our| is_compatible(&our, their_version))
}

fn is_compatible(our: &Version, their: &str) -> bool {
    Version::parse(their).is_ok_and(|their| {
        our.major == their.major
            && (our.major > 0 || our.minor == their.minor)
            && our.pre == their.pre
    })
}

/// The contract's package.
const PACKAGE: &str = "ldap-oidc:policy/";
/// What all packages of WASI begin with.
const WASI: &str = "wasi:";
/// WASI 0.2, of which every minor version is compatible with every other.
const MINIMAL_VERSION: Version = Version::new(0, 2, 0);
/// The interfaces of the grant `minimal`: those that `wasi::add_to_linker` links.
const MINIMAL: [&str; 20] = [
    "cli/environment",
    "cli/exit",
    "cli/stderr",
    "cli/stdin",
    "cli/stdout",
    "cli/terminal-input",
    "cli/terminal-output",
    "cli/terminal-stderr",
    "cli/terminal-stdin",
    "cli/terminal-stdout",
    "clocks/monotonic-clock",
    "clocks/wall-clock",
    "filesystem/preopens",
    "filesystem/types",
    "io/error",
    "io/poll",
    "io/streams",
    "random/insecure",
    "random/insecure-seed",
    "random/random",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interfaces_are_known_by_name_and_compatible_version() {
        for (theirs, same) in [
            ("ldap-oidc:policy/log@0.1.0", true),
            ("ldap-oidc:policy/log@0.1.7", true),
            ("ldap-oidc:policy/log@0.2.0", false),
            ("ldap-oidc:policy/log@1.1.0", false),
            ("ldap-oidc:policy/log@0.1.0-rc.1", false),
            ("ldap-oidc:policy/log", false),
            ("ldap-oidc:policy/logs@0.1.0", false),
            ("wasi:cli/stdout@0.1.0", false),
            ("log", false),
        ] {
            assert_eq!(is_same_interface(LOG, theirs), same, "{theirs}");
        }
    }

    fn judged(imports: &[&str], exports: &[&str], wasi: WasiGrant) -> Result<PolicyKind, String> {
        let owned = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        let names = Names {
            imports: owned(imports),
            exports: owned(exports),
        };
        names.judge(wasi).map_err(|error| error.to_string())
    }

    #[test]
    fn what_is_exported_says_what_it_is() {
        let none = WasiGrant::None;
        assert_eq!(
            judged(&[LOG, TYPES], &[VENDOR], none),
            Ok(PolicyKind::Vendor)
        );
        assert_eq!(
            judged(&[LOG], &[CLAIM_MAPPER], none),
            Ok(PolicyKind::Mapper)
        );
        let with_more = [VENDOR, "exports", "ldap-oidc:policy/telepathy@0.1.9"];
        assert_eq!(judged(&[], &with_more, none), Ok(PolicyKind::Vendor));
        let newer = ["ldap-oidc:policy/claim-mapper@0.1.4"];
        assert_eq!(judged(&[], &newer, none), Ok(PolicyKind::Mapper));
        let both = judged(&[], &[VENDOR, CLAIM_MAPPER], none);
        assert!(both.is_err_and(|words| words.contains("one of the two")));
    }

    #[test]
    fn what_does_not_fit_is_said_with_what_to_do() {
        let (none, minimal) = (WasiGrant::None, WasiGrant::Minimal);
        for (imports, exports, wasi, parts) in [
            (
                &["ldap-oidc:policy/log@1.0.0"][..],
                &[VENDOR][..],
                none,
                &[
                    "`ldap-oidc:policy/log@1.0.0`",
                    "offers `ldap-oidc:policy/log@0.1.0`",
                    "update the bridge",
                ][..],
            ),
            (
                &[],
                &["ldap-oidc:policy/vendor@0.0.9"],
                none,
                &[
                    "offers `ldap-oidc:policy/vendor@0.1.0`",
                    "build the policy anew",
                ],
            ),
            (
                &["ldap-oidc:policy/lookup@0.1.3"],
                &[VENDOR],
                none,
                &["`ldap-oidc:policy/lookup@0.1.3`", "update the bridge"],
            ),
            (
                &["wasi:cli/stdout@0.2.6"],
                &[VENDOR],
                none,
                &[
                    "`wasi:cli/stdout@0.2.6`, which is not granted",
                    "wasi = \"minimal\"",
                    "--stub-wasi",
                ],
            ),
            (
                &["wasi:sockets/tcp@0.2.0"],
                &[VENDOR],
                minimal,
                &["`wasi:sockets/tcp@0.2.0`", "no grant"],
            ),
            (
                &["wasi:cli/stdout@0.3.0"],
                &[VENDOR],
                minimal,
                &["`wasi:cli/stdout@0.3.0`", "WASI 0.2"],
            ),
            (
                &["open-door"],
                &[VENDOR],
                minimal,
                &["`open-door`, which is not granted"],
            ),
        ] {
            let words = judged(imports, exports, wasi).expect_err("it does not fit");
            for part in parts {
                assert!(words.contains(part), "{words}");
            }
        }
    }

    #[test]
    fn every_minor_version_of_the_granted_interfaces_is_granted() {
        for name in MINIMAL {
            for version in ["0.2.0", "0.2.12"] {
                let import = format!("wasi:{name}@{version}");
                let judged = judged(&[&import], &[VENDOR], WasiGrant::Minimal);
                assert_eq!(judged, Ok(PolicyKind::Vendor), "{import}");
            }
        }
    }
}
