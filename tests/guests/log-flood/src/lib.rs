//! A guest that writes very many lines, with control characters in them; or one line that is too
//! long.

#[path = "../../../support/hostile_guest.rs"]
mod hostile_guest;

use hostile_guest::{Guest, Hostile, identified};
use policy_sdk::{
    log,
    types::{Person, Step},
};

struct LogFlood;

impl Hostile for LogFlood {
    const ID: &'static str = "log-flood";

    fn misbehave(how: &str, persons: Vec<Person>) -> Vec<Step> {
        if how == "one line" {
            log::info(&"x".repeat(32 << 20));
        } else {
            for line in 0..10_000 {
                log::info(&format!("line {line}\n\u{1b}[2J"));
            }
        }
        persons
            .into_iter()
            .map(|person| identified(person.entry.dn))
            .collect()
    }
}

policy_sdk::export_policy!(Guest<LogFlood>);
