//! The admin API of a running bridge.

mod audit;
mod clients;
mod command_line;
mod description;
mod directories;
mod documented;
mod door;
mod federations;
mod fuzz;
mod isolation;
mod keycloak;
mod kills;
mod languages;
mod mapper_policies;
mod outbound;
mod policies;
mod policy_folder;
mod policy_grants;
mod policy_registry;
mod policy_rules;
mod promote;
mod realms;
mod recordings;
mod refused_start;
mod rehearse;
mod shadow;
mod synchronisation;
mod unwanted;
mod users;

use serde_json::{Value, json};
use suites::{
    admin::{Admin, federation_document},
    browser::Page,
    served::Served,
    slapd::Slapd,
};

const BRIDGE: &str = env!("CARGO_BIN_EXE_bridge-under-test");

/// A bridge with the realm `staff`, and whoever runs it, who acts on that realm.
fn staff() -> (Served, Admin) {
    let served = Served::bare(BRIDGE);
    let operator = served.operator();
    operator.create_realm("staff");
    let operator = operator.of("staff");
    (served, operator)
}

/// A federation of the suites' slapd.
fn of_slapd(name: &str) -> Value {
    let url = format!("ldaps://{}", Slapd::shared().ldaps_address());
    let mut document = federation_document(&url);
    document["name"] = json!(name);
    document
}

/// The members that a list of a problem document names, each of which says what is wrong and what to do.
fn members(problem: &Value, list: &str) -> Vec<String> {
    let items = problem[list].as_array().expect("a list");
    let member = |item: &Value| {
        for part in ["message", "remedy"] {
            let text = item[part].as_str().unwrap_or_default();
            assert!(!text.is_empty(), "no {part} in {item}");
        }
        item["member"].as_str().expect("a member").to_owned()
    };
    items.iter().map(member).collect()
}

fn assert_is_problem(page: &Page, status: u16) -> Value {
    assert_eq!(page.status, status, "{}", page.body);
    assert_eq!(
        page.header("content-type"),
        Some("application/problem+json")
    );
    let problem = page.json();
    assert_eq!(problem["status"], status);
    assert!(
        problem["title"].is_string() && problem["request_id"].is_string(),
        "{problem}"
    );
    problem
}
