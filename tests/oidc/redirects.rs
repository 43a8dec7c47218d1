//! Where a browser is sent, and where it never is (RFC 9700 sections 2.1 and 4.11).

use crate::site::{PASSWORD, USERNAME, public};
use suites::browser::Browser;

/// What was registered is `http://127.0.0.1/callback`, which takes any port (RFC 8252 section 7.3).
const FOREIGN: &[&str] = &[
    "",
    "/callback",
    "callback",
    "//127.0.0.1/callback",
    "https://127.0.0.1:49152/callback",
    "https://app.example/callback",
    "http://app.example/callback",
    "http://localhost:49152/callback",
    "http://[::1]:49152/callback",
    "http://127.0.0.2:49152/callback",
    "http://127.1:49152/callback",
    "http://2130706433:49152/callback",
    "http://0x7f.0.0.1:49152/callback",
    "http://127.0.0.1.app.example/callback",
    "http://127.0.0.1@app.example/callback",
    "http://127.0.0.1:49152@app.example/callback",
    "http://app.example@127.0.0.1:49152/callback",
    "http://ada:secret@127.0.0.1:49152/callback",
    "http://app.example#@127.0.0.1/callback",
    "http://app.example\\@127.0.0.1/callback",
    "http:\\\\127.0.0.1\\callback",
    "http:/127.0.0.1:49152/callback",
    "HTTP://127.0.0.1:49152/callback",
    " http://127.0.0.1:49152/callback",
    "http://127.0.0.1:49152/callback ",
    "http://127.0.0.1:49152/\tcallback",
    "http://127.0.0.1:49152/callback\r\nX-Planted: 1",
    "http://127.0.0.1:49152/Callback",
    "http://127.0.0.1:49152/callback/",
    "http://127.0.0.1:49152//callback",
    "http://127.0.0.1:49152/./callback",
    "http://127.0.0.1:49152/a/../callback",
    "http://127.0.0.1:49152/callback/..",
    "http://127.0.0.1:49152/%63allback",
    "http://127.0.0.1:49152/callback%2f..",
    "http://127.0.0.1:49152/callback/..;/a",
    "http://127.0.0.1:49152/callback;a",
    "http://127.0.0.1:49152/callback?",
    "http://127.0.0.1:49152/callback?a=b",
    "http://127.0.0.1:49152/callback#",
    "http://127.0.0.1:49152/callback#a",
    "http://127.0.0.1:049152/callback",
    "http://127.0.0.1:99999/callback",
    "http://127.0.0.1:/callback",
    "http://１２７.0.0.1:49152/callback",
    "javascript:alert(1)",
    "JaVaScRiPt://127.0.0.1/callback",
    "data:text/html,callback",
    "vbscript:callback",
    "com.example.app:/callback",
    "*",
];

#[test]
fn an_address_that_was_not_registered_is_never_redirected_to() {
    let (client, browser) = (public(), Browser::new());
    for address in FOREIGN {
        for attempt in [
            client.attempt().with("redirect_uri", address),
            // An error that would otherwise go to the client.
            client
                .attempt()
                .with("redirect_uri", address)
                .without("response_type"),
            client
                .attempt()
                .with("redirect_uri", address)
                .and("prompt", "none"),
        ] {
            let page = browser.get(client.authorize_url(&attempt));
            assert_eq!(
                (page.status, page.header("location")),
                (400, None),
                "{address:?}"
            );
            assert!(!page.headers.contains_key("x-planted"));
        }
    }
}

#[test]
fn a_native_application_comes_back_on_any_port() {
    let mut client = public();
    for port in ["49153", "1024", "80"] {
        client.redirect_uri = format!("http://127.0.0.1:{port}/callback");
        let page = Browser::new().get(client.authorize_url(&client.attempt()));
        // A URL of the scheme's own port is another text than the registered one without it.
        let expected = if port == "80" { 400 } else { 303 };
        assert_eq!(page.status, expected, "{port}");
    }
    client.redirect_uri = "http://127.0.0.1/callback".to_owned();
    assert_eq!(
        Browser::new()
            .get(client.authorize_url(&client.attempt()))
            .status,
        303
    );
}

#[test]
fn every_redirect_of_a_sign_in_drops_the_form() {
    let (client, browser) = (public(), Browser::new());
    let attempt = client.attempt();
    assert_eq!(browser.get(client.authorize_url(&attempt)).status, 303);
    // RFC 9700 section 4.12: 307 and 308 would hand the password on to the application.
    let page = client.submit(&browser, &attempt, USERNAME, PASSWORD);
    assert_eq!(page.status, 303);
    let address = page.location();
    assert!(
        address.as_str().starts_with(&client.redirect_uri),
        "{address}"
    );
    assert_eq!(address.fragment(), None);
}

#[test]
fn what_the_client_gave_comes_back_as_it_was() {
    let (client, browser) = (public(), Browser::new());
    for state in ["a&code=stolen", "ä ü+%20", "x\"y'<z>", "#fragment", "=&="] {
        let attempt = client.attempt().with("state", state);
        let answer = browser
            .get(client.authorize_url(&attempt.clone().and("prompt", "none")))
            .answer();
        assert_eq!(answer["state"], state);
        assert!(!answer.contains_key("code"));
    }
}
