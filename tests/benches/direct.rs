//! A directory as the bridge opens it, without a bridge.

use bridge_directory::LdapDirectories;
use bridge_model::{
    federation::{BindName, Connection, Federation, ServiceBind},
    names::{FederationName, RealmName},
    outbound::{OutboundRule, OutboundRules},
    ports::{Directories as _, Directory},
    secret::Secret,
};
use std::sync::Arc;
use suites::authority::Authority;
use tokio::runtime::{Builder, Runtime};
use url::Url;

/// As many threads as the bridge has on the machine that the figures are for.
pub(crate) fn runtime() -> Runtime {
    let mut builder = Builder::new_multi_thread();
    let runtime = builder.worker_threads(2).enable_all().build();
    runtime.expect("a runtime")
}

/// Opens the directory at a URL, with a certificate of the suites' authority.
pub(crate) fn open(url: &str, bind_dn: &str, credential: &str) -> Arc<dyn Directory> {
    let rule = OutboundRule {
        networks: vec!["127.0.0.0/8".parse().expect("a network")],
        ..OutboundRule::default()
    };
    let mut connection = Connection::to(vec![Url::parse(url).expect("a URL")]);
    connection.ca_bundle = Some(Authority::shared().ca.clone());
    connection.bind = ServiceBind::Simple(BindName::new(bind_dn).expect("a name"));
    let name = FederationName::new("people").expect("a name");
    let realm = RealmName::new("corp").expect("a name");
    let federation = Federation::new(realm, name, connection);
    let secret = Secret::new(credential.as_bytes());
    LdapDirectories::new(OutboundRules(vec![rule]))
        .open(&federation, Some(secret))
        .expect("a directory")
}
