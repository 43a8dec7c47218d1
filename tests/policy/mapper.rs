//! Mapper policies: how they are found, and what goes back and forth.

use crate::stage;
use bridge_model::{
    decision::{
        Adjustment, Bar, Candidate, Claim, ClaimValue, Group, Identity, Notice, Refusal, Role,
    },
    entry::{Attribute, Entry},
    plan::Mapper,
    policy::PolicyChoice,
    ports::{MapperPolicy, Policies, PolicyError, PolicyFault},
    search::Setting,
    time::Timestamp,
};
use bridge_policy::{Limits, PolicyHost};
use std::sync::Arc;
use suites::{
    policy::{guest, in_force, load, realm, take},
    versions::reworded,
};

pub(crate) fn mapper_in_force(
    host: &PolicyHost,
    name: &str,
) -> Result<Arc<dyn MapperPolicy>, PolicyError> {
    host.mapper(&realm(), PolicyChoice::InForce(name))
}

/// Somebody of this user name, of whom nothing else is known.
pub(crate) fn candidate(username: &str) -> Candidate {
    Candidate {
        entry: Entry {
            dn: format!("uid={username}"),
            attributes: Vec::new(),
        },
        identity: Identity {
            username: username.into(),
            claims: Vec::new(),
            groups: Vec::new(),
            roles: Vec::new(),
            bars: Vec::new(),
            notices: Vec::new(),
            changed_at: None,
            more: Vec::new(),
        },
    }
}

/// A mapper of the guest's kind that is told how to misbehave.
pub(crate) fn lie(how: &str) -> Mapper {
    Mapper {
        name: "shown".into(),
        kind: "false-mapper".into(),
        ldap_attribute: Some("givenName".into()),
        settings: vec![Setting {
            name: "how".into(),
            value: how.into(),
        }],
    }
}

/// The text of the claim that is set first.
pub(crate) fn claim_text(adjustments: &[Adjustment]) -> &str {
    match adjustments.first() {
        Some(Adjustment::SetClaim(Claim {
            value: ClaimValue::Text(text),
            ..
        })) => text,
        other => panic!("no claim: {other:?}"),
    }
}

#[test]
fn vendors_and_mappers_have_names_of_their_own() {
    let _turn = stage::turn();
    let host = stage::host(stage::limits());
    let vendor = take(&host, guest("kept-state")).expect("it is admitted");
    let mapper = take(&host, guest("false-mapper")).expect("an alias of it is a vendor's id");
    for name in ["false-mapper", "Lie", "kept-state"] {
        let found = mapper_in_force(&host, name).expect("it is in force");
        assert_eq!(found.reference(), &mapper);
        assert_eq!(found.description().id, "false-mapper");
    }
    let found = in_force(&host, "kept-state").expect("it is in force");
    assert_eq!(found.reference(), &vendor);
    let names = |listed: Vec<(_, bridge_model::plan::Description)>| -> Vec<String> {
        listed.into_iter().map(|(_, it)| it.id).collect()
    };
    assert_eq!(names(host.vendors()), ["kept-state"]);
    assert_eq!(names(host.mappers()), ["false-mapper"]);
}

#[test]
fn nobody_takes_the_id_of_a_policy_of_the_other_world() {
    let _turn = stage::turn();
    let vendor = guest("endless-loop");
    let mapper = reworded(guest("false-mapper"), "false-mapper", "endless-loop");
    for (first, second, world) in [
        (vendor, mapper.as_slice(), "the vendor policy endless-loop"),
        (&mapper, vendor, "the mapper policy endless-loop"),
    ] {
        let host = stage::host(stage::limits());
        let holder = take(&host, first).expect("nobody has the id");
        let refused = load(&host, second).expect_err("the id is taken");
        assert_eq!(refused.fault, PolicyFault::NotAdmitted, "{refused}");
        assert_eq!(refused.policy, "endless-loop");
        for part in [world, &holder.digest, "another id"] {
            assert!(refused.detail.contains(part), "no {part}: {refused}");
        }
        // Both may be there as long as neither is in force.
        let host = stage::host(stage::limits());
        let [first, second] = [first, second].map(|it| load(&host, it).expect("it is admitted"));
        host.put_in_force(&first.digest).expect("nobody has the id");
        let refused = host.put_in_force(&second.digest);
        let refused = refused.expect_err("the id is taken");
        assert!(refused.detail.contains(world), "{refused}");
        host.put_in_force(&first.digest)
            .expect("it has the id itself");
    }
}

#[test]
fn a_policy_of_one_world_is_none_of_the_other() {
    let _turn = stage::turn();
    let host = stage::host(stage::limits());
    let vendor = take(&host, guest("wrong-steps")).expect("it is admitted");
    let mapper = load(&host, guest("false-mapper")).expect("it is admitted");
    let by_digest = |digest: &str| host.mapper(&realm(), PolicyChoice::Digest(digest));
    assert_eq!(
        by_digest(&mapper.digest).expect("it is loaded").reference(),
        &mapper
    );
    for (error, part) in [
        (
            by_digest(&vendor.digest).err(),
            "no mapper policy with this digest is loaded",
        ),
        (
            host.vendor(&realm(), PolicyChoice::Digest(&mapper.digest))
                .err(),
            "no vendor policy with this digest is loaded",
        ),
        (
            mapper_in_force(&host, "false-mapper").err(),
            "no mapper policy is in force",
        ),
        (
            in_force(&host, "false-mapper").err(),
            "there is wrong-steps",
        ),
    ] {
        let error = error.expect("it is of the other world");
        assert_eq!(error.fault, PolicyFault::Unknown, "{error}");
        assert!(error.detail.contains(part), "{error}");
    }
}

