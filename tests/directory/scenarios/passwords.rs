//! New passwords: on the page that a sign-in leads to, written by the person into the directory.

use super::{
    Cell::{Cannot, Seen},
    Environment, NO_DEMO, REAL, Scenario,
    stage::{Realm, Stage},
};
use serde_json::{Value, json};
use suites::browser::{Browser, Form, Page};

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario::of_all(
        "somebody who has to choose a new password does so and comes in",
        |stage| {
            must_change(stage, "dorothy");
            let realm = writable(stage);
            let browser = Browser::new();
            let form = asked(&realm, &browser, "dorothy", "Pw-dorothy");
            let page = browser.submit(&filled(&form, "Pw-dorothy", "Quite-new-1"));
            assert_eq!(page.status, 303, "{}\n{}", realm.reason(), page.body);
            realm.wiki.code_in(&page.location());
            writable(stage).comes_in("dorothy", "Quite-new-1");
            writable(stage).is_refused("dorothy", "Pw-dorothy", "bad_credentials");
        },
    ),
    Scenario::of_all("where nothing is written the page says so", |stage| {
        must_change(stage, "ingrid");
        let realm = stage.realm();
        let page = realm.try_password("ingrid", "Pw-ingrid");
        assert!(!page.body.contains("name=\"new\""), "{}", page.body);
        assert_eq!(realm.reason(), "must_change_password");
    }),
    Scenario::of_all(
        "a password that the directory's rules refuse is told why",
        |stage| {
            must_change(stage, "ruth");
            if stage.environment == Environment::Samba {
                stage.set(stage.suffix(), "minPwdLength", &["7"]);
            }
            let realm = writable(stage);
            let browser = Browser::new();
            let form = asked(&realm, &browser, "ruth", "Pw-ruth");
            let page = browser.submit(&filled(&form, "Pw-ruth", "no"));
            assert!(page.body.contains("id=\"new-note\""), "{}", page.body);
            assert!(
                !page.body.contains("value=\"no\""),
                "what was typed is not shown"
            );
            if stage.environment == Environment::Samba {
                stage.set(stage.suffix(), "minPwdLength", &["0"]);
            }
            let page = browser.submit(&filled(&page.form(), "Pw-ruth", "Quite-new-1"));
            assert_eq!(page.status, 303, "{}", page.body);
        },
    ),
    Scenario::of_all("the present password has to be right", |stage| {
        must_change(stage, "evelyn");
        let realm = writable(stage);
        let browser = Browser::new();
        let form = asked(&realm, &browser, "evelyn", "Pw-evelyn");
        let page = browser.submit(&filled(&form, "wrong", "Quite-new-1"));
        assert_ne!(page.status, 303);
        assert_eq!(last_change(&realm)["outcome"], "refused");
        writable(stage).is_refused("evelyn", "Quite-new-1", "bad_credentials");
    }),
    Scenario {
        what: "an expired password is changed although it lets nobody in",
        slapd: Cannot("only who can bind changes a password there, and no grace is left"),
        rhds: Cannot("only who can bind changes a password there, and no grace is left"),
        samba: Seen(|stage| {
            let dn = stage.dn("vera");
            stage.set(&dn, "userAccountControl", &["512"]);
            stage.samba().modify_freely(&format!(
                "dn: {dn}\nchangetype: modify\nreplace: pwdLastSet\npwdLastSet: 131000000000000000\n"
            ));
            let realm = writable(stage);
            let browser = Browser::new();
            let form = asked(&realm, &browser, "vera", "Pw-vera");
            assert_eq!(realm.reason(), "password_expired");
            let page = browser.submit(&filled(&form, "Pw-vera", "Quite-new-1"));
            assert_eq!(page.status, 303, "{}", page.body);
        }),
        scripted: Cannot(REAL),
        demo: Cannot(NO_DEMO),
    },
    Scenario {
        what: "an expired password that nobody can change says who helps",
        slapd: Seen(nobody_can),
        rhds: Seen(nobody_can),
        samba: Cannot("there the password can be changed"),
        scripted: Cannot(REAL),
        demo: Cannot(NO_DEMO),
    },
];

fn nobody_can(stage: &Stage) {
    let realm = writable(stage);
    let page = realm.try_password("katherine", "Pw-katherine");
    assert_eq!(realm.reason(), "password_expired");
    assert!(!page.body.contains("name=\"new\""), "{}", page.body);
    assert!(page.body.contains("administrator"), "{}", page.body);
}

/// A realm that writes to the directory, as somebody who may.
fn writable(stage: &Stage) -> Realm<'_> {
    stage.realm_with(|federation| federation["edit_mode"] = json!("WRITABLE"))
}

/// Has the directory ask for a new password.
fn must_change(stage: &Stage, username: &str) {
    let dn = stage.dn(username);
    match stage.environment {
        Environment::Samba => {
            stage.set(&dn, "userAccountControl", &["512"]);
            stage.set(&dn, "pwdLastSet", &["0"]);
        }
        Environment::Rhds => stage.set(&dn, "passwordExpirationTime", &["19700101000000Z"]),
        _ => stage.set(&dn, "pwdReset", &["TRUE"]),
    }
}

/// The form for a new password that a sign-in leads to.
#[track_caller]
fn asked(realm: &Realm<'_>, browser: &Browser, username: &str, password: &str) -> Form {
    let wiki = &realm.wiki;
    let page: Page = wiki.submit(browser, &wiki.attempt(), username, password);
    assert!(
        page.body.contains("name=\"again\""),
        "{username}: {}\n{}",
        realm.reason(),
        page.body
    );
    page.form()
}

fn filled(form: &Form, current: &str, new: &str) -> Form {
    form.clone()
        .with("current", current)
        .with("new", new)
        .with("again", new)
}

/// The last password change in the realm's audit trail.
fn last_change(realm: &Realm<'_>) -> Value {
    let events = realm.audited();
    let mut changes = events
        .iter()
        .rev()
        .filter(|event| event["event"] == "password_changed");
    changes.next().cloned().unwrap_or_default()
}
