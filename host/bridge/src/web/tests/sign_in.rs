//! The way of a person.

use super::{
    Answer, CALLBACK, CHALLENGE, Site, VERIFIER, authorization_path, authorization_query,
    people::{PASSWORD, SILENCE},
};
use http::{StatusCode, header};

const SITE: &str = "https://id.example.test";
const AUTHORIZATION: &str = "/realms/staff/protocol/openid-connect/auth";
const TOKEN: &str = "/realms/staff/protocol/openid-connect/token";
const USERINFO: &str = "/realms/staff/protocol/openid-connect/userinfo";

#[tokio::test]
async fn a_person_signs_in_and_the_application_learns_who_it_is() {
    let site = Site::new(SITE).await;
    let begun = site.begin().await;
    assert!(
        begun.cookie.starts_with("__Host-browser-staff="),
        "{}",
        begun.cookie
    );

    let answer = site.try_password(&begun, "ada", PASSWORD).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    assert!(answer.location().starts_with(CALLBACK));
    assert_eq!(answer.parameter("state").as_deref(), Some("s&t=a te"));
    assert_eq!(
        answer.parameter("iss").as_deref(),
        Some("https://id.example.test/realms/staff")
    );
    let cookie = answer.header("set-cookie");
    for part in [
        "__Host-session-staff=",
        "; Path=/",
        "; HttpOnly",
        "; Secure",
        "; SameSite=Lax",
    ] {
        assert!(cookie.contains(part), "{part} is not in {cookie}");
    }

    let code = answer.parameter("code").expect("a code");
    let tokens = redeem(&site, &code).await;
    assert_eq!(tokens.status, StatusCode::OK, "{}", tokens.body);
    assert_eq!(tokens.header("cache-control"), "no-store");
    let access_token = tokens.json()["access_token"].clone();
    let access_token = access_token.as_str().expect("a token");
    let event = site.audit.last();
    assert_eq!(event.client_id.as_deref(), Some("wiki"));
    assert!(event.subject.is_some());
    assert_eq!(event.address.as_deref(), Some("192.0.2.1"));

    let request = http::Request::get(USERINFO)
        .header(header::AUTHORIZATION, format!("Bearer {access_token}"))
        .body(axum::body::Body::empty());
    let claims = site.send(request.expect("a request")).await;
    assert_eq!(claims.status, StatusCode::OK, "{}", claims.body);
    assert_eq!(claims.header("cache-control"), "no-store");
    assert_eq!(claims.json()["name"], "Ada <Lovelace>");
    assert_eq!(
        site.audit.lines(),
        ["SignIn Success -", "TokenIssued Success -"]
    );

    let replayed = redeem(&site, &code).await;
    assert_eq!(replayed.status, StatusCode::BAD_REQUEST);
    assert_eq!(replayed.json()["error"], "invalid_grant");
    let last = site.audit.lines().pop().expect("a line");
    assert!(
        last.starts_with("TokenIssued Refused invalid grant"),
        "{last}"
    );
}

async fn redeem(site: &Site, code: &str) -> Answer {
    let form = [
        ("grant_type", "authorization_code"),
        ("client_id", "wiki"),
        ("code", code),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ];
    site.post(TOKEN, "", &form).await
}

