use super::*;
use crate::{
    shadow::DifferenceKind,
    testing::{FakePolicy, Loaded, Site, entry, realm},
};
use bridge_model::decision::{Bar, Identity, Person, Refusal, Step};
use std::time::Duration;
use tokio::time::sleep;

fn value(person: &Person, name: &str) -> String {
    let values = person.entry.values(name).first();
    String::from_utf8(values.cloned().unwrap_or_default()).expect("text")
}

/// Who is off may come in, and who has a title may not.
fn candidate(person: &Person) -> Step {
    let is_barred = !person.entry.values("title").is_empty();
    Step::Identified(Identity {
        username: value(person, "uid"),
        bars: is_barred
            .then_some(Bar {
                reason: Refusal::Other("too grand".to_owned()),
                since: None,
                until: None,
            })
            .into_iter()
            .collect(),
        ..Identity::default()
    })
}

fn site() -> Site {
    let site = Site::new(&["staff"]);
    let group = ("seeAlso", "cn=wiki,ou=groups,dc=example,dc=test");
    let others = (0..600).map(|i| entry("staff", &format!("u{i:03}"), &[]));
    site.directories.put(others);
    site.directories.put([
        entry("staff", "ada", &[group, ("title", "Dr"), ("mail", "ada@x")]),
        entry("staff", "bob", &[group]),
        entry("staff", "eve", &[("description", "off")]),
    ]);
    site.store
        .change("staff", |it| it.synchronisation.batch_size = 100);
    let mut second = FakePolicy::version("sample", "2.0.0", "sha256:2");
    second.says = Some(candidate);
    second.plans = |plan| plan.attributes.push("title".to_owned());
    site.policies.load(Loaded::Vendor(second));
    site
}

fn rehearsals(site: &Site) -> Rehearsals {
    Rehearsals::new(
        site.federations.clone(),
        site.store.clone(),
        site.clock.clone(),
    )
}

fn wish(digest: &str) -> RehearseWish {
    RehearseWish {
        candidate: Candidate {
            digest: Some(digest.to_owned()),
            mappers: None,
        },
        ..RehearseWish::default()
    }
}

async fn over(site: &Site, wish: RehearseWish) -> Rehearsal {
    let rehearsals = rehearsals(site);
    let federation = site.store.tables().federations[0].federation.id;
    let begun = rehearsals.start(&realm("a"), federation, wish).await;
    assert_eq!(begun.expect("a rehearsal").stage, RehearseStage::Running);
    for _ in 0..1_000 {
        let state = rehearsals.state(federation).expect("a rehearsal");
        if state.stage != RehearseStage::Running {
            return state;
        }
        sleep(Duration::from_millis(10)).await;
    }
    unreachable!("{:?}", rehearsals.state(federation));
}

fn told(rehearsal: &Rehearsal) -> Vec<(DifferenceKind, Option<&str>, u64)> {
    let differences = rehearsal.comparison.differences.iter();
    differences
        .map(|it| (it.kind, it.name.as_deref(), it.people))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rehearsal_answers_in_people() {
    use DifferenceKind as Kind;
    let site = site();
    let rehearsal = over(&site, wish("sha256:2")).await;
    assert_eq!(rehearsal.stage, RehearseStage::Done, "{rehearsal:?}");
    assert_eq!(rehearsal.policy.digest, "sha256:1");
    assert_eq!(rehearsal.candidate.digest, "sha256:2");
    let comparison = &rehearsal.comparison;
    assert_eq!((comparison.people, comparison.different), (603, 3));
    assert_eq!(
        told(&rehearsal),
        [
            (Kind::LosesAccess, None, 1),
            (Kind::GainsAccess, None, 1),
            (Kind::BarAdded, Some("too grand"), 1),
            (Kind::BarRemoved, Some("disabled"), 1),
            (Kind::LosesGroup, Some("wiki"), 2),
            (Kind::ClaimRemoved, Some("email"), 1),
        ]
    );
    let group = &comparison.differences[4];
    let who: Vec<_> = group.examples.iter().map(|it| it.who.as_str()).collect();
    assert_eq!(who, ["ada", "bob"]);
    let state = site.directories.state();
    let pages = &state.paged;
    assert_eq!(pages.len(), 1);
    assert!(pages[0].search.attributes.contains(&"title".to_owned()));
    assert!(state.binds.is_empty() && state.writes.is_empty());
    drop(state);
    assert!(site.store.tables().known.is_empty(), "nobody was noted");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_policy_differs_in_nothing_and_a_limit_holds() {
    let site = site();
    let mut same = FakePolicy::version("sample", "1.0.1", "sha256:4");
    same.left_out.clear();
    site.policies.load(Loaded::Vendor(same));
    let rehearsal = over(&site, wish("sha256:4")).await;
    assert_eq!(told(&rehearsal), []);
    assert_eq!(rehearsal.comparison.people, 603);
    let limit = Some(150);
    let rehearsal = over(
        &site,
        RehearseWish {
            limit,
            ..wish("sha256:4")
        },
    )
    .await;
    assert_eq!(rehearsal.stage, RehearseStage::Done);
    assert_eq!(rehearsal.comparison.people, 150);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_only_one_of_the_two_would_find_is_told() {
    let site = site();
    let mut third = FakePolicy::version("sample", "3.0.0", "sha256:3");
    third.plans = |plan| plan.users_filter = "(mail=*)".to_owned();
    site.policies.load(Loaded::Vendor(third));
    let rehearsal = over(&site, wish("sha256:3")).await;
    assert_eq!(rehearsal.stage, RehearseStage::Done, "{rehearsal:?}");
    // Who was kept out anyway loses nothing.
    assert_eq!(
        told(&rehearsal),
        [
            (DifferenceKind::LosesAccess, None, 601),
            (DifferenceKind::OtherReason, Some("not_found"), 1),
        ]
    );
    assert_eq!(rehearsal.comparison.people, 603);
    assert_eq!(
        rehearsal.plan_changes,
        ["users_filter was (uid=*), would be (mail=*)"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn another_identifier_makes_people_into_others() {
    let site = site();
    let mut third = FakePolicy::version("sample", "3.0.0", "sha256:3");
    third.plans = |plan| plan.stable_id.attribute = "uid".to_owned();
    site.policies.load(Loaded::Vendor(third));
    let rehearsal = over(&site, wish("sha256:3")).await;
    assert_eq!(
        told(&rehearsal),
        [(DifferenceKind::SubjectChanges, None, 603)]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_directory_fails_a_rehearsal_with_its_words() {
    let site = site();
    site.directories.state().pages_break_after = Some(2);
    let rehearsal = over(&site, wish("sha256:2")).await;
    assert_eq!(rehearsal.stage, RehearseStage::Failed);
    assert!(rehearsal.reason.is_some_and(|it| !it.is_empty()));
    assert_eq!(rehearsal.comparison.people, 200, "what was found stays");
}
