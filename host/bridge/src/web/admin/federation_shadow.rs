//! `/user-federations/{id}/shadow`: a candidate beside what is in force, on live sign-ins.

use super::{
    AdminState,
    access::{Access, RealmCall},
    api::Endpoint,
    body::{Body, Segments},
    change::{Done, Wanted, audited},
    etag::tagged,
    federation_candidate::{CandidateDocument, ComparisonView, ReferenceView, candidate},
    federations::{find, name_of, shown},
    problem::{Kind, Problem},
    shape::Shape,
};
use crate::documents::FederationDocument;
use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use bridge_federation::{ShadowError, ShadowStage, ShadowState, ShadowWish};
use bridge_model::{admin::AdminScope, audit::AuditKind};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

const TAG: &str = "candidates";
const READ: Access = Access::realm(AdminScope::FederationRead);
const WRITE: Access = Access::realm(AdminScope::FederationWrite);
const PATH: &str = "/user-federations/{id}/shadow";
const PROMOTE: &str = "/user-federations/{id}/shadow/promote";

/// What is to run in the shadow.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ShadowDocument {
    /// What could be in force.
    candidate: CandidateDocument,
    /// After so many sign-ins without one difference it is put in force by itself; left out: somebody
    /// has to say so.
    #[schema(minimum = 1)]
    promote_after: Option<u64>,
    /// Whether examples show values; they are people's.
    #[serde(default)]
    values: bool,
}

/// Where a shadow stands.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ShadowStage)]
enum StageView {
    /// It looks on.
    Running,
    /// What it found means nothing any more.
    Ended,
    /// The candidate is in force.
    Promoted,
}

/// A shadow as far as it has come.
#[derive(Serialize, ToSchema)]
#[schema(as = Shadow)]
struct ShadowView {
    /// Where it stands.
    stage: StageView,
    /// Why it ended.
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
    /// After how many sign-ins without a difference it is put in force.
    #[serde(skip_serializing_if = "Option::is_none")]
    promote_after: Option<u64>,
    /// Sign-ins that were looked at.
    sign_ins: u64,
    /// Sign-ins of people who are known, in which nothing differed.
    without_difference: u64,
    /// Users of synchronisations that were looked at.
    synchronised: u64,
    /// What was not looked at, because there was too much at once.
    left_out: u64,
    /// Where the two differ.
    comparison: ComparisonView,
}

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(PATH, READ, state)
            .about(
                TAG,
                "get_shadow",
                "What a candidate would have done otherwise so far",
            )
            .answers(200, "What was found so far", Shape::of::<ShadowView>()),
        Endpoint::post(PATH, WRITE, start)
            .about(
                TAG,
                "start_shadow",
                "Runs another policy, or other mappers, beside what is in force, on live sign-ins and synchronisations; nothing changes by it",
            )
            .takes(Shape::of::<ShadowDocument>())
            .answers(201, "It looks on", Shape::of::<ShadowView>()),
        Endpoint::delete(PATH, WRITE, discard)
            .about(
                TAG,
                "discard_shadow",
                "Ends a shadow and forgets what it found",
            )
            .answers_empty(204, "There is none"),
        Endpoint::post(PROMOTE, WRITE, promote)
            .about(
                TAG,
                "promote_shadow",
                "Puts the candidate in force for this federation: its mappers are saved, and its policy is pinned by its digest",
            )
            .answers(
                200,
                "The federation as it is now",
                Shape::of::<FederationDocument>(),
            ),
    ]
}

async fn state(
    State(state): State<AdminState>,
    call: RealmCall,
    segments: Segments,
) -> Result<Response, Problem> {
    let planned = find(&state, &call.realm, &segments).await?;
    let found = state.shadowing.state(planned.federation.id);
    let found = found.ok_or_else(|| Problem::missing("candidate beside this federation"))?;
    Ok(Json(ShadowView::from(found)).into_response())
}

