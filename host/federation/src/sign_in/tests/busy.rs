//! A policy without processor time lets nobody in and counts nothing; a slow one signs people in.

use super::{SignInOutcome, attempt_as, reason, signed_in, site};
use crate::{
    PasswordAttempt, PasswordOutcome,
    testing::{PASSWORD, client, realm},
};

#[tokio::test]
async fn a_realm_without_processor_time_asks_nothing_and_counts_nothing() {
    let site = site();
    let ask = |is_busy| {
        site.policies.all()[0].is_busy = is_busy;
        site.federations.reload_all();
    };
    ask(true);
    let (searches, binds) = {
        let state = site.directories.state();
        (state.searches.len(), state.binds.len())
    };
    for _ in 0..10 {
        let outcome = attempt_as(&site, "ada", "wrong", &client("a")).await;
        assert!(matches!(outcome, SignInOutcome::Unavailable), "{outcome:?}");
        assert_eq!(reason(&site), "policy_busy");
        let change = PasswordAttempt {
            username: "ada",
            current: PASSWORD,
            new: "another horse entirely",
            client: None,
            address: None,
            request_id: "r2",
        };
        let outcome = site.sign_ins.change_password(&realm("a"), &change).await;
        assert_eq!(outcome, PasswordOutcome::Unavailable);
        assert_eq!(reason(&site), "policy_busy");
    }
    let asked = {
        let state = site.directories.state();
        (state.searches.len(), state.binds.len())
    };
    assert_eq!(asked, (searches, binds));
    let told = site
        .sign_ins
        .explain(&realm("a"), None, "ada")
        .await
        .expect("told");
    assert_eq!(told.kept_out.expect("a reason").reason, "policy_busy");
    ask(false);
    signed_in(&site, "ada").await;
}

#[tokio::test]
async fn a_slow_policy_signs_people_in_too() {
    let site = site();
    site.policies.all()[0].is_slow = true;
    site.federations.reload_all();
    signed_in(&site, "ada").await;
}
