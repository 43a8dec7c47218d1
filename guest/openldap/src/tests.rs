use super::*;
use policy_sdk::{
    VendorPolicy,
    testing::{self, decide, federation, ldif, recognise, reply},
    types::{Control, Entry, IdForm, Identity, Notice, Plan, Refusal, Step},
};

const NOW: u64 = 1_795_262_400; // 2026-11-21T12:00:00Z

fn plan() -> Plan {
    OpenLdap::translate(federation("openldap", "ou=people,dc=example,dc=test")).expect("a plan")
}

fn sample(uid: &str) -> Entry {
    let entries = ldif(include_str!("../samples/directory.ldif")).expect("the sample");
    let start = format!("uid={uid},");
    entries
        .into_iter()
        .find(|entry| entry.dn.starts_with(&start))
        .expect(uid)
}

fn entry(text: &str) -> Entry {
    ldif(&format!("dn: uid=x\nuid: x\n{text}"))
        .expect("LDIF")
        .pop()
        .expect("an entry")
}

/// A reply with the password policy control.
fn with_control(result_code: u32, value: &[u8]) -> Reply {
    let control = Control {
        oid: password_policy::REQUEST.to_owned(),
        critical: false,
        value: Some(value.to_vec()),
    };
    Reply {
        controls: vec![control],
        ..reply(result_code, "")
    }
}

fn identified(entry: Entry, reply: Option<Reply>) -> Identity {
    testing::identified::<OpenLdap>(&plan(), entry, reply, NOW).expect("an identity")
}

fn bars(entry: Entry, reply: Option<Reply>) -> Vec<(Refusal, Option<u64>, Option<u64>)> {
    testing::bars(identified(entry, reply))
}

fn rejected(entry: Entry, reply: Reply) -> Rejection {
    testing::rejected::<OpenLdap>(&plan(), entry, reply, NOW).expect("a rejection")
}

const LOCKED_CONTROL: &[u8] = &[0x30, 3, 0x81, 1, 1];
const EXPIRED_CONTROL: &[u8] = &[0x30, 3, 0x81, 1, 0];
const RESET_CONTROL: &[u8] = &[0x30, 3, 0x81, 1, 2];

#[test]
fn asks_for_what_the_overlay_keeps() {
    let plan = plan();
    assert_eq!(plan.stable_id.attribute, "entryUUID");
    assert_eq!(plan.stable_id.form, IdForm::Uuid);
    assert_eq!(plan.bind_controls.len(), 1);
    assert_eq!(plan.bind_controls[0].oid, "1.3.6.1.4.1.42.2.27.8.5.1");
    for attribute in ["memberOf", LOCKED, RESET] {
        assert!(
            plan.attributes.iter().any(|name| name == attribute),
            "{attribute}"
        );
    }
    assert!(
        !plan
            .attributes
            .iter()
            .any(|name| name.eq_ignore_ascii_case("pwdHistory"))
    );
}

#[test]
fn ada_of_the_sample_is_in_three_groups() {
    let identity = identified(sample("ada"), Some(reply(0, "")));
    assert_eq!(identity.username, "ada");
    let groups: Vec<_> = identity
        .groups
        .iter()
        .map(|group| group.name.as_str())
        .collect();
    assert_eq!(groups, ["Staff", "Engineering", "Administrators"]);
    let names: Vec<_> = identity
        .claims
        .iter()
        .map(|claim| claim.name.as_str())
        .collect();
    assert_eq!(names, ["given_name", "family_name", "name", "email"]);
    assert_eq!(identity.bars, vec![]);
}

#[test]
fn the_entry_says_what_a_plain_49_hides() {
    for (entry, reason, until) in [
        (sample("ada"), Refusal::BadCredentials, None),
        (sample("grace"), Refusal::Disabled, None),
        (sample("alan"), Refusal::Locked, None),
        (
            entry("pwdEndTime: 20261121115959Z\n"),
            Refusal::AccountExpired,
            None,
        ),
        (
            entry("pwdStartTime: 20261121120010Z\n"),
            Refusal::Disabled,
            Some(NOW + 10),
        ),
        (
            entry(
                "pwdAccountLockedTime: 20261121110000Z\npwdAccountTmpLockoutEnd: 20261121120010Z\n",
            ),
            Refusal::Locked,
            Some(NOW + 10),
        ),
        (
            entry(
                "pwdAccountLockedTime: 20261121110000Z\npwdAccountTmpLockoutEnd: 20261121115959Z\n",
            ),
            Refusal::BadCredentials,
            None,
        ),
        (
            entry("pwdAccountLockedTime: soon\n"),
            Refusal::BadCredentials,
            None,
        ),
    ] {
        let dn = entry.dn.clone();
        let rejection = rejected(entry, reply(49, ""));
        assert_eq!((rejection.reason, rejection.until), (reason, until), "{dn}");
        assert!(!rejection.password_was_right);
    }
}

#[test]
fn the_control_says_what_a_49_means() {
    for (value, reason, password_was_right) in [
        (LOCKED_CONTROL, Refusal::Locked, false),
        (EXPIRED_CONTROL, Refusal::PasswordExpired, true),
        (&[0x30, 0], Refusal::BadCredentials, false),
        (
            &[0x30, 0x84, 0xff, 0xff, 0xff, 0xff],
            Refusal::BadCredentials,
            false,
        ),
    ] {
        let rejection = rejected(sample("ada"), with_control(49, value));
        assert_eq!(rejection.reason, reason, "{value:?}");
        assert_eq!(
            rejection.password_was_right, password_was_right,
            "{value:?}"
        );
    }
}

