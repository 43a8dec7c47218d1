//! Who comes in, who does not, and what is told of it.

mod busy;
mod hostile;
mod password_age;

use super::*;
use crate::testing::{PASSWORD, Site, client, entry, realm, subtree};
use bridge_model::{
    federation::{EditMode, OnError},
    ports::DirectoryFault,
};

const STAFF: (&str, &str) = ("seeAlso", "cn=staff,ou=groups,dc=example,dc=test");

fn site() -> Site {
    let site = Site::new(&["staff", "partners"]);
    site.directories.put([
        entry(
            "staff",
            "ada",
            &[("cn", "Ada"), ("mail", "ada@corp.example"), STAFF],
        ),
        entry("staff", "eve", &[("description", "off")]),
        entry("partners", "bob", &[]),
        entry("staff", "twin", &[]),
        entry("partners", "twin", &[]),
    ]);
    site
}

async fn attempt_as(site: &Site, username: &str, password: &str, client: &Client) -> SignInOutcome {
    let attempt = Attempt {
        username,
        password,
        client,
        address: None,
        request_id: "r1",
    };
    site.sign_ins.sign_in(&realm("a"), &attempt).await
}

async fn attempt(site: &Site, username: &str) -> SignInOutcome {
    attempt_as(site, username, PASSWORD, &client("a")).await
}

fn reason(site: &Site) -> String {
    site.audit.last().reason.unwrap_or_default()
}

async fn signed_in(site: &Site, username: &str) -> AuthenticatedUser {
    match attempt(site, username).await {
        SignInOutcome::SignedIn(user) => *user,
        other => panic!("{other:?}: {}", reason(site)),
    }
}

#[tokio::test]
async fn who_signs_in_is_noted_and_comes_with_groups() {
    let site = site();
    let user = signed_in(&site, "ada").await;
    assert_eq!(user.user().group_dns, [STAFF.1]);
    assert_eq!(user.user().claims.get("email_verified"), None);
    let known = site.store.tables().known.clone();
    assert_eq!(known.len(), 1);
    assert_eq!(known[0].subject, user.user().subject);
    assert_eq!(known[0].entry_dn, "uid=ada,ou=staff,dc=example,dc=test");
}

#[tokio::test]
async fn addresses_are_verified_where_the_operator_says_so() {
    let site = site();
    site.store.change("staff", |it| {
        it.email_verified_domains = vec!["corp.example".to_owned()];
    });
    let user = signed_in(&site, "ada").await;
    let verified = user.user().claims.get("email_verified");
    assert_eq!(verified, Some(&true.into()));
}

#[tokio::test]
async fn a_subject_that_was_brought_along_stays() {
    let site = site();
    let derived = signed_in(&site, "ada").await;
    let brought = "f:1234:ada".to_owned();
    let imported = (b"id-ada".to_vec(), brought.clone());
    site.store.tables().imported.extend([imported]);
    assert_eq!(signed_in(&site, "ada").await.user().subject, brought);
    site.store.tables().imported.clear();
    assert_eq!(
        signed_in(&site, "ada").await.user().subject,
        derived.user().subject
    );
}

#[tokio::test]
async fn who_is_not_in_an_allowed_group_hears_so_only_with_the_password() {
    let site = site();
    let mut admins = client("a");
    admins.allowed_groups = vec!["admins".to_owned()];
    let outcome = attempt_as(&site, "ada", "wrong", &admins).await;
    assert!(matches!(outcome, SignInOutcome::Refused));
    for _ in 0..6 {
        // Whoever proves who they are is not counted: they would not run into the throttle.
        let outcome = attempt_as(&site, "ada", PASSWORD, &admins).await;
        assert!(matches!(outcome, SignInOutcome::NotAllowed));
    }
    assert_eq!(reason(&site), "not_in_allowed_groups");
    admins.allowed_groups = vec!["Staff".to_owned()];
    let outcome = attempt_as(&site, "ada", PASSWORD, &admins).await;
    assert!(matches!(outcome, SignInOutcome::SignedIn(_)));
}

