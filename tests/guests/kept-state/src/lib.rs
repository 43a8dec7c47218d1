//! A guest that keeps what it saw, and tells the next person of it.

#[path = "../../../support/hostile_guest.rs"]
mod hostile_guest;

use hostile_guest::{Guest, Hostile, identified};
use policy_sdk::types::{Person, Step};
use std::sync::Mutex;

static SEEN: Mutex<Vec<String>> = Mutex::new(Vec::new());

struct KeptState;

impl Hostile for KeptState {
    const ID: &'static str = "kept-state";

    fn misbehave(_: &str, persons: Vec<Person>) -> Vec<Step> {
        let mut seen = SEEN
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        seen.extend(persons.into_iter().map(|person| person.entry.dn));
        vec![identified(seen.join(" and "))]
    }
}

policy_sdk::export_policy!(Guest<KeptState>);
