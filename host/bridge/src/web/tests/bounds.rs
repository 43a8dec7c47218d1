//! What is too much, and what is too slow.

use super::{Site, WebSettings, people::PASSWORD};
use axum::body::Body;
use http::{Request, StatusCode};
use std::time::Duration;
use url::Url;

const SITE: &str = "https://id.example.test";

#[tokio::test]
async fn names_and_passwords_that_nobody_has_are_refused_before_anything_else() {
    let site = Site::new(SITE).await;
    let begun = site.begin().await;
    let (name, password) = ("n".repeat(257), "p".repeat(1025));
    for (username, password) in [(name.as_str(), PASSWORD), ("ada", &password)] {
        let answer = site.try_password(&begun, username, password).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
        assert!(answer.body.contains("too long"));
    }
    assert_eq!(site.audit.lines(), [""; 0]);
}

#[tokio::test]
async fn a_body_of_any_size_costs_no_more_than_a_form() {
    let site = Site::new(SITE).await;
    let begun = site.begin().await;
    let huge = "p".repeat(1 << 20);
    let answer = site.try_password(&begun, "ada", &huge).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(answer.body.contains("too large"));
    let token = "/realms/staff/protocol/openid-connect/token";
    let answer = site.post(token, "", &[("code", &huge)]).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(answer.json()["error"], "invalid_request");
}

#[tokio::test]
async fn a_request_that_takes_too_long_ends() {
    let url = Url::parse(SITE).expect("a URL");
    let mut settings = WebSettings::new(url).expect("a safe address");
    settings.request_timeout = Duration::from_millis(50);
    let site = Site::with(settings).await;
    let silent = futures_util::stream::pending::<Result<Vec<u8>, axum::Error>>();
    for path in [
        "/realms/staff/protocol/openid-connect/auth",
        "/realms/staff/protocol/openid-connect/token",
    ] {
        let request = Request::post(path)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Body::from_stream(silent.clone()));
        let answer = site.send(request.expect("a request")).await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{path}");
        assert_eq!(answer.header("x-frame-options"), "DENY");
        assert!(answer.body.contains("does not answer"), "{}", answer.body);
    }
}
