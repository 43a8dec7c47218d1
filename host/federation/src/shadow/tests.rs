//! A candidate beside live sign-ins: what is counted, promoted, ended and refused.

mod met;

use super::*;
use crate::{
    sign_in::{Attempt, SignInOutcome},
    testing::{FakePolicy, Loaded, PASSWORD, Site, client, entry, mapper, realm},
};
use bridge_model::{
    decision::{Bar, Claim, ClaimValue, Identity, Person, Refusal, Step},
    plan::Problem,
};
use std::time::Duration;
use tokio::time::sleep;

const SECOND: &str = "sha256:2";

fn value(person: &Person, name: &str) -> String {
    let values = person.entry.values(name).first();
    String::from_utf8(values.cloned().unwrap_or_default()).expect("text")
}

/// Like the policy of the tests, without groups, with the title behind the name, and with a bar for `bob`.
fn candidate(person: &Person) -> Step {
    if person.entry.values("mail").is_empty() {
        return Step::Failed(Problem {
            field: "mail".to_owned(),
            message: "no mail".to_owned(),
        });
    }
    let username = value(person, "uid");
    let name = format!("{} {}", value(person, "cn"), value(person, "title"));
    let is_barred = username == "bob";
    let claim = |name: &str, value: String| Claim {
        name: name.to_owned(),
        value: ClaimValue::Text(value),
    };
    Step::Identified(Identity {
        claims: vec![
            claim("name", name.trim().to_owned()),
            claim("email", value(person, "mail")),
        ],
        username,
        bars: is_barred
            .then_some(Bar {
                reason: Refusal::Locked,
                since: None,
                until: None,
            })
            .into_iter()
            .collect(),
        ..Identity::default()
    })
}

/// The policy in force, which does not want to see what it did not ask for.
fn strict(person: &Person) -> Step {
    if !person.entry.values("title").is_empty() {
        return Step::Failed(Problem {
            field: "title".to_owned(),
            message: "nobody asked for it".to_owned(),
        });
    }
    let username = value(person, "uid");
    Step::Identified(Identity {
        claims: vec![
            Claim {
                name: "name".to_owned(),
                value: ClaimValue::Text(value(person, "cn")),
            },
            Claim {
                name: "email".to_owned(),
                value: ClaimValue::Text(value(person, "mail")),
            },
        ],
        username,
        ..Identity::default()
    })
}

fn site() -> Site {
    let site = Site::new(&["staff"]);
    site.directories.put([
        entry(
            "staff",
            "ada",
            &[("cn", "Ada"), ("mail", "ada@x"), ("title", "Dr")],
        ),
        entry("staff", "bob", &[("cn", "Bob"), ("mail", "bob@x")]),
        entry("staff", "cyd", &[("cn", "Cyd"), ("mail", "cyd@x")]),
        entry("staff", "dee", &[("cn", "Dee")]),
    ]);
    site.policies.all()[0].says = Some(strict);
    let mut second = FakePolicy::version("sample", "2.0.0", SECOND);
    second.says = Some(candidate);
    second.plans = |plan| plan.attributes.push("title".to_owned());
    site.policies.load(Loaded::Vendor(second));
    site
}

fn shadowing(site: &Site) -> Shadowing {
    Shadowing::new(
        site.federations.clone(),
        site.store.clone(),
        site.clock.clone(),
        site.audit.clone(),
    )
}

fn staff(site: &Site) -> FederationId {
    site.store.tables().federations[0].federation.id
}

fn second() -> ShadowWish {
    ShadowWish {
        candidate: Candidate {
            digest: Some(SECOND.to_owned()),
            mappers: None,
        },
        ..ShadowWish::default()
    }
}

async fn sign_in(site: &Site, username: &str, password: &str) -> SignInOutcome {
    let client = client("a");
    let attempt = Attempt {
        username,
        password,
        client: &client,
        address: None,
        request_id: "r1",
    };
    site.sign_ins.sign_in(&realm("a"), &attempt).await
}

