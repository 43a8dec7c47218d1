//! Declarations: a realm with its federations and clients in one document.

use super::{client, document::Document, federation, realm, section::Section, source::Source};
use bridge_model::{
    names::RealmName,
    plan::Problem,
    realm::{ClientDeclaration, FederationDeclaration, RealmDeclaration},
};
use std::{
    collections::{HashMap, HashSet},
    path::PathBuf,
};

/// A declaration that may be applied. Its federations have no id yet.
#[derive(Clone, Debug)]
pub(crate) struct ReadDeclaration {
    /// What is declared.
    pub(crate) declared: RealmDeclaration,
    /// What documents say that subjects of a federation are derived under, by its name.
    pub(crate) subject_namespaces: HashMap<String, String>,
    /// What the operator should know although nothing is wrong.
    pub(crate) warnings: Vec<Problem>,
    /// The files that were read on the way.
    pub(crate) watched: Vec<PathBuf>,
}

/// Understands a declaration.
pub(crate) fn declared(
    document: &Document<'_>,
    root: Section<'_>,
    source: &Source<'_>,
) -> Option<ReadDeclaration> {
    let Some(section) = root.section("realm") else {
        root.fault(
            "realm",
            "is missing; a file declares one realm: [realm] with its name",
        );
        return None;
    };
    let realm = realm::read(section);
    // Whatever its name is, what it has is looked at.
    let name = realm.as_ref().map(|realm| realm.name.clone());
    let name = name.or_else(|| RealmName::new("nameless").ok())?;
    let rules = realm.as_ref().map(|realm| realm.policies.clone());
    let rules = rules.unwrap_or_default();
    let mut federations = Vec::new();
    let mut subject_namespaces = HashMap::new();
    let mut names = HashSet::new();
    for section in root.sections("federations") {
        let path = section.path("name");
        let Some(read) = federation::read(section, &name, &rules, source) else {
            continue;
        };
        let own = read.planned.federation.name.clone();
        if let Some(namespace) = read.subject_namespace {
            subject_namespaces.insert(own.to_string(), namespace);
        }
        if !names.insert(own) {
            let message = "is the name of another federation of the realm too; take another";
            document.fault(&path, message);
        }
        federations.push(FederationDeclaration {
            planned: read.planned,
            bind_credential: read.bind_credential,
        });
    }
    let clients = clients(document, &root, &name, source);
    root.finish();
    Some(ReadDeclaration {
        declared: RealmDeclaration {
            realm: realm?,
            federations,
            clients,
        },
        subject_namespaces,
        warnings: source.take_warnings(),
        watched: source.take_watched(),
    })
}

fn clients(
    document: &Document<'_>,
    root: &Section<'_>,
    realm: &RealmName,
    source: &Source<'_>,
) -> Vec<ClientDeclaration> {
    let mut clients: Vec<ClientDeclaration> = Vec::new();
    for section in root.sections("clients") {
        let path = section.path("client_id");
        let Some(read) = client::read(section, realm, source) else {
            continue;
        };
        let id = &read.client.id;
        if clients.iter().any(|known| known.client.id == *id) {
            let message = "is the id of another client of the realm too; take another";
            document.fault(&path, message);
        }
        clients.push(read);
    }
    clients
}
