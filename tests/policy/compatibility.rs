//! Policies of other versions of the contract: those that were frozen run, and the page says the truth of
//! what breaks them.

use crate::{
    mapper::mapper_in_force,
    stage::{self, renamed},
};
use bridge_model::{
    changes::Turn,
    decision::{Adjustment, Candidate, Identity, Person, Step},
    dn::Dn,
    entry::{Attribute, Entry},
    federation::Federation,
    plan::Mapper,
    ports::{Policies, PolicyFault, VendorPolicy},
    search::{Finding, Page, Reply},
    time::Timestamp,
    write::{Complaint, ProfileChange},
};
use std::fs;
use suites::{
    policy::{context, federation, in_force, person, take},
    repository,
};
use wit_parser::Resolve;

/// A component that was built long ago.
fn frozen(name: &str) -> Vec<u8> {
    let path = repository().join("tests/data/frozen").join(name);
    fs::read(&path).unwrap_or_else(|error| panic!("cannot read {} ({error})", path.display()))
}

fn with_reply(result_code: u32, findings: Vec<Finding>) -> Person {
    Person {
        reply: Some(Reply {
            result_code,
            diagnostic: "why".into(),
            controls: Vec::new(),
        }),
        findings,
        ..person("uid=ada,o=x")
    }
}

/// Checks what the frozen vendor policy answers to each function of its first interface.
fn expect_decisions(policy: &dyn VendorPolicy) {
    let federation = Federation {
        rdn_attribute: Some("cn".into()),
        ..federation("frozen")
    };
    let plan = policy
        .translate(&federation)
        .expect("an answer")
        .expect("a plan");
    assert_eq!(
        (plan.rdn_attribute.as_str(), &plan.memo[..]),
        ("cn", &b"memo"[..])
    );
    assert_eq!(plan.mappers.len(), 12);
    let found = Finding {
        key: "more".into(),
        result_code: 0,
        entries: Vec::new(),
    };
    let persons = [
        with_reply(49, Vec::new()),
        with_reply(0, Vec::new()),
        with_reply(0, vec![found]),
    ];
    let steps = policy
        .decide(&context(b"memo"), &persons)
        .expect("an answer");
    let [
        Step::Rejected(rejection),
        Step::Read(reads),
        Step::Identified(identity),
    ] = steps.as_slice()
    else {
        panic!("{steps:?}");
    };
    assert_eq!(rejection.reason.reason(), "why");
    assert_eq!(rejection.until, Some(context(b"").now));
    assert!(rejection.password_was_right);
    assert_eq!(reads.len(), 1);
    assert_eq!(reads[0].base, "uid=ada,o=x");
    assert_eq!(reads[0].slots[0].values, [[0xff, 0]]);
    let names: Vec<_> = identity
        .claims
        .iter()
        .map(|claim| claim.name.as_str())
        .collect();
    assert_eq!(names, ["text", "texts", "integer", "boolean", "json"]);
    assert_eq!(identity.groups[0].parents, ["cn=all,o=x"]);
    assert_eq!(identity.roles[0].client.as_deref(), Some("shop"));
    assert_eq!(identity.bars.len(), 1);
    assert_eq!(identity.more[0].value, "1", "it was shown what was found");
}

