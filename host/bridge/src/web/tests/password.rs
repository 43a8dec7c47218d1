//! A new password within a sign-in.

use super::{
    Answer, Begun, CALLBACK, Site, authorization_path,
    people::{FORMER_PASSWORD, PASSWORD, SILENCE},
};
use http::StatusCode;

const SITE: &str = "https://id.example.test";
const NEW: &str = "tr0ub4dor & 3";

/// A sign-in that has come to the page for a new password.
async fn at_the_page(site: &Site, username: &str) -> Begun {
    let begun = site.begin().await;
    let page = site.try_password(&begun, username, PASSWORD).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    let action = change_path(&begun);
    assert!(page.body.contains(&action), "{}", page.body);
    assert_eq!(page.csrf(), begun.csrf, "one token for one interaction");
    begun
}

fn change_path(begun: &Begun) -> String {
    begun.page.replace("/authenticate/", "/update-password/")
}

async fn change(site: &Site, begun: &Begun, username: &str, passwords: [&str; 3]) -> Answer {
    let [current, new, again] = passwords;
    let form = [
        ("username", username),
        ("current", current),
        ("new", new),
        ("again", again),
        ("csrf", begun.csrf.as_str()),
    ];
    site.post(&change_path(begun), &begun.cookie, &form).await
}

