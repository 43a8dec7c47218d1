//! A provider that is played here, and a browser in front of the sample.

use super::super::{
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

pub(super) const ISSUER: &str = "http://127.0.0.1:8080/realms/staff";

/// What the provider says; a test changes it.
pub(super) struct Said {
    pub(super) metadata: Value,
    pub(super) jwks: Value,
    pub(super) id_token: String,
    pub(super) userinfo: Value,
    /// The challenge that the code was given for.
    pub(super) challenge: String,
}

pub(super) struct Bench {
    router: Router,
    pub(super) said: Arc<Mutex<Said>>,
    signer: Signer,
}

pub(super) struct Page {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: String,
}

impl Page {
    pub(super) fn location(&self) -> &str {
        self.headers[header::LOCATION].to_str().expect("ASCII")
    }

    pub(super) fn parameters(&self) -> HashMap<String, String> {
        let to = Url::parse(self.location()).expect("a URL");
        to.query_pairs().into_owned().collect()
    }

    /// The cookie that was set, as a browser sends it.
    pub(super) fn cookie(&self) -> String {
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
    pub(super) fn new() -> Self {
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

    pub(super) async fn get(&self, path: &str, cookie: Option<&str>) -> Page {
        self.get_at("127.0.0.1:8080", path, cookie).await
    }

    pub(super) async fn get_at(&self, host: &str, path: &str, cookie: Option<&str>) -> Page {
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
    pub(super) async fn begin(&self, change: impl Fn(&mut Value)) -> (String, String) {
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

    pub(super) async fn end(&self, cookie: &str, state: &str) -> Page {
        let path = format!("/sample/callback?code=the-code&state={state}");
        self.get(&path, Some(cookie)).await
    }
}