#[test]
fn a_mapper_is_checked() {
    let _turn = stage::turn();
    let host = stage::host(stage::limits());
    take(&host, guest("false-mapper")).expect("it is admitted");
    let policy = mapper_in_force(&host, "false-mapper").expect("it is in force");
    let plan = policy.check(&lie("")).expect("an answer").expect("a plan");
    assert_eq!(plan.attributes, ["givenName"]);
    assert_eq!(plan.claims, ["shown"]);
    let problems = policy.check(&lie("problem")).expect("an answer");
    let problems = problems.expect_err("it is a lie");
    assert_eq!(problems.len(), 1);
    assert_eq!(problems[0].message, "it is a lie; say something true");
}

/// A candidate of whom everything is said that can be.
fn whole() -> Candidate {
    let claim = |name: &str, value| Claim {
        name: name.into(),
        value,
    };
    Candidate {
        entry: Entry {
            dn: "uid=ada,dc=example".into(),
            attributes: vec![Attribute {
                name: "givenName;lang-en".into(),
                values: vec![b"Ada".to_vec(), vec![0, 255]],
            }],
        },
        identity: Identity {
            claims: vec![
                claim("name", ClaimValue::Text("Ada L".into())),
                claim(
                    "emails",
                    ClaimValue::Texts(vec!["a@x".into(), "b@x".into()]),
                ),
                claim("age", ClaimValue::Integer(-36)),
                claim("staff", ClaimValue::Boolean(true)),
                claim("address", ClaimValue::Json("[1815]".into())),
            ],
            groups: vec![Group {
                dn: "cn=g1".into(),
                name: "group one".into(),
                id: Some(vec![7, 8]),
                parents: vec!["cn=above".into()],
            }],
            roles: vec![Role {
                name: "role one".into(),
                client: Some("shop".into()),
                source: Some("cn=source".into()),
            }],
            bars: vec![
                bar(Refusal::Locked, Some(11), Some(22)),
                bar(Refusal::Other("on the moon".into()), None, None),
            ],
            notices: vec![Notice::GraceSignIns(3), Notice::Other("soon".into())],
            changed_at: Some(Timestamp(1234)),
            more: vec![Setting {
                name: "later".into(),
                value: "on".into(),
            }],
            ..candidate("ada").identity
        },
    }
}

#[test]
fn a_candidate_is_shown_whole_and_every_adjustment_comes_back() {
    let _turn = stage::turn();
    let host = stage::host(stage::limits());
    take(&host, guest("false-mapper")).expect("it is admitted");
    let policy = mapper_in_force(&host, "lie").expect("it is in force");
    let results = policy.adjust(b"", Timestamp(1_795_392_000), &[whole()]);
    let results = results.expect("an answer");
    let adjustments = results[0].as_ref().expect("it copes");
    let shown = claim_text(adjustments);
    for part in [
        "1795392000 ",
        "uid=ada,dc=example",
        "givenName;lang-en",
        "[65, 100, 97], [0, 255]",
        "\"Ada L\"",
        "[\"a@x\", \"b@x\"]",
        "(-36)",
        "(true)",
        "[1815]",
        "cn=g1",
        "group one",
        "[7, 8]",
        "cn=above",
        "role one",
        "shop",
        "cn=source",
        "Locked",
        "Some(11)",
        "Some(22)",
        "on the moon",
        "(3)",
        "soon",
        "1234",
        "later",
    ] {
        assert!(shown.contains(part), "{part} in {shown}");
    }
    assert_eq!(
        adjustments[1..],
        [
            Adjustment::DropClaim("nickname".into()),
            Adjustment::DropGroup("cn=all,dc=example".into()),
            Adjustment::DropRole("reader".into()),
            Adjustment::AddBar(bar(Refusal::NotPermittedHere, Some(1), None)),
        ]
    );
}

fn bar(reason: Refusal, since: Option<u64>, until: Option<u64>) -> Bar {
    Bar {
        reason,
        since: since.map(Timestamp),
        until: until.map(Timestamp),
    }
}

#[test]
fn a_long_list_of_candidates_is_cut_into_calls() {
    let _turn = stage::turn();
    let host = stage::host(Limits {
        call_persons_max: 3,
        ..stage::limits()
    });
    take(&host, guest("false-mapper")).expect("it is admitted");
    let policy = mapper_in_force(&host, "lie").expect("it is in force");
    let names: Vec<String> = (0..8).map(|number| number.to_string()).collect();
    let candidates: Vec<_> = names.iter().map(|name| candidate(name)).collect();
    let results = policy
        .adjust(b"kept", Timestamp(1), &candidates)
        .expect("an answer");
    let seen: Vec<&str> = results
        .iter()
        .map(|result| claim_text(result.as_ref().expect("it copes")))
        .collect();
    // What an instance saw is gone with it.
    assert_eq!(seen[2], "uid=0 and uid=1 and uid=2");
    assert_eq!(seen[3], "uid=3");
    assert_eq!(seen[7], "uid=6 and uid=7");
    assert_eq!(policy.adjust(b"", Timestamp(1), &[]).expect("nobody"), []);
}
