//! Sign-ins that go on while versions are swapped.

use super::{NEXT, next, site, swaps};
use crate::{
    SignInOutcome,
    sign_in::Attempt,
    testing::{Loaded, PASSWORD, Site, client, entry, realm},
};
use std::sync::Arc;

/// Signs somebody in, and says whether all of it is of one version.
async fn is_of_one_version(site: &Site, name: &str, request_id: &str) -> bool {
    let attempt = Attempt {
        username: name,
        password: PASSWORD,
        client: &client("a"),
        address: None,
        request_id,
    };
    let outcome = site.sign_ins.sign_in(&realm("a"), &attempt).await;
    let SignInOutcome::SignedIn(user) = outcome else {
        return false;
    };
    let user = user.user();
    let said = match user.policy.digest.as_str() {
        "sha256:1" => "Ada",
        NEXT => "Two",
        _ => return false,
    };
    let events = site.audit.of(request_id);
    user.claims["name"] == said
        && events.len() == 1
        && events[0].policy.as_ref() == Some(&user.policy)
}

#[tokio::test]
async fn sign_ins_go_on_while_versions_are_swapped_and_each_is_of_one_version() {
    const PEOPLE: usize = 4;
    const SIGN_INS: usize = 500;
    const SWAPS: usize = 50;
    let site = Arc::new(site());
    let names: Vec<_> = (0..PEOPLE).map(|number| format!("u{number}")).collect();
    let entries = names
        .iter()
        .map(|name| entry("staff", name, &[("cn", "Ada")]));
    site.directories.put(entries.collect::<Vec<_>>());
    site.policies.load(Loaded::Vendor(next()));
    let people = names.into_iter().map(|name| {
        let site = Arc::clone(&site);
        tokio::spawn(async move {
            let mut right = 0;
            for number in 0..SIGN_INS {
                let request_id = format!("{name}-{number}");
                right += usize::from(is_of_one_version(&site, &name, &request_id).await);
                tokio::task::yield_now().await;
            }
            right
        })
    });
    let people: Vec<_> = people.collect();
    let swaps = swaps(&site);
    for number in 0..SWAPS {
        let digest = if number % 2 == 0 { NEXT } else { "sha256:1" };
        swaps.swap(digest, "x").await.expect("swapped");
        for _ in 0..SIGN_INS / SWAPS {
            tokio::task::yield_now().await;
        }
    }
    for person in people {
        assert_eq!(person.await.expect("no panic"), SIGN_INS);
    }
}
