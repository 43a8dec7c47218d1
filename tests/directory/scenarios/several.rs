//! Several federations in one realm.

use super::{Scenario, stage::Stage};
use serde_json::{Value, json};
use suites::bridge::free_address;

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario::of_all(
        "the first federation that has the person decides",
        |stage| {
            let realm = stage.empty_realm();
            let first = named(stage, "first", 1, |_| {});
            let second = named(stage, "second", 2, |_| {});
            realm.add(&second);
            realm.add(&first);
            realm.comes_in("ada", "Pw-ada");
            assert_eq!(decided(&realm.audited()), "first");
            realm.is_refused("ada", "wrong", "bad_credentials");
            assert_eq!(
                decided(&realm.audited()),
                "first",
                "the second is not asked"
            );
        },
    ),
    Scenario::of_all(
        "only a person who is not found goes on to the next",
        |stage| {
            let realm = stage.empty_realm();
            realm.add(&named(stage, "first", 1, |federation| {
                federation["advanced"]["custom_user_search_filter"] = json!("(!(givenName=Ada))");
            }));
            realm.add(&named(stage, "second", 2, |_| {}));
            realm.comes_in("ada", "Pw-ada");
            assert_eq!(decided(&realm.audited()), "second");
            realm.comes_in("sophie", "Pw-sophie");
            assert_eq!(decided(&realm.audited()), "first");
        },
    ),
    Scenario::of_all(
        "one that is down stops the sign-in, for the person might live there",
        |stage| {
            let realm = stage.empty_realm();
            realm.add(&named(stage, "first", 1, dead));
            realm.add(&named(stage, "second", 2, |_| {}));
            realm.is_unavailable("ada", "Pw-ada", "connection failed");
        },
    ),
    Scenario::of_all(
        "one that is down is passed over where the operator says so",
        |stage| {
            let realm = stage.empty_realm();
            realm.add(&named(stage, "first", 1, |federation| {
                dead(federation);
                federation["advanced"]["on_error"] = json!("pass_over");
            }));
            realm.add(&named(stage, "second", 2, |_| {}));
            realm.comes_in("ada", "Pw-ada");
            assert_eq!(decided(&realm.audited()), "second");
        },
    ),
    Scenario::of_all("one person in two federations is two people", |stage| {
        let realm = stage.empty_realm();
        let first = realm.add(&named(stage, "first", 1, |_| {}));
        realm.add(&named(stage, "second", 2, |_| {}));
        let one = realm.claims("ada", "Pw-ada")["sub"].clone();
        let path = format!("{}/{first}", super::stage::FEDERATIONS);
        let page = realm.admin.patch(&path, &json!({ "enabled": false }));
        assert_eq!(page.status, 200, "{}", page.body);
        let other = realm.claims("ada", "Pw-ada")["sub"].clone();
        assert_ne!(one, other);
    }),
];

fn named(stage: &Stage, name: &str, priority: i32, change: impl FnOnce(&mut Value)) -> Value {
    let mut federation = stage.federation();
    federation["name"] = json!(name);
    federation["priority"] = json!(priority);
    change(&mut federation);
    federation
}

/// Leads where nobody listens.
fn dead(federation: &mut Value) {
    federation["connection_url"] = json!(format!("ldaps://{}", free_address()));
}

/// Which federation the last sign-in was decided by.
fn decided(events: &[Value]) -> String {
    let mut sign_ins = events
        .iter()
        .rev()
        .filter(|event| event["event"] == "sign_in");
    let last = sign_ins.next().expect("a sign-in");
    last["federation"].as_str().unwrap_or_default().to_owned()
}
