//! What a swap tells, changes, refuses and rolls back.

mod mapper;
mod meanwhile;

use super::*;
use crate::{
    SignInOutcome,
    sign_in::Attempt,
    testing::{FakePolicy, Loaded, PASSWORD, Site, client, entry, mapper_of, realm},
};
use bridge_model::{
    decision::{Claim, ClaimValue, Identity, Step},
    plan::IdForm,
    policy::PolicyRules,
};

const NEXT: &str = "sha256:2";

fn site() -> Site {
    let site = Site::new(&["staff", "partners"]);
    site.directories
        .put([entry("staff", "ada", &[("cn", "Ada")])]);
    site
}

fn swaps(site: &Site) -> Swaps {
    Swaps::new(
        site.federations.clone(),
        site.store.clone(),
        site.policies.clone(),
        site.clock.clone(),
        site.audit.clone(),
    )
}

/// The next version of the policy of all federations.
fn next() -> FakePolicy {
    let mut next = FakePolicy::version("sample", "2.0.0", NEXT);
    next.says = Some(|person| {
        Step::Identified(Identity {
            username: String::from_utf8_lossy(&person.entry.values("uid")[0]).into_owned(),
            claims: vec![Claim {
                name: "name".to_owned(),
                value: ClaimValue::Text("Two".to_owned()),
            }],
            ..Identity::default()
        })
    });
    next
}

async fn signed_in(site: &Site) -> bool {
    let attempt = Attempt {
        username: "ada",
        password: PASSWORD,
        client: &client("a"),
        address: None,
        request_id: "r1",
    };
    let outcome = site.sign_ins.sign_in(&realm("a"), &attempt).await;
    matches!(outcome, SignInOutcome::SignedIn(_))
}

/// The version that answered the last sign-in.
fn version(site: &Site) -> (String, String) {
    let policy = site.audit.last().policy.expect("a policy");
    (policy.version, policy.digest)
}

fn one() -> (String, String) {
    ("1.0.0".to_owned(), "sha256:1".to_owned())
}

fn two() -> (String, String) {
    ("2.0.0".to_owned(), NEXT.to_owned())
}

/// That the federations of a realm have the plan of the next version. Those of the other realm have the same
/// ids here, which no two of a store have.
fn assert_translated(site: &Site) {
    let tables = site.store.tables();
    let kept = tables.federations.iter();
    for kept in kept.filter(|kept| kept.federation.realm.as_str() == "a") {
        assert_eq!(kept.policy.digest, NEXT);
        assert!(kept.plan.attributes.contains(&"sn".to_owned()));
        assert_eq!(kept.revision.0, 1);
    }
}

/// The next version, with another plan.
fn planning() -> FakePolicy {
    let mut candidate = next();
    candidate.plans = |plan| {
        plan.attributes.push("sn".to_owned());
        plan.claims.push("family_name".to_owned());
        plan.claims.retain(|claim| claim != "email");
        plan.login_filter = "(|(uid={username})(mail={username}))".to_owned();
        plan.mappers
            .push(mapper_of("family name", "attribute", &[]));
    };
    candidate
}

#[tokio::test]
async fn what_would_be_otherwise_is_told_and_nothing_is_changed() {
    let site = site();
    site.policies.load(Loaded::Vendor(planning()));
    assert!(signed_in(&site).await);
    assert_eq!(version(&site), one());

    let swaps = swaps(&site);
    let considered = swaps.consider(NEXT).await.expect("a report");
    assert!(!considered.is_refused());
    assert_eq!(
        considered.before.as_ref().map(|it| it.version.as_str()),
        Some("1.0.0")
    );
    let names: Vec<_> = considered
        .federations
        .iter()
        .map(|it| format!("{}/{}", it.realm, it.name))
        .collect();
    assert_eq!(names, ["a/staff", "a/partners", "b/staff", "b/partners"]);
    let lines = considered.federations[0].differences.join("\n");
    for part in [
        "attributes: now also sn",
        "claims: no more email",
        "claims: now also family_name",
        "login_filter",
        "mappers: now also family name (attribute)",
    ] {
        assert!(lines.contains(part), "{part} in {lines}");
    }
    assert!(signed_in(&site).await);
    assert_eq!(version(&site), one(), "nothing was changed");

    let done = swaps.swap(NEXT, "client ops").await.expect("swapped");
    assert_eq!(done, considered);
}

#[tokio::test]
async fn another_version_is_put_in_force_with_new_plans_and_rolled_back() {
    let site = site();
    site.policies.load(Loaded::Vendor(planning()));
    assert!(signed_in(&site).await);
    assert_eq!(version(&site), one());
    let swaps = swaps(&site);
    swaps.swap(NEXT, "client ops").await.expect("swapped");
    let event = site.audit.last();
    assert_eq!(event.event, AuditKind::PolicySwapped);
    assert_eq!(event.outcome, AuditOutcome::Success);
    assert_eq!(event.object.as_deref(), Some("policy sample"));
    assert_eq!(event.actor.as_deref(), Some("client ops"));
    assert_eq!(event.before.expect("before")["digest"], "sha256:1");
    assert_eq!(event.after.expect("after")["digest"], NEXT);
    assert_translated(&site);
    assert!(signed_in(&site).await);
    assert_eq!(version(&site), two());
    let kept = site.store.tables().policies_in_force.clone();
    assert_eq!(kept[0].before.as_deref(), Some("sha256:1"));

    swaps
        .roll_back("Sample", "client ops")
        .await
        .expect("rolled back");
    assert!(signed_in(&site).await);
    assert_eq!(version(&site), one());
    swaps
        .roll_back("sample", "client ops")
        .await
        .expect("and again");
    assert!(signed_in(&site).await);
    assert_eq!(version(&site), two());
}

