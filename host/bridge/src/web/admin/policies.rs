//! `/policies`: what translates federations and judges people, for all realms.

use super::{
    AdminState,
    access::{Access, Call, Ground},
    api::Endpoint,
    body::Segments,
    change::{Done, Wanted, audited},
    policy_view::{PolicyView, RefusalView},
    problem::Problem,
    shape::Shape,
};
use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use bridge_model::{admin::AdminScope, audit::AuditKind, realm::PolicyRef};
use http::StatusCode;
use serde_json::json;

pub(super) const TAG: &str = "policies";
pub(super) const READ: Access = Access::realm(AdminScope::FederationRead).on(Ground::Any);
pub(super) const CHANGE: Access = Access::platform(AdminScope::PolicyAdmin);
const OFF: &str = "/policies/{policy}/off";

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/policies", READ, list)
            .about(
                TAG,
                "list_policies",
                "All policies that are loaded, by id, those in force first; the federations that use them are those that the caller administers",
            )
            .answers(200, "The policies", Shape::list_of::<PolicyView>()),
        Endpoint::get("/policies/refused", CHANGE, refused)
            .about(
                TAG,
                "list_refused_policies",
                "What is not taken at present, files of the folder and kept policies, and why",
            )
            .answers(200, "What is refused", Shape::list_of::<RefusalView>()),
        Endpoint::put(OFF, CHANGE, put_off)
            .about(
                TAG,
                "switch_policy_off",
                "Switches a policy off: its federations let nobody in",
            )
            .answers_empty(204, "It is off"),
        Endpoint::delete(OFF, CHANGE, delete_off)
            .about(TAG, "switch_policy_on", "Switches a policy on again")
            .answers_empty(204, "It is on"),
    ]
}

async fn list(State(state): State<AdminState>, call: Call) -> Result<Response, Problem> {
    let off = state.web.store.policies_off().await?;
    let administrator = &call.caller.administrator;
    let of = administrator.realm.as_ref();
    let listed = state
        .sources
        .list(of.filter(|_| !administrator.is_of_platform()))
        .await?;
    let views = listed.into_iter().map(|policy| {
        let is_off = off.contains(&policy.reference.id);
        PolicyView::of(policy, is_off).told_to(administrator)
    });
    Ok(Json(views.collect::<Vec<_>>()).into_response())
}

async fn refused(State(state): State<AdminState>, _: Call) -> Response {
    let refused = state.sources.refused();
    let views: Vec<_> = refused.into_iter().map(RefusalView::from).collect();
    Json(views).into_response()
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
    let vendors = state.policies.vendors().into_iter();
    let mut known = vendors.chain(state.policies.mappers());
    let found = known.find(|(reference, _)| reference.id == id);
    let (reference, _) = found.ok_or_else(|| Problem::missing("policy"))?;
    audited(state, &call.caller, wanted(AuditKind::Changed, id), async {
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

/// A change of a policy, which is of no realm.
pub(super) fn wanted(kind: AuditKind, id: &str) -> Wanted {
    Wanted {
        kind,
        object: name_of(id),
        realm: None,
    }
}

/// `policy generic`.
pub(super) fn name_of(id: &str) -> String {
    format!("policy {id}")
}

/// What of a policy stands in the audit trail.
pub(super) fn audit_view(policy: &PolicyRef) -> serde_json::Value {
    json!({ "digest": policy.digest, "version": policy.version })
}
