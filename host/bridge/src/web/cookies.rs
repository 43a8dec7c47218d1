//! The two cookies of a browser at a realm: its session, and the binding of a sign-in to it.
//!
//! Both hold random octets that the store knows the digest of, bound to one realm there: the names
//! only keep realms from overwriting each other.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use bridge_model::{names::RealmName, secret::Secret};
use bridge_oidc::Browser;
use http::{HeaderMap, HeaderValue, header};
use std::fmt::{self, Write};

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CookieKind {
    /// Who is signed in.
    Session,
    /// Which browser a sign-in was begun in.
    Binding,
}

/// The cookies of one realm.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cookies<'a> {
    /// The realm.
    pub realm: &'a RealmName,
    /// Whether browsers come over TLS. Without it, which is on loopback only, a browser takes
    /// neither `Secure` nor the prefix.
    pub is_secure: bool,
}

impl Cookies<'_> {
    /// What a browser sent. A value that is not one of ours is no value, and so is a name that
    /// comes twice: one of the two was planted.
    pub(super) fn read(&self, headers: &HeaderMap) -> Browser {
        Browser {
            session: self.find(headers, CookieKind::Session),
            binding: self.find(headers, CookieKind::Binding),
        }
    }

    /// The `Set-Cookie` header that gives a browser a value; for `seconds`, or until it is closed.
    pub(super) fn set(
        &self,
        kind: CookieKind,
        value: &Secret,
        seconds: Option<u64>,
    ) -> Option<HeaderValue> {
        let mut text = format!(
            "{}={}; Path=/; HttpOnly; SameSite=Lax",
            Named(*self, kind),
            URL_SAFE_NO_PAD.encode(value.expose())
        );
        if self.is_secure {
            text.push_str("; Secure");
        }
        if let Some(seconds) = seconds {
            write!(text, "; Max-Age={seconds}").ok()?;
        }
        let mut value = HeaderValue::from_str(&text).ok()?;
        value.set_sensitive(true);
        Some(value)
    }

    /// The `Set-Cookie` header that takes a value away from a browser.
    pub(super) fn clear(&self, kind: CookieKind) -> Option<HeaderValue> {
        let secure = if self.is_secure { "; Secure" } else { "" };
        let name = Named(*self, kind);
        // A name with the prefix is only taken with these attributes, also to clear it.
        let text = format!("{name}=; Path=/; HttpOnly; SameSite=Lax{secure}; Max-Age=0");
        HeaderValue::from_str(&text).ok()
    }

    /// The value of one cookie. HTTP/2 may split the header (RFC 9113 section 8.2.3).
    fn find(&self, headers: &HeaderMap, kind: CookieKind) -> Option<Secret> {
        let name = Named(*self, kind).to_string();
        let mut values = headers
            .get_all(header::COOKIE)
            .iter()
            .filter_map(|line| line.to_str().ok())
            .flat_map(|line| line.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .filter_map(|(key, value)| (key == name).then_some(value));
        let value = values.next()?;
        if values.next().is_some() || value.len() > VALUE_LENGTH_MAX {
            return None;
        }
        let octets = URL_SAFE_NO_PAD.decode(value).ok()?;
        (octets.len() >= VALUE_OCTETS_MIN).then(|| Secret::new(octets))
    }
}

/// A cookie's name.
struct Named<'a>(Cookies<'a>, CookieKind);

impl fmt::Display for Named<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // RFC 6265bis section 4.1.3.2: no other host, no path and no plain page can set the name.
        let prefix = if self.0.is_secure { "__Host-" } else { "" };
        let kind = match self.1 {
            CookieKind::Session => "session",
            CookieKind::Binding => "browser",
        };
        write!(f, "{prefix}{kind}-{}", self.0.realm)
    }
}

/// Ours are 32 octets, 43 characters; anything far longer is not decoded.
const VALUE_LENGTH_MAX: usize = 128;
/// Fewer than 128 bits are none of ours.
const VALUE_OCTETS_MIN: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    fn realm() -> RealmName {
        RealmName::new("staff").expect("a name")
    }

    fn session(lines: &[&str], is_secure: bool) -> Option<Vec<u8>> {
        let headers = lines
            .iter()
            .map(|line| {
                let value = HeaderValue::from_str(line).expect("a header value");
                (header::COOKIE, value)
            })
            .collect();
        let realm = realm();
        let cookies = Cookies {
            realm: &realm,
            is_secure,
        };
        let browser = cookies.read(&headers);
        browser.session.map(|secret| secret.expose().to_vec())
    }

    #[test]
    fn a_cookie_is_found_among_others_and_over_several_headers() {
        let value = URL_SAFE_NO_PAD.encode([7; 32]);
        let ours = format!("__Host-session-staff={value}");
        for lines in [
            &[ours.as_str()][..],
            &[&format!("a=b; {ours}; c=d")],
            &[&format!("a=b;{ours}")],
            &["a=b", &ours],
            &["novalue; =; ;;", &ours],
        ] {
            assert_eq!(session(lines, true), Some(vec![7; 32]), "{lines:?}");
        }
    }

    #[test]
    fn what_is_not_exactly_one_of_ours_is_nothing() {
        let value = URL_SAFE_NO_PAD.encode([7; 32]);
        for line in [
            String::new(),
            format!("session-staff={value}"),
            format!("__Host-session-other={value}"),
            format!("__host-session-staff={value}"),
            format!("__Host-browser-staff={value}"),
            format!("__Host-session-staff={value}; __Host-session-staff={value}"),
            format!("__Host-session-staff=\"{value}\""),
            format!("__Host-session-staff={value}="),
            "__Host-session-staff=".to_owned(),
            "__Host-session-staff=c2hvcnQ".to_owned(),
            format!("__Host-session-staff={}", "A".repeat(200)),
        ] {
            assert_eq!(session(&[&line], true), None, "{line}");
        }
    }

    #[test]
    fn the_prefix_and_secure_go_together() {
        let realm = realm();
        let secret = Secret::new([7; 32]);
        for (is_secure, expected) in [
            (
                true,
                "__Host-session-staff=BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc; Path=/; HttpOnly; \
                 SameSite=Lax; Secure; Max-Age=60",
            ),
            (
                false,
                "session-staff=BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc; Path=/; HttpOnly; \
                 SameSite=Lax; Max-Age=60",
            ),
        ] {
            let cookies = Cookies {
                realm: &realm,
                is_secure,
            };
            let header = cookies.set(CookieKind::Session, &secret, Some(60));
            assert_eq!(
                header.as_ref().and_then(|value| value.to_str().ok()),
                Some(expected)
            );
        }
    }

    #[test]
    fn a_cookie_is_taken_away_under_its_own_name() {
        let realm = realm();
        for (is_secure, expected) in [
            (
                true,
                "__Host-session-staff=; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=0",
            ),
            (
                false,
                "session-staff=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0",
            ),
        ] {
            let cookies = Cookies {
                realm: &realm,
                is_secure,
            };
            let header = cookies.clear(CookieKind::Session).expect("a header value");
            assert_eq!(header.to_str().expect("ASCII"), expected);
        }
    }

    #[test]
    fn a_binding_goes_with_the_browser() {
        let realm = realm();
        let cookies = Cookies {
            realm: &realm,
            is_secure: true,
        };
        let header = cookies.set(CookieKind::Binding, &Secret::new([0; 32]), None);
        let text = header.expect("a header value");
        let text = text.to_str().expect("ASCII");
        assert!(text.starts_with("__Host-browser-staff="), "{text}");
        assert!(!text.contains("Max-Age"), "{text}");
    }
}
