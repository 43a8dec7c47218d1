//! The sample as a relying party: authorization code with PKCE, state and nonce, against a bridge in
//! the same process.

use super::{
    failure::Failure,
    id_token::{Expected, IdToken},
};
use aws_lc_rs::digest::{SHA256, digest};
use axum::{
    Router,
    body::{Body, to_bytes},
    extract::ConnectInfo,
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use bridge_model::{
    names::{ClientId, RealmName},
    ports::Random,
};
use bytes::Bytes;
use http::{Method, Request, StatusCode, header};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Map, Value};
use std::net::{Ipv4Addr, SocketAddr};
use tower::ServiceExt as _;
use url::{Url, form_urlencoded};

/// An application that signs people in to any realm of a bridge.
pub(super) struct RelyingParty {
    /// The bridge, without a network between.
    pub(super) bridge: Router,
    /// The address that the bridge is reached at.
    pub(super) base_url: Url,
    /// What the application is called in every realm.
    pub(super) client_id: ClientId,
    /// Where it is registered to be answered.
    pub(super) redirect_uri: String,
}

/// A sign-in on its way: what the answer has to fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Begun {
    /// Where it was begun.
    pub(super) realm: RealmName,
    nonce: String,
    /// The code verifier (RFC 7636 section 4.1).
    verifier: String,
}

/// A sign-in that came to its end.
#[derive(Clone, Debug)]
pub(super) struct SignedIn {
    /// The realm.
    pub(super) realm: RealmName,
    /// The realm's issuer.
    pub(super) issuer: String,
    /// The ID token, checked.
    pub(super) id_token: IdToken,
    /// What the userinfo endpoint said.
    pub(super) userinfo: Map<String, Value>,
}

/// What the sample needs of a realm's metadata (OpenID Connect Discovery 1.0 section 3).
#[derive(Deserialize)]
struct Metadata {
    issuer: String,
    authorization_endpoint: Url,
    token_endpoint: Url,
    userinfo_endpoint: Url,
    jwks_uri: Url,
}

#[derive(Deserialize)]
struct Tokens {
    access_token: String,
    token_type: String,
    id_token: String,
}

/// An error answer (RFC 6749 section 5.2).
#[derive(Default, Deserialize)]
struct ErrorAnswer {
    error: Option<String>,
    error_description: Option<String>,
}

impl RelyingParty {
    /// Begins a sign-in: where to send the browser, the state, and what to keep under it.
    ///
    /// The person is always asked anew, so that a demonstration can go on with the next one.
    pub(super) async fn begin(
        &self,
        realm: &RealmName,
        login_hint: Option<&str>,
        random: &dyn Random,
    ) -> Result<(Url, String, Begun), Failure> {
        let metadata = self.discover(realm).await?;
        let (state, nonce, verifier) = (token(random), token(random), token(random));
        let challenge = URL_SAFE_NO_PAD.encode(digest(&SHA256, verifier.as_bytes()));
        let mut to = metadata.authorization_endpoint;
        to.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", self.client_id.as_str())
            .append_pair("redirect_uri", &self.redirect_uri)
            .append_pair("scope", "openid profile email")
            .append_pair("state", &state)
            .append_pair("nonce", &nonce)
            .append_pair("code_challenge", &challenge)
            .append_pair("code_challenge_method", "S256")
            .append_pair("prompt", "login");
        if let Some(hint) = login_hint {
            to.query_pairs_mut().append_pair("login_hint", hint);
        }
        let begun = Begun {
            realm: realm.clone(),
            nonce,
            verifier,
        };
        Ok((to, state, begun))
    }

    /// Ends a sign-in: redeems the code, checks the ID token, and asks for the userinfo.
    pub(super) async fn finish(
        &self,
        begun: &Begun,
        code: &str,
        issuer: Option<&str>,
    ) -> Result<SignedIn, Failure> {
        let metadata = self.discover(&begun.realm).await?;
        // RFC 9207 section 2.4: the answer says who gives it.
        if issuer.is_some_and(|issuer| issuer != metadata.issuer) {
            return Err(Failure::OtherIssuer);
        }
        let tokens = self.redeem(&metadata, begun, code).await?;
        let keys = self.fetch("JWKS", &metadata.jwks_uri, None).await?;
        let expected = Expected {
            issuer: &metadata.issuer,
            client_id: self.client_id.as_str(),
            nonce: &begun.nonce,
        };
        let id_token = IdToken::validate(&tokens.id_token, &keys, expected)?;
        let userinfo: Map<String, Value> = self
            .fetch(
                "userinfo",
                &metadata.userinfo_endpoint,
                Some(&tokens.access_token),
            )
            .await?;
        // OpenID Connect Core section 5.3.2: otherwise it may be somebody else's.
        if userinfo.get("sub") != id_token.claims.get("sub") {
            return Err(Failure::OtherSubject);
        }
        Ok(SignedIn {
            realm: begun.realm.clone(),
            issuer: metadata.issuer,
            id_token,
            userinfo,
        })
    }

