//! The web as browsers, applications and probes meet it, over a real store and the real protocol;
//! only the directory and its policy are made up.

mod account;
mod bounds;
mod fakes;
mod password;
mod people;
mod profile;
mod protocol;
mod rules;
mod sign_in;
mod sockets;

use super::{Health, WebSettings, WebState, router};
use axum::{
    Router,
    body::{Body, to_bytes},
    extract::ConnectInfo,
};
use bridge_federation::{Accounts, Federations, SignIns, ThrottleLimits};
use bridge_model::ports::Store;
use bridge_oidc::Provider;
use bridge_store::{Purpose, SealingKey, SqliteStore};
use fakes::{FakeAudit, FakePolicies, declaration};
use http::{HeaderMap, Request, StatusCode, header};
use people::FakeDirectories;
use std::{net::SocketAddr, sync::Arc};
use tower::ServiceExt;
use url::Url;

/// Where the one client wants to be answered.
const CALLBACK: &str = "https://app.example/callback";
/// The S256 challenge and its verifier of RFC 7636 appendix B.
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

/// A bridge at an address, with the realm `staff`, the switched-off realm `former`, the public
/// client `wiki`, and the people of [`fakes`].
struct Site {
    router: Router,
    audit: Arc<FakeAudit>,
    directory: FakeDirectories,
    store: Arc<dyn Store>,
    health: Health,
}

/// An answer, read to its end.
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: String,
}

impl Site {
    async fn new(base_url: &str) -> Self {
        let url = Url::parse(base_url).expect("a URL");
        let mut settings = WebSettings::new(url).expect("a safe address");
        settings.trusted_proxies = vec!["10.0.0.0/8".parse().expect("a network")];
        Self::with(settings).await
    }

    async fn with(settings: WebSettings) -> Self {
        let random = Arc::new(crate::OsRandom);
        let clock = Arc::new(crate::SystemClock);
        let key = SealingKey::generate(&crate::OsRandom);
        let store: Arc<dyn Store> = Arc::new(
            SqliteStore::in_memory(&key, random.clone(), Purpose::Demo)
                .await
                .expect("a store"),
        );
        let now = bridge_model::ports::Clock::now(&*clock);
        let applied = store.apply(&declaration(), false, now).await;
        applied.expect("a declaration that fits");
        let audit = Arc::new(FakeAudit::default());
        let directory = FakeDirectories::default();
        let directories = Arc::new(directory.clone());
        let federations = Federations::new(store.clone(), Arc::new(FakePolicies), directories);
        let federations = Arc::new(federations);
        let limits = ThrottleLimits {
            per_account_max: 4,
            ..ThrottleLimits::default()
        };
        let state = WebState {
            provider: Provider::new(
                settings.base_url().clone(),
                store.clone(),
                clock.clone(),
                random.clone(),
            ),
            sign_ins: SignIns::new(
                federations.clone(),
                store.clone(),
                clock.clone(),
                random.clone(),
                audit.clone(),
                limits,
            ),
            accounts: Accounts::new(
                federations,
                store.clone(),
                clock.clone(),
                random.clone(),
                audit.clone(),
                limits,
            ),
            store: store.clone(),
            audit: audit.clone(),
            clock,
            random,
            health: Health::new(store.clone()),
            settings: Arc::new(settings),
        };
        Self {
            audit,
            directory,
            store,
            health: state.health.clone(),
            router: router(state),
        }
    }

    async fn send(&self, mut request: Request<Body>) -> Answer {
        let peer = SocketAddr::from(([192, 0, 2, 1], 50_000));
        if request
            .extensions()
            .get::<ConnectInfo<SocketAddr>>()
            .is_none()
        {
            request.extensions_mut().insert(ConnectInfo(peer));
        }
        let response = self.router.clone().oneshot(request).await;
        let (parts, body) = response.expect("an answer").into_parts();
        let body = to_bytes(body, 1 << 20).await.expect("a body");
        Answer {
            status: parts.status,
            headers: parts.headers,
            body: String::from_utf8(body.to_vec()).expect("text"),
        }
    }

    async fn get(&self, path: &str, cookie: &str) -> Answer {
        let request = Request::get(path)
            .header(header::COOKIE, cookie)
            .body(Body::empty());
        self.send(request.expect("a request")).await
    }

    async fn post(&self, path: &str, cookie: &str, form: &[(&str, &str)]) -> Answer {
        let body = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(form)
            .finish();
        let request = Request::post(path)
            .header(header::COOKIE, cookie)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(body));
        self.send(request.expect("a request")).await
    }

    /// Begins a sign-in, and opens its page.
    async fn begin(&self) -> Begun {
        self.begin_at(&authorization_path()).await
    }

    /// The same, from an address that leads to the sign-in page.
    async fn begin_at(&self, path: &str) -> Begun {
        let answer = self.get(path, "").await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
        let page = answer.location().to_owned();
        let cookie = answer.cookie();
        let opened = self.get(&page, &cookie).await;
        assert_eq!(opened.status, StatusCode::OK, "{}", opened.body);
        let csrf = opened.csrf();
        Begun { page, cookie, csrf }
    }

    async fn try_password(&self, begun: &Begun, username: &str, password: &str) -> Answer {
        let form = [
            ("username", username),
            ("password", password),
            ("csrf", begun.csrf.as_str()),
        ];
        self.post(&begun.page, &begun.cookie, &form).await
    }
}

/// A sign-in on its way.
struct Begun {
    page: String,
    cookie: String,
    csrf: String,
}

impl Answer {
    fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map(|value| value.to_str().expect("ASCII"))
            .unwrap_or_default()
    }

    fn location(&self) -> &str {
        self.header("location")
    }

    /// The cookies that the answer sets, as a browser sends them back.
    fn cookie(&self) -> String {
        let pairs = self.headers.get_all(header::SET_COOKIE).iter();
        let pairs = pairs.filter_map(|value| value.to_str().ok()?.split(';').next());
        pairs.collect::<Vec<_>>().join("; ")
    }

    /// The CSRF token of the page's first form.
    fn csrf(&self) -> String {
        self.csrf_of("")
    }

    /// The CSRF token of the form that is sent to an address.
    fn csrf_of(&self, action: &str) -> String {
        let (_, form) = self.body.split_once(action).expect("the form");
        let (_, rest) = form
            .split_once(r#"name="csrf" value=""#)
            .expect("a token in the form");
        rest.split('"').next().expect("an end of it").to_owned()
    }

    fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).expect("JSON")
    }

    /// A parameter of the address that the answer redirects to.
    fn parameter(&self, name: &str) -> Option<String> {
        let url = Url::parse(self.location()).expect("an absolute address");
        url.query_pairs()
            .find_map(|(key, value)| (key == name).then(|| value.into_owned()))
    }
}

fn authorization_query() -> String {
    url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs([
            ("response_type", "code"),
            ("client_id", "wiki"),
            ("redirect_uri", CALLBACK),
            ("scope", "openid profile"),
            ("state", "s&t=a te"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ])
        .finish()
}

fn authorization_path() -> String {
    format!(
        "/realms/staff/protocol/openid-connect/auth?{}",
        authorization_query()
    )
}
