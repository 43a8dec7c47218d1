//! What a declaration has to be in itself, whatever is in the database.

use bridge_model::{
    client::ClientAuthentication,
    ports::StoreError,
    realm::{ClientDeclaration, Declaration, FederationDeclaration, RealmDeclaration},
};
use std::collections::HashSet;

/// The most secrets a client has: the new one, and the old one until everybody has the new one.
const SECRETS_MAX: usize = 2;

/// Refuses a declaration that contradicts itself.
///
/// # Errors
///
/// [`StoreError::Conflict`] with the object, what is wrong with it and what to do.
pub(crate) fn check(declaration: &Declaration) -> Result<(), StoreError> {
    let mut names = HashSet::new();
    for declared in &declaration.realms {
        once(&mut names, object("realm", declared, None))?;
        for federation in &declared.federations {
            check_federation(declared, federation, &mut names)?;
        }
        for client in &declared.clients {
            check_client(declared, client, &mut names)?;
        }
    }
    Ok(())
}

fn check_federation(
    realm: &RealmDeclaration,
    declared: &FederationDeclaration,
    names: &mut HashSet<String>,
) -> Result<(), StoreError> {
    let federation = &declared.planned.federation;
    let object = object("federation", realm, Some(federation.name.as_str()));
    if federation.realm != realm.realm.name {
        return conflict(&object, "is declared below another realm than its own");
    }
    if !federation.connection.bind.has_credential() && declared.bind_credential.is_some() {
        return conflict(
            &object,
            "has a bind credential and no bind name: give both, or neither",
        );
    }
    once(names, object)
}

fn check_client(
    realm: &RealmDeclaration,
    declared: &ClientDeclaration,
    names: &mut HashSet<String>,
) -> Result<(), StoreError> {
    let object = object("client", realm, Some(declared.client.id.as_str()));
    if declared.client.realm != realm.realm.name {
        return conflict(&object, "is declared below another realm than its own");
    }
    let secrets = &declared.secrets;
    let wrong = match declared.client.authentication {
        ClientAuthentication::Public if !secrets.is_empty() => {
            Some("is public and has a secret: take it away, or let the client authenticate with it")
        }
        _ if secrets.len() > SECRETS_MAX => Some("has more than two secrets: keep two at the most"),
        _ if secrets.iter().any(|secret| secret.expose().is_empty()) => {
            Some("has an empty secret: give it another")
        }
        _ => None,
    };
    match wrong {
        Some(wrong) => conflict(&object, wrong),
        None => once(names, object),
    }
}

fn once(names: &mut HashSet<String>, object: String) -> Result<(), StoreError> {
    if names.contains(&object) {
        return conflict(&object, "is declared twice: take one of the two away");
    }
    names.insert(object);
    Ok(())
}

fn object(kind: &str, realm: &RealmDeclaration, name: Option<&str>) -> String {
    match name {
        Some(name) => format!("{kind} {}/{name}", realm.realm.name),
        None => format!("{kind} {}", realm.realm.name),
    }
}

fn conflict(object: &str, wrong: &str) -> Result<(), StoreError> {
    Err(StoreError::Conflict(format!("{object} {wrong}")))
}
