//! The admin API: federations, clients, realms, users and the audit trail, for administrators with a
//! token, and for whoever runs the bridge at its Unix socket.
//!
//! A request passes, in this order: `prefix` finds the API and the realm in the path; `caller` asks
//! who it is; the router finds the endpoint; `access` asks whether they may, and on which realm. What
//! goes wrong becomes a problem document (`problem`); what is changed stands in the audit trail
//! (`change`). Each endpoint is declared once (`api`), and the description of the API is made of
//! that (`openapi`).

mod access;
mod api;
mod audit_events;
mod body;
mod caller;
mod change;
mod client_secrets;
mod clients;
mod connect;
mod declaration;
mod etag;
mod explanations;
mod federation_actions;
mod federation_candidate;
mod federation_draft;
mod federation_plan;
mod federation_preview;
mod federation_rehearse;
mod federation_shadow;
mod federation_sync;
mod federations;
mod keycloak;
mod limits;
mod merge;
mod openapi;
mod policies;
mod policy_changes;
mod policy_log;
mod policy_view;
mod prefix;
mod problem;
mod realms;
mod shape;
mod socket;
mod subjects;
mod sync_view;
mod user_profile;
mod users;

pub use limits::{AdminRates, Rate};
pub use prefix::{PrefixError, Prefixes};
pub use socket::{AdminSocket, SocketError};

use super::{headers, protocol, request, routes, state::WebState};
use crate::{audit::KeptAudit, policies::PolicySources};
use api::Api;
use axum::{
    Router,
    extract::DefaultBodyLimit,
    middleware::{from_fn, from_fn_with_state},
};
use bridge_federation::{Accounts, Federations, Rehearsals, Shadowing, Synchroniser};
use bridge_model::ports::{Directories, Policies};
use http::StatusCode;
use limits::Limits;
use std::sync::{Arc, OnceLock};
use tower::Layer as _;
use tower_http::{catch_panic::CatchPanicLayer, timeout::TimeoutLayer};

/// Where the resources are, below every prefix.
pub(super) const ROOT: &str = "/auth-management/v1";
/// Where the resources in Keycloak's shape are, below every prefix.
pub(super) const KEYCLOAK: &str = "/admin/realms";

/// How the admin API is reached, and how often.
#[derive(Clone, Debug)]
pub struct AdminSettings {
    /// Below which prefixes.
    pub prefixes: Prefixes,
    /// How many requests are taken.
    pub rates: AdminRates,
    /// The user whom the socket is for beside root; preset: the one that the process runs as.
    pub own_uid: u32,
}

impl Default for AdminSettings {
    fn default() -> Self {
        Self {
            prefixes: Prefixes::default(),
            rates: AdminRates::default(),
            own_uid: rustix::process::geteuid().as_raw(),
        }
    }
}

/// The rooms that administrators reach into.
#[derive(Clone)]
pub struct AdminRooms {
    /// The federations of all realms.
    pub federations: Arc<Federations>,
    /// Who makes, changes and removes people.
    pub accounts: Accounts,
    /// Who reads all people of a directory.
    pub synchroniser: Synchroniser,
    /// The policies in force.
    pub policies: Arc<dyn Policies>,
    /// Where they come from.
    pub sources: Arc<PolicySources>,
    /// The directories.
    pub directories: Arc<dyn Directories>,
}

/// Everything the endpoints work with; cheap to clone.
#[derive(Clone)]
pub struct AdminState {
    web: WebState,
    federations: Arc<Federations>,
    accounts: Accounts,
    synchroniser: Synchroniser,
    shadowing: Shadowing,
    rehearsals: Rehearsals,
    policies: Arc<dyn Policies>,
    sources: Arc<PolicySources>,
    directories: Arc<dyn Directories>,
    /// What can be read back of the audit trail; none: what the store has.
    trail: Option<KeptAudit>,
    settings: Arc<AdminSettings>,
    limits: Arc<Limits>,
    /// The description of the API. It is made with the router.
    description: Arc<OnceLock<String>>,
}

impl AdminState {
    /// What the endpoints work with.
    pub fn new(
        web: WebState,
        rooms: AdminRooms,
        trail: Option<KeptAudit>,
        settings: AdminSettings,
    ) -> Self {
        let (federations, store) = (&rooms.federations, &web.store);
        let shadowing = Shadowing::new(
            federations.clone(),
            store.clone(),
            web.clock.clone(),
            web.audit.clone(),
        );
        let rehearsals = Rehearsals::new(federations.clone(), store.clone(), web.clock.clone());
        Self {
            web,
            shadowing,
            rehearsals,
            federations: rooms.federations,
            accounts: rooms.accounts,
            synchroniser: rooms.synchroniser,
            policies: rooms.policies,
            sources: rooms.sources,
            directories: rooms.directories,
            trail,
            limits: Arc::new(Limits::new(settings.rates)),
            settings: Arc::new(settings),
            description: Arc::default(),
        }
    }
}

/// The admin API, complete, with the realms' token endpoints beside it, so that administrators need no
/// more than this listener.
pub fn admin_router(state: &AdminState) -> Router {
    let api = Api::new(state.clone())
        .add(federations::endpoints())
        .add(federation_plan::endpoints())
        .add(federation_actions::endpoints())
        .add(federation_preview::endpoints())
        .add(federation_sync::endpoints())
        .add(federation_rehearse::endpoints())
        .add(federation_shadow::endpoints())
        .add(connect::endpoints())
        .add(subjects::endpoints())
        .add(clients::endpoints())
        .add(client_secrets::endpoints())
        .add(realms::endpoints())
        .add(users::endpoints())
        .add(keycloak::endpoints())
        .add(policies::endpoints())
        .add(policy_changes::endpoints())
        .add(policy_log::endpoints())
        .add(audit_events::endpoints())
        .add(explanations::endpoints())
        .add(declaration::endpoints());
    let (router, paths, shapes) = api.into_parts();
    let description = openapi::description(&state.settings.prefixes, paths, shapes);
    match description.to_json() {
        // Of several routers of one state the first has described them all.
        Ok(text) => drop(state.description.set(text)),
        Err(error) => tracing::error!(%error, "the admin API cannot be described"),
    }
    let timeout = state.web.settings.request_timeout;
    let web = state.web.clone();
    let router = router
        .fallback(async || problem::Problem::missing("address"))
        // From here on each layer is outside of those before.
        .layer(DefaultBodyLimit::max(body::OCTETS_MAX))
        .layer(from_fn_with_state(state.clone(), caller::identify))
        .layer(TimeoutLayer::with_status_code(
            StatusCode::SERVICE_UNAVAILABLE,
            timeout,
        ))
        .layer(CatchPanicLayer::custom(routes::broken_off))
        .layer(from_fn_with_state(web.clone(), request::observe))
        .layer(from_fn(problem::errors_as_problems))
        .layer(from_fn_with_state(web.clone(), headers::secure));
    let token = Router::new()
        .merge(protocol::token_route())
        .layer(DefaultBodyLimit::max(body::OCTETS_MAX))
        .layer(CatchPanicLayer::custom(routes::broken_off))
        .layer(from_fn(protocol::errors_as_json))
        .layer(from_fn_with_state(web.clone(), request::observe))
        .layer(from_fn_with_state(web.clone(), headers::secure))
        .with_state(web);
    let router = router.with_state(state.clone()).merge(token);
    // Which route a request takes is decided by its path, so the path has to be right before.
    let prefixes = state.settings.clone();
    let rewrite =
        tower::util::MapRequestLayer::new(move |request| prefixes.prefixes.rewrite(request));
    Router::new().fallback_service(rewrite.layer(router))
}
