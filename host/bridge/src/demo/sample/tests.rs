//! The sample against a provider that is played here, so that it can do wrong too.

use super::{
    id_token::tests::{Signer, claims},
    *,
};
use aws_lc_rs::digest::{SHA256, digest};
use axum::{
    Json,
    body::{Body, to_bytes},
    extract::Form,
    routing::post,
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use bridge_model::{entry::Attribute, time::Timestamp};
use http::{HeaderMap, Request, Response, StatusCode, header};
use serde_json::{Value, json};
use std::{
    collections::HashMap,
    sync::{
        Mutex,
        atomic::{AtomicU8, Ordering},
    },
};
use tower::ServiceExt as _;

const ISSUER: &str = "http://127.0.0.1:8080/realms/staff";

/// What the provider says; a test changes it.
struct Said {
    metadata: Value,
    jwks: Value,
    id_token: String,
    userinfo: Value,
    /// The challenge that the code was given for.
    challenge: String,
}

struct Bench {
    router: Router,
    said: Arc<Mutex<Said>>,
    signer: Signer,
}

struct Page {
    status: StatusCode,
    headers: HeaderMap,
    body: String,
}

impl Page {
    fn location(&self) -> &str {
        self.headers[header::LOCATION].to_str().expect("ASCII")
    }

    fn parameters(&self) -> HashMap<String, String> {
        let to = Url::parse(self.location()).expect("a URL");
        to.query_pairs().into_owned().collect()
    }

    /// The cookie that was set, as a browser sends it.
    fn cookie(&self) -> String {
        let cookie = self.headers[header::SET_COOKIE].to_str().expect("ASCII");
        assert!(
            cookie.ends_with("; Path=/sample; HttpOnly; SameSite=Lax"),
            "{cookie}"
        );
        cookie.split(';').next().expect("a pair").to_owned()
    }
}

struct Ticking;

impl Clock for Ticking {
    fn now(&self) -> Timestamp {
        Timestamp(1000)
    }
}

#[derive(Default)]
struct Counting(AtomicU8);

impl Random for Counting {
    fn fill(&self, octets: &mut [u8]) {
        octets.fill(self.0.fetch_add(1, Ordering::Relaxed));
    }
}

struct FakeOrigins;

#[async_trait]
impl Origins for FakeOrigins {
    async fn origin(&self, realm: &RealmName, username: &str) -> Result<Origin, String> {
        if username != "ada" {
            return Err("nobody has this name".to_owned());
        }
        let attribute = |name: &str, value: &[u8]| Attribute {
            name: name.to_owned(),
            values: vec![value.to_vec()],
        };
        Ok(Origin {
            federation: FederationName::new(realm.as_str()).map_err(|error| error.to_string())?,
            entry: Entry {
                dn: "uid=ada,dc=example".to_owned(),
                attributes: vec![
                    attribute("description", b"<b>bold</b>"),
                    attribute("key", &[0xde, 0xad, 0xbe, 0xef]),
                ],
            },
            subject: "1".to_owned(),
            policy: PolicyRef {
                id: "a-policy".to_owned(),
                version: "0.1.0".to_owned(),
                digest: "sha256:0123".to_owned(),
            },
            policy_time: Duration::from_micros(38),
        })
    }
}

fn provider(said: &Arc<Mutex<Said>>) -> Router {
    let base = "/realms/staff";
    let part = |pick: fn(&Said) -> Value| {
        let said = said.clone();
        get(move || {
            let value = pick(&said.lock().expect("sound"));
            async move { Json(value) }
        })
    };
    let tokens = said.clone();
    let token = post(async move |Form(form): Form<HashMap<String, String>>| {
        let said = tokens.lock().expect("sound");
        let verifier = form
            .get("code_verifier")
            .map(String::as_str)
            .unwrap_or_default();
        let challenge = URL_SAFE_NO_PAD.encode(digest(&SHA256, verifier.as_bytes()));
        let expected = [
            ("grant_type", "authorization_code"),
            ("code", "the-code"),
            ("client_id", "sample"),
            ("redirect_uri", "http://127.0.0.1:8080/sample/callback"),
        ];
        let fits = expected
            .iter()
            .all(|(name, value)| form.get(*name).is_some_and(|own| own == value));
        if fits && challenge == said.challenge {
            let answer = json!({
                "access_token": "at", "token_type": "Bearer", "id_token": said.id_token,
            });
            (StatusCode::OK, Json(answer))
        } else {
            (
                StatusCode::BAD_REQUEST,
                Json(json!({"error": "invalid_grant"})),
            )
        }
    });
    let userinfo = said.clone();
    let userinfo = get(async move |headers: HeaderMap| {
        assert_eq!(headers[header::AUTHORIZATION], "Bearer at");
        Json(userinfo.lock().expect("sound").userinfo.clone())
    });
    Router::new()
        .route(
            &format!("{base}/.well-known/openid-configuration"),
            part(|said| said.metadata.clone()),
        )
        .route(&format!("{base}/certs"), part(|said| said.jwks.clone()))
        .route(&format!("{base}/token"), token)
        .route(&format!("{base}/userinfo"), userinfo)
}

impl Bench {
    fn new() -> Self {
        let signer = Signer::new();
        let said = Arc::new(Mutex::new(Said {
            metadata: json!({
                "issuer": ISSUER,
                "authorization_endpoint": format!("{ISSUER}/auth"),
                "token_endpoint": format!("{ISSUER}/token"),
                "userinfo_endpoint": format!("{ISSUER}/userinfo"),
                "jwks_uri": format!("{ISSUER}/certs"),
            }),
            jwks: signer.jwks.clone(),
            id_token: String::new(),
            userinfo: json!({"sub": "1", "nickname": "<i>countess</i>"}),
            challenge: String::new(),
        }));
        let settings = SampleSettings {
            base_url: Url::parse("http://127.0.0.1:8080").expect("a URL"),
            client_id: ClientId::new("sample").expect("an id"),
            realms: vec![SampleRealm {
                name: RealmName::new("staff").expect("a name"),
                title: "The <staff>".to_owned(),
                directory_url: "ldap://127.0.0.1:3890".to_owned(),
            }],
            users: vec![SampleUser {
                username: "ada",
                password: "bridge-demo",
                about: "In three groups.",
            }],
        };
        let sample = Sample::new(
            settings,
            provider(&said),
            Arc::new(FakeOrigins),
            Arc::new(Ticking),
            Arc::new(Counting::default()),
        );
        Self {
            router: router(sample),
            said,
            signer,
        }
    }

    async fn get(&self, path: &str, cookie: Option<&str>) -> Page {
        self.get_at("127.0.0.1:8080", path, cookie).await
    }

    async fn get_at(&self, host: &str, path: &str, cookie: Option<&str>) -> Page {
        let mut request = Request::get(path).header(header::HOST, host);
        if let Some(cookie) = cookie {
            request = request.header(header::COOKIE, cookie);
        }
        let request = request.body(Body::empty()).expect("a request");
        let response: Response<Body> = self.router.clone().oneshot(request).await.expect("served");
        let (head, body) = response.into_parts();
        let body = to_bytes(body, usize::MAX).await.expect("a body");
        Page {
            status: head.status,
            headers: head.headers,
            body: String::from_utf8(body.to_vec()).expect("text"),
        }
    }

    /// Begins a sign-in: the cookie and the state, with the provider ready to answer with claims.
    async fn begin(&self, change: impl Fn(&mut Value)) -> (String, String) {
        let page = self.get("/sample/staff/sign-in", None).await;
        assert_eq!(page.status, StatusCode::SEE_OTHER);
        let parameters = page.parameters();
        let mut claims = claims();
        claims["iss"] = json!(ISSUER);
        claims["nonce"] = json!(parameters["nonce"]);
        claims["name"] = json!("Ada <Lovelace>");
        claims["preferred_username"] = json!("ada");
        claims["groups"] = json!(["engine"]);
        change(&mut claims);
        let header = json!({"alg": "ES256", "kid": "one"});
        let mut said = self.said.lock().expect("sound");
        said.id_token = self.signer.sign(&header, &claims);
        said.challenge.clone_from(&parameters["code_challenge"]);
        (page.cookie(), parameters["state"].clone())
    }

    async fn end(&self, cookie: &str, state: &str) -> Page {
        let path = format!("/sample/callback?code=the-code&state={state}");
        self.get(&path, Some(cookie)).await
    }
}

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
