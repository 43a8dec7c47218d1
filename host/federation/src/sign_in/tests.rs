use super::*;
use crate::testing::{PASSWORD, Site, client, entry, realm};
use bridge_model::{federation::OnError, ports::DirectoryFault};

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
