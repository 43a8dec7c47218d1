//! What `bridge-directory` does, seen through the ports.

mod binds;
mod connect;
mod endless;
mod external;
mod failover;
mod health;
mod hostile;
mod outages;
mod outbound;
mod pages;
mod passwords;
mod pools;
mod referrals;
mod searches;
mod service;
mod warm;
mod writes;

use bridge_directory::{LdapDirectories, Limits};
use bridge_model::{
    dn::Dn,
    entry::Attribute,
    federation::{BindName, Connection, Federation, ServiceBind},
    filter::Filter,
    names::{FederationName, RealmName},
    outbound::{OutboundRule, OutboundRules},
    ports::{Directories as _, Directory, DirectoryError},
    search::{Control, Reply, Search, SearchScope},
    secret::{Password, Secret},
    write::{NamePart, Write},
};
use std::{sync::Arc, time::Duration};
use suites::{
    authority::Authority,
    slapd::{PEOPLE, SERVICE_DN, SERVICE_PASSWORD},
};
use url::Url;

/// A federation with these servers that trusts the suites' authority and binds as the service.
fn federation(urls: &[String]) -> Federation {
    let urls = urls.iter().map(|url| Url::parse(url).expect("a URL"));
    Federation::new(
        RealmName::new("staff").expect("a name"),
        FederationName::new("ldap").expect("a name"),
        Connection {
            ca_bundle: Some(Authority::shared().ca.clone()),
            bind: ServiceBind::Simple(name(SERVICE_DN)),
            connect_timeout: Duration::from_secs(10),
            pool_connections_max: 4,
            ..Connection::to(urls.collect())
        },
    )
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

/// A federation with one server at `ldaps://`, as whoever may write people.
fn as_writer(address: &str) -> Federation {
    let mut federation = ldaps(address);
    federation.connection.bind = ServiceBind::Simple(name(WRITER_DN));
    federation
}

/// Who may write people.
const WRITER_DN: &str = "cn=writer,ou=services,dc=example,dc=test";
const WRITER_PASSWORD: &str = "writerpw";

fn with_timeouts(mut federation: Federation, timeout: Duration) -> Federation {
    federation.connection.connect_timeout = timeout;
    federation.connection.operation_timeout = timeout;
    federation
}

fn open(federation: &Federation) -> Arc<dyn Directory> {
    open_with(federation, Limits::default())
}

fn open_with(federation: &Federation, limits: Limits) -> Arc<dyn Directory> {
    LdapDirectories::with_limits(this_machine(), limits)
        .open(federation, Some(Secret::new(SERVICE_PASSWORD)))
        .expect("a configuration that can work")
}

/// Opens a directory as somebody else than the service of the suites.
fn open_as(federation: &Federation, credential: &str) -> Arc<dyn Directory> {
    LdapDirectories::new(this_machine())
        .open(federation, Some(Secret::new(credential)))
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

fn dn(text: &str) -> Dn {
    Dn::parse(text).expect(text)
}

fn attribute(name: &str, values: &[&str]) -> Attribute {
    Attribute {
        name: name.to_owned(),
        values: values
            .iter()
            .map(|value| value.as_bytes().to_vec())
            .collect(),
    }
}

fn part(attribute: &str, value: impl Into<Vec<u8>>) -> NamePart {
    NamePart {
        attribute: attribute.to_owned(),
        value: value.into(),
    }
}

/// A person below the suites' people, by name.
fn newcomer(uid: &str) -> Write {
    Write::Add {
        dn: Dn::named(&[part("uid", uid)], &dn(PEOPLE)).expect(uid),
        attributes: vec![
            attribute("objectClass", &["inetOrgPerson"]),
            attribute("uid", &[uid]),
            attribute("cn", &[uid]),
            attribute("sn", &["New"]),
            attribute("userPassword", &["Pw-newcomer"]),
            attribute("mail", &[]),
        ],
    }
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
