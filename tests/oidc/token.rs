//! The token endpoint (RFC 6749, RFC 7636).

mod clients;

use crate::site::{PASSWORD, USERNAME, elsewhere, public};
use std::thread;
use suites::{
    application::{Application, Attempt, decode},
    browser::{Browser, Page},
};

fn code(client: &Application) -> (String, Attempt) {
    let attempt = client.attempt();
    (
        client.code(&Browser::new(), &attempt, USERNAME, PASSWORD),
        attempt,
    )
}

fn with(mut fields: Vec<(String, String)>, name: &str, value: &str) -> Vec<(String, String)> {
    fields.retain(|(other, _)| other != name);
    fields.push((name.to_owned(), value.to_owned()));
    fields
}

fn without(mut fields: Vec<(String, String)>, name: &str) -> Vec<(String, String)> {
    fields.retain(|(other, _)| other != name);
    fields
}

#[track_caller]
fn assert_refused(page: &Page, status: u16, error: &str) {
    assert_eq!(
        (page.status, &page.json()["error"]),
        (status, &error.into()),
        "{}",
        page.body
    );
    assert_eq!(page.header("cache-control"), Some("no-store"));
    assert!(
        page.header("content-type")
            .is_some_and(|kind| kind.starts_with("application/json"))
    );
    for word in ["access_token", "id_token"] {
        assert!(page.json().get(word).is_none());
    }
}

#[test]
fn a_code_gives_an_id_token_and_an_access_token() {
    let client = public();
    let (code, attempt) = code(&client);
    let page = client.redeem(&client.token_fields(&code, &attempt));
    assert_eq!(
        (page.status, page.header("cache-control")),
        (200, Some("no-store")),
        "{}",
        page.body
    );
    let tokens = page.json();
    assert_eq!(tokens["token_type"], "Bearer");
    let (header, claims) = decode(tokens["id_token"].as_str().expect("an ID token"));
    assert_eq!(claims["iss"], client.issuer);
    assert_eq!(claims["aud"], client.client_id);
    assert_eq!(claims["nonce"], attempt.value("nonce"));
    assert!(header["kid"].is_string());
    let lifetime = claims["exp"].as_u64().expect("exp") - claims["iat"].as_u64().expect("iat");
    assert_eq!(tokens["expires_in"], lifetime);
    // RFC 9068 section 2.1.
    let (header, access) = decode(tokens["access_token"].as_str().expect("an access token"));
    assert_eq!(header["typ"], "at+jwt");
    assert_eq!(access["sub"], claims["sub"]);
    assert_eq!(access["client_id"], client.client_id);
    for claim in ["iss", "aud", "exp", "iat", "jti", "scope"] {
        assert!(access.get(claim).is_some(), "no {claim} in {access}");
    }
}

#[test]
fn a_code_is_redeemed_once_and_a_second_try_ends_what_the_first_gave() {
    let client = public();
    let (code, attempt) = code(&client);
    let fields = client.token_fields(&code, &attempt);
    let tokens = client.redeem(&fields).json();
    let bearer = format!(
        "Bearer {}",
        tokens["access_token"].as_str().expect("an access token")
    );
    let browser = Browser::new();
    let userinfo = || {
        browser.send(
            browser
                .request("GET", client.endpoint("userinfo"))
                .header("authorization", &bearer),
        )
    };
    assert_eq!(userinfo().status, 200);
    assert_refused(&client.redeem(&fields), 400, "invalid_grant");
    assert_eq!(
        userinfo().status,
        401,
        "RFC 6749 section 4.1.2: tokens of a replayed code are revoked"
    );
}

#[test]
fn of_many_who_redeem_a_code_at_once_one_succeeds() {
    let client = public();
    let (code, attempt) = code(&client);
    let fields = client.token_fields(&code, &attempt);
    let statuses: Vec<_> = thread::scope(|scope| {
        let tries: Vec<_> = (0..12)
            .map(|_| scope.spawn(|| client.redeem(&fields).status))
            .collect();
        tries
            .into_iter()
            .map(|one| one.join().expect("an answer"))
            .collect()
    });
    assert_eq!(
        statuses.iter().filter(|status| **status == 200).count(),
        1,
        "{statuses:?}"
    );
    assert!(
        statuses.iter().all(|status| matches!(status, 200 | 400)),
        "{statuses:?}"
    );
}

#[test]
fn a_code_needs_the_verifier_of_its_challenge() {
    let client = public();
    for verifier in [
        Some(client.attempt().verifier),
        Some("short".to_owned()),
        Some("v".repeat(129)),
        None,
    ] {
        let (code, attempt) = code(&client);
        let fields = client.token_fields(&code, &attempt);
        let wrong = match &verifier {
            Some(verifier) => with(fields.clone(), "code_verifier", verifier),
            None => without(fields.clone(), "code_verifier"),
        };
        let page = client.redeem(&wrong);
        let error = page.json()["error"].as_str().expect("an error").to_owned();
        assert!(
            page.status == 400 && ["invalid_grant", "invalid_request"].contains(&&*error),
            "{}",
            page.body
        );
        // RFC 7636 section 4.6: a guess must not be followed by a second one.
        let page = client.redeem(&fields);
        assert!(
            page.status == 400 || error == "invalid_request",
            "{verifier:?}: {}",
            page.body
        );
    }
}

