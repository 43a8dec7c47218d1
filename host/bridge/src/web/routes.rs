//! The routers of the audiences, joined.

use super::{
    account, assets, browser, discovery, failure::Failure, headers, health::health_router, pages,
    protocol, request, state::WebState,
};
use axum::{
    Router,
    extract::DefaultBodyLimit,
    middleware::{from_fn, from_fn_with_state},
    response::{IntoResponse, Response},
};
use http::{Method, StatusCode};
use std::any::Any;
use tower_http::{catch_panic::CatchPanicLayer, timeout::TimeoutLayer};

/// The web of a bridge, complete: realms, pages and, unless they have a listener of their own, the
/// probes.
///
/// The peer's address is taken from `axum::extract::ConnectInfo<SocketAddr>`, which
/// [`super::serve()`] adds and so does axum's `into_make_service_with_connect_info`; without it no
/// address is known, and no proxy is trusted.
pub fn router(state: WebState) -> Router {
    let discovery = discovery::routes()
        .layer(from_fn(protocol::errors_as_json))
        .layer(protocol::cross_origin(&[Method::GET]));
    let protocol = protocol::routes()
        .layer(from_fn(protocol::errors_as_json))
        .layer(protocol::cross_origin(&[Method::GET, Method::POST]));
    let timeout = state.settings.request_timeout;
    let router = Router::new()
        .merge(discovery)
        .merge(protocol)
        .merge(browser::routes())
        .merge(account::routes())
        .merge(assets::routes())
        .fallback(async || Failure::NotFound)
        // From here on each layer is outside of those before.
        .layer(DefaultBodyLimit::max(BODY_OCTETS_MAX))
        .layer(TimeoutLayer::with_status_code(
            StatusCode::SERVICE_UNAVAILABLE,
            timeout,
        ))
        .layer(CatchPanicLayer::custom(broken_off))
        .layer(from_fn(pages::errors_as_pages))
        .layer(from_fn_with_state(state.clone(), request::observe))
        .layer(from_fn_with_state(state.clone(), headers::secure));
    let health = state.health.clone();
    let probes = state.settings.serve_health;
    let router = router.with_state(state);
    if probes {
        router.merge(health_router(health))
    } else {
        router
    }
}

/// Forms are a few hundred octets; an authorization request by POST may hold a few thousand.
const BODY_OCTETS_MAX: usize = 64 * 1024;

/// What becomes of a request whose handler panicked: the other requests do not notice.
#[expect(
    clippy::needless_pass_by_value,
    reason = "the layer's signature asks for it"
)]
pub(super) fn broken_off(panic: Box<dyn Any + Send>) -> Response {
    let what = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("no message");
    tracing::error!(panic = what, "a request broke off");
    Failure::Internal.into_response()
}
