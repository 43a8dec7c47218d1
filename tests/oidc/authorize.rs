//! The authorization endpoint: what is refused, and who is told.

use crate::site::{PASSWORD, USERNAME, elsewhere, public};
use suites::{
    application::{Application, Attempt},
    browser::{Browser, Page},
};

fn ask(client: &Application, attempt: &Attempt) -> Page {
    Browser::new().get(client.authorize_url(attempt))
}

/// The request is refused, and the client is told: error code, `state` and `iss` (RFC 9207).
#[track_caller]
fn assert_told(client: &Application, attempt: &Attempt, error: &str) {
    let page = ask(client, attempt);
    assert_eq!(page.status, 303, "{attempt:?}:\n{}", page.body);
    assert!(
        page.location().as_str().starts_with(&client.redirect_uri),
        "{}",
        page.location()
    );
    let answer = page.answer();
    assert_eq!(answer["error"], error, "{attempt:?}");
    assert_eq!(answer["iss"], client.issuer);
    assert!(!answer.contains_key("code"));
    if let Some((_, state)) = attempt.parameters.iter().find(|(name, _)| name == "state") {
        assert_eq!(answer.get("state"), Some(state));
    }
}

/// The request is refused on a page, and nobody is sent anywhere.
#[track_caller]
fn assert_page(client: &Application, attempt: &Attempt) {
    let page = ask(client, attempt);
    assert_eq!(
        (page.status, page.header("location")),
        (400, None),
        "{attempt:?}"
    );
    let reference = page.header("x-request-id").expect("a request id");
    assert!(
        page.body.contains(reference),
        "the page does not name its reference"
    );
}

#[track_caller]
fn assert_sign_in(client: &Application, attempt: &Attempt) {
    let page = ask(client, attempt);
    assert_eq!(page.status, 303, "{attempt:?}:\n{}", page.body);
    let path = page.location().path().to_owned();
    assert!(
        path.contains("/login-actions/authenticate/"),
        "{attempt:?}: {path}"
    );
}

#[test]
fn an_unknown_client_gets_a_page_and_no_redirect() {
    let client = public();
    for id in ["nobody", "CLI", "cli ", "cli\0", ""] {
        assert_page(&client, &client.attempt().with("client_id", id));
    }
    assert_page(&client, &client.attempt().without("client_id"));
}

#[test]
fn a_client_of_another_realm_is_unknown_here() {
    let (here, there) = (public(), elsewhere());
    let mut stray = here.clone();
    stray.client_id.push_str("-of-nobody");
    assert_page(&stray, &stray.attempt());
    // The same id in two realms is two clients; a code of the one is nothing at the other.
    let attempt = here.attempt();
    let code = here.code(&Browser::new(), &attempt, USERNAME, PASSWORD);
    let page = there.redeem(&there.token_fields(&code, &attempt));
    assert_eq!(
        (page.status, &page.json()["error"]),
        (400, &"invalid_grant".into())
    );
}

#[test]
fn nothing_but_codes_is_handed_out() {
    let client = public();
    for response_type in [
        "token",
        "id_token",
        "code token",
        "id_token token",
        "code id_token",
        "none",
        "CODE",
    ] {
        assert_told(
            &client,
            &client.attempt().with("response_type", response_type),
            "unsupported_response_type",
        );
    }
    assert_told(
        &client,
        &client.attempt().without("response_type"),
        "invalid_request",
    );
    for mode in ["fragment", "form_post", "query.jwt"] {
        assert_told(
            &client,
            &client.attempt().with("response_mode", mode),
            "invalid_request",
        );
    }
    assert_sign_in(&client, &client.attempt().with("response_mode", "query"));
}

#[test]
fn a_public_client_proves_its_key_by_s256() {
    let client = public();
    let without = client
        .attempt()
        .without("code_challenge")
        .without("code_challenge_method");
    assert_told(&client, &without, "invalid_request");
    assert_told(
        &client,
        &client.attempt().without("code_challenge"),
        "invalid_request",
    );
    // RFC 7636 section 4.3: without a method it is `plain`.
    assert_told(
        &client,
        &client.attempt().without("code_challenge_method"),
        "invalid_request",
    );
    for method in ["plain", "s256", "S512"] {
        assert_told(
            &client,
            &client.attempt().with("code_challenge_method", method),
            "invalid_request",
        );
    }
    for challenge in ["short", &"a".repeat(129), &"!".repeat(43)] {
        assert_told(
            &client,
            &client.attempt().with("code_challenge", challenge),
            "invalid_request",
        );
    }
}

