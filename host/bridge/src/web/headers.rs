//! The headers that every answer bears, and the content security policy of pages.

use super::state::WebState;
use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use http::{HeaderName, HeaderValue, header};
use url::Url;

/// Puts on every answer what keeps browsers from doing more with it than it is for. What a handler
/// has set itself stays.
///
/// There is no `Cross-Origin-Opener-Policy`: it would cut the tie between an application and the
/// pop-up window in which it signs people in (OpenID Connect Core section 3.1.2.1, `display=popup`).
pub(super) async fn secure(
    State(state): State<WebState>,
    request: Request,
    next: Next,
) -> Response {
    let mut response = next.run(request).await;
    harden(&mut response, state.settings.is_secure());
    response
}

/// See [`secure`].
pub(super) fn harden(response: &mut Response, is_secure: bool) {
    let headers = response.headers_mut();
    for (name, value) in ALWAYS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if is_secure {
        // One year. Sub-domains are not the bridge's to speak for.
        let value = HeaderValue::from_static("max-age=31536000");
        headers.insert(header::STRICT_TRANSPORT_SECURITY, value);
    }
    for (name, value) in UNLESS_SET {
        headers
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    }
}

/// The same for every answer.
const ALWAYS: [(HeaderName, &str); 4] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    // For browsers that know no `frame-ancestors`.
    (header::X_FRAME_OPTIONS, "DENY"),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
    ),
];

/// The strictest, for answers that do not say otherwise: nothing is loaded, nothing is kept.
const UNLESS_SET: [(HeaderName, &str); 2] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; form-action 'none'; frame-ancestors 'none'; base-uri 'none'",
    ),
    (header::CACHE_CONTROL, "no-store"),
];

/// The content security policy of a page with the house's stylesheet and icon, without script and
/// without a form.
pub(super) const PAGE_POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; \
     form-action 'none'; frame-ancestors 'none'; base-uri 'none'";

/// The content security policy of a page whose forms end at a page here.
pub(super) const OWN_FORM_POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; \
     form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// The content security policy of the sign-in page, whose form ends in a redirect to
/// `redirect_origin` (`https://app.example` or `com.example.app:`).
///
/// Chromium holds `form-action` against every redirect that follows a form, the application's own
/// among them (measured with version 156: one that its callback sends to a third origin is stopped
/// without a word). Where those lead is not known here, so every `https` address is let through, and
/// for an application on this machine every port of it. What stays shut is plain `http`, and schemes
/// that are not the application's own.
pub(super) fn sign_in_policy(redirect_origin: &str) -> String {
    let targets = match Url::parse(redirect_origin) {
        Ok(url) if url.scheme() == "https" => "'self' https:".to_owned(),
        Ok(url) if url.scheme() == "http" => {
            // An IPv6 address cannot be written in a policy (CSP Level 3 section 2.3.1).
            let literal = url.host_str().is_some_and(|host| host.starts_with('['));
            let own = if literal { " http:" } else { "" };
            format!("'self' https: http://127.0.0.1:* http://localhost:*{own}")
        }
        // The grammar of a scheme leaves nothing that a policy could be broken with.
        Ok(url) if url.scheme().contains('.') => format!("'self' https: {}:", url.scheme()),
        _ => "'self' https:".to_owned(),
    };
    format!(
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action {targets}; \
         frame-ancestors 'none'; base-uri 'none'"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;

    fn form_targets(redirect_origin: &str) -> String {
        let policy = sign_in_policy(redirect_origin);
        policy
            .split("; ")
            .find_map(|directive| directive.strip_prefix("form-action "))
            .expect("a form-action")
            .to_owned()
    }

    #[test]
    fn a_form_may_end_at_the_application_and_where_it_leads() {
        for (origin, expected) in [
            ("https://app.example", "'self' https:"),
            (
                "http://127.0.0.1:49152",
                "'self' https: http://127.0.0.1:* http://localhost:*",
            ),
            (
                "http://[::1]:49152",
                "'self' https: http://127.0.0.1:* http://localhost:* http:",
            ),
            ("com.example.app:", "'self' https: com.example.app:"),
        ] {
            assert_eq!(form_targets(origin), expected, "{origin}");
        }
    }

    #[test]
    fn nothing_can_be_added_to_a_policy() {
        for origin in [
            "",
            "javascript:",
            "data:",
            "'unsafe-inline'",
            "https://a.example; script-src *",
            "com.example; script-src *:",
            "*",
        ] {
            assert_eq!(form_targets(origin), "'self' https:", "{origin}");
            assert!(!sign_in_policy(origin).contains("script-src"), "{origin}");
        }
    }

    #[test]
    fn an_answer_may_loosen_its_caching_and_nothing_that_always_holds() {
        let mut response = Response::builder()
            .header(header::CACHE_CONTROL, "public")
            .header(header::X_FRAME_OPTIONS, "SAMEORIGIN")
            .body(Body::empty())
            .expect("a response");
        harden(&mut response, true);
        let headers = response.headers();
        assert_eq!(headers[header::CACHE_CONTROL], "public");
        assert_eq!(headers[header::X_FRAME_OPTIONS], "DENY");
        assert!(headers.contains_key(header::STRICT_TRANSPORT_SECURITY));

        let mut response = Response::new(Body::empty());
        harden(&mut response, false);
        assert_eq!(response.headers()[header::CACHE_CONTROL], "no-store");
        let has_hsts = response
            .headers()
            .contains_key(header::STRICT_TRANSPORT_SECURITY);
        assert!(
            !has_hsts,
            "a browser must not be told to keep to TLS without TLS"
        );
    }
}
