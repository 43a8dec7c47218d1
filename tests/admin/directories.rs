//! What directories answer to administrators: before a federation is saved, after it, and without one.

use super::{
    assert_is_problem,
    federations::{FEDERATIONS, made, merge, signs_in},
    members, of_slapd, staff,
};
use serde_json::{Value, json};
use suites::slapd::{SERVICE_PASSWORD, Slapd};

#[test]
fn a_directory_answers_questions_before_and_after_a_federation_is_saved() {
    let (served, operator) = staff();
    let (one, _) = made(&operator, "ldap");
    let draft = of_slapd("draft");
    let ask = |action: &str, more: Value| {
        let mut question = json!({ "federation": draft });
        merge(&mut question, &more);
        let page = operator.post(&format!("{FEDERATIONS}/{action}"), &question);
        assert_eq!(page.status, 200, "{action}: {}", page.body);
        assert!(!page.body.contains(SERVICE_PASSWORD), "{}", page.body);
        page.json()
    };
    for action in ["test-connection", "test-authentication"] {
        for report in [
            ask(action, json!({})),
            operator.post(&format!("{one}/{action}"), &json!({})).json(),
        ] {
            assert_eq!(report["passed"], true, "{action}: {report}");
            let stages = report["stages"].as_array().expect("stages");
            assert!(
                stages.iter().any(|stage| stage["stage"] == "tls"),
                "{report}"
            );
        }
    }
    for report in [
        ask("capabilities", json!({})),
        operator
            .post(&format!("{one}/capabilities"), &json!({}))
            .json(),
    ] {
        let contexts = &report["capabilities"]["naming_contexts"];
        assert_eq!(*contexts, json!(["dc=example,dc=test"]), "{report}");
    }
    let ada = json!({ "username": "ada" });
    for shown in [
        ask("preview", ada.clone()),
        operator.post(&format!("{one}/preview"), &ada).json(),
    ] {
        assert_eq!(shown["people"].as_array().map(Vec::len), Some(1), "{shown}");
        assert!(
            shown["people"].to_string().contains("ada@example.test"),
            "{shown}"
        );
    }
    let three = ask("preview", json!({ "limit": 3 }));
    assert_eq!(three["people"].as_array().map(Vec::len), Some(3), "{three}");
    let nobody = ask("preview", json!({ "username": "nobody-of-this-name" }));
    assert_eq!(members(&nobody, "problems"), ["username"]);
    let tested: Vec<_> = served
        .audited()
        .into_iter()
        .filter(|e| e["event"] == "tested")
        .collect();
    assert_eq!(tested.len(), 10);
    assert_eq!(tested[0]["object"], "federation staff/draft");
}

#[test]
fn what_is_wrong_with_a_directory_is_said_by_stage_and_member() {
    let (_served, operator) = staff();
    let slapd = Slapd::shared();
    let cases = [
        (
            "connection_url",
            json!("ldaps://127.0.0.1:1"),
            "tcp",
            "connection_url",
        ),
        (
            "connection_url",
            json!("ldaps://nowhere.invalid"),
            "name_resolution",
            "connection_url",
        ),
        ("bind_credential", json!("wrong"), "bind", "bind_dn"),
        (
            "users_dn",
            json!("ou=nobody,dc=example,dc=test"),
            "base",
            "users_dn",
        ),
        ("advanced", json!({}), "tls", "connection_url"),
        (
            "connection_url",
            json!(format!("ldap://{}", slapd.ldap_address())),
            "tls",
            "connection_url",
        ),
    ];
    for (member, value, stage, named) in cases {
        let mut document = of_slapd("ldap");
        document[member] = value.clone();
        let question = json!({ "federation": document });
        let page = operator.post("/user-federations/test-authentication", &question);
        assert_eq!(page.status, 200, "{value}: {}", page.body);
        let report = page.json();
        assert_eq!(report["passed"], false, "{report}");
        let stages = report["stages"].as_array().expect("stages").iter();
        let failed: Vec<_> = stages
            .filter(|stage| stage["result"] == "failed")
            .map(|stage| stage["stage"].as_str().unwrap_or("-"))
            .collect();
        assert_eq!(failed, [stage], "{member} {value}: {report}");
        assert_eq!(members(&report, "problems"), [named], "{report}");
    }
}

#[test]
fn a_directory_is_recognised_and_the_proposal_can_be_saved() {
    let (served, operator) = staff();
    let slapd = of_slapd("ldap");
    let address = json!({
        "connection_url": slapd["connection_url"],
        "bind_dn": slapd["bind_dn"],
        "bind_credential": slapd["bind_credential"],
        "advanced": { "ca_bundle": slapd["advanced"]["ca_bundle"] },
    });
    let page = operator.post("/user-federations/connect", &address);
    assert_eq!(page.status, 200, "{}", page.body);
    let connected = page.json();
    let proposal = &connected["proposals"][0];
    assert_eq!(proposal["policy"]["id"], "openldap", "{connected}");
    assert!(!connected["people"].as_array().expect("people").is_empty());
    let mut document = proposal["federation"].clone();
    document["bind_credential"] = slapd["bind_credential"].clone();
    let saved = operator.post(FEDERATIONS, &document);
    assert_eq!(saved.status, 201, "{}", saved.body);
    assert!(signs_in(&served, &operator, "ada"));

    let mut silent = address;
    silent["connection_url"] = json!("ldaps://127.0.0.1:1");
    let problem = assert_is_problem(&operator.post("/user-federations/connect", &silent), 400);
    assert_eq!(members(&problem, "errors"), ["connection_url"]);
    assert!(
        problem["detail"]
            .as_str()
            .is_some_and(|text| text.starts_with("tcp at "))
    );
}
