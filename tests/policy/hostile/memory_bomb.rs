use crate::stage::{self, Stage};
use bridge_model::ports::PolicyFault;

const PART: &str = "in decide: it wanted more than the 16777216 octets of memory that it may have";

#[test]
fn one_large_step_is_not_made() {
    Stage::new(stage::limits(), "memory-bomb").expect("one step", PolicyFault::Memory, PART);
}

#[test]
fn small_steps_end_at_the_same_limit() {
    Stage::new(stage::limits(), "memory-bomb").expect("small steps", PolicyFault::Memory, PART);
}
