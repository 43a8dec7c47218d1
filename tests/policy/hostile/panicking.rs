use crate::stage::{self, Stage, logged};
use bridge_model::ports::PolicyFault;
use suites::policy::take;

#[test]
fn ends_with_what_the_policy_said_last() {
    let stage = Stage::new(stage::limits(), "panicking");
    let part = "its last words: the policy panicked at tests/guests/panicking/src/lib.rs:";
    stage.expect("no moon\ntonight", PolicyFault::Trap, part);
    stage.expect(
        "no moon\ntonight",
        PolicyFault::Trap,
        ": no moon\\u{a}tonight",
    );
}

#[test]
fn frames_are_for_the_author_and_not_for_the_error() {
    let stage = Stage::new(stage::limits(), "panicking");
    let (error, log) = logged(|| stage.misbehave("x").expect_err("it panicked"));
    assert!(!error.to_string().contains('\n'), "{error}");
    assert!(!error.to_string().contains("wasm function"), "{error}");
    let frames = log
        .lines()
        .any(|line| line.contains("DEBUG") && line.contains("error while executing"));
    assert!(frames, "{log}");
}

#[test]
fn disturbs_no_other_policy() {
    let stage = Stage::new(stage::limits(), "panicking");
    take(stage.host(), suites::policy::guest("wrong-steps"))
        .expect("admitted");
    let other = suites::policy::in_force(stage.host(), "wrong-steps").expect("loaded");
    assert!(stage.misbehave("x").is_err());
    stage::expect_good_call(&*other);
}
