//! A guest that wants all memory: in one step, or in small ones.

#[path = "../../../support/hostile_guest.rs"]
mod hostile_guest;

use hostile_guest::{Guest, Hostile};
use policy_sdk::types::{Person, Step};
use std::hint::black_box;

struct MemoryBomb;

impl Hostile for MemoryBomb {
    const ID: &'static str = "memory-bomb";

    fn misbehave(how: &str, _: Vec<Person>) -> Vec<Step> {
        let step_octets = if how == "one step" { 1 << 30 } else { 1 << 12 };
        let mut hoard = Vec::new();
        loop {
            hoard.push(black_box(vec![1_u8; step_octets]));
        }
    }
}

policy_sdk::export_policy!(Guest<MemoryBomb>);
