//! `/policies`: what translates federations and judges people, for all realms.

use super::{
    AdminState,
    access::{Access, Call, Ground},
    api::Endpoint,
    body::Segments,
    change::{Done, Wanted, audited},
    problem::Problem,
    shape::Shape,
};
use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use bridge_model::{admin::AdminScope, audit::AuditKind, plan::Description, realm::PolicyRef};
use http::StatusCode;
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

const TAG: &str = "policies";
const READ: Access = Access::realm(AdminScope::FederationRead).on(Ground::Any);
const SWITCH: Access = Access::platform(AdminScope::PolicyAdmin);
const OFF: &str = "/policies/{policy}/off";

/// A policy that is loaded.
#[derive(Serialize, ToSchema)]
#[schema(as = LoadedPolicy)]
struct PolicyView {
    /// What a federation names as its vendor.
    id: String,
    /// Other names for the vendor.
    aliases: Vec<String>,
    /// The name for people.
    title: String,
    /// The policy's own version.
    version: String,
    /// `sha256:` and the hexadecimal digest of the component.
    digest: String,
    /// Whether it is switched off: then its federations let nobody in.
    off: bool,
    /// The settings that it reads from a federation.
    #[schema(value_type = Vec<Object>)]
    settings: Value,
    /// The kinds of mappers that it knows.
    #[schema(value_type = Vec<Object>)]
    kinds: Value,
}

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/policies", READ, list)
            .about(
                TAG,
                "list_policies",
                "All policies, by id, with their digests",
            )
            .answers(200, "The policies", Shape::list_of::<PolicyView>()),
        Endpoint::put(OFF, SWITCH, put_off)
            .about(
                TAG,
                "switch_policy_off",
                "Switches a policy off: its federations let nobody in",
            )
            .answers_empty(204, "It is off"),
        Endpoint::delete(OFF, SWITCH, delete_off)
            .about(TAG, "switch_policy_on", "Switches a policy on again")
            .answers_empty(204, "It is on"),
    ]
}

async fn list(State(state): State<AdminState>, _: Call) -> Result<Response, Problem> {
    let off = state.web.store.policies_off().await?;
    let vendors = state.policies.vendors();
    let views = vendors.into_iter().map(|(reference, description)| {
        let is_off = off.contains(&reference.id);
        PolicyView::of(reference, description, is_off)
    });
    Ok(Json(views.collect::<Vec<_>>()).into_response())
}

async fn put_off(
    state: State<AdminState>,
    call: Call,
    segments: Segments,
) -> Result<Response, Problem> {
    switch(&state, call, &segments, false).await
}

async fn delete_off(
    state: State<AdminState>,
    call: Call,
    segments: Segments,
) -> Result<Response, Problem> {
    switch(&state, call, &segments, true).await
}

async fn switch(
    state: &AdminState,
    call: Call,
    segments: &Segments,
    on: bool,
) -> Result<Response, Problem> {
    let id = segments.text("policy")?;
    let mut vendors = state.policies.vendors().into_iter();
    let found = vendors.find(|(reference, _)| reference.id == id);
    let (reference, _) = found.ok_or_else(|| Problem::missing("policy"))?;
    let wanted = Wanted {
        kind: AuditKind::Changed,
        object: format!("policy {id}"),
        realm: None,
    };
    audited(state, &call.caller, wanted, async {
        let store = &state.web.store;
        let was_off = store.policies_off().await?.contains(&reference.id);
        store.switch_policy(id, on).await?;
        state.federations.reload_all();
        Ok(Done {
            before: Some(json!({ "off": was_off })),
            after: Some(json!({ "off": !on })),
            policy: Some(reference.clone()),
            ..Done::new(())
        })
    })
    .await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

impl PolicyView {
    fn of(reference: PolicyRef, description: Description, off: bool) -> Self {
        Self {
            id: reference.id,
            aliases: description.aliases,
            title: description.title,
            version: reference.version,
            digest: reference.digest,
            off,
            settings: serde_json::to_value(&description.settings).unwrap_or_default(),
            kinds: serde_json::to_value(&description.kinds).unwrap_or_default(),
        }
    }
}
