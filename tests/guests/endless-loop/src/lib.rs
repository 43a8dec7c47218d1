//! A guest that never ends.

#[path = "../../../support/hostile_guest.rs"]
mod hostile_guest;

use hostile_guest::{Guest, Hostile};
use policy_sdk::types::{Person, Step};
use std::hint::black_box;

struct EndlessLoop;

impl Hostile for EndlessLoop {
    const ID: &'static str = "endless-loop";

    fn misbehave(_: &str, _: Vec<Person>) -> Vec<Step> {
        let mut turns = 0_u64;
        loop {
            turns = black_box(turns.wrapping_add(1));
        }
    }
}

policy_sdk::export_policy!(Guest<EndlessLoop>);
