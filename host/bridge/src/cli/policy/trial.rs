//! What `policy test`, `run`, `bench` and `check` have in common: a policy from a file, and a federation
//! to try it with.

use super::{staging::add_built_in, terminal::shown};
use crate::{
    config,
    documents::{Node, Origin, Source, read_federation_in, tree::Value},
};
use anyhow::Context as _;
use bridge_kit::{
    ldif::Record,
    trial::{SampleDirectory, Stage, suffix},
};
use bridge_model::{policy::PolicyRules, realm::PlannedFederation};
use bridge_policy::Limits;
use std::{
    fs,
    path::{Path, PathBuf},
};

/// Members that lead to a directory or its secrets: there is none here.
const OF_THE_CONNECTION: [&str; 4] = [
    "bind_dn",
    "bind_credential",
    "bind_type",
    "client_certificate",
];

/// The limits of a bridge; one call at a time needs little address space.
pub(super) fn limits() -> Limits {
    Limits {
        instances_max: 8,
        ..Limits::default()
    }
}

/// The one component of a policy's folder: `target/NAME.wasm`.
pub(super) fn component_of(folder: &Path) -> anyhow::Result<PathBuf> {
    let target = folder.join("target");
    let mut found = Vec::new();
    for entry in fs::read_dir(&target).into_iter().flatten() {
        let path = entry.with_context(|| shown(&target))?.path();
        if path.extension().is_some_and(|it| it == "wasm") {
            found.push(path);
        }
    }
    found.sort();
    match found.as_slice() {
        [one] => Ok(one.clone()),
        [] => anyhow::bail!(
            "there is no component in {}; run `policy build` first, or name it with --policy",
            shown(&target)
        ),
        several => anyhow::bail!(
            "{} has {} components; name one with --policy",
            shown(&target),
            several.len()
        ),
    }
}

/// The federation that a policy is tried with: that of a file, or a preset. Where it does not say where
/// users live, that is where these entries are.
pub(super) fn planned(
    stage: &Stage,
    file: Option<&Path>,
    records: &[Record],
) -> anyhow::Result<PlannedFederation> {
    let Some(file) = file else {
        let federation = stage.federation(suffix(records)?)?;
        if !stage.is_mapper() {
            return Ok(stage.plan(&federation)?);
        }
        add_built_in(stage, &[stage.vendor()])?;
        let planned = stage.plan(&federation);
        return planned.context("without a federation the mapper is tried with nothing said to it; give one that has such a mapper with --federation");
    };
    let text = fs::read_to_string(file).with_context(|| shown(file))?;
    let mut root = one_federation(config::tree(file, &text)?);
    let kinds = &stage.description().kinds;
    let is_own = |kind: &&str| kinds.iter().any(|known| known.kind == *kind);
    let mut named: Vec<_> = mappers(&root).filter(|kind| !is_own(kind)).collect();
    if stage.is_mapper() {
        let vendor = root.get("vendor").and_then(Node::as_text);
        named.push(vendor.unwrap_or(stage.vendor()));
    }
    add_built_in(stage, &named)?;
    preset(&mut root, stage, records);
    let folder = file.parent().map(Path::to_owned).unwrap_or_default();
    let source = Source::new(Origin::File { folder }, stage.host());
    let read = config::understood(file, &root, |_, section| {
        read_federation_in(section, stage.realm(), &PolicyRules::default(), &source)
    })?;
    stage.check_used(&read.planned)?;
    Ok(read.planned)
}

/// A file may be that of a realm: then its first federation is meant.
fn one_federation(root: Node) -> Node {
    match root.get("federations").map(Node::items) {
        Some([first, ..]) => first.clone(),
        _ => root,
    }
}

fn mappers(root: &Node) -> impl Iterator<Item = &str> {
    let mappers = root.get("mapper").map(Node::items).unwrap_or_default();
    mappers
        .iter()
        .filter_map(|mapper| mapper.get("kind")?.as_text())
}

/// Puts in what nobody has to say where nothing is dialled, and takes out what would be dialled.
fn preset(root: &mut Node, stage: &Stage, records: &[Record]) {
    let Value::Table(members) = &mut root.value else {
        return;
    };
    members.retain(|(name, _)| !OF_THE_CONNECTION.contains(&name.as_str()));
    let text = |text: &str| Node::new(Value::Text(text.to_owned()));
    members.retain(|(name, _)| name != "connection_url");
    members.push(("connection_url".to_owned(), text("ldaps://ldif.invalid")));
    members.push(("bind_type".to_owned(), text("none")));
    let mut say = |name: &str, value: Option<String>| {
        if let Some(value) = value
            && !members.iter().any(|(known, _)| known == name)
        {
            members.push((name.to_owned(), text(&value)));
        }
    };
    say("name", Some("trial".to_owned()));
    say("vendor", Some(stage.vendor().to_owned()));
    say("users_dn", suffix(records).ok().map(|dn| dn.to_string()));
}

/// The directories of this build to take people from.
pub(super) fn samples() -> Vec<SampleDirectory<'static>> {
    let samples = bridge_components::samples().iter();
    let sample = |sample: &bridge_components::Sample| SampleDirectory {
        name: sample.name,
        ldif: sample.directory_ldif,
    };
    samples.map(sample).collect()
}

/// Somebody, so that there is a place where people live.
pub(super) fn somebody() -> Vec<Record> {
    const SOMEBODY: &str = "dn: uid=somebody,ou=people,dc=example,dc=test\nuid: somebody\n";
    bridge_kit::ldif::read(SOMEBODY).unwrap_or_default()
}
