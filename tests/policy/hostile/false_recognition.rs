use crate::{
    repeated::{End, Repeated},
    stage::{self, Stage},
};
use bridge_model::{
    entry::{Attribute, Entry},
    plan::Proposal,
    ports::{PolicyError, PolicyFault},
};
use bridge_policy::Limits;

fn recognise(stage: &Stage, how: &str) -> Result<Option<Proposal>, PolicyError> {
    let root = Entry {
        dn: String::new(),
        attributes: vec![Attribute {
            name: "how".into(),
            values: vec![how.as_bytes().to_vec()],
        }],
    };
    stage
        .policy()
        .recognise(&root, &[root.clone(), root.clone()])
}

#[test]
fn a_sound_proposal_is_taken_without_what_is_the_operators() {
    let stage = Stage::new(stage::limits(), "false-recognition");
    assert_eq!(
        recognise(&stage, "something else").expect("an answer"),
        None
    );
    let proposal = recognise(&stage, "certain")
        .expect("an answer")
        .expect("a proposal");
    assert_eq!(proposal.certainty, 100);
    assert_eq!(proposal.users.len(), 1);
    assert_eq!(proposal.users[0].base.as_str(), "o=x");
    assert_eq!(proposal.notes[0].message, "2", "it saw the samples");
}

#[test]
fn a_lie_is_an_error_a_thousand_times_and_the_next_call_is_answered() {
    let stage = Stage::alone(stage::limits(), "false-recognition");
    for (how, part) in [
        (
            "too certain",
            "in recognise: certainty: must be from 0 to 100",
        ),
        ("no name", "in recognise: users: a base must be a DN"),
        (
            "nowhere",
            "in recognise: users: must name at least one subtree",
        ),
        (
            "blank",
            "in recognise: username-attribute: a name must not be blank",
        ),
        (
            "long",
            "in recognise: note: a text must have at most 4,096 octets",
        ),
    ] {
        let lie = || {
            let error = recognise(&stage, how).expect_err(how);
            assert_eq!(error.policy, "false-recognition");
            End::Fault(PolicyFault::Contract, part).expect(how, &error);
        };
        Repeated::call(how).expect_harmless(lie, || stage.expect_good_call());
    }
}

#[test]
fn who_never_ends_is_stopped_at_the_deadline() {
    let limits = Limits {
        call_ms_max: 50,
        ..stage::limits()
    };
    let stage = Stage::new(limits, "false-recognition");
    let error = recognise(&stage, "loop").expect_err("it never ends");
    assert_eq!(error.fault, PolicyFault::Deadline, "{error}");
    assert!(
        error
            .detail
            .contains("in recognise: it used more than 50 ms"),
        "{error}"
    );
    stage.expect_good_call();
}
