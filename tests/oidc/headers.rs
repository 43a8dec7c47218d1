//! Headers: what browsers may do with an answer, who may ask across origins, and whose word counts.

use crate::site::{CLUMSY, PASSWORD, USERNAME, bridge, elsewhere, public};
use suites::{
    application::Application,
    browser::{Browser, Page},
};

/// One answer of each kind.
fn answers() -> Vec<(&'static str, Page)> {
    let (client, browser) = (public(), Browser::new());
    let form = client.open(&browser, &client.attempt());
    let refused = browser.submit(
        &form
            .form()
            .with("username", "nobody-here")
            .with("password", "wrong"),
    );
    let signed_in = browser.submit(
        &refused
            .form()
            .with("username", USERNAME)
            .with("password", PASSWORD),
    );
    vec![
        ("a sign-in page", form),
        ("a refused sign-in", refused),
        ("the way back to the application", signed_in),
        (
            "the way to the sign-in page",
            Browser::new().get(client.authorize_url(&client.attempt())),
        ),
        (
            "an error page",
            browser.get(client.authorize_url(&client.attempt().without("client_id"))),
        ),
        (
            "a sign-in that is over",
            browser.get(bridge().url("/realms/staff/login-actions/authenticate/x")),
        ),
        (
            "a page that is not there",
            browser.get(bridge().url("/no/such/page")),
        ),
        ("a refused token", client.redeem(&[])),
        (
            "a refused userinfo",
            browser.get(client.endpoint("userinfo")),
        ),
        (
            "metadata",
            browser.get(format!(
                "{}/.well-known/openid-configuration",
                client.issuer
            )),
        ),
        ("keys", browser.get(client.endpoint("certs"))),
    ]
}

/// A directive of the content security policy.
fn directive<'a>(page: &'a Page, name: &str) -> Option<&'a str> {
    let policy = page.header("content-security-policy")?;
    policy
        .split(';')
        .find_map(|part| part.trim().strip_prefix(name)?.strip_prefix(' '))
}

#[test]
fn every_answer_bears_the_headers_that_keep_it_in_its_place() {
    for (what, page) in answers() {
        assert_eq!(
            page.header("x-content-type-options"),
            Some("nosniff"),
            "{what}"
        );
        assert_eq!(
            page.header("referrer-policy"),
            Some("no-referrer"),
            "{what}"
        );
        assert_eq!(page.header("x-frame-options"), Some("DENY"), "{what}");
        assert_eq!(
            directive(&page, "frame-ancestors"),
            Some("'none'"),
            "{what}"
        );
        assert_eq!(directive(&page, "default-src"), Some("'none'"), "{what}");
        assert!(
            directive(&page, "script-src").is_none_or(|scripts| !scripts.contains("unsafe")),
            "{what}"
        );
        assert!(
            page.header("x-request-id").is_some_and(|id| id.len() >= 16),
            "{what}"
        );
        // Only over TLS, which a loopback address without it is not.
        assert_eq!(page.header("strict-transport-security"), None, "{what}");
        for leak in ["server", "x-powered-by"] {
            assert!(page.header(leak).is_none(), "{what} says {leak}");
        }
    }
}

#[test]
fn only_what_is_public_may_be_kept() {
    for (what, page) in answers() {
        let kept = page.header("cache-control").expect("a rule for caches");
        if ["metadata", "keys"].contains(&what) {
            assert!(kept.contains("max-age"), "{what}: {kept}");
        } else {
            assert_eq!(kept, "no-store", "{what}");
        }
    }
}

#[test]
fn a_request_id_is_new_each_time_and_not_the_strangers() {
    let browser = Browser::new();
    let ask = || {
        let request = browser
            .request("GET", public().endpoint("certs"))
            .header("x-request-id", "chosen-by-a-stranger");
        browser
            .send(request)
            .header("x-request-id")
            .expect("a request id")
            .to_owned()
    };
    let (one, other) = (ask(), ask());
    assert_ne!(one, other);
    assert!(!one.contains("stranger"));
}

