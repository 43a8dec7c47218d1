use crate::{
    mapper::{candidate, claim_text, lie, mapper_in_force},
    memory,
    repeated::{End, Repeated},
    stage,
};
use bridge_model::{
    ports::{MapperPolicy, PolicyFault},
    time::Timestamp,
};
use bridge_policy::{Limits, PolicyHost};
use std::sync::Arc;
use suites::policy::{guest, take};

fn on_stage(limits: Limits) -> (PolicyHost, Arc<dyn MapperPolicy>) {
    let host = stage::host(limits);
    take(&host, guest("false-mapper")).expect("it is admitted");
    let policy = mapper_in_force(&host, "false-mapper").expect("it is in force");
    (host, policy)
}

fn expect_good_call(policy: &dyn MapperPolicy) {
    let results = policy.adjust(b"", Timestamp(1), &[candidate("ada")]);
    let results = results.expect("a good call");
    let adjustments = results[0].as_ref().expect("it copes");
    assert!(claim_text(adjustments).contains("uid=ada"));
}

#[test]
fn plans_that_break_the_contract_are_refused_a_thousand_times() {
    let _alone = memory::alone();
    let (_host, policy) = on_stage(stage::limits());
    for (how, part) in [
        (
            "all attributes",
            "in check: attributes: it must be an attribute's name",
        ),
        ("claim", "in check: claim: its name must be"),
        ("large memo", "in check: memo: must have at most 64 KiB"),
        ("no problem", "in check: problems: must not be empty"),
    ] {
        let lie = || {
            let error = policy.check(&lie(how)).expect_err("it breaks a rule");
            assert_eq!(error.policy, "false-mapper");
            End::Fault(PolicyFault::Contract, part).expect(how, &error);
        };
        Repeated::call(how).expect_harmless(lie, || expect_good_call(&*policy));
    }
}

#[test]
fn answers_that_break_the_contract_are_refused_a_thousand_times() {
    let _alone = memory::alone();
    let (_host, policy) = on_stage(stage::limits());
    for (how, part) in [
        (
            "one less",
            "1 results for 2 candidates: there must be one result",
        ),
        (
            "one more",
            "3 results for 2 candidates: there must be one result",
        ),
        ("blank claim", "result 1: claim name: must not be blank"),
        ("claim name", "result 1: claim: its name must be"),
        ("many", "result 1: adjustments: there are too many"),
        ("bar", "result 1: add-bar: a name must not be blank"),
    ] {
        let both = [candidate("ada"), candidate("alan")];
        let lie = || {
            let error = policy.adjust(how.as_bytes(), Timestamp(1), &both);
            let error = error.expect_err("it breaks a rule");
            End::Fault(PolicyFault::Contract, part).expect(how, &error);
        };
        Repeated::call(how).expect_harmless(lie, || expect_good_call(&*policy));
    }
}

#[test]
fn calls_have_the_limits_of_a_vendor_policy() {
    let _turn = stage::turn();
    let (_host, policy) = on_stage(Limits {
        call_ms_max: 100,
        call_output_octets_max: 1 << 20,
        person_output_octets_max: 1 << 20,
        ..stage::limits()
    });
    for (how, fault, part) in [
        (
            "loop",
            PolicyFault::Deadline,
            "in adjust: it used more than 101 ms",
        ),
        (
            "memory",
            PolicyFault::Memory,
            "in adjust: it wanted more than",
        ),
        ("large", PolicyFault::Output, "in adjust: its answer"),
        ("panic", PolicyFault::Trap, "no panic\\u{a}here"),
    ] {
        let error = policy.adjust(how.as_bytes(), Timestamp(1), &[candidate("ada")]);
        let error = error.expect_err("it is over a limit");
        assert_eq!(error.fault, fault, "{error}");
        assert!(error.detail.contains(part), "{error}");
        expect_good_call(&*policy);
    }
    let error = policy.check(&lie("loop")).expect_err("it never ends");
    assert_eq!(error.fault, PolicyFault::Deadline, "{error}");
}

#[test]
fn a_failure_about_one_is_no_failure_about_another() {
    let _turn = stage::turn();
    let (_host, policy) = on_stage(stage::limits());
    let both = [candidate("ada"), candidate("alan")];
    let results = policy.adjust(b"fails for ada", Timestamp(1), &both);
    let results = results.expect("an answer");
    let problem = results[0].as_ref().expect_err("it fails for her");
    assert_eq!(problem.message, "ada has none; leave her out");
    assert!(claim_text(results[1].as_ref().expect("it copes")).contains("uid=alan"));
}

#[test]
fn keeps_nothing_from_one_call_to_the_next() {
    let _turn = stage::turn();
    let (_host, policy) = on_stage(stage::limits());
    for name in ["ada", "alan"] {
        let results = policy.adjust(b"kept", Timestamp(1), &[candidate(name)]);
        let results = results.expect("an answer");
        let seen = claim_text(results[0].as_ref().expect("it copes"));
        assert_eq!(seen, format!("uid={name}"));
    }
}
