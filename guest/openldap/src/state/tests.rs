use super::*;
use crate::OpenLdap;
use policy_sdk::{
    VendorPolicy,
    testing::{self, federation, found, ldif, reply},
    types::{Federation, Finding, Person, Plan, SearchScope, Setting, Step, Subtree},
};

/// 2026-11-21T12:00:00Z
const NOW: u64 = 1_795_262_400;
const DEFAULT: &str = "cn=default,ou=policies,dc=example,dc=test";

fn with_policy(dn: &str) -> Federation {
    Federation {
        readable: vec![Subtree {
            base: "ou=policies,dc=example,dc=test".to_owned(),
            scope: SearchScope::Subtree,
        }],
        settings: vec![Setting {
            name: POLICIES.setting.to_owned(),
            value: dn.to_owned(),
        }],
        ..federation("openldap", "ou=people,dc=example,dc=test")
    }
}

fn plan() -> Plan {
    OpenLdap::translate(with_policy(DEFAULT)).expect("a plan")
}

fn policies(default: &str) -> Vec<Finding> {
    let strict =
        "dn: cn=strict,ou=policies,dc=example,dc=test\npwdLockoutDuration: 7200\npwdMaxAge: 60\n";
    vec![
        found(POLICIES.setting, &format!("dn: {DEFAULT}\n{default}")).expect("LDIF"),
        found(POLICIES.beside, strict).expect("LDIF"),
    ]
}

fn bars(
    text: &str,
    reply: Option<Reply>,
    default: &str,
) -> Vec<(Refusal, Option<u64>, Option<u64>)> {
    let person = Person {
        entry: ldif(&format!("dn: uid=x\nuid: x\n{text}"))
            .expect("LDIF")
            .remove(0),
        reply,
        findings: Vec::new(),
    };
    match testing::step::<OpenLdap>(&plan(), person, policies(default), NOW) {
        Ok(Step::Identified(identity)) => testing::bars(identity),
        other => unreachable!("{other:?}"),
    }
}

#[test]
fn the_policies_are_read_where_the_operator_names_one() {
    let plan = plan();
    let reads: Vec<_> = plan
        .shared
        .iter()
        .map(|read| (read.base.as_str(), read.scope))
        .collect();
    let beside = "ou=policies,dc=example,dc=test";
    assert_eq!(
        reads,
        [
            (DEFAULT, SearchScope::Base),
            (beside, SearchScope::OneLevel)
        ]
    );
    for attribute in [CHANGED, GRACE_USED, OWN_POLICY] {
        assert!(
            plan.attributes.iter().any(|name| name == attribute),
            "{attribute}"
        );
    }
    let problems =
        OpenLdap::translate(with_policy("cn=default,o=elsewhere")).expect_err("problems");
    assert_eq!(problems[0].field, "advanced.settings.password_policy");
    assert!(problems[0].message.contains("; "), "{problems:?}");
}

#[test]
fn a_lock_ends_as_long_after_it_began_as_the_policy_says() {
    let locked = "pwdAccountLockedTime: 20261121115900Z\n";
    let until = |end| [(Refusal::Locked, None, end)];
    assert_eq!(
        bars(locked, None, "pwdLockoutDuration: 1800\n"),
        until(Some(NOW - 60 + 1800))
    );
    assert_eq!(bars(locked, None, "pwdLockoutDuration: 0\n"), until(None));
    assert_eq!(bars(locked, None, ""), until(None));
    let strict = format!("{locked}pwdPolicySubentry: cn=Strict,ou=policies,dc=example,dc=test\n");
    assert_eq!(
        bars(&strict, None, "pwdLockoutDuration: 1\n"),
        until(Some(NOW - 60 + 7200))
    );
    let unread = format!("{locked}pwdPolicySubentry: cn=other,ou=policies,dc=example,dc=test\n");
    assert_eq!(bars(&unread, None, "pwdLockoutDuration: 1\n"), until(None));
    let own = format!("{locked}pwdAccountTmpLockoutEnd: 20261121120010Z\n");
    assert_eq!(
        bars(&own, None, "pwdLockoutDuration: 1800\n"),
        until(Some(NOW + 10))
    );
    let person = Person {
        entry: ldif(&format!("dn: uid=x\nuid: x\n{locked}"))
            .expect("LDIF")
            .remove(0),
        reply: Some(reply(49, "")),
        findings: Vec::new(),
    };
    match testing::step::<OpenLdap>(&plan(), person, policies("pwdLockoutDuration: 30\n"), NOW) {
        Ok(Step::Rejected(rejection)) => assert_eq!(rejection.reason, Refusal::BadCredentials),
        other => unreachable!("{other:?}"),
    }
}

#[test]
fn a_password_ends_at_the_age_that_the_policy_says() {
    let expired = |end| [(Refusal::PasswordExpired, Some(end), None)];
    let set = "pwdChangedTime: 20261121115900Z\n";
    let begun = NOW - 60;
    assert_eq!(bars(set, None, "pwdMaxAge: 90\n"), expired(begun + 90));
    assert_eq!(bars(set, None, "pwdMaxAge: 10\n"), expired(begun + 10));
    assert_eq!(bars(set, None, "pwdMaxAge: 0\n"), []);
    assert_eq!(bars(set, None, ""), []);
    // Let in all the same: a grace sign-in.
    assert_eq!(bars(set, Some(reply(0, "")), "pwdMaxAge: 10\n"), []);
    let grace = "pwdMaxAge: 10\npwdGraceAuthNLimit: 2\n";
    let used = format!("{set}pwdGraceUseTime: 20261121115930Z\n");
    assert_eq!(bars(&used, None, grace), []);
    let spent = format!("{used}pwdGraceUseTime: 20261121115940Z\n");
    assert_eq!(bars(&spent, None, grace), expired(begun + 10));
}

#[test]
fn an_account_that_nobody_uses_is_locked() {
    let last = "pwdLastSuccess: 20261121115900Z\n";
    let locked = [(Refusal::Locked, Some(NOW + 40), None)];
    assert_eq!(bars(last, None, "pwdMaxIdle: 100\n"), locked);
    assert_eq!(bars(last, Some(reply(0, "")), "pwdMaxIdle: 1\n"), []);
}