#[test]
fn an_outage_is_nobodys_lock() {
    let rejection = rejected(sample("alan"), with_control(52, LOCKED_CONTROL));
    assert_eq!(rejection.reason, Refusal::DirectoryUnavailable);
}

#[test]
fn a_lock_bars_until_the_directory_lets_the_person_in() {
    let locked = || entry("pwdAccountLockedTime: 20261121110000Z\n");
    assert_eq!(bars(locked(), None), [(Refusal::Locked, None, None)]);
    assert_eq!(bars(locked(), Some(reply(0, ""))), []);
    for signs_in in [None, Some(reply(0, ""))] {
        assert_eq!(
            bars(sample("grace"), signs_in),
            [(Refusal::Disabled, None, None)]
        );
    }
    let ending =
        entry("pwdAccountLockedTime: 20261121110000Z\npwdAccountTmpLockoutEnd: 20261121120010Z\n");
    assert_eq!(
        bars(ending, None),
        [(Refusal::Locked, None, Some(NOW + 10))]
    );
}

#[test]
fn a_password_that_was_reset_has_to_be_changed() {
    let expected = [(Refusal::MustChangePassword, None, None)];
    assert_eq!(bars(entry("pwdReset: TRUE\n"), None), expected);
    assert_eq!(
        bars(sample("margaret"), Some(with_control(0, RESET_CONTROL))),
        expected
    );
    assert_eq!(
        bars(sample("ada"), Some(with_control(0, RESET_CONTROL))),
        expected
    );
    assert_eq!(bars(entry("pwdReset: false\n"), None), []);
}

#[test]
fn warnings_become_bars_to_come_and_notices() {
    let in_a_minute = with_control(0, &[0x30, 5, 0xa0, 3, 0x80, 1, 60]);
    assert_eq!(
        bars(sample("ada"), Some(in_a_minute)),
        [(Refusal::PasswordExpired, Some(NOW + 60), None)]
    );
    let grace = identified(
        sample("edsger"),
        Some(with_control(0, &[0x30, 5, 0xa0, 3, 0x81, 1, 2])),
    );
    assert_eq!(
        (grace.bars, grace.notices),
        (vec![], vec![Notice::GraceSignIns(2)])
    );
}

#[test]
fn an_account_has_a_beginning_and_an_end() {
    assert_eq!(
        bars(
            entry("pwdStartTime: 20261121120010Z\npwdEndTime: 20261121120020Z\n"),
            None
        ),
        [
            (Refusal::Disabled, None, Some(NOW + 10)),
            (Refusal::AccountExpired, Some(NOW + 20), None),
        ]
    );
}

#[test]
fn what_cannot_be_judged_serves_nobody() {
    for (text, field) in [
        ("pwdAccountLockedTime: soon\n", LOCKED),
        ("pwdAccountLockedTime:: /w==\n", LOCKED),
        ("pwdReset: maybe\n", RESET),
        ("pwdReset: TRUE\npwdReset: FALSE\n", RESET),
        ("pwdEndTime: 20261321000000Z\n", END),
        ("memberOf: staff\n", "memberOf"),
    ] {
        match decide::<OpenLdap>(&plan(), entry(text), None, NOW) {
            Ok(Step::Failed(problem)) => assert_eq!(problem.field, field, "{text}"),
            other => unreachable!("{text}: {other:?}"),
        }
    }
}

const RECORDED: &str = include_str!("../recorded/slapd-2.5.ldif");

#[test]
fn recognises_its_root_dse() {
    let found = format!("{RECORDED}\n{}", include_str!("../samples/directory.ldif"));
    let proposal = recognise::<OpenLdap>(&found)
        .expect("LDIF")
        .expect("a proposal");
    assert_eq!(proposal.certainty, 95);
    assert_eq!(
        proposal.federation.users[0].base,
        "ou=people,dc=example,dc=test"
    );
    assert_eq!(
        proposal.federation.readable[0].base,
        "ou=groups,dc=example,dc=test"
    );
    assert_eq!(
        proposal.federation.uuid_attribute.as_deref(),
        Some("entryUUID")
    );
    let alone = recognise::<OpenLdap>(RECORDED)
        .expect("LDIF")
        .expect("a proposal");
    assert_eq!(alone.federation.users[0].base, "dc=example,dc=test");
}

#[test]
fn recognises_less_surely_what_hides_its_classes_and_not_what_is_another() {
    let certainty = |text: &str| {
        let proposal = recognise::<OpenLdap>(text).expect("LDIF");
        proposal.map(|proposal| proposal.certainty)
    };
    let hidden = RECORDED.replace("OpenLDAProotDSE", "top");
    assert_eq!(certainty(&hidden), Some(60));
    assert_eq!(
        certainty(&hidden.replace("configContext: ", "vendorName: ")),
        None
    );
    assert_eq!(
        certainty("dn:\nobjectClass: top\nnamingContexts: dc=x\n"),
        None
    );
    assert_eq!(
        certainty("dn:\nobjectClass: OpenLDAProotDSE\n"),
        None,
        "nowhere to look"
    );
}
