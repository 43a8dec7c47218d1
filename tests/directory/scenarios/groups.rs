//! Groups: by attribute, by search, nested, named in three ways.

use super::{
    Cell::{Cannot, Seen},
    Environment, NO_DEMO, REAL, Scenario,
    stage::{Realm, Stage},
};
use serde_json::{Value, json};

const NOT_NESTED: &str = "the server's memberOf has the groups of groups by itself";

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario::of_all("groups by the attribute that the server keeps", |stage| {
        let groups = groups_of(&stage.realm(), "ada");
        let expected: &[&str] = match stage.environment {
            Environment::Samba => &["Engineers", "Mathematicians"],
            Environment::Rhds => &["admins", "engineers", "mathematicians", "staff"],
            _ => &["admins", "engineers", "mathematicians"],
        };
        assert_eq!(groups, json!(expected));
    }),
    Scenario::of_all("groups by a search for the member", |stage| {
        let realm = searching(stage, &json!({ "strategy": "search" }));
        let groups = groups_of(&realm, "ada");
        let expected: &[&str] = match stage.environment {
            Environment::Samba => &["Engineers", "Mathematicians"],
            _ => &["admins", "engineers", "mathematicians"],
        };
        assert_eq!(groups, json!(expected));
    }),
    Scenario::of_all("groups by a search for the user name", |stage| {
        let realm = searching(stage, &json!({ "strategy": "search-uid" }));
        assert_eq!(groups_of(&realm, "emmy"), json!(["unix"]));
    })
    .not_samba("its groups name members by DN alone"),
    Scenario::of_all("groups of groups", |stage| {
        let realm = searching(stage, &json!({ "nested": "5" }));
        let groups = groups_of(&realm, "ada");
        let names = groups.as_array().expect("groups");
        let staff = if stage.environment == Environment::Samba {
            "Staff"
        } else {
            "staff"
        };
        assert!(names.contains(&json!(staff)), "{groups}");
    })
    .not_rhds(NOT_NESTED),
    Scenario::of_all("groups of groups by search", |stage| {
        let realm = searching(stage, &json!({ "strategy": "search", "nested": "5" }));
        let groups = groups_of(&realm, "ada");
        let names = groups.as_array().expect("groups");
        let staff = if stage.environment == Environment::Samba {
            "Staff"
        } else {
            "staff"
        };
        assert!(names.contains(&json!(staff)), "{groups}");
    }),
    Scenario {
        what: "groups of groups by the server's own rule for chains",
        slapd: Cannot("the server has no such rule"),
        rhds: Cannot("the server has no such rule"),
        samba: Seen(|stage| {
            let realm = searching(stage, &json!({ "strategy": "in-chain" }));
            let groups = groups_of(&realm, "ada");
            assert_eq!(groups, json!(["Engineers", "Mathematicians", "Staff"]));
        }),
        scripted: Cannot(REAL),
        demo: Cannot(NO_DEMO),
    },
    Scenario {
        what: "groups of the token, the primary group among them",
        slapd: Cannot("the server has no such attribute"),
        rhds: Cannot("the server has no such attribute"),
        samba: Seen(|stage| {
            let realm = stage.realm_with(|federation| {
                let settings = json!({ "strategy": "token-groups" });
                federation["mapper"] =
                    json!([{ "name": "groups", "kind": "group", "settings": settings }]);
                federation["advanced"]["groups"] = json!({ "dn": stage.suffix() });
            });
            let groups = groups_of(&realm, "ada").to_string();
            for name in ["Engineers", "Staff", "Domain Users"] {
                assert!(groups.contains(name), "{groups}");
            }
        }),
        scripted: Cannot(REAL),
        demo: Cannot(NO_DEMO),
    },
    Scenario::of_all("two groups of one name, and groups in a circle", |stage| {
        let realm = searching(stage, &json!({ "nested": "5" }));
        let groups = groups_of(&realm, "emmy");
        for name in ["sales", "egg", "hen"] {
            let names = groups.as_array().expect("groups");
            assert!(names.contains(&json!(name)), "{groups}");
        }
        let realm = stage.realm_with(|federation| {
            federation["advanced"]["settings"] = json!({ "group_form": "dn" });
        });
        let groups = groups_of(&realm, "emmy").to_string().to_lowercase();
        assert!(groups.contains("cn=sales,ou=north"), "{groups}");
        assert!(groups.contains("cn=sales,ou=south"), "{groups}");
    }),
    Scenario::of_all("groups as paths", |stage| {
        let realm = stage.realm_with(|federation| {
            let settings = json!({ "strategy": "search", "nested": "5" });
            federation["mapper"] =
                json!([{ "name": "groups", "kind": "group", "settings": settings }]);
            federation["advanced"]["groups"] = json!({ "dn": stage.groups() });
            federation["advanced"]["settings"] = json!({ "group_form": "path" });
        });
        let groups = groups_of(&realm, "ada").to_string().to_lowercase();
        assert!(groups.contains("/staff/engineers"), "{groups}");
    }),
    Scenario::of_all("a filter for groups", |stage| {
        let filter = json!({ "strategy": "search", "filter": "(cn=eng*)" });
        let groups = groups_of(&searching(stage, &filter), "ada");
        assert_eq!(groups.to_string().to_lowercase(), "[\"engineers\"]");
    }),
    Scenario::of_all("groups become roles", |stage| {
        let realm = stage.realm_with(|federation| {
            let settings = json!({ "strategy": "search", "prefix": "ldap-" });
            federation["mapper"] =
                json!([{ "name": "roles", "kind": "role", "settings": settings }]);
            federation["advanced"]["groups"] = json!({ "dn": stage.groups() });
        });
        let roles = realm.claims("ada", "Pw-ada")["roles"].to_string();
        assert!(roles.to_lowercase().contains("ldap-engineers"), "{roles}");
    }),
    Scenario {
        what: "roles that the server computes",
        slapd: Cannot("the server has no such attribute"),
        rhds: Seen(|stage| {
            let realm = stage.realm_with(|federation| {
                federation["mapper"] = json!([
                    { "name": "roles", "kind": "role", "ldap_attribute": "nsRole" }
                ]);
            });
            let roles = &realm.claims("ada", "Pw-ada")["roles"];
            assert_eq!(*roles, json!(["auditors"]));
        }),
        samba: Cannot("the server has no such attribute"),
        scripted: Cannot(REAL),
        demo: Cannot(NO_DEMO),
    },
    Scenario::of_all("only groups below a base count", |stage| {
        let realm = stage.realm_with(|federation| {
            let north = format!("ou=north,{}", stage.groups());
            let settings = json!({ "base": north });
            federation["mapper"] =
                json!([{ "name": "groups", "kind": "group", "settings": settings }]);
        });
        assert_eq!(groups_of(&realm, "emmy"), json!(["sales"]));
    }),
    Scenario::of_all(
        "a search for groups where nobody may read is no end of groups",
        |stage| {
            let realm = stage.realm_with(|federation| {
                let settings = json!({ "strategy": "search" });
                federation["mapper"] =
                    json!([{ "name": "groups", "kind": "group", "settings": settings }]);
                let nowhere = format!("ou=nowhere,{}", stage.suffix());
                federation["advanced"]["groups"] = json!({ "dn": nowhere });
            });
            let page = realm.try_password("ada", "Pw-ada");
            assert_eq!(page.status, 503, "{}", realm.reason());
        },
    ),
    Scenario::of_all("a person in two hundred groups has all of them", |stage| {
        let realm = stage.realm();
        let groups = groups_of(&realm, "many");
        assert_eq!(groups.as_array().map(Vec::len), Some(200));
    })
    .not_rhds("nobody of its suite is in so many")
    .not_samba("nobody of its suite is in so many"),
];

/// A realm whose group mapper has these settings.
fn searching<'a>(stage: &'a Stage, settings: &Value) -> Realm<'a> {
    stage.realm_with(|federation| {
        federation["mapper"] = json!([{ "name": "groups", "kind": "group", "settings": settings }]);
        federation["advanced"]["groups"] = json!({ "dn": stage.groups() });
    })
}

fn groups_of(realm: &Realm<'_>, username: &str) -> Value {
    realm.claims(username, &format!("Pw-{username}"))["groups"].clone()
}
