//! The audit trail: what was done and what was refused, by whom, and what it was before.

use super::{BRIDGE, assert_is_problem, of_slapd, staff};
use serde_json::{Value, json};
use suites::{
    admin::{Admin, token},
    slapd::SERVICE_PASSWORD,
};

fn events(admin: &Admin, query: &str) -> Vec<Value> {
    let page = admin.get(&format!("/audit-events{query}"));
    assert_eq!(page.status, 200, "{}", page.body);
    page.json()["events"].as_array().expect("events").clone()
}

#[test]
fn every_change_says_who_what_before_and_after() {
    let (served, operator) = staff();
    let secret = operator.create_administrator("ops", &["federation:write", "audit:read"]);
    let ops = served.administrator(&token(&served.bridge.issuer("staff"), "ops", &secret));
    let made = ops.post("/user-federations", &of_slapd("ldap"));
    let request_id = made.header("x-request-id").expect("an id").to_owned();
    let one = format!(
        "/user-federations/{}",
        made.json()["id"].as_str().expect("an id")
    );
    assert_eq!(ops.patch(&one, &json!({ "priority": 4 })).status, 200);
    assert_is_problem(
        &ops.patch(&one, &json!({ "priority": "much", "users_dn": 1 })),
        400,
    );
    assert_is_problem(&ops.delete("/clients/ops"), 403);
    assert_eq!(ops.delete(&one).status, 204);

    let all = events(&ops, "?limit=5");
    let told: Vec<_> = all
        .iter()
        .map(|event| {
            [
                &event["event"],
                &event["outcome"],
                &event["actor"],
                &event["object"],
            ]
        })
        .map(|parts| parts.map(|part| part.as_str().unwrap_or("-")).join(" | "))
        .collect();
    let federation = "client ops | federation staff/ldap";
    assert_eq!(
        told,
        [
            format!("removed | success | {federation}"),
            "removed | refused | client ops | /auth-management/v1/clients/ops".to_owned(),
            format!("changed | refused | {federation}"),
            format!("changed | success | {federation}"),
            format!("created | success | {federation}"),
        ]
    );
    let [removed, forbidden, refused, changed, created] = &all[..] else {
        panic!("{all:?}");
    };
    assert_eq!(forbidden["reason"], "forbidden");
    assert_eq!(refused["reason"], "invalid: users_dn, priority");
    assert_eq!(changed["before"]["priority"], 0);
    assert_eq!(changed["after"]["priority"], 4);
    assert_eq!(removed["before"]["priority"], 4);
    assert_eq!(created["request_id"], *request_id);
    assert!(created["policy"]["digest"].as_str().is_some());
    for event in &all {
        assert_eq!(event["realm"], "staff");
        assert_eq!(event["client_id"], "ops");
        assert_eq!(event["address"], "127.0.0.1");
        assert!(!event.to_string().contains(SERVICE_PASSWORD), "{event}");
    }
}

#[test]
fn a_realm_reads_its_own_events_and_the_platform_reads_all() {
    let (served, operator) = staff();
    served.operator().create_realm("other");
    let own = events(&operator, "");
    assert!(
        !own.is_empty() && own.iter().all(|event| event["realm"] == "staff"),
        "{own:?}"
    );
    let all = events(&served.operator(), "");
    assert!(all.iter().any(|event| event["realm"] == "other"), "{all:?}");
    assert!(
        all.iter().all(|event| event["actor"] != Value::Null),
        "{all:?}"
    );
    // What was answered is there after the process ended.
    let served = served.restarted(BRIDGE);
    let again = events(&served.operator(), "");
    assert_eq!(again.last(), all.last());
}

#[test]
fn events_are_found_by_request_by_kind_and_page_by_page() {
    let (_served, operator) = staff();
    let made = operator.post("/user-federations", &of_slapd("ldap"));
    let request_id = made.header("x-request-id").expect("an id");
    operator.create_public_client("wiki");
    assert_eq!(operator.delete("/clients/wiki").status, 204);
    let of_request = events(&operator, &format!("?request_id={request_id}"));
    assert_eq!(of_request.len(), 1, "{of_request:?}");
    assert_eq!(of_request[0]["object"], "federation staff/ldap");
    let kinds = events(&operator, "?kind=removed");
    assert_eq!(kinds.len(), 1, "{kinds:?}");
    let mut page = operator.get("/audit-events?limit=1").json();
    let mut numbers = Vec::new();
    while let Some(next) = page["next"].as_u64() {
        numbers.push(next);
        page = operator
            .get(&format!("/audit-events?limit=1&before={next}"))
            .json();
    }
    // The realm, the federation, the client, and its end.
    assert_eq!(numbers.len(), 4, "{numbers:?}");
    assert!(
        numbers.is_sorted_by(|newer, older| newer > older),
        "{numbers:?}"
    );
    for wrong in ["?kind=everything", "?limit=0", "?before=x", "?realm=other"] {
        assert_is_problem(&operator.get(&format!("/audit-events{wrong}")), 400);
    }
}
