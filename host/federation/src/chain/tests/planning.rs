//! Who does which mapper, and what stands in the way of it.

use super::{ada, attempt, site, text, value};
use crate::{
    SignInOutcome, TranslateError, review,
    testing::{FakeMapper, PASSWORD, Site, mapper_of, realm},
};
use bridge_model::{
    plan::{KindHelp, Mapper, MapperOnError},
    ports::PolicyFault,
    realm::PlannedFederation,
};
use serde_json::json;

fn reviewed(site: &Site, mappers: &[Mapper]) -> Result<PlannedFederation, Vec<(String, String)>> {
    let mut federation = site.store.tables().federations[0].federation.clone();
    federation.mappers = mappers.to_vec();
    match review(&*site.policies, &federation, None) {
        Ok(reviewed) => Ok(reviewed.planned),
        Err(TranslateError::Problems(problems)) => {
            let problems = problems.errors.into_iter();
            Err(problems.map(|it| (it.field, it.message)).collect())
        }
        Err(TranslateError::Policy(error)) => panic!("{error}"),
    }
}

fn kind(kind: &str) -> FakeMapper {
    FakeMapper::new(kind, &format!("sha256:{kind}"), |_| Ok(Vec::new()))
}

#[test]
fn the_vendor_has_its_own_kinds_and_those_that_nobody_does() {
    let site = site(vec![kind("attribute"), kind("cel")]);
    site.policies.all()[0].description.kinds = vec![KindHelp {
        kind: "Attribute".to_owned(),
        about: String::new(),
        settings: Vec::new(),
    }];
    let told = site.policies.all()[0].told.clone();
    let mappers = [
        mapper_of("a", "attribute", &[]),
        mapper_of(
            "b",
            "cel",
            &[("reads", "sn CN"), ("claim", "nickname name")],
        ),
        mapper_of("c", "unheard-of", &[]),
        mapper_of(
            "d",
            "CEL-alias",
            &[("on_error", "deny"), ("odd", "expression")],
        ),
    ];
    let planned = reviewed(&site, &mappers).expect("a plan");
    assert_eq!(*told.lock().expect("no panic"), ["a", "c"]);
    assert_eq!(planned.federation.mappers, mappers, "kept as written");
    let plan = &planned.plan;
    let chained = plan
        .chained
        .iter()
        .map(|it| (it.name.as_str(), it.on_error));
    assert_eq!(
        chained.collect::<Vec<_>>(),
        [("b", MapperOnError::LeaveOut), ("d", MapperOnError::Deny)]
    );
    assert_eq!(plan.chained[0].policy.digest, "sha256:cel");
    assert_eq!(plan.claims, ["name", "email", "nickname"]);
    let read = ["uid", "cn", "mail", "seeAlso", "description", "sn"];
    assert_eq!(plan.attributes, read, "once, in whatever case");
    let fields: Vec<_> = crate::warnings(&planned)
        .into_iter()
        .map(|it| it.field)
        .collect();
    assert_eq!(fields, ["mapper[3].expression"]);
}

#[test]
fn what_is_wrong_with_a_mapper_names_its_place() {
    let mut broken = kind("broken");
    broken.fault = Some(PolicyFault::Trap);
    let site = site(vec![kind("cel"), broken]);
    for (mapper, field, word) in [
        (
            mapper_of("m", "cel", &[("wrong", "expression")]),
            "mapper[0].expression",
            "is wrong",
        ),
        (
            mapper_of("m", "cel", &[("wrong", "mapper.m")]),
            "mapper[0]",
            "is wrong",
        ),
        (
            mapper_of("m", "cel", &[("wrong", "mapper.m.claim")]),
            "mapper[0].claim",
            "is wrong",
        ),
        (
            mapper_of("m", "cel", &[("wrong", "mapper.x")]),
            "mapper[0].mapper.x",
            "is wrong",
        ),
        (
            mapper_of("m", "cel", &[("claim", "sub")]),
            "mapper[0]",
            "host's own",
        ),
        (
            mapper_of("m", "cel", &[("claim", "Groups")]),
            "mapper[0]",
            "host's own",
        ),
        (
            mapper_of("m", "cel", &[("claim", "ѕub")]),
            "mapper[0]",
            "not the name",
        ),
        (
            mapper_of("m", "cel", &[("reads", "userPassword")]),
            "mapper[0]",
            "secrets",
        ),
        (
            mapper_of("m", "cel", &[("reads", "*")]),
            "mapper[0]",
            "not the name",
        ),
        (
            mapper_of("m", "cel", &[("on_error", "ignore")]),
            "mapper[0]",
            "leave_out, deny",
        ),
        (mapper_of("m", "broken", &[]), "mapper[0]", "trapped"),
    ] {
        let problems = reviewed(&site, std::slice::from_ref(&mapper)).expect_err("it was taken");
        assert_eq!(problems.len(), 1, "{problems:?}");
        let (at, message) = &problems[0];
        assert_eq!(at, field, "{mapper:?}");
        assert!(
            message.contains(word) && message.contains("; "),
            "{message}"
        );
    }
}

