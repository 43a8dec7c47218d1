//! What a policy may not have, whatever it answers: the host's authority over its plan, over what it
//! reads, and over what it says of somebody. By the very code of a sign-in.

use crate::{
    memory,
    repeated::Repeated,
    stage,
};
use std::time::Duration;
use bridge_federation::{Candidate, Trial, TriedVerdict};
use bridge_kit::{
    ldif::{self, Record},
    trial::{LdifDirectory, Stage},
};
use bridge_model::{
    dn::Dn,
    federation::Federation,
    policy::WasiGrant,
    search::{Reply, SearchScope, Setting, Subtree},
    time::Timestamp,
};
use suites::policy::guest;
use tokio::runtime::Runtime;

const PEOPLE: &str = "\
dn: ou=people,dc=staff,dc=example
objectClass: organizationalUnit
ou: people

dn: uid=ada,ou=people,dc=staff,dc=example
objectClass: person
uid: ada
cn: Ada Lovelace
entryUUID: 0c7ec5a4-56a2-4a0e-8a36-9b9f9a1e5b11
";

/// What a plan says beyond what it may, and the words in which it is refused.
const PLANS: [(&str, &str); 12] = [
    ("a claim of the protocol", "\"SUB\" is the host's own"),
    ("a claim of the host's", "\"email_verified\" is the host's own"),
    ("a claim of another alphabet", "its name must be of ASCII letters"),
    ("an attribute with secrets", "holds secrets and is never read"),
    ("all attributes", "\"*\" is not the name of an attribute"),
    ("a base elsewhere", "outside of what may be read"),
    ("two filters", "login-filter"),
    ("an oracle", "holds secrets and is never read"),
    ("a long filter", "users-filter"),
    ("a deep filter", "users-filter"),
    ("a password where it is read", "is not known as an attribute that holds secrets"),
    ("writes of secrets", "holds secrets and is never read"),
];

/// What it wants to be read beyond what it may.
const READS: [(&str, &str); 10] = [
    ("a base elsewhere", "outside of what may be read"),
    ("a base above", "outside of what may be read"),
    ("all below the root", "outside of what may be read"),
    ("an attribute with secrets", "holds secrets and is never read"),
    ("an oracle", "holds secrets and is never read"),
    ("a text in the filter", "the filter"),
    ("a long filter", "have at most 8,192 octets"),
    ("a deep filter", "the filter"),
    ("a thousand", "there are too many of them"),
    ("without end", "asked for too much: rounds"),
];

/// What it says of somebody beyond what it may.
const SAYINGS: [(&str, &str); 9] = [
    ("a claim of the protocol", "\"iss\" is the host's own"),
    ("a claim of the protocol in another language", "\"sub\" is the host's own"),
    ("a claim of another alphabet", "its name must be of ASCII letters"),
    ("a claim that nobody announced", "\"department\" is not in the plan"),
    ("a claim twice", "stands there twice"),
    ("a claim as deep as a well", "\"name\""),
    ("a claim of 100 KB", "too much: octets"),
    ("a claim that is no JSON", "is not JSON"),
    ("a blank name", "a name must not be blank"),
];

struct House {
    stage: Stage,
    directory: LdifDirectory,
    runtime: Runtime,
}

impl House {
    fn new() -> Self {
        let records: Vec<Record> = ldif::read(PEOPLE).expect("the test's own entries");
        Self {
            stage: Stage::load(guest("overreach"), WasiGrant::None, stage::limits())
                .expect("it is admitted"),
            directory: LdifDirectory::new(records, None).expect("the test's own entries"),
            runtime: tokio::runtime::Builder::new_current_thread()
                .build()
                .expect("a runtime"),
        }
    }

    fn federation(&self, how: &str) -> Federation {
        let dn = |text: &str| Dn::parse(text).expect("a DN");
        let people = dn("ou=people,dc=staff,dc=example");
        let mut federation = self.stage.federation(people).expect("a federation");
        federation.read_bases.push(Subtree {
            base: dn("ou=groups,dc=staff,dc=example"),
            scope: SearchScope::Subtree,
        });
        federation.settings.push(Setting {
            name: "how".into(),
            value: how.into(),
        });
        federation
    }

    /// What comes of somebody whose password was right: the claims, or why there are none.
    fn sign_in(&self, how: &str) -> Result<serde_json::Map<String, serde_json::Value>, String> {
        let planned = self.stage.plan(&self.federation(how));
        let planned = planned.map_err(|error| error.to_string())?;
        let trial = Trial::open(planned, self.stage.host(), &self.directory);
        let trial = trial.map_err(|error| error.to_string())?;
        let ada = Dn::parse("uid=ada,ou=people,dc=staff,dc=example").expect("a DN");
        let entry = self.runtime.block_on(trial.user(&ada));
        let candidate = Candidate {
            entry: entry.map_err(|error| error.to_string())?.expect("she is there"),
            reply: Some(Reply::default()),
        };
        let tried = trial.judge(vec![candidate], Timestamp(1_800_000_000));
        let tried = self.runtime.block_on(tried).pop().expect("one of one");
        match tried.outcome.map_err(|error| error.to_string())? {
            TriedVerdict::Identified(identity) => {
                let user = identity.user.map_err(|error| error.to_string())?;
                Ok(user.claims)
            }
            TriedVerdict::Rejected(rejection) => Err(format!("{:?}", rejection.reason)),
        }
    }

    /// Checks that it is refused, that this leaves nothing behind, and that the next one comes in.
    fn expect_refused(&self, how: &str, part: &str) {
        let refused = self.sign_in(how).expect_err(how);
        assert!(refused.contains(part), "{how}: {refused}");
        assert!(refused.len() < 1_000, "{how}: {} octets", refused.len());
        let repeated = Repeated::new(how, SIGN_IN_MAX);
        let again = || {
            let refused = self.sign_in(how).expect_err(how);
            assert!(refused.contains(part), "{how}: {refused}");
        };
        repeated.expect_harmless(again, || self.expect_next());
    }

    fn expect_next(&self) {
        let claims = self.sign_in("").expect("the next one comes in");
        assert_eq!(claims["name"], "Ada Lovelace");
    }
}

/// Translation, and eight rounds of reads at most: each a call that may take 20 ms.
const SIGN_IN_MAX: Duration = Duration::from_millis(200);

#[test]
fn no_plan_goes_beyond_what_it_may() {
    let _alone = memory::alone();
    let house = House::new();
    for (how, part) in PLANS {
        house.expect_refused(&format!("plan: {how}"), part);
    }
}

#[test]
fn nothing_is_read_beyond_what_may_be() {
    let _alone = memory::alone();
    let house = House::new();
    for (how, part) in READS {
        house.expect_refused(&format!("read: {how}"), part);
    }
}

#[test]
fn nothing_is_said_beyond_what_may_be() {
    let _alone = memory::alone();
    let house = House::new();
    for (how, part) in SAYINGS {
        house.expect_refused(how, part);
    }
}

#[test]
fn a_trap_lets_nobody_in() {
    let _alone = memory::alone();
    House::new().expect_refused("trap", "trapped");
}

#[test]
fn groups_and_roles_that_nobody_read_are_dropped() {
    let _turn = stage::turn();
    let house = House::new();
    let claims = house.sign_in("groups that nobody read").expect("she comes in");
    assert_eq!(claims.keys().collect::<Vec<_>>(), ["name"]);
}
