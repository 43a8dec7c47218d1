//! Claims that are addresses of the web.

use serde_json::Value;
use url::{Host, Url};

/// Claims that OpenID Connect Core section 5.1 has as URLs. Applications show them as links and fetch
/// pictures.
const ADDRESSES: &[&str] = &["picture", "profile", "website"];

/// The value of a claim as it may be said. Of a claim that is an address only addresses are left: who writes
/// their own directory entry could otherwise have an application run a script (`javascript:`), or call what
/// only the application's machine can reach (`http://127.0.0.1/`).
pub(super) fn only_addresses(claim: &str, value: Value) -> Option<Value> {
    let name = claim.split_once('#').map_or(claim, |(name, _)| name);
    if !ADDRESSES.contains(&name) {
        return Some(value);
    }
    let left = match value {
        Value::String(text) => is_address(&text).then_some(Value::String(text)),
        Value::Array(items) => {
            let items = items.into_iter();
            let left = items.filter(|item| item.as_str().is_some_and(is_address));
            let left: Vec<_> = left.collect();
            (!left.is_empty()).then_some(Value::Array(left))
        }
        _ => None,
    };
    if left.is_none() {
        tracing::debug!(claim, "a claim is left out: it is no address of the web");
    }
    left
}

/// Whether a text is an `http` or `https` URL of a named host, without a user name in it.
fn is_address(text: &str) -> bool {
    let Ok(url) = Url::parse(text) else {
        return false;
    };
    let is_named = match url.host() {
        Some(Host::Domain(name)) => {
            let name = name.trim_end_matches('.');
            name != "localhost" && !name.ends_with(".localhost")
        }
        _ => false,
    };
    matches!(url.scheme(), "http" | "https")
        && is_named
        && url.username().is_empty()
        && url.password().is_none()
        && !text.chars().any(|c| c.is_control() || c.is_whitespace())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_addresses_of_the_web_are_said_of_pictures_and_pages() {
        for (text, is_said) in [
            ("https://example.test/ada.png", true),
            ("http://intranet/ada", true),
            ("HTTPS://EXAMPLE.TEST", true),
            ("javascript:alert(1)", false),
            ("data:text/html,<script>", false),
            ("file:///etc/passwd", false),
            ("//example.test/x", false),
            ("www.example.test", false),
            ("https://", false),
            ("https://ada@example.test/", false),
            ("https://ada:x@example.test/", false),
            ("http://127.0.0.1/", false),
            ("http://2130706433/", false),
            ("http://0x7f.1/", false),
            ("http://169.254.169.254/latest", false),
            ("http://[::1]/", false),
            ("http://localhost:8080/", false),
            ("http://a.localhost./", false),
            (" https://example.test/", false),
            ("https://example.test/\nx", false),
        ] {
            for claim in ["picture", "website#de", "profile"] {
                let said = only_addresses(claim, json!(text));
                assert_eq!(said.is_some(), is_said, "{claim} {text}");
            }
            assert_eq!(only_addresses("nickname", json!(text)), Some(json!(text)));
        }
        let several = json!(["https://example.test/", "javascript:x", 7]);
        let left = only_addresses("website", several);
        assert_eq!(left, Some(json!(["https://example.test/"])));
        assert_eq!(
            only_addresses("website", json!({"a": "https://example.test/"})),
            None
        );
    }
}
