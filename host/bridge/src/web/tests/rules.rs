//! What holds for every answer.

use super::{Answer, Site, authorization_path};
use axum::{body::Body, extract::ConnectInfo};
use http::{Request, StatusCode};
use std::net::SocketAddr;

const SITE: &str = "https://id.example.test";

/// Addresses of every audience, good ones and bad ones.
fn paths() -> [String; 12] {
    [
        authorization_path(),
        "/realms/staff/protocol/openid-connect/auth".to_owned(),
        "/realms/staff/login-actions/authenticate/unknown".to_owned(),
        "/realms/staff/login-actions/update-password/unknown".to_owned(),
        "/realms/staff/account".to_owned(),
        "/realms/staff/account/password".to_owned(),
        "/realms/staff/.well-known/openid-configuration".to_owned(),
        "/realms/staff/protocol/openid-connect/token".to_owned(),
        "/realms/staff/protocol/openid-connect/userinfo".to_owned(),
        "/realms/nobody/protocol/openid-connect/auth".to_owned(),
        super::super::assets::stylesheet_path().to_owned(),
        "/nowhere".to_owned(),
    ]
}

#[tokio::test]
async fn every_answer_bears_the_headers_that_hold_browsers_back() {
    let site = Site::new(SITE).await;
    for path in paths() {
        let answer = site.get(&path, "").await;
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("x-frame-options", "DENY"),
            ("strict-transport-security", "max-age=31536000"),
        ] {
            assert_eq!(answer.header(name), value, "{path}");
        }
        let policy = answer.header("content-security-policy");
        for part in [
            "default-src 'none'",
            "frame-ancestors 'none'",
            "base-uri 'none'",
        ] {
            assert!(policy.contains(part), "{path}: {policy}");
        }
        assert!(!policy.contains("unsafe"), "{path}: {policy}");
        assert!(!policy.contains("script-src"), "{path}: {policy}");
        assert!(answer.header("permissions-policy").contains("camera=()"));
        assert_eq!(answer.header("x-request-id").len(), 32, "{path}");
        let is_public = path.contains(".well-known") || path.contains("/assets/");
        let kept = answer.header("cache-control");
        assert_eq!(kept == "no-store", !is_public, "{path}: {kept}");
    }
}

#[tokio::test]
async fn a_realm_that_is_unknown_switched_off_or_unnameable_is_not_there() {
    let site = Site::new(SITE).await;
    let mut bodies = Vec::new();
    for realm in ["unknown", "former", "STAFF", "..", "%73taff%00", "a%2Fb"] {
        let page = format!("/realms/{realm}/protocol/openid-connect/auth?client_id=wiki");
        let answer = site.get(&page, "").await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{realm}");
        assert!(answer.header("content-type").starts_with("text/html"));
        bodies.push(answer.body.replace(answer.header("x-request-id"), "ID"));
        let document = format!("/realms/{realm}/.well-known/openid-configuration");
        let answer = site.get(&document, "").await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{realm}");
        assert_eq!(answer.header("content-type"), "application/json");
        assert_eq!(answer.header("cache-control"), "no-store");
        assert_eq!(answer.json()["request_id"], answer.header("x-request-id"));
    }
    assert!(bodies.iter().all(|body| *body == bodies[0]));
}

#[tokio::test]
async fn every_error_page_says_what_to_do_and_by_which_reference() {
    let site = Site::new(SITE).await;
    let request = Request::delete(authorization_path()).body(Body::empty());
    let wrong_method = site.send(request.expect("a request")).await;
    assert_eq!(wrong_method.header("allow"), "GET,HEAD,POST");
    for (answer, status) in [
        (site.get("/nowhere", "").await, StatusCode::NOT_FOUND),
        (wrong_method, StatusCode::METHOD_NOT_ALLOWED),
        (
            site.get("/realms/staff/login-actions/authenticate/x", "")
                .await,
            StatusCode::BAD_REQUEST,
        ),
    ] {
        assert_eq!(answer.status, status);
        assert_eq!(answer.header("content-type"), "text/html; charset=utf-8");
        let id = answer.header("x-request-id");
        for part in [
            r#"<html lang="en">"#,
            "<main",
            "<h1>",
            "Go back to the application",
            id,
        ] {
            assert!(answer.body.contains(part), "{status}: {part}");
        }
        assert_eq!(
            answer.header("content-length"),
            answer.body.len().to_string().as_str(),
            "{status}"
        );
    }
}

