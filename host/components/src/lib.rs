//! The vendor policies, built as components and embedded, with the samples that come with them.
//!
//! The build script (`build.rs`) makes them; this crate knows no vendor: whatever folder stands under
//! `guest/` is here by its name.

/// A vendor policy that is part of this build.
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

/// All policies of this build, by name.
pub fn components() -> &'static [Component] {
    COMPONENTS
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

    #[test]
    fn policies_reach_for_nothing_but_the_log() {
        assert!(!components().is_empty());
        for component in components() {
            let (mut imports, mut exports) = interfaces(component.bytes);
            imports.sort();
            exports.sort();
            assert_eq!(
                imports,
                ["ldap-oidc:policy/log@0.1.0", "ldap-oidc:policy/types@0.1.0"],
                "{}",
                component.name
            );
            assert_eq!(
                exports,
                [
                    "ldap-oidc:policy/changes@0.1.0",
                    "ldap-oidc:policy/passwords@0.1.0",
                    "ldap-oidc:policy/recognition@0.1.0",
                    "ldap-oidc:policy/vendor@0.1.0",
                    "ldap-oidc:policy/writing@0.1.0"
                ],
                "{}",
                component.name
            );
        }
    }

    #[test]
    fn policies_are_small_and_know_no_path_of_this_machine() {
        let here = env!("CARGO_MANIFEST_DIR").trim_end_matches("/host/components");
        // Of the folder that policies are built from: a short path stands in any text by chance.
        let sources = format!("{here}/guest/");
        for component in components() {
            assert!(component.bytes.len() < 640 * 1024, "{}", component.name);
            for path in [&*sources, "/registry/src/"] {
                let is_there = component
                    .bytes
                    .windows(path.len())
                    .any(|octets| octets == path.as_bytes());
                assert!(!is_there, "{path} in {}", component.name);
            }
        }
    }

    #[test]
    fn policies_need_not_ask_for_memory_before_they_have_worked() {
        for component in components() {
            let mut pages = 0;
            for payload in Parser::new(0).parse_all(component.bytes) {
                if let Payload::MemorySection(section) = payload.expect("a component") {
                    for memory in section {
                        pages += memory.expect("a memory").initial;
                    }
                }
            }
            // Stack, data and 128 KiB of heap, in pages of 64 KiB.
            assert!(
                (3..=4).contains(&pages),
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
