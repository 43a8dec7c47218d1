use crate::stage::{self, Stage};
use bridge_model::ports::PolicyFault;
use bridge_policy::Limits;
use std::time::{Duration, Instant};
use suites::policy::{context, person};

#[test]
fn ends_at_its_deadline() {
    let limits = Limits {
        call_ms_max: 50,
        ..stage::limits()
    };
    let stage = Stage::new(limits, "endless-loop");
    let start = Instant::now();
    stage.expect(
        "loop",
        PolicyFault::Deadline,
        "in decide: it used more than 51 ms of processor time",
    );
    let taken = start.elapsed();
    assert!(taken >= limits.deadline(1), "{taken:?}");
    assert!(taken < Duration::from_secs(5), "{taken:?}");
}

#[test]
fn a_call_for_more_persons_may_take_longer() {
    let limits = Limits {
        call_ms_max: 10,
        person_us_max: 2_000,
        ..stage::limits()
    };
    let stage = Stage::new(limits, "endless-loop");
    let persons = vec![person("uid=ada"); 20];
    let start = Instant::now();
    let error = stage
        .policy()
        .decide(&context(b"loop"), &persons)
        .expect_err("it never ends");
    assert_eq!(error.fault, PolicyFault::Deadline);
    assert!(
        error.detail.contains("more than 50 ms of processor time"),
        "{error}"
    );
    assert!(start.elapsed() >= Duration::from_millis(50));
}
