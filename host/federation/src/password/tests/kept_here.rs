//! Passwords that the bridge keeps itself.

use super::*;
use bridge_model::user::LocalProfile;
use serde_json::{Map, json};

#[tokio::test]
async fn an_unsynced_password_is_kept_here_and_counts_instead_of_the_directorys() {
    let site = site(EditMode::Unsynced);
    assert_eq!(change(&site, "ada").await, PasswordOutcome::Changed);
    assert!(writers(&site).is_empty());
    let kept = site.store.tables().kept.values().next().cloned();
    let hash = kept.and_then(|kept| kept.local.password_hash);
    assert!(hash.is_some_and(|hash| hash.starts_with("$argon2id$")));
    let outcome = sign_in(&site, "ada", PASSWORD).await;
    assert!(matches!(outcome, SignInOutcome::Refused));
    let binds = site.directories.state().binds.len();
    let outcome = sign_in(&site, "ada", NEW).await;
    assert!(matches!(outcome, SignInOutcome::SignedIn(_)));
    let bound = site.directories.state().binds[binds].clone();
    assert!(bound.starts_with("uid=nobody-"), "{bound}");
    // The next change proves with the password that counts.
    assert_eq!(change(&site, "ada").await, PasswordOutcome::Refused);
    let third = change_to(&site, "ada", NEW, "a third password").await;
    assert_eq!(third, PasswordOutcome::Changed);
}

#[tokio::test]
async fn an_unsynced_password_revives_nobody() {
    let site = site(EditMode::Unsynced);
    assert_eq!(change(&site, "eve").await, PasswordOutcome::Refused);
    assert_eq!(reason(&site), "disabled");
    assert_eq!(change(&site, "ada").await, PasswordOutcome::Changed);
    for entry in &mut site.directories.state().entries {
        if entry.dn == dn("ada") {
            let off = crate::testing::attribute("description", &["off"]);
            entry.attributes.push(off);
        }
    }
    let outcome = sign_in(&site, "ada", NEW).await;
    assert!(matches!(outcome, SignInOutcome::Refused));
    assert_eq!(reason(&site), "disabled");
}

#[tokio::test]
async fn an_unsynced_password_takes_the_place_of_one_that_is_too_old() {
    let site = site(EditMode::Unsynced);
    refuse_bind(&site, "ada", "expired");
    for username in ["ada", "max"] {
        let outcome = sign_in(&site, username, PASSWORD).await;
        assert!(matches!(
            outcome,
            SignInOutcome::PasswordChangeRequired { may_change: true }
        ));
        assert_eq!(change(&site, username).await, PasswordOutcome::Changed);
        let outcome = sign_in(&site, username, NEW).await;
        assert!(matches!(outcome, SignInOutcome::SignedIn(_)), "{username}");
    }
}

#[tokio::test]
async fn an_unsynced_password_has_a_length_and_is_not_the_user_name() {
    let site = site(EditMode::Unsynced);
    for (new, complaint) in [
        ("short", Complaint::TooShort(Some(8))),
        ("i am ADA indeed", Complaint::TooWeak),
    ] {
        let told = change_to(&site, "ada", PASSWORD, new).await;
        assert_eq!(told, PasswordOutcome::Complaints(vec![complaint]));
    }
}

#[tokio::test]
async fn what_is_kept_here_lies_over_the_directory_at_sign_in_in_a_preview_and_in_words() {
    let site = site(EditMode::Unsynced);
    let SignInOutcome::SignedIn(ada) = sign_in(&site, "ada", PASSWORD).await else {
        panic!("ada is refused");
    };
    let subject = ada.user().subject.clone();
    let key = (realm("a").name, subject);
    let claims = json!({"name": "Countess", "sub": "root", "email": null});
    let claims: Map<_, _> = claims.as_object().expect("an object").clone();
    let keep = |disabled| {
        let mut tables = site.store.tables();
        let kept = tables.kept.get_mut(&key).expect("ada");
        kept.local = LocalProfile {
            claims: claims.clone(),
            disabled,
            ..LocalProfile::default()
        };
    };
    keep(false);
    let SignInOutcome::SignedIn(ada) = sign_in(&site, "ada", PASSWORD).await else {
        panic!("ada is refused");
    };
    let laid = json!({"name": "Countess"});
    assert_eq!(json!(ada.user().claims), laid);
    assert_ne!(ada.user().subject, "root");
    let preview = site.sign_ins.preview(&realm("a"), "ada").await;
    assert_eq!(json!(preview.expect("ada").user.claims), laid);

    keep(true);
    let outcome = sign_in(&site, "ada", PASSWORD).await;
    assert!(matches!(outcome, SignInOutcome::Refused));
    assert_eq!(reason(&site), "disabled_here");
    let told = site.sign_ins.explain(&realm("a"), None, "ada").await;
    let told = told.expect("a store that works").kept_out;
    assert_eq!(told.expect("a reason").reason, "disabled_here");
}
