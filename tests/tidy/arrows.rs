//! Who may know whom: the arrows between the crates, and each foreign world in one crate.

use crate::tree::{assert_none, files};
use std::collections::BTreeMap;
use toml::{Table, Value};

/// Which crates of ours a crate may name outside of its tests. A crate that is not here may name none.
const ARROWS: &[(&str, &[&str])] = &[
    ("bridge-policy", &["bridge-model"]),
    ("bridge-directory", &["bridge-model"]),
    ("bridge-store", &["bridge-model"]),
    ("bridge-federation", &["bridge-model"]),
    ("bridge-oidc", &["bridge-model"]),
    (
        "bridge-kit",
        &["bridge-federation", "bridge-model", "bridge-policy"],
    ),
    (
        "ldap-oidc-bridge",
        &[
            "bridge-components",
            "bridge-directory",
            "bridge-federation",
            "bridge-kit",
            "bridge-model",
            "bridge-oidc",
            "bridge-policy",
            "bridge-store",
        ],
    ),
    ("policy-active-directory", &["policy-sdk"]),
    ("policy-cel", &["policy-sdk"]),
    ("policy-generic", &["policy-sdk"]),
    ("policy-openldap", &["policy-sdk"]),
    ("policy-regex", &["policy-sdk"]),
    ("policy-rhds", &["policy-sdk"]),
];

/// The crates that may know a foreign world with all its types: the world's name, its home.
const WORLDS: &[(&str, &str)] = &[
    ("axum", "ldap-oidc-bridge"),
    ("ldap3", "bridge-directory"),
    ("rusqlite", "bridge-store"),
    ("wasmtime", "bridge-policy"),
];

/// What everybody else may know of these worlds, and why.
const NEIGHBOURS: &[(&str, &str)] = &[
    // The demo's directory speaks the server's side of the protocol; ldap3 is a client.
    ("ldap-oidc-bridge", "ldap3_lber"),
    ("ldap-oidc-bridge", "ldap3_proto"),
];

/// A crate's manifest.
struct Manifest {
    path: String,
    name: String,
    /// Names of packages, by the table they stand in.
    dependencies: BTreeMap<&'static str, Vec<String>>,
}

fn manifests() -> Vec<Manifest> {
    ["host", "guest", "tests"]
        .iter()
        .flat_map(|folder| files(folder))
        // What new projects begin with is no crate of this workspace.
        .filter(|file| file.path.ends_with("/Cargo.toml") && !file.path.contains("/templates/"))
        .map(|file| {
            let table: Table = file.text.parse().expect("a manifest");
            let name = table["package"]["name"]
                .as_str()
                .expect("a package's name")
                .to_owned();
            let dependencies = ["dependencies", "build-dependencies", "dev-dependencies"]
                .map(|kind| (kind, packages(&table, kind)));
            Manifest {
                path: file.path,
                name,
                dependencies: dependencies.into(),
            }
        })
        .collect()
}

/// The packages of a kind, those for one target only included, by their real names.
fn packages(manifest: &Table, kind: &str) -> Vec<String> {
    let targets = manifest.get("target").and_then(Value::as_table);
    let tables = targets
        .into_iter()
        .flat_map(Table::values)
        .filter_map(Value::as_table);
    tables
        .chain([manifest])
        .filter_map(|table| table.get(kind)?.as_table())
        .flatten()
        .map(|(key, value)| {
            value
                .get("package")
                .and_then(Value::as_str)
                .unwrap_or(key)
                .to_owned()
        })
        .collect()
}

fn is_ours(package: &str) -> bool {
    package.starts_with("bridge-")
        || package.starts_with("policy-")
        || package == "ldap-oidc-bridge"
}

/// Whether a package is the world itself or one of its parts (`wasmtime-wasi`, `axum-core`).
fn belongs_to(package: &str, world: &str) -> bool {
    package
        .strip_prefix(world)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(['-', '_']))
}

#[test]
fn arrows_between_the_crates_point_one_way() {
    let mut findings = Vec::new();
    for manifest in manifests()
        .iter()
        .filter(|manifest| manifest.name != "suites")
    {
        // The hostile policies of the suites are written as any policy is.
        let hostile = manifest.path.starts_with("tests/guests/");
        let name = if hostile {
            "policy-generic"
        } else {
            &manifest.name
        };
        let arrows = ARROWS.iter().find(|(from, _)| *from == name);
        let allowed = arrows.map_or(&[][..], |(_, to)| to);
        for kind in ["dependencies", "build-dependencies"] {
            for package in manifest.dependencies[kind]
                .iter()
                .filter(|package| is_ours(package))
            {
                if !allowed.contains(&package.as_str()) {
                    findings.push(format!(
                        "{}: {} may not know {package}",
                        manifest.path, manifest.name
                    ));
                }
            }
        }
    }
    assert_none(
        &findings,
        "bridge → {federation, oidc, policy, directory, store} → model; guests → sdk:",
    );
}

#[test]
fn each_foreign_world_is_named_in_one_crate() {
    let manifests = manifests();
    let mut findings = Vec::new();
    for (world, home) in WORLDS {
        let at_home = manifests
            .iter()
            .find(|manifest| manifest.name == *home)
            .expect("the world's home");
        assert!(
            at_home.dependencies["dependencies"]
                .iter()
                .any(|package| package == world),
            "{home} lost {world}"
        );
        for manifest in manifests
            .iter()
            .filter(|manifest| manifest.name != *home && manifest.name != "suites")
        {
            for kind in ["dependencies", "build-dependencies"] {
                for package in &manifest.dependencies[kind] {
                    let neighbour =
                        NEIGHBOURS.contains(&(manifest.name.as_str(), package.as_str()));
                    if belongs_to(package, world) && !neighbour {
                        findings.push(format!("{}: {package} belongs to {home}", manifest.path));
                    }
                }
            }
        }
    }
    assert_none(
        &findings,
        "a foreign world's types stop at the edge of one crate:",
    );
}

#[test]
fn every_crate_of_the_host_and_the_guests_is_in_the_map() {
    let names: Vec<_> = manifests()
        .into_iter()
        .map(|manifest| manifest.name)
        .collect();
    for (name, _) in ARROWS {
        assert!(
            names.iter().any(|other| other == name),
            "{name} is in the map and not in the tree"
        );
    }
    for bare in ["bridge-model", "bridge-components", "policy-sdk"] {
        assert!(
            names.iter().any(|other| other == bare),
            "{bare} is not in the tree"
        );
    }
    let known = ARROWS.len() + 3;
    let found = names.iter().filter(|name| is_ours(name)).count();
    assert_eq!(
        found, known,
        "a crate of ours is in the tree and not in the map: {names:?}"
    );
}
