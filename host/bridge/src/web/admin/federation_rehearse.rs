//! `/user-federations/{id}/rehearse`: what a candidate would change for everybody of a directory.

use super::{
    AdminState,
    access::{Access, RealmCall},
    api::Endpoint,
    body::{Body, Segments},
    change::{Done, Wanted, audited},
    federation_actions::ASK,
    federation_candidate::{CandidateDocument, ComparisonView, ReferenceView, candidate},
    federations::{find, name_of},
    problem::{Kind, Problem},
    shape::Shape,
};
use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use bridge_federation::{Rehearsal, RehearseError, RehearseStage, RehearseWish};
use bridge_model::{admin::AdminScope, audit::AuditKind};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

const TAG: &str = "candidates";
const READ: Access = Access::realm(AdminScope::FederationRead);
const PATH: &str = "/user-federations/{id}/rehearse";

/// What is to be rehearsed.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RehearseDocument {
    /// What could be in force.
    candidate: CandidateDocument,
    /// Whether examples show values; they are people's.
    #[serde(default)]
    values: bool,
    /// At most so many people; left out: all.
    #[schema(minimum = 1)]
    limit: Option<u64>,
}

/// Where a rehearsal stands.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = RehearseStage)]
enum StageView {
    /// It goes on.
    Running,
    /// Everybody was looked at, or as many as were asked for.
    Done,
    /// It could not go on.
    Failed,
    /// Somebody ended it.
    Interrupted,
}

/// A rehearsal as far as it has come.
#[derive(Serialize, ToSchema)]
#[schema(as = Rehearsal)]
struct RehearsalView {
    /// Where it stands.
    stage: StageView,
    /// Why it did not end well.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// When it began, in seconds since 1970-01-01T00:00:00Z.
    started_at: u64,
    /// The policy in force.
    policy: ReferenceView,
    /// The candidate's.
    candidate: ReferenceView,
    /// Whether the candidate has another list of mappers.
    mappers_change: bool,
    /// What differs between the plans, in words.
    plan_changes: Vec<String>,
    /// Where the two differ, in people.
    comparison: ComparisonView,
}

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(PATH, READ, state)
            .about(
                TAG,
                "get_rehearsal",
                "How far the rehearsal is that goes on, or what the last one found",
            )
            .answers(200, "What was found so far", Shape::of::<RehearsalView>()),
        Endpoint::post(PATH, ASK, start)
            .about(
                TAG,
                "start_rehearsal",
                "Begins to compare another policy, or other mappers, with what is in force, over everybody of the directory; nothing changes by it",
            )
            .takes(Shape::of::<RehearseDocument>())
            .answers(
                202,
                "The rehearsal, which goes on by itself",
                Shape::of::<RehearsalView>(),
            ),
        Endpoint::delete(PATH, ASK, interrupt)
            .about(
                TAG,
                "interrupt_rehearsal",
                "Ends the rehearsal that goes on, if one does; what it found can still be read",
            )
            .answers_empty(204, "None goes on"),
    ]
}

async fn state(
    State(state): State<AdminState>,
    call: RealmCall,
    segments: Segments,
) -> Result<Response, Problem> {
    let planned = find(&state, &call.realm, &segments).await?;
    let found = state.rehearsals.state(planned.federation.id);
    let found = found.ok_or_else(|| Problem::missing("rehearsal"))?;
    Ok(Json(RehearsalView::from(found)).into_response())
}

async fn start(
    State(state): State<AdminState>,
    call: RealmCall,
    segments: Segments,
    Body(document): Body<RehearseDocument>,
) -> Result<Response, Problem> {
    let RealmCall { realm, caller } = call;
    let planned = find(&state, &realm, &segments).await?;
    let wanted = Wanted::new(AuditKind::Tested, &realm.name, name_of(&planned));
    let begun = audited(&state, &caller, wanted, async {
        let digest = document.candidate.digest.clone();
        let wish = RehearseWish {
            candidate: candidate(&state, document.candidate)?,
            values: document.values,
            limit: document.limit,
        };
        let federation = planned.federation.id;
        let begun = state.rehearsals.start(&realm, federation, wish).await?;
        Ok(Done {
            after: Some(json!({
                "rehearsal": { "digest": digest, "mappers_change": begun.mappers_change },
            })),
            policy: Some(begun.candidate.clone()),
            ..Done::new(begun)
        })
    });
    let begun = Box::pin(begun).await?;
    Ok((StatusCode::ACCEPTED, Json(RehearsalView::from(begun))).into_response())
}

async fn interrupt(
    State(state): State<AdminState>,
    call: RealmCall,
    segments: Segments,
) -> Result<Response, Problem> {
    let planned = find(&state, &call.realm, &segments).await?;
    state.rehearsals.interrupt(planned.federation.id);
    Ok(StatusCode::NO_CONTENT.into_response())
}

impl From<Rehearsal> for RehearsalView {
    fn from(rehearsal: Rehearsal) -> Self {
        Self {
            stage: match rehearsal.stage {
                RehearseStage::Running => StageView::Running,
                RehearseStage::Done => StageView::Done,
                RehearseStage::Failed => StageView::Failed,
                RehearseStage::Interrupted => StageView::Interrupted,
            },
            reason: rehearsal.reason,
            started_at: rehearsal.started_at.0,
            policy: rehearsal.policy.into(),
            candidate: rehearsal.candidate.into(),
            mappers_change: rehearsal.mappers_change,
            plan_changes: rehearsal.plan_changes,
            comparison: rehearsal.comparison.into(),
        }
    }
}

impl From<RehearseError> for Problem {
    fn from(error: RehearseError) -> Self {
        match error {
            RehearseError::Candidate(error) => error.into(),
            RehearseError::Running => Self::new(
                Kind::Conflict,
                "a rehearsal goes on already; wait until it is over, or end it with DELETE",
            ),
        }
    }
}
