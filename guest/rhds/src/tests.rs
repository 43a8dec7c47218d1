use super::*;
use policy_sdk::{
    VendorPolicy,
    testing::{self, decide, federation, ldif, recognise, reply},
    types::{Control, Entry, IdForm, Identity, Notice, Plan, Refusal, Step},
};

const NOW: u64 = 1_795_262_400; // 2026-11-21T12:00:00Z

const INACTIVATED: &str = "Account inactivated. Contact system administrator.";

fn plan() -> Plan {
    Rhds::translate(federation("389ds", "ou=people,dc=example,dc=test")).expect("a plan")
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

fn with_controls(result_code: u32, controls: &[(&str, &[u8])]) -> Reply {
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

fn identified(entry: Entry, reply: Option<Reply>) -> Identity {
    testing::identified::<Rhds>(&plan(), entry, reply, NOW).expect("an identity")
}

fn bars(entry: Entry, reply: Option<Reply>) -> Vec<(Refusal, Option<u64>, Option<u64>)> {
    testing::bars(identified(entry, reply))
}

fn rejected(entry: Entry, reply: Reply) -> Rejection {
    testing::rejected::<Rhds>(&plan(), entry, reply, NOW).expect("a rejection")
}

const EXPIRED: (&str, &[u8]) = (password_policy::EXPIRED, b"0");
const POLICY: &str = password_policy::REQUEST;

#[test]
fn identifies_people_by_what_every_entry_has() {
    let plan = plan();
    assert_eq!(plan.stable_id.attribute, "nsUniqueId");
    assert_eq!(plan.stable_id.form, IdForm::Text);
    assert_eq!(
        plan.login_filter,
        "(&(uid={username})(!(nsds5ReplConflict=*)))"
    );
    assert_eq!(plan.users_filter, "(&(uid=*)(!(nsds5ReplConflict=*)))");
    assert_eq!(plan.bind_controls.len(), 1);
    for attribute in [LOCK, UNLOCK_TIME, EXPIRATION_TIME, "nsUniqueId"] {
        assert!(
            plan.attributes.iter().any(|name| name == attribute),
            "{attribute}"
        );
    }
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
    // Her password lasts until the largest time the server can write.
    let bars: Vec<_> = identity
        .bars
        .iter()
        .map(|bar| (&bar.reason, bar.since))
        .collect();
    assert_eq!(bars, [(&Refusal::PasswordExpired, Some(2_147_483_647))]);
}

#[test]
fn the_reply_says_why_a_bind_failed() {
    for (entry, reply, expected) in [
        (sample("grace"), reply(53, INACTIVATED), Refusal::Disabled),
        (sample("grace"), reply(53, ""), Refusal::Disabled),
        (sample("ada"), reply(53, INACTIVATED), Refusal::Disabled),
        (
            sample("ada"),
            reply(19, "Account inactivity limit exceeded."),
            Refusal::Disabled,
        ),
        (sample("ada"), reply(49, ""), Refusal::BadCredentials),
        (
            sample("ada"),
            with_controls(49, &[EXPIRED]),
            Refusal::PasswordExpired,
        ),
        (
            sample("ada"),
            with_controls(49, &[(POLICY, &[0x30, 3, 0x81, 1, 0])]),
            Refusal::PasswordExpired,
        ),
        (
            sample("ada"),
            with_controls(49, &[(POLICY, &[0x30, 3, 0x81, 1, 1])]),
            Refusal::Locked,
        ),
        (
            sample("grace"),
            reply(52, ""),
            Refusal::DirectoryUnavailable,
        ),
    ] {
        let dn = entry.dn.clone();
        assert_eq!(
            rejected(entry, reply.clone()).reason,
            expected,
            "{dn} {reply:?}"
        );
    }
    // The server refuses so for other reasons too, such as a connection without TLS.
    let reason = rejected(sample("ada"), reply(53, "Minimum SSF not met.")).reason;
    assert!(matches!(reason, Refusal::Other(_)), "{reason:?}");
}

#[test]
fn a_lock_ends_when_the_entry_says() {
    let retry = || reply(19, "Exceed password retry limit. Please try later.");
    for (text, until) in [
        ("", None),
        ("accountUnlockTime: 20261121120010Z\n", Some(NOW + 10)),
        ("accountUnlockTime: 20261121110000Z\n", None),
        ("accountUnlockTime: 19700101000000Z\n", None),
        ("accountUnlockTime: soon\n", None),
    ] {
        let rejection = rejected(entry(text), retry());
        assert_eq!(
            (rejection.reason, rejection.until),
            (Refusal::Locked, until),
            "{text}"
        );
        assert!(!rejection.password_was_right);
    }
    let bar = |text| bars(entry(text), None);
    assert_eq!(
        bar("accountUnlockTime: 20261121120010Z\n"),
        [(Refusal::Locked, None, Some(NOW + 10))]
    );
    assert_eq!(
        bar("accountUnlockTime: 19700101000000Z\n"),
        [(Refusal::Locked, None, None)]
    );
    assert_eq!(
        bars(
            entry("accountUnlockTime: 20261121120010Z\n"),
            Some(reply(0, ""))
        ),
        []
    );
}

#[test]
fn an_account_that_is_switched_off_is_barred() {
    for signs_in in [None, Some(reply(0, ""))] {
        let bars = bars(sample("grace"), signs_in);
        assert!(bars.contains(&(Refusal::Disabled, None, None)), "{bars:?}");
    }
    assert_eq!(
        bars(entry("NSACCOUNTLOCK: True\n"), None),
        [(Refusal::Disabled, None, None)]
    );
    assert_eq!(bars(entry("nsAccountLock: false\n"), None), []);
}

#[test]
fn passwords_run_out() {
    let must_change = [(Refusal::MustChangePassword, None, None)];
    let at = |time: &str| entry(&format!("passwordExpirationTime: {time}\n"));
    assert_eq!(bars(at("19700101000000Z"), None), must_change);
    assert_eq!(
        bars(entry(""), Some(with_controls(0, &[EXPIRED]))),
        must_change
    );
    assert_eq!(
        bars(
            entry(""),
            Some(with_controls(0, &[(POLICY, &[0x30, 3, 0x81, 1, 2])]))
        ),
        must_change
    );
    let both = with_controls(0, &[EXPIRED, (POLICY, &[0x30, 3, 0x81, 1, 2])]);
    assert_eq!(bars(sample("margaret"), Some(both)), must_change);
    assert_eq!(
        bars(at("20261121120010Z"), None),
        [(Refusal::PasswordExpired, Some(NOW + 10), None)]
    );
    assert_eq!(
        bars(at("20261121110000Z"), None),
        [(Refusal::PasswordExpired, Some(NOW - 3600), None)]
    );
}

#[test]
fn a_grace_sign_in_is_let_in_and_told() {
    let grace = with_controls(0, &[EXPIRED, (POLICY, &[0x30, 5, 0xa0, 3, 0x81, 1, 1])]);
    let identity = identified(
        entry("passwordExpirationTime: 20261121110000Z\n"),
        Some(grace),
    );
    assert_eq!(
        (identity.bars, identity.notices),
        (vec![], vec![Notice::GraceSignIns(1)])
    );
}

#[test]
fn what_cannot_be_judged_serves_nobody() {
    for (text, field) in [
        ("nsAccountLock: yes\n", LOCK),
        ("nsAccountLock: true\nnsAccountLock: false\n", LOCK),
        ("accountUnlockTime:: /w==\n", UNLOCK_TIME),
        ("passwordExpirationTime: never\n", EXPIRATION_TIME),
        ("memberOf:\n", "memberOf"),
    ] {
        match decide::<Rhds>(&plan(), entry(text), None, NOW) {
            Ok(Step::Failed(problem)) => assert_eq!(problem.field, field, "{text}"),
            other => unreachable!("{text}: {other:?}"),
        }
    }
}

const RECORDED: &str = include_str!("../recorded/389-ds-2.3.ldif");

#[test]
fn recognises_its_root_dse() {
    let found = format!("{RECORDED}\n{}", include_str!("../samples/directory.ldif"));
    let proposal = recognise::<Rhds>(&found)
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
        Some("nsUniqueId")
    );
    // The log of changes is a naming context too, and the first.
    let without_default = RECORDED.replace("defaultnamingcontext", "x-other");
    let proposal = recognise::<Rhds>(&without_default)
        .expect("LDIF")
        .expect("a proposal");
    assert_eq!(proposal.federation.users[0].base, "dc=example,dc=test");
}

#[test]
fn recognises_less_surely_what_names_no_product_and_not_what_is_another() {
    let certainty = |text: &str| {
        let proposal = recognise::<Rhds>(text).expect("LDIF");
        proposal.map(|proposal| proposal.certainty)
    };
    let root = "dn:\nnamingContexts: dc=x\n";
    let person = "\ndn: uid=a,dc=x\nobjectClass: inetOrgPerson\nuid: a\nnsUniqueId: 1\n";
    assert_eq!(certainty(&format!("{root}{person}")), Some(60));
    assert_eq!(
        certainty(&format!("{root}netscapemdsuffix: cn=x\n")),
        Some(60)
    );
    assert_eq!(
        certainty(&format!("{root}vendorVersion: Red Hat-Directory/11.5\n")),
        Some(95)
    );
    assert_eq!(
        certainty(&format!("{root}vendorName: Another\n{person}")),
        None
    );
    assert_eq!(certainty(root), None);
}
