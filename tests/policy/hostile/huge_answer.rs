use crate::stage::{self, Stage};
use bridge_model::ports::PolicyFault;
use bridge_policy::Limits;
use suites::policy::{context, person};

fn stage() -> Stage {
    let limits = Limits {
        memory_octets_max: 128 << 20,
        ..stage::limits()
    };
    Stage::new(limits, "huge-answer")
}

const PART: &str = "in decide: its answer, or one line for the log, has more than 1310720 octets";

#[test]
fn one_text_of_32_mib_is_not_taken() {
    stage().expect("text 33554432", PolicyFault::Output, PART);
}

#[test]
fn millions_of_small_items_are_not_taken() {
    stage().expect("notices 2000000", PolicyFault::Output, PART);
}

#[test]
fn an_answer_within_the_limit_is_taken_whole() {
    let stage = stage();
    let steps = stage
        .misbehave("groups 5000")
        .expect("it is within the limit");
    let [bridge_model::decision::Step::Identified(identity)] = steps.as_slice() else {
        panic!("{steps:?}");
    };
    assert_eq!(identity.groups.len(), 5000);
}

#[test]
fn an_answer_about_more_persons_may_be_longer() {
    let stage = stage();
    let persons = vec![person("uid=ada"); 8];
    let octets = 2 << 20;
    let how = format!("text {octets}");
    // One step for eight persons breaks the contract: so it was read.
    let error = stage
        .policy()
        .decide(&context(how.as_bytes()), &persons)
        .expect_err("one step");
    assert_eq!(error.fault, PolicyFault::Contract, "{error}");
    let error = stage.misbehave(&how).expect_err("too long for one person");
    assert_eq!(error.fault, PolicyFault::Output, "{error}");
}
