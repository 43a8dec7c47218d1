//! An application that signs people in by OpenID Connect, step by step, so that a test can do any of
//! the steps wrong.

use crate::browser::{Browser, Page};
use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::Value;
use std::sync::atomic::{AtomicU32, Ordering};
use url::{Url, form_urlencoded};

/// What the application is to a realm.
#[derive(Clone, Debug)]
pub struct Application {
    /// The realm's issuer.
    pub issuer: String,
    /// The client's id.
    pub client_id: String,
    /// The client's secret, where it has one: sent as `client_secret_basic`.
    pub secret: Option<String>,
    /// Where answers are sent.
    pub redirect_uri: String,
}

/// One authorization request: parameters that a test may change.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// The parameters, in order.
    pub parameters: Vec<(String, String)>,
    /// What the challenge in them was made from (RFC 7636 section 4.1).
    pub verifier: String,
}

impl Application {
    /// A public client without a secret.
    pub fn public(issuer: &str, client_id: &str, redirect_uri: &str) -> Self {
        Self {
            issuer: issuer.to_owned(),
            client_id: client_id.to_owned(),
            secret: None,
            redirect_uri: redirect_uri.to_owned(),
        }
    }

    /// The address of an endpoint below the issuer, such as `token`.
    pub fn endpoint(&self, name: &str) -> String {
        format!("{}/protocol/openid-connect/{name}", self.issuer)
    }

    /// A request that is right in every part, with a state, a nonce and a verifier of its own.
    pub fn attempt(&self) -> Attempt {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let verifier = format!("verifier-{count:08}-0123456789-0123456789-0123456789");
        let pairs = [
            ("response_type", "code"),
            ("client_id", &*self.client_id),
            ("redirect_uri", &*self.redirect_uri),
            ("scope", "openid profile email"),
            ("state", &*format!("state-{count}")),
            ("nonce", &*format!("nonce-{count}")),
            ("code_challenge", &*challenge(&verifier)),
            ("code_challenge_method", "S256"),
        ];
        let parameters = pairs
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .to_vec();
        Attempt {
            parameters,
            verifier,
        }
    }

    /// The address of the authorization endpoint with an attempt's parameters.
    pub fn authorize_url(&self, attempt: &Attempt) -> String {
        let query = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(&attempt.parameters)
            .finish();
        format!("{}?{query}", self.endpoint("auth"))
    }

    /// Opens the sign-in page.
    #[track_caller]
    pub fn open(&self, browser: &Browser, attempt: &Attempt) -> Page {
        let first = browser.get(self.authorize_url(attempt));
        let page = browser.get(first.location());
        assert_eq!(page.status, 200, "no sign-in page:\n{}", page.body);
        page
    }

    /// Opens the sign-in page and sends it with a name and a password.
    #[track_caller]
    pub fn submit(
        &self,
        browser: &Browser,
        attempt: &Attempt,
        username: &str,
        password: &str,
    ) -> Page {
        let form = self.open(browser, attempt).form();
        browser.submit(&form.with("username", username).with("password", password))
    }

    /// Signs somebody in; what came back to the application.
    #[track_caller]
    pub fn code(
        &self,
        browser: &Browser,
        attempt: &Attempt,
        username: &str,
        password: &str,
    ) -> String {
        let page = self.submit(browser, attempt, username, password);
        self.code_in(&page.location())
    }

    /// The code in an answer to the application.
    #[track_caller]
    pub fn code_in(&self, answer: &Url) -> String {
        assert!(
            answer.as_str().starts_with(&self.redirect_uri),
            "not an answer to the application: {answer}"
        );
        let code = answer.query_pairs().find(|(name, _)| name == "code");
        code.unwrap_or_else(|| panic!("no code in {answer}"))
            .1
            .into_owned()
    }

    /// The fields of a token request that is right in every part.
    pub fn token_fields(&self, code: &str, attempt: &Attempt) -> Vec<(String, String)> {
        let pairs = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &*self.redirect_uri),
            ("client_id", &*self.client_id),
            ("code_verifier", &*attempt.verifier),
        ];
        // RFC 6749 section 3.2.1: a client that authenticates need not name itself a second time.
        let told = |name: &str| name != "client_id" || self.secret.is_none();
        let pairs = pairs.into_iter().filter(|(name, _)| told(name));
        pairs
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect()
    }

    /// Sends a token request.
    pub fn redeem(&self, fields: &[(String, String)]) -> Page {
        let browser = Browser::new();
        let request = browser.posting(self.endpoint("token"), fields);
        browser.send(match &self.secret {
            Some(secret) => request.basic_auth(encoded(&self.client_id), Some(encoded(secret))),
            None => request,
        })
    }

    /// Signs somebody in and redeems the code; the token answer.
    #[track_caller]
    pub fn tokens(&self, browser: &Browser, username: &str, password: &str) -> Value {
        let attempt = self.attempt();
        let code = self.code(browser, &attempt, username, password);
        let page = self.redeem(&self.token_fields(&code, &attempt));
        assert_eq!(page.status, 200, "no tokens:\n{}", page.body);
        page.json()
    }
}

impl Attempt {
    /// With a parameter in place of the one of that name, or added.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        match self.parameters.iter_mut().find(|(other, _)| other == name) {
            Some(parameter) => value.clone_into(&mut parameter.1),
            None => self.parameters.push((name.to_owned(), value.to_owned())),
        }
        self
    }

    /// With one more parameter, whether the name is there or not.
    #[must_use]
    pub fn and(mut self, name: &str, value: &str) -> Self {
        self.parameters.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Without a parameter.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.parameters.retain(|(other, _)| other != name);
        self
    }

    /// The value of a parameter.
    #[track_caller]
    pub fn value(&self, name: &str) -> &str {
        let parameter = self.parameters.iter().find(|(other, _)| other == name);
        parameter.map_or_else(|| panic!("no parameter {name}"), |(_, value)| value)
    }
}

/// The challenge of a verifier (RFC 7636 section 4.2).
pub fn challenge(verifier: &str) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(digest(&SHA256, verifier.as_bytes()))
}

/// The header and the claims of a token, unverified.
#[track_caller]
pub fn decode(token: &str) -> (Value, Value) {
    let mut parts = token.split('.').map(|part| {
        let octets = BASE64_URL_SAFE_NO_PAD.decode(part).expect("base64url");
        serde_json::from_slice(&octets).unwrap_or(Value::Null)
    });
    (
        parts.next().expect("a header"),
        parts.next().expect("claims"),
    )
}

/// RFC 6749 section 2.3.1: the parts of the header are form-encoded first.
fn encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}
