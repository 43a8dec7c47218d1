//! The policies that come with the bridge, built as components and embedded, with their samples.
//!
//! The build script (`build.rs`) makes them; this crate knows no vendor: whatever folder stands under
//! `guest/` is here by its name, and what it exports says of which world it is.

/// A policy that is part of this build.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Component {
    /// The folder's name under `guest/`, which is the policy's id.
    pub name: &'static str,
    /// The component, as WebAssembly.
    pub bytes: &'static [u8],
}

/// A directory and a realm to try a policy with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    /// The name of the [`Component`] it belongs to.
    pub name: &'static str,
    /// The entries (RFC 2849).
    pub directory_ldif: &'static str,
    /// The realm, as a file to apply; `{ldap_url}` and `{sample_redirect_uri}` are to be filled in.
    pub realm_toml: &'static str,
}

include!(concat!(env!("OUT_DIR"), "/embedded.rs"));

/// The vendor policies of this build, by name.
pub fn components() -> &'static [Component] {
    VENDORS
}

/// The mapper policies of this build, by name.
pub fn mappers() -> &'static [Component] {
    MAPPERS
}

/// The samples of those policies that have some, by name.
pub fn samples() -> &'static [Sample] {
    SAMPLES
}

/// The build script's, here for its tests.
#[cfg(test)]
#[path = "../ready_made.rs"]
mod ready_made;

#[cfg(test)]
mod tests {
    use super::*;
    use wasmparser::{Parser, Payload};

    /// The names of a component's own imports and exports.
    fn interfaces(component: &[u8]) -> (Vec<String>, Vec<String>) {
        let (mut imports, mut exports) = (Vec::new(), Vec::new());
        let mut depth = 0;
        for payload in Parser::new(0).parse_all(component) {
            match payload.expect("a component") {
                Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
                Payload::End(_) => depth -= 1,
                Payload::ComponentImportSection(section) if depth == 0 => {
                    for import in section {
                        imports.push(import.expect("an import").name.name.to_owned());
                    }
                }
                Payload::ComponentExportSection(section) if depth == 0 => {
                    for export in section {
                        exports.push(export.expect("an export").name.name.to_owned());
                    }
                }
                _ => {}
            }
        }
        (imports, exports)
    }

    const IMPORTS: [&str; 2] = ["ldap-oidc:policy/log@0.1.0", "ldap-oidc:policy/types@0.1.0"];

    /// Checks the imports and exports of these components.
    fn expect_interfaces(components: &[Component], expected: &[&str]) {
        assert!(!components.is_empty());
        for component in components {
            let (mut imports, mut exports) = interfaces(component.bytes);
            imports.sort();
            exports.sort();
            assert_eq!(imports, IMPORTS, "{}", component.name);
            assert_eq!(exports, expected, "{}", component.name);
        }
    }

    #[test]
    fn policies_reach_for_nothing_but_the_log() {
        expect_interfaces(
            components(),
            &[
                "ldap-oidc:policy/changes@0.1.0",
                "ldap-oidc:policy/passwords@0.1.0",
                "ldap-oidc:policy/recognition@0.1.0",
                "ldap-oidc:policy/vendor@0.1.0",
                "ldap-oidc:policy/writing@0.1.0",
            ],
        );
        expect_interfaces(mappers(), &["ldap-oidc:policy/claim-mapper@0.1.0"]);
    }

    #[test]
    fn policies_are_small_and_know_no_path_of_this_machine() {
        let here = env!("CARGO_MANIFEST_DIR").trim_end_matches("/host/components");
        // Of the folder that policies are built from: a short path stands in any text by chance.
        let sources = format!("{here}/guest/");
        // Mapper policies carry an engine of regular expressions, with Unicode's tables.
        let sizes = [(components(), 640), (mappers(), 1536)];
        for (component, kib) in sizes
            .into_iter()
            .flat_map(|(list, kib)| list.iter().map(move |component| (component, kib)))
        {
            let octets = component.bytes.len();
            assert!(octets < kib * 1024, "{}: {octets}", component.name);
            for path in [&*sources, "/registry/src/"] {
                let is_there = component
                    .bytes
                    .windows(path.len())
                    .any(|octets| octets == path.as_bytes());
                assert!(!is_there, "{path} in {}", component.name);
            }
        }
    }

    /// The pages of 64 KiB that a component's instances begin with.
    fn pages(component: &Component) -> u64 {
        let mut pages = 0;
        for payload in Parser::new(0).parse_all(component.bytes) {
            if let Payload::MemorySection(section) = payload.expect("a component") {
                for memory in section {
                    pages += memory.expect("a memory").initial;
                }
            }
        }
        pages
    }

    #[test]
    fn policies_need_not_ask_for_memory_before_they_have_worked() {
        for component in components() {
            // Stack, data and 128 KiB of heap.
            let pages = pages(component);
            assert!(
                (3..=4).contains(&pages),
                "{}: {pages} pages",
                component.name
            );
        }
        for component in mappers() {
            // And Unicode's tables.
            let pages = pages(component);
            assert!(
                (3..=16).contains(&pages),
                "{}: {pages} pages",
                component.name
            );
        }
    }

    #[test]
    fn samples_belong_to_policies_and_leave_the_addresses_open() {
        assert!(!samples().is_empty());
        for sample in samples() {
            assert!(
                components()
                    .iter()
                    .any(|component| component.name == sample.name)
            );
            assert!(
                sample.directory_ldif.contains("\ndn:\n"),
                "{}: no root DSE",
                sample.name
            );
            for place in ["\"{ldap_url}\"", "\"{sample_redirect_uri}\""] {
                assert!(
                    sample.realm_toml.contains(place),
                    "{} in {}",
                    place,
                    sample.name
                );
            }
        }
    }
}