#[test]
fn a_code_is_bound_to_its_redirect_uri() {
    let client = public();
    for other in [
        Some("http://127.0.0.1:49153/callback"),
        Some("https://app.example/"),
        Some(""),
        None,
    ] {
        let (code, attempt) = code(&client);
        let fields = client.token_fields(&code, &attempt);
        let fields = match other {
            Some(other) => with(fields, "redirect_uri", other),
            None => without(fields, "redirect_uri"),
        };
        let page = client.redeem(&fields);
        assert_eq!(page.status, 400, "{other:?}: {}", page.body);
        let error = &page.json()["error"];
        assert!(
            error == "invalid_grant" || error == "invalid_request",
            "{other:?}: {error}"
        );
    }
}

#[test]
fn a_code_is_bound_to_its_client_and_realm() {
    let (here, there) = (public(), elsewhere());
    let (code, attempt) = code(&here);
    assert_refused(
        &there.redeem(&there.token_fields(&code, &attempt)),
        400,
        "invalid_grant",
    );
    let fields = with(here.token_fields(&code, &attempt), "client_id", "nobody");
    let page = here.redeem(&fields);
    assert_refused(&page, 401, "invalid_client");
    assert_refused(
        &here.redeem(&without(fields, "client_id")),
        401,
        "invalid_client",
    );
}

#[test]
fn a_code_that_was_never_given_is_refused() {
    let client = public();
    let (real, attempt) = code(&client);
    for made_up in [
        "x",
        &"A".repeat(43),
        &real[..real.len() - 1],
        &format!("{real}A"),
        &"A".repeat(10_000),
    ] {
        assert_refused(
            &client.redeem(&client.token_fields(made_up, &attempt)),
            400,
            "invalid_grant",
        );
    }
    let fields = without(client.token_fields(&real, &attempt), "code");
    assert_refused(&client.redeem(&fields), 400, "invalid_request");
}

#[test]
fn other_grants_do_not_exist() {
    let client = public();
    for grant in [
        "password",
        "refresh_token",
        "implicit",
        "urn:ietf:params:oauth:grant-type:device_code",
    ] {
        let fields = [
            ("grant_type", grant),
            ("client_id", &client.client_id),
            ("username", USERNAME),
            ("password", PASSWORD),
            ("refresh_token", "x"),
        ];
        let page = Browser::new().post(client.endpoint("token"), &fields);
        assert_refused(&page, 400, "unsupported_grant_type");
    }
    // This one exists, for clients that can keep a secret and are registered for it.
    let fields = [
        ("grant_type", "client_credentials"),
        ("client_id", &client.client_id),
    ];
    let page = Browser::new().post(client.endpoint("token"), &fields);
    assert_refused(&page, 400, "unauthorized_client");
    let page = Browser::new().post(
        client.endpoint("token"),
        &[("client_id", &client.client_id)],
    );
    assert_refused(&page, 400, "invalid_request");
}

#[test]
fn a_repeated_field_is_refused() {
    let client = public();
    for name in [
        "grant_type",
        "code",
        "redirect_uri",
        "code_verifier",
        "client_id",
    ] {
        let (code, attempt) = code(&client);
        let mut fields = client.token_fields(&code, &attempt);
        let again = fields
            .iter()
            .find(|(other, _)| other == name)
            .expect("a field")
            .clone();
        fields.push(again);
        let page = client.redeem(&fields);
        assert!(matches!(page.status, 400 | 401), "{name}: {}", page.status);
        assert!(page.json().get("access_token").is_none(), "{name}");
    }
}

#[test]
fn tokens_are_asked_for_by_post_and_in_the_body() {
    let client = public();
    let (code, attempt) = code(&client);
    let fields = client.token_fields(&code, &attempt);
    let browser = Browser::new();
    let query = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(&fields)
        .finish();
    let address = format!("{}?{query}", client.endpoint("token"));
    for method in ["GET", "HEAD", "PUT", "DELETE", "PATCH"] {
        let page = browser.send(browser.request(method, &address));
        assert_eq!(page.status, 405, "{method}");
        assert!(
            page.header("allow")
                .is_some_and(|allow| allow.contains("POST")),
            "{method}"
        );
    }
    // RFC 6749 section 2.3.1: what stands in an address ends in logs and histories.
    let page = browser.post(&address, &fields);
    assert_refused(&page, 400, "invalid_request");
    let secret = format!("{}?client_secret=hidden", client.endpoint("token"));
    assert_refused(&browser.post(&secret, &fields), 400, "invalid_request");
    assert!(!crate::site::bridge().log().contains("client_secret=hidden"));
    assert_eq!(
        client.redeem(&fields).status,
        200,
        "none of that used up the code"
    );
}

#[test]
fn a_body_that_is_no_form_is_refused() {
    let client = public();
    let browser = Browser::new();
    let request = browser
        .request("POST", client.endpoint("token"))
        .header("content-type", "application/json");
    let page = browser.send(request.body("{\"grant_type\":\"authorization_code\"}"));
    assert!(matches!(page.status, 400 | 415), "{}", page.status);
    let request = browser.request("POST", client.endpoint("token"));
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    let page = browser.send(request.body(vec![b'a'; 1 << 20]));
    assert_eq!(page.status, 413, "{}", page.body);
}
