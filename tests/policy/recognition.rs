//! Whose directory is this: recorded root DSEs, shown to the policies that come with the bridge.

use crate::stage::{self, renamed};
use bridge_components::components;
use bridge_model::{
    entry::{Attribute, Entry},
    plan::Proposal,
    ports::{Policies, PolicyFault},
};
use bridge_policy::{Limits, PolicyHost};
use policy_sdk::testing::ldif;
use suites::policy::{guest, in_force, take};

const RECORDED: &[(&str, &str)] = &[
    (
        "active-directory",
        include_str!("../../guest/active-directory/recorded/samba-4.17.ldif"),
    ),
    (
        "openldap",
        include_str!("../../guest/openldap/recorded/slapd-2.5.ldif"),
    ),
    (
        "rhds",
        include_str!("../../guest/rhds/recorded/389-ds-2.3.ldif"),
    ),
];

fn entries(text: &str) -> Vec<Entry> {
    let entries = ldif(text).expect("LDIF").into_iter().map(|entry| Entry {
        dn: entry.dn,
        attributes: entry
            .attributes
            .into_iter()
            .map(|attribute| Attribute {
                name: attribute.name,
                values: attribute.values,
            })
            .collect(),
    });
    entries.collect()
}

fn shipped() -> PolicyHost {
    let host = stage::host(Limits::default());
    for component in components() {
        take(&host, component.bytes).expect("it is admitted");
    }
    host
}

/// What every policy proposes, the surest first.
fn proposals(host: &PolicyHost, root: &Entry, samples: &[Entry]) -> Vec<(String, Proposal)> {
    let mut proposals = Vec::new();
    for (reference, _) in host.vendors() {
        let policy = in_force(host, &reference.id).expect("it is loaded");
        if let Some(proposal) = policy.recognise(root, samples).expect("an answer") {
            proposals.push((reference.id, proposal));
        }
    }
    proposals.sort_by_key(|(_, proposal)| std::cmp::Reverse(proposal.certainty));
    proposals
}

#[test]
fn each_recorded_directory_is_known_by_its_own_policy_and_by_the_one_for_any() {
    let _turn = stage::turn();
    let host = shipped();
    for (id, text) in RECORDED {
        let root = entries(text).remove(0);
        let proposals = proposals(&host, &root, &[]);
        let ids: Vec<_> = proposals.iter().map(|(id, _)| id.as_str()).collect();
        assert_eq!(ids, [*id, "generic"]);
        let certainties: Vec<_> = proposals.iter().map(|(_, it)| it.certainty).collect();
        assert_eq!(certainties, [95, 10]);
        for (id, proposal) in &proposals {
            assert_eq!(proposal.users.len(), 1, "{id}");
            assert!(
                proposal
                    .notes
                    .iter()
                    .all(|note| note.message.contains("; ")),
                "{proposal:?}"
            );
        }
    }
}

#[test]
fn a_directory_of_which_nothing_is_known_is_known_by_the_one_for_any() {
    let _turn = stage::turn();
    let host = shipped();
    let root = entries("dn:\nnamingContexts: o=x\nvendorName: Example\n").remove(0);
    let found = proposals(&host, &root, &[]);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].0, "generic");
    let empty = entries("dn:\nobjectClass: top\n").remove(0);
    assert_eq!(proposals(&host, &empty, &[]), []);
}

#[test]
fn what_is_proposed_can_be_translated() {
    let _turn = stage::turn();
    let host = shipped();
    for (_, text) in RECORDED {
        let root = entries(text).remove(0);
        for (id, proposal) in proposals(&host, &root, &[]) {
            let mut federation = suites::policy::federation(&id);
            federation.users = proposal.users;
            federation.read_bases = proposal.readable;
            let policy = in_force(&host, &id).expect("it is loaded");
            policy
                .translate(&federation)
                .expect("an answer")
                .unwrap_or_else(|problems| panic!("{id}: {problems:?}"));
        }
    }
}

#[test]
fn a_policy_without_recognition_stays_a_policy_and_recognises_nothing() {
    let _turn = stage::turn();
    let host = stage::host(stage::limits());
    let without = renamed(
        guest("false-recognition"),
        "policy/recognition",
        "policy/recollected",
    );
    take(&host, &without).expect("it is admitted");
    let policy = in_force(&host, "false-recognition").expect("it is loaded");
    let root = entries("dn:\nhow: certain\n").remove(0);
    assert_eq!(policy.recognise(&root, &[]).expect("an answer"), None);
    stage::expect_good_call(&*policy);
}

#[test]
fn a_recognition_without_its_function_is_not_admitted() {
    let _turn = stage::turn();
    let host = stage::host(stage::limits());
    let without = renamed(guest("false-recognition"), "recognise", "recognize");
    let error = take(&host, &without).expect_err("it lacks the function");
    assert_eq!(error.fault, PolicyFault::NotAdmitted, "{error}");
    let part = "`ldap-oidc:policy/recognition@0.1.0` lacks the function `recognise`";
    assert!(error.detail.contains(part), "{error}");
}
