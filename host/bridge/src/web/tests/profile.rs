//! A person who changes what is said of them.

use super::{
    Answer, Site,
    people::{FORMER_PASSWORD, PASSWORD},
};
use http::StatusCode;

const SITE: &str = "https://id.example.test";

/// Ada at the account page of a realm: her cookies.
async fn signed_in(site: &Site, realm: &str) -> String {
    let account = format!("/realms/{realm}/account");
    let begun = site.begin_at(&account).await;
    let answer = site.try_password(&begun, "ada", PASSWORD).await;
    assert_eq!(answer.location(), account, "{}", answer.body);
    format!("{}; {}", begun.cookie, answer.cookie())
}

fn account(realm: &str) -> String {
    format!("/realms/{realm}/account")
}

fn profile(realm: &str) -> String {
    format!("/realms/{realm}/account/profile")
}

async fn change(site: &Site, realm: &str, cookie: &str, names: [&str; 2]) -> Answer {
    let page = site.get(&account(realm), cookie).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    let csrf = page.csrf_of(&profile(realm));
    let form = [
        ("given_name", names[0]),
        ("family_name", names[1]),
        ("email", "boss@example.test"),
        ("csrf", &csrf),
    ];
    site.post(&profile(realm), cookie, &form).await
}

#[tokio::test]
async fn a_changed_name_is_written_or_kept_and_shown_at_once() {
    for (realm, written) in [("staff", Some("Augusta")), ("at-keepers", None)] {
        let site = Site::new(SITE).await;
        let cookie = signed_in(&site, realm).await;
        let answer = change(&site, realm, &cookie, [" Augusta ", ""]).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
        let done = format!("{}?done=profile", account(realm));
        assert_eq!(answer.location(), done);
        assert_eq!(
            site.directory.written("ada", "givenName").as_deref(),
            written
        );
        let stale = site.get(&account(realm), &cookie).await;
        assert_eq!(
            stale.status,
            StatusCode::SEE_OTHER,
            "the session's old name"
        );
        let page = site.get(answer.location(), &answer.cookie()).await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.body);
        for part in [r#"value="Augusta""#, "Your profile was changed."] {
            assert!(page.body.contains(part), "{part}: {}", page.body);
        }
        let event = site.audit.last();
        let after = event.after.expect("what it is now").to_string();
        assert_eq!(after, r#"{"given_name":"Augusta"}"#);
        assert_eq!(event.object, event.actor);
        // And at the next sign-in.
        let cookie = signed_in(&site, realm).await;
        let page = site.get(&account(realm), &cookie).await;
        assert!(page.body.contains(r#"value="Augusta""#), "{}", page.body);
    }
}

#[tokio::test]
async fn a_mail_address_is_not_anybodys_to_give_themselves() {
    let site = Site::new(SITE).await;
    let cookie = signed_in(&site, "at-keepers").await;
    let answer = change(&site, "at-keepers", &cookie, ["Augusta", "King"]).await;
    let page = site.get(answer.location(), &answer.cookie()).await;
    assert!(page.body.contains(r#"value="King""#), "{}", page.body);
    assert!(!page.body.contains("boss@"), "{}", page.body);
    assert!(!page.body.contains(r#"name="email""#), "{}", page.body);
}

#[tokio::test]
async fn what_is_not_accepted_is_said_at_its_field_in_our_own_words() {
    let site = Site::new(SITE).await;
    let cookie = signed_in(&site, "staff").await;
    let long = "x".repeat(300);
    for family in ["R2-D2", &long, "a\u{7}b"] {
        let page = change(&site, "staff", &cookie, ["Ada", family]).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
        for part in [
            "Your profile was not changed",
            r#"aria-invalid="true" aria-describedby="family_name-note""#,
            r#"value="Ada""#,
        ] {
            assert!(page.body.contains(part), "{part}: {}", page.body);
        }
        assert!(!page.body.contains("cn=config"), "{}", page.body);
    }
    let page = change(&site, "staff", &cookie, ["Ada", r#""><script>7"#]).await;
    assert!(!page.body.contains("<script"), "{}", page.body);
    assert_eq!(site.directory.written("ada", "sn"), None);
}

#[tokio::test]
async fn nothing_is_done_where_nothing_differs() {
    let site = Site::new(SITE).await;
    let cookie = signed_in(&site, "staff").await;
    let lines = site.audit.lines().len();
    let answer = change(&site, "staff", &cookie, ["", " "]).await;
    assert_eq!(answer.location(), "/realms/staff/account?done=profile");
    assert_eq!(answer.header("set-cookie"), "", "the session stays");
    assert_eq!(site.audit.lines().len(), lines);
}

#[tokio::test]
async fn a_directory_that_is_only_read_has_no_form_and_takes_none() {
    let site = Site::new(SITE).await;
    let cookie = signed_in(&site, "readers").await;
    let page = site.get(&account("readers"), &cookie).await;
    assert!(!page.body.contains("Save profile"), "{}", page.body);
    let csrf = page.csrf_of("/account/sessions");
    for (csrf, status) in [("", 403), (csrf.as_str(), 403)] {
        let form = [("given_name", "Augusta"), ("csrf", csrf)];
        let answer = site.post(&profile("readers"), &cookie, &form).await;
        assert_eq!(answer.status, status);
    }
    assert_eq!(site.directory.written("ada", "givenName"), None);
}

#[tokio::test]
async fn where_the_bridge_keeps_passwords_the_directory_does_not_hear_of_them() {
    let site = Site::new(SITE).await;
    let cookie = signed_in(&site, "at-keepers").await;
    let page = site.get(&account("at-keepers"), &cookie).await;
    let action = "/realms/at-keepers/account/password";
    let csrf = page.csrf_of(action);
    let form = [
        ("current", PASSWORD),
        ("new", FORMER_PASSWORD),
        ("again", FORMER_PASSWORD),
        ("csrf", &csrf),
    ];
    let answer = site.post(action, &cookie, &form).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    assert_eq!(site.directory.password_of("ada"), PASSWORD);
    let begun = site.begin_at(&account("at-keepers")).await;
    let old = site.try_password(&begun, "ada", PASSWORD).await;
    assert_eq!(old.status, StatusCode::UNAUTHORIZED);
    let new = site.try_password(&begun, "ada", FORMER_PASSWORD).await;
    assert_eq!(new.status, StatusCode::SEE_OTHER, "{}", new.body);
}
