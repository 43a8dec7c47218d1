//! The sample against a provider that can do wrong too.

mod bench;

use self::bench::{Bench, ISSUER};
use http::{StatusCode, header};
use serde_json::json;

#[tokio::test]
async fn the_start_page_names_realms_and_people() {
    let bench = Bench::new();
    for path in ["/", "/sample"] {
        let page = bench.get(path, None).await;
        assert_eq!(page.status, StatusCode::OK);
        for part in [
            "The &#60;staff&#62;",
            "href=\"/sample/staff/sign-in\"",
            "href=\"/sample/staff/sign-in?user=ada\"",
            "ldap://127.0.0.1:3890",
            "bridge-demo",
            "In three groups.",
        ] {
            assert!(
                page.body.contains(part),
                "{part} is missing in {}",
                page.body
            );
        }
    }
}

#[tokio::test]
async fn every_answer_has_the_headers_that_keep_browsers_in_bounds() {
    let bench = Bench::new();
    for path in [
        "/",
        "/sample/staff/sign-in",
        "/sample/callback",
        "/sample/style.css",
    ] {
        let headers = bench.get(path, None).await.headers;
        let policy = headers[header::CONTENT_SECURITY_POLICY]
            .to_str()
            .expect("ASCII");
        assert!(policy.starts_with("default-src 'none'"), "{path}");
        assert_eq!(headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
        assert!(headers.contains_key(header::CACHE_CONTROL), "{path}");
    }
}

#[tokio::test]
async fn begins_with_pkce_state_and_nonce() {
    let bench = Bench::new();
    let page = bench.get("/sample/staff/sign-in?user=a%26b", None).await;
    assert!(page.location().starts_with(&format!("{ISSUER}/auth?")));
    let parameters = page.parameters();
    for (name, value) in [
        ("response_type", "code"),
        ("client_id", "sample"),
        ("redirect_uri", "http://127.0.0.1:8080/sample/callback"),
        ("code_challenge_method", "S256"),
        ("prompt", "login"),
        ("login_hint", "a&b"),
    ] {
        assert_eq!(parameters[name], value);
    }
    let fresh = [
        &parameters["state"],
        &parameters["nonce"],
        &parameters["code_challenge"],
    ];
    assert!(fresh.iter().all(|value| value.len() == 43));
    assert!(fresh[0] != fresh[1] && fresh[1] != fresh[2] && fresh[0] != fresh[2]);
    let again = bench.get("/sample/staff/sign-in", None).await.parameters();
    assert_ne!(parameters["state"], again["state"]);
}

#[tokio::test]
async fn shows_what_came_of_a_sign_in_and_where_it_came_from() {
    let bench = Bench::new();
    let (cookie, state) = bench.begin(|_| {}).await;
    let page = bench.end(&cookie, &state).await;
    assert_eq!(
        (page.status, page.location()),
        (StatusCode::SEE_OTHER, "/sample/signed-in")
    );
    for _ in 0..2 {
        let page = bench.get("/sample/signed-in", Some(&cookie)).await;
        assert_eq!(page.status, StatusCode::OK);
        assert_eq!(page.headers[header::CACHE_CONTROL], "no-store");
        for part in [
            "Hello, Ada &#60;Lovelace&#62;",
            "<li>engine</li>",
            "uid=ada,<wbr>dc=example",
            "&#60;b&#62;bold&#60;/<wbr>b&#62;",
            "deadbeef",
            "4 octets",
            "a-policy",
            "sha256:0123",
            "38 µs",
            "countess",
            "ES256",
        ] {
            assert!(
                page.body.contains(part),
                "{part} is missing in {}",
                page.body
            );
        }
        assert!(
            !page.body.contains("<i>") && !page.body.contains("<b>"),
            "not escaped"
        );
    }
    let other = bench.get("/sample/signed-in", None).await;
    assert_eq!(other.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn an_entry_that_cannot_be_shown_says_why() {
    let bench = Bench::new();
    let (cookie, state) = bench
        .begin(|claims| claims["preferred_username"] = json!("eve"))
        .await;
    bench.end(&cookie, &state).await;
    let page = bench.get("/sample/signed-in", Some(&cookie)).await;
    assert!(page.body.contains("nobody has this name"), "{}", page.body);
}

#[tokio::test]
async fn an_entry_with_another_subject_is_said_to_be_another() {
    let bench = Bench::new();
    bench.said.lock().expect("sound").userinfo = json!({"sub": "2"});
    let (cookie, state) = bench.begin(|claims| claims["sub"] = json!("2")).await;
    bench.end(&cookie, &state).await;
    let page = bench.get("/sample/signed-in", Some(&cookie)).await;
    assert!(page.body.contains("no longer the token’s"), "{}", page.body);
}

#[tokio::test]
async fn an_answer_counts_once_and_only_in_the_browser_that_asked() {
    let bench = Bench::new();
    let (cookie, state) = bench.begin(|_| {}).await;
    let (other_cookie, _) = bench.begin(|_| {}).await;
    for (cookie, state) in [
        (other_cookie.as_str(), state.as_str()),
        ("sample=short", &state),
        (&format!("{cookie}; {cookie}"), &state),
        (&cookie, "unknown"),
        (&cookie, &format!("{state}&state={state}")),
    ] {
        let page = bench.end(cookie, state).await;
        assert_eq!(page.status, StatusCode::BAD_REQUEST, "{cookie} {state}");
        assert!(page.body.contains("This sign-in is over"));
    }
    let (cookie, state) = bench.begin(|_| {}).await;
    assert_eq!(
        bench.end(&cookie, &state).await.status,
        StatusCode::SEE_OTHER
    );
    assert_eq!(
        bench.end(&cookie, &state).await.status,
        StatusCode::BAD_REQUEST
    );
}

#[tokio::test]
async fn sign_ins_in_two_tabs_share_the_browser() {
    let bench = Bench::new();
    let (cookie, state) = bench.begin(|_| {}).await;
    let second = bench.get("/sample/staff/sign-in", Some(&cookie)).await;
    assert_eq!(second.cookie(), cookie);
    let planted = format!("sample={}", "x".repeat(43));
    let third = bench.get("/sample/staff/sign-in", Some(&planted)).await;
    assert_ne!(third.cookie(), planted);
    assert_eq!(
        bench.end(&cookie, &state).await.status,
        StatusCode::SEE_OTHER
    );
}

#[tokio::test]
async fn an_error_from_the_provider_gives_a_page() {
    let bench = Bench::new();
    let (cookie, state) = bench.begin(|_| {}).await;
    let path = format!(
        "/sample/callback?state={state}&error=access_denied&error_description=%3Cb%3Eno%3C/b%3E"
    );
    let page = bench.get(&path, Some(&cookie)).await;
    assert_eq!(page.status, StatusCode::BAD_REQUEST);
    assert!(
        page.body
            .contains("access_denied: &#60;b&#62;no&#60;/b&#62;"),
        "{}",
        page.body
    );
}

#[tokio::test]
async fn refuses_an_answer_in_which_one_thing_is_wrong() {
    let bench = Bench::new();
    let (cookie, state) = bench.begin(|claims| claims["nonce"] = json!("other")).await;
    let page = bench.end(&cookie, &state).await;
    assert_eq!(page.status, StatusCode::BAD_GATEWAY);
    assert!(page.body.contains("nonce"), "{}", page.body);

    let (cookie, state) = bench.begin(|_| {}).await;
    bench.said.lock().expect("sound").challenge = "other".to_owned();
    let page = bench.end(&cookie, &state).await;
    assert_eq!(page.status, StatusCode::BAD_GATEWAY);
    assert!(page.body.contains("invalid_grant"), "{}", page.body);

    let (cookie, state) = bench.begin(|_| {}).await;
    let path = format!("/sample/callback?code=the-code&state={state}&iss=https://evil.example");
    let page = bench.get(&path, Some(&cookie)).await;
    assert_eq!(page.status, StatusCode::BAD_REQUEST);
    assert!(page.body.contains("another issuer"), "{}", page.body);

    let (cookie, state) = bench.begin(|_| {}).await;
    bench.said.lock().expect("sound").userinfo = json!({"sub": "2"});
    let page = bench.end(&cookie, &state).await;
    assert_eq!(page.status, StatusCode::BAD_GATEWAY);
    assert!(page.body.contains("another subject"), "{}", page.body);

    bench.said.lock().expect("sound").metadata["issuer"] = json!("https://evil.example");
    let page = bench.get("/sample/staff/sign-in", None).await;
    assert_eq!(page.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn knows_its_realms_and_no_others() {
    let bench = Bench::new();
    for path in ["/sample/other/sign-in", "/sample/STAFF/sign-in"] {
        let page = bench.get(path, None).await;
        assert_eq!(page.status, StatusCode::NOT_FOUND, "{path}");
        assert!(page.body.contains("Page not found"));
    }
}

#[tokio::test]
async fn whoever_comes_by_another_name_is_sent_to_the_registered_address_first() {
    let bench = Bench::new();
    let page = bench
        .get_at("localhost:8080", "/sample/staff/sign-in?user=ada", None)
        .await;
    assert_eq!(
        page.location(),
        "http://127.0.0.1:8080/sample/staff/sign-in?user=ada"
    );
    assert!(!page.headers.contains_key(header::SET_COOKIE));
}
