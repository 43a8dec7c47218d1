//! What probes are told: whether the process lives, and whether it can serve.

use super::headers;
use axum::{
    Json, Router,
    extract::State,
    middleware,
    response::{IntoResponse, Response},
    routing::get,
};
use bridge_model::{names::RealmName, ports::Store};
use http::StatusCode;
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

/// The state of the process as probes see it; clones share it.
#[derive(Clone)]
pub struct Health {
    store: Arc<dyn Store>,
    is_serving: Arc<AtomicBool>,
}

impl Health {
    /// A process that is not ready before [`Health::set_serving`] says so.
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self {
            store,
            is_serving: Arc::new(AtomicBool::new(false)),
        }
    }

    /// Says whether new requests are welcome: true once everything is loaded, false as soon as the
    /// process is to stop, so that load balancers turn away before the listener closes.
    pub fn set_serving(&self, is_serving: bool) {
        self.is_serving.store(is_serving, Ordering::Release);
    }

    /// Whether requests can be served: they are welcome, and the store answers.
    pub async fn is_ready(&self) -> bool {
        if !self.is_serving.load(Ordering::Acquire) {
            return false;
        }
        // Any read will do, and one row costs nothing, however many realms there are.
        let Ok(name) = RealmName::new("health") else {
            return false;
        };
        match tokio::time::timeout(STORE_TIMEOUT, self.store.realm(&name)).await {
            Ok(Ok(_)) => true,
            Ok(Err(error)) => {
                tracing::warn!(%error, "not ready: the store failed");
                false
            }
            Err(_) => {
                tracing::warn!("not ready: the store does not answer");
                false
            }
        }
    }
}

/// Shorter than any probe waits.
const STORE_TIMEOUT: Duration = Duration::from_secs(2);

/// The router of the probes: `/health/live` and `/health/ready`, for a listener of their own or
/// beside the others. Probes leave no line in the log: they come every few seconds and say nothing.
pub fn health_router(health: Health) -> Router {
    Router::new()
        .route("/health/live", get(live))
        .route("/health/ready", get(ready))
        .with_state(health)
        .layer(middleware::map_response(async |mut response: Response| {
            headers::harden(&mut response, false);
            response
        }))
}

/// Answers as long as the process does.
async fn live() -> Response {
    Json(serde_json::json!({ "status": "live" })).into_response()
}

/// 200 if requests can be served, else 503.
async fn ready(State(health): State<Health>) -> Response {
    if health.is_ready().await {
        Json(serde_json::json!({ "status": "ready" })).into_response()
    } else {
        let body = Json(serde_json::json!({ "status": "not_ready" }));
        (StatusCode::SERVICE_UNAVAILABLE, body).into_response()
    }
}