/// Checks what it answers to each function of its optional interfaces.
fn expect_optional(policy: &dyn VendorPolicy) {
    let (context, refused) = (
        context(b"memo"),
        Reply {
            result_code: 19,
            ..Reply::default()
        },
    );
    let user = person("uid=ada,o=x").entry;
    let recognised = policy.recognise(&user, &[]).expect("an answer");
    assert!(recognised.is_none());
    let complaints = policy.explain_password(&context, &user, &refused);
    assert_eq!(
        complaints.expect("an answer"),
        [Complaint::TooShort(Some(12)), Complaint::InHistory]
    );
    let change = ProfileChange {
        name: "given_name".into(),
        value: None,
    };
    let change = policy
        .modify(&context, &user, &[change])
        .expect("an answer");
    let change = change.expect("it can be done");
    assert_eq!(change.modifications[0].attribute.values, [b"given_name"]);
    let entry = policy.register(&context, &[]).expect("an answer");
    assert_eq!(
        entry.expect("an entry").parent,
        Dn::parse("o=x").expect("a DN")
    );
    let problems = policy.explain_write(&context, &refused).expect("an answer");
    assert_eq!(problems[0].message, "code 19; change it");
    let begun = policy
        .start_changes(&context, Some(b"mark"))
        .expect("an answer");
    let Turn::Advance(begun) = begun else {
        panic!("{begun:?}");
    };
    assert_eq!(begun.cursor.as_deref(), Some(&b"mark"[..]));
    assert!(begun.next.is_some_and(|read| read.of_users && read.paged));
    let followed = policy
        .follow_changes(&context, None, "more", &Page::default())
        .expect("an answer");
    let Turn::Advance(followed) = followed else {
        panic!("{followed:?}");
    };
    assert_eq!(followed.cursor.as_deref(), Some(&b"done"[..]));
}

/// Has a host take the vendor policy, and checks all of its answers.
fn expect_policy(component: &[u8]) {
    let host = stage::host(stage::limits());
    take(&host, component).expect("it is admitted");
    let policy = in_force(&host, "ice").expect("it is an alias");
    expect_decisions(&*policy);
    expect_optional(&*policy);
}

/// Has a host take the mapper policy, and checks all of its answers.
fn expect_mapper(component: &[u8]) {
    let host = stage::host(stage::limits());
    take(&host, component).expect("it is admitted");
    let policy = mapper_in_force(&host, "frozen-mapper").expect("it is loaded");
    let mapper = Mapper {
        name: "shown".into(),
        kind: "frozen-mapper".into(),
        ldap_attribute: Some("cn".into()),
        settings: Vec::new(),
    };
    let plan = policy.check(&mapper).expect("an answer").expect("a plan");
    assert_eq!(
        (plan.attributes, plan.claims),
        (vec!["cn".into()], vec!["shown".into()])
    );
    let candidate = |attributes| Candidate {
        entry: Entry {
            dn: "uid=ada,o=x".into(),
            attributes,
        },
        identity: Identity {
            username: "ada".into(),
            ..Identity::default()
        },
    };
    let cn = Attribute {
        name: "cn".into(),
        values: vec![b"Ada".to_vec()],
    };
    let candidates = [candidate(vec![cn]), candidate(Vec::new())];
    let results = policy.adjust(&plan.memo, Timestamp(7), &candidates);
    let results = results.expect("an answer");
    let [Ok(adjustments), Err(problem)] = results.as_slice() else {
        panic!("{results:?}");
    };
    assert_eq!(problem.field, "cn");
    let [
        Adjustment::SetClaim(claim),
        Adjustment::DropClaim(_),
        Adjustment::DropGroup(group),
        Adjustment::DropRole(_),
        Adjustment::AddBar(bar),
    ] = adjustments.as_slice()
    else {
        panic!("{adjustments:?}");
    };
    assert_eq!(
        (claim.name.as_str(), group.as_str()),
        ("shown", "cn=staff,o=x")
    );
    assert_eq!(bar.until, Some(Timestamp(7)));
}

#[test]
fn policies_of_the_first_version_run() {
    let _turn = stage::turn();
    expect_policy(&frozen("policy-0.1.0.wasm"));
    expect_mapper(&frozen("mapper-0.1.0.wasm"));
}

#[test]
fn policies_of_a_later_patch_run_that_use_nothing_new() {
    let _turn = stage::turn();
    let later = |name| renamed(&frozen(name), "@0.1.0", "@0.1.9");
    expect_policy(&later("policy-0.1.0.wasm"));
    expect_mapper(&later("mapper-0.1.0.wasm"));
}

#[test]
fn policies_of_another_version_are_refused_with_both_named() {
    let _turn = stage::turn();
    for name in ["policy-0.1.0.wasm", "mapper-0.1.0.wasm"] {
        for version in ["@0.2.0", "@1.0.0"] {
            let host = stage::host(stage::limits());
            let other = renamed(&frozen(name), "@0.1.0", version);
            let error = take(&host, &other).expect_err("not compatible");
            assert_eq!(error.fault, PolicyFault::NotAdmitted, "{error}");
            for part in [version, "@0.1.0", "not compatible", "update the bridge"] {
                assert!(error.detail.contains(part), "{part}: {error}");
            }
            assert!(host.vendors().is_empty() && host.mappers().is_empty());
        }
    }
}

