use crate::stage::{self, Stage};
use bridge_model::ports::PolicyFault;

#[test]
fn ends_where_its_own_stack_ends() {
    let stage = Stage::new(stage::limits(), "deep-recursion");
    stage.expect(
        "own stack",
        PolicyFault::Trap,
        "reached outside of its memory: its stack ran over",
    );
}

#[test]
fn ends_where_its_share_of_the_hosts_stack_ends() {
    let stage = Stage::new(stage::limits(), "deep-recursion");
    stage.expect("host stack", PolicyFault::Memory, "262144 octets of stack");
}
