//! Mapper policies are swapped for those who use their kind.

use super::{SwapError, signed_in, site, swaps};
use crate::testing::{Does, FakeMapper, Loaded, mapper_of, realm};
use bridge_model::{
    decision::{Adjustment, Claim, ClaimValue},
    ports::{Policies, PolicyFault},
};

fn named(digest: &str, does: Does) -> FakeMapper {
    FakeMapper::new("cel", digest, does)
}

fn says(value: &str) -> Vec<Adjustment> {
    vec![Adjustment::SetClaim(Claim {
        name: "nickname".to_owned(),
        value: ClaimValue::Text(value.to_owned()),
    })]
}

#[tokio::test]
async fn a_mapper_policy_is_swapped_for_those_who_use_its_kind() {
    let site = site();
    *site.policies.all_mappers() = vec![named("sha256:m1", |_| Ok(says("one")))];
    site.map("staff", &[mapper_of("m", "CEL", &[("claim", "nickname")])]);
    site.policies
        .load(Loaded::Mapper(named("sha256:m2", |_| Ok(says("two")))));
    let swaps = swaps(&site);
    let report = swaps.swap("sha256:m2", "x").await.expect("swapped");
    let users = report.federations.iter().map(|it| it.name.as_str());
    assert_eq!(users.collect::<Vec<_>>(), ["staff", "staff"]);
    assert!(signed_in(&site).await);
    let told = site.sign_ins.explanation(&realm("a").name, "r1");
    let person = told.and_then(|it| it.person).expect("ada");
    assert_eq!(person.identity.expect("ada").claims["nickname"], "two");
    assert_eq!(person.mappers[0].policy.digest, "sha256:m2");

    let mut broken = named("sha256:m3", |_| Ok(says("three")));
    broken.fault = Some(PolicyFault::Trap);
    site.policies.load(Loaded::Mapper(broken));
    let refused = swaps.swap("sha256:m3", "x").await;
    let Err(SwapError::Refused(report)) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!(report.federations[0].problems[0].field, "mapper[0]");
    swaps.roll_back("cel", "x").await.expect("rolled back");
    assert_eq!(site.policies.mappers()[0].0.digest, "sha256:m1");
}

#[tokio::test]
async fn a_mapper_policy_does_not_share_the_id_of_a_vendor_policy() {
    let site = site();
    let other = FakeMapper::new("Sample", "sha256:m1", |_| Ok(says("one")));
    site.policies.load(Loaded::Mapper(other));
    let swaps = swaps(&site);
    for refused in [
        swaps.consider("sha256:m1").await,
        swaps.swap("sha256:m1", "x").await,
    ] {
        let Err(SwapError::Policy(error)) = refused else {
            panic!("{refused:?}");
        };
        assert_eq!(error.fault, PolicyFault::NotAdmitted);
        let words = "the vendor policy sample 1.0.0 is in force under this id; ";
        assert!(error.detail.contains(words), "{error}");
    }
}
