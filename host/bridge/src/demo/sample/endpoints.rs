//! What answers each address of the sample.

use super::{
    SIGNED_IN, START, Sample, Visit,
    failure::Failure,
    pages::{self, Panel, SignedInPage, StartPage},
    relying_party::{self, SignedIn},
    view,
};
use axum::{
    extract::{Path, RawQuery, State},
    response::{IntoResponse, Redirect, Response},
};
use bridge_model::names::RealmName;
use http::{HeaderMap, HeaderValue, header};
use serde_json::Value;
use url::form_urlencoded;

/// The cookie that ties a sign-in to a browser. There is no TLS on loopback, so it can have neither
/// `Secure` nor a prefix.
const COOKIE: &str = "sample";
/// The length of its value: 32 octets in base64url.
const COOKIE_LENGTH: usize = 43;

/// The start page.
pub(super) async fn start(State(sample): State<Sample>) -> Response {
    let settings = &sample.0.settings;
    pages::html(&StartPage {
        base_url: settings.base_url.as_str().trim_end_matches('/'),
        realms: &settings.realms,
        users: &settings.users,
    })
}

/// Begins a sign-in. `user` suggests a user name.
pub(super) async fn sign_in(
    State(sample): State<Sample>,
    Path(realm): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let parts = &sample.0;
    let known = |realm: &RealmName| {
        parts
            .settings
            .realms
            .iter()
            .any(|known| known.name == *realm)
    };
    let realm = RealmName::new(realm)
        .ok()
        .filter(known)
        .ok_or(Failure::NotFound)?;
    let hint = Parameters::parse(query).only("user");
    // The answer will come to the address that is registered, and a cookie of `localhost` is none of
    // 127.0.0.1: whoever came by another name goes over there first.
    let base_url = &parts.settings.base_url;
    if headers.get(header::HOST).map(HeaderValue::as_bytes) != Some(base_url.authority().as_bytes())
    {
        let mut there = base_url.clone();
        there.set_path(&super::SIGN_IN.replace("{realm}", realm.as_str()));
        if let Some(hint) = &hint {
            there.query_pairs_mut().append_pair("user", hint);
        }
        return Ok(Redirect::to(there.as_str()).into_response());
    }
    let random = parts.random.as_ref();
    let (to, state, begun) = parts.party.begin(&realm, hint.as_deref(), random).await?;
    let now = parts.clock.now();
    // Sign-ins in several tabs share the browser's name; one that is not ours is never taken over.
    let browser = cookie(&headers)
        .filter(|name| {
            parts.shown.get(name, now).is_some()
                || parts.begun.has(now, |_, visit| visit.browser == *name)
        })
        .unwrap_or_else(|| relying_party::token(random));
    let cookie = format!("{COOKIE}={browser}; Path={START}; HttpOnly; SameSite=Lax");
    let mut cookie = HeaderValue::from_str(&cookie).map_err(|_| Failure::Internal)?;
    cookie.set_sensitive(true);
    parts.begun.put(state, Visit { browser, begun }, now);
    Ok(([(header::SET_COOKIE, cookie)], Redirect::to(to.as_str())).into_response())
}

/// Ends a sign-in. The page is kept and the browser sent to it, so that the code stands in no history
/// and the page can be loaded again.
pub(super) async fn callback(
    State(sample): State<Sample>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let parts = &sample.0;
    let parameters = Parameters::parse(query);
    let now = parts.clock.now();
    let browser = cookie(&headers).ok_or(Failure::Forgotten)?;
    let visit = parameters
        .only("state")
        .and_then(|state| {
            parts
                .begun
                .take_if(&state, now, |visit| visit.browser == browser)
        })
        .ok_or(Failure::Forgotten)?;
    if let Some(error) = parameters.only("error") {
        return Err(Failure::Refused {
            error,
            description: parameters.only("error_description"),
        });
    }
    let code = parameters.only("code").ok_or(Failure::Forgotten)?;
    let issuer = parameters.only("iss");
    let signed_in = parts
        .party
        .finish(&visit.begun, &code, issuer.as_deref())
        .await?;
    let page = render(&sample, &signed_in).await?;
    parts.shown.put(browser, page.into(), parts.clock.now());
    Ok(Redirect::to(SIGNED_IN).into_response())
}

/// The page of the browser's last sign-in.
pub(super) async fn signed_in(
    State(sample): State<Sample>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let parts = &sample.0;
    let page = cookie(&headers).and_then(|browser| parts.shown.get(&browser, parts.clock.now()));
    page.map(|page| pages::html_text(page.to_string()))
        .ok_or(Failure::Forgotten)
}

async fn render(sample: &Sample, signed_in: &SignedIn) -> Result<String, Failure> {
    let parts = &sample.0;
    let token = &signed_in.id_token;
    let subject = token.text("sub").unwrap_or_default();
    let username = token.text("preferred_username").unwrap_or(subject);
    let origin = parts.origins.origin(&signed_in.realm, username).await;
    let mut realms = parts.settings.realms.iter();
    let realm = realms.find(|realm| realm.name == signed_in.realm);
    let groups = token.claims.get("groups").and_then(Value::as_array);
    let groups = groups.into_iter().flatten().filter_map(Value::as_str);
    let page = SignedInPage {
        name: token.text("name").unwrap_or(username),
        realm: realm.map_or(signed_in.realm.as_str(), |realm| &realm.title),
        directory_url: realm.map_or("", |realm| &realm.directory_url),
        groups: groups.collect(),
        issuer: &signed_in.issuer,
        client_id: parts.settings.client_id.as_str(),
        token,
        header: view::json(&token.header),
        claims: view::json(&Value::Object(token.claims.clone())),
        claim_count: token.claims.len(),
        userinfo: view::json(&Value::Object(signed_in.userinfo.clone())),
        userinfo_count: signed_in.userinfo.len(),
        origin: origin.as_ref().map(|origin| Panel::new(origin, subject)),
    };
    askama::Template::render(&page).map_err(|_| Failure::Internal)
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let status = self.status();
        if status.is_server_error() {
            tracing::warn!(reason = %self, "the sample signed nobody in");
        } else {
            tracing::info!(reason = %self, "the sample signed nobody in");
        }
        let mut response = pages::failure(&self.explanation());
        *response.status_mut() = status;
        response
    }
}

/// The value of the sample's cookie, if it is one of its own making.
fn cookie(headers: &HeaderMap) -> Option<String> {
    let lines = headers.get_all(header::COOKIE).iter();
    let mut values = lines
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter_map(|(name, value)| (name == COOKIE).then_some(value));
    let value = values.next()?;
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    // One that comes twice was planted.
    let is_ours = values.next().is_none() && value.len() == COOKIE_LENGTH;
    (is_ours && value.bytes().all(allowed)).then(|| value.to_owned())
}

/// The parameters of a query.
struct Parameters(Vec<(String, String)>);

impl Parameters {
    fn parse(query: Option<String>) -> Self {
        let query = query.unwrap_or_default();
        Self(
            form_urlencoded::parse(query.as_bytes())
                .into_owned()
                .collect(),
        )
    }

    /// The value of a parameter that is there once and not empty (RFC 6749 section 3.1).
    fn only(&self, name: &str) -> Option<String> {
        let mut values = self.0.iter().filter(|(own, _)| own == name);
        let (_, value) = values.next()?;
        (values.next().is_none() && !value.is_empty()).then(|| value.clone())
    }
}
