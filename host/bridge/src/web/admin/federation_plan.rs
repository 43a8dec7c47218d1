//! `/user-federations/{id}/plan`: what a vendor's policy made of a federation.

use super::{
    AdminState,
    access::RealmCall,
    api::Endpoint,
    body::Segments,
    federations::{READ, TAG, find},
    problem::Problem,
    shape::Shape,
};
use crate::documents::Advice;
use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use bridge_model::{plan, realm::PolicyRef};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/user-federations/{id}/plan", READ, plan)
            .about(
                TAG,
                "get_plan",
                "What the vendor's policy made of a federation",
            )
            .answers(200, "The plan in force", Shape::of::<PlanView>()),
    ]
}

/// What a policy made of a federation, as far as it is for people.
#[derive(Serialize, ToSchema)]
#[schema(as = Plan)]
struct PlanView {
    /// The policy that made it: id, version and digest.
    #[schema(value_type = Object)]
    policy: PolicyRef,
    /// The attribute with the user name.
    username_attribute: String,
    /// The attribute that identifies a person for good.
    stable_id_attribute: String,
    /// The object classes that every user has.
    user_object_classes: Vec<String>,
    /// Finds one user: RFC 4515 with the slots `{username}` and `{local}`.
    login_filter: String,
    /// Finds all users: RFC 4515.
    users_filter: String,
    /// What is read of a user.
    attributes: Vec<String>,
    /// Names of the claims that it can yield.
    claims: Vec<String>,
    /// The mappers in force, in order.
    #[schema(value_type = Vec<Object>)]
    mappers: Value,
    /// What is read once for everybody.
    #[schema(value_type = Vec<Object>)]
    shared: Value,
    /// OIDs of the controls that a user's bind is sent with.
    bind_controls: Vec<String>,
    /// What the operator should know although nothing is wrong.
    warnings: Vec<Advice>,
}

async fn plan(
    State(state): State<AdminState>,
    call: RealmCall,
    segments: Segments,
) -> Result<Response, Problem> {
    let planned = find(&state, &call.realm, &segments).await?;
    let plan::Plan {
        mappers, shared, ..
    } = &planned.plan;
    let value = |part: Result<Value, serde_json::Error>| part.unwrap_or_default();
    let view = PlanView {
        policy: planned.policy,
        mappers: value(serde_json::to_value(mappers)),
        shared: value(serde_json::to_value(shared)),
        username_attribute: planned.plan.username_attribute,
        stable_id_attribute: planned.plan.stable_id.attribute,
        user_object_classes: planned.plan.user_object_classes,
        login_filter: planned.plan.login_filter,
        users_filter: planned.plan.users_filter,
        attributes: planned.plan.attributes,
        claims: planned.plan.claims,
        bind_controls: planned
            .plan
            .bind_controls
            .into_iter()
            .map(|c| c.oid)
            .collect(),
        warnings: planned.plan.notes.iter().map(Advice::from).collect(),
    };
    Ok(Json(view).into_response())
}
