//! The userinfo endpoint (OpenID Connect Core section 5.3, RFC 6750).

use crate::site::{PASSWORD, USERNAME, elsewhere, public};
use serde_json::Value;
use suites::{
    application::{Application, decode},
    browser::{Browser, Page},
};

fn userinfo(client: &Application, method: &str, authorization: Option<&str>) -> Page {
    let browser = Browser::new();
    let request = browser.request(method, client.endpoint("userinfo"));
    browser.send(match authorization {
        Some(value) => request.header("authorization", value),
        None => request,
    })
}

fn tokens(client: &Application) -> (String, Value) {
    let tokens = client.tokens(&Browser::new(), USERNAME, PASSWORD);
    let access = tokens["access_token"]
        .as_str()
        .expect("an access token")
        .to_owned();
    (access, tokens)
}

#[track_caller]
fn assert_invalid(page: &Page) {
    assert_eq!(page.status, 401, "{}", page.body);
    let challenge = page.header("www-authenticate").expect("a challenge");
    assert!(
        challenge.starts_with("Bearer") && challenge.contains("error=\"invalid_token\""),
        "{challenge}"
    );
}

#[test]
fn claims_are_given_to_get_and_post() {
    let client = public();
    let (access, tokens) = tokens(&client);
    let (_, claims) = decode(tokens["id_token"].as_str().expect("an ID token"));
    for method in ["GET", "POST"] {
        let page = userinfo(&client, method, Some(&format!("Bearer {access}")));
        assert_eq!(
            (page.status, page.header("cache-control")),
            (200, Some("no-store")),
            "{}",
            page.body
        );
        let info = page.json();
        assert_eq!(info["sub"], claims["sub"]);
        assert_eq!(info["preferred_username"], USERNAME);
        for (name, value) in info.as_object().expect("an object") {
            assert!(!value.is_null() && value != "", "{name} is blank");
        }
    }
}

#[test]
fn claims_are_those_of_the_scopes() {
    let client = public();
    let names = |scope: &str| {
        let attempt = client.attempt().with("scope", scope);
        let code = client.code(&Browser::new(), &attempt, USERNAME, PASSWORD);
        let tokens = client.redeem(&client.token_fields(&code, &attempt)).json();
        let bearer = format!(
            "Bearer {}",
            tokens["access_token"].as_str().expect("an access token")
        );
        let info = userinfo(&client, "GET", Some(&bearer)).json();
        info.as_object()
            .expect("an object")
            .keys()
            .cloned()
            .collect::<Vec<_>>()
    };
    assert_eq!(names("openid"), ["sub"]);
    let email = names("openid email");
    assert!(
        email.contains(&"email".to_owned()) && !email.contains(&"name".to_owned()),
        "{email:?}"
    );
    let profile = names("openid profile");
    assert!(
        profile.contains(&"name".to_owned()) && !profile.contains(&"email".to_owned()),
        "{profile:?}"
    );
}

#[test]
fn without_a_token_nothing_is_told() {
    // RFC 6750 section 3.1: no error code for a request that brings nothing.
    for authorization in [
        None,
        Some("Basic Y2xpOg=="),
        Some("Bearer"),
        Some("Bearer "),
    ] {
        let page = userinfo(&public(), "GET", authorization);
        assert_eq!(page.status, 401, "{authorization:?}");
        let challenge = page.header("www-authenticate").expect("a challenge");
        assert!(challenge.starts_with("Bearer"), "{challenge}");
        assert!(
            !challenge.contains("error="),
            "{authorization:?}: {challenge}"
        );
    }
}

#[test]
fn a_token_that_is_not_whole_or_not_an_access_token_is_refused() {
    let client = public();
    let (access, tokens) = tokens(&client);
    let id_token = tokens["id_token"].as_str().expect("an ID token");
    let parts: Vec<_> = access.split('.').collect();
    let unsigned = format!("eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0.{}.", parts[1]);
    for token in [
        "nonsense",
        id_token,
        &access[..access.len() - 4],
        &format!("{}.{}.", parts[0], parts[1]),
        &unsigned,
        &format!("{access}x"),
        &"A".repeat(8000),
    ] {
        assert_invalid(&userinfo(&client, "GET", Some(&format!("Bearer {token}"))));
    }
}

#[test]
fn a_token_of_another_realm_is_refused() {
    let (access, _) = tokens(&public());
    assert_invalid(&userinfo(
        &elsewhere(),
        "GET",
        Some(&format!("Bearer {access}")),
    ));
}

#[test]
fn a_token_in_the_address_is_refused() {
    let client = public();
    let (access, _) = tokens(&client);
    let browser = Browser::new();
    let page = browser.get(format!(
        "{}?access_token={access}",
        client.endpoint("userinfo")
    ));
    assert!(matches!(page.status, 400 | 401), "{}", page.status);
    assert!(page.json().get("sub").is_none());
    assert!(!crate::site::bridge().log().contains(&access));
}
