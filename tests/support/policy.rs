//! What calls of policies are made of: hostile guests, and a sign-in of everyday size.

use bridge_model::{
    decision::{Context, Person},
    dn::Dn,
    entry::{Attribute, Entry},
    federation::{Connection, Federation},
    names::{FederationName, RealmName},
    plan::Mapper,
    policy::{PolicyChoice, PolicyOrigin, PolicyPackage},
    ports::{Policies, PolicyError, VendorPolicy},
    realm::PolicyRef,
    search::{Reply, SearchScope, Setting, Subtree},
    time::Timestamp,
};
use bridge_policy::PolicyHost;
use std::{
    sync::{Arc, RwLock},
    time::Duration,
};
use url::Url;
use uuid::Uuid;

include!(concat!(env!("OUT_DIR"), "/guests.rs"));

/// The component of the guest in `tests/guests/<folder>`.
pub fn guest(folder: &str) -> &'static [u8] {
    GUESTS
        .iter()
        .find(|(name, _)| *name == folder)
        .map_or_else(|| panic!("no guest {folder}"), |(_, octets)| *octets)
}

/// Has a host take a component: it is loaded, and put in force.
pub fn take(host: &PolicyHost, octets: &[u8]) -> Result<PolicyRef, PolicyError> {
    let loaded = load(host, octets)?;
    host.put_in_force(&loaded.digest)
}

/// Has a host load a component that nobody signed.
pub fn load(host: &PolicyHost, octets: &[u8]) -> Result<PolicyRef, PolicyError> {
    host.load(&PolicyPackage::unsigned(octets, PolicyOrigin::Upload))
}

/// The realm of tests that need one only.
pub fn realm() -> RealmName {
    RealmName::new("staff").expect("a name")
}

/// Lets the policies of [`realm`] use as much processor time as they like.
pub fn lift_limit(host: &PolicyHost) {
    host.limit_realm(&realm(), Duration::from_hours(1));
}

/// A vendor policy in force, for [`realm`].
pub fn in_force(policies: &dyn Policies, name: &str) -> Result<Arc<dyn VendorPolicy>, PolicyError> {
    policies.vendor(&realm(), PolicyChoice::InForce(name))
}

/// Held for reading by every test that calls policies, and for writing by the one that measures the
/// memory of the process.
pub static MEASURED_ALONE: RwLock<()> = RwLock::new(());

/// The federation of everyday size: twelve mappers of the operator's.
pub fn federation(vendor: &str) -> Federation {
    let text = |name: &str| Mapper {
        name: format!("company_{}", name.to_lowercase()),
        kind: "attribute".into(),
        ldap_attribute: Some(name.into()),
        settings: Vec::new(),
    };
    let attributes = [
        "department",
        "title",
        "company",
        "telephoneNumber",
        "mobile",
        "employeeID",
        "manager",
        "street",
        "l",
        "co",
        "physicalDeliveryOfficeName",
    ];
    let mut mappers: Vec<Mapper> = attributes.into_iter().map(text).collect();
    mappers.push(Mapper {
        name: "tenant".into(),
        kind: "constant".into(),
        ldap_attribute: None,
        settings: vec![Setting {
            name: "value".into(),
            value: "example".into(),
        }],
    });
    let url = Url::parse("ldaps://dc1.corp.example").expect("a URL");
    Federation {
        vendor: vendor.into(),
        users: vec![subtree("OU=People,DC=corp,DC=example")],
        read_bases: vec![subtree("DC=corp,DC=example")],
        mappers,
        ..Federation::new(
            realm(),
            FederationName::new("directory").expect("a name"),
            Connection::to(vec![url]),
        )
    }
}

fn subtree(base: &str) -> Subtree {
    Subtree {
        base: Dn::parse(base).expect("a DN"),
        scope: SearchScope::Subtree,
    }
}

/// A call's context with this memo.
pub fn context(memo: &[u8]) -> Context {
    Context {
        memo: memo.to_vec(),
        now: Timestamp(1_795_392_000),
        shared: Vec::new(),
        more: Vec::new(),
    }
}

/// Somebody of whom no more is known than a DN.
pub fn person(dn: &str) -> Person {
    Person {
        entry: Entry {
            dn: dn.into(),
            attributes: Vec::new(),
        },
        reply: Some(Reply::default()),
        findings: Vec::new(),
    }
}

/// A person of everyday size as an Active Directory has them: 14 attributes with 36 values, 23 of
/// which name groups. They have just given the right password.
pub fn employee(number: usize) -> Person {
    let groups = (0..23).map(|group| {
        format!("CN=Project {group:02},OU=Groups,OU=Resources,DC=corp,DC=example").into_bytes()
    });
    let text = |name: &str, value: &str| Attribute {
        name: name.into(),
        values: vec![value.as_bytes().to_vec()],
    };
    let guid = Uuid::from_u128(0x5f0c_3a2e_8b1d_4c6f_9e7a_0000_0000_0000 + number as u128);
    let attributes = vec![
        Attribute {
            name: "objectGUID".into(),
            values: vec![guid.to_bytes_le().to_vec()],
        },
        text("sAMAccountName", &format!("employee{number}")),
        text(
            "userPrincipalName",
            &format!("employee{number}@corp.example"),
        ),
        text("mail", &format!("employee.{number}@corp.example")),
        text("givenName", "Ada"),
        text("sn", "Lovelace"),
        text("displayName", "Ada Lovelace"),
        text("department", "Engines"),
        text("title", "Analyst"),
        text("telephoneNumber", "+44 20 7946 0000"),
        text("userAccountControl", "512"),
        text("accountExpires", "9223372036854775807"),
        text("whenChanged", "20261121120000.0Z"),
        Attribute {
            name: "memberOf".into(),
            values: groups.collect(),
        },
    ];
    Person {
        entry: Entry {
            dn: format!("CN=Employee {number},OU=People,DC=corp,DC=example"),
            attributes,
        },
        reply: Some(Reply::default()),
        findings: Vec::new(),
    }
}