#[test]
fn mappers_have_names_of_their_own_and_there_are_not_too_many() {
    let site = site(vec![kind("cel")]);
    let twice = [mapper_of("m", "cel", &[]), mapper_of("m", "cel", &[])];
    let problems = reviewed(&site, &twice).expect_err("it was taken");
    assert!(problems[0].1.contains("two mappers"), "{problems:?}");
    let many: Vec<_> = (0..51)
        .map(|n| mapper_of(&format!("m{n}"), "cel", &[]))
        .collect();
    assert!(reviewed(&site, &many).is_err());
    let greedy: Vec<_> = (0..201).map(|n| format!("a{n}")).collect();
    let greedy = mapper_of("m", "cel", &[("reads", &greedy.join(" "))]);
    assert!(reviewed(&site, &[greedy]).is_err());
}

#[tokio::test]
async fn another_mapper_policy_in_force_translates_anew() {
    let site = site(vec![kind("cel")]);
    site.map("staff", &[mapper_of("m", "cel", &[("claim", "name")])]);
    ada(&site).await;
    let next = FakeMapper::new("cel", "sha256:next", |_| Ok(vec![text("name", "next")]));
    *site.policies.all_mappers() = vec![next];
    site.federations.reload_all();
    assert_eq!(value(&ada(&site).await, "name"), json!("next"));
    let kept = site.store.tables().federations[0].clone();
    assert_eq!(kept.plan.chained[0].policy.digest, "sha256:next");
    assert_eq!(kept.revision.0, 1);
    // Of one that is gone the vendor's policy says what it makes of the kind.
    site.policies.all_mappers().clear();
    site.federations.reload_all();
    assert_eq!(value(&ada(&site).await, "name"), json!("Ada"));
    assert!(site.store.tables().federations[0].plan.chained.is_empty());
}

#[tokio::test]
async fn a_mapper_policy_that_is_switched_off_serves_nobody() {
    let site = site(vec![kind("cel")]);
    site.map("staff", &[mapper_of("m", "cel", &[("claim", "name")])]);
    site.store.tables().policies_off.push("cel".to_owned());
    site.federations.reload(&realm("a").name);
    let outcome = attempt(&site, PASSWORD).await;
    assert!(matches!(outcome, SignInOutcome::Unavailable));
    let reason = site.audit.last().reason;
    assert_eq!(reason.as_deref(), Some("policy cel is switched off"));
}

#[test]
fn a_group_that_a_mapper_policys_setting_names_is_nobodys() {
    let site = site(vec![kind("cel")]);
    let mappers = [mapper_of("m", "cel", &[("group", "admins")])];
    let planned = reviewed(&site, &mappers).expect("a plan");
    let identity = bridge_model::decision::Identity {
        username: "ada".to_owned(),
        groups: vec![bridge_model::decision::Group {
            dn: String::new(),
            name: "admins".to_owned(),
            id: None,
            parents: Vec::new(),
        }],
        ..Default::default()
    };
    let person = bridge_model::decision::Person {
        entry: crate::testing::entry("staff", "ada", &[]),
        reply: None,
        findings: Vec::new(),
    };
    let said = crate::claims::assemble(&identity, &planned.plan, &mappers, &person);
    assert_eq!(said.expect("claims").claims.get("groups"), None);
}