async fn start(
    State(state): State<AdminState>,
    call: RealmCall,
    segments: Segments,
    Body(document): Body<ShadowDocument>,
) -> Result<Response, Problem> {
    let RealmCall { realm, caller } = call;
    let planned = find(&state, &realm, &segments).await?;
    let wanted = Wanted::new(AuditKind::Tested, &realm.name, name_of(&planned));
    let begun = audited(&state, &caller, wanted, async {
        if document.promote_after == Some(0) {
            let message = "is out of range; give at least 1";
            return Err(Problem::of_member("promote_after", message));
        }
        let wish = ShadowWish {
            candidate: candidate(&state, document.candidate)?,
            promote_after: document.promote_after,
            values: document.values,
        };
        let federation = planned.federation.id;
        let begun = state.shadowing.start(&realm, federation, wish).await?;
        let (mappers_change, promote_after) = (begun.mappers_change, begun.promote_after);
        Ok(Done {
            after: Some(json!({
                "shadow": { "mappers_change": mappers_change, "promote_after": promote_after },
            })),
            policy: Some(begun.candidate.clone()),
            ..Done::new(begun)
        })
    });
    let begun = Box::pin(begun).await?;
    Ok((StatusCode::CREATED, Json(ShadowView::from(begun))).into_response())
}

async fn discard(
    State(state): State<AdminState>,
    call: RealmCall,
    segments: Segments,
) -> Result<Response, Problem> {
    let RealmCall { realm, caller } = call;
    let planned = find(&state, &realm, &segments).await?;
    let wanted = Wanted::new(AuditKind::Tested, &realm.name, name_of(&planned));
    audited(&state, &caller, wanted, async {
        state.shadowing.discard(&realm.name, planned.federation.id);
        Ok(Done {
            after: Some(json!({ "shadow": null })),
            ..Done::new(())
        })
    })
    .await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

async fn promote(
    State(state): State<AdminState>,
    call: RealmCall,
    segments: Segments,
) -> Result<Response, Problem> {
    let RealmCall { realm, caller } = call;
    let planned = find(&state, &realm, &segments).await?;
    let wanted = Wanted::new(AuditKind::Changed, &realm.name, name_of(&planned));
    let kept = audited(&state, &caller, wanted, async {
        let federation = planned.federation.id;
        let promoted = state.shadowing.promote(&realm.name, federation).await?;
        Ok(Done {
            before: shown(&promoted.before),
            after: shown(&promoted.after),
            policy: Some(promoted.after.policy.clone()),
            ..Done::new(promoted.after)
        })
    });
    let kept = Box::pin(kept).await?;
    let document = Json(FederationDocument::from(&kept));
    Ok(tagged(kept.revision, document))
}

impl From<ShadowState> for ShadowView {
    fn from(state: ShadowState) -> Self {
        Self {
            stage: match state.stage {
                ShadowStage::Running => StageView::Running,
                ShadowStage::Ended => StageView::Ended,
                ShadowStage::Promoted => StageView::Promoted,
            },
            reason: state.reason,
            started_at: state.started_at.0,
            policy: state.policy.into(),
            candidate: state.candidate.into(),
            mappers_change: state.mappers_change,
            plan_changes: state.plan_changes,
            promote_after: state.promote_after,
            sign_ins: state.sign_ins,
            without_difference: state.without_difference,
            synchronised: state.synchronised,
            left_out: state.left_out,
            comparison: state.comparison.into(),
        }
    }
}

impl From<ShadowError> for Problem {
    fn from(error: ShadowError) -> Self {
        let kind = match error {
            ShadowError::Candidate(error) => return error.into(),
            ShadowError::Store(error) => return error.into(),
            ShadowError::None => return Self::missing("candidate beside this federation"),
            ShadowError::Managed(_) => Kind::Managed,
            ShadowError::Running | ShadowError::Ended(_) | ShadowError::Subjects(_) => {
                Kind::Conflict
            }
        };
        Self::new(kind, error.to_string())
    }
}
