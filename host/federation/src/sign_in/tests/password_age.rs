//! Passwords that have to be changed or end some day, and what is said before that.

use super::{SignInOutcome, attempt, attempt_as, reason, signed_in, site};
use crate::testing::{attribute, client, entry};
use bridge_model::{federation::EditMode, search::Reply, time::Timestamp};
use std::time::Duration;

#[tokio::test]
async fn a_password_that_has_to_be_changed_is_told_only_with_it() {
    let site = site();
    site.directories.put([
        entry("staff", "max", &[("description", "must")]),
        entry("staff", "old", &[("description", "expired")]),
    ]);
    for (username, said) in [("max", "must_change_password"), ("old", "password_expired")] {
        for (mode, may) in [
            (EditMode::ReadOnly, false),
            (EditMode::Writable, true),
            (EditMode::Unsynced, true),
        ] {
            site.store.change("staff", |it| it.edit_mode = mode);
            site.federations.reload_all();
            let outcome = attempt_as(&site, username, "wrong", &client("a")).await;
            assert!(matches!(outcome, SignInOutcome::Refused), "{username}");
            assert_eq!(reason(&site), "bad_credentials");
            let outcome = attempt(&site, username).await;
            let SignInOutcome::PasswordChangeRequired { may_change } = outcome else {
                panic!("{outcome:?}");
            };
            assert_eq!(may_change, may, "{mode:?}");
            assert_eq!(reason(&site), said);
        }
    }
}

#[tokio::test]
async fn what_else_keeps_somebody_out_comes_before_the_age_of_the_password() {
    let site = site();
    let off = attribute("description", &["must", "off"]);
    let mut ian = entry("staff", "ian", &[]);
    ian.attributes.push(off);
    site.directories.put([ian.clone()]);
    let outcome = attempt(&site, "ian").await;
    assert!(matches!(outcome, SignInOutcome::Refused));
    assert_eq!(reason(&site), "disabled");
    // The same where the directory does not let them in.
    let refused = Reply {
        result_code: 49,
        diagnostic: "expired".to_owned(),
        controls: Vec::new(),
    };
    site.directories
        .state()
        .bind_replies
        .insert(ian.dn, refused.clone());
    let outcome = attempt(&site, "ian").await;
    assert!(matches!(outcome, SignInOutcome::Refused));
    assert_eq!(reason(&site), "disabled");
    // And where an administrator of the bridge keeps them out.
    let ada = signed_in(&site, "ada").await;
    site.directories
        .state()
        .bind_replies
        .insert(ada.user().entry_dn.clone(), refused);
    let outcome = attempt(&site, "ada").await;
    assert!(matches!(
        outcome,
        SignInOutcome::PasswordChangeRequired { may_change: false }
    ));
    let subject = ada.user().subject.clone();
    site.store.tables().blocked.push(subject);
    let outcome = attempt(&site, "ada").await;
    assert!(matches!(outcome, SignInOutcome::Refused));
    assert_eq!(reason(&site), "blocked");
}

#[tokio::test]
async fn a_password_that_ends_some_day_lets_in_until_then() {
    let site = site();
    site.policies.all()[0].password_ends_at = Some(Timestamp(1_000_900));
    site.federations.reload_all();
    signed_in(&site, "ada").await;
    site.clock.advance(Duration::from_mins(15));
    let outcome = attempt(&site, "ada").await;
    assert!(matches!(
        outcome,
        SignInOutcome::PasswordChangeRequired { .. }
    ));
}
