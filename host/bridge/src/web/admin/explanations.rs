//! `/explanations`: a sign-in step by step, without a password.

use super::{
    AdminState,
    access::{Access, RealmCall},
    api::Endpoint,
    body::{Body, Segments},
    change::{Done, Wanted, audited},
    problem::Problem,
    shape::Shape,
};
use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use bridge_model::{admin::AdminScope, audit::AuditKind, names::ClientId};
use serde::Deserialize;
use utoipa::ToSchema;

const TAG: &str = "explanations";
const READ: Access = Access::realm(AdminScope::UserRead);

/// Whose sign-in is to be explained.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Question {
    /// The user name as people type it.
    #[schema(min_length = 1)]
    username: String,
    /// The client that they want to use; none: no client's rule is applied.
    client_id: Option<String>,
}

pub(super) fn endpoints() -> Vec<Endpoint> {
    let about = "Federations tried, filters sent, entry, plan, groups, claims, and the rule that keeps somebody out";
    vec![
        Endpoint::post("/explanations", READ.asking(), post)
            .about(
                TAG,
                "explain",
                "What would come of a sign-in with the right password",
            )
            .takes(Shape::of::<Question>())
            .answers(200, about, Shape::object()),
        Endpoint::get("/explanations/{request_id}", READ, get)
            .about(
                TAG,
                "get_explanation",
                "What came of a sign-in of a short while ago, by its request",
            )
            .answers(200, about, Shape::object()),
    ]
}

async fn post(
    State(state): State<AdminState>,
    call: RealmCall,
    Body(question): Body<Question>,
) -> Result<Response, Problem> {
    let RealmCall { realm, caller } = call;
    let object = format!("explanation {}", realm.name);
    let wanted = Wanted::new(AuditKind::Tested, &realm.name, object);
    let explanation = audited(&state, &caller, wanted, async {
        if question.username.is_empty() {
            let message = "is empty; give it as people type it";
            return Err(Problem::of_member("username", message));
        }
        let client = match &question.client_id {
            None => None,
            Some(id) => {
                let missing = || {
                    Problem::of_member(
                        "client_id",
                        "is no client of the realm; correct it, or leave it out",
                    )
                };
                let id = ClientId::new(id.as_str()).map_err(|_| missing())?;
                let client = state.web.store.client(&realm.name, &id).await?;
                Some(client.ok_or_else(missing)?)
            }
        };
        let username = &question.username;
        let sign_ins = &state.web.sign_ins;
        let explanation = sign_ins.explain(&realm, client.as_ref(), username).await?;
        Ok(Done::new(Some(explanation)))
    });
    Ok(Json(Box::pin(explanation).await?).into_response())
}

async fn get(
    State(state): State<AdminState>,
    call: RealmCall,
    segments: Segments,
) -> Result<Response, Problem> {
    let id = segments.text("request_id")?;
    match state.web.sign_ins.explanation(&call.realm.name, id) {
        Some(explanation) => Ok(Json(explanation).into_response()),
        None => Err(Problem::missing("sign-in, or it is too long ago")),
    }
}
