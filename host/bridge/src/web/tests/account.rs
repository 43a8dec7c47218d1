//! A person at their account page.

use super::{
    Answer, Begun, CALLBACK, Site, authorization_path,
    people::{FORMER_PASSWORD, PASSWORD},
};
use http::StatusCode;

const SITE: &str = "https://id.example.test";
const ACCOUNT: &str = "/realms/staff/account";
const CHANGE: &str = "/realms/staff/account/password";
const SESSIONS: &str = "/realms/staff/account/sessions";
const NEW: &str = "tr0ub4dor & 3";

/// The cookies of somebody who has just signed in to their account.
async fn signed_in(site: &Site, username: &str) -> String {
    let begun = site.begin_at(ACCOUNT).await;
    let answer = site.try_password(&begun, username, PASSWORD).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    assert_eq!(answer.location(), ACCOUNT);
    format!("{}; {}", begun.cookie, answer.cookie())
}

/// The page as somebody sees it who is signed in.
async fn page(site: &Site, cookie: &str) -> Answer {
    let page = site.get(ACCOUNT, cookie).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    page
}

async fn is_signed_in(site: &Site, cookie: &str) -> bool {
    site.get(ACCOUNT, cookie).await.status == StatusCode::OK
}

async fn change(site: &Site, cookie: &str, csrf: &str, passwords: [&str; 3]) -> Answer {
    let [current, new, again] = passwords;
    let form = [
        ("current", current),
        ("new", new),
        ("again", again),
        ("csrf", csrf),
    ];
    site.post(CHANGE, cookie, &form).await
}

/// The values of the buttons of a page that end sessions.
fn buttons(page: &Answer) -> Vec<&str> {
    let rest = page.body.split(r#"name="session" value=""#).skip(1);
    rest.filter_map(|rest| rest.split('"').next()).collect()
}

#[tokio::test]
async fn the_account_page_signs_in_by_itself_and_ends_at_itself() {
    let site = Site::new(SITE).await;
    let begun = site.begin_at(ACCOUNT).await;
    let form = site.get(&begun.page, &begun.cookie).await;
    assert!(form.body.contains("your account"), "{}", form.body);
    let policy = form.header("content-security-policy");
    assert!(policy.contains("form-action 'self';"), "{policy}");
    let cookie = signed_in(&site, "ada").await;
    let page = page(&site, &cookie).await;
    for part in [
        "Your account",
        "Ada &#60;Lovelace&#62;",
        ">ada<",
        "This browser",
        "Signed in just now",
    ] {
        assert!(page.body.contains(part), "{part}: {}", page.body);
    }
    assert_eq!(page.header("cache-control"), "no-store");
    let policy = page.header("content-security-policy");
    assert!(policy.contains("form-action 'self';"), "{policy}");
    assert_eq!(buttons(&page).len(), 1, "nothing else to end");
    // The session is good for applications too, and theirs are good here.
    let answer = site.get(&authorization_path(), &cookie).await;
    assert!(answer.location().starts_with(CALLBACK));
    let event = site.audit.last();
    assert_eq!(event.client_id.as_deref(), Some("account"));
}

#[tokio::test]
async fn nobody_who_is_kept_out_comes_in_by_the_account_page() {
    let site = Site::new(SITE).await;
    for username in ["grace", "alan", "nobody"] {
        let begun = site.begin_at(ACCOUNT).await;
        let answer = site.try_password(&begun, username, PASSWORD).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{username}");
    }
    let begun = site.begin_at(ACCOUNT).await;
    let page = site.try_password(&begun, "edsger", PASSWORD).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    assert!(page.body.contains("/update-password/"), "{}", page.body);
    assert_eq!(page.header("set-cookie"), "");
}

#[tokio::test]
async fn a_session_of_another_realm_opens_nothing() {
    let site = Site::new(SITE).await;
    let cookie = signed_in(&site, "ada").await;
    for cookie in [cookie.clone(), cookie.replace("-staff=", "-readers=")] {
        let answer = site.get("/realms/readers/account", &cookie).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER);
        assert!(answer.location().contains("/login-actions/authenticate/"));
    }
    let csrf = page(&site, &cookie).await.csrf_of(CHANGE);
    let form = [
        ("current", PASSWORD),
        ("new", NEW),
        ("again", NEW),
        ("csrf", &csrf),
    ];
    let there = "/realms/readers/account/password";
    let cookie = cookie.replace("-staff=", "-readers=");
    let answer = site.post(there, &cookie, &form).await;
    assert_eq!(answer.location(), "/realms/readers/account");
    assert_eq!(site.directory.password_of("ada"), PASSWORD);
}