fn from_elsewhere(method: &str, url: &str) -> Page {
    let browser = Browser::new();
    let request = browser
        .request(method, url)
        .header("origin", "https://spa.example");
    browser.send(match method {
        "OPTIONS" => request
            .header("access-control-request-method", "POST")
            .header(
                "access-control-request-headers",
                "authorization,content-type",
            ),
        _ => request,
    })
}

#[test]
fn scripts_of_other_origins_reach_what_needs_no_cookie() {
    let client = public();
    let metadata = format!("{}/.well-known/openid-configuration", client.issuer);
    let allowed = |page: &Page| {
        page.header("access-control-allow-origin")
            .map(str::to_owned)
    };
    for url in [
        metadata,
        client.endpoint("certs"),
        client.endpoint("userinfo"),
    ] {
        let page = from_elsewhere("GET", &url);
        assert_eq!(allowed(&page).as_deref(), Some("*"), "{url}");
        assert_eq!(
            page.header("access-control-allow-credentials"),
            None,
            "{url}"
        );
    }
    for url in [client.endpoint("token"), client.endpoint("userinfo")] {
        let page = from_elsewhere("OPTIONS", &url);
        assert!((200..300).contains(&page.status), "{url}: {}", page.status);
        assert_eq!(allowed(&page).as_deref(), Some("*"), "{url}");
        let headers = page
            .header("access-control-allow-headers")
            .expect("allowed headers")
            .to_ascii_lowercase();
        assert!(headers.contains("authorization"), "{url}: {headers}");
    }
}

#[test]
fn scripts_of_other_origins_do_not_reach_the_pages() {
    let client = public();
    let (auth, browser) = (client.authorize_url(&client.attempt()), Browser::new());
    let form = client.open(&browser, &client.attempt()).url;
    for url in [&auth, form.as_str(), &bridge().url("/no/such/page")] {
        for method in ["GET", "POST", "OPTIONS"] {
            let page = from_elsewhere(method, url);
            let allowed: Vec<_> = page
                .headers
                .keys()
                .filter(|name| name.as_str().starts_with("access-control-"))
                .collect();
            assert!(allowed.is_empty(), "{method} {url}: {allowed:?}");
        }
    }
}

#[test]
fn whoever_writes_a_host_or_a_forwarded_header_changes_no_address() {
    let client = public();
    let browser = Browser::new();
    let metadata = format!("{}/.well-known/openid-configuration", client.issuer);
    let expected = browser.get(&metadata).json();
    for (name, value) in [
        ("host", "evil.example"),
        ("x-forwarded-host", "evil.example"),
        ("x-forwarded-proto", "https"),
        ("x-forwarded-port", "444"),
        ("x-forwarded-prefix", "/evil"),
        ("x-original-url", "/evil"),
        ("forwarded", "host=evil.example;proto=https"),
    ] {
        let page = browser.send(browser.request("GET", &metadata).header(name, value));
        assert!(
            matches!(page.status, 200 | 400 | 421),
            "{name}: {}",
            page.status
        );
        if page.status == 200 {
            assert_eq!(page.json(), expected, "{name}");
        }
        let spoofed = spoofed_sign_in(&client, name, value);
        assert!(!spoofed.contains("evil"), "{name}: {spoofed}");
    }
}

fn spoofed_sign_in(client: &Application, name: &str, value: &str) -> String {
    let browser = Browser::new();
    let request = browser.request("GET", client.authorize_url(&client.attempt()));
    let page = browser.send(request.header(name, value));
    format!("{:?}\n{}", page.header("location"), page.body)
}

#[test]
fn a_forwarded_address_of_a_stranger_is_not_believed() {
    let client = elsewhere();
    let marker = "203.0.113.77";
    let browser = Browser::new();
    let form = client
        .open(&browser, &client.attempt())
        .form()
        .with("username", CLUMSY)
        .with("password", "wrong");
    let request = browser.posting(&form.action, &form.fields);
    browser.send(
        request
            .header("x-forwarded-for", marker)
            .header("forwarded", format!("for={marker}")),
    );
    assert!(
        !bridge().log().contains(marker),
        "the audit trail believes a stranger's header"
    );
}
