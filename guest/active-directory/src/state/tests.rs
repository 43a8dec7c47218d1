use super::*;
use crate::ActiveDirectory;
use policy_sdk::{
    VendorPolicy,
    testing::{self, federation, found, ldif, reply},
    types::{Entry, Finding, Person, Plan, Step, Subtree},
};

/// Saturday 2026-11-21 12:00:00 UTC.
const NOW: u64 = 1_795_262_400;
const DOMAIN_DN: &str = "DC=corp,DC=example,DC=test";

fn readable(base: &str) -> Federation {
    Federation {
        readable: vec![Subtree {
            base: base.to_owned(),
            scope: SearchScope::Base,
        }],
        ..federation("ad", &format!("OU=Staff,{DOMAIN_DN}"))
    }
}

fn plan() -> Plan {
    ActiveDirectory::translate(readable(DOMAIN_DN)).expect("a plan")
}

fn domain(duration: &str) -> Finding {
    let text = format!("dn: {DOMAIN_DN}\nlockoutDuration: {duration}\n");
    found(DOMAIN, &text).expect("LDIF")
}

fn entry(text: &str) -> Entry {
    let text = format!("dn: CN=x\nsAMAccountName: x\nuserAccountControl: 512\n{text}");
    ldif(&text).expect("LDIF").remove(0)
}

fn filetime(seconds: u64) -> u64 {
    (seconds + 11_644_473_600) * 10_000_000
}

fn step(text: &str, reply: Option<Reply>, shared: Vec<Finding>) -> Step {
    let person = Person {
        entry: entry(text),
        reply,
        findings: Vec::new(),
    };
    testing::step::<ActiveDirectory>(&plan(), person, shared, NOW).expect("one step")
}

fn bars_with(text: &str, shared: Vec<Finding>) -> Vec<(Refusal, Option<u64>, Option<u64>)> {
    match step(text, None, shared) {
        Step::Identified(identity) => testing::bars(identity),
        other => unreachable!("{other:?}"),
    }
}

fn bars(text: &str) -> Vec<(Refusal, Option<u64>, Option<u64>)> {
    bars_with(text, Vec::new())
}

fn rejected(text: &str, data: &str, shared: Vec<Finding>) -> Rejection {
    let diagnostic =
        format!("80090308: LdapErr: comment: AcceptSecurityContext error, data {data}, v4563");
    match step(text, Some(reply(49, &diagnostic)), shared) {
        Step::Rejected(rejection) => rejection,
        other => unreachable!("{other:?}"),
    }
}

#[test]
fn the_domain_is_read_where_it_may_be() {
    let shared = plan().shared;
    assert_eq!(shared.len(), 1);
    assert_eq!(
        (shared[0].base.as_str(), shared[0].required),
        (DOMAIN_DN, false)
    );
    assert!(plan().attributes.iter().any(|name| name == OWN_RULES));
    for base in ["OU=Groups,DC=corp,DC=example,DC=test", "DC=other"] {
        let plan = ActiveDirectory::translate(readable(base)).expect("a plan");
        assert_eq!(plan.shared, vec![], "{base}");
        assert!(!plan.attributes.iter().any(|name| name == OWN_RULES));
    }
}

#[test]
fn a_lock_ends_as_long_after_it_began_as_the_domain_says() {
    let began = filetime(NOW - 60);
    let locked = format!("msDS-User-Account-Control-Computed: 16\nlockoutTime: {began}\n");
    let half_an_hour = || vec![domain("-18000000000")];
    let until = |end| [(Refusal::Locked, None, end)];
    assert_eq!(
        bars_with(&locked, half_an_hour()),
        until(Some(NOW - 60 + 1800))
    );
    assert_eq!(bars(&locked), until(None));
    for forever in ["0", "-9223372036854775808"] {
        assert_eq!(
            bars_with(&locked, vec![domain(forever)]),
            until(None),
            "{forever}"
        );
    }
    // The person's own rules are not the domain's; and an end that is past is none.
    let own = format!("{locked}msDS-ResultantPSO: CN=strict\n");
    assert_eq!(bars_with(&own, half_an_hour()), until(None));
    assert_eq!(bars_with(&locked, vec![domain("-10000000")]), until(None));
    let rejection = rejected(&locked, "775", half_an_hour());
    assert_eq!(rejection.until, Some(NOW - 60 + 1800));
    assert_eq!(rejected(&locked, "52e", half_an_hour()).until, None);
}

#[test]
fn the_computed_bit_says_whether_a_lock_holds() {
    let began = format!("lockoutTime: {}\n", filetime(NOW - 60));
    let open = format!("{began}msDS-User-Account-Control-Computed: 0\n");
    assert_eq!(bars(&open), []);
    assert_eq!(bars("lockoutTime: 0\n"), []);
    assert_eq!(bars(&began), [(Refusal::Locked, None, None)]);
    match step(&began, Some(reply(0, "")), vec![]) {
        Step::Identified(identity) => assert_eq!(identity.bars, vec![]),
        other => unreachable!("{other:?}"),
    }
}

#[test]
fn an_account_for_smart_cards_has_no_password() {
    let text = "dn: CN=x\nsAMAccountName: x\nuserAccountControl: 262656\n";
    let entry = ldif(text).expect("LDIF").remove(0);
    let identity = testing::identified::<ActiveDirectory>(&plan(), entry, None, NOW);
    let bars = testing::bars(identity.expect("an identity"));
    assert_eq!(bars, [(Refusal::NotPermittedHere, None, None)]);
}