#[tokio::test]
async fn a_password_that_is_too_old_is_changed_on_the_way_in() {
    // Whether the directory lets them in for that or not.
    for username in ["edsger", "barbara"] {
        let site = Site::new(SITE).await;
        let begun = site.begin().await;
        let page = site.try_password(&begun, username, PASSWORD).await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.body);
        assert_eq!(page.header("set-cookie"), "", "nobody is signed in yet");
        assert_eq!(page.header("cache-control"), "no-store");
        let policy = page.header("content-security-policy");
        assert!(policy.contains("form-action 'self' https:"), "{policy}");
        for part in [
            "Choose a new password",
            r#"autocomplete="current-password""#,
            r#"autocomplete="new-password""#,
            &format!(r#"value="{username}" autocomplete="username" readonly"#),
        ] {
            assert!(page.body.contains(part), "{part}: {}", page.body);
        }
        assert!(!page.body.contains(PASSWORD), "{}", page.body);
        assert!(!page.body.contains(r#"role="alert""#), "{}", page.body);

        let answer = change(&site, &begun, username, [PASSWORD, NEW, NEW]).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
        assert!(answer.location().starts_with(CALLBACK));
        assert!(answer.parameter("code").is_some());
        assert!(answer.header("set-cookie").contains("session-staff="));
        assert_eq!(site.directory.password_of(username), NEW);
        let lines = site.audit.lines();
        assert!(
            lines.iter().any(|line| line == "PasswordChanged Success -"),
            "{lines:?}"
        );
        assert_eq!(lines.last().map(String::as_str), Some("SignIn Success -"));
    }
}

#[tokio::test]
async fn a_new_password_ends_the_sessions_of_the_person_elsewhere() {
    let site = Site::new(SITE).await;
    let first = at_the_page(&site, "edsger").await;
    let elsewhere = change(&site, &first, "edsger", [PASSWORD, NEW, NEW]).await;
    let second = site.begin().await;
    let answer = change(&site, &second, "edsger", [NEW, PASSWORD, PASSWORD]).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    let here = site.get(&authorization_path(), &answer.cookie()).await;
    assert!(here.location().starts_with(CALLBACK));
    let there = site.get(&authorization_path(), &elsewhere.cookie()).await;
    assert!(there.location().contains("/login-actions/"), "still in");
}

#[tokio::test]
async fn what_has_to_be_put_right_is_said_at_the_field_before_a_directory_is_asked() {
    let site = Site::new(SITE).await;
    let begun = at_the_page(&site, "edsger").await;
    let lines = site.audit.lines().len();
    for (passwords, note, said) in [
        (["", NEW, NEW], "current-note", "Enter your current"),
        ([PASSWORD, "", ""], "new-note", "Enter a new password."),
        ([PASSWORD, NEW, "other"], "again-note", "are not the same"),
        (
            [PASSWORD, PASSWORD, PASSWORD],
            "new-note",
            "current password",
        ),
    ] {
        let page = change(&site, &begun, "edsger", passwords).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{said}");
        let described = format!(r#"aria-invalid="true" aria-describedby="{note}""#);
        assert!(page.body.contains(&described), "{note}: {}", page.body);
        assert!(page.body.contains(said), "{said}: {}", page.body);
        assert!(page.body.contains(r#"role="alert""#));
        for secret in [PASSWORD, "tr0ub4dor", "other\""] {
            assert!(!page.body.contains(secret), "{secret} is given back");
        }
    }
    assert_eq!(site.audit.lines().len(), lines, "a password was looked at");
    let answer = change(&site, &begun, "edsger", [PASSWORD, NEW, NEW]).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "the form is used up");
}

#[tokio::test]
async fn what_the_directory_complains_of_is_a_sentence() {
    let site = Site::new(SITE).await;
    let begun = at_the_page(&site, "edsger").await;
    for (new, said) in [
        ("short", "Too short: at least 8 characters."),
        (FORMER_PASSWORD, "You have used this password before."),
        ("too young to fly", "too recently: try again in 3 hours."),
    ] {
        let page = change(&site, &begun, "edsger", [PASSWORD, new, new]).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{new}");
        assert!(page.body.contains(said), "{said}: {}", page.body);
        assert!(!page.body.contains(FORMER_PASSWORD), "{}", page.body);
    }
    assert_eq!(site.directory.password_of("edsger"), PASSWORD);
}

#[tokio::test]
async fn every_refusal_of_the_password_so_far_is_the_same_answer() {
    let mut answers = Vec::new();
    for (username, current) in [
        ("edsger", "wrong"),
        ("barbara", "wrong"),
        ("ada", "wrong"),
        ("nobody", PASSWORD),
        ("grace", "wrong"),
        ("alan", "wrong"),
    ] {
        let site = Site::new(SITE).await;
        let begun = site.begin().await;
        let page = change(&site, &begun, username, [current, NEW, NEW]).await;
        assert_eq!(page.status, StatusCode::UNAUTHORIZED, "{username}");
        let mut headers = page.headers.clone();
        headers.remove("x-request-id");
        headers.remove("content-length");
        let interaction = begun.page.rsplit('/').next().expect("an id");
        let body = page
            .body
            .replace(&begun.csrf, "CSRF")
            .replace(interaction, "ID")
            .replace(&format!(r#"value="{username}""#), "NAME");
        answers.push((username, headers, body));
    }
    let (_, headers, body) = &answers[0];
    assert!(body.contains("or the account cannot be used right now"));
    for (username, other_headers, other_body) in &answers {
        assert_eq!(headers, other_headers, "{username}");
        assert_eq!(body, other_body, "{username}");
    }
}

#[tokio::test]
async fn who_is_switched_off_stays_out_with_a_new_password() {
    let site = Site::new(SITE).await;
    let begun = at_the_page(&site, "donald").await;
    let answer = change(&site, &begun, "donald", [PASSWORD, NEW, NEW]).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{}", answer.body);
    assert_eq!(answer.header("set-cookie"), "");
    let refused = site.try_password(&begun, "nobody", NEW).await;
    assert_eq!(answer.body, refused.body, "the page of every refusal");
}

#[tokio::test]
async fn where_a_directory_is_only_read_the_page_says_who_can_do_it() {
    let site = Site::new(SITE).await;
    let path = authorization_path().replace("/staff/", "/readers/");
    let begun = site.begin_at(&path).await;
    let page = site.try_password(&begun, "edsger", PASSWORD).await;
    assert_eq!(page.status, StatusCode::FORBIDDEN, "{}", page.body);
    for part in [
        "Your password has to be changed",
        "your administrator",
        &begun.page,
        page.header("x-request-id"),
    ] {
        assert!(page.body.contains(part), "{part}: {}", page.body);
    }
    for detail in ["edsger", "expired", "<form", PASSWORD] {
        assert!(!page.body.contains(detail), "{detail}: {}", page.body);
    }
    // Whoever has never proved anything does not hear of it.
    let wrong = site.try_password(&begun, "edsger", "wrong").await;
    assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_form_for_a_new_password_belongs_to_its_browser_and_its_interaction() {
    let site = Site::new(SITE).await;
    let begun = at_the_page(&site, "edsger").await;
    let other = site.begin().await;
    let lines = site.audit.lines().len();
    let send = async |path: &str, cookie: &str, csrf: &str| {
        let form = [
            ("username", "edsger"),
            ("current", PASSWORD),
            ("new", NEW),
            ("again", NEW),
            ("csrf", csrf),
        ];
        site.post(path, cookie, &form).await.status
    };
    let path = change_path(&begun);
    for csrf in ["", "x", &other.csrf] {
        let status = send(&path, &begun.cookie, csrf).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{csrf}");
    }
    for cookie in ["", other.cookie.as_str()] {
        let status = send(&path, cookie, &begun.csrf).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{cookie}");
    }
    let elsewhere = path.replace("/staff/", "/readers/");
    let cookie = begun.cookie.replace("-staff=", "-readers=");
    let status = send(&elsewhere, &cookie, &begun.csrf).await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "another realm");
    assert_eq!(site.audit.lines().len(), lines, "a password was looked at");
    assert_eq!(site.directory.password_of("edsger"), PASSWORD);
    assert_eq!(
        send(&path, &begun.cookie, &begun.csrf).await,
        StatusCode::SEE_OTHER
    );
    let late = send(&path, &begun.cookie, &begun.csrf).await;
    assert_eq!(late, StatusCode::BAD_REQUEST, "it is over");
}

#[tokio::test]
async fn whoever_reloads_the_page_begins_at_the_sign_in() {
    let site = Site::new(SITE).await;
    let begun = at_the_page(&site, "edsger").await;
    let answer = site.get(&change_path(&begun), &begun.cookie).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    assert_eq!(answer.location(), begun.page);
}

#[tokio::test]
async fn guesses_at_this_form_are_counted_with_those_at_the_sign_in() {
    let site = Site::new(SITE).await;
    let begun = site.begin().await;
    for _ in 0..2 {
        site.try_password(&begun, "ada", "wrong").await;
        let page = change(&site, &begun, "ada", ["wrong", NEW, NEW]).await;
        assert_eq!(page.status, StatusCode::UNAUTHORIZED);
    }
    let page = change(&site, &begun, "ada", [PASSWORD, NEW, NEW]).await;
    assert_eq!(page.status, StatusCode::TOO_MANY_REQUESTS, "{}", page.body);
    assert_eq!(page.header("retry-after"), "900");
    assert_eq!(site.directory.password_of("ada"), PASSWORD);
}

#[tokio::test]
async fn a_directory_that_does_not_answer_is_no_refusal() {
    let site = Site::new(SITE).await;
    let begun = site.begin().await;
    let page = change(&site, &begun, SILENCE, [PASSWORD, NEW, NEW]).await;
    assert_eq!(page.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(page.body.contains(&begun.page), "with a way back");
}

#[tokio::test]
async fn what_was_typed_is_escaped() {
    let site = Site::new(SITE).await;
    let begun = site.begin().await;
    let name = r#""><script>alert(1)</script>"#;
    let page = change(&site, &begun, name, [PASSWORD, NEW, "other"]).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(!page.body.contains("<script"), "{}", page.body);
    assert!(page.body.contains("&#34;&#62;&#60;script&#62;"));
}
