//! Realms and scopes hold for Keycloak's paths as for all others.

use super::{BRIDGE, ask, error, federation, synchronised};
use serde_json::{Value, json};
use suites::{
    admin::{self, Admin},
    served::Served,
    slapd::Slapd,
};

const CALLS: [(&str, &str); 5] = [
    ("GET", ""),
    ("PUT", ""),
    ("DELETE", ""),
    ("PUT", "/reset-password"),
    ("GET", "/"),
];

fn body(method: &str) -> Option<Value> {
    (method == "PUT").then(|| json!({ "firstName": "Mallory", "value": "of mallory" }))
}

fn realm(served: &Served, slapd: &Slapd, name: &str) -> (Admin, String) {
    served.operator().create_realm(name);
    let operator = served.operator().of(name);
    let unsynced = json!({ "edit_mode": "UNSYNCED" });
    let federation = federation(&operator, slapd, &unsynced);
    synchronised(&operator, &federation);
    let secret = operator.create_administrator("ops", &["realm:admin"]);
    let token = admin::token(&served.bridge.issuer(name), "ops", &secret);
    let admin = served.administrator(&token);
    let found = ask(&admin, "GET", &format!("/{name}/users?username=ada"), None);
    assert_eq!(found.status, 200, "{}", found.body);
    let id = found.json()[0]["id"].as_str().expect("an id").to_owned();
    (admin, id)
}

#[test]
fn people_of_another_realm_are_not_there() {
    let served = Served::bare(BRIDGE);
    let slapd = Slapd::start();
    let (ours, mine) = realm(&served, &slapd, "first");
    let (theirs, foreign) = realm(&served, &slapd, "second");
    assert_ne!(mine, foreign, "the same person is another in each realm");
    let at = format!("/second/users/{foreign}");
    let before = ask(&theirs, "GET", &at, None).json();
    for (method, rest) in CALLS {
        let body = body(method);
        let page = ask(&ours, method, &format!("{at}{rest}"), body.as_ref());
        assert_eq!(error(&page, 404), "Realm not found.");
        let page = ask(
            &ours,
            method,
            &format!("/first/users/{foreign}{rest}"),
            body.as_ref(),
        );
        assert_eq!(error(&page, 404), "User not found", "{method} {rest}");
    }
    for path in ["/second/users", "/second/users/count", "/nobody/users"] {
        assert_eq!(
            error(&ask(&ours, "GET", path, None), 404),
            "Realm not found."
        );
    }
    let new = json!({ "username": "mallory", "lastName": "M" });
    let page = ask(&ours, "POST", "/second/users", Some(&new));
    assert_eq!(error(&page, 404), "Realm not found.");
    assert_eq!(ask(&theirs, "GET", &at, None).json(), before);
}

#[test]
fn a_token_reads_or_writes_as_its_scopes_say() {
    let served = Served::bare(BRIDGE);
    let slapd = Slapd::start();
    let (_, id) = realm(&served, &slapd, "staff");
    let operator = served.operator().of("staff");
    let with = |client: &str, scope: &str| {
        let secret = operator.create_administrator(client, &[scope]);
        let token = admin::token(&served.bridge.issuer("staff"), client, &secret);
        served.administrator(&token)
    };
    let (reader, writer) = (with("reader", "user:read"), with("writer", "user:write"));
    let stranger = with("stranger", "client:write");
    let nobody = Admin::at(served.admin_url(), None);
    let one = format!("/staff/users/{id}");
    for (method, rest) in CALLS {
        let body = body(method);
        let path = format!("{one}{rest}");
        let asked = |admin: &Admin| ask(admin, method, &path, body.as_ref());
        let is_read = method == "GET";
        if is_read {
            assert_eq!(asked(&reader).status, 200);
        } else {
            assert_eq!(error(&asked(&reader), 403), "HTTP 403 Forbidden");
        }
        assert_eq!(error(&asked(&stranger), 403), "HTTP 403 Forbidden");
        assert_eq!(error(&asked(&nobody), 401), "HTTP 401 Unauthorized");
    }
    let changed = json!({ "firstName": "Augusta" });
    assert_eq!(ask(&writer, "PUT", &one, Some(&changed)).status, 204);
    assert_eq!(
        ask(&writer, "GET", &one, None).json()["firstName"],
        "Augusta"
    );
    assert_eq!(
        error(&ask(&reader, "PATCH", &one, None), 405),
        "HTTP 405 Method Not Allowed"
    );
}

#[test]
fn who_may_only_write_people_makes_no_administrator_of_themselves() {
    let served = Served::bare(BRIDGE);
    let slapd = Slapd::start();
    let (admin, ada) = realm(&served, &slapd, "first");
    let operator = served.operator().of("first");
    let secret = operator.create_administrator("helpdesk", &["user:write", "user:read"]);
    let token = admin::token(&served.bridge.issuer("first"), "helpdesk", &secret);
    let helpdesk = served.administrator(&token);
    let reset = |admin: &Admin| {
        let body = json!({ "type": "password", "value": "Zzq8-kkjj11", "temporary": false });
        let at = format!("/first/users/{ada}/reset-password");
        ask(admin, "PUT", &at, Some(&body)).status
    };
    assert_eq!(reset(&helpdesk), 204);
    // Now people of a group administer the realm, and anybody may be one of them.
    let groups = json!({ "admin_groups": ["admins"] });
    let page = served.operator().patch("/realms/first", &groups);
    assert_eq!(page.status, 200, "{}", page.body);
    assert_eq!(reset(&helpdesk), 403);
    assert_eq!(reset(&admin), 204);
}
