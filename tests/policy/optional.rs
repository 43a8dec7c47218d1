//! Optional interfaces: found by name, and nothing is called that is not there.

use crate::stage::{self, expect_good_call, renamed};
use bridge_components::components;
use bridge_model::{
    changes::Turn,
    decision::{Claim, ClaimValue},
    entry::{Attribute, Entry},
    federation::{EditMode, Federation},
    plan::{PasswordWrite, Plan},
    ports::{PolicyError, PolicyFault, VendorPolicy},
    search::{Page, Reply},
    write::{Complaint, ProfileChange},
};
use bridge_policy::Limits;
use std::sync::Arc;
use suites::policy::{context, federation, guest, in_force, take};

/// What becomes of a call of each optional function, by the name of its interface.
fn calls(policy: &dyn VendorPolicy) -> [(&'static str, Result<(), PolicyError>); 6] {
    let (context, reply) = (context(b""), Reply::default());
    let entry = Entry {
        dn: "uid=ada,o=x".into(),
        attributes: Vec::new(),
    };
    let profile = [Claim {
        name: "email".into(),
        value: ClaimValue::Text("ada@x".into()),
    }];
    [
        (
            "passwords",
            policy.explain_password(&context, &entry, &reply).map(drop),
        ),
        ("writing", policy.modify(&context, &entry, &[]).map(drop)),
        ("writing", policy.register(&context, &profile).map(drop)),
        ("writing", policy.explain_write(&context, &reply).map(drop)),
        ("changes", policy.start_changes(&context, None).map(drop)),
        (
            "changes",
            policy
                .follow_changes(&context, Some(b"before"), "x", &Page::default())
                .map(drop),
        ),
    ]
}

#[test]
fn a_policy_without_an_interface_stays_a_policy_and_says_so() {
    let _turn = stage::turn();
    for (missing, other) in [
        ("passwords", "passphras"),
        ("writing", "wraiths"),
        ("changes", "chances"),
    ] {
        let host = stage::host(stage::limits());
        let (name, other) = (format!("policy/{missing}"), format!("policy/{other}"));
        let without = renamed(guest("false-writes"), &name, &other);
        take(&host, &without).expect("it is admitted");
        let policy = in_force(&host, "false-writes").expect("it is loaded");
        let offers = policy.offers();
        assert_eq!(offers.passwords, missing != "passwords");
        assert_eq!(offers.writing, missing != "writing");
        assert_eq!(offers.changes.is_some(), missing != "changes");
        for (interface, outcome) in calls(&*policy) {
            match outcome {
                Err(error) if interface == missing => {
                    assert_eq!(error.fault, PolicyFault::NotOffered, "{error}");
                    assert!(error.detail.contains(&format!("`{missing}`")), "{error}");
                    assert_eq!(error.policy, "false-writes");
                }
                outcome => assert!(outcome.is_ok() && interface != missing, "{outcome:?}"),
            }
        }
        expect_good_call(&*policy);
    }
}

#[test]
fn an_interface_without_its_function_is_not_admitted() {
    let _turn = stage::turn();
    for (interface, function, other) in [
        ("writing", "register", "registre"),
        ("changes", "follow", "fallow"),
    ] {
        let host = stage::host(stage::limits());
        let without = renamed(guest("false-writes"), function, other);
        let error = take(&host, &without).expect_err("it lacks a function");
        assert_eq!(error.fault, PolicyFault::NotAdmitted, "{error}");
        let part = format!("policy/{interface}@0.1.0` lacks the function `{function}`");
        assert!(error.detail.contains(&part), "{error}");
    }
}

fn shipped(check: impl Fn(&str, &Arc<dyn VendorPolicy>, &Plan)) {
    let _turn = stage::turn();
    let host = stage::host(Limits::default());
    for component in components() {
        take(&host, component.bytes).expect("it is admitted");
        let policy = in_force(&host, component.name).expect("it is loaded");
        let plan = policy.translate(&writable(component.name));
        let plan = plan.expect("an answer").expect("a plan");
        check(component.name, &policy, &plan);
    }
}

fn writable(vendor: &str) -> Federation {
    Federation {
        edit_mode: EditMode::Writable,
        sync_registration: true,
        ..federation(vendor)
    }
}

#[test]
fn the_shipped_policies_offer_everything() {
    shipped(|id, policy, plan| {
        let offers = policy.offers();
        assert!(offers.passwords && offers.writing, "{id}");
        let controls = offers.changes.expect("changes");
        assert_eq!(controls.len(), usize::from(id == "openldap"), "{id}");
        assert_ne!(plan.password_write, PasswordWrite::Refused, "{id}");
        let read_only = policy
            .translate(&federation(id))
            .expect("an answer")
            .expect("a plan");
        assert!(read_only.writes.is_empty(), "{id}");
        assert_eq!(read_only.password_write, plan.password_write, "{id}");
    });
}

#[test]
fn a_new_user_is_made_of_what_the_plan_says_may_be_written() {
    shipped(|id, policy, plan| {
        let claim = |name: &str, value: &str| Claim {
            name: name.into(),
            value: ClaimValue::Text(value.into()),
        };
        let profile = [
            claim("preferred_username", "alan"),
            claim("name", "Alan Turing"),
            claim("company_department", "Computing"),
        ];
        let entry = policy
            .register(&context(&plan.memo), &profile)
            .expect("an answer");
        let entry = entry.unwrap_or_else(|problems| panic!("{id}: {problems:?}"));
        let federation = writable(id);
        assert!(entry.parent.is_within(&federation.users[0].base), "{id}");
        assert_eq!(entry.name[0].value, b"alan", "{id}");
        for attribute in &entry.attributes {
            assert!(plan.writes.contains(&attribute.name), "{id}: {attribute:?}");
        }
        // And what stands in it is read back as it was given.
        let names: Vec<_> = entry.attributes.iter().map(|it| it.name.as_str()).collect();
        for name in ["objectClass", "displayName", "department"] {
            assert!(names.contains(&name), "{id}: {name} in {names:?}");
        }
    });
}

#[test]
fn a_profile_change_writes_the_attribute_that_the_claim_is_read_from() {
    shipped(|id, policy, plan| {
        let attribute = |name: &str, value: &str| Attribute {
            name: name.into(),
            values: vec![value.as_bytes().to_vec()],
        };
        let user = Entry {
            dn: "cn=ada,ou=people,o=x".into(),
            attributes: vec![
                attribute("mail", "ada@old.example"),
                attribute(&plan.username_attribute, "ada"),
            ],
        };
        let change = ProfileChange {
            name: "email".into(),
            value: Some(ClaimValue::Text("ada@new.example".into())),
        };
        let written = policy.modify(&context(&plan.memo), &user, &[change]);
        let written = written.expect("an answer").expect("a change");
        assert_eq!(written.rename, None, "{id}");
        assert_eq!(written.modifications.len(), 1, "{id}");
        let modified = &written.modifications[0].attribute;
        assert_eq!(*modified, attribute("mail", "ada@new.example"), "{id}");
        assert!(plan.writes.contains(&modified.name), "{id}");
    });
}

#[test]
fn a_refused_password_and_a_refused_write_are_explained() {
    shipped(|id, policy, plan| {
        let context = context(&plan.memo);
        let reply = |result_code| Reply {
            result_code,
            ..Reply::default()
        };
        let complaints = policy.explain_password(&context, &Entry::default(), &reply(19));
        assert_eq!(complaints.expect("an answer"), [Complaint::TooWeak], "{id}");
        let problems = policy
            .explain_write(&context, &reply(68))
            .expect("an answer");
        assert_eq!(problems[0].field, "username", "{id}");
    });
}

#[test]
fn a_run_for_changes_begins_with_a_mark_and_not_with_users() {
    shipped(|id, policy, plan| {
        let turn = policy
            .start_changes(&context(&plan.memo), None)
            .expect("an answer");
        let Turn::Advance(advance) = turn else {
            panic!("{id}: {turn:?}");
        };
        let has_next = advance.next.as_ref().map(|next| next.of_users);
        assert!(has_next == Some(false) || advance.cursor.is_some(), "{id}");
        let nonsense = policy.start_changes(&context(&plan.memo), Some(b"nonsense"));
        assert_eq!(nonsense.expect("an answer"), Turn::StartOver, "{id}");
    });
}