    async fn discover(&self, realm: &RealmName) -> Result<Metadata, Failure> {
        let path = bridge_oidc::paths::of_realm(bridge_oidc::paths::CONFIGURATION, realm);
        let mut address = self.base_url.clone();
        address.set_path(&path);
        let metadata: Metadata = self.fetch("discovery", &address, None).await?;
        // OpenID Connect Discovery section 4.3: the issuer is the address without what was added.
        let asked = address.as_str().strip_suffix(WELL_KNOWN);
        if asked == Some(&metadata.issuer) {
            Ok(metadata)
        } else {
            Err(Failure::OtherIssuer)
        }
    }

    async fn redeem(
        &self,
        metadata: &Metadata,
        begun: &Begun,
        code: &str,
    ) -> Result<Tokens, Failure> {
        let form = form_urlencoded::Serializer::new(String::new())
            .append_pair("grant_type", "authorization_code")
            .append_pair("code", code)
            .append_pair("redirect_uri", &self.redirect_uri)
            .append_pair("client_id", self.client_id.as_str())
            .append_pair("code_verifier", &begun.verifier)
            .finish();
        let request = self
            .request(Method::POST, &metadata.token_endpoint)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(form));
        let tokens: Tokens = self.call("token", request).await?;
        if tokens.token_type.eq_ignore_ascii_case("Bearer") {
            Ok(tokens)
        } else {
            Err(Failure::Provider {
                endpoint: "token",
                detail: "it gave a token of a type that is not Bearer".to_owned(),
            })
        }
    }

    async fn fetch<T: DeserializeOwned>(
        &self,
        endpoint: &'static str,
        address: &Url,
        bearer: Option<&str>,
    ) -> Result<T, Failure> {
        let mut request = self.request(Method::GET, address);
        if let Some(token) = bearer {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        self.call(endpoint, request.body(Body::empty())).await
    }

    /// A request as it would come over the network from this machine.
    fn request(&self, method: Method, address: &Url) -> http::request::Builder {
        let here = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        Request::builder()
            .method(method)
            .uri(address.path())
            .header(header::HOST, self.base_url.authority())
            .header(header::ACCEPT, "application/json")
            .extension(ConnectInfo(here))
    }

    async fn call<T: DeserializeOwned>(
        &self,
        endpoint: &'static str,
        request: http::Result<Request<Body>>,
    ) -> Result<T, Failure> {
        let failed = |detail: String| Failure::Provider { endpoint, detail };
        let request = request.map_err(|error| failed(error.to_string()))?;
        let Ok(response) = self.bridge.clone().oneshot(request).await;
        let status = response.status();
        let body: Bytes = to_bytes(response.into_body(), BODY_OCTETS_MAX)
            .await
            .map_err(|error| failed(error.to_string()))?;
        if status != StatusCode::OK {
            let answer: ErrorAnswer = serde_json::from_slice(&body).unwrap_or_default();
            let said = [answer.error, answer.error_description];
            let said: Vec<String> = said.into_iter().flatten().collect();
            return Err(failed(format!("it answered {status} {}", said.join(": "))));
        }
        serde_json::from_slice(&body)
            .map_err(|error| failed(format!("its answer is not understood: {error}")))
    }
}

/// What discovery adds to an issuer.
const WELL_KNOWN: &str = "/.well-known/openid-configuration";
/// No answer of a bridge comes near.
const BODY_OCTETS_MAX: usize = 1024 * 1024;

/// 256 random bits as text of the URL-safe alphabet.
pub(super) fn token(random: &dyn Random) -> String {
    let mut octets = [0; 32];
    random.fill(&mut octets);
    URL_SAFE_NO_PAD.encode(octets)
}
