//! Calls at the same time: what one does, no other notices.

use crate::stage::{self, Stage, expect_good_call};
use bridge_model::{
    names::RealmName,
    policy::PolicyChoice,
    ports::{Policies, PolicyFault},
};
use bridge_policy::Limits;
use std::{sync::Barrier, thread};
use suites::policy::{context, guest, person, take};

#[test]
fn more_calls_than_instances_are_told_so() {
    let limits = Limits {
        instances_max: 1,
        call_ms_max: 1_000,
        ..stage::limits()
    };
    let stage = Stage::new(limits, "endless-loop");
    let together = Barrier::new(2);
    let misbehave = |realm: &str| {
        let policy = stage.policy_for(realm);
        together.wait();
        let outcome = policy.decide(&context(b"loop"), &[person("uid=ada")]);
        outcome.expect_err("it never ends")
    };
    let mut errors = thread::scope(|scope| {
        let other = scope.spawn(|| misbehave("staff"));
        [misbehave("other"), other.join().expect("it does not panic")]
    });
    errors.sort_by_key(|error| error.fault == PolicyFault::Busy);
    assert_eq!(errors[0].fault, PolicyFault::Deadline, "{}", errors[0]);
    assert_eq!(errors[1].fault, PolicyFault::Busy, "{}", errors[1]);
    assert!(
        errors[1].detail.contains("all 1 instances are in use"),
        "{}",
        errors[1]
    );
    stage.expect_good_call();
}

#[test]
fn good_calls_are_answered_beside_hostile_ones() {
    let limits = Limits {
        call_ms_max: 200,
        memory_octets_max: 4 << 20,
        ..stage::limits()
    };
    let stage = Stage::new(limits, "endless-loop");
    for folder in ["memory-bomb", "panicking", "deep-recursion"] {
        take(stage.host(), guest(folder)).expect("it is admitted");
    }
    let hostile = |id: &str| {
        let other = RealmName::new("other").expect("a name");
        let policy = stage.host().vendor(&other, PolicyChoice::InForce(id));
        let policy = policy.expect("it is loaded");
        for _ in 0..5 {
            let outcome = policy.decide(&context(b"own stack"), &[person("uid=ada")]);
            assert!(outcome.is_err(), "{id}");
        }
    };
    thread::scope(|scope| {
        for id in ["endless-loop", "memory-bomb", "panicking", "deep-recursion"] {
            scope.spawn(move || hostile(id));
        }
        for _ in 0..200 {
            stage.expect_good_call();
        }
    });
}

#[test]
fn a_long_list_of_persons_is_cut_into_calls() {
    let limits = Limits {
        call_persons_max: 3,
        ..stage::limits()
    };
    let stage = Stage::new(limits, "kept-state");
    let persons: Vec<_> = (0..8)
        .map(|number| person(&format!("uid={number}")))
        .collect();
    let steps = stage
        .policy()
        .decide(&context(b""), &persons)
        .expect("answered");
    let names: Vec<String> = (0..8).map(|number| format!("uid={number}")).collect();
    assert_eq!(stage::usernames(&steps), names);
    expect_good_call(&*stage.policy());
}

#[test]
fn a_policy_outlives_the_host_that_loaded_it() {
    let policy = {
        let stage = Stage::new(stage::limits(), "endless-loop");
        stage.policy()
    };
    let _turn = stage::turn();
    expect_good_call(&*policy);
    // Its clock still runs.
    let error = policy.decide(&context(b"loop"), &[person("uid=ada")]);
    assert_eq!(
        error.expect_err("it never ends").fault,
        PolicyFault::Deadline
    );
}
