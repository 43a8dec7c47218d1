//! The integration that vendors of platforms describe, on a real domain and through the admin API:
//! from an empty bridge to people who sign in and one who administers, without a restart.

use serde_json::{Value, json};
use suites::{
    admin::Admin,
    application::{Application, decode},
    authority::Authority,
    browser::Browser,
    samba::{DOMAIN, PEOPLE, SERVICE_DN, SERVICE_PASSWORD, Samba},
    served::Served,
    slapd::{self, Slapd},
};

const BRIDGE: &str = env!("CARGO_BIN_EXE_bridge-under-test");
const FEDERATIONS: &str = "/user-federations";
const REDIRECT: &str = "http://127.0.0.1:49152/callback";

/// A bridge with the realm `corp` and an application in it, and whoever runs it, who acts on that realm.
fn corp() -> (Served, Admin, Application) {
    let served = Served::bare(BRIDGE);
    let operator = served.operator();
    operator.create_realm("corp");
    let operator = operator.of("corp");
    operator.create_public_client("wiki");
    let wiki = Application::public(&served.bridge.issuer("corp"), "wiki", REDIRECT);
    (served, operator, wiki)
}

/// The claims of the ID token that somebody gets.
fn claims(client: &Application, username: &str, password: &str) -> Value {
    let tokens = client.tokens(&Browser::new(), username, password);
    decode(tokens["id_token"].as_str().expect("an ID token")).1
}

fn status(client: &Application, username: &str, password: &str) -> u16 {
    let page = client.submit(&Browser::new(), &client.attempt(), username, password);
    page.status
}

/// A test of a federation that is not saved, which has to pass.
#[track_caller]
fn expect_to_pass(operator: &Admin, test: &str, federation: &Value) {
    let question = json!({ "federation": federation });
    let page = operator.post(&format!("{FEDERATIONS}/{test}"), &question);
    assert_eq!(page.status, 200, "{}", page.body);
    assert_eq!(page.json()["passed"], true, "{}", page.body);
}

#[test]
fn a_domain_is_set_up_step_by_step_and_its_people_sign_in() {
    let samba = Samba::start();
    let (served, operator, wiki) = corp();
    let mut federation = json!({
        "name": "domain", "vendor": "AD", "import_enabled": false, "edit_mode": "READ_ONLY",
        "username_ldap_attribute": "sAMAccountName", "rdn_ldap_attribute": "cn",
        "uuid_ldap_attribute": "objectGUID",
        "user_object_classes": "person, organizationalPerson, user",
        "connection_url": format!("{}:389", samba.ldap_url()), "users_dn": PEOPLE,
        "bind_type": "simple", "bind_dn": "svc@ad.example.test", "bind_credential": "wrong",
        "mapper": [],
        "advanced": { "start_tls": true, "ca_bundle": Authority::shared().ca },
    });
    expect_to_pass(&operator, "test-connection", &federation);
    let wrong = json!({ "federation": federation });
    let page = operator.post(&format!("{FEDERATIONS}/test-authentication"), &wrong);
    assert_eq!(page.json()["passed"], false, "{}", page.body);
    federation["bind_credential"] = json!(SERVICE_PASSWORD);
    expect_to_pass(&operator, "test-authentication", &federation);

    federation["advanced"]["search_scope"] = json!("SUBTREE");
    let engineers = format!("(memberOf=CN=Engineers,OU=Groups,{DOMAIN})");
    federation["advanced"]["custom_user_search_filter"] = json!(engineers);
    let id = operator.create(FEDERATIONS, &federation);
    let one = format!("{FEDERATIONS}/{}", id["id"].as_str().expect("an id"));
    assert_eq!(claims(&wiki, "ada", "Pw-ada")["email"], "ada@example.test");

    let mapper = json!([{ "name": "email", "ldap_attribute": "userPrincipalName" }]);
    let page = operator.patch(&one, &json!({ "mapper": mapper }));
    assert_eq!(page.status, 200, "{}", page.body);
    assert_eq!(
        claims(&wiki, "ada", "Pw-ada")["email"],
        "ada@ad.example.test"
    );
    assert_eq!(status(&wiki, "jorg", "Pw-jorg"), 401, "no engineer");

    let page = operator.patch(
        "/realms/corp",
        &json!({ "admin_groups": ["Mathematicians"] }),
    );
    assert_eq!(page.status, 200, "{}", page.body);
    operator.create(
        "/clients",
        &json!({
            "client_id": "console", "public": true, "signing_algorithm": "ES256",
            "redirect_uris": ["http://127.0.0.1/callback"], "admin_scopes": ["federation:read"],
        }),
    );
    let console = Application {
        client_id: "console".to_owned(),
        ..wiki
    };
    for (username, password, expected) in [("ada", "Pw-ada", 200), ("emmy", "Pw-emmy", 401)] {
        let attempt = console.attempt().with("scope", "openid federation:read");
        let code = console.code(&Browser::new(), &attempt, username, password);
        let tokens = console
            .redeem(&console.token_fields(&code, &attempt))
            .json();
        let token = tokens["access_token"].as_str().expect("a token");
        let page = served.administrator(token).get(&one);
        assert_eq!(page.status, expected, "{username}: {}", page.body);
    }
}

