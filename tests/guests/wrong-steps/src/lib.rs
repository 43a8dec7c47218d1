//! A guest that gives one step too many, or none.

#[path = "../../../support/hostile_guest.rs"]
mod hostile_guest;

use hostile_guest::{Guest, Hostile, identified};
use policy_sdk::types::{Person, Step};

struct WrongSteps;

impl Hostile for WrongSteps {
    const ID: &'static str = "wrong-steps";

    fn misbehave(how: &str, persons: Vec<Person>) -> Vec<Step> {
        let steps = if how == "none" { 0 } else { persons.len() + 1 };
        (0..steps)
            .map(|step| identified(step.to_string()))
            .collect()
    }
}

policy_sdk::export_policy!(Guest<WrongSteps>);