#[tokio::test]
async fn a_session_lets_a_person_in_without_a_page_and_is_new_after_each_sign_in() {
    let site = Site::new(SITE).await;
    let begun = site.begin().await;
    let first = site.try_password(&begun, "ada", PASSWORD).await;
    let cookie = format!("{}; {}", begun.cookie, first.cookie());
    let again = site.get(&authorization_path(), &cookie).await;
    assert_eq!(again.status, StatusCode::SEE_OTHER);
    assert!(
        again.location().starts_with(CALLBACK),
        "{}",
        again.location()
    );
    assert!(again.parameter("code").is_some());

    // `prompt=login` asks for the password again, in the same browser.
    let path = format!("{}&prompt=login", authorization_path());
    let anew = site.get(&path, &cookie).await;
    assert!(anew.location().starts_with("/realms/staff/login-actions/"));
    assert_eq!(anew.header("set-cookie"), "", "the binding stays");
    let page = site.get(anew.location(), &cookie).await;
    let (_, rest) = page
        .body
        .split_once(r#"name="csrf" value=""#)
        .expect("a form");
    let csrf = rest.split('"').next().expect("a token");
    let form = [("username", "ada"), ("password", PASSWORD), ("csrf", csrf)];
    let second = site.post(anew.location(), &cookie, &form).await;
    assert_eq!(second.status, StatusCode::SEE_OTHER);
    assert_ne!(first.cookie(), second.cookie());
    let stale = site.get(&authorization_path(), &first.cookie()).await;
    assert!(
        stale.location().starts_with("/realms/staff/login-actions/"),
        "the session before it is over"
    );
}

#[tokio::test]
async fn every_refusal_is_the_same_answer() {
    let mut answers = Vec::new();
    for (username, password, reason) in [
        ("ada", "wrong", "bad_credentials"),
        ("nobody", PASSWORD, "unknown_user"),
        ("ada", "", "empty_password"),
        ("", PASSWORD, "not_a_user_name"),
        ("twin", PASSWORD, "ambiguous_user_name"),
        ("grace", PASSWORD, "disabled"),
        ("alan", PASSWORD, "locked"),
        ("<script>alert(1)</script>", PASSWORD, "unknown_user"),
        ("*)(uid=ada", PASSWORD, "unknown_user"),
    ] {
        let site = Site::new(SITE).await;
        let begun = site.begin().await;
        let answer = site.try_password(&begun, username, password).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{username}");
        let line = site.audit.lines().pop().expect("a line");
        assert!(line.ends_with(reason), "{username}: {line}");
        let mut headers = answer.headers.clone();
        let request_id = headers.remove("x-request-id").expect("an id");
        let event = site.audit.last();
        assert_eq!(event.request_id.as_deref(), request_id.to_str().ok());
        let interaction = begun.page.rsplit('/').next().expect("an id");
        let body = answer
            .body
            .replace(&begun.csrf, "CSRF")
            .replace(interaction, "ID");
        answers.push((username, headers, body));
    }
    let (_, headers, body) = &answers[0];
    assert!(body.contains(r#"role="alert""#));
    for (username, other_headers, other_body) in &answers {
        assert_eq!(headers, other_headers, "{username}");
        assert_eq!(body, other_body, "{username}");
    }
}

#[tokio::test]
async fn a_refused_person_can_try_again_in_the_same_form() {
    let site = Site::new(SITE).await;
    let begun = site.begin().await;
    let refused = site.try_password(&begun, "ada", "wrong").await;
    assert!(refused.body.contains(&begun.csrf));
    let answer = site.try_password(&begun, "ada", PASSWORD).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    let late = site.try_password(&begun, "ada", PASSWORD).await;
    assert_eq!(late.status, StatusCode::BAD_REQUEST);
    assert!(late.body.contains("This sign-in is over"));
}

#[tokio::test]
async fn a_directory_that_does_not_answer_is_not_a_wrong_password() {
    let site = Site::new(SITE).await;
    let begun = site.begin().await;
    let answer = site.try_password(&begun, SILENCE, PASSWORD).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.header("retry-after"), "30");
    assert!(answer.body.contains("not available right now"));
    assert!(answer.body.contains(&begun.page), "with a way back");
    assert!(answer.body.contains(answer.header("x-request-id")));
}

#[tokio::test]
async fn too_many_attempts_have_to_wait() {
    let site = Site::new(SITE).await;
    let begun = site.begin().await;
    for _ in 0..4 {
        let answer = site.try_password(&begun, "nobody", "wrong").await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    }
    let answer = site.try_password(&begun, "nobody", "wrong").await;
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(answer.header("retry-after"), "900");
    assert!(answer.body.contains("in 15 minutes"), "{}", answer.body);
}

#[tokio::test]
async fn a_form_that_this_browser_was_not_given_is_not_looked_at() {
    let site = Site::new(SITE).await;
    let begun = site.begin().await;
    let other = site.begin().await;
    let send = async |cookie: &str, csrf: &str| {
        let form = [("username", "ada"), ("password", PASSWORD), ("csrf", csrf)];
        site.post(&begun.page, cookie, &form).await
    };
    for csrf in ["", "x", &other.csrf] {
        let answer = send(&begun.cookie, csrf).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{csrf}");
    }
    for cookie in ["", other.cookie.as_str()] {
        let answer = send(cookie, &begun.csrf).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{cookie}");
        assert!(answer.body.contains("begun in another browser"));
    }
    assert_eq!(site.audit.lines(), [""; 0], "no password was looked at");
    let opened = site.get(&begun.page, &other.cookie).await;
    assert_eq!(opened.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn the_page_escapes_what_others_wrote() {
    let site = Site::new(SITE).await;
    let path = format!("{}&login_hint=%22%3E%3Cscript%3E", authorization_path());
    let answer = site.get(&path, "").await;
    let page = site.get(answer.location(), &answer.cookie()).await;
    assert!(page.body.contains("Example &#38; Company"), "{}", page.body);
    assert!(page.body.contains("&#60;b&#62;Team Wiki&#60;/b&#62;"));
    assert!(page.body.contains("&#34;&#62;&#60;script&#62;"));
    assert!(!page.body.contains("<script"));
    assert!(!page.body.contains(" style="));
}

#[tokio::test]
async fn an_authorization_request_by_post_comes_again_by_get() {
    let site = Site::new(SITE).await;
    let form: Vec<_> = url::form_urlencoded::parse(authorization_query().as_bytes())
        .into_owned()
        .collect();
    let form: Vec<_> = form.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
    let answer = site.post(AUTHORIZATION, "", &form).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    assert_eq!(answer.location(), authorization_path());
    assert_eq!(answer.header("set-cookie"), "");

    let long = "x".repeat(20_000);
    let answer = site.post(AUTHORIZATION, "", &[("state", &long)]).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn nothing_is_redirected_to_an_address_that_is_not_registered() {
    let site = Site::new(SITE).await;
    for (parameter, value) in [
        ("redirect_uri", "https://evil.example/callback"),
        ("client_id", "<b>unknown</b>"),
    ] {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        for (name, given) in [
            ("response_type", "code"),
            ("client_id", "wiki"),
            ("redirect_uri", CALLBACK),
            ("scope", "openid"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ] {
            let value = if name == parameter { value } else { given };
            query.append_pair(name, value);
        }
        let path = format!("{AUTHORIZATION}?{}", query.finish());
        let answer = site.get(&path, "").await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{parameter}");
        assert_eq!(answer.location(), "");
        assert!(answer.body.contains(parameter), "{}", answer.body);
        assert!(!answer.body.contains("evil") && !answer.body.contains("<b>unknown"));
    }
}

#[tokio::test]
async fn on_loopback_without_tls_cookies_have_plain_names() {
    let site = Site::new("http://127.0.0.1:8080").await;
    let begun = site.begin().await;
    assert!(
        begun.cookie.starts_with("browser-staff="),
        "{}",
        begun.cookie
    );
    let answer = site.try_password(&begun, "ada", PASSWORD).await;
    let cookie = answer.header("set-cookie");
    assert!(cookie.starts_with("session-staff="), "{cookie}");
    assert!(!cookie.contains("Secure"), "{cookie}");
    assert_eq!(answer.header("strict-transport-security"), "");
}
