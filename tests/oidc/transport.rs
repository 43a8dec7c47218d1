//! What is between a browser and the bridge: TLS, and proxies that are trusted.

use crate::site::{CLUMSY, PASSWORD, USERNAME, public_over_tls, secure_bridge};
use suites::browser::{Browser, Page};

#[test]
fn over_tls_cookies_and_pages_are_held_to_it() {
    let (client, browser) = (public_over_tls(), Browser::new());
    let first = browser.get(client.authorize_url(&client.attempt()));
    let page = browser.get(first.location());
    let form = page.form().with("username", USERNAME);
    let last = browser.submit(&form.with("password", PASSWORD));
    client.code_in(&last.location());
    let mut names = Vec::new();
    for page in [&first, &page, &last] {
        let kept = page.header("strict-transport-security").expect("HSTS");
        assert!(kept.starts_with("max-age="), "{kept}");
        for line in page.headers.get_all("set-cookie") {
            let line = line.to_str().expect("ASCII");
            // RFC 6265bis section 4.1.3.2: without `Secure` a browser drops a cookie of this name.
            assert!(
                line.contains("; Secure") && line.contains("; Path=/"),
                "{line}"
            );
            names.push(line.split('=').next().expect("a name").to_owned());
        }
    }
    assert_eq!(names, ["__Host-browser-staff", "__Host-session-staff"]);
}

#[test]
fn tokens_over_tls_name_the_issuer_with_https() {
    let client = public_over_tls();
    assert!(client.issuer.starts_with("https://"));
    let tokens = client.tokens(&Browser::new(), USERNAME, PASSWORD);
    let (_, claims) =
        suites::application::decode(tokens["id_token"].as_str().expect("an ID token"));
    assert_eq!(claims["iss"], client.issuer);
}

#[test]
fn without_tls_nothing_is_answered_where_tls_is() {
    let address = secure_bridge()
        .url("/health/live")
        .replace("https://", "http://");
    assert!(Browser::new().try_get(&address).is_none());
}

/// A wrong password, sent on by a proxy that says this of the client's address.
fn forwarded(lines: &[&str]) -> Page {
    let (client, browser) = (public_over_tls(), Browser::new());
    let form = client.open(&browser, &client.attempt()).form();
    let form = form.with("username", CLUMSY).with("password", "");
    let request = browser.posting(&form.action, &form.fields);
    browser.send(lines.iter().fold(request, |request, line| {
        request.header("x-forwarded-for", *line)
    }))
}

#[test]
fn a_trusted_proxy_says_where_somebody_is() {
    for (lines, address) in [
        (&["203.0.113.7"][..], "203.0.113.7"),
        // What stands to the left of the first stranger is the stranger's word.
        (&["198.51.100.1, 203.0.113.8"], "203.0.113.8"),
        (&["198.51.100.1", "203.0.113.9, 127.0.0.2"], "203.0.113.9"),
        (&["[2001:db8::5]:4711"], "2001:db8::5"),
    ] {
        let page = forwarded(lines);
        let id = page
            .header("x-request-id")
            .expect("a request id")
            .to_owned();
        let log = secure_bridge().log();
        let line = log
            .lines()
            .find(|line| line.contains("sign_in") && line.contains(&id));
        let line = line.expect("the audit line of the attempt");
        assert!(
            line.contains(&format!("\"address\":\"{address}\"")),
            "{lines:?}: {line}"
        );
        assert!(
            !log.contains("198.51.100.1"),
            "the audit trail believes a stranger"
        );
    }
}

#[test]
fn an_address_that_is_none_ends_the_request() {
    for lines in [
        &["nowhere"][..],
        &[""],
        &["203.0.113.7, "],
        &["203.0.113.7:x"],
        &["<script>"],
    ] {
        let page = forwarded(lines);
        assert_eq!(
            (page.status, page.header("location")),
            (400, None),
            "{lines:?}"
        );
    }
}
