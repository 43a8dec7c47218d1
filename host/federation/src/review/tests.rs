use super::*;
use crate::testing::{FakePolicies, FakePolicy, connection, federation, mapper};
use bridge_model::federation::BindName;
use std::{
    sync::{Condvar, Mutex},
    time::Duration,
};

fn problem(field: &str, message: &str) -> Problem {
    Problem {
        field: field.to_owned(),
        message: message.to_owned(),
    }
}

fn fields(problems: &[Problem]) -> Vec<&str> {
    problems.iter().map(|it| it.field.as_str()).collect()
}

fn warnings_of(federation: &Federation) -> Vec<Problem> {
    let reviewed = review(&FakePolicies::default(), federation, None).expect("a plan");
    reviewed.warnings
}

fn bound_as(name: &str) -> Federation {
    let mut it = federation("a", "staff");
    it.connection.bind = ServiceBind::Simple(BindName::new(name).expect("a name"));
    it
}

#[test]
fn a_bind_name_that_lost_its_end_is_told() {
    for (name, is_told) in [
        ("ou=users", true),
        ("cn=svc,dc=elsewhere,dc=test", true),
        ("cn=svc,dc=test", true),
        ("cn=svc,dc=Example,dc=test", false),
        ("svc@example.test", false),
        ("EXAMPLE\\svc", false),
        ("svc", false),
    ] {
        let warnings = warnings_of(&bound_as(name));
        assert_eq!(fields(&warnings).contains(&"bind_dn"), is_told, "{name}");
    }
}

#[test]
fn passwords_in_clear_are_told_and_so_is_that_none_are_sent() {
    for (url, start_tls, allow_plaintext, told) in [
        ("ldaps://d.example", false, false, None),
        ("ldap://d.example", true, false, None),
        ("ldap://d.example", false, false, Some("connection_url")),
        (
            "ldap://d.example",
            false,
            true,
            Some("advanced.allow_plaintext"),
        ),
    ] {
        let mut it = federation("a", "staff");
        it.connection = connection(url);
        it.connection.start_tls = start_tls;
        it.connection.allow_plaintext = allow_plaintext;
        assert_eq!(fields(&warnings_of(&it)).first().copied(), told, "{url}");
    }
}

#[test]
fn what_comes_to_nothing_is_told() {
    let mut it = federation("a", "staff");
    it.sync_registration = true;
    it.synchronisation.full_period = Some(Duration::from_hours(1));
    it.synchronisation.changed_period = Some(Duration::from_mins(1));
    assert_eq!(
        fields(&warnings_of(&it)),
        [
            "sync_registration",
            "advanced.full_sync_period",
            "advanced.changed_sync_period"
        ]
    );
    it.import_enabled = true;
    it.edit_mode = EditMode::Writable;
    assert_eq!(fields(&warnings_of(&it)), [] as [&str; 0]);
}

#[test]
fn notes_of_the_plan_are_warnings_and_mappers_have_a_place() {
    let policies = FakePolicies::default();
    policies.all()[0].notes = vec![
        problem("uuid_ldap_attribute", "can be reused; name another"),
        problem("mapper.a.b", "x; y"),
        problem("mapper.a.claim", "x; y"),
        problem("mapper.groups", "x; y"),
    ];
    let mut it = federation("a", "staff");
    it.mappers = vec![mapper("a", "cn"), mapper("a.b", "sn")];
    let reviewed = review(&policies, &it, Some("file".to_owned())).expect("a plan");
    assert_eq!(
        fields(&reviewed.warnings),
        [
            "uuid_ldap_attribute",
            "mapper[1]",
            "mapper[0].claim",
            "mapper.groups"
        ]
    );
    assert_eq!(reviewed.planned.managed_by.as_deref(), Some("file"));
}

#[test]
fn what_is_refused_still_shows_its_warnings() {
    let policies = FakePolicies::default();
    policies.all()[0].notes = vec![problem(
        "uuid_ldap_attribute",
        "can be reused; name another",
    )];
    let mut it = bound_as("ou=users");
    it.custom_filter = Some("(uid=".to_owned());
    it.mappers = vec![mapper("key", "userPassword")];
    let Err(TranslateError::Problems(problems)) = review(&policies, &it, None) else {
        panic!("it was taken");
    };
    assert_eq!(
        fields(&problems.errors),
        ["advanced.custom_user_search_filter", "mapper[0]"]
    );
    assert_eq!(
        fields(&problems.warnings),
        ["uuid_ldap_attribute", "bind_dn"]
    );
    for problem in problems.errors.iter().chain(&problems.warnings) {
        assert!(problem.message.contains("; "), "{problem:?}");
    }
}

#[test]
fn problems_of_the_policy_and_of_the_host_are_told_at_once() {
    let policies = FakePolicies::default();
    let mut broken = FakePolicy::new("strict");
    broken.problems = vec![problem("users_dn", "not for this vendor; name another")];
    policies.all().push(broken);
    let mut it = federation("a", "staff");
    it.vendor = "strict".to_owned();
    it.users = Vec::new();
    let Err(TranslateError::Problems(problems)) = review(&policies, &it, None) else {
        panic!("it was taken");
    };
    assert_eq!(fields(&problems.errors), ["users_dn", "users_dn"]);

    it.vendor = "nobody".to_owned();
    let Err(TranslateError::Problems(problems)) = review(&policies, &it, None) else {
        panic!("it was taken");
    };
    let message = &problems.errors.last().expect("a problem").message;
    assert!(message.contains("sample, strict"), "{message}");
}

#[test]
fn a_policy_is_told_that_groups_may_be_read() {
    let policies = FakePolicies::default();
    let mut it = federation("a", "staff");
    let groups = Dn::parse("ou=groups,dc=example,dc=test").expect("a DN");
    it.groups_base = Some(groups.clone());
    let readable = it.readable();
    assert!(readable.iter().any(|place| place.base == groups));
    let planned = review(&policies, &it, None).expect("a plan").planned;
    assert_eq!(planned.federation, it, "what was written is what is kept");
}

/// Whether a translation has begun, and whether it may end.
static TRANSLATION: (Mutex<(bool, bool)>, Condvar) = (Mutex::new((false, false)), Condvar::new());

/// Waits until one of the two is so; false: not in time.
fn wait_until(is_so: fn(&(bool, bool)) -> bool) -> bool {
    let (state, changed) = &TRANSLATION;
    let state = state.lock().expect("no panic");
    let waited = changed.wait_timeout_while(state, Duration::from_secs(20), |it| !is_so(it));
    !waited.expect("no panic").1.timed_out()
}

fn change(change: fn(&mut (bool, bool))) {
    let (state, changed) = &TRANSLATION;
    change(&mut state.lock().expect("no panic"));
    changed.notify_all();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_slow_translation_keeps_nobody_else_from_their_turn() {
    let slow = tokio::spawn(async {
        let policies = FakePolicies::default();
        policies.all()[0].is_slow = true;
        policies.all()[0].plans = |_| {
            change(|it| it.0 = true);
            assert!(wait_until(|it| it.1), "nobody else had their turn");
        };
        review(&policies, &federation("a", "staff"), None).is_ok()
    });
    assert!(wait_until(|it| it.0), "it begins");
    // There is one thread for both.
    let other = tokio::spawn(async { change(|it| it.1 = true) });
    assert!(slow.await.expect("no panic"));
    other.await.expect("no panic");
}