/// What connecting to an address proposes, with the answer.
#[track_caller]
fn connect(operator: &Admin, wanting: &Value) -> (Value, Value) {
    let page = operator.post(&format!("{FEDERATIONS}/connect"), wanting);
    assert_eq!(page.status, 200, "{}", page.body);
    let answer = page.json();
    (answer["proposals"][0].clone(), answer)
}

/// The user names of the people that were shown.
fn shown(answer: &Value) -> Vec<String> {
    let people = answer["people"].as_array().expect("a list");
    let name = |person: &Value| person["identity"]["username"].as_str().map(str::to_owned);
    people.iter().filter_map(name).collect()
}

/// Saves what was proposed, and nothing else than what the operator has to give.
#[track_caller]
fn save(operator: &Admin, proposal: &Value, credential: &str) {
    let mut federation = proposal["federation"].clone();
    federation["bind_credential"] = json!(credential);
    let page = operator.post(FEDERATIONS, &federation);
    assert_eq!(page.status, 201, "{}\n{federation}", page.body);
}

#[test]
fn a_domains_address_is_enough_to_propose_a_federation_that_works() {
    let samba = Samba::start();
    let (_served, operator, wiki) = corp();
    for url in [samba.ldaps_url(), samba.ldap_url()] {
        let (proposal, answer) = connect(
            &operator,
            &json!({
                "connection_url": url, "bind_dn": SERVICE_DN, "bind_credential": SERVICE_PASSWORD,
                "advanced": {
                    "ca_bundle": Authority::shared().ca,
                },
            }),
        );
        assert_eq!(proposal["policy"]["id"], "active-directory", "{answer}");
        assert_eq!(proposal["certainty"], 95);
        let federation = &proposal["federation"];
        assert_eq!(federation["users_dn"], PEOPLE);
        assert_eq!(federation["username_ldap_attribute"], "sAMAccountName");
        assert_eq!(federation["uuid_ldap_attribute"], "objectGUID");
        assert_eq!(shown(&answer).len(), 5, "{answer}");
        if url == samba.ldaps_url() {
            save(&operator, &proposal, SERVICE_PASSWORD);
            assert_eq!(claims(&wiki, "ada", "Pw-ada")["preferred_username"], "ada");
        }
    }
}

#[test]
fn another_directorys_address_is_enough_too() {
    let slapd = Slapd::shared();
    let (_served, operator, wiki) = corp();
    let (proposal, answer) = connect(
        &operator,
        &json!({
            "connection_url": format!("ldap://{}", slapd.ldap_address()),
            "bind_dn": slapd::SERVICE_DN, "bind_credential": slapd::SERVICE_PASSWORD,
            "advanced": { "ca_bundle": Authority::shared().ca },
        }),
    );
    assert_eq!(proposal["policy"]["id"], "openldap", "{answer}");
    // Somebody lives elsewhere than the others.
    assert_eq!(proposal["federation"]["users_dn"], slapd::SUFFIX);
    assert_eq!(proposal["federation"]["advanced"]["start_tls"], true);
    save(&operator, &proposal, slapd::SERVICE_PASSWORD);
    assert_eq!(claims(&wiki, "ada", "Pw-ada")["name"], "Ada Lovelace");
}
