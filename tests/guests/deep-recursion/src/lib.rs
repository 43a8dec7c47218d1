//! A guest that calls itself without end: with something on its own stack in each round, or on the
//! host's alone.

#[path = "../../../support/hostile_guest.rs"]
mod hostile_guest;

use hostile_guest::{Guest, Hostile};
use policy_sdk::types::{Person, Step};
use std::hint::black_box;

struct DeepRecursion;

impl Hostile for DeepRecursion {
    const ID: &'static str = "deep-recursion";

    fn misbehave(how: &str, _: Vec<Person>) -> Vec<Step> {
        if how == "own stack" {
            black_box(deeper_with_a_frame([1; 64]));
        } else {
            let itself = Itself(&deeper);
            black_box(deeper(black_box(&itself), 1));
        }
        Vec::new()
    }
}

#[expect(unconditional_recursion, reason = "this is what it is for")]
fn deeper_with_a_frame(frame: [u8; 64]) -> u8 {
    let mut next = black_box(frame);
    next[0] = next[0].wrapping_add(1);
    deeper_with_a_frame(next).wrapping_add(black_box(&next)[1])
}

/// A function that is handed itself. The compiler does not see that it calls itself, so it cannot make
/// a loop of it; and all its variables fit into registers, so that only the host's stack grows.
struct Itself<'a>(&'a dyn Fn(&Itself<'_>, u64) -> u64);

fn deeper(itself: &Itself<'_>, depth: u64) -> u64 {
    (itself.0)(itself, depth.wrapping_add(1)).wrapping_mul(3)
}

policy_sdk::export_policy!(Guest<DeepRecursion>);
