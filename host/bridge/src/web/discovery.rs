//! What anybody may know of a realm: its metadata and its public keys.

use super::{failure::Failure, realm::CurrentRealm, state::WebState};
use axum::{
    Json, Router,
    extract::State,
    response::{IntoResponse, Response},
    routing::get,
};
use bridge_oidc::paths;
use http::header;

/// The router of discovery.
pub(super) fn routes() -> Router<WebState> {
    Router::new()
        .route(paths::CONFIGURATION, get(metadata))
        .route(paths::SERVER_CONFIGURATION, get(metadata))
        .route(paths::CERTS, get(certs))
}

/// The metadata (OpenID Connect Discovery section 4, RFC 8414 section 3), the same at both
/// addresses.
async fn metadata(State(state): State<WebState>, CurrentRealm(realm): CurrentRealm) -> Response {
    let document = state.provider.metadata(&realm);
    ([(header::CACHE_CONTROL, CACHED)], Json(document)).into_response()
}

/// The public keys (RFC 7517 section 5).
async fn certs(
    State(state): State<WebState>,
    CurrentRealm(realm): CurrentRealm,
) -> Result<Response, Failure> {
    let keys = state
        .provider
        .jwks(&realm)
        .await
        .map_err(|error| Failure::of_keys(&error))?;
    Ok(([(header::CACHE_CONTROL, CACHED)], Json(keys)).into_response())
}

/// Five minutes, as long as a token lives: a new key is known everywhere soon after it is published.
const CACHED: &str = "public, max-age=300";
