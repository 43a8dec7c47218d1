use crate::stage::{self, Stage};
use bridge_model::ports::PolicyFault;

#[test]
fn over_long_names_are_refused() {
    let stage = Stage::new(stage::limits(), "bad-text");
    let part =
        "in decide: step 1: username: a name must not be blank, and have at most 1,024 octets";
    stage.expect("over-long", PolicyFault::Contract, part);
}

#[test]
fn blank_names_are_refused() {
    let stage = Stage::new(stage::limits(), "bad-text");
    stage.expect(
        "blank",
        PolicyFault::Contract,
        "in decide: step 1: username",
    );
}

#[test]
fn text_that_is_not_utf8_is_refused() {
    let stage = Stage::new(stage::limits(), "bad-text");
    stage.expect(
        "not utf-8",
        PolicyFault::Contract,
        "in decide: its answer cannot be read",
    );
}