#[tokio::test]
async fn what_the_bridge_or_the_directory_holds_against_somebody_is_a_refusal() {
    let site = site();
    let subject = signed_in(&site, "ada").await.user().subject.clone();
    site.store.tables().blocked.push(subject);
    for (username, said) in [
        ("ada", "blocked"),
        ("eve", "disabled"),
        ("nobody", "unknown_user"),
    ] {
        let outcome = attempt(&site, username).await;
        assert!(matches!(outcome, SignInOutcome::Refused), "{username}");
        assert_eq!(reason(&site), said);
    }
}

#[tokio::test]
async fn federations_are_asked_in_order_and_those_switched_off_are_not() {
    let site = site();
    let user = signed_in(&site, "twin").await;
    assert_eq!(user.user().federation.as_str(), "staff");
    site.store.change("staff", |it| it.enabled = false);
    site.federations.reload(&realm("a").name);
    let user = signed_in(&site, "twin").await;
    assert_eq!(user.user().federation.as_str(), "partners");
    let outcome = attempt(&site, "ada").await;
    assert!(matches!(outcome, SignInOutcome::Refused));
}

#[tokio::test]
async fn a_silent_directory_stops_the_sign_in_unless_it_is_passed_over() {
    let site = site();
    site.directories
        .break_down("staff", DirectoryFault::Timeout);
    let outcome = attempt(&site, "bob").await;
    assert!(matches!(outcome, SignInOutcome::Unavailable));
    assert_eq!(site.audit.last().federation.as_deref(), Some("staff"));

    site.store
        .change("staff", |it| it.on_error = OnError::PassOver);
    site.federations.reload_all();
    assert_eq!(signed_in(&site, "bob").await.user().username, "bob");
    // Who might live in the silent one was not refused: it cannot be told.
    let outcome = attempt(&site, "ada").await;
    assert!(matches!(outcome, SignInOutcome::Unavailable));
}

#[tokio::test]
async fn a_person_who_was_found_is_not_looked_for_elsewhere() {
    let site = site();
    site.store
        .change("staff", |it| it.on_error = OnError::PassOver);
    site.policies.all()[0].is_broken = true;
    let outcome = attempt(&site, "twin").await;
    assert!(matches!(outcome, SignInOutcome::Unavailable));
    let binds = site.directories.state().binds.clone();
    assert_eq!(binds, ["uid=twin,ou=staff,dc=example,dc=test"]);
}

#[tokio::test]
async fn a_policy_that_is_switched_off_makes_its_federations_unavailable() {
    let site = site();
    site.store.tables().policies_off = vec!["sample".to_owned()];
    let outcome = attempt(&site, "ada").await;
    assert!(matches!(outcome, SignInOutcome::Unavailable));
    assert_eq!(reason(&site), "policy sample is switched off");
    assert!(site.directories.state().searches.is_empty());
    site.store.tables().policies_off.clear();
    site.federations.reload_all();
    signed_in(&site, "ada").await;
}

#[tokio::test]
async fn a_store_that_fails_lets_nobody_in() {
    let site = site();
    site.store.tables().is_down = true;
    let outcome = attempt(&site, "ada").await;
    assert!(matches!(outcome, SignInOutcome::Unavailable));
    assert_eq!(reason(&site), "store");
}

#[tokio::test]
async fn a_switched_off_realm_or_client_keeps_everybody_out() {
    let site = site();
    let mut off = client("a");
    off.enabled = false;
    let outcome = attempt_as(&site, "ada", PASSWORD, &off).await;
    assert!(matches!(outcome, SignInOutcome::Refused));
    assert_eq!(reason(&site), "client_off");
    let outcome = attempt_as(&site, "ada", PASSWORD, &client("b")).await;
    assert!(matches!(outcome, SignInOutcome::Refused));
    assert_eq!(reason(&site), "client_off");
}

