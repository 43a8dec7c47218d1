use crate::stage::{self, Stage};
use bridge_model::ports::PolicyFault;

const RULE: &str = "there must be one step for each person, in order";

#[test]
fn one_step_too_many_is_refused() {
    let part = format!("in decide: 2 steps for 1 persons: {RULE}");
    Stage::new(stage::limits(), "wrong-steps").expect("more", PolicyFault::Contract, &part);
}

#[test]
fn no_step_at_all_is_refused() {
    let part = format!("in decide: 0 steps for 1 persons: {RULE}");
    Stage::new(stage::limits(), "wrong-steps").expect("none", PolicyFault::Contract, &part);
}
