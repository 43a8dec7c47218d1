//! What state an account is in: each as the server itself has it.

use super::{
    Cell::{Cannot, Seen},
    Environment, NO_DEMO, REAL, Scenario,
    credentials::try_at_demo,
    stage::{Realm, Stage},
};
use serde_json::json;

const NOT_KNOWN_HERE: &str = "the server has no such state";

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario::of_all("disabled", |stage| {
        stage.realm().is_refused("hedy", "Pw-hedy", "disabled");
    })
    .on_demo(|stage| assert_eq!(try_at_demo(stage, "rhds", "grace", "bridge-demo"), 401)),
    Scenario {
        what: "disabled by a role",
        slapd: Cannot(NOT_KNOWN_HERE),
        rhds: Seen(|stage| stage.realm().is_refused("rosa", "Pw-rosa", "disabled")),
        samba: Cannot(NOT_KNOWN_HERE),
        scripted: Cannot(REAL),
        demo: Cannot(NO_DEMO),
    },
    Scenario::of_all("account ended", |stage| {
        stage
            .realm()
            .is_refused("grace", "Pw-grace", "account_expired");
    })
    .not_rhds("its accounts have no end of their own"),
    Scenario {
        what: "account not begun",
        slapd: Seen(|stage| stage.realm().is_refused("annie", "Pw-annie", "disabled")),
        rhds: Cannot(NOT_KNOWN_HERE),
        samba: Cannot(NOT_KNOWN_HERE),
        scripted: Cannot(REAL),
        demo: Cannot(NO_DEMO),
    },
    Scenario::of_all(
        "locked after too many failures, also with the right password",
        locked,
    ),
    Scenario {
        what: "locked by the server before anybody came here",
        slapd: Seen(|stage| stage.realm().is_refused("alan", "Pw-alan", "locked")),
        rhds: Seen(|stage| stage.realm().is_refused("alan", "Pw-alan", "locked")),
        samba: Cannot("shown by the scenario that locks"),
        scripted: Cannot(REAL),
        demo: Seen(|stage| assert_eq!(try_at_demo(stage, "openldap", "alan", "bridge-demo"), 401)),
    },
    Scenario::of_all("has to choose a new password", |stage| {
        let realm = stage.realm();
        realm.try_password("edsger", "Pw-edsger");
        assert_eq!(realm.reason(), "must_change_password");
    }),
    Scenario::of_all(
        "a wrong password of somebody who has to choose one tells nothing",
        |stage| {
            stage
                .realm()
                .is_refused("edsger", "wrong", "bad_credentials");
        },
    ),
    Scenario {
        what: "password expired, and no sign-in of grace is left",
        slapd: Seen(|stage| expired(stage, "katherine")),
        rhds: Seen(|stage| expired(stage, "katherine")),
        samba: Seen(|stage| {
            let ldif = "changetype: modify\nreplace: pwdLastSet\npwdLastSet: 131000000000000000\n";
            let dn = format!("CN=Maria Agnesi,{}", suites::samba::PEOPLE);
            stage.samba().modify_freely(&format!("dn: {dn}\n{ldif}"));
            expired(stage, "maria");
        }),
        scripted: Cannot(REAL),
        demo: Cannot(NO_DEMO),
    },
    Scenario::of_all("password expired, with sign-ins of grace", |stage| {
        stage.realm().comes_in("maria", "Pw-maria");
    })
    .not_samba("it has no sign-ins of grace"),
    Scenario {
        what: "outside of the permitted hours",
        slapd: Cannot(NOT_KNOWN_HERE),
        rhds: Cannot(NOT_KNOWN_HERE),
        samba: Seen(|stage| {
            let realm = stage.realm();
            realm.is_refused("annie", "Pw-annie", "outside_permitted_hours");
        }),
        scripted: Cannot(REAL),
        demo: Cannot(NO_DEMO),
    },
    Scenario::of_all("every refusal looks the same", |stage| {
        let realm = stage.realm();
        let mut bodies = Vec::new();
        for (username, password) in [
            ("nobody", "x"),
            ("emmy", "wrong"),
            ("hedy", "Pw-hedy"),
            ("hedy", "wrong"),
        ] {
            let page = realm.try_password(username, password);
            let mut body = page.body.replace(page.form().value("csrf"), "…");
            body = body.replace(page.form().action.path(), "…");
            if let Some(id) = page.header("x-request-id") {
                body = body.replace(id, "…");
            }
            bodies.push((page.status, body));
        }
        bodies.dedup();
        assert_eq!(bodies.len(), 1, "{bodies:#?}");
    }),
    Scenario::of_all("a preview judges an account without a password", |stage| {
        let realm = stage.realm();
        assert_eq!(previewed_bars(&realm, "hedy"), ["disabled"]);
        assert_eq!(previewed_bars(&realm, "ada"), [""; 0]);
    }),
    Scenario::of_all(
        "an account that is switched off is kept out with the next sign-in",
        |stage| {
            let realm = stage.realm();
            realm.comes_in("lise", "Pw-lise");
            let dn = stage.dn("lise");
            match stage.environment {
                Environment::Samba => stage.set(&dn, "userAccountControl", &["66050"]),
                Environment::Rhds => stage.set(&dn, "nsAccountLock", &["true"]),
                _ => stage.set(&dn, "pwdAccountLockedTime", &["000001010000Z"]),
            }
            realm.is_refused("lise", "Pw-lise", "disabled");
        },
    ),
];

fn expired(stage: &Stage, username: &str) {
    let realm = stage.realm();
    realm.try_password(username, &format!("Pw-{username}"));
    assert_eq!(realm.reason(), "password_expired");
    realm.is_refused(username, "wrong", "bad_credentials");
}

fn locked(stage: &Stage) {
    // The bridge waits after four failures, so several of its realms have to fail.
    for _ in 0..2 {
        let realm = stage.realm();
        for _ in 0..3 {
            realm.try_password("sophie", "wrong");
        }
    }
    stage.realm().is_refused("sophie", "Pw-sophie", "locked");
    let dn = stage.dn("sophie");
    match stage.environment {
        Environment::Samba => stage.set(&dn, "lockoutTime", &["0"]),
        Environment::Rhds => {
            stage.set(&dn, "accountUnlockTime", &[]);
            stage.set(&dn, "passwordRetryCount", &["0"]);
        }
        _ => stage.set(&dn, "pwdAccountLockedTime", &[]),
    }
    stage.realm().comes_in("sophie", "Pw-sophie");
}

/// What holds against somebody, as a preview shows it.
fn previewed_bars(realm: &Realm<'_>, username: &str) -> Vec<String> {
    let path = format!("{}/preview", realm.path());
    let page = realm.admin.post(&path, &json!({ "username": username }));
    assert_eq!(page.status, 200, "{}", page.body);
    let answer = page.json();
    let bars = answer["people"][0]["identity"]["bars"].as_array();
    let bars = bars.expect("an identity").iter();
    let holding = bars.filter(|bar| bar["holds"] == true);
    let reasons = holding.map(|bar| bar["reason"].as_str().expect("a reason").to_owned());
    reasons.collect()
}
