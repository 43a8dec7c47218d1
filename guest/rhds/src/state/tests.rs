use super::*;
use crate::Rhds;
use policy_sdk::{
    VendorPolicy,
    testing::{self, federation, found, ldif, reply},
    types::{Control, Federation, Person, Plan, SearchScope, Setting, Step, Subtree},
};

/// 2026-11-21T12:00:00Z
const NOW: u64 = 1_795_262_400;
const DEFAULT: &str = "cn=default,ou=policies,dc=example,dc=test";

fn plan() -> Plan {
    Rhds::translate(Federation {
        readable: vec![Subtree {
            base: "ou=policies,dc=example,dc=test".to_owned(),
            scope: SearchScope::Subtree,
        }],
        settings: vec![Setting {
            name: POLICIES.setting.to_owned(),
            value: DEFAULT.to_owned(),
        }],
        ..federation("rhds", "ou=people,dc=example,dc=test")
    })
    .expect("a plan")
}

fn step(text: &str, reply: Option<Reply>) -> Step {
    let person = Person {
        entry: ldif(&format!("dn: uid=x\nuid: x\n{text}"))
            .expect("LDIF")
            .remove(0),
        reply,
        findings: Vec::new(),
    };
    let policy = format!("dn: {DEFAULT}\naccountInactivityLimit: 100\n");
    let shared = vec![found(POLICIES.setting, &policy).expect("LDIF")];
    testing::step::<Rhds>(&plan(), person, shared, NOW).expect("one step")
}

fn bars(text: &str, reply: Option<Reply>) -> Vec<(Refusal, Option<u64>, Option<u64>)> {
    match step(text, reply) {
        Step::Identified(identity) => testing::bars(identity),
        other => unreachable!("{other:?}"),
    }
}

fn controls(result_code: u32, controls: &[(&str, &[u8])]) -> Reply {
    let controls = controls.iter().map(|(oid, value)| Control {
        oid: (*oid).to_owned(),
        critical: false,
        value: Some(value.to_vec()),
    });
    Reply {
        controls: controls.collect(),
        ..reply(result_code, "")
    }
}

#[test]
fn an_account_that_nobody_used_for_long_is_barred() {
    let inactive = |since| [(Refusal::Disabled, Some(since), None)];
    let last = "lastLoginTime: 20261121115900Z\n";
    assert_eq!(bars(last, None), inactive(NOW + 40));
    // A sign-in counts from now on, and an account that was never used from when it was made.
    assert_eq!(bars(last, Some(reply(0, ""))), inactive(NOW + 100));
    assert_eq!(
        bars("createTimestamp: 20261121115700Z\n", None),
        inactive(NOW - 80)
    );
    let other = "acctPolicySubentry: cn=other,ou=policies,dc=example,dc=test\n";
    assert_eq!(bars(&format!("{last}{other}"), None), []);
}

#[test]
fn only_after_the_right_password_does_the_server_say_that_it_is_expired() {
    let old = (password_policy::EXPIRED, &b"0"[..]);
    let new = (password_policy::REQUEST, &[0x30, 3, 0x81, 1, 0][..]);
    for reply in [
        controls(49, &[old]),
        controls(49, &[new]),
        controls(49, &[old, new]),
    ] {
        match step("", Some(reply)) {
            Step::Rejected(rejection) => {
                assert_eq!(rejection.reason, Refusal::PasswordExpired);
                assert!(rejection.password_was_right);
            }
            other => unreachable!("{other:?}"),
        }
    }
    match step("", Some(reply(49, ""))) {
        Step::Rejected(rejection) => assert!(!rejection.password_was_right),
        other => unreachable!("{other:?}"),
    }
}

#[test]
fn a_password_that_expires_soon_is_a_bar_to_come() {
    let soon = |reply| {
        let bars = bars("", Some(reply));
        let expired = |(reason, ..): &&(Refusal, _, _)| *reason == Refusal::PasswordExpired;
        bars.iter().find(expired).cloned()
    };
    let in_a_minute = Some((Refusal::PasswordExpired, Some(NOW + 60), None));
    assert_eq!(
        soon(controls(0, &[(password_policy::EXPIRING, b"60")])),
        in_a_minute
    );
    let new = controls(
        0,
        &[(password_policy::REQUEST, &[0x30, 5, 0xa0, 3, 0x80, 1, 60])],
    );
    assert_eq!(soon(new), in_a_minute);
    assert_eq!(soon(controls(0, &[])), None);
}

#[test]
fn a_password_that_was_handed_out_has_its_times() {
    assert_eq!(
        bars("pwdReset: TRUE\n", None),
        [(Refusal::MustChangePassword, None, None)]
    );
    assert_eq!(
        bars(
            "pwdTPRValidFrom: 20261121120010Z\npwdTPRExpireAt: 20261121120020Z\n",
            None
        ),
        [
            (Refusal::PasswordExpired, None, Some(NOW + 10)),
            (Refusal::PasswordExpired, Some(NOW + 20), None),
        ]
    );
}