/// The contract as one text: its lines without space at the ends, comments and blank ones.
fn contract() -> Vec<String> {
    let folder = repository().join("wit");
    let mut lines = vec!["package ldap-oidc:policy@0.1.0;".to_owned()];
    for file in ["types.wit", "policy.wit"] {
        let text = fs::read_to_string(folder.join(file)).expect("the contract");
        lines.extend(
            text.lines()
                .filter(|line| !line.starts_with("package "))
                .filter_map(code),
        );
    }
    lines
}

/// A line of WIT that means something.
fn code(line: &str) -> Option<String> {
    let line = line.trim();
    (!line.is_empty() && !line.starts_with("//")).then(|| line.to_owned())
}

/// The changes of a part of the page, each as it stands there.
fn changes<'p>(page: &'p str, heading: &str) -> Vec<&'p str> {
    let (_, part) = page
        .split_once(&format!("\n## {heading}\n"))
        .unwrap_or_else(|| panic!("the page has no part {heading:?}"));
    let part = part.split("\n## ").next().unwrap_or(part);
    let blocks = part.split("```diff\n").skip(1);
    blocks
        .map(|block| block.split("```").next().unwrap_or(block))
        .collect()
}

/// The contract with a change made to it.
fn changed(change: &str) -> String {
    let mut lines = contract();
    for hunk in change.split("...\n") {
        let side = |other: char| -> Vec<String> {
            let of_side = hunk.lines().filter(|line| !line.starts_with(other));
            of_side.filter_map(|line| code(line.get(1..)?)).collect()
        };
        let (before, after) = (side('+'), side('-'));
        let places: Vec<usize> = (0..lines.len())
            .filter(|at| lines[*at..].starts_with(&before))
            .collect();
        let [place] = places[..] else {
            panic!(
                "{before:#?} stands in {} places of the contract",
                places.len()
            );
        };
        lines.splice(place..place + before.len(), after);
    }
    lines.join("\n")
}

/// Whether the frozen policies fit a contract. What the bridge finds by name has to be as they know it, where
/// it is there.
fn fits(contract: &str) -> Result<(), String> {
    const FROZEN: &str = "\nworld as-it-was { include vendor-policy; export recognition; export passwords; \
                          export writing; export changes; }";
    let mut resolve = Resolve::default();
    let package = resolve
        .push_str("contract.wit", &format!("{contract}{FROZEN}"))
        .unwrap_or_else(|error| panic!("the changed contract is no WIT: {error:#}\n{contract}"));
    for (name, world) in [
        ("policy-0.1.0.wasm", "as-it-was"),
        ("mapper-0.1.0.wasm", "mapper-policy"),
    ] {
        let world = resolve
            .select_world(&[package], Some(world))
            .expect("a world");
        wit_component::targets(&resolve, world, &frozen(name), true)
            .map_err(|error| format!("{name}: {error:#}"))?;
    }
    Ok(())
}

#[test]
fn the_page_says_what_breaks_policies_and_what_does_not() {
    let page = fs::read_to_string(repository().join("docs/policies/compatibility.md"));
    let page = page.expect("the page");
    fits(&contract().join("\n")).expect("the contract is that of the frozen policies");
    let compatible = changes(&page, "What may come in 0.1.x");
    let breaking = changes(&page, "What waits for 0.2");
    assert!(
        compatible.len() >= 5 && breaking.len() >= 9,
        "the page has become shorter"
    );
    for change in compatible {
        if let Err(error) = fits(&changed(change)) {
            panic!("this breaks policies, and the page says that it does not:\n{change}\n{error}");
        }
    }
    for change in breaking {
        let fits = fits(&changed(change));
        assert!(
            fits.is_err(),
            "this breaks no policy, and the page says that it does:\n{change}"
        );
    }
}
