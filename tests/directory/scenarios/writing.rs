//! What administrators change about people, and where it goes.

use super::{
    Environment, Scenario,
    stage::{Realm, Stage},
};
use serde_json::{Value, json};
use suites::{admin::send, browser::Page, samba};

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario::of_all("READ_ONLY refuses writes", |stage| {
        let realm = stage.realm_with(|federation| federation["import_enabled"] = json!(true));
        realm.comes_in("ada", "Pw-ada");
        let id = id_of(&realm, "ada");
        let page = call(
            &realm,
            "PUT",
            &format!("/{id}"),
            &json!({ "firstName": "Other" }),
        );
        assert_eq!(page.status, 400, "{}", page.body);
        assert_eq!(stage.values(&stage.dn("ada"), "givenName"), ["Ada"]);
    }),
    Scenario::of_all(
        "a person is made in the directory, changed, switched off and removed",
        life,
    ),
    Scenario::of_all("a name that is taken is told as such", |stage| {
        let realm = writable(stage);
        let page = call(
            &realm,
            "POST",
            "",
            &json!({
                "username": "ada", "firstName": "Ada", "lastName": "Lovelace", "enabled": true,
            }),
        );
        assert_eq!(page.status, 409, "{}", page.body);
    }),
    Scenario::of_all(
        "without the right to write nothing is written, and it is said",
        |stage| {
            let realm = stage.realm_with(|federation| {
                federation["import_enabled"] = json!(true);
                federation["edit_mode"] = json!("WRITABLE");
            });
            realm.comes_in("ada", "Pw-ada");
            let id = id_of(&realm, "ada");
            let page = call(
                &realm,
                "PUT",
                &format!("/{id}"),
                &json!({ "lastName": "Other" }),
            );
            assert!(
                (400..500).contains(&page.status),
                "{} {}",
                page.status,
                page.body
            );
            assert_eq!(stage.values(&stage.dn("ada"), "sn"), ["Lovelace"]);
        },
    ),
    Scenario::of_all(
        "UNSYNCED keeps changes over what the directory says",
        |stage| {
            let realm = stage.realm_with(|federation| {
                federation["import_enabled"] = json!(true);
                federation["edit_mode"] = json!("UNSYNCED");
            });
            realm.comes_in("ada", "Pw-ada");
            let id = id_of(&realm, "ada");
            let page = call(
                &realm,
                "PUT",
                &format!("/{id}"),
                &json!({ "firstName": "Augusta" }),
            );
            assert_eq!(page.status, 204, "{}", page.body);
            assert_eq!(realm.claims("ada", "Pw-ada")["given_name"], "Augusta");
            assert_eq!(stage.values(&stage.dn("ada"), "givenName"), ["Ada"]);
            let page = call(
                &realm,
                "PUT",
                &format!("/{id}/reset-password"),
                &json!({
                    "type": "password", "value": "Local-only-1", "temporary": false,
                }),
            );
            assert_eq!(page.status, 204, "{}", page.body);
            realm.comes_in("ada", "Local-only-1");
            realm.is_refused("ada", "Pw-ada", "bad_credentials");
            stage.realm().comes_in("ada", "Pw-ada");
        },
    ),
];

fn life(stage: &Stage) {
    let realm = writable(stage);
    let page = call(
        &realm,
        "POST",
        "",
        &json!({
            "username": "newcomer", "firstName": "Radia", "lastName": "Perlman",
            "email": "newcomer@example.test", "enabled": true,
            "credentials": [{ "type": "password", "value": "Zzq8-kkjj11", "temporary": false }],
        }),
    );
    assert_eq!(page.status, 201, "{}", page.body);
    let location = page.header("location").expect("a location").to_owned();
    let id = location.rsplit('/').next().expect("an id").to_owned();
    let dn = match stage.environment {
        Environment::Samba => format!("CN=newcomer,{}", samba::PEOPLE),
        _ => stage.dn("newcomer"),
    };
    assert_eq!(stage.values(&dn, "sn"), ["Perlman"]);
    if stage.environment == Environment::Rhds {
        // Its rule here: a password that another gave has to be changed first.
        realm.try_password("newcomer", "Zzq8-kkjj11");
        assert_eq!(realm.reason(), "must_change_password");
    } else {
        assert_eq!(realm.claims("newcomer", "Zzq8-kkjj11")["sub"], json!(id));
    }

    let page = call(
        &realm,
        "PUT",
        &format!("/{id}"),
        &json!({ "lastName": "Name" }),
    );
    assert_eq!(page.status, 204, "{}", page.body);
    assert_eq!(stage.values(&dn, "sn"), ["Name"]);

    let reset = json!({ "type": "password", "value": "Another-one-2", "temporary": false });
    let page = call(&realm, "PUT", &format!("/{id}/reset-password"), &reset);
    assert_eq!(page.status, 204, "{}", page.body);
    // 389 wants a new one after a reset, and says so of the right one only.
    realm.try_password("newcomer", "Another-one-2");
    assert!(
        ["", "must_change_password"].contains(&&*realm.reason()),
        "{}",
        realm.reason()
    );

    let page = call(
        &realm,
        "PUT",
        &format!("/{id}"),
        &json!({ "enabled": false }),
    );
    assert_eq!(page.status, 204, "{}", page.body);
    realm.is_refused("newcomer", "Another-one-2", "disabled");

    let page = call(&realm, "DELETE", &format!("/{id}"), &Value::Null);
    assert_eq!(page.status, 204, "{}", page.body);
    realm.is_refused("newcomer", "Another-one-2", "unknown_user");
}

/// A realm that writes as somebody who may.
fn writable(stage: &Stage) -> Realm<'_> {
    if stage.environment == Environment::Samba {
        let group = format!("CN=Domain Admins,CN=Users,{}", samba::DOMAIN);
        let writer = format!("CN=writer,OU=Services,{}", samba::DOMAIN);
        if !stage.values(&group, "member").contains(&writer) {
            stage.change(&format!(
                "dn: {group}\nchangetype: modify\nadd: member\nmember: {writer}\n"
            ));
        }
    }
    stage.realm_with(|federation| {
        federation["import_enabled"] = json!(true);
        federation["edit_mode"] = json!("WRITABLE");
        federation["sync_registration"] = json!(true);
        let writer = match stage.environment {
            Environment::Samba => format!("CN=writer,OU=Services,{}", samba::DOMAIN),
            _ => format!("cn=writer,ou=services,{}", stage.suffix()),
        };
        federation["bind_dn"] = json!(writer);
        federation["bind_credential"] = json!("writerpw");
    })
}

fn call(realm: &Realm<'_>, method: &str, rest: &str, document: &Value) -> Page {
    let path = format!("/admin/realms/{}/users{rest}", realm.name());
    let request = realm.admin.request_at(method, &path);
    send(if document.is_null() {
        request
    } else {
        request
            .header("content-type", "application/json")
            .body(document.to_string())
    })
}

fn id_of(realm: &Realm<'_>, username: &str) -> String {
    let page = call(
        realm,
        "GET",
        &format!("?username={username}&exact=true"),
        &Value::Null,
    );
    let people = page.json();
    people[0]["id"].as_str().expect("somebody").to_owned()
}
