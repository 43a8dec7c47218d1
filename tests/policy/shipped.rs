//! The policies that come with the bridge.

use crate::stage::{self, singly};
use bridge_components::components;
use bridge_model::{
    decision::{Person, Step},
    plan::Plan,
    ports::{Policies, VendorPolicy},
    search::Reply,
};
use bridge_policy::{Limits, PolicyHost};
use std::sync::Arc;
use suites::policy::{context, employee, federation, in_force, take};
use wasmparser::{Parser, Payload};

/// A host with all of them, under the limits that a bridge has.
fn shipped() -> PolicyHost {
    let host = stage::host(Limits::default());
    for component in components() {
        let reference = take(&host, component.bytes).expect("it is admitted");
        assert_eq!(reference.id, component.name);
    }
    host
}

fn each(check: impl Fn(&str, &Arc<dyn VendorPolicy>)) {
    let _turn = stage::turn();
    let host = shipped();
    for (reference, _) in host.vendors() {
        check(
            &reference.id,
            &in_force(&host, &reference.id).expect("it is loaded"),
        );
    }
}

fn plan(id: &str, policy: &Arc<dyn VendorPolicy>) -> Plan {
    let outcome = policy.translate(&federation(id)).expect("an answer");
    outcome.unwrap_or_else(|problems| panic!("{id}: {problems:?}"))
}

/// Persons who differ in what the directory says of them.
fn persons() -> Vec<Person> {
    let mut persons: Vec<Person> = (0..12).map(employee).collect();
    persons[1].reply = None;
    persons[2].reply = Some(Reply {
        result_code: 49,
        diagnostic: "80090308: LdapErr: DSID-0C090439, comment: AcceptSecurityContext error, data 775, v4563".into(),
        controls: Vec::new(),
    });
    persons[3].entry.attributes.truncate(5);
    persons[4].entry.attributes.clear();
    persons[5]
        .entry
        .attributes
        .retain(|attribute| attribute.name != "memberOf");
    persons
}

#[test]
fn there_are_four() {
    let names: Vec<&str> = components()
        .iter()
        .map(|component| component.name)
        .collect();
    assert_eq!(names, ["active-directory", "generic", "openldap", "rhds"]);
}

#[test]
fn they_import_nothing_but_the_log() {
    for component in components() {
        let mut depth = 0;
        for payload in Parser::new(0).parse_all(component.bytes) {
            match payload.expect("a component") {
                Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
                Payload::End(_) => depth -= 1,
                Payload::ComponentImportSection(section) if depth == 0 => {
                    for import in section {
                        let name = import.expect("an import").name.name;
                        let granted =
                            ["ldap-oidc:policy/log@0.1.0", "ldap-oidc:policy/types@0.1.0"];
                        assert!(granted.contains(&name), "{} imports {name}", component.name);
                    }
                }
                _ => {}
            }
        }
    }
}

#[test]
fn they_describe_themselves() {
    let _turn = stage::turn();
    for (reference, description) in shipped().vendors() {
        assert_eq!(reference.id, description.id);
        assert_eq!(reference.version, description.version);
        assert!(reference.digest.starts_with("sha256:"));
        assert!(!description.title.is_empty(), "{description:?}");
    }
}

#[test]
fn they_answer_to_their_aliases() {
    let _turn = stage::turn();
    let host = shipped();
    for (reference, description) in host.vendors() {
        for alias in &description.aliases {
            for name in [alias.clone(), alias.to_uppercase(), alias.to_lowercase()] {
                let policy = in_force(&host, &name).expect("it is an alias");
                assert_eq!(policy.reference(), &reference, "{name}");
            }
        }
    }
}

#[test]
fn the_same_input_gives_the_same_output() {
    each(|id, policy| {
        let plan = plan(id, policy);
        assert_eq!(plan, self::plan(id, policy), "{id}");
        let context = context(&plan.memo);
        let persons = persons();
        let steps = policy.decide(&context, &persons).expect("an answer");
        assert_eq!(
            steps,
            policy.decide(&context, &persons).expect("an answer"),
            "{id}"
        );
        // Another engine, another compilation.
        let other = in_force(&shipped(), id).expect("it is loaded");
        assert_eq!(plan, self::plan(id, &other), "{id}");
        assert_eq!(
            steps,
            other.decide(&context, &persons).expect("an answer"),
            "{id}"
        );
    });
}

#[test]
fn a_batch_is_the_same_as_single_calls() {
    each(|id, policy| {
        let context = context(&plan(id, policy).memo);
        let persons = persons();
        let together = policy.decide(&context, &persons).expect("an answer");
        let apart = singly(&**policy, &context, &persons).expect("an answer");
        assert_eq!(together, apart, "{id}");
        let mut reversed = persons.clone();
        reversed.reverse();
        let mut backwards = policy.decide(&context, &reversed).expect("an answer");
        backwards.reverse();
        assert_eq!(together, backwards, "{id}");
    });
}

#[test]
fn an_employee_is_identified_with_all_groups() {
    let _turn = stage::turn();
    let host = shipped();
    let policy = in_force(&host, "active-directory").expect("it is loaded");
    let context = context(&plan("active-directory", &policy).memo);
    let steps = policy.decide(&context, &[employee(7)]).expect("an answer");
    let [Step::Identified(identity)] = steps.as_slice() else {
        panic!("{steps:?}");
    };
    assert_eq!(identity.username, "employee7");
    assert_eq!(identity.groups.len(), 23);
    assert!(identity.bars.is_empty(), "{identity:?}");
    let claim = |name: &str| identity.claims.iter().any(|claim| claim.name == name);
    for name in [
        "given_name",
        "family_name",
        "email",
        "company_department",
        "tenant",
    ] {
        assert!(claim(name), "{name}: {identity:?}");
    }
}