#[tokio::test]
async fn a_sign_in_imports_the_person_once() {
    let site = site();
    signed_in(&site, "ada").await;
    assert_eq!(site.store.tables().import_writes, 0);
    site.store.change("staff", |it| it.import_enabled = true);
    site.federations.reload_all();
    for _ in 0..3 {
        signed_in(&site, "ada").await;
    }
    assert_eq!(site.store.tables().import_writes, 1);
    let kept = site.store.tables().kept.values().next().cloned();
    let kept = kept.expect("ada");
    assert_eq!(kept.identifier.as_deref(), Some(&b"id-ada"[..]));
    let imported = kept.imported.expect("an import");
    assert_eq!(imported.claims.get("name"), Some(&"Ada".into()));
    for entry in &mut site.directories.state().entries {
        entry.attributes.retain(|attribute| attribute.name != "cn");
    }
    signed_in(&site, "ada").await;
    assert_eq!(site.store.tables().import_writes, 2);
}

#[tokio::test]
async fn only_an_unsynced_federation_asks_what_lies_over_it() {
    let site = site();
    for (mode, reads) in [
        (EditMode::ReadOnly, 0),
        (EditMode::Writable, 0),
        (EditMode::Unsynced, 1),
    ] {
        site.store.change("staff", |it| it.edit_mode = mode);
        site.federations.reload_all();
        signed_in(&site, "ada").await;
        assert_eq!(site.store.tables().local_reads, reads, "{mode:?}");
    }
}

#[tokio::test]
async fn a_name_of_several_is_nobodys_also_across_places() {
    let site = site();
    let places = [
        subtree("ou=partners,dc=example,dc=test"),
        subtree("ou=staff,dc=example,dc=test"),
    ];
    site.store.change("staff", |it| it.users = places.to_vec());
    site.federations.reload_all();
    let outcome = attempt(&site, "twin").await;
    assert!(matches!(outcome, SignInOutcome::Refused));
    assert_eq!(reason(&site), "ambiguous_user_name");
    // Whoever has a name of their own is found in either place, by the first federation.
    for username in ["ada", "bob"] {
        let user = signed_in(&site, username).await;
        assert_eq!(user.user().federation.as_str(), "staff");
    }
}

#[tokio::test]
async fn a_wrong_password_is_not_tried_in_the_next_federation() {
    let site = site();
    let bob = "uid=twin,ou=partners,dc=example,dc=test".to_owned();
    let of_partner = "of the partner".to_owned();
    site.directories.state().passwords.insert(bob, of_partner);
    let outcome = attempt_as(&site, "twin", "of the partner", &client("a")).await;
    assert!(matches!(outcome, SignInOutcome::Refused));
    let binds = site.directories.state().binds.clone();
    assert_eq!(binds, ["uid=twin,ou=staff,dc=example,dc=test"]);
}

#[tokio::test]
async fn mappers_that_were_left_out_are_told_to_whoever_asks() {
    let site = site();
    site.policies.all()[0].left_out = vec!["phone".to_owned()];
    site.federations.reload_all();
    signed_in(&site, "ada").await;
    let told = site.sign_ins.explanation(&realm("a").name, "r1");
    let person = told.and_then(|told| told.person).expect("ada");
    assert_eq!(person.left_out, ["phone"]);
    let preview = site.sign_ins.preview(&realm("a"), "ada").await;
    assert_eq!(preview.expect("ada").view().left_out, ["phone"]);
}

#[tokio::test]
async fn what_goes_wrong_after_a_right_password_is_no_failure() {
    let site = site();
    for _ in 0..6 {
        site.policies.all()[0].is_broken = true;
        site.federations.reload_all();
        let outcome = attempt(&site, "ada").await;
        assert!(matches!(outcome, SignInOutcome::Unavailable));
    }
    site.policies.all()[0].is_broken = false;
    site.federations.reload_all();
    signed_in(&site, "ada").await;
    // After a wrong one it may have been one for the directory.
    site.policies.all()[0].is_broken = true;
    site.federations.reload_all();
    for i in 0..5 {
        let outcome = attempt_as(&site, "ada", "wrong", &client("a")).await;
        let throttled = matches!(outcome, SignInOutcome::Throttled { .. });
        assert_eq!(throttled, i == 4, "{outcome:?}");
    }
}
