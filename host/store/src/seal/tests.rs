use super::*;
use bridge_model::{
    federation::{BindName, Connection},
    names::{FederationId, FederationName},
};
use std::{
    sync::atomic::{AtomicU8, Ordering},
    time::Duration,
};
use url::Url;
use uuid::Uuid;

#[derive(Default)]
struct Counter(AtomicU8);

impl Random for Counter {
    fn fill(&self, octets: &mut [u8]) {
        octets.fill(self.0.fetch_add(1, Ordering::Relaxed));
    }
}

fn seal_with(key_number: u8) -> Seal {
    let key = SealingKey::generate(&Counter(AtomicU8::new(key_number)));
    Seal::new(&key, Arc::new(Counter::default()))
}

fn realm(name: &str) -> RealmName {
    RealmName::new(name).expect("a realm's name")
}

fn federation() -> Federation {
    let connection = Connection {
        bind: bind("cn=bridge"),
        ..Connection::to(vec![url("ldaps://one.example"), url("ldaps://two.example")])
    };
    let name = FederationName::new("people").expect("a federation's name");
    Federation {
        id: FederationId(Uuid::from_u128(1)),
        vendor: "generic".into(),
        ..Federation::new(realm("staff"), name, connection)
    }
}

type Change = fn(&mut Federation);

fn bind(name: &str) -> ServiceBind {
    ServiceBind::Simple(BindName::new(name).expect("not empty"))
}

fn url(text: &str) -> Url {
    Url::parse(text).expect("a URL")
}

#[test]
fn a_sealed_value_opens_in_its_place_only() {
    let seal = seal_with(1);
    let secret = Secret::new("hunter2");
    let place = Place::signing_key(&realm("staff"), "k1", "RS256");
    let sealed = seal.seal(&place, &secret);
    assert_eq!(seal.open(&place, &sealed).ok(), Some(secret.clone()));
    for other in [
        Place::signing_key(&realm("guests"), "k1", "RS256"),
        Place::signing_key(&realm("staff"), "k2", "RS256"),
        Place::signing_key(&realm("staff"), "k1", "ES256"),
        Place::signing_key(&realm("staff"), "k", "1RS256"),
        Place::subject_key(&realm("staff")),
        Place::sentinel("production"),
        Place::digest_key(),
    ] {
        assert!(seal.open(&other, &sealed).is_err(), "{}", other.shown);
    }
    assert!(seal_with(2).open(&place, &sealed).is_err());
}

#[test]
fn no_octet_of_a_sealed_value_can_be_changed_or_left_out() {
    let seal = seal_with(1);
    let place = Place::subject_key(&realm("staff"));
    let sealed = seal.seal(&place, &Secret::new("hunter2"));
    for index in 0..sealed.len() {
        let mut flipped = sealed.clone();
        flipped[index] ^= 1;
        assert!(seal.open(&place, &flipped).is_err(), "octet {index}");
        assert!(
            seal.open(&place, &sealed[..index]).is_err(),
            "{index} octets"
        );
    }
}

#[test]
fn the_same_value_is_never_sealed_alike() {
    let seal = seal_with(1);
    let place = Place::subject_key(&realm("staff"));
    let secret = Secret::new("hunter2");
    assert_ne!(seal.seal(&place, &secret), seal.seal(&place, &secret));
}

#[test]
fn a_bind_credential_is_tied_to_where_it_goes_and_as_whose() {
    let seal = seal_with(1);
    let sealed = seal.seal(&Place::bind_credential(&federation()), &Secret::new("x"));
    let ties: [(&str, Change); 15] = [
        ("id", |f| f.id = FederationId(Uuid::from_u128(2))),
        ("realm", |f| f.realm = realm("guests")),
        ("url", |f| f.connection.urls[1] = url("ldaps://evil")),
        ("one url less", |f| f.connection.urls.truncate(1)),
        ("one url more", |f| {
            f.connection.urls.push(url("ldap://evil"));
        }),
        ("start_tls", |f| f.connection.start_tls = true),
        ("allow_plaintext", |f| f.connection.allow_plaintext = true),
        ("ca_bundle", |f| {
            f.connection.ca_bundle = Some(String::new());
        }),
        ("bind name", |f| f.connection.bind = bind("cn=other")),
        ("no bind", |f| f.connection.bind = ServiceBind::None),
        ("no bind name", |f| {
            f.connection.bind = ServiceBind::External(None);
        }),
        ("certificate", |f| {
            f.connection.bind = ServiceBind::External(Some("cn=bridge".to_owned()));
        }),
        ("TLS version", |f| f.connection.tls_min = TlsVersion::Tls13),
        ("host of referrals", |f| {
            f.connection.referral_hosts = vec!["evil".to_owned()];
        }),
        ("hosts of referrals in place of URLs", |f| {
            let last = f.connection.urls.pop().map(String::from);
            f.connection.referral_hosts.extend(last);
        }),
    ];
    for (what, change) in ties {
        let mut changed = federation();
        change(&mut changed);
        let opened = seal.open(&Place::bind_credential(&changed), &sealed);
        assert!(opened.is_err(), "{what}");
        // And the other way around: what is taken back is a change, too.
        let sealed = seal.seal(&Place::bind_credential(&changed), &Secret::new("x"));
        let opened = seal.open(&Place::bind_credential(&federation()), &sealed);
        assert!(opened.is_err(), "{what}");
        let is_elsewhere = changed.id != federation().id || changed.realm != federation().realm;
        let shares = changed
            .connection
            .shares_credential_with(&federation().connection);
        assert_eq!(shares, is_elsewhere, "{what}");
    }
    let mut renamed = federation();
    renamed.name = FederationName::new("everybody").expect("a federation's name");
    renamed.connection.operation_timeout = Duration::from_secs(9);
    renamed.connection.pool_connections_min = 1;
    renamed.connection.follow_aliases = true;
    assert!(
        seal.open(&Place::bind_credential(&renamed), &sealed)
            .is_ok()
    );
}
