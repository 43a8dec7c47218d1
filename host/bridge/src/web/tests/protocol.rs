//! The way of an application.

use super::{Answer, Site};
use axum::body::Body;
use http::{Method, Request, StatusCode, header};

const SITE: &str = "https://id.example.test";
const TOKEN: &str = "/realms/staff/protocol/openid-connect/token";
const USERINFO: &str = "/realms/staff/protocol/openid-connect/userinfo";
const CONFIGURATION: &str = "/realms/staff/.well-known/openid-configuration";

async fn send(site: &Site, request: http::request::Builder, body: &'static str) -> Answer {
    site.send(request.body(Body::from(body)).expect("a request"))
        .await
}

#[tokio::test]
async fn both_addresses_of_the_metadata_say_the_same_whatever_host_is_asked() {
    let site = Site::new(SITE).await;
    let usual = site.get(CONFIGURATION, "").await;
    assert_eq!(usual.status, StatusCode::OK);
    assert_eq!(usual.header("content-type"), "application/json");
    assert_eq!(usual.header("cache-control"), "public, max-age=300");
    assert_eq!(
        usual.json()["issuer"],
        "https://id.example.test/realms/staff"
    );
    let other = "/.well-known/oauth-authorization-server/realms/staff";
    assert_eq!(site.get(other, "").await.body, usual.body);
    let request = Request::get(CONFIGURATION)
        .header(header::HOST, "evil.example")
        .header("x-forwarded-host", "evil.example")
        .header("x-forwarded-proto", "http")
        .header("forwarded", "host=evil.example;proto=http");
    assert_eq!(send(&site, request, "").await.body, usual.body);
}

#[tokio::test]
async fn the_token_endpoint_takes_a_form_by_post_and_nothing_else() {
    let site = Site::new(SITE).await;
    let form = "application/x-www-form-urlencoded";
    let get = send(&site, Request::get(TOKEN), "").await;
    assert_eq!(get.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(get.header("allow"), "POST");
    let json = Request::post(TOKEN).header(header::CONTENT_TYPE, "application/json");
    let json = send(&site, json, "{}").await;
    assert_eq!(json.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let query =
        Request::post(format!("{TOKEN}?client_secret=x")).header(header::CONTENT_TYPE, form);
    let query = send(&site, query, "grant_type=authorization_code").await;
    assert_eq!(query.status, StatusCode::BAD_REQUEST);
    let password = Request::post(TOKEN).header(header::CONTENT_TYPE, form);
    let password = send(&site, password, "grant_type=password&client_id=wiki").await;
    assert_eq!(password.json()["error"], "unsupported_grant_type");
    for answer in [get, json, query, password] {
        assert_eq!(answer.header("content-type"), "application/json");
        assert_eq!(answer.header("cache-control"), "no-store");
        assert_eq!(answer.header("access-control-allow-origin"), "*");
        assert!(answer.json()["error"].is_string(), "{}", answer.body);
    }
}

#[tokio::test]
async fn a_client_that_is_not_who_it_says_is_challenged_and_noted_down() {
    let site = Site::new(SITE).await;
    let request = Request::post(TOKEN)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header(header::AUTHORIZATION, "Basic d2lraTp3cm9uZw==");
    let body = "grant_type=authorization_code&code=x&redirect_uri=https%3A%2F%2Fapp.example%2Fcb";
    let answer = send(&site, request, body).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert!(answer.header("www-authenticate").starts_with("Basic "));
    assert_eq!(answer.json()["error"], "invalid_client");
    let line = site.audit.lines().pop().expect("a line");
    assert!(line.starts_with("TokenIssued Refused"), "{line}");
}

#[tokio::test]
async fn userinfo_wants_a_token_in_the_header() {
    let site = Site::new(SITE).await;
    let none = send(&site, Request::get(USERINFO), "").await;
    assert_eq!(none.status, StatusCode::UNAUTHORIZED);
    assert!(none.header("www-authenticate").starts_with("Bearer "));
    assert!(!none.header("www-authenticate").contains("error"));
    assert_eq!(none.body, "");
    for method in [Method::GET, Method::POST] {
        let bad = Request::builder()
            .method(method)
            .uri(USERINFO)
            .header(header::AUTHORIZATION, "Bearer nonsense");
        let bad = send(&site, bad, "").await;
        assert_eq!(bad.status, StatusCode::UNAUTHORIZED);
        assert!(bad.header("www-authenticate").contains("invalid_token"));
    }
    let query = send(
        &site,
        Request::get(format!("{USERINFO}?access_token=x")),
        "",
    )
    .await;
    assert_eq!(query.status, StatusCode::BAD_REQUEST);
    let twice = Request::get(USERINFO)
        .header(header::AUTHORIZATION, "Bearer a")
        .header(header::AUTHORIZATION, "Bearer b");
    assert_eq!(send(&site, twice, "").await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn scripts_of_other_origins_reach_the_protocol_and_nothing_of_the_browser() {
    let site = Site::new(SITE).await;
    let preflight = |path: &str, method: &str| {
        Request::options(path)
            .header(header::ORIGIN, "https://app.example")
            .header(header::ACCESS_CONTROL_REQUEST_METHOD, method)
            .header(header::ACCESS_CONTROL_REQUEST_HEADERS, "authorization")
    };
    for (path, method) in [(TOKEN, "POST"), (USERINFO, "GET"), (CONFIGURATION, "GET")] {
        let answer = send(&site, preflight(path, method), "").await;
        assert_eq!(answer.header("access-control-allow-origin"), "*", "{path}");
        assert_eq!(answer.header("access-control-allow-credentials"), "");
        assert!(
            answer
                .header("access-control-allow-methods")
                .contains(method)
        );
        assert!(
            answer
                .header("access-control-allow-headers")
                .contains("authorization"),
            "{path}"
        );
    }
    for path in [
        &super::authorization_path(),
        "/realms/staff/login-actions/authenticate/x",
        "/nowhere",
    ] {
        let answer = send(&site, preflight(path, "GET"), "").await;
        assert_eq!(answer.header("access-control-allow-origin"), "", "{path}");
        let request = Request::get(path).header(header::ORIGIN, "https://app.example");
        let answer = send(&site, request, "").await;
        assert_eq!(answer.header("access-control-allow-origin"), "", "{path}");
    }
}
