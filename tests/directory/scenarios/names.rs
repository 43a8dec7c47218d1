//! Names that have to be escaped somewhere, and names that mean something to a filter.

use super::{Environment, Scenario, stage::Stage};
use serde_json::json;

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario::of_all(
        "names with a quote, a comma, a hash, a star and parentheses",
        |stage| {
            let realm = stage.realm();
            let people: &[(&str, &str)] = match stage.environment {
                // It stores none of these in a user name, so they are in the name of the entry.
                Environment::Samba => &[("bob", "Pw-bob"), ("star(1)", "Pw-star")],
                _ => &[
                    ("bob", "Pw-bob"),
                    ("o'brien", "Pw-o'brien"),
                    ("a*(b)\\c", "Pw-a*(b)\\c"),
                ],
            };
            for (username, password) in people {
                realm.comes_in(username, password);
            }
        },
    ),
    Scenario::of_all("names that are not ASCII", |stage| {
        let realm = stage.realm();
        match stage.environment {
            Environment::Samba => realm.comes_in("jorg", "Pw-jorg"),
            _ => realm.comes_in("ünï", "Pw-ünï"),
        }
    }),
    Scenario::of_all(
        "a name of only spaces around another is that name",
        |stage| {
            let realm = stage.realm();
            let page = realm.try_password(" ada ", "Pw-ada");
            // A directory passes over spaces at the ends of such names (RFC 4518 section 2.6.1), or not.
            assert!([303, 401].contains(&page.status), "{}", page.status);
            if page.status == 303 {
                let subject = realm.claims(" ada ", "Pw-ada")["sub"].clone();
                assert_eq!(realm.claims("ada", "Pw-ada")["sub"], subject);
            }
        },
    ),
    Scenario::of_all("names that a filter would read find nobody", |stage| {
        for username in [
            "*",
            "a)(uid=*",
            "ad*",
            "\\2a",
            "(ada)",
            "ada)(|(uid=*",
            "a\u{fffd}",
        ] {
            let realm = stage.realm();
            realm.is_refused(username, "Pw-ada", "unknown_user");
        }
    }),
    Scenario::of_all("a name with a NUL is nobody's", |stage| {
        stage
            .realm()
            .is_refused("ada\0", "Pw-ada", "not_a_user_name");
    }),
    Scenario::of_all("a name that two entries have is nobody's", ambiguous)
        .not_samba("it has a user name only once in a domain")
        .not_rhds("its suite has no such entries: user names there are one each"),
    Scenario::of_all("people live in several places, and nowhere else", |stage| {
        let realm = stage.realm_with(|federation| {
            let people = federation["users_dn"].clone();
            federation["users_dn"] = json!(stage.groups());
            federation["advanced"]["more_users_dn"] = json!([people]);
        });
        realm.comes_in("ada", "Pw-ada");
        let elsewhere = stage.realm_with(|federation| {
            federation["users_dn"] = json!(stage.groups());
        });
        elsewhere.is_refused("ada", "Pw-ada", "unknown_user");
    }),
    Scenario::of_all("the operator's filter is laid over every search", |stage| {
        let realm = stage.realm_with(|federation| {
            federation["advanced"]["custom_user_search_filter"] = json!("(!(givenName=Ada))");
        });
        realm.is_refused("ada", "Pw-ada", "unknown_user");
        realm.comes_in("sophie", "Pw-sophie");
    }),
];

fn ambiguous(stage: &Stage) {
    let realm = stage.realm_with(|federation| {
        federation["users_dn"] = json!(stage.suffix());
    });
    realm.is_refused("twin", "Pw-twin", "ambiguous_user_name");
}
