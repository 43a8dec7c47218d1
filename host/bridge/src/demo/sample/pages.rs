//! The pages of the sample.

use super::{
    Origin, SampleRealm, SampleUser,
    failure::Explanation,
    id_token::IdToken,
    view::{self, Piece, Row},
};
use crate::web::assets;
use askama::Template;
use axum::{
    body::Body,
    extract::Request,
    middleware::Next,
    response::{Html, IntoResponse, Response},
};
use http::{HeaderName, HeaderValue, StatusCode, header};

/// The realms and the people.
#[derive(Template)]
#[template(path = "demo/start.html")]
pub(super) struct StartPage<'a> {
    /// The address of the bridge, without a slash at the end.
    pub(super) base_url: &'a str,
    pub(super) realms: &'a [SampleRealm],
    pub(super) users: &'a [SampleUser],
}

/// Who signed in, and where everything came from.
#[derive(Template)]
#[template(path = "demo/signed-in.html")]
pub(super) struct SignedInPage<'a> {
    /// The person's name.
    pub(super) name: &'a str,
    /// What people call the realm.
    pub(super) realm: &'a str,
    pub(super) directory_url: &'a str,
    pub(super) groups: Vec<&'a str>,
    pub(super) issuer: &'a str,
    pub(super) client_id: &'a str,
    pub(super) token: &'a IdToken,
    pub(super) header: Vec<Piece>,
    pub(super) claims: Vec<Piece>,
    pub(super) claim_count: usize,
    pub(super) userinfo: Vec<Piece>,
    pub(super) userinfo_count: usize,
    /// Where the person comes from, or why that cannot be told.
    pub(super) origin: Result<Panel<'a>, &'a String>,
}

/// Where a person comes from.
pub(super) struct Panel<'a> {
    pub(super) origin: &'a Origin,
    pub(super) rows: Vec<Row>,
    /// How long the policy took.
    pub(super) time: String,
    /// Whether the entry's subject is the token's.
    pub(super) is_same: bool,
}

impl<'a> Panel<'a> {
    /// The origin of the person with this subject.
    pub(super) fn new(origin: &'a Origin, subject: &str) -> Self {
        Self {
            origin,
            rows: view::rows(&origin.entry),
            time: view::span(origin.policy_time),
            is_same: origin.subject == subject,
        }
    }
}

/// Why nobody was signed in.
#[derive(Template)]
#[template(path = "demo/failure.html")]
struct FailurePage<'a> {
    explanation: &'a Explanation,
}

/// What every page takes from the house.
trait House {
    fn stylesheet(&self) -> &'static str {
        assets::stylesheet_path()
    }

    fn icon(&self) -> &'static str {
        assets::icon_path()
    }
}

impl House for StartPage<'_> {}
impl House for SignedInPage<'_> {}
impl House for FailurePage<'_> {}

/// The page of a failure.
pub(super) fn failure(explanation: &Explanation) -> Response {
    html(&FailurePage { explanation })
}

/// A page.
pub(super) fn html(page: &impl Template) -> Response {
    match page.render() {
        Ok(text) => html_text(text),
        Err(error) => {
            tracing::error!(%error, "a page of the sample could not be rendered");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// A page that was rendered before.
pub(super) fn html_text(text: String) -> Response {
    Html(text).into_response()
}

/// What the sample's pages have beyond the house's stylesheet.
pub(super) async fn stylesheet() -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/css; charset=utf-8"),
        (header::CACHE_CONTROL, "no-cache"),
    ];
    let content = Body::from(include_str!("../../../templates/demo/style.css"));
    (headers, content).into_response()
}

/// Puts the headers on every answer that keep browsers from doing more with it than it is for. The
/// bridge does the same for its own; the sample is another application.
pub(super) async fn secure(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    response
}

/// Nothing but the two stylesheets and the icon is loaded, and nothing is sent anywhere.
const HEADERS: [(HeaderName, &str); 5] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'none'; \
         frame-ancestors 'none'; base-uri 'none'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
    ),
];
