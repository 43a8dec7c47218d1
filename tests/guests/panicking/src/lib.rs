//! A guest that panics.

#[path = "../../../support/hostile_guest.rs"]
mod hostile_guest;

use hostile_guest::{Guest, Hostile};
use policy_sdk::types::{Person, Step};

struct Panicking;

impl Hostile for Panicking {
    const ID: &'static str = "panicking";

    #[expect(clippy::panic, reason = "this is what it is for")]
    fn misbehave(how: &str, _: Vec<Person>) -> Vec<Step> {
        panic!("{how}");
    }
}

policy_sdk::export_policy!(Guest<Panicking>);
