//! Where an authorization answer goes, and what stands in it.

use url::{Host, Url};

/// An address that its client has registered, with what every answer to it carries. The maker sees
/// to the registration.
#[derive(Clone, Debug)]
pub(crate) struct ReturnAddress {
    url: Url,
    state: Option<String>,
    issuer: String,
}

/// Why a client gets no code, in the words of the specifications.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AnswerError {
    /// RFC 6749 section 4.1.2.1.
    InvalidRequest,
    /// RFC 6749 section 4.1.2.1.
    UnsupportedResponseType,
    /// RFC 6749 section 4.1.2.1.
    InvalidScope,
    /// RFC 6749 section 4.1.2.1.
    UnauthorizedClient,
    /// RFC 6749 section 4.1.2.1.
    AccessDenied,
    /// OpenID Connect Core section 3.1.2.6.
    LoginRequired,
    /// OpenID Connect Core section 3.1.2.6.
    RequestNotSupported,
    /// OpenID Connect Core section 3.1.2.6.
    RequestUriNotSupported,
    /// OpenID Connect Core section 3.1.2.6.
    RegistrationNotSupported,
}

impl AnswerError {
    fn code(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::UnsupportedResponseType => "unsupported_response_type",
            Self::InvalidScope => "invalid_scope",
            Self::AccessDenied => "access_denied",
            Self::UnauthorizedClient => "unauthorized_client",
            Self::LoginRequired => "login_required",
            Self::RequestNotSupported => "request_not_supported",
            Self::RequestUriNotSupported => "request_uri_not_supported",
            Self::RegistrationNotSupported => "registration_not_supported",
        }
    }
}

impl ReturnAddress {
    /// None for a text that is no URI, which none that fits a registered one is.
    pub(crate) fn new(redirect_uri: &str, issuer: String) -> Option<Self> {
        let url = Url::parse(redirect_uri).ok()?;
        Some(Self {
            url,
            state: None,
            issuer,
        })
    }

    /// With the client's `state`, which goes back as it came.
    pub(crate) fn with_state(self, state: Option<String>) -> Self {
        Self { state, ..self }
    }

    /// The answer with a code (RFC 6749 section 4.1.2).
    pub(crate) fn with_code(&self, code: &str) -> String {
        self.answer(&[("code", code)])
    }

    /// The answer without one (RFC 6749 section 4.1.2.1). `description` is of the characters that the
    /// section allows.
    pub(crate) fn with_error(&self, error: AnswerError, description: &str) -> String {
        self.answer(&[("error", error.code()), ("error_description", description)])
    }

    /// What a page's `form-action` has to admit, so that a browser follows the answer to its form
    /// here (Content Security Policy Level 3 section 2.3.1): the origin, or the scheme alone where
    /// there is none or where a source expression has no form for it, as for an IPv6 address.
    pub(crate) fn form_action(&self) -> String {
        match (self.url.scheme(), self.url.host()) {
            ("https" | "http", Some(Host::Domain(_) | Host::Ipv4(_))) => {
                self.url.origin().ascii_serialization()
            }
            (scheme, _) => format!("{scheme}:"),
        }
    }

    fn answer(&self, parameters: &[(&str, &str)]) -> String {
        let mut url = self.url.clone();
        {
            let mut query = url.query_pairs_mut();
            query.extend_pairs(parameters);
            if let Some(state) = &self.state {
                query.append_pair("state", state);
            }
            // RFC 9207 section 2: in errors too.
            query.append_pair("iss", &self.issuer);
        }
        url.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(redirect_uri: &str) -> ReturnAddress {
        ReturnAddress::new(
            redirect_uri,
            "https://id.example.test/realms/staff".to_owned(),
        )
        .expect("a URI")
        .with_state(Some("a b&c=\"<".to_owned()))
    }

    #[test]
    fn an_answer_carries_state_and_issuer() {
        let to = address("https://app.example/cb").with_code("xyz");
        assert_eq!(
            to,
            "https://app.example/cb?code=xyz&state=a+b%26c%3D%22%3C\
             &iss=https%3A%2F%2Fid.example.test%2Frealms%2Fstaff"
        );
    }

    #[test]
    fn a_registered_query_is_kept() {
        let to = address("https://app.example/cb?tenant=a%20b")
            .with_error(AnswerError::LoginRequired, "nobody is signed in");
        assert!(
            to.starts_with(
                "https://app.example/cb?tenant=a%20b&error=login_required\
                 &error_description=nobody+is+signed+in&state="
            ),
            "{to}"
        );
    }

    #[test]
    fn an_applications_own_scheme_is_answered_too() {
        let to = address("com.example.app:/cb").with_code("xyz");
        assert!(to.starts_with("com.example.app:/cb?code=xyz&"), "{to}");
    }

    #[test]
    fn a_page_admits_the_origin_or_the_scheme() {
        for (uri, expected) in [
            ("https://app.example/cb", "https://app.example"),
            ("https://app.example:8443/cb", "https://app.example:8443"),
            ("http://127.0.0.1:49152/callback", "http://127.0.0.1:49152"),
            ("http://[::1]:49152/callback", "http:"),
            ("com.example.app:/cb", "com.example.app:"),
        ] {
            assert_eq!(address(uri).form_action(), expected, "{uri}");
        }
    }
}
