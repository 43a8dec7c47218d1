//! What `bridge-directory` does, seen through the ports.

mod binds;
mod connect;
mod failover;
mod hostile;
mod outbound;
mod pools;
mod searches;
mod service;

use bridge_directory::{LdapDirectories, Limits};
use bridge_model::{
    dn::Dn,
    federation::{
        BindName, Connection, EditMode, Federation, OnError, ServiceBind, Synchronisation,
    },
    filter::Filter,
    names::{FederationId, FederationName, RealmName},
    outbound::{OutboundRule, OutboundRules},
    ports::{Directories as _, Directory, DirectoryError},
    search::{Control, Reply, Search, SearchScope},
    secret::{Password, Secret},
};
use std::{sync::Arc, time::Duration};
use suites::{
    authority::Authority,
    slapd::{PEOPLE, SERVICE_DN, SERVICE_PASSWORD},
};
use url::Url;
use uuid::Uuid;

/// A federation with these servers that trusts the suites' authority and binds as the service.
fn federation(urls: &[String]) -> Federation {
    let url = |url: &String| Url::parse(url).expect("a URL");
    Federation {
        id: FederationId(Uuid::nil()),
        realm: RealmName::new("staff").expect("a name"),
        name: FederationName::new("ldap").expect("a name"),
        enabled: true,
        priority: 0,
        vendor: "openldap".to_owned(),
        edit_mode: EditMode::ReadOnly,
        import_enabled: false,
        sync_registration: false,
        users: vec![],
        read_bases: vec![],
        username_attribute: None,
        rdn_attribute: None,
        uuid_attribute: None,
        user_object_classes: vec![],
        custom_filter: None,
        mappers: vec![],
        settings: vec![],
        groups_base: None,
        on_error: OnError::default(),
        synchronisation: Synchronisation::default(),
        email_verified_domains: vec![],
        connection: Connection {
            urls: urls.iter().map(url).collect(),
            start_tls: false,
            allow_plaintext: false,
            ca_bundle: Some(Authority::shared().ca.clone()),
            bind: ServiceBind::Simple(name(SERVICE_DN)),
            connect_timeout: Duration::from_secs(10),
            operation_timeout: Duration::from_secs(10),
            pool_connections_max: 4,
        },
        subject_namespace: "ldap".to_owned(),
    }
}

/// A federation with one server at `ldaps://`.
fn ldaps(address: &str) -> Federation {
    federation(&[format!("ldaps://{address}")])
}

/// A federation with one server at `ldap://` that is asked for TLS.
fn start_tls(address: &str) -> Federation {
    let mut federation = federation(&[format!("ldap://{address}")]);
    federation.connection.start_tls = true;
    federation
}

/// A federation with one server at `ldap://` that may be sent passwords.
fn plaintext(address: &str) -> Federation {
    let mut federation = federation(&[format!("ldap://{address}")]);
    federation.connection.allow_plaintext = true;
    federation
}

fn with_timeouts(mut federation: Federation, timeout: Duration) -> Federation {
    federation.connection.connect_timeout = timeout;
    federation.connection.operation_timeout = timeout;
    federation
}

fn open(federation: &Federation) -> Arc<dyn Directory> {
    let credential = Secret::new(SERVICE_PASSWORD);
    LdapDirectories::new(this_machine())
        .open(federation, Some(credential))
        .expect("a configuration that can work")
}

/// The suites' servers are on this machine, which nobody reaches unless the operator says so.
fn this_machine() -> OutboundRules {
    let networks = ["127.0.0.0/8", "::1/128"].map(|network| network.parse().expect("a network"));
    OutboundRules(vec![OutboundRule {
        networks: networks.into(),
        ..OutboundRule::default()
    }])
}

fn name(text: &str) -> BindName {
    BindName::new(text).expect("a name")
}

fn person(uid: &str) -> BindName {
    name(&format!("uid={uid},{PEOPLE}"))
}

fn password(text: &str) -> Password {
    Password::new(text).expect("a password")
}

/// Finds people of a name, with their name and mail.
fn by_uid(uid: &str) -> Search {
    search(PEOPLE, Filter::equal("uid", uid), &["uid", "mail"])
}

fn search(base: &str, filter: Filter, attributes: &[&str]) -> Search {
    Search {
        base: Dn::parse(base).expect("a DN"),
        scope: SearchScope::Subtree,
        filter,
        attributes: attributes.iter().map(|&name| name.to_owned()).collect(),
        size_limit: 2,
    }
}

/// Binds as a person, asking for nothing more.
async fn bind(
    directory: &dyn Directory,
    name: BindName,
    typed: &str,
) -> Result<Reply, DirectoryError> {
    bind_with(directory, name, typed, &[]).await
}

/// Binds as a person, with controls.
async fn bind_with(
    directory: &dyn Directory,
    name: BindName,
    typed: &str,
    controls: &[Control],
) -> Result<Reply, DirectoryError> {
    directory.bind(&name, &password(typed), controls).await
}

/// Searches for ada and binds as her.
async fn works(directory: &dyn Directory) {
    let found = directory.search(&by_uid("ada")).await.expect("an answer");
    assert_eq!((found.result_code, found.entries.len()), (0, 1));
    let bound = bind(directory, name(&found.entries[0].dn), "Pw-ada");
    assert!(bound.await.expect("an answer").is_success());
}