#[tokio::test]
async fn what_is_in_force_already_is_left_alone() {
    let site = site();
    let report = swaps(&site).swap("sha256:1", "x").await.expect("a report");
    assert_eq!(report.before, Some(report.policy));
    assert!(site.store.tables().policies_in_force.is_empty());
    let nothing = swaps(&site).roll_back("sample", "x").await;
    assert!(matches!(nothing, Err(SwapError::NothingBefore(_))));
    let unknown = swaps(&site).swap("sha256:9", "x").await;
    assert!(
        matches!(unknown, Err(SwapError::Policy(error)) if error.fault == PolicyFault::Unknown)
    );
}

fn problem(field: &str) -> Problem {
    Problem {
        field: field.to_owned(),
        message: "not any more; write another".to_owned(),
    }
}

/// Everything that a swap changes.
fn state(site: &Site) -> String {
    let tables = site.store.tables();
    let in_force = site.policies.vendors();
    format!(
        "{:?} {:?} {in_force:?}",
        tables.federations, tables.policies_in_force
    )
}

#[tokio::test]
async fn a_new_problem_refuses_the_swap_and_leaves_everything() {
    type Change = fn(&Site, &mut FakePolicy);
    let changes: [(&str, Change, &str); 5] = [
        (
            "the vendor says so",
            |_, it| it.problems = vec![problem("users_dn")],
            "users_dn",
        ),
        ("it traps", |_, it| it.is_broken = true, "vendor"),
        (
            "people are identified otherwise",
            |_, it| it.plans = |plan| plan.stable_id.form = IdForm::Text,
            "uuid_ldap_attribute",
        ),
        (
            "the plan asks for secrets",
            |_, it| it.plans = |plan| plan.attributes.push("userPassword".to_owned()),
            "vendor",
        ),
        (
            "a realm lets in one version only",
            |site, _| {
                let rules = PolicyRules {
                    allowed: vec!["sha256:1".to_owned()],
                    ..PolicyRules::default()
                };
                site.store.tables().rules.insert(realm("a").name, rules);
            },
            "vendor",
        ),
    ];
    for (what, change, field) in changes {
        let site = site();
        let mut candidate = next();
        change(&site, &mut candidate);
        site.policies.load(Loaded::Vendor(candidate));
        // One that is switched off is looked at too.
        site.store.change("partners", |it| it.enabled = false);
        let before = state(&site);
        let swaps = swaps(&site);
        let refused = swaps.swap(NEXT, "file x").await;
        let Err(SwapError::Refused(report)) = refused else {
            panic!("{what}: {refused:?}");
        };
        let first = &report.federations[0];
        assert_eq!(first.problems[0].field, field, "{what}");
        assert!(first.refuses && report.federations[1].refuses, "{what}");
        assert_eq!(state(&site), before, "{what}");
        let event = site.audit.last();
        assert_eq!(event.outcome, AuditOutcome::Refused, "{what}");
        let reason = event.reason.unwrap_or_default();
        assert!(reason.contains("federation a/staff"), "{what}: {reason}");
        assert!(signed_in(&site).await, "{what}");
        assert_eq!(version(&site), one(), "{what}");
    }
}

#[tokio::test]
async fn who_was_broken_before_or_pins_a_version_is_not_in_the_way() {
    let site = site();
    site.policies.load(Loaded::Vendor(next()));
    site.store.change("partners", |it| it.users.clear());
    let report = swaps(&site).swap(NEXT, "x").await.expect("swapped");
    let partners = &report.federations[1];
    assert!(!partners.problems.is_empty() && !partners.refuses);
    assert!(signed_in(&site).await);
    assert_eq!(version(&site), two());

    site.store
        .change("staff", |it| it.policy_digest = Some("sha256:1".to_owned()));
    site.federations.reload_all();
    assert!(signed_in(&site).await);
    assert_eq!(version(&site), one(), "pinned");
    let report = swaps(&site).consider("sha256:1").await.expect("a report");
    assert!(
        report
            .federations
            .iter()
            .all(|it| it.name.as_str() == "partners")
    );
}

#[tokio::test]
async fn what_cannot_be_kept_is_not_in_force() {
    let site = site();
    site.policies.load(Loaded::Vendor(next()));
    site.store.tables().keeps_no_policies = true;
    let failed = swaps(&site).swap(NEXT, "x").await;
    assert!(matches!(failed, Err(SwapError::Store(_))));
    assert_eq!(site.audit.last().outcome, AuditOutcome::Unavailable);
    assert!(signed_in(&site).await);
    assert_eq!(version(&site), one());
}

#[tokio::test]
async fn a_name_of_another_policy_is_not_taken() {
    let site = site();
    site.policies
        .all()
        .push(FakePolicy::version("other", "1.0.0", "sha256:o"));
    let mut greedy = next();
    greedy.description.aliases.push("Other".to_owned());
    site.policies.load(Loaded::Vendor(greedy));
    let refused = swaps(&site).consider(NEXT).await;
    assert!(
        matches!(refused, Err(SwapError::Policy(error)) if error.fault == PolicyFault::NotAdmitted)
    );
}

#[tokio::test]
async fn a_sign_in_ends_with_the_version_that_it_began_with() {
    let site = site();
    site.policies.load(Loaded::Vendor(next()));
    let held = site
        .federations
        .realm(&realm("a").name)
        .await
        .expect("loaded");
    swaps(&site).swap(NEXT, "x").await.expect("swapped");
    let crate::member::Member::Active(federation) = &held.members[0] else {
        panic!("it is broken");
    };
    assert_eq!(federation.policy.reference().digest, "sha256:1");
    assert_eq!(federation.planned.policy.digest, "sha256:1");
}
