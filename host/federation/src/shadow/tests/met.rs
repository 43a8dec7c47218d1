//! What sign-ins and synchronisations met is compared without reading it again.

use super::{second, seen, shadowing, sign_in, site, staff, strict};
use crate::{
    Synchroniser,
    testing::{FakePolicy, Loaded, PASSWORD, attribute, entry, realm},
};
use bridge_model::{
    decision::{Person, Step},
    synchronisation::SyncKind,
};
use std::time::Duration;
use tokio::time::sleep;

/// Wants a group read before it knows anybody.
fn reader(person: &Person) -> Step {
    if person.findings.is_empty() {
        return Step::Read(vec![bridge_model::search::PolicySearch {
            key: "group".to_owned(),
            base: "cn=wheel,ou=staff,dc=example,dc=test".to_owned(),
            scope: bridge_model::search::SearchScope::Base,
            filter: "(objectClass=*)".to_owned(),
            slots: Vec::new(),
            attributes: vec!["cn".to_owned()],
            size_limit: 1,
            required: false,
            more: Vec::new(),
        }]);
    }
    strict(person)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_sign_in_read_is_not_read_again() {
    let site = site();
    let group = "cn=wheel,ou=staff,dc=example,dc=test";
    site.store.change("staff", |it| {
        it.read_bases = vec![crate::testing::subtree("ou=staff,dc=example,dc=test")];
    });
    site.policies.all()[0].says = Some(reader);
    let mut third = FakePolicy::version("sample", "3.0.0", "sha256:3");
    third.says = Some(reader);
    site.policies.load(Loaded::Vendor(third));
    let mut wheel = entry("staff", "wheel", &[]);
    wheel.dn = group.to_owned();
    wheel.attributes.push(attribute("cn", &["wheel"]));
    site.directories.put([wheel]);
    let federation = staff(&site);
    let shadowing = shadowing(&site);
    let mut wish = second();
    wish.candidate.digest = Some("sha256:3".to_owned());
    let begun = shadowing.start(&realm("a"), federation, wish).await;
    begun.expect("a shadow");
    sign_in(&site, "ada", PASSWORD).await;
    let state = seen(&shadowing, federation, 1).await;
    assert_eq!(
        (state.comparison.different, state.without_difference),
        (0, 1)
    );
    let state = site.directories.state();
    let reads = state.searches.iter();
    let reads = reads.filter(|it| it.base.as_str() == group).count();
    assert_eq!(reads, 1);
    assert_eq!(state.binds.len(), 1, "nobody binds for a candidate");
}

#[tokio::test(flavor = "multi_thread")]
async fn users_of_a_synchronisation_are_looked_at_too() {
    let site = site();
    site.store.change("staff", |it| it.import_enabled = true);
    let federation = staff(&site);
    let shadowing = shadowing(&site);
    let begun = shadowing.start(&realm("a"), federation, second()).await;
    begun.expect("a shadow");
    let synchroniser = Synchroniser::new(
        site.federations.clone(),
        site.store.clone(),
        site.clock.clone(),
        site.audit.clone(),
    );
    let own = realm("a").name;
    let run = synchroniser.start(&own, federation, SyncKind::Full).await;
    run.expect("a run");
    let mut state = shadowing.state(federation).expect("a shadow");
    for _ in 0..500 {
        if state.synchronised == 4 {
            break;
        }
        sleep(Duration::from_millis(10)).await;
        state = shadowing.state(federation).expect("a shadow");
    }
    assert_eq!((state.synchronised, state.sign_ins), (4, 0), "{state:?}");
    assert_eq!(
        (state.comparison.people, state.comparison.different),
        (4, 3)
    );
    let ended = synchroniser.state(&own, federation).await;
    let run = ended.expect("a state").last.expect("a run");
    // The policy in force saw no title, or it would have failed.
    assert_eq!((run.read, run.failed), (4, 0), "{run:?}");
}