#[test]
fn a_repeated_parameter_is_refused() {
    let client = public();
    for name in ["client_id", "redirect_uri"] {
        let attempt = client.attempt();
        let value = attempt.value(name).to_owned();
        assert_page(&client, &attempt.and(name, &value));
    }
    for name in [
        "response_type",
        "scope",
        "nonce",
        "code_challenge",
        "prompt",
    ] {
        let attempt = client.attempt().and(name, "code").and(name, "code");
        assert_told(&client, &attempt, "invalid_request");
    }
}

#[test]
fn a_repeated_state_is_refused_and_not_given_back() {
    let client = public();
    let answer = ask(&client, &client.attempt().and("state", "another")).answer();
    assert_eq!(
        (answer["error"].as_str(), answer.get("state")),
        ("invalid_request", None)
    );
}

#[test]
fn the_scope_has_to_hold_openid() {
    let client = public();
    for scope in ["", "profile", "OPENID", "openidx"] {
        assert_told(
            &client,
            &client.attempt().with("scope", scope),
            "invalid_scope",
        );
    }
    assert_told(&client, &client.attempt().without("scope"), "invalid_scope");
    assert_sign_in(
        &client,
        &client.attempt().with("scope", "openid no-such-scope"),
    );
}

#[test]
fn request_objects_are_refused_and_not_passed_over() {
    let client = public();
    let unsigned = "eyJhbGciOiJub25lIn0.e30.";
    assert_told(
        &client,
        &client.attempt().and("request", unsigned),
        "request_not_supported",
    );
    let address = "https://app.example/request.jwt";
    assert_told(
        &client,
        &client.attempt().and("request_uri", address),
        "request_uri_not_supported",
    );
    assert_told(
        &client,
        &client.attempt().and("registration", "{}"),
        "registration_not_supported",
    );
}

#[test]
fn wishes_that_cannot_be_met_are_no_errors() {
    let client = public();
    for (name, value) in [
        ("x", "1"),
        ("display", "wap"),
        ("ui_locales", "xx-YY"),
        ("claims_locales", "xx"),
        ("acr_values", "gold"),
        ("login_hint", "<b>nobody</b>"),
        ("claims", "{}"),
        ("prompt", "login"),
        ("prompt", "consent"),
        ("prompt", "select_account"),
        ("max_age", "0"),
    ] {
        assert_sign_in(&client, &client.attempt().and(name, value));
    }
    for name in ["state", "nonce"] {
        assert_sign_in(&client, &client.attempt().without(name));
    }
}

#[test]
fn without_a_session_prompt_none_is_answered_without_a_page() {
    let client = public();
    assert_told(
        &client,
        &client.attempt().and("prompt", "none"),
        "login_required",
    );
    assert_told(
        &client,
        &client.attempt().and("prompt", "none login"),
        "invalid_request",
    );
}

#[test]
fn values_out_of_their_bounds_are_refused() {
    let client = public();
    assert_told(
        &client,
        &client.attempt().and("max_age", "-1"),
        "invalid_request",
    );
    assert_told(
        &client,
        &client.attempt().and("max_age", "soon"),
        "invalid_request",
    );
    assert_told(
        &client,
        &client.attempt().with("nonce", &"n".repeat(5000)),
        "invalid_request",
    );
}

#[test]
fn a_request_by_post_is_taken_as_one_by_get() {
    let (client, browser) = (public(), Browser::new());
    let attempt = client.attempt();
    let first = browser.post(client.endpoint("auth"), &attempt.parameters);
    assert_eq!(first.status, 303, "{}", first.body);
    // A cross-site POST brings no cookies, so the browser comes once more by GET.
    let second = browser.get(first.location());
    let page = browser.get(second.location());
    let answer = browser.submit(
        &page
            .form()
            .with("username", USERNAME)
            .with("password", PASSWORD),
    );
    let code = client.code_in(&answer.location());
    assert_eq!(
        client.redeem(&client.token_fields(&code, &attempt)).status,
        200
    );
}

#[test]
fn markup_in_a_request_stays_text() {
    let (client, browser) = (public(), Browser::new());
    let hint = "\"><script>alert(1)</script>";
    let page = client.open(&browser, &client.attempt().and("login_hint", hint));
    assert!(!page.body.contains("<script"), "{}", page.body);
    assert_eq!(page.form().value("username"), hint);
    let page = ask(&client, &client.attempt().with("client_id", hint));
    assert!(!page.body.contains("<script"), "{}", page.body);
}