#[tokio::test]
async fn a_new_password_ends_the_other_sessions_and_renews_this_one() {
    let site = Site::new(SITE).await;
    let (here, there) = (signed_in(&site, "ada").await, signed_in(&site, "ada").await);
    let csrf = page(&site, &here).await.csrf_of(CHANGE);
    let answer = change(&site, &here, &csrf, [PASSWORD, NEW, NEW]).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    assert_eq!(answer.location(), "/realms/staff/account?done=password");
    assert_eq!(site.directory.password_of("ada"), NEW);
    let renewed = answer.cookie();
    assert!(renewed.starts_with("__Host-session-staff="), "{renewed}");
    for stale in [&here, &there] {
        assert!(!is_signed_in(&site, stale).await, "{stale}");
    }
    let page = site.get(answer.location(), &renewed).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    assert!(page.body.contains("Your password was changed"));
    assert!(page.body.contains(r#"role="status""#));
    assert_eq!(buttons(&page).len(), 1, "{}", page.body);
    let lines = site.audit.lines();
    assert!(
        lines.iter().any(|line| line == "PasswordChanged Success -"),
        "{lines:?}"
    );
}

#[tokio::test]
async fn what_is_wrong_with_a_new_password_is_said_on_the_page() {
    let site = Site::new(SITE).await;
    let cookie = signed_in(&site, "ada").await;
    let csrf = page(&site, &cookie).await.csrf_of(CHANGE);
    for (passwords, status, said) in [
        (["wrong", NEW, NEW], 401, "The current password is wrong"),
        ([PASSWORD, NEW, "x"], 422, "are not the same"),
        ([PASSWORD, "short", "short"], 422, "at least 8 characters"),
        (
            [PASSWORD, FORMER_PASSWORD, FORMER_PASSWORD],
            422,
            "used this password before",
        ),
    ] {
        let page = change(&site, &cookie, &csrf, passwords).await;
        assert_eq!(page.status, status, "{}", page.body);
        for part in [said, "Password not changed", "This browser", &csrf] {
            assert!(page.body.contains(part), "{part}: {}", page.body);
        }
        for secret in [PASSWORD, FORMER_PASSWORD, "tr0ub4dor", "\"short\""] {
            assert!(!page.body.contains(secret), "{secret} is given back");
        }
    }
    assert_eq!(site.directory.password_of("ada"), PASSWORD);
    assert!(is_signed_in(&site, &cookie).await);
}

#[tokio::test]
async fn it_is_the_password_of_whoever_is_signed_in() {
    let site = Site::new(SITE).await;
    let cookie = signed_in(&site, "ada").await;
    let csrf = page(&site, &cookie).await.csrf_of(CHANGE);
    let form = [
        ("username", "edsger"),
        ("current", PASSWORD),
        ("new", NEW),
        ("again", NEW),
        ("csrf", &csrf),
    ];
    let answer = site.post(CHANGE, &cookie, &form).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    assert_eq!(site.directory.password_of("edsger"), PASSWORD);
    assert_eq!(site.directory.password_of("ada"), NEW);
}

#[tokio::test]
async fn forms_of_the_account_page_belong_to_their_session() {
    let site = Site::new(SITE).await;
    let (here, there) = (signed_in(&site, "ada").await, signed_in(&site, "ada").await);
    let (own, other) = (page(&site, &here).await, page(&site, &there).await);
    let (change_csrf, end_csrf) = (own.csrf_of(CHANGE), own.csrf_of(SESSIONS));
    let passwords = [PASSWORD, NEW, NEW];
    for csrf in ["", "x", &end_csrf, &other.csrf_of(CHANGE)] {
        let answer = change(&site, &here, csrf, passwords).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{csrf}");
    }
    for csrf in ["", "x", &change_csrf, &other.csrf_of(SESSIONS)] {
        let form = [("session", "others"), ("csrf", csrf)];
        let answer = site.post(SESSIONS, &here, &form).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{csrf}");
    }
    // A form of another site comes without cookies.
    let answer = change(&site, "", &change_csrf, passwords).await;
    assert_eq!(answer.location(), ACCOUNT);
    let form = [("session", "others"), ("csrf", &*end_csrf)];
    assert_eq!(site.post(SESSIONS, "", &form).await.location(), ACCOUNT);
    assert_eq!(site.directory.password_of("ada"), PASSWORD);
    for cookie in [&here, &there] {
        assert!(is_signed_in(&site, cookie).await);
    }
}

#[tokio::test]
async fn a_person_ends_sessions_one_by_one_or_all_others() {
    let site = Site::new(SITE).await;
    let here = signed_in(&site, "ada").await;
    let others = [
        signed_in(&site, "ada").await,
        signed_in(&site, "ada").await,
        signed_in(&site, "ada").await,
    ];
    let seen = page(&site, &here).await;
    let csrf = seen.csrf_of(SESSIONS);
    let buttons = buttons(&seen);
    assert_eq!(buttons.len(), 5, "four sessions, and all others");
    let end = async |which: &str| {
        let form = [("session", which), ("csrf", csrf.as_str())];
        site.post(SESSIONS, &here, &form).await
    };
    let answer = end(buttons[1]).await;
    assert_eq!(answer.location(), "/realms/staff/account?done=session");
    let event = site.audit.last();
    let object = format!("session staff/{}", buttons[1]);
    assert_eq!(event.object.as_deref(), Some(object.as_str()));
    assert!(
        event
            .actor
            .is_some_and(|actor| actor.starts_with("user staff/"))
    );
    let mut alive = 0;
    for other in &others {
        alive += usize::from(is_signed_in(&site, other).await);
    }
    assert_eq!(alive, 2);

    let answer = end("others").await;
    assert_eq!(
        answer.location(),
        "/realms/staff/account?done=other-sessions"
    );
    for other in &others {
        assert!(!is_signed_in(&site, other).await);
    }
    assert!(is_signed_in(&site, &here).await);
    let answer = end("nonsense").await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);

    let answer = end(buttons[0]).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    assert!(answer.body.contains("You are signed out"));
    assert!(answer.header("set-cookie").contains("Max-Age=0"));
    assert!(!is_signed_in(&site, &here).await);
}

#[tokio::test]
async fn nobody_ends_the_session_of_somebody_else() {
    let site = Site::new(SITE).await;
    let (ada, begun) = (signed_in(&site, "ada").await, site.begin().await);
    let other = change_at_sign_in(&site, &begun).await;
    let foreign = page(&site, &other).await;
    let id = buttons(&foreign)[0];
    let csrf = page(&site, &ada).await.csrf_of(SESSIONS);
    let lines = site.audit.lines().len();
    let form = [("session", id), ("csrf", &*csrf)];
    let answer = site.post(SESSIONS, &ada, &form).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    assert!(is_signed_in(&site, &other).await);
    assert_eq!(site.audit.lines().len(), lines, "nothing was ended");
    let form = [("session", "others"), ("csrf", &*csrf)];
    site.post(SESSIONS, &ada, &form).await;
    assert!(is_signed_in(&site, &other).await);
}

/// Signs edsger in, who needs a new password for it.
async fn change_at_sign_in(site: &Site, begun: &Begun) -> String {
    let path = begun.page.replace("/authenticate/", "/update-password/");
    let form = [
        ("username", "edsger"),
        ("current", PASSWORD),
        ("new", NEW),
        ("again", NEW),
        ("csrf", begun.csrf.as_str()),
    ];
    let answer = site.post(&path, &begun.cookie, &form).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    answer.cookie()
}

#[tokio::test]
async fn where_a_directory_is_only_read_there_is_no_form_for_a_password() {
    let site = Site::new(SITE).await;
    let begun = site.begin_at("/realms/readers/account").await;
    let answer = site.try_password(&begun, "ada", PASSWORD).await;
    assert_eq!(answer.location(), "/realms/readers/account");
    let page = site.get(answer.location(), &answer.cookie()).await;
    assert!(
        page.body.contains("cannot be changed here"),
        "{}",
        page.body
    );
    assert!(!page.body.contains("new-password"), "{}", page.body);
}

#[tokio::test]
async fn who_is_blocked_is_out_at_once() {
    let site = Site::new(SITE).await;
    let cookie = signed_in(&site, "ada").await;
    let csrf = page(&site, &cookie).await.csrf_of(CHANGE);
    let subject = site.audit.last().subject.expect("a subject");
    let realm = "staff".to_owned().try_into().expect("a name");
    let now = bridge_model::ports::Clock::now(&crate::SystemClock);
    let blocked = site.store.set_blocked(&realm, &subject, true, now).await;
    assert!(blocked.expect("a store"), "somebody was blocked");
    assert!(!is_signed_in(&site, &cookie).await);
    let answer = change(&site, &cookie, &csrf, [PASSWORD, NEW, NEW]).await;
    assert_eq!(answer.location(), ACCOUNT);
    assert_eq!(site.directory.password_of("ada"), PASSWORD);
}

#[tokio::test]
async fn the_address_of_a_form_leads_to_the_page_and_notices_are_the_houses_own() {
    let site = Site::new(SITE).await;
    for path in [CHANGE, SESSIONS] {
        assert_eq!(site.get(path, "").await.location(), ACCOUNT, "{path}");
    }
    let cookie = signed_in(&site, "ada").await;
    for query in [
        "?done=%3Cb%3Eowned",
        "?done=nonsense",
        "?",
        "?done=sessions",
    ] {
        let page = site.get(&format!("{ACCOUNT}{query}"), &cookie).await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(!page.body.contains(r#"role="status""#), "{query}");
        assert!(!page.body.contains("owned"), "{query}");
    }
}
