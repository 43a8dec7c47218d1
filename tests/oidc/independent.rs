//! Two clients that others wrote sign somebody in and believe the ID token.

use crate::site::{
    CLIENTS, DEMO_PASSWORD, DEMO_REALMS, PASSWORD, USERNAME, application, demo_client,
};
use openidconnect::{
    AccessTokenHash, AuthorizationCode, ClientId, ClientSecret, CsrfToken, HttpRequest,
    HttpResponse, IssuerUrl, Nonce, OAuth2TokenResponse, PkceCodeChallenge, RedirectUrl, Scope,
    TokenResponse,
    core::{
        CoreAuthenticationFlow, CoreClient, CoreJwsSigningAlgorithm, CoreProviderMetadata,
        CoreUserInfoClaims,
    },
};
use reqwest::{blocking::Client, redirect::Policy};
use serde_json::{Value, json};
use suites::{application::Application, browser::Browser, node};
use url::Url;

/// What a client knows at the end.
#[derive(Debug, PartialEq, Eq)]
struct Learnt {
    subject: String,
    username: Option<String>,
    email: Option<String>,
    groups: Vec<String>,
}

/// The crate `openidconnect`, from discovery to userinfo.
fn openidconnect(application: &Application, algorithm: &str, password: &str) -> Learnt {
    let client = Client::builder()
        .redirect(Policy::none())
        .no_proxy()
        .build()
        .expect("an HTTP client");
    let http = |request: HttpRequest| exchange(&client, request);
    let issuer = IssuerUrl::new(application.issuer.clone()).expect("an issuer");
    let metadata = CoreProviderMetadata::discover(&issuer, &http).expect("discovery");
    let secret = application.secret.clone().map(ClientSecret::new);
    let redirect = RedirectUrl::new(application.redirect_uri.clone()).expect("a redirect URI");
    let client = CoreClient::from_provider_metadata(
        metadata,
        ClientId::new(application.client_id.clone()),
        secret,
    )
    .set_redirect_uri(redirect);

    let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
    let (url, state, nonce) = client
        .authorize_url(
            CoreAuthenticationFlow::AuthorizationCode,
            CsrfToken::new_random,
            Nonce::new_random,
        )
        .add_scopes(["profile", "email"].map(|scope| Scope::new(scope.to_owned())))
        .set_pkce_challenge(challenge)
        .url();
    let code = code(application, &url, state.secret(), password);
    let request = client
        .exchange_code(code)
        .expect("a token endpoint")
        .set_pkce_verifier(verifier);
    let tokens = request.request(&http).expect("tokens");

    let id_token = tokens.id_token().expect("an ID token");
    let wanted: CoreJwsSigningAlgorithm =
        serde_json::from_value(algorithm.into()).expect("an algorithm");
    let verifier = client.id_token_verifier().set_allowed_algs([wanted]);
    let claims = id_token
        .claims(&verifier, &nonce)
        .expect("an ID token to believe");
    let (signed, key) = (
        id_token.signing_alg().expect("its algorithm"),
        id_token.signing_key(&verifier),
    );
    let hash = AccessTokenHash::from_token(tokens.access_token(), signed, key.expect("its key"));
    assert_eq!(claims.access_token_hash(), Some(&hash.expect("a hash")));

    let subject = claims.subject().clone();
    let request = client
        .user_info(tokens.access_token().clone(), Some(subject))
        .expect("a userinfo endpoint");
    let userinfo: CoreUserInfoClaims = request
        .request(&http)
        .expect("the userinfo of the same subject");
    Learnt {
        subject: claims.subject().to_string(),
        username: userinfo.preferred_username().map(|name| name.to_string()),
        email: userinfo.email().map(|email| email.to_string()),
        // The crate leaves claims of no specification to its caller's own types.
        groups: groups(&suites::application::decode(&id_token.to_string()).1),
    }
}

fn exchange(client: &Client, request: HttpRequest) -> Result<HttpResponse, reqwest::Error> {
    let mut response = client.execute(request.try_into()?)?;
    let mut answer = HttpResponse::new(Vec::new());
    *answer.status_mut() = response.status();
    std::mem::swap(answer.headers_mut(), response.headers_mut());
    *answer.body_mut() = response.bytes()?.into();
    Ok(answer)
}

/// The part of the person.
fn code(application: &Application, url: &Url, state: &str, password: &str) -> AuthorizationCode {
    let browser = Browser::new();
    let page = browser.get(browser.get(url).location());
    let page = browser.submit(
        &page
            .form()
            .with("username", USERNAME)
            .with("password", password),
    );
    assert!(
        page.location()
            .as_str()
            .starts_with(&application.redirect_uri)
    );
    let answer = page.answer();
    assert_eq!(answer["state"], state);
    assert_eq!(answer["iss"], application.issuer);
    AuthorizationCode::new(answer["code"].clone())
}

/// npm's `openid-client`, from discovery to userinfo.
fn openid_client(application: &Application, algorithm: &str, password: &str) -> Learnt {
    let learnt = node::run(
        "oidc/openid-client.mjs",
        &json!({
            "issuer": application.issuer, "clientId": application.client_id, "clientSecret": application.secret,
            "redirectUri": application.redirect_uri, "algorithm": algorithm,
            "username": USERNAME, "password": password,
        }),
    );
    assert_eq!(learnt["header"]["alg"], algorithm);
    assert_eq!(learnt["claims"]["sub"], learnt["userinfo"]["sub"]);
    let text = |value: &Value| value.as_str().map(str::to_owned);
    Learnt {
        subject: text(&learnt["claims"]["sub"]).expect("a subject"),
        username: text(&learnt["userinfo"]["preferred_username"]),
        email: text(&learnt["userinfo"]["email"]),
        groups: groups(&learnt["claims"]),
    }
}

fn groups(claims: &Value) -> Vec<String> {
    let mut groups: Vec<String> =
        serde_json::from_value(claims["groups"].clone()).unwrap_or_default();
    groups.sort();
    groups
}

#[test]
fn both_clients_sign_somebody_of_a_real_directory_in() {
    for client in &CLIENTS {
        let application = application(client);
        let learnt = openidconnect(&application, client.algorithm, PASSWORD);
        assert_eq!(
            learnt,
            openid_client(&application, client.algorithm, PASSWORD),
            "{}",
            client.id
        );
        assert_eq!(learnt.username.as_deref(), Some(USERNAME), "{}", client.id);
        assert_eq!(
            learnt.email.as_deref(),
            Some("ada@example.test"),
            "{}",
            client.id
        );
        assert_eq!(
            learnt.groups,
            ["admins", "engineers", "mathematicians"],
            "{}",
            client.id
        );
    }
}

#[test]
fn both_clients_sign_ada_in_at_every_realm_of_the_demo() {
    for realm in DEMO_REALMS {
        let client = demo_client(realm);
        let learnt = openidconnect(&client, "RS256", DEMO_PASSWORD);
        assert_eq!(
            learnt,
            openid_client(&client, "RS256", DEMO_PASSWORD),
            "{realm}"
        );
        assert_eq!(learnt.username.as_deref(), Some(USERNAME), "{realm}");
        assert!(
            learnt.email.is_some_and(|email| email.contains('@')),
            "{realm}"
        );
        assert_eq!(learnt.groups.len(), 3, "{realm}: {:?}", learnt.groups);
    }
}
