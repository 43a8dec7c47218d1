//! Imported people: full runs, changes, removals, and the first sign-in.

use super::{
    Environment, Scenario,
    stage::{Realm, Stage, capital},
};
use serde_json::{Value, json};
use std::{
    thread,
    time::{Duration, Instant},
};

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario::of_all(
        "a full run imports everybody, and a second writes nothing",
        |stage| {
            let realm = importing(stage, |_| {});
            let first = run(&realm, "full");
            assert_eq!(first["stage"], "done", "{first}");
            let read = first["read"].as_u64().expect("a number");
            assert!(read >= 15, "{first}");
            assert_eq!(first["added"].as_u64(), Some(read), "{first}");
            let second = run(&realm, "full");
            assert_eq!(second["unchanged"].as_u64(), Some(read), "{second}");
            assert_eq!(second["updated"], 0, "{second}");
            assert_eq!(
                found(&realm, "username=ada")[0]["email"],
                "ada@example.test"
            );
        },
    ),
    Scenario::of_all(
        "a run for changes finds what changed, and no more",
        |stage| {
            let realm = importing(stage, |_| {});
            run(&realm, "full");
            settle(stage);
            let nothing = run(&realm, "changed");
            assert_eq!(nothing["stage"], "done", "{nothing}");
            assert_eq!(nothing["updated"], 0, "{nothing}");
            stage.set(&stage.dn("mary"), "givenName", &["Maria"]);
            let changed = run(&realm, "changed");
            assert_eq!(changed["updated"], 1, "{changed}");
            assert_eq!(found(&realm, "username=mary")[0]["firstName"], "Maria");
        },
    ),
    Scenario::of_all("who is gone from the directory is gone here", |stage| {
        add(stage, "leaver");
        let realm = importing(stage, |_| {});
        run(&realm, "full");
        assert_eq!(found(&realm, "username=leaver").len(), 1);
        stage.change(&format!("dn: {}\nchangetype: delete\n", stage.dn("leaver")));
        let after = run(&realm, "full");
        assert_eq!(after["removed"], 1, "{after}");
        assert_eq!(found(&realm, "username=leaver").len(), 0);
    }),
    Scenario::of_all(
        "a run that would remove too many stops and says so",
        |stage| {
            let realm = importing(stage, |_| {});
            run(&realm, "full");
            let before = found(&realm, "max=1000").len();
            realm.patch(&json!({
                "advanced": { "custom_user_search_filter": "(givenName=Ada)" },
            }));
            let stopped = run(&realm, "full");
            assert_eq!(stopped["stage"], "stopped", "{stopped}");
            assert!(
                stopped["reason"].as_str().is_some_and(|why| why.len() > 20),
                "{stopped}"
            );
            assert_eq!(found(&realm, "max=1000").len(), before);
        },
    ),
    Scenario::of_all("pages of two are as good as pages of a thousand", |stage| {
        let realm = importing(stage, |federation| {
            federation["advanced"]["batch_size"] = json!(2);
        });
        let small = run(&realm, "full");
        assert_eq!(small["stage"], "done", "{small}");
        let large = run(&importing(stage, |_| {}), "full");
        assert_eq!(small["read"], large["read"]);
    }),
    Scenario::of_all("a first sign-in imports the person", |stage| {
        let realm = importing(stage, |_| {});
        assert_eq!(found(&realm, "username=ada").len(), 0);
        realm.comes_in("ada", "Pw-ada");
        assert_eq!(found(&realm, "username=ada")[0]["lastName"], "Lovelace");
    }),
    Scenario::of_all(
        "an imported person has one identifier, by import and by sign-in",
        |stage| {
            let realm = importing(stage, |_| {});
            run(&realm, "full");
            let imported = found(&realm, "username=ada")[0]["id"].clone();
            assert_eq!(realm.claims("ada", "Pw-ada")["sub"], imported);
        },
    ),
    Scenario::of_all(
        "an account that is switched off is imported as such",
        |stage| {
            let realm = importing(stage, |_| {});
            run(&realm, "full");
            assert_eq!(found(&realm, "username=hedy")[0]["enabled"], false);
            assert_eq!(found(&realm, "username=ada")[0]["enabled"], true);
        },
    ),
    Scenario::of_all("without import there is nothing to run", |stage| {
        let realm = stage.realm();
        let page = realm
            .admin
            .post(&format!("{}/sync", realm.path()), &json!({}));
        assert_eq!(page.status, 400, "{}", page.body);
    }),
];

fn importing(stage: &Stage, change: impl FnOnce(&mut Value)) -> Realm<'_> {
    stage.realm_with(|federation| {
        federation["import_enabled"] = json!(true);
        change(federation);
    })
}

/// Starts a run and waits for its end.
#[track_caller]
fn run(realm: &Realm<'_>, kind: &str) -> Value {
    let path = format!("{}/sync", realm.path());
    let page = realm.admin.post(&format!("{path}?kind={kind}"), &json!({}));
    assert_eq!(page.status, 202, "{}", page.body);
    let begin = Instant::now();
    loop {
        let state = realm.admin.get(&path).json();
        let last = state["last"].clone();
        if last["stage"] != "running" {
            return last;
        }
        assert!(begin.elapsed() < Duration::from_mins(1), "{state}");
        thread::sleep(Duration::from_millis(50));
    }
}

/// The people whom the administrators' list has for a query.
#[track_caller]
fn found(realm: &Realm<'_>, query: &str) -> Vec<Value> {
    let exact = if query.contains('=') && !query.starts_with("max") {
        "&exact=true"
    } else {
        ""
    };
    let path = format!("/admin/realms/{}/users?{query}{exact}", realm.name());
    let page = suites::admin::send(realm.admin.request_at("GET", &path));
    assert_eq!(page.status, 200, "{}", page.body);
    page.json().as_array().expect("a list").clone()
}

/// Lets the overlap pass that a directory's clock in seconds needs to tell before from after.
fn settle(stage: &Stage) {
    if stage.environment != Environment::Samba {
        thread::sleep(Duration::from_millis(1_100));
    }
}

/// Adds somebody of whom nothing is particular.
fn add(stage: &Stage, username: &str) {
    let (dn, given) = (stage.dn(username), capital(username));
    stage.change(&match stage.environment {
        Environment::Samba => format!(
            "dn: {dn}\nchangetype: add\nobjectClass: user\nsAMAccountName: {username}\nsn: Example\n\
             givenName: {given}\nuserAccountControl: 514\n"
        ),
        _ => format!(
            "dn: {dn}\nchangetype: add\nobjectClass: inetOrgPerson\nuid: {username}\n\
             cn: {given} Example\nsn: Example\ngivenName: {given}\n"
        ),
    });
}
