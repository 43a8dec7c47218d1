//! A directory, a policy and a store in memory, and a realm that uses them.

mod attempts;
mod directory;
mod elsewhere;
mod imports;
mod policy;
mod store;
mod writes;

pub(crate) use directory::{FakeDirectories, attribute, entry};
pub(crate) use policy::{Does, FakeMapper, FakePolicies, FakePolicy, Loaded, plan};
pub(crate) use store::MemoryStore;

use crate::{Accounts, Federations, SignIns, ThrottleLimits, review};
use bridge_model::{
    audit::AuditEvent,
    client::{Client, ClientAuthentication, GrantType},
    dn::Dn,
    federation::{Connection, Federation},
    keys::SigningAlgorithm,
    names::{ClientId, FederationId, FederationName, RealmName},
    plan::Mapper,
    ports::{AuditLog, Clock, Random},
    realm::{PlannedFederation, Realm, Revision},
    search::{SearchScope, Setting, Subtree},
    time::Timestamp,
};
use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use uuid::Uuid;

/// Everybody's password.
pub(crate) const PASSWORD: &str = "correct horse";
/// The domain of everything.
pub(crate) const BASE: &str = "dc=example,dc=test";

pub(crate) fn realm(name: &str) -> Realm {
    Realm::new(RealmName::new(name).expect("a name"))
}

pub(crate) fn client(realm: &str) -> Client {
    Client {
        realm: RealmName::new(realm).expect("a name"),
        id: ClientId::new("wiki").expect("an id"),
        name: None,
        enabled: true,
        authentication: ClientAuthentication::Public,
        grant_types: vec![GrantType::AuthorizationCode],
        redirect_uris: Vec::new(),
        signing_algorithm: SigningAlgorithm::ES256,
        token_lifetime: None,
        allowed_groups: Vec::new(),
        admin_scopes: Vec::new(),
        managed_by: None,
        revision: Revision::default(),
    }
}

pub(crate) fn subtree(base: &str) -> Subtree {
    Subtree {
        base: Dn::parse(base).expect("a DN"),
        scope: SearchScope::Subtree,
    }
}

/// A federation whose people live in `ou={name}`.
pub(crate) fn federation(realm: &str, name: &str) -> Federation {
    Federation {
        id: FederationId(Uuid::from_u128(u128::from(name.as_bytes()[0]))),
        vendor: "sample".to_owned(),
        users: vec![subtree(&format!("ou={name},{BASE}"))],
        ..Federation::new(
            RealmName::new(realm).expect("a name"),
            FederationName::new(name).expect("a name"),
            connection("ldaps://directory.example"),
        )
    }
}

pub(crate) fn connection(url: &str) -> Connection {
    Connection {
        connect_timeout: Duration::from_secs(1),
        operation_timeout: Duration::from_secs(1),
        ..Connection::to(vec![url.parse().expect("a URL")])
    }
}

pub(crate) fn mapper(name: &str, ldap_attribute: &str) -> Mapper {
    Mapper {
        name: name.to_owned(),
        kind: "attribute".to_owned(),
        ldap_attribute: Some(ldap_attribute.to_owned()),
        settings: Vec::new(),
    }
}

pub(crate) fn planned(federation: Federation) -> PlannedFederation {
    PlannedFederation {
        federation,
        plan: plan(),
        policy: FakePolicy::new("sample").reference,
        managed_by: None,
        revision: Revision(1),
    }
}

#[derive(Default)]
pub(crate) struct FakeAudit(Mutex<Vec<AuditEvent>>);

impl FakeAudit {
    /// The events of a request.
    pub(crate) fn of(&self, request_id: &str) -> Vec<AuditEvent> {
        let events = self.0.lock().expect("no test panicked in here");
        let events = events.iter();
        events
            .filter(|event| event.request_id.as_deref() == Some(request_id))
            .cloned()
            .collect()
    }

    pub(crate) fn events(&self) -> Vec<AuditEvent> {
        self.0.lock().expect("no test panicked in here").clone()
    }

    pub(crate) fn last(&self) -> AuditEvent {
        let events = self.0.lock().expect("no test panicked in here");
        events.last().expect("an event").clone()
    }
}

impl AuditLog for FakeAudit {
    fn record(&self, event: &AuditEvent) {
        let mut events = self.0.lock().expect("no test panicked in here");
        events.push(event.clone());
    }
}

pub(crate) struct FakeClock(AtomicU64);

impl FakeClock {
    pub(crate) fn advance(&self, time: Duration) {
        self.0.fetch_add(time.as_secs(), Ordering::Relaxed);
    }
}

impl Clock for FakeClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::Relaxed))
    }
}

pub(crate) struct NoRandom;

impl Random for NoRandom {
    fn fill(&self, octets: &mut [u8]) {
        octets.fill(7);
    }
}

/// A mapper with these settings.
pub(crate) fn mapper_of(name: &str, kind: &str, settings: &[(&str, &str)]) -> Mapper {
    let settings = settings.iter().map(|&(name, value)| Setting {
        name: name.to_owned(),
        value: value.to_owned(),
    });
    Mapper {
        name: name.to_owned(),
        kind: kind.to_owned(),
        ldap_attribute: None,
        settings: settings.collect(),
    }
}

/// Everything together.
pub(crate) struct Site {
    pub(crate) store: Arc<MemoryStore>,
    pub(crate) policies: Arc<FakePolicies>,
    pub(crate) directories: Arc<FakeDirectories>,
    pub(crate) federations: Arc<Federations>,
    pub(crate) audit: Arc<FakeAudit>,
    pub(crate) clock: Arc<FakeClock>,
    pub(crate) accounts: Accounts,
    pub(crate) sign_ins: SignIns,
}

impl Site {
    /// Has the federations of this name translated anew with these mappers, in all realms.
    pub(crate) fn map(&self, name: &str, mappers: &[Mapper]) {
        for kept in &mut self.store.tables().federations {
            if kept.federation.name.as_str() == name {
                kept.federation.mappers = mappers.to_vec();
                let reviewed = review(&*self.policies, &kept.federation, None);
                let planned = reviewed.expect("a plan").planned;
                *kept = PlannedFederation {
                    revision: kept.revision,
                    ..planned
                };
            }
        }
        self.federations.reload_all();
    }

    /// The realms `a` and `b` with these federations in each, one directory behind all of them.
    pub(crate) fn new(names: &[&str]) -> Self {
        let store = Arc::new(MemoryStore::default());
        for realm in ["a", "b"] {
            for name in names {
                store.put_federation(planned(federation(realm, name)));
            }
        }
        let policies = Arc::new(FakePolicies::default());
        let directories = Arc::new(FakeDirectories::default());
        let federations = Federations::new(store.clone(), policies.clone(), directories.clone());
        let federations = Arc::new(federations);
        let audit = Arc::new(FakeAudit::default());
        let clock = Arc::new(FakeClock(AtomicU64::new(1_000_000)));
        let sign_ins = SignIns::new(
            federations.clone(),
            store.clone(),
            clock.clone(),
            Arc::new(NoRandom),
            audit.clone(),
            ThrottleLimits::default(),
        );
        let accounts = Accounts::new(
            federations.clone(),
            store.clone(),
            clock.clone(),
            Arc::new(NoRandom),
            audit.clone(),
            ThrottleLimits::default(),
        );
        Self {
            store,
            policies,
            directories,
            federations,
            audit,
            clock,
            accounts,
            sign_ins,
        }
    }
}
