//! Names and passwords: right, wrong, blank, and too many.

use super::{
    Cell::{Cannot, Seen},
    Environment, NO_DEMO, REAL, Scenario,
    stage::{REDIRECT, Realm, Stage},
};
use serde_json::json;
use suites::{application::Application, browser::Browser};

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario::of_all("the right password lets in", |stage| {
        let claims = stage.realm().claims("ada", "Pw-ada");
        assert_eq!(claims["preferred_username"], "ada");
        assert_eq!(claims["name"], "Ada Lovelace");
    })
    .on_demo(|stage| {
        for realm in ["active-directory", "rhds", "openldap"] {
            assert_eq!(try_at_demo(stage, realm, "ada", "bridge-demo"), 303);
        }
    }),
    Scenario::of_all("a wrong password does not", |stage| {
        let realm = stage.realm();
        realm.is_refused("ada", "wrong", "bad_credentials");
    })
    .on_demo(|stage| assert_eq!(try_at_demo(stage, "rhds", "ada", "wrong"), 401)),
    Scenario::of_all(
        "a name that nobody has looks like a wrong password",
        |stage| {
            stage
                .realm()
                .is_refused("nobody", "Pw-nobody", "unknown_user");
        },
    )
    .on_demo(|stage| assert_eq!(try_at_demo(stage, "rhds", "nobody", "bridge-demo"), 401)),
    Scenario::of_all("an empty password is never sent", |stage| {
        stage.realm().is_refused("ada", "", "empty_password");
    }),
    Scenario::of_all(
        "the identifier is the same for every name of a person",
        |stage| {
            let realm = stage.realm();
            let subject = realm.claims("ada", "Pw-ada")["sub"].clone();
            assert_eq!(realm.claims("ADA", "Pw-ada")["sub"], subject);
        },
    ),
    Scenario {
        what: "a person keeps the identifier when the entry is renamed",
        slapd: Seen(renamed),
        rhds: Seen(renamed),
        samba: Seen(renamed),
        scripted: Cannot(REAL),
        demo: Cannot(NO_DEMO),
    },
    Scenario::of_all(
        "people sign in by another attribute that is named for it",
        |stage| {
            let realm = stage.realm_with(|federation| {
                federation["advanced"]["settings"] = json!({ "login_attributes": "mail" });
            });
            realm.comes_in("ada@example.test", "Pw-ada");
        },
    ),
    Scenario::of_all(
        "people sign in by the name without the domain before it",
        |stage| {
            by_domain(&stage.realm());
        },
    )
    .not_slapd("its names have no domains")
    .not_rhds("its names have no domains"),
    Scenario::of_all(
        "a thousand wrong passwords leave the directory's own count below its lock",
        thousand,
    ),
];

fn renamed(stage: &Stage) {
    let realm = stage.realm();
    let before = realm.claims("joan", "Pw-joan")["sub"].clone();
    let dn = stage.dn("joan");
    let (attribute, old) = dn
        .split_once(',')
        .map_or(("", ""), |(name, _)| name.split_once('=').expect("a name"));
    let new = format!("{old} Renamed");
    stage.change(&format!(
        "dn: {dn}\nchangetype: modrdn\nnewrdn: {attribute}={new}\ndeleteoldrdn: 1\n"
    ));
    let typed = if attribute == "uid" { &*new } else { "joan" };
    let after = realm.claims(typed, "Pw-joan")["sub"].clone();
    assert_eq!(before, after);
}

fn by_domain(realm: &Realm<'_>) {
    realm.comes_in("EXAMPLE\\ada", "Pw-ada");
    realm.comes_in("ada@ad.example.test", "Pw-ada");
}

/// What comes of a password at the demonstration.
pub(super) fn try_at_demo(stage: &Stage, realm: &str, username: &str, password: &str) -> u16 {
    let client = Application::public(&stage.demo().issuer(realm), "cli", REDIRECT);
    let page = client.submit(&Browser::new(), &client.attempt(), username, password);
    page.status
}

fn thousand(stage: &Stage) {
    let realm = stage.realm();
    for _ in 0..1_000 {
        let page = realm.try_password("mary", "wrong");
        assert!([401, 429].contains(&page.status), "{}", page.status);
    }
    // The directory locks after five, and counts them itself.
    let dn = stage.dn("mary");
    let counted = match stage.environment {
        Environment::Samba => number(&stage.values(&dn, "badPwdCount")),
        Environment::Rhds => number(&stage.values(&dn, "passwordRetryCount")),
        _ => stage.values(&dn, "pwdFailureTime").len(),
    };
    assert!((1..5).contains(&counted), "{counted} failures");
    // And the person comes in where the bridge does not wait.
    stage.realm().comes_in("mary", "Pw-mary");
}

fn number(values: &[String]) -> usize {
    let number = values.first().and_then(|value| value.parse().ok());
    number.expect("a number")
}