#[tokio::test]
async fn head_is_answered_like_get_without_a_body() {
    let site = Site::new(SITE).await;
    for path in [
        "/realms/staff/.well-known/openid-configuration",
        super::super::assets::stylesheet_path(),
    ] {
        let request = Request::head(path).body(Body::empty());
        let answer = site.send(request.expect("a request")).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        assert_eq!(answer.body, "");
    }
}

#[tokio::test]
async fn the_stylesheet_is_kept_for_good_and_has_one_address() {
    let site = Site::new(SITE).await;
    let path = super::super::assets::stylesheet_path();
    let answer = site.get(path, "").await;
    assert_eq!(answer.header("content-type"), "text/css; charset=utf-8");
    assert!(answer.header("cache-control").contains("immutable"));
    assert!(!answer.body.contains("url("), "nothing is loaded from it");
    for other in [
        "/assets/0000000000000000.css",
        "/assets/",
        "/assets/..%2Fstyle.css",
    ] {
        assert_eq!(
            site.get(other, "").await.status,
            StatusCode::NOT_FOUND,
            "{other}"
        );
    }
}

async fn from(site: &Site, peer: [u8; 4], headers: &[(&str, &str)]) -> Answer {
    let begun = site.begin().await;
    let body = format!("username=nobody&password=x&csrf={}", begun.csrf);
    let mut request = Request::post(&begun.page)
        .header("cookie", &begun.cookie)
        .header("content-type", "application/x-www-form-urlencoded")
        .extension(ConnectInfo(SocketAddr::from((peer, 50_000))));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    site.send(request.body(Body::from(body)).expect("a request"))
        .await
}

#[tokio::test]
async fn only_a_trusted_proxy_says_where_a_request_comes_from() {
    let site = Site::new(SITE).await;
    let claimed = [
        ("x-forwarded-for", "203.0.113.9, 198.51.100.7"),
        ("x-request-id", "given-by-proxy"),
    ];
    let stranger = from(&site, [192, 0, 2, 1], &claimed).await;
    assert_eq!(site.audit.last().address.as_deref(), Some("192.0.2.1"));
    assert_eq!(stranger.header("x-request-id").len(), 32);

    let proxy = from(&site, [10, 0, 0, 1], &claimed).await;
    assert_eq!(site.audit.last().address.as_deref(), Some("198.51.100.7"));
    assert_eq!(proxy.header("x-request-id"), "given-by-proxy");

    let lines = site.audit.lines().len();
    let broken = from(&site, [10, 0, 0, 1], &[("x-forwarded-for", "nonsense")]).await;
    assert_eq!(broken.status, StatusCode::BAD_REQUEST);
    assert_eq!(broken.header("x-frame-options"), "DENY");
    assert_eq!(site.audit.lines().len(), lines, "no password was looked at");
}

#[tokio::test]
async fn probes_hear_whether_requests_are_welcome() {
    let site = Site::new(SITE).await;
    assert_eq!(site.get("/health/live", "").await.status, StatusCode::OK);
    let ready = site.get("/health/ready", "").await;
    assert_eq!(ready.status, StatusCode::SERVICE_UNAVAILABLE);
    site.health.set_serving(true);
    let ready = site.get("/health/ready", "").await;
    assert_eq!(ready.status, StatusCode::OK);
    assert_eq!(ready.header("cache-control"), "no-store");
    site.health.set_serving(false);
    assert_eq!(
        site.get("/health/ready", "").await.status,
        StatusCode::SERVICE_UNAVAILABLE
    );
}