#[test]
fn a_password_that_nobody_set_has_to_be_changed_also_where_bits_are_hidden() {
    let must_change = [(Refusal::MustChangePassword, None, None)];
    assert_eq!(bars("pwdLastSet: 0\n"), must_change);
    assert_eq!(
        bars("pwdLastSet: 0\nmsDS-User-Account-Control-Computed: 0\n"),
        []
    );
    let never = "dn: CN=x\nsAMAccountName: x\nuserAccountControl: 66048\npwdLastSet: 0\n";
    let entry = ldif(never).expect("LDIF").remove(0);
    let identity = testing::identified::<ActiveDirectory>(&plan(), entry, None, NOW);
    assert_eq!(identity.expect("an identity").bars, vec![]);
}

/// Every hour but Saturday 12:00 to 14:00 UTC.
const NOT_AT_NOON: &str = "logonHours:: /////////////////////////8//\n";

#[test]
fn hours_bar_and_say_until_when() {
    let octets = [&[0xff; 19][..], &[0xcf, 0xff]].concat();
    let of = |octets: &[u8]| {
        let mut entry = entry("");
        entry.attributes.push(policy_sdk::types::Attribute {
            name: HOURS.to_owned(),
            values: vec![octets.to_vec()],
        });
        let identity = testing::identified::<ActiveDirectory>(&plan(), entry, None, NOW);
        testing::bars(identity.expect("an identity"))
    };
    let outside = Refusal::OutsidePermittedHours;
    assert_eq!(of(&octets), [(outside.clone(), None, Some(NOW + 2 * 3600))]);
    assert_eq!(of(&[0; 21]), [(outside.clone(), None, None)]);
    assert_eq!(of(&[0xff; 21]), []);
    // Only this hour, and the next in a week.
    let only_now = [&[0; 19][..], &[0x10, 0]].concat();
    assert_eq!(
        of(&only_now),
        [(outside.clone(), Some(NOW + 3600), Some(NOW + 168 * 3600))]
    );
    // Every other hour: what would be too many to keep ends after a week's worth of days.
    let bars = of(&[0x55; 21]);
    assert_eq!(bars.len(), 14);
    assert!(
        bars.iter()
            .all(|(reason, since, until)| *reason == outside && since < until)
    );
    assert_eq!(
        rejected(NOT_AT_NOON, "530", vec![]).until,
        Some(NOW + 2 * 3600)
    );
    assert_eq!(rejected("", "530", vec![]).until, None);
}

#[test]
fn hours_that_cannot_be_read_serve_nobody() {
    match step("logonHours:: AAAA\n", None, vec![]) {
        Step::Failed(problem) => assert_eq!(problem.field, HOURS),
        other => unreachable!("{other:?}"),
    }
}

#[test]
fn an_account_that_is_over_needs_no_number() {
    let ended = format!("accountExpires: {}\n", filetime(NOW - 1));
    let reason = |text: &str| match step(text, Some(reply(49, "")), vec![]) {
        Step::Rejected(rejection) => rejection.reason,
        other => unreachable!("{other:?}"),
    };
    assert_eq!(reason(&ended), Refusal::AccountExpired);
    let ends = format!("accountExpires: {}\n", filetime(NOW + 1));
    assert_eq!(reason(&ends), Refusal::BadCredentials);
}

#[test]
fn groups_that_come_in_parts_are_read_to_the_end() {
    let first = "memberOf;range=0-1: CN=a,DC=x\nmemberOf;range=0-1: CN=b,DC=x\n";
    let wish = match step(first, None, vec![]) {
        Step::Read(mut wishes) => wishes.remove(0),
        other => unreachable!("{other:?}"),
    };
    assert_eq!(wish.attributes, ["memberOf;range=2-*"]);
    let rest = "dn: CN=x\nmemberOf;range=2-*: CN=c,DC=x\n";
    let person = Person {
        entry: entry(first),
        reply: None,
        findings: vec![found(&wish.key, rest).expect("LDIF")],
    };
    match testing::step::<ActiveDirectory>(&plan(), person, vec![], NOW) {
        Ok(Step::Identified(identity)) => assert_eq!(identity.groups.len(), 3),
        other => unreachable!("{other:?}"),
    }
    // After a failed bind only why it failed matters.
    assert_eq!(
        rejected(first, "52e", vec![]).reason,
        Refusal::BadCredentials
    );
}

#[test]
fn the_operator_says_by_what_people_sign_in_and_what_groups_are_called() {
    let settings = |settings: &[(&str, &str)]| {
        let setting = |(name, value): &(&str, &str)| policy_sdk::types::Setting {
            name: (*name).to_owned(),
            value: (*value).to_owned(),
        };
        ActiveDirectory::translate(Federation {
            settings: settings.iter().map(setting).collect(),
            ..readable(DOMAIN_DN)
        })
    };
    let plan = settings(&[
        ("login_attributes", "sAMAccountName, mail"),
        ("domain", "CORP,corp.example.test"),
        ("group_form", "path"),
    ])
    .expect("a plan");
    assert_eq!(
        plan.login_filter,
        "(&(|(sAMAccountName={local})(mail={username}))(!(objectClass=computer)))"
    );
    let domains: Vec<_> = plan
        .more
        .iter()
        .map(|more| (more.name.as_str(), more.value.as_str()))
        .collect();
    assert_eq!(
        domains,
        [
            ("login_domain", "CORP"),
            ("login_domain", "corp.example.test")
        ]
    );
    assert_eq!(plan.group_form, policy_sdk::types::GroupForm::Path);
    let problems = settings(&[("group_form", "tree"), ("domain", "a b")]).expect_err("problems");
    assert_eq!(problems.len(), 2);
}
