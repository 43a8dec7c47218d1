//! `/realms/{name}/policy-log`: what the policies of a realm wrote, for the people of that realm.

use super::{
    AdminState,
    access::{Access, Ground, RealmCall},
    api::Endpoint,
    policies::TAG,
    problem::Problem,
    shape::Shape,
};
use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use bridge_model::admin::AdminScope;
use bridge_policy::{LineLevel, PolicyLine};
use serde::Serialize;
use utoipa::ToSchema;

const READ: Access = Access::realm(AdminScope::FederationRead).on(Ground::NamedRealm);

/// One line that a policy wrote.
#[derive(Serialize, ToSchema)]
#[schema(as = PolicyLine)]
struct LineView {
    /// When it was written: seconds since 1970.
    at: u64,
    /// `debug`, `info`, `warn` or `error`.
    level: &'static str,
    /// The id of the policy.
    policy: String,
    /// Its digest.
    digest: String,
    /// The line, with its control characters escaped.
    text: String,
}

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/realms/{name}/policy-log", READ, list)
            .about(
                TAG,
                "list_policy_log",
                "What the realm's policies wrote last, the oldest first",
            )
            .answers(200, "The lines", Shape::list_of::<LineView>()),
    ]
}

async fn list(State(state): State<AdminState>, call: RealmCall) -> Result<Response, Problem> {
    let lines = state.sources.log_of(&call.realm.name).into_iter();
    Ok(Json(lines.map(LineView::from).collect::<Vec<_>>()).into_response())
}

impl From<PolicyLine> for LineView {
    fn from(line: PolicyLine) -> Self {
        Self {
            at: line.at.0,
            level: match line.level {
                LineLevel::Debug => "debug",
                LineLevel::Info => "info",
                LineLevel::Warn => "warn",
                LineLevel::Error => "error",
            },
            policy: line.policy,
            digest: line.digest,
            text: line.text,
        }
    }
}
