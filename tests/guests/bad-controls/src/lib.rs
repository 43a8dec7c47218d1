//! A guest whose controls are none, or that never says which they are: it is not admitted.

#[path = "../../../support/hostile_guest.rs"]
mod hostile_guest;

use hostile_guest::{Guest, Hostile};
use policy_sdk::types::{Person, Step};

struct BadControls;

impl Hostile for BadControls {
    const ID: &'static str = "bad-controls";

    fn misbehave(_: &str, _: Vec<Person>) -> Vec<Step> {
        Vec::new()
    }

    fn controls() -> Vec<String> {
        vec!["syncRequestValue".to_owned()]
    }
}

policy_sdk::export_policy!(Guest<BadControls>);