/// The state once so many sign-ins were looked at.
async fn seen(shadowing: &Shadowing, federation: FederationId, sign_ins: u64) -> ShadowState {
    for _ in 0..500 {
        let state = shadowing.state(federation).expect("a shadow");
        if state.sign_ins >= sign_ins || state.stage != ShadowStage::Running {
            return state;
        }
        sleep(Duration::from_millis(10)).await;
    }
    unreachable!("{:?}", shadowing.state(federation));
}

fn told(state: &ShadowState) -> Vec<(DifferenceKind, Option<&str>, u64)> {
    let differences = state.comparison.differences.iter();
    differences
        .map(|it| (it.kind, it.name.as_deref(), it.people))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_candidate_sees_live_sign_ins_and_changes_nothing_of_them() {
    let site = site();
    let federation = staff(&site);
    let shadowing = shadowing(&site);
    let begun = shadowing.start(&realm("a"), federation, second()).await;
    let begun = begun.expect("a shadow");
    assert_eq!(begun.candidate.digest, SECOND);
    assert_eq!(begun.plan_changes, ["attributes: now also title"]);
    let again = shadowing.start(&realm("a"), federation, second()).await;
    assert!(matches!(again, Err(ShadowError::Running)));
    for name in ["ada", "bob", "cyd", "dee"] {
        let outcome = sign_in(&site, name, PASSWORD).await;
        let SignInOutcome::SignedIn(user) = outcome else {
            unreachable!("{name}: {outcome:?}");
        };
        // The answer is the policy's in force, which did not see the title.
        assert_eq!(user.user().policy.digest, "sha256:1");
        seen(&shadowing, federation, 1).await;
    }
    assert!(matches!(
        sign_in(&site, "ada", "wrong").await,
        SignInOutcome::Refused
    ));
    let state = seen(&shadowing, federation, 5).await;
    assert_eq!(state.without_difference, 1, "{state:?}");
    assert_eq!(
        (state.comparison.people, state.comparison.different),
        (5, 3)
    );
    assert_eq!(
        told(&state),
        [
            (DifferenceKind::LosesAccess, None, 2),
            (DifferenceKind::Fails, None, 1),
            (DifferenceKind::BarAdded, Some("locked"), 1),
            (DifferenceKind::ClaimChanged, Some("name"), 1),
        ]
    );
    let example = &state.comparison.differences[3].examples[0];
    assert_eq!((example.who.as_str(), &example.before), ("ada", &None));
    assert!(shadowing.discard(&realm("a").name, federation));
    assert!(!shadowing.discard(&realm("a").name, federation));
    assert_eq!(shadowing.state(federation), None);
    sign_in(&site, "ada", PASSWORD).await;
    let state = site.directories.state();
    let asked = &state.searches.last().expect("a search").attributes;
    assert!(!asked.contains(&"title".to_owned()), "{asked:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_candidate_without_a_difference_is_promoted_by_itself_and_one_with_never() {
    let site = site();
    let federation = staff(&site);
    let shadowing = shadowing(&site);
    let wish = ShadowWish {
        promote_after: Some(3),
        ..second()
    };
    let begun = shadowing.start(&realm("a"), federation, wish.clone()).await;
    begun.expect("a shadow");
    for name in ["ada", "cyd", "cyd", "cyd", "cyd"] {
        sign_in(&site, name, PASSWORD).await;
    }
    let state = seen(&shadowing, federation, 5).await;
    assert_eq!(state.stage, ShadowStage::Running, "{state:?}");
    assert_eq!(state.without_difference, 4);
    shadowing.discard(&realm("a").name, federation);

    let begun = shadowing.start(&realm("a"), federation, wish).await;
    begun.expect("a shadow");
    for _ in 0..3 {
        sign_in(&site, "cyd", "wrong").await;
    }
    let state = seen(&shadowing, federation, 3).await;
    assert_eq!(state.without_difference, 0, "nobody was known");
    for _ in 0..3 {
        sign_in(&site, "cyd", PASSWORD).await;
    }
    let mut state = seen(&shadowing, federation, 6).await;
    for _ in 0..200 {
        if state.stage != ShadowStage::Running {
            break;
        }
        sleep(Duration::from_millis(10)).await;
        state = shadowing.state(federation).expect("a shadow");
    }
    assert_eq!(state.stage, ShadowStage::Promoted, "{state:?}");
    let kept = site.store.tables().federations[0].clone();
    assert_eq!(kept.policy.digest, SECOND);
    assert_eq!(kept.federation.policy_digest.as_deref(), Some(SECOND));
    // The sign-in that was the last one needed may be told after it.
    let events = site.audit.events();
    let changed = events.iter().find(|it| it.event == AuditKind::Changed);
    let actor = changed.expect("a promotion").actor.as_deref();
    assert!(actor.is_some_and(|it| it.starts_with("shadow, after 3")));
    let SignInOutcome::SignedIn(user) = sign_in(&site, "ada", PASSWORD).await else {
        unreachable!("ada comes in");
    };
    assert_eq!(user.user().claims["name"], "Ada Dr");
}

#[tokio::test(flavor = "multi_thread")]
async fn mappers_are_promoted_by_saving_them_and_a_changed_federation_ends_a_shadow() {
    let site = site();
    let federation = staff(&site);
    let shadowing = shadowing(&site);
    let wish = ShadowWish {
        candidate: Candidate {
            digest: None,
            mappers: Some(vec![mapper("title", "title")]),
        },
        ..ShadowWish::default()
    };
    let begun = shadowing.start(&realm("a"), federation, wish.clone()).await;
    assert!(begun.expect("a shadow").mappers_change);
    let promoted = shadowing.promote(&realm("a").name, federation).await;
    let promoted = promoted.expect("it is saved");
    assert_eq!(promoted.after.federation.mappers.len(), 1);
    assert_eq!(promoted.after.federation.policy_digest, None);
    assert_eq!(promoted.before.federation.mappers, []);
    let none = shadowing.promote(&realm("a").name, federation).await;
    assert!(matches!(none, Err(ShadowError::None)));

    let begun = shadowing.start(&realm("a"), federation, wish).await;
    begun.expect("a shadow");
    site.store.tables().federations[0].revision.0 += 1;
    site.federations.reload(&realm("a").name);
    sign_in(&site, "ada", PASSWORD).await;
    let state = shadowing.state(federation).expect("a shadow");
    assert_eq!(state.stage, ShadowStage::Ended);
    assert_eq!(state.reason.as_deref(), Some("the federation was changed"));
    let ended = shadowing.promote(&realm("a").name, federation).await;
    assert!(matches!(ended, Err(ShadowError::Ended(_))));
}

#[tokio::test]
async fn what_cannot_run_is_refused_with_words() {
    let site = site();
    let federation = staff(&site);
    let shadowing = shadowing(&site);
    let start = async |wish: ShadowWish| {
        let started = shadowing.start(&realm("a"), federation, wish).await;
        started.expect_err("no shadow").to_string()
    };
    let nothing = start(ShadowWish::default()).await;
    assert!(nothing.contains("nothing is to be compared"), "{nothing}");
    let mut unknown = second();
    unknown.candidate.digest = Some("sha256:3".to_owned());
    assert!(!start(unknown).await.is_empty());
    site.store.tables().federations[0].managed_by = Some("/etc/a.toml".to_owned());
    site.federations.reload_all();
    let wish = ShadowWish {
        promote_after: Some(1),
        ..second()
    };
    assert!(start(wish).await.contains("/etc/a.toml"));
    site.store.change("staff", |it| it.enabled = false);
    site.federations.reload_all();
    assert!(start(second()).await.contains("switched off"));
}
